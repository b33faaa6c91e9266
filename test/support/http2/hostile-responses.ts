/**
 * Hostile frames of an endpoint and what comes of each, as data: rows 29 and 31 to 35 of the hostile-inputs table from the
 * upstream side. Each conversation is what the endpoint sends once a GET has come on a stream.
 */
import * as code from '../../../core/http2/error-codes.ts';
import { FLAG_END_HEADERS, FLAG_END_STREAM, FLAG_PADDED } from '../../../core/http2/frame-flags.ts';
import * as type from '../../../core/http2/frame-types.ts';
import { hexBytes } from '../../../core/http2/hpack/test-codec.ts';
import * as send from './frames.ts';
import { BROKEN_BLOCKS } from './hostile-conversations.ts';

const { continuation, data, frame, goaway, headers, headersOf, ping, priority, pushPromise, rst } = send;
const { setting, settings, settingsAck, windowUpdate } = send;

/** One entry. */
export interface HostileResponse {
  /** Row of the hostile-inputs table. */
  readonly row: number;
  readonly name: string;
  /** @param id of the stream that the GET came on */
  readonly frames: (id: number) => readonly send.Sendable[];
  /** Weft ends the connection with this code, or resets the stream with it, or takes no offence. */
  readonly outcome: { readonly goaway: number } | { readonly reset: number } | 'nothing';
}

const OK = { ':status': '200' };
const END = { endStream: true };

function entry(
  row: number,
  name: string,
  outcome: HostileResponse['outcome'],
  ...frames: readonly (send.Sendable | ((id: number) => send.Sendable))[]
): HostileResponse {
  const make = (id: number) => frames.map((each) => (typeof each === 'function' ? each(id) : each));
  return { row, name, frames: make, outcome };
}

const head = (id: number) => headers(id, OK);
const whole = (id: number) => headers(id, OK, END);
const half = (id: number) => headers(id, OK, { unended: true });
const PROTOCOL = { goaway: code.PROTOCOL_ERROR };
const SIZE = { goaway: code.FRAME_SIZE_ERROR };
const FLOW = { goaway: code.FLOW_CONTROL_ERROR };
const COMPRESSION = { goaway: code.COMPRESSION_ERROR };
const MALFORMED = { reset: code.PROTOCOL_ERROR };

const sizes: readonly HostileResponse[] = [
  entry(29, 'DATA a byte too large', SIZE, head, (id) => data(id, 'x'.repeat(16_385))),
  entry(29, 'HEADERS a byte too large', SIZE, (id) => headersOf(id, '\0'.repeat(16_385))),
  entry(29, 'PING of 7 bytes', SIZE, ping('1234567')),
  entry(29, 'SETTINGS of 5 bytes', SIZE, frame(type.FRAME_SETTINGS, 0, 0, '12345')),
  entry(29, 'an acknowledgement with a payload', SIZE, frame(type.FRAME_SETTINGS, 1, 0, setting(3, 1))),
  entry(29, 'WINDOW_UPDATE of 3 bytes', SIZE, frame(type.FRAME_WINDOW_UPDATE, 0, 0, '123')),
  entry(29, 'RST_STREAM of 5 bytes', SIZE, (id) => frame(type.FRAME_RST_STREAM, 0, id, '12345')),
  entry(29, 'GOAWAY of 7 bytes', SIZE, frame(type.FRAME_GOAWAY, 0, 0, '1234567')),
  entry(29, 'DATA with too much padding', PROTOCOL, head, (id) => frame(type.FRAME_DATA, FLAG_PADDED, id, '\x05abc')),
];

