/**
 * Hostile frames and the answer to each, as data: rows 28, 29, 32, 33 and 35 of the hostile-inputs table. Heads (rows 30 and
 * 31) are the list of core/http2/hostile-heads.ts; floods (row 34) are no single conversation.
 *
 * Each conversation follows the preface and an empty SETTINGS, unless it is bare. What an endpoint may not send is listed in
 * `hostile-responses.ts`.
 */
import * as code from '../../../core/http2/error-codes.ts';
import { FLAG_END_HEADERS, FLAG_END_STREAM, FLAG_PADDED, FLAG_PRIORITY } from '../../../core/http2/frame-flags.ts';
import * as type from '../../../core/http2/frame-types.ts';
import { hexBytes } from '../../../core/http2/hpack/test-codec.ts';
import { PREFACE } from '../../../core/http2/preface.ts';
import { indexedField } from './block-writer.ts';
import { requestFields } from './client.ts';
import * as send from './frames.ts';

const { continuation, data, frame, goaway, headers, headersOf, ping, priority, pushPromise, rst } = send;
const { setting, settings, settingsAck, windowUpdate } = send;

/** What comes of it: the connection ends with this code, a stream is reset, a request is answered, or nothing happens. */
export type Outcome =
  | { readonly goaway: number }
  | { readonly reset: number; readonly stream: number }
  | { readonly status: number; readonly stream: number }
  | 'nothing';

/** One entry. */
export interface Conversation {
  /** Row of the hostile-inputs table. */
  readonly row: number;
  readonly name: string;
  readonly frames: readonly send.Sendable[];
  readonly outcome: Outcome;
  /** The frames are all there is. */
  readonly bare?: boolean;
}

/** An authority whose endpoint takes requests, grants windows, and never answers. */
export const SILENT = 'silent';
/** An authority whose endpoint answers. */
export const ANSWERING = 'web';

const END = { endStream: true };
const LARGEST = 16_384;

function entry(row: number, name: string, outcome: Outcome, ...frames: readonly send.Sendable[]): Conversation {
  return { row, name, frames, outcome };
}

function bare(name: string, outcome: Outcome, ...frames: readonly send.Sendable[]): Conversation {
  return { row: 28, name, frames, outcome, bare: true };
}

/** A request whose body is still to come. */
function open(stream: number, authority = SILENT): send.Block {
  return headers(stream, requestFields(authority, { method: 'POST' }));
}

/** A request without a body. */
function get(stream: number, authority = SILENT, options: send.BlockOptions = {}): send.Block {
  return headers(stream, requestFields(authority), { ...options, ...END });
}

const ended = (code: number): Outcome => ({ goaway: code });
const reset = (stream: number, code: number): Outcome => ({ reset: code, stream });
const PROTOCOL = ended(code.PROTOCOL_ERROR);
const SIZE = ended(code.FRAME_SIZE_ERROR);
const FLOW = ended(code.FLOW_CONTROL_ERROR);
const COMPRESSION = ended(code.COMPRESSION_ERROR);
const CLOSED = ended(code.STREAM_CLOSED);
const CALM = ended(code.ENHANCE_YOUR_CALM);

