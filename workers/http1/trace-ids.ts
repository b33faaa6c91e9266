/**
 * The trace context that each request carries on (spec 03 section 4.1): `l5d-ctx-trace` and `l5d-reqid`.
 *
 *     32 bytes, big-endian, as base64:   span id 8 | parent id 8 | trace id 8 | flags 8
 *     40 bytes:                          the same, then the high half of a 128-bit trace id 8
 *
 * An endpoint gets a child span: a new span id whose parent is this request's own span. Without a context the request
 * starts a trace: trace, parent and span are then one random id.
 */
import type { Random } from '../../core/balance/random.ts';
import { copyPiece, piece, writeWord } from './field-lines.ts';

const BASE64 = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
/** A byte as two hexadecimal digits, the first in the low half. */
const HEX = Uint16Array.from({ length: 256 }, (_, byte) => {
  const digits = Buffer.from(byte.toString(16).padStart(2, '0'));
  return (digits[0] as number) | ((digits[1] as number) << 8);
});
const PAD = 0x3d;
const REQID_START = piece('l5d-reqid: ');
const TRACE_START = piece('\r\nl5d-ctx-trace: ');

/** Bits of the flags. */
const DEBUG = 1;
const SAMPLING_KNOWN = 2;
const SAMPLED = 4;
const DECIDED = DEBUG | SAMPLING_KNOWN;

const SEXTETS = new Uint8Array(256).fill(255);
for (const [value, byte] of BASE64.entries()) SEXTETS[byte] = value;

/** Digits of a trace id. */
export const TRACE_ID_BYTES = 16;
/** Characters of the longest context. */
export const CONTEXT_BYTES_MAX = 56;
/** Most bytes that {@link TraceIds.write} writes. */
export const TRACE_LINES_BYTES_MAX =
  REQID_START.byteLength + TRACE_ID_BYTES + TRACE_START.byteLength + CONTEXT_BYTES_MAX + 2;

/** Reads and writes trace contexts. */
export class TraceIds {
  /** The context of the request at hand, as big-endian words of 4 bytes, for at most 40 bytes. */
  readonly #words = new Int32Array(10);
  #wordCount = 8;
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /**
   * Writes `l5d-reqid` and `l5d-ctx-trace` of the request that goes to an endpoint, as HTTP/1 lines.
   *
   * @param contextStart as for {@link begin}
   * @returns the end
   */
  write(bytes: Uint8Array, at: number, contextStart: number, contextEnd: number, sampleRate = -1): number {
    this.begin(bytes, contextStart, contextEnd, sampleRate);
    return this.writeLines(bytes, at);
  }

  /** Writes both fields of the context begun last, as HTTP/1 lines. @returns the end */
  writeLines(bytes: Uint8Array, at: number): number {
    let end = copyPiece(bytes, at, REQID_START);
    end = this.writeTraceId(bytes, end);
    end = copyPiece(bytes, end, TRACE_START);
    end = this.writeContext(bytes, end);
    bytes[end] = 13;
    bytes[end + 1] = 10;
    return end + 2;
  }

