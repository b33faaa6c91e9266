/**
 * Frames as tests write them: values that say what is meant. Bytes are made of them when they are sent, because those of a
 * header block depend on what the connection has sent before (RFC 7541).
 *
 *     send(headers(1, {':method': 'GET'}, {fragments: [3]}))  ->  HEADERS (3 bytes) CONTINUATION (the rest, END_HEADERS)
 *     send(frame(FRAME_PING, 0, 7, 'short'))                  ->  that, however wrong it is
 */
import { writeFrameHeader } from '../../../core/http2/frame.ts';
import * as flag from '../../../core/http2/frame-flags.ts';
import * as type from '../../../core/http2/frame-types.ts';
import type { TestField } from '../../../core/http2/hpack/test-codec.ts';
import { SETTING_NAMES } from '../../../core/http2/setting-ids.ts';
import type { BlockCoding } from './block-writer.ts';

/** A name and a value, one character for each byte; true behind them when the field must never be indexed. */
export type Field = TestField;

/** Fields by name, for messages in which no name comes twice; or in order. */
export type Fields = Readonly<Record<string, string>> | readonly Field[];

/** A frame on the wire. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Uint8Array;
}

/** What may surround the fields of a header block. */
export interface BlockOptions {
  readonly endStream?: boolean;
  /** Bytes of padding; without it the frame is not PADDED. */
  readonly padding?: number;
  /** The deprecated five bytes. */
  readonly priority?: boolean;
  /** Bytes of the first fragments; the last CONTINUATION has what is left. None: the block is one frame. */
  readonly fragments?: readonly number[];
  /** The block stays open: no frame has END_HEADERS. */
  readonly unended?: boolean;
  readonly coding?: BlockCoding;
  readonly huffman?: boolean;
}

/** HEADERS with the CONTINUATIONs behind them. */
export interface Block {
  readonly streamId: number;
  readonly fields: readonly Field[];
  readonly options: BlockOptions;
}

/** What a peer can send: a frame, a header block, bytes as they are. */
export type Sendable = Frame | Block | Uint8Array;

/** Any frame. @param payload bytes, or ISO-8859-1 text */
export function frame(type: number, flags: number, streamId: number, payload: Uint8Array | string = ''): Frame {
  return { type, flags, streamId, payload: bytesOf(payload) };
}

/** HEADERS: a head, or with `endStream` behind a head a trailer section. */
export function headers(streamId: number, fields: Fields, options: BlockOptions = {}): Block {
  return { streamId, fields: fieldList(fields), options };
}

/** HEADERS with a block of these bytes, whatever they mean. */
export function headersOf(streamId: number, block: Uint8Array | string, flags: number = flag.FLAG_END_HEADERS): Frame {
  return frame(type.FRAME_HEADERS, flags, streamId, block);
}

/** A further fragment of a header block. */
export function continuation(streamId: number, fragment: Uint8Array | string, endHeaders = false): Frame {
  return frame(type.FRAME_CONTINUATION, endHeaders ? flag.FLAG_END_HEADERS : 0, streamId, fragment);
}

/** DATA. @param padding bytes of it; without, the frame is not PADDED */
export function data(
  streamId: number,
  content: Uint8Array | string,
  { endStream = false, padding }: { readonly endStream?: boolean; readonly padding?: number } = {},
): Frame {
  const flags = (endStream ? flag.FLAG_END_STREAM : 0) | (padding === undefined ? 0 : flag.FLAG_PADDED);
  return frame(type.FRAME_DATA, flags, streamId, padded(bytesOf(content), padding));
}

/** RST_STREAM. @param code one of core/http2/error-codes.ts */
export function rst(streamId: number, code: number): Frame {
  return frame(type.FRAME_RST_STREAM, 0, streamId, uint32(code));
}

/** SETTINGS by the names of RFC 9113 section 6.5.2, in order. */
export interface Settings {
  readonly HEADER_TABLE_SIZE?: number;
  readonly ENABLE_PUSH?: number;
  readonly MAX_CONCURRENT_STREAMS?: number;
  readonly INITIAL_WINDOW_SIZE?: number;
  readonly MAX_FRAME_SIZE?: number;
  readonly MAX_HEADER_LIST_SIZE?: number;
}

