/**
 * The chunked transfer coding (RFC 9112 section 7.1), resumable at every byte, as regions of the bytes at hand: framing
 * and data can be forwarded as they lie, extensions are left out.
 *
 *        +------------------------------------------------------------------------------+
 *        v                                                                              |
 *     SIZE_FIRST --> SIZE -----CR-----> SIZE_LF --LF, size > 0--> DATA --> DATA_CR --> DATA_LF
 *                     |                  ^   |
 *                    ';'                 CR  +----LF, size = 0--> TRAILERS (left to HeadParser.parseTrailers)
 *                     v                  |
 *                  EXT_FIRST --> EXT --> SIZE_CR
 *
 * Strict where peers were found to differ (hostile-inputs rows 9 to 11): no sign, prefix, underscore or space at a size,
 * no bare LF anywhere, no extension without a name.
 */
import { CHAR_CLASS, CR, HEX_VALUE, LF, SEMICOLON, TOKEN_CHAR, VALUE_CHAR } from './ascii.ts';
import {
  ERR_BARE_CR,
  ERR_BARE_LF,
  ERR_CHUNK_DATA_END,
  ERR_CHUNK_EXTENSION,
  ERR_CHUNK_LINE_TOO_LONG,
  ERR_CHUNK_SIZE,
  ERR_CHUNK_SIZE_RANGE,
} from './errors.ts';

/** What the region that `advance` passed over is. */
export const KIND = {
  /** Size digits and line ends. */
  framing: 0,
  /** Payload. */
  data: 1,
  /** A chunk extension, not to be forwarded (RFC 9112 section 7.1.1). */
  skipped: 2,
  /** Nothing: the last chunk's line has ended and the trailer section begins here. */
  trailers: 3,
  /** Nothing: there are no bytes left. */
  needMore: 4,
  /** Nothing: the next byte is wrong, `error` says how. */
  error: 5,
} as const;

const SIZE_FIRST = 0;
const SIZE = 1;
const SIZE_CR = 2;
const SIZE_LF = 3;
const DATA_CR = 4;
const DATA_LF = 5;
/** The states above are steps of the framing, one byte each. */
const FRAMING_LAST = DATA_LF;
const DATA = 6;
const TRAILERS = 7;
/** At the semicolon, then behind it: the first character of the extension's name. */
const EXT_SEMICOLON = 8;
const EXT_FIRST = 9;
const EXT = 10;
const FAILED = 11;

const SIZE_DIGITS_MAX = 16;

/** Decodes one body at a time. */
export class ChunkedDecoder {
  /** One of {@link KIND}, about the region of the last `advance`. */
  kind: number = KIND.needMore;
  /** An error constant of `errors.ts` once `kind` is `KIND.error`. */
  error = 0;
  #state = SIZE_FIRST;
  /** The chunk's size as far as it was read, then the data bytes still to come. */
  #remaining = 0;
  #digits = 0;
  #lineBytes = 0;
  readonly #lineBytesMax: number;