  /**
   * Makes the context of the next request.
   *
   * @param contextStart where an incoming context value begins, -1 without one; one that does not decode is ignored
   * @param sampleRate share of the traces without a decision that are to be sampled; -1 leaves the decision open
   */
  begin(bytes: Uint8Array, contextStart: number, contextEnd: number, sampleRate: number): void {
    const words = this.#words;
    const rawBytes = contextStart < 0 ? 0 : this.#decode(bytes, contextStart, contextEnd);
    const random = this.#random;
    if (rawBytes === 0) {
      const high = random.nextInt32();
      const low = random.nextInt32();
      words[2] = high;
      words[3] = low;
      words[4] = high;
      words[5] = low;
      words[6] = 0;
      words[7] = 0;
    } else {
      // The incoming span is the caller's client span: the parent of this hop's own, which the endpoint's is a child of.
      words[2] = words[0] as number;
      words[3] = words[1] as number;
    }
    words[0] = random.nextInt32();
    words[1] = random.nextInt32();
    this.#wordCount = rawBytes === 40 ? 10 : 8;
    if (sampleRate >= 0 && ((words[7] as number) & DECIDED) === 0) {
      words[7] = (words[7] as number) | SAMPLING_KNOWN | (this.#isSampled(sampleRate) ? SAMPLED : 0);
    }
  }

  /** Writes the trace id as {@link TRACE_ID_BYTES} hexadecimal digits. @returns the end */
  writeTraceId(bytes: Uint8Array, at: number): number {
    return writeHex(bytes, writeHex(bytes, at, this.#words[4] as number), this.#words[5] as number);
  }

  /** Characters that {@link writeContext} will write. */
  get contextBytes(): number {
    return this.#wordCount === 10 ? 56 : 44;
  }

  /** Writes the context. @returns the end */
  writeContext(bytes: Uint8Array, at: number): number {
    return this.#encode(bytes, at, this.#wordCount);
  }

  /** By the trace id, so that every hop that is asked with one rate decides alike. */
  #isSampled(rate: number): boolean {
    const traceId = (this.#words[4] as number) * 2 ** 32 + ((this.#words[5] as number) >>> 0);
    return rate >= 1 || Math.abs(traceId) < rate * 2 ** 63;
  }

  /** Three words are sixteen characters; what is left at the end is padded. @returns the end */
  #encode(bytes: Uint8Array, at: number, wordCount: number): number {
    const words = this.#words;
    let end = at;
    let i = 0;
    for (; i + 3 <= wordCount; i += 3) {
      const a = words[i] as number;
      const b = words[i + 1] as number;
      const c = words[i + 2] as number;
      writeGroup(bytes, end, a >>> 8);
      writeGroup(bytes, end + 4, ((a & 0xff) << 16) | (b >>> 16));
      writeGroup(bytes, end + 8, ((b & 0xffff) << 8) | (c >>> 24));
      writeGroup(bytes, end + 12, c & 0xffffff);
      end += 16;
    }
    const a = words[i] as number;
    const b = i + 1 < wordCount ? (words[i + 1] as number) : 0;
    writeGroup(bytes, end, a >>> 8);
    writeGroup(bytes, end + 4, ((a & 0xff) << 16) | (b >>> 16));
    end += 8;
    if (i + 1 < wordCount) {
      writeGroup(bytes, end, (b & 0xffff) << 8);
      end += 4;
      bytes[end - 1] = PAD;
      return end;
    }
    bytes[end - 2] = PAD;
    bytes[end - 1] = PAD;
    return end;
  }

  /** @returns 32 or 40, the bytes decoded into the words, or 0 for a value that is no context */
  #decode(bytes: Uint8Array, start: number, end: number): number {
    let last = end;
    while (last > start && bytes[last - 1] === PAD) last--;
    const byteLength = ((last - start) * 6) >> 3;
    if (byteLength !== 32 && byteLength !== 40) return 0;
    const words = this.#words;
    words.fill(0);
    let bits = 0;
    let held = 0;
    let place = 0;
    for (let i = start; i < last; i++) {
      const sextet = SEXTETS[bytes[i] as number] as number;
      if (sextet === 255) return 0;
      held = (held << 6) | sextet;
      bits += 6;
      if (bits < 8) continue;
      bits -= 8;
      const byte = (held >>> bits) & 255;
      if (place < byteLength) words[place >> 2] = ((words[place >> 2] as number) << 8) | byte;
      place++;
    }
    return byteLength;
  }
}

/** Writes 24 bits as four characters. */
function writeGroup(bytes: Uint8Array, at: number, group: number): void {
  const first = (BASE64[group >>> 18] as number) | ((BASE64[(group >>> 12) & 63] as number) << 8);
  const second = (BASE64[(group >>> 6) & 63] as number) | ((BASE64[group & 63] as number) << 8);
  writeWord(bytes, at, first | (second << 16));
}

function writeHex(bytes: Uint8Array, at: number, word: number): number {
  writeWord(bytes, at, (HEX[word >>> 24] as number) | ((HEX[(word >>> 16) & 255] as number) << 16));
  writeWord(bytes, at + 4, (HEX[(word >>> 8) & 255] as number) | ((HEX[word & 255] as number) << 16));
  return at + 8;
}
