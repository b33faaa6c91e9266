/** Frames as tests are shown them: taken out of the bytes of a connection, compared with what was wanted, and in words. */
import { isDeepStrictEqual } from 'node:util';
import { errorName } from '../../../core/http2/error-codes.ts';
import { FRAME_HEADER_BYTES, FrameHeader } from '../../../core/http2/frame.ts';
import * as flag from '../../../core/http2/frame-flags.ts';
import * as type from '../../../core/http2/frame-types.ts';
import { SETTING_NAMES } from '../../../core/http2/setting-ids.ts';
import type { Block, Field, Frame } from './frames.ts';

/** Bytes of DATA that a description shows. */
const SHOWN_BYTES = 60;

/** A frame that came. */
export interface Received extends Frame {
  /** Of HEADERS, once their block is whole. */
  fields?: readonly Field[];
}

/** Takes frames out of the bytes of one direction of a connection. */
export class FrameReader {
  #bytes: Buffer = Buffer.alloc(0);
  readonly #header = new FrameHeader();

  /** Adds what came. @returns the frames that are whole now */
  add(bytes: Buffer): Received[] {
    this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes]);
    const frames: Received[] = [];
    for (;;) {
      const payloadAt = this.#header.read(this.#bytes, 0, this.#bytes.length);
      const end = payloadAt + this.#header.length;
      if (payloadAt < 0 || this.#bytes.length < end) return frames;
      const { type, flags, streamId } = this.#header;
      frames.push({ type, flags, streamId, payload: this.#bytes.subarray(payloadAt, end) });
      this.#bytes = this.#bytes.subarray(end);
    }
  }

  /** Takes bytes that are no frames, such as a preface. @returns undefined while there are fewer */
  take(bytes: Buffer, count: number): Buffer | undefined {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    if (this.#bytes.length < count) return undefined;
    const taken = this.#bytes.subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    return taken;
  }

  /** What is there of the next frame. */
  get rest(): Buffer {
    return this.#bytes;
  }

  /** The bytes there are no beginning of a frame that anyone would send: a peer that speaks something else. */
  get isForeign(): boolean {
    return this.#bytes.length >= FRAME_HEADER_BYTES && /^HTTP\/1/.test(this.#bytes.toString('latin1'));
  }
}

/** Where the content of DATA or the fragment of HEADERS lies. @throws RangeError when the padding is longer than it may be */
export function contentOf({ type: frameType, flags, payload }: Frame): Buffer {
  const isPadded = (flags & flag.FLAG_PADDED) !== 0 && frameType !== type.FRAME_CONTINUATION;
  const hasPriority = (flags & flag.FLAG_PRIORITY) !== 0 && frameType === type.FRAME_HEADERS;
  const start = (isPadded ? 1 : 0) + (hasPriority ? 5 : 0);
  const end = payload.length - (isPadded ? (payload[0] ?? 0) : 0);
  if (end < start) throw new RangeError('the padding is longer than the payload');
  return Buffer.from(payload.subarray(start, end));
}

/** Whether a frame, other than DATA and HEADERS, is one of those that are answers; else a flag of this value means END_STREAM. */
export function hasFlag(frame: Frame, bit: number): boolean {
  return (frame.flags & bit) !== 0;
}

/** Whether a frame came as it was wanted. A header block is compared by its fields, however it was coded. */
export function isLike(received: Received, wanted: Frame | Block): boolean {
  if (received.streamId !== wanted.streamId) return false;
  if ('fields' in wanted) {
    if (received.type !== type.FRAME_HEADERS || received.fields === undefined) return false;
    const ends = hasFlag(received, flag.FLAG_END_STREAM);
    return ends === (wanted.options.endStream === true) && isDeepStrictEqual(received.fields, wanted.fields);
  }
  const { type: wantedType, flags, payload } = wanted;
  return received.type === wantedType && received.flags === flags && Buffer.compare(received.payload, payload) === 0;
}

/** The 31- or 32-bit number at `at`. */
export function numberAt({ payload }: Frame, at: number): number {
  return payload.length < at + 4 ? Number.NaN : Buffer.from(payload).readUInt32BE(at);
}

/** The entries of SETTINGS. */
export function settingsOf({ payload }: Frame): (readonly [id: number, value: number])[] {
  const bytes = Buffer.from(payload);
  return Array.from({ length: Math.floor(bytes.length / 6) }, (_, i) => [
    bytes.readUInt16BE(i * 6),
    bytes.readUInt32BE(i * 6 + 2),
  ]);
}

/** A frame or block in a line of text. */
export function describe(frame: Received | Block): string {
  if ('options' in frame) return `HEADERS ${frame.streamId} ${fieldsText(frame.fields)}`;
  const name = type.FRAME_NAMES[frame.type] ?? `type ${frame.type}`;
  const details = [name, String(frame.streamId), ...flagNames(frame), payloadText(frame)];
  return details.filter((text) => text !== '').join(' ');
}

function flagNames(frame: Frame): string[] {
  const hasContent = frame.type === type.FRAME_DATA || frame.type === type.FRAME_HEADERS;
  const isAnswer = frame.type === type.FRAME_SETTINGS || frame.type === type.FRAME_PING;
  const names: [boolean, number, string][] = [
    [isAnswer, flag.FLAG_ACK, 'ACK'],
    [hasContent, flag.FLAG_END_STREAM, 'END_STREAM'],
    [hasContent, flag.FLAG_PADDED, 'PADDED'],
  ];
  return names.filter(([applies, bit]) => applies && hasFlag(frame, bit)).map(([, , name]) => name);
}

function payloadText(frame: Received): string {
  const { payload } = frame;
  switch (frame.type) {
    case type.FRAME_HEADERS:
      return frame.fields === undefined ? `(${payload.length} bytes)` : fieldsText(frame.fields);
    case type.FRAME_RST_STREAM:
      return errorName(numberAt(frame, 0));
    case type.FRAME_GOAWAY: {
      const text = JSON.stringify(Buffer.from(payload.subarray(8)).toString('latin1'));
      return `last ${numberAt(frame, 0)} ${errorName(numberAt(frame, 4))} ${text}`;
    }
    case type.FRAME_WINDOW_UPDATE:
      return String(numberAt(frame, 0));
    case type.FRAME_SETTINGS:
      return settingsOf(frame)
        .map(([id, value]) => `${SETTING_NAMES[id] || id}=${value}`)
        .join(' ');
    default: {
      const shown = JSON.stringify(Buffer.from(payload.subarray(0, SHOWN_BYTES)).toString('latin1'));
      return `(${payload.length} bytes) ${shown}`;
    }
  }
}

function fieldsText(fields: readonly Field[]): string {
  return fields
    .map(([name, value, never]) => `${name}: ${value}${never === true ? ' (never indexed)' : ''}`)
    .join(' | ');
}