const places: readonly HostileResponse[] = [
  entry(32, 'PUSH_PROMISE', PROTOCOL, (id) => pushPromise(id, 2)),
  entry(32, 'a head on a stream that nobody opened', PROTOCOL, (id) => headers(id + 2, OK, END)),
  entry(32, 'a head on an even stream', PROTOCOL, headers(2, OK, END)),
  entry(32, 'DATA on a stream that nobody opened', PROTOCOL, (id) => data(id + 2, 'x')),
  entry(32, 'RST_STREAM on a stream that nobody opened', PROTOCOL, (id) => rst(id + 2, code.CANCEL)),
  entry(32, 'WINDOW_UPDATE on a stream that nobody opened', PROTOCOL, (id) => windowUpdate(id + 2, 1)),
  entry(32, 'HEADERS on stream 0', PROTOCOL, headers(0, OK)),
  entry(32, 'DATA on stream 0', PROTOCOL, data(0, 'x')),
  entry(32, 'SETTINGS on a stream', PROTOCOL, (id) => frame(type.FRAME_SETTINGS, 0, id)),
  entry(32, 'PING on a stream', PROTOCOL, (id) => frame(type.FRAME_PING, 0, id, '12345678')),
  entry(
    32,
    'a rising GOAWAY',
    PROTOCOL,
    (id) => goaway(id, 0),
    (id) => goaway(id + 2, 0),
  ),
  entry(32, 'CONTINUATION alone', PROTOCOL, (id) => continuation(id, '', true)),
  entry(32, 'DATA within a block', PROTOCOL, half, (id) => data(id, 'x')),
  entry(32, 'PING within a block', PROTOCOL, half, ping()),
  entry(32, 'an unknown frame within a block', PROTOCOL, half, (id) => frame(0x42, 0, id)),
  entry(32, 'unknown frames and PRIORITY elsewhere', 'nothing', frame(0x42, 0, 0), (id) => priority(id)),
  entry(32, 'a needless acknowledgement', 'nothing', settingsAck()),
];

const messages: readonly HostileResponse[] = [
  entry(31, 'DATA before a head', MALFORMED, (id) => data(id, 'x')),
  entry(
    31,
    'DATA behind an informational head',
    MALFORMED,
    (id) => headers(id, { ':status': '103' }),
    (id) => data(id, 'x'),
  ),
  entry(31, 'an informational head with END_STREAM', MALFORMED, (id) => headers(id, { ':status': '103' }, END)),
  entry(31, 'two heads', MALFORMED, head, head),
  entry(31, 'trailers without END_STREAM', MALFORMED, head, (id) => headers(id, { a: 'b' })),
  entry(31, 'a status of 101', MALFORMED, (id) => headers(id, { ':status': '101' })),
];

const values: readonly HostileResponse[] = [
  entry(33, 'WINDOW_UPDATE of 0', PROTOCOL, windowUpdate(0, 0)),
  entry(33, 'WINDOW_UPDATE of 0 on a stream', MALFORMED, (id) => windowUpdate(id, 0)),
  entry(33, 'a window above 2^31-1', FLOW, windowUpdate(0, 0x7fffffff)),
  entry(33, 'a window of a stream above 2^31-1', { reset: code.FLOW_CONTROL_ERROR }, (id) =>
    windowUpdate(id, 0x7fffffff),
  ),
  entry(33, 'INITIAL_WINDOW_SIZE of 2^31', FLOW, settings({ INITIAL_WINDOW_SIZE: 0x80000000 })),
  entry(33, 'MAX_FRAME_SIZE of 2^14-1', PROTOCOL, settings({ MAX_FRAME_SIZE: 16_383 })),
  entry(33, 'ENABLE_PUSH of 1', PROTOCOL, settings({ ENABLE_PUSH: 1 })),
];

const compression: readonly HostileResponse[] = BROKEN_BLOCKS.flatMap(([name, block]) => [
  entry(35, name, COMPRESSION, (id) => headersOf(id, hexBytes(block))),
  entry(35, `${name}, in trailers`, COMPRESSION, head, (id) =>
    headersOf(id, hexBytes(block), FLAG_END_HEADERS | FLAG_END_STREAM),
  ),
]);

/** Outcomes that hold behind a whole response too: it has gone to the client by then. */
const behind: readonly HostileResponse[] = [
  entry(32, 'DATA behind END_STREAM', { goaway: code.STREAM_CLOSED }, whole, (id) => data(id, 'x')),
  entry(32, 'HEADERS behind END_STREAM', { goaway: code.STREAM_CLOSED }, whole, (id) => headers(id, { a: 'b' }, END)),
];

/** What an endpoint may send before its response is whole. */
export const HOSTILE_RESPONSES: readonly HostileResponse[] = [
  ...sizes,
  ...places,
  ...messages,
  ...values,
  ...compression,
];
/** What it may send behind it. */
export const HOSTILE_ENDINGS: readonly HostileResponse[] = behind;
