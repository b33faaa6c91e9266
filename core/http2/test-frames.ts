/**
 * Builds frames for tests, and reads them as a connection would, arriving in pieces: every piece is shown in a fresh buffer
 * with poison behind it, so that a rule that looks past the end, or remembers what it should not, is found out.
 */
import { errorName } from './error-codes.ts';
import { FRAME_HEADER_BYTES, FrameHeader, readUint31, writeFrameHeader } from './frame.ts';
import { checkIncrement, FrameRules } from './frame-rules.ts';
import {
  FRAME_CONTINUATION,
  FRAME_DATA,
  FRAME_HEADERS,
  FRAME_NAMES,
  FRAME_SETTINGS,
  FRAME_WINDOW_UPDATE,
  isKnownFrame,
} from './frame-types.ts';
import { errorCode, errorText, isConnectionError } from './protocol-errors.ts';
import { MAX_FRAME_BYTES_INITIAL, PeerSettings } from './settings.ts';

const POISON = 0xff;
const POISON_BYTES = 64;

/** A frame with this payload, or with so many zero bytes. */
export function frame(
  type: number,
  flags: number,
  streamId: number,
  payload: readonly number[] | number = [],
): number[] {
  const content = typeof payload === 'number' ? new Array<number>(payload).fill(0) : payload;
  const header = new Uint8Array(FRAME_HEADER_BYTES);
  writeFrameHeader(header, 0, content.length, type, flags, streamId);
  return [...header, ...content];
}

/** Four bytes, most significant first. */
export function uint32(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}

/** One entry of SETTINGS. */
export function setting(id: number, value: number): number[] {
  return [id >> 8, id & 255, ...uint32(value)];
}

/** What an error says, in one line. */
export function describe(error: number): string {
  return `${isConnectionError(error) ? 'connection' : 'stream'} ${errorName(errorCode(error))}: ${errorText(error)}`;
}

/** Reads the frames of one peer from growing prefixes of the same input. */
class FrameReader {
  readonly events: string[] = [];
  readonly #header = new FrameHeader();
  readonly #rules: FrameRules;
  readonly #settings: PeerSettings;
  #consumed = 0;
  #inPayload = false;
  #ended = false;

  constructor(maxFrameBytes: number, peerIsServer: boolean) {
    this.#rules = new FrameRules(maxFrameBytes);
    this.#settings = new PeerSettings(peerIsServer);
  }

  read(input: Uint8Array, available: number): void {
    const bytes = new Uint8Array(available + POISON_BYTES).fill(POISON, available);
    bytes.set(input.subarray(0, available));
    while (!this.#ended) {
      if (!this.#inPayload && !this.#readHeader(bytes, available)) return;
      if (this.#ended || available - this.#consumed < this.#header.length) return;
      this.#readPayload(bytes);
    }
  }

  #readHeader(bytes: Uint8Array, available: number): boolean {
    const next = this.#header.read(bytes, this.#consumed, available);
    if (next < 0) return false;
    this.#consumed = next;
    this.#inPayload = true;
    const error = this.#rules.check(this.#header);
    if (error !== 0) this.#refuse(error);
    return true;
  }

  #readPayload(bytes: Uint8Array): void {
    const header = this.#header;
    const at = this.#consumed;
    this.#inPayload = false;
    this.#consumed += header.length;
    const name = FRAME_NAMES[header.type] ?? `type ${header.type}`;
    let line = `${name} ${header.streamId}`;
    let error = 0;
    if (header.type === FRAME_DATA || header.type === FRAME_HEADERS || header.type === FRAME_CONTINUATION) {
      error = this.#rules.locateContent(header, bytes[at]!);
      line += ` [${this.#rules.contentOffset}+${this.#rules.contentBytes}]`;
    } else if (header.type === FRAME_WINDOW_UPDATE) {
      const increment = readUint31(bytes, at);
      error = checkIncrement(header.streamId, increment);
      line += ` ${increment}`;
    } else if (header.type === FRAME_SETTINGS) {
      error = this.#settings.apply(bytes, at, at + header.length);
    } else if (!isKnownFrame(header.type)) {
      line += ' ignored';
    }
    if (error !== 0) this.#refuse(error);
    else this.events.push(line);
  }

  #refuse(error: number): void {
    this.events.push(describe(error));
    this.#ended = isConnectionError(error);
  }
}

/** Who sends, and what was told to it. */
export interface ReadOptions {
  readonly maxFrameBytes?: number;
  readonly peerIsServer?: boolean;
}

/** Reads frames that arrive in the pieces that end at `cuts` (ascending) and at the input's end. */
export function readFrames(
  input: Uint8Array,
  cuts: readonly number[],
  { maxFrameBytes = MAX_FRAME_BYTES_INITIAL, peerIsServer = false }: ReadOptions = {},
): string[] {
  const reader = new FrameReader(maxFrameBytes, peerIsServer);
  for (const cut of cuts) reader.read(input, cut);
  reader.read(input, input.length);
  return reader.events;
}
