/**
 * Every way in which a peer can break HTTP/2, as a negative number that says on its own what is to be sent.
 *
 *     -error   bit  31 ......... 5   4             3 .. 0
 *                   which one, >= 1  connection?   error code for GOAWAY or RST_STREAM
 *
 * A connection error ends the connection with GOAWAY (RFC 9113 section 5.4.1), a stream error ends one stream with
 * RST_STREAM (5.4.2). No number is above -32, so none is taken for `INCOMPLETE` (-1) of core/http1/errors.ts.
 * An error of a message (a head, a body) is a stream error that also has an answer: `message-errors.ts`.
 */
import {
  COMPRESSION_ERROR,
  ENHANCE_YOUR_CALM,
  FLOW_CONTROL_ERROR,
  FRAME_SIZE_ERROR,
  INTERNAL_ERROR,
  PROTOCOL_ERROR,
  REFUSED_STREAM,
  STREAM_CLOSED,
} from './error-codes.ts';

const CONNECTION_BIT = 0x10;
const CODE_MASK = 0x0f;
const INDEX_SHIFT = 5;

/** By `errorIndex`; place 0 is no error. */
const texts: string[] = [''];

function define(bits: number, section: string, text: string): number {
  texts.push(`${text} (${section})`);
  return -(((texts.length - 1) << INDEX_SHIFT) | bits);
}

/**
 * Makes a connection error, once, when a module is loaded.
 *
 * @param code one of `error-codes.ts`
 * @param section where the rule stands, e.g. `RFC 9113 6.7`
 * @param text what the peer did
 */
export function connectionError(code: number, section: string, text: string): number {
  return define(CONNECTION_BIT | code, section, text);
}

/** Makes a stream error, as {@link connectionError} makes one of the connection. */
export function streamError(code: number, section: string, text: string): number {
  return define(code, section, text);
}

/** The error code to send for an error of this file's form. */
export function errorCode(error: number): number {
  return -error & CODE_MASK;
}

/** Whether the whole connection has to end; else one stream. */
export function isConnectionError(error: number): boolean {
  return (-error & CONNECTION_BIT) !== 0;
}

/** What the peer did and where that is forbidden, for logs and the debug data of GOAWAY: ASCII. */
export function errorText(error: number): string {
  return texts[errorIndex(error)] ?? '';
}

/** A small number from 1 on that names the error alone, for tables. */
export function errorIndex(error: number): number {
  return -error >> INDEX_SHIFT;
}

const connectionProtocol = (section: string, text: string) =>
  connectionError(PROTOCOL_ERROR, `RFC 9113 ${section}`, text);
const connectionSize = (section: string, text: string) =>
  connectionError(FRAME_SIZE_ERROR, `RFC 9113 ${section}`, text);
const connectionFlow = (section: string, text: string) =>
  connectionError(FLOW_CONTROL_ERROR, `RFC 9113 ${section}`, text);

// The beginning (section 3.4).
export const ERR_PREFACE = connectionProtocol('3.4', 'the connection does not begin with the preface');
/** The peer speaks text, most likely HTTP/1: it understands a plain 400 better than a GOAWAY. */
export const ERR_PREFACE_TEXT = connectionProtocol('3.4', 'the connection begins with text, not with the preface');
export const ERR_FIRST_FRAME = connectionProtocol('3.4', 'the first frame is not SETTINGS');

// Frames (sections 4.2, 6.1 to 6.10).
export const ERR_FRAME_TOO_LARGE = connectionSize('4.2', 'a frame is larger than SETTINGS_MAX_FRAME_SIZE');
export const ERR_FRAME_TOO_SHORT = connectionSize('4.2', 'a frame is too short for its mandatory fields');
export const ERR_DATA_ON_ZERO = connectionProtocol('6.1', 'DATA on stream 0');
export const ERR_DATA_PADDING = connectionProtocol('6.1', 'the padding of DATA is longer than its payload');
export const ERR_HEADERS_ON_ZERO = connectionProtocol('6.2', 'HEADERS on stream 0');
export const ERR_HEADERS_PADDING = connectionProtocol('6.2', 'the padding of HEADERS is longer than its payload');
export const ERR_BLOCK_INTERRUPTED = connectionProtocol('6.10', 'another frame within a field block');
export const ERR_CONTINUATION_ALONE = connectionProtocol('6.10', 'CONTINUATION outside a field block');
export const ERR_COMPRESSION = connectionError(COMPRESSION_ERROR, 'RFC 9113 4.3', 'a field block that does not decode');
export const ERR_PRIORITY_ON_ZERO = connectionProtocol('6.3', 'PRIORITY on stream 0');
export const ERR_PRIORITY_SIZE = streamError(FRAME_SIZE_ERROR, 'RFC 9113 6.3', 'PRIORITY is not of 5 bytes');
export const ERR_SELF_DEPENDENCY = streamError(PROTOCOL_ERROR, 'RFC 7540 5.3.1', 'a stream that depends on itself');
export const ERR_RST_ON_ZERO = connectionProtocol('6.4', 'RST_STREAM on stream 0');
export const ERR_RST_SIZE = connectionSize('6.4', 'RST_STREAM is not of 4 bytes');
export const ERR_SETTINGS_ON_STREAM = connectionProtocol('6.5', 'SETTINGS on a stream');
export const ERR_SETTINGS_SIZE = connectionSize('6.5', 'SETTINGS is not of a multiple of 6 bytes');
export const ERR_SETTINGS_ACK_SIZE = connectionSize('6.5', 'an acknowledgement of SETTINGS has a payload');
export const ERR_PUSH_PROMISE = connectionProtocol('8.4', 'PUSH_PROMISE, which is never allowed here');
export const ERR_PING_ON_STREAM = connectionProtocol('6.7', 'PING on a stream');
export const ERR_PING_SIZE = connectionSize('6.7', 'PING is not of 8 bytes');
export const ERR_GOAWAY_ON_STREAM = connectionProtocol('6.8', 'GOAWAY on a stream');
export const ERR_GOAWAY_RAISED = connectionProtocol('6.8', 'GOAWAY with a higher last stream than before');
export const ERR_WINDOW_UPDATE_SIZE = connectionSize('6.9', 'WINDOW_UPDATE is not of 4 bytes');
export const ERR_WINDOW_UPDATE_ZERO = connectionProtocol('6.9', 'WINDOW_UPDATE of 0 on the connection');
export const ERR_STREAM_WINDOW_UPDATE_ZERO = streamError(
  PROTOCOL_ERROR,
  'RFC 9113 6.9',
  'WINDOW_UPDATE of 0 on a stream',
);

