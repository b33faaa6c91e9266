/**
 * `io.l5d.zipkin`: B3, the trace context of Zipkin (spec 03 section 4.2).
 *
 *     x-b3-traceid: 16 or 32 digits     x-b3-spanid: 16     x-b3-parentspanid: 16     x-b3-sampled: 0 | 1     x-b3-flags: 0 | 1
 *     b3: traceid-spanid-sampled-parentspanid      one field for all of them; sampled is 0, 1 or d (debug); or sampled alone
 *
 * Both forms are read, the single field first; the five are written, which more programs read. An open decision is left open:
 * `x-b3-sampled` is then not written, where Linkerd writes 0 and so ends the trace.
 */
import type { Random } from '../../core/balance/random.ts';
import {
  FIELD_NAME_END,
  FIELD_STRIDE,
  FIELD_TOKEN,
  FIELD_VALUE_END,
  FIELD_VALUE_START,
  type ParsedHead,
} from '../../core/http1/parsed-head.ts';
import { TOKEN_B3 } from '../../core/http1/tokens.ts';
import { field, fieldStart } from '../http2/prepared-fields.ts';
import { copyPiece, type Piece, piece } from './field-lines.ts';
import { readHex, writeHex } from './hexadecimal.ts';
import {
  DEBUG,
  FLAGS,
  PARENT,
  SAMPLED,
  SAMPLING_KNOWN,
  SPAN,
  TRACE,
  TRACE_HIGH,
  TraceContext,
} from './trace-context.ts';
import type { TracePropagator } from './trace-propagator.ts';

const ID_BYTES = 16;
const WIDE_ID_BYTES = 32;
const DASH = 0x2d;
const ZERO = 0x30;
const ONE = 0x31;
const LETTER_D = 0x64;
/** `x-b3-` is what all names but one begin with; the letter behind it tells them apart, `s` two of them. */
const LETTER_AT = 'x-b3-'.length;
const LETTERS = { f: 0x66, p: 0x70, s: 0x73, t: 0x74 } as const;
const SINGLE_NAME_BYTES = 'b3'.length;
const SPAN_NAME_BYTES = 'x-b3-spanid'.length;

/** How the five are written, in lines or in fields. */
interface Form {
  readonly trace: Piece;
  readonly wideTrace: Piece;
  readonly span: Piece;
  readonly parent: Piece;
  readonly sampled: readonly [Piece, Piece];
  readonly flags: readonly [Piece, Piece];
}

const LINES: Form = {
  trace: piece('x-b3-traceid: '),
  wideTrace: piece('x-b3-traceid: '),
  span: piece('\r\nx-b3-spanid: '),
  parent: piece('\r\nx-b3-parentspanid: '),
  sampled: [piece('\r\nx-b3-sampled: 0'), piece('\r\nx-b3-sampled: 1')],
  flags: [piece('\r\nx-b3-flags: 0\r\n'), piece('\r\nx-b3-flags: 1\r\n')],
};
const FIELDS: Form = {
  trace: fieldStart('x-b3-traceid', ID_BYTES),
  wideTrace: fieldStart('x-b3-traceid', WIDE_ID_BYTES),
  span: fieldStart('x-b3-spanid', ID_BYTES),
  parent: fieldStart('x-b3-parentspanid', ID_BYTES),
  sampled: [field('x-b3-sampled', '0'), field('x-b3-sampled', '1')],
  flags: [field('x-b3-flags', '0'), field('x-b3-flags', '1')],
};

/** Reads and writes B3. */
export class ZipkinTracePropagator implements TracePropagator {
  readonly fields = 1 << TOKEN_B3;
  readonly lineBytesMax = bytesMax(LINES);
  readonly fieldBytesMax = bytesMax(FIELDS);
  readonly #context: TraceContext;
  /** What the head at hand has said so far. */
  #traceRead = false;
  #spanRead = false;
  #parentRead = false;
  #wide = false;
  #flags = 0;
  /** Share of the traces that are to be sampled, when no decision has come; -1 for none. */
  #rate = -1;

  constructor(random: Random) {
    this.#context = new TraceContext(random);
  }