const beginnings: readonly Conversation[] = [
  bare('a TLS ClientHello', PROTOCOL, Buffer.from('\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03', 'latin1')),
  bare('zeros', PROTOCOL, Buffer.alloc(30)),
  bare('a preface with a NUL in it', PROTOCOL, Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\0\r\n\r\n')),
  bare('HEADERS before SETTINGS', PROTOCOL, PREFACE, get(1)),
  bare('an acknowledgement before SETTINGS', PROTOCOL, PREFACE, settingsAck()),
  bare('a PING before SETTINGS', PROTOCOL, PREFACE, ping()),
  bare('an unknown frame before SETTINGS', PROTOCOL, PREFACE, frame(0x42, 0, 0)),
  bare('the preface twice', SIZE, PREFACE, settings({}), PREFACE),
];

const sizes: readonly Conversation[] = [
  entry(29, 'the largest DATA', 'nothing', open(1), data(1, 'x'.repeat(LARGEST))),
  entry(29, 'DATA a byte too large', SIZE, open(1), data(1, 'x'.repeat(LARGEST + 1))),
  entry(29, 'HEADERS a byte too large', SIZE, headersOf(1, '\0'.repeat(LARGEST + 1))),
  entry(29, 'an unknown frame a byte too large', SIZE, frame(0x42, 0, 0, '\0'.repeat(LARGEST + 1))),
  entry(29, 'a frame of 2^24-1 bytes', SIZE, Buffer.from([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1])),
  entry(29, 'PING of 7 bytes', SIZE, ping('1234567')),
  entry(29, 'PING of 9 bytes', SIZE, ping('123456789')),
  entry(29, 'SETTINGS of 5 bytes', SIZE, frame(type.FRAME_SETTINGS, 0, 0, '12345')),
  entry(29, 'SETTINGS of 7 bytes', SIZE, frame(type.FRAME_SETTINGS, 0, 0, '1234567')),
  entry(29, 'an acknowledgement with a payload', SIZE, frame(type.FRAME_SETTINGS, 1, 0, setting(3, 1))),
  entry(29, 'WINDOW_UPDATE of 3 bytes', SIZE, frame(type.FRAME_WINDOW_UPDATE, 0, 0, '123')),
  entry(29, 'WINDOW_UPDATE of 5 bytes', SIZE, open(1), frame(type.FRAME_WINDOW_UPDATE, 0, 1, '12345')),
  entry(29, 'RST_STREAM of 3 bytes', SIZE, open(1), frame(type.FRAME_RST_STREAM, 0, 1, '123')),
  entry(29, 'RST_STREAM of 5 bytes', SIZE, open(1), frame(type.FRAME_RST_STREAM, 0, 1, '12345')),
  entry(29, 'GOAWAY of 7 bytes', SIZE, frame(type.FRAME_GOAWAY, 0, 0, '1234567')),
  entry(29, 'PRIORITY of 4 bytes', reset(1, code.FRAME_SIZE_ERROR), open(1), frame(type.FRAME_PRIORITY, 0, 1, '1234')),
  entry(29, 'DATA without its Pad Length', SIZE, open(1), frame(type.FRAME_DATA, FLAG_PADDED, 1)),
  entry(29, 'HEADERS without its Pad Length', SIZE, headersOf(1, '', FLAG_PADDED | FLAG_END_HEADERS)),
  entry(29, 'HEADERS without its priority', SIZE, headersOf(1, '1234', FLAG_PRIORITY | FLAG_END_HEADERS)),
  entry(29, 'DATA with too much padding', PROTOCOL, open(1), frame(type.FRAME_DATA, FLAG_PADDED, 1, '\x05abc')),
  entry(29, 'HEADERS with too much padding', PROTOCOL, headersOf(1, '\x05abc', FLAG_PADDED | FLAG_END_HEADERS)),
];

const places: readonly Conversation[] = [
  entry(32, 'DATA on stream 0', PROTOCOL, data(0, 'x')),
  entry(32, 'HEADERS on stream 0', PROTOCOL, get(0)),
  entry(32, 'PRIORITY on stream 0', PROTOCOL, priority(0)),
  entry(32, 'RST_STREAM on stream 0', PROTOCOL, rst(0, 0)),
  entry(32, 'CONTINUATION on stream 0', PROTOCOL, continuation(0, '', true)),
  entry(32, 'SETTINGS on a stream', PROTOCOL, open(1), frame(type.FRAME_SETTINGS, 0, 1)),
  entry(32, 'PING on a stream', PROTOCOL, open(1), frame(type.FRAME_PING, 0, 1, '12345678')),
  entry(32, 'GOAWAY on a stream', PROTOCOL, open(1), frame(type.FRAME_GOAWAY, 0, 1, '12345678')),
  entry(32, 'a rising GOAWAY', PROTOCOL, open(1), goaway(1, 0), goaway(3, 0)),
  entry(32, 'DATA on an idle stream', PROTOCOL, data(1, 'x')),
  entry(32, 'DATA on an idle stream above an open one', PROTOCOL, open(1), data(3, 'x')),
  entry(32, 'RST_STREAM on an idle stream', PROTOCOL, rst(1, code.CANCEL)),
  entry(32, 'WINDOW_UPDATE on an idle stream', PROTOCOL, windowUpdate(1, 1)),
  entry(32, 'PUSH_PROMISE', PROTOCOL, open(1), pushPromise(1, 2)),
  entry(32, 'HEADERS on an even stream', PROTOCOL, get(2)),
  entry(32, 'HEADERS on a lower stream', PROTOCOL, get(5), get(3)),
  entry(32, 'DATA on a stream that was passed over', 'nothing', get(5), data(3, 'x')),
];

const order: readonly Conversation[] = [
  entry(32, 'CONTINUATION alone', PROTOCOL, continuation(1, '', true)),
  entry(32, 'CONTINUATION behind a whole block', PROTOCOL, open(1), continuation(1, '', true)),
  entry(32, 'DATA within a block', PROTOCOL, open(1), get(3, SILENT, { unended: true }), data(1, 'x')),
  entry(32, 'DATA of the same stream within its block', PROTOCOL, get(1, SILENT, { unended: true }), data(1, 'x')),
  entry(32, 'HEADERS within a block', PROTOCOL, get(1, SILENT, { unended: true }), get(3)),
  entry(32, 'PING within a block', PROTOCOL, get(1, SILENT, { unended: true }), ping()),
  entry(32, 'SETTINGS within a block', PROTOCOL, get(1, SILENT, { unended: true }), settings({})),
  entry(32, 'RST_STREAM within a block', PROTOCOL, get(1, SILENT, { unended: true }), rst(1, code.CANCEL)),
  entry(32, 'PRIORITY within a block', PROTOCOL, get(1, SILENT, { unended: true }), priority(1)),
  entry(32, 'an unknown frame within a block', PROTOCOL, get(1, SILENT, { unended: true }), frame(0x42, 0, 1)),
  entry(32, "another stream's CONTINUATION", PROTOCOL, get(1, SILENT, { unended: true }), continuation(3, '', true)),
  entry(32, 'DATA behind END_STREAM', reset(1, code.STREAM_CLOSED), get(1), data(1, 'x')),
  entry(32, 'HEADERS behind END_STREAM', reset(1, code.STREAM_CLOSED), get(1), headers(1, { a: 'b' }, END)),
  entry(32, 'DATA behind RST_STREAM', CLOSED, open(1), rst(1, code.CANCEL), data(1, 'x')),
  entry(32, 'HEADERS behind RST_STREAM', CLOSED, open(1), rst(1, code.CANCEL), headers(1, { a: 'b' }, END)),
  entry(32, 'a second RST_STREAM', 'nothing', open(1), rst(1, code.CANCEL), rst(1, code.CANCEL)),
  entry(32, 'WINDOW_UPDATE behind RST_STREAM', 'nothing', open(1), rst(1, code.CANCEL), windowUpdate(1, 1)),
  entry(32, 'PRIORITY for any stream', 'nothing', priority(1), priority(99), open(1), priority(1)),
  entry(32, 'trailers without END_STREAM', reset(1, code.PROTOCOL_ERROR), open(1), headers(1, { a: 'b' })),
];

const values: readonly Conversation[] = [
  entry(33, 'WINDOW_UPDATE of 0', PROTOCOL, windowUpdate(0, 0)),
  entry(33, 'WINDOW_UPDATE of 0 on a stream', reset(1, code.PROTOCOL_ERROR), open(1), windowUpdate(1, 0)),
  entry(33, 'the reserved bit of WINDOW_UPDATE', PROTOCOL, windowUpdate(0, 0x80000000)),
  entry(33, 'the largest window', 'nothing', windowUpdate(0, 0x7fffffff - 65_535)),
  entry(33, 'a window above 2^31-1', FLOW, windowUpdate(0, 0x7fffffff - 65_534)),
  entry(33, 'a window above 2^31-1, in steps', FLOW, windowUpdate(0, 0x7fffffff - 65_535), windowUpdate(0, 1)),
  entry(
    33,
    'a window of a stream above 2^31-1',
    reset(1, code.FLOW_CONTROL_ERROR),
    open(1),
    windowUpdate(1, 0x7fffffff - 65_534),
  ),
  entry(33, 'INITIAL_WINDOW_SIZE of 2^31-1', 'nothing', settings({ INITIAL_WINDOW_SIZE: 0x7fffffff })),
  entry(33, 'INITIAL_WINDOW_SIZE of 2^31', FLOW, settings({ INITIAL_WINDOW_SIZE: 0x80000000 })),
  entry(
    33,
    'a window raised above 2^31-1 by SETTINGS',
    FLOW,
    open(1),
    windowUpdate(1, 0x7fffffff - 65_535),
    settings({ INITIAL_WINDOW_SIZE: 65_536 }),
  ),
  entry(33, 'ENABLE_PUSH of 2', PROTOCOL, settings({ ENABLE_PUSH: 2 })),
  entry(33, 'MAX_FRAME_SIZE of 2^14-1', PROTOCOL, settings({ MAX_FRAME_SIZE: 16_383 })),
  entry(33, 'MAX_FRAME_SIZE of 2^24', PROTOCOL, settings({ MAX_FRAME_SIZE: 16_777_216 })),
  entry(33, 'ENABLE_CONNECT_PROTOCOL of 2', PROTOCOL, frame(type.FRAME_SETTINGS, 0, 0, setting(8, 2))),
  entry(
    33,
    'one setting twice, of which the last counts',
    'nothing',
    frame(type.FRAME_SETTINGS, 0, 0, Buffer.concat([setting(4, 0), setting(4, 60_000)])),
  ),
];

/** Blocks that no decoder takes, as hexadecimal digits. */
export const BROKEN_BLOCKS: readonly (readonly [name: string, block: string])[] = [
  ['index 0', '80'],
  ['an index past the tables', 'bf'],
  ['a name past the tables', '0f300176'],
  ['an index of 2^31', 'ff8180808008'],
  ['an index of six bytes', 'ff808080808000'],
  ['a length too large', '007fffffffff7f'],
  ['EOS in a name', '0084ffffffff00'],
  ['EOS in a value', '00016e84ffffffff'],
  ['Huffman padding of zeros', '00016e8118'],
  ['Huffman padding of eight ones', '00016e821fff'],
  ['a table size too large', '3fe21f'],
  ['a table size behind a field', '8220'],
  ['an integer cut short', 'ff'],
  ['a literal without a value', '00016e'],
  ['a value cut short', '00016e036162'],
];

const compression: readonly Conversation[] = [
  ...BROKEN_BLOCKS.map(([name, block]) => entry(35, name, COMPRESSION, headersOf(1, hexBytes(block)))),
  ...BROKEN_BLOCKS.map(([name, block]) =>
    entry(35, `${name}, in trailers`, COMPRESSION, open(1), headersOf(1, hexBytes(block), FLAG_END_HEADERS | 1)),
  ),
  entry(
    35,
    'a block that goes on in CONTINUATION, cut short',
    COMPRESSION,
    headersOf(1, '\0', 0),
    continuation(1, '', true),
  ),
  entry(35, 'index 0 on a refused stream', COMPRESSION, open(1), rst(1, code.CANCEL), headersOf(3, '\x80')),
];

/** One field of 4000 bytes, which later blocks refer to by a byte each. */
const seed = headers(1, [...requestFields(ANSWERING), ['bomb', 'x'.repeat(4000)]], {
  coding: 'dynamic',
  huffman: false,
  ...END,
});

function bomb(references: number): send.Frame {
  const block = Buffer.concat([hexBytes('828684'), ...new Array<Uint8Array>(references).fill(indexedField(0))]);
  return headersOf(3, block, FLAG_END_HEADERS | FLAG_END_STREAM);
}

const sections: readonly Conversation[] = [
  entry(35, 'a section above its bound', { status: 431, stream: 3 }, seed, bomb(5)),
  entry(35, 'an HPACK bomb', CALM, seed, bomb(10_000)),
  entry(
    35,
    'more fields than their bound',
    { status: 431, stream: 1 },
    headers(1, [...requestFields(ANSWERING), ...Array.from({ length: 101 }, (): send.Field => ['x', '1'])], END),
  ),
];

/** What a client may send. */
export const CLIENT_CONVERSATIONS: readonly Conversation[] = [
  ...beginnings,
  ...sizes,
  ...places,
  ...order,
  ...values,
  ...compression,
  ...sections,
];