/** SETTINGS. */
export function settings(values: Settings): Frame {
  const entries = Object.entries(values).map(([name, value]) => setting(SETTING_NAMES.indexOf(name), value));
  return frame(type.FRAME_SETTINGS, 0, 0, Buffer.concat(entries));
}

/** One entry of SETTINGS. */
export function setting(id: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(6);
  bytes.writeUInt16BE(id);
  bytes.writeUInt32BE(value, 2);
  return bytes;
}

/** The acknowledgement of SETTINGS. */
export function settingsAck(): Frame {
  return frame(type.FRAME_SETTINGS, flag.FLAG_ACK, 0);
}

/** PING. @param payload eight bytes */
export function ping(payload = 'anyone?!'): Frame {
  return frame(type.FRAME_PING, 0, 0, payload);
}

/** The answer to a PING. */
export function pingAck(payload = 'anyone?!'): Frame {
  return frame(type.FRAME_PING, flag.FLAG_ACK, 0, payload);
}

/** GOAWAY. */
export function goaway(lastStreamId: number, code: number, text = ''): Frame {
  return frame(type.FRAME_GOAWAY, 0, 0, Buffer.concat([uint32(lastStreamId), uint32(code), bytesOf(text)]));
}

/** WINDOW_UPDATE. @param streamId 0 for the connection */
export function windowUpdate(streamId: number, increment: number): Frame {
  return frame(type.FRAME_WINDOW_UPDATE, 0, streamId, uint32(increment));
}

/** PRIORITY, which says nothing that is heeded. */
export function priority(streamId: number): Frame {
  return frame(type.FRAME_PRIORITY, 0, streamId, PRIORITY);
}

/** PUSH_PROMISE with an empty block. */
export function pushPromise(streamId: number, promisedId: number): Frame {
  return frame(type.FRAME_PUSH_PROMISE, flag.FLAG_END_HEADERS, streamId, uint32(promisedId));
}

/** The frames of a header block. @param block its bytes */
export function framesOfBlock({ streamId, options }: Block, block: Uint8Array): Frame[] {
  const { endStream = false, padding, priority: hasPriority = false, fragments = [], unended = false } = options;
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const size of fragments) {
    pieces.push(block.subarray(at, at + size));
    at += size;
  }
  pieces.push(block.subarray(at));
  const first = pieces[0] as Uint8Array;
  const content = hasPriority ? Buffer.concat([PRIORITY, first]) : first;
  const flags =
    (endStream ? flag.FLAG_END_STREAM : 0) |
    (padding === undefined ? 0 : flag.FLAG_PADDED) |
    (hasPriority ? flag.FLAG_PRIORITY : 0);
  return pieces.map((piece, i) => {
    const end = i === pieces.length - 1 && !unended ? flag.FLAG_END_HEADERS : 0;
    if (i > 0) return frame(type.FRAME_CONTINUATION, end, streamId, piece);
    return frame(type.FRAME_HEADERS, flags | end, streamId, padded(content, padding));
  });
}

/** A frame's bytes. */
export function frameBytes({ type, flags, streamId, payload }: Frame): Uint8Array {
  const header = Buffer.alloc(9);
  writeFrameHeader(header, 0, payload.length, type, flags, streamId);
  return Buffer.concat([header, payload]);
}

/** Fields as a list. */
export function fieldList(fields: Fields): readonly Field[] {
  return isList(fields) ? fields : Object.entries(fields);
}

/** Bytes of ISO-8859-1 text, or the bytes themselves. */
export function bytesOf(content: Uint8Array | string): Uint8Array {
  return typeof content === 'string' ? Buffer.from(content, 'latin1') : content;
}

/** Four bytes, most significant first. */
export function uint32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Depends on stream 0, weight 16. */
const PRIORITY = Buffer.from([0, 0, 0, 0, 15]);

function padded(content: Uint8Array, padding: number | undefined): Uint8Array {
  return padding === undefined ? content : Buffer.concat([Buffer.from([padding]), content, Buffer.alloc(padding)]);
}

function isList(fields: Fields): fields is readonly Field[] {
  return Array.isArray(fields);
}