// Settings (section 6.5.2).
export const ERR_ENABLE_PUSH = connectionProtocol('6.5.2', 'SETTINGS_ENABLE_PUSH is neither 0 nor 1');
export const ERR_ENABLE_PUSH_BY_SERVER = connectionProtocol('6.5.2', 'a server sends SETTINGS_ENABLE_PUSH of 1');
export const ERR_INITIAL_WINDOW = connectionFlow('6.5.2', 'SETTINGS_INITIAL_WINDOW_SIZE is above 2^31-1');
export const ERR_MAX_FRAME_SIZE = connectionProtocol('6.5.2', 'SETTINGS_MAX_FRAME_SIZE is not from 2^14 to 2^24-1');
export const ERR_ENABLE_CONNECT_PROTOCOL = connectionError(
  PROTOCOL_ERROR,
  'RFC 8441 3',
  'SETTINGS_ENABLE_CONNECT_PROTOCOL is neither 0 nor 1',
);
export const ERR_NO_PRIORITIES = connectionError(
  PROTOCOL_ERROR,
  'RFC 9218 2.1',
  'SETTINGS_NO_RFC7540_PRIORITIES is neither 0 nor 1',
);

// Flow control (section 6.9).
export const ERR_WINDOW_OVERFLOW = connectionFlow('6.9.1', 'the window of the connection rises above 2^31-1');
export const ERR_STREAM_WINDOW_OVERFLOW = streamError(
  FLOW_CONTROL_ERROR,
  'RFC 9113 6.9.1',
  'the window of a stream rises above 2^31-1',
);
export const ERR_WINDOW_OVERFLOW_BY_SETTINGS = connectionFlow(
  '6.9.2',
  'SETTINGS_INITIAL_WINDOW_SIZE raises a window above 2^31-1',
);
export const ERR_WINDOW_EXCEEDED = connectionFlow('6.9', 'DATA beyond the window of the connection');
export const ERR_STREAM_WINDOW_EXCEEDED = streamError(
  FLOW_CONTROL_ERROR,
  'RFC 9113 6.9',
  'DATA beyond the window of a stream',
);

// Streams (sections 5.1 and 5.1.1).
export const ERR_STREAM_ID = connectionProtocol('5.1.1', 'HEADERS on a stream that the peer may not open, or no more');
export const ERR_IDLE_DATA = connectionProtocol('5.1', 'DATA on an idle stream');
export const ERR_IDLE_RST = connectionProtocol('6.4', 'RST_STREAM on an idle stream');
export const ERR_IDLE_WINDOW_UPDATE = connectionProtocol('5.1', 'WINDOW_UPDATE on an idle stream');
export const ERR_HALF_CLOSED = streamError(
  STREAM_CLOSED,
  'RFC 9113 5.1',
  'a frame behind the END_STREAM of its stream',
);
export const ERR_CLOSED = connectionError(STREAM_CLOSED, 'RFC 9113 5.1', 'a frame on a closed stream');
export const ERR_TOO_MANY_STREAMS = streamError(
  REFUSED_STREAM,
  'RFC 9113 5.1.2',
  'more streams than SETTINGS_MAX_CONCURRENT_STREAMS',
);
/** Not the peer's fault but ours: a frame that the state of its stream forbids was about to be sent. */
export const ERR_SEND = streamError(INTERNAL_ERROR, 'RFC 9113 5.1', 'a frame to send that its stream does not allow');

// Work without use (section 10.5).
const calm = (text: string) => connectionError(ENHANCE_YOUR_CALM, 'RFC 9113 10.5', text);
export const ERR_PEER_RESETS = calm('too many streams reset by the peer before they were answered');
export const ERR_PROVOKED_RESETS = calm('too many streams reset for errors of the peer');
export const ERR_PINGS = calm('too many PING frames');
export const ERR_SETTINGS = calm('too many SETTINGS frames');
export const ERR_PRIORITIES = calm('too many PRIORITY frames');
export const ERR_EMPTY_FRAMES = calm('too many empty frames');
export const ERR_TINY_WINDOW_UPDATES = calm('too many small WINDOW_UPDATE frames');
export const ERR_IGNORED_FRAMES = calm('too many frames of unknown type or for streams that are gone');
export const ERR_BLOCK_FRAMES = calm('too many CONTINUATION frames');
export const ERR_BLOCK_BYTES = calm('a field block is too large');
/** References that unpack to far more than SETTINGS_MAX_HEADER_LIST_SIZE allows. */
export const ERR_LIST_TOO_LARGE = calm('a field section is far too large');
