/**
 * `io.l5d.default`: Linkerd's own trace context (spec 03 section 4.1), `l5d-ctx-trace` and `l5d-reqid`.
 *
 *     32 bytes, big-endian, as base64:   span id 8 | parent id 8 | trace id 8 | flags 8
 *     40 bytes:                          the same, then the high half of a 128-bit trace id 8
 */
import type { Random } from '../../core/balance/random.ts';
import { FIELD_STRIDE, FIELD_VALUE_END, FIELD_VALUE_START, type ParsedHead } from '../../core/http1/parsed-head.ts';
import { TOKEN_L5D_CTX_TRACE, TOKEN_L5D_REQID, TOKEN_L5D_SAMPLE } from '../../core/http1/tokens.ts';
import { fieldStart } from '../http2/prepared-fields.ts';
import { readSampleRate } from './context-fields.ts';
import { copyPiece, piece, writeWord } from './field-lines.ts';
import { writeHex } from './hexadecimal.ts';
import { TRACE, TraceContext } from './trace-context.ts';
import type { TracePropagator } from './trace-propagator.ts';

const BASE64 = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const PAD = 0x3d;
const SEXTETS = new Uint8Array(256).fill(255);
for (const [value, byte] of BASE64.entries()) SEXTETS[byte] = value;

/** Digits of a trace id. */
const TRACE_ID_BYTES = 16;
/** Characters of the usual context, and of the longest one. */
const CONTEXT_BYTES = 44;
const CONTEXT_BYTES_MAX = 56;

const REQID_LINE = piece('l5d-reqid: ');
const TRACE_LINE = piece('\r\nl5d-ctx-trace: ');
const REQID_FIELD = fieldStart('l5d-reqid', TRACE_ID_BYTES);
const CONTEXT_FIELD = fieldStart('l5d-ctx-trace', CONTEXT_BYTES);
const LONG_CONTEXT_FIELD = fieldStart('l5d-ctx-trace', CONTEXT_BYTES_MAX);

/** Reads and writes `l5d-ctx-trace`. */
export class LinkerdTracePropagator implements TracePropagator {
  readonly fields = (1 << TOKEN_L5D_CTX_TRACE) | (1 << TOKEN_L5D_REQID) | (1 << TOKEN_L5D_SAMPLE);
  readonly lineBytesMax =
    REQID_LINE.byteLength + TRACE_ID_BYTES + TRACE_LINE.byteLength + CONTEXT_BYTES_MAX + '\r\n'.length;
  readonly fieldBytesMax = REQID_FIELD.byteLength + TRACE_ID_BYTES + LONG_CONTEXT_FIELD.byteLength + CONTEXT_BYTES_MAX;
  readonly #context: TraceContext;

  constructor(random: Random) {
    this.#context = new TraceContext(random);
  }

  begin(bytes: Uint8Array, head: ParsedHead, clearContext: boolean): void {
    const { seen, fields, first } = head;
    if (clearContext || (seen & this.fields) === 0) {
      this.beginNew();
      return;
    }
    let rawBytes = 0;
    if ((seen & (1 << TOKEN_L5D_CTX_TRACE)) !== 0) {
      const place = (first[TOKEN_L5D_CTX_TRACE] as number) * FIELD_STRIDE;
      rawBytes = this.#decode(
        bytes,
        fields[place + FIELD_VALUE_START] as number,
        fields[place + FIELD_VALUE_END] as number,
      );
    }
    if (rawBytes === 0) this.#context.start();
    else this.#context.goOn(rawBytes === 40);
    if ((seen & (1 << TOKEN_L5D_SAMPLE)) !== 0) this.#context.decide(readSampleRate(bytes, head));
  }

  beginNew(): void {
    this.#context.start();
  }

  writeLines(bytes: Uint8Array, at: number): number {
    let end = copyPiece(bytes, at, REQID_LINE);
    end = this.#writeTraceId(bytes, end);
    end = copyPiece(bytes, end, TRACE_LINE);
    end = this.#encode(bytes, end);
    bytes[end] = 13;
    bytes[end + 1] = 10;
    return end + 2;
  }

  writeFields(bytes: Uint8Array, at: number): number {
    let end = copyPiece(bytes, at, REQID_FIELD);
    end = this.#writeTraceId(bytes, end);
    end = copyPiece(bytes, end, this.#context.wide ? LONG_CONTEXT_FIELD : CONTEXT_FIELD);
    return this.#encode(bytes, end);
  }

  #writeTraceId(bytes: Uint8Array, at: number): number {
    const { words } = this.#context;
    return writeHex(bytes, writeHex(bytes, at, words[TRACE] as number), words[TRACE + 1] as number);
  }

  /** Three words are sixteen characters; what is left at the end is padded. @returns the end */
  #encode(bytes: Uint8Array, at: number): number {
    const { words, wide } = this.#context;
    const wordCount = wide ? 10 : 8;
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
    const { words } = this.#context;
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