  begin(bytes: Uint8Array, head: ParsedHead, clearContext: boolean): void {
    if (clearContext || (head.seen & this.fields) === 0) {
      this.beginNew();
      return;
    }
    this.#forget();
    if (!this.#readSingle(bytes, head)) this.#readFive(bytes, head);
    const context = this.#context;
    const { words } = context;
    if (this.#spanRead) {
      if (!this.#traceRead) {
        // As in Linkerd: a trace without a name has its root's.
        words[TRACE] = words[this.#parentRead ? PARENT : SPAN] as number;
        words[TRACE + 1] = words[this.#parentRead ? PARENT + 1 : SPAN + 1] as number;
      }
      context.goOn(this.#traceRead && this.#wide);
    } else {
      context.start();
    }
    words[FLAGS] = 0;
    words[FLAGS + 1] = this.#flags;
    context.decide(this.#rate);
  }

  beginNew(): void {
    this.#context.start();
  }

  writeLines(bytes: Uint8Array, at: number): number {
    return this.#write(bytes, at, LINES);
  }

  writeFields(bytes: Uint8Array, at: number): number {
    return this.#write(bytes, at, FIELDS);
  }

  #write(bytes: Uint8Array, at: number, form: Form): number {
    const { wide, words } = this.#context;
    const flags = words[FLAGS + 1] as number;
    let end = copyPiece(bytes, at, wide ? form.wideTrace : form.trace);
    if (wide) end = this.#writeId(bytes, end, TRACE_HIGH);
    end = this.#writeId(bytes, end, TRACE);
    end = this.#writeId(bytes, copyPiece(bytes, end, form.span), SPAN);
    end = this.#writeId(bytes, copyPiece(bytes, end, form.parent), PARENT);
    const debug = (flags & DEBUG) !== 0;
    if (debug || (flags & SAMPLING_KNOWN) !== 0) {
      end = copyPiece(bytes, end, form.sampled[debug || (flags & SAMPLED) !== 0 ? 1 : 0]);
    }
    return copyPiece(bytes, end, form.flags[debug ? 1 : 0]);
  }

  #writeId(bytes: Uint8Array, at: number, place: number): number {
    const { words } = this.#context;
    return writeHex(bytes, writeHex(bytes, at, words[place] as number), words[place + 1] as number);
  }

  #forget(): void {
    this.#traceRead = false;
    this.#spanRead = false;
    this.#parentRead = false;
    this.#wide = false;
    this.#flags = 0;
    this.#rate = -1;
  }

  /** @returns whether there is a `b3` field, whatever it holds */
  #readSingle(bytes: Uint8Array, { fields, fieldCount }: ParsedHead): boolean {
    for (let i = 0; i < fieldCount; i++) {
      const place = i * FIELD_STRIDE;
      if (fields[place + FIELD_TOKEN] !== TOKEN_B3) continue;
      if ((fields[place + FIELD_NAME_END] as number) - (fields[place] as number) !== SINGLE_NAME_BYTES) continue;
      const from = fields[place + FIELD_VALUE_START] as number;
      this.#readParts(bytes, from, fields[place + FIELD_VALUE_END] as number);
      return true;
    }
    return false;
  }

  #readParts(bytes: Uint8Array, from: number, to: number): void {
    const traceEnd = partEnd(bytes, from, to);
    if (traceEnd === to) {
      this.#readSampled(bytes, from, to);
      return;
    }
    const spanEnd = partEnd(bytes, traceEnd + 1, to);
    this.#readTrace(bytes, from, traceEnd);
    this.#readSpan(bytes, traceEnd + 1, spanEnd);
    if (spanEnd === to) return;
    const sampledEnd = partEnd(bytes, spanEnd + 1, to);
    this.#readSampled(bytes, spanEnd + 1, sampledEnd);
    if (sampledEnd < to) this.#readParent(bytes, sampledEnd + 1, to);
  }

  /** Of several values of one field the first that can be read counts. */
  #readFive(bytes: Uint8Array, { fields, fieldCount }: ParsedHead): void {
    for (let i = 0; i < fieldCount; i++) {
      const place = i * FIELD_STRIDE;
      if (fields[place + FIELD_TOKEN] !== TOKEN_B3) continue;
      const nameAt = fields[place] as number;
      const from = fields[place + FIELD_VALUE_START] as number;
      const to = fields[place + FIELD_VALUE_END] as number;
      switch ((bytes[nameAt + LETTER_AT] as number) | 0x20) {
        case LETTERS.t:
          if (!this.#traceRead) this.#readTrace(bytes, from, to);
          break;
        case LETTERS.p:
          if (!this.#parentRead) this.#readParent(bytes, from, to);
          break;
        case LETTERS.f:
          if (to - from === 1 && bytes[from] === ONE) this.#flags |= DEBUG;
          break;
        default:
          if ((fields[place + FIELD_NAME_END] as number) - nameAt !== SPAN_NAME_BYTES) {
            if ((this.#flags & SAMPLING_KNOWN) === 0 && this.#rate < 0) this.#readSampled(bytes, from, to);
          } else if (!this.#spanRead) this.#readSpan(bytes, from, to);
      }
    }
  }

  #readTrace(bytes: Uint8Array, from: number, to: number): void {
    const { words } = this.#context;
    this.#wide = to - from > ID_BYTES;
    const lowFrom = Math.max(from, to - ID_BYTES);
    this.#traceRead =
      readHex(bytes, lowFrom, to, words, TRACE, 2) &&
      (!this.#wide || readHex(bytes, from, lowFrom, words, TRACE_HIGH, 2));
  }

  #readSpan(bytes: Uint8Array, from: number, to: number): void {
    this.#spanRead = readHex(bytes, from, to, this.#context.words, SPAN, 2);
  }

  #readParent(bytes: Uint8Array, from: number, to: number): void {
    this.#parentRead = readHex(bytes, from, to, this.#context.words, PARENT, 2);
  }

  /** `0`, `1`, `d`, and what else programs write: `true`, `false`, or the share of traces to be sampled. */
  #readSampled(bytes: Uint8Array, from: number, to: number): void {
    if (to - from === 1) {
      const byte = bytes[from] as number;
      if (byte === ZERO) this.#flags |= SAMPLING_KNOWN;
      else if (byte === ONE) this.#flags |= SAMPLING_KNOWN | SAMPLED;
      else if ((byte | 0x20) === LETTER_D) this.#flags |= DEBUG;
      return;
    }
    const text = Buffer.from(bytes.subarray(from, to)).toString('latin1').toLowerCase();
    if (text === 'true') this.#flags |= SAMPLING_KNOWN | SAMPLED;
    else if (text === 'false') this.#flags |= SAMPLING_KNOWN;
    else if (/^\d*\.?\d+$/.test(text)) this.#rate = Math.min(Number(text), 1);
  }
}

function partEnd(bytes: Uint8Array, from: number, to: number): number {
  let end = from;
  while (end < to && bytes[end] !== DASH) end++;
  return end;
}

function bytesMax(form: Form): number {
  const names = form.wideTrace.byteLength + form.span.byteLength + form.parent.byteLength;
  return names + WIDE_ID_BYTES + 2 * ID_BYTES + form.sampled[0].byteLength + form.flags[0].byteLength;
}