  /** @param lineBytesMax bound on a chunk-size line with its extension and CRLF */
  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax;
  }

  /** Begins a new body. */
  reset(): void {
    this.kind = KIND.needMore;
    this.error = 0;
    this.#state = SIZE_FIRST;
    this.#remaining = 0;
    this.#digits = 0;
    this.#lineBytes = 0;
  }

  /**
   * Passes over the longest region of one kind in `bytes[pos, end)` and says in `kind` what it is.
   *
   * Call it until `kind` is trailers, needMore or error; those pass over nothing. What comes before a wrong byte is
   * reported as usual and the error by the call after, so what is reported does not depend on how the bytes were cut.
   *
   * @returns the end of the region
   */
  advance(bytes: Uint8Array, pos: number, end: number): number {
    if (this.#state === TRAILERS) return this.#passed(KIND.trailers, pos);
    if (this.#state === FAILED) return this.#passed(KIND.error, pos);
    if (pos === end) return this.#passed(KIND.needMore, pos);
    if (this.#state === DATA) return this.#data(pos, end);
    if (this.#state <= FRAMING_LAST) {
      const at = this.#framing(bytes, pos, end);
      if (at > pos || this.#state !== EXT_SEMICOLON) return at;
    }
    return this.#extension(bytes, pos, end);
  }

  #data(pos: number, end: number): number {
    const length = Math.min(end - pos, this.#remaining);
    this.#remaining -= length;
    if (this.#remaining === 0) this.#state = DATA_CR;
    return this.#passed(KIND.data, pos + length);
  }

  #framing(bytes: Uint8Array, start: number, end: number): number {
    let pos = start;
    while (pos < end && this.#state <= FRAMING_LAST) {
      const error = this.#step(bytes[pos]!);
      if (error !== 0) return this.#failed(error, KIND.framing, start, pos);
      if (this.#state === EXT_SEMICOLON) break;
      pos++;
    }
    return this.#passed(KIND.framing, pos);
  }

  /** Takes one byte of framing; a semicolon only changes the state. @returns 0 or an error */
  #step(byte: number): number {
    switch (this.#state) {
      case SIZE_FIRST:
        this.#remaining = 0;
        this.#digits = 0;
        this.#lineBytes = 0;
        this.#state = SIZE;
        return this.#digit(byte);
      case SIZE:
        if (byte === CR) return this.#lineByte(SIZE_LF);
        if (byte !== SEMICOLON || this.#digits === 0) return this.#digit(byte);
        this.#state = EXT_SEMICOLON;
        return 0;
      case SIZE_CR:
        return this.#lineByte(SIZE_LF);
      case SIZE_LF:
        return byte === LF ? this.#lineByte(this.#remaining === 0 ? TRAILERS : DATA) : ERR_BARE_CR;
      case DATA_CR:
        this.#state = DATA_LF;
        return byte === CR ? 0 : ERR_CHUNK_DATA_END;
      default:
        this.#state = SIZE_FIRST;
        return byte === LF ? 0 : ERR_CHUNK_DATA_END;
    }
  }

  #digit(byte: number): number {
    const value = HEX_VALUE[byte]!;
    if (value === 255) return byte === LF ? ERR_BARE_LF : ERR_CHUNK_SIZE;
    this.#remaining = this.#remaining * 16 + value;
    if (++this.#digits > SIZE_DIGITS_MAX || this.#remaining > Number.MAX_SAFE_INTEGER) return ERR_CHUNK_SIZE_RANGE;
    return this.#lineByte(SIZE);
  }

  #extension(bytes: Uint8Array, start: number, end: number): number {
    let pos = start;
    for (; pos < end; pos++) {
      const byte = bytes[pos]!;
      if (this.#state === EXT && byte === CR) {
        this.#state = SIZE_CR;
        break;
      }
      const error = this.#extensionByte(byte);
      if (error !== 0) return this.#failed(error, KIND.skipped, start, pos);
    }
    return this.#passed(KIND.skipped, pos);
  }

  #extensionByte(byte: number): number {
    if (this.#state === EXT_SEMICOLON) return this.#lineByte(EXT_FIRST);
    if (byte === LF) return ERR_BARE_LF;
    const allowed = this.#state === EXT_FIRST ? TOKEN_CHAR : VALUE_CHAR;
    return (CHAR_CLASS[byte]! & allowed) === 0 ? ERR_CHUNK_EXTENSION : this.#lineByte(EXT);
  }

  /** Counts a byte of the chunk-size line and goes on to `state`. @returns 0 or ERR_CHUNK_LINE_TOO_LONG */
  #lineByte(state: number): number {
    this.#state = state;
    return ++this.#lineBytes > this.#lineBytesMax ? ERR_CHUNK_LINE_TOO_LONG : 0;
  }

  /** Ends a region of `kind` before the wrong byte at `pos`; where the region is empty, the error is what to report. */
  #failed(error: number, kind: number, start: number, pos: number): number {
    this.error = error;
    this.#state = FAILED;
    return this.#passed(pos > start ? kind : KIND.error, pos);
  }

  #passed(kind: number, pos: number): number {
    this.kind = kind;
    return pos;
  }
}
