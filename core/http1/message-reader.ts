/**
 * Reads one message with the codec, arriving in pieces, and records all it said: the reference user of the codec, for
 * tests that compare verdicts. Slow on purpose: every piece is shown to the codec in a fresh buffer with poison behind
 * it, so that a parser that looks past its end, or remembers an offset that it should not, is found out.
 */
import { ChunkedDecoder, KIND } from './chunked.ts';
import { INCOMPLETE } from './errors.ts';
import { type HeadLimits, HeadParser } from './head.ts';
import {
  BODY_CHUNKED,
  BODY_LENGTH,
  BODY_NONE,
  BODY_UNTIL_CLOSE,
  FIELD_NAME_END,
  FIELD_NAME_START,
  FIELD_STRIDE,
  FIELD_TOKEN,
  FIELD_VALUE_END,
  FIELD_VALUE_START,
} from './parsed-head.ts';
import { TOKEN_HOP_NAMED } from './tokens.ts';

export type Side = 'request' | 'response';
export type Framing = 'none' | 'length' | 'chunked' | 'untilClose';

/** What a message said. */
export interface MessageRecord {
  verdict: 'accepted' | 'incomplete' | 'refused';
  /** The error constant of a refusal, else 0. */
  error: number;
  framing: Framing;
  /** Method and target, or status. */
  start: string;
  authority: string;
  persistent: boolean;
  expectContinue: boolean;
  /** `name: value`; fields that must not be forwarded are left out, as a forwarder would. */
  fields: string[];
  body: string;
  trailers: string[];
  /** Bytes that belong to the message, from the first of the input. */
  consumed: number;
}

const FRAMINGS: Readonly<Record<number, Framing>> = {
  [BODY_NONE]: 'none',
  [BODY_LENGTH]: 'length',
  [BODY_CHUNKED]: 'chunked',
  [BODY_UNTIL_CLOSE]: 'untilClose',
};

/** The limits that the tests of this directory use: Linkerd's defaults, and those of core/limits.ts. */
export const TEST_LIMITS: HeadLimits & { readonly chunkLineBytesMax: number } = {
  headerCountMax: 100,
  headBytesMax: 8192,
  initialLineBytesMax: 4096,
  leadingEmptyLinesMax: 4,
  trailerBytesMax: 8192,
  chunkLineBytesMax: 1024,
};

const POISON = 0x0a;
const POISON_BYTES = 16;

/** Reads one message from growing prefixes of the same input. */
export class MessageReader {
  readonly record: MessageRecord = {
    verdict: 'incomplete',
    error: 0,
    framing: 'none',
    start: '',
    authority: '',
    persistent: false,
    expectContinue: false,
    fields: [],
    body: '',
    trailers: [],
    consumed: 0,
  };
  readonly #parser: HeadParser;
  readonly #chunks: ChunkedDecoder;
  readonly #side: Side;
  readonly #requestMethod: number;
  #phase: 'head' | 'body' | 'trailers' | 'done' = 'head';
  #remaining = 0;

  /** @param requestMethod the `METHOD_*` that a response answers */
  constructor(side: Side, requestMethod: number, limits: typeof TEST_LIMITS = TEST_LIMITS) {
    this.#parser = new HeadParser(limits);
    this.#chunks = new ChunkedDecoder(limits.chunkLineBytesMax);
    this.#side = side;
    this.#requestMethod = requestMethod;
  }

  /** Shows the first `available` bytes of the input. */
  read(input: Uint8Array, available: number): void {
    const bytes = new Uint8Array(available + POISON_BYTES).fill(POISON, available);
    bytes.set(input.subarray(0, available));
    if (this.#phase === 'head') this.#readHead(bytes, available);
    if (this.#phase === 'body') this.#readBody(bytes, available);
    if (this.#phase === 'trailers') this.#readTrailers(bytes, available);
  }

  /** The connection ended: what reads until then is complete. */
  end(): MessageRecord {
    if (this.record.framing === 'untilClose' && this.#phase === 'body') this.#accept();
    return this.record;
  }

  #readHead(bytes: Uint8Array, end: number): void {
    const parser = this.#parser;
    const isRequest = this.#side === 'request';
    const pos = isRequest
      ? parser.parseRequest(bytes, 0, end)
      : parser.parseResponse(bytes, 0, end, this.#requestMethod);
    if (pos === INCOMPLETE) return;
    if (pos < 0) {
      this.#refuse(pos);
      return;
    }
    const record = this.record;
    const target = `${text(bytes, parser.methodStart, parser.methodEnd)} ${text(bytes, parser.targetStart, parser.targetEnd)}`;
    record.start = isRequest ? target : String(parser.status);
    record.authority = isRequest ? text(bytes, parser.authorityStart, parser.authorityEnd) : '';
    record.framing = FRAMINGS[parser.bodyKind]!;
    record.persistent = parser.persistent;
    record.expectContinue = isRequest && parser.expectContinue;
    record.fields = this.#fieldLines(bytes);
    record.consumed = pos;
    this.#remaining = parser.bodyKind === BODY_LENGTH ? parser.contentLength : Number.POSITIVE_INFINITY;
    this.#phase = 'body';
    if (parser.bodyKind === BODY_NONE) this.#accept();
  }

  #readBody(bytes: Uint8Array, end: number): void {
    if (this.record.framing === 'chunked') {
      this.#readChunks(bytes, end);
      return;
    }
    const length = Math.min(end - this.record.consumed, this.#remaining);
    this.#take(bytes, length);
    this.#remaining -= length;
    if (this.#remaining === 0) this.#accept();
  }

  #readChunks(bytes: Uint8Array, end: number): void {
    const chunks = this.#chunks;
    for (;;) {
      const next = chunks.advance(bytes, this.record.consumed, end);
      if (chunks.kind === KIND.needMore) return;
      if (chunks.kind === KIND.error) {
        this.#refuse(chunks.error);
        return;
      }
      if (chunks.kind === KIND.trailers) break;
      if (chunks.kind === KIND.data) this.#take(bytes, next - this.record.consumed);
      else this.record.consumed = next;
    }
    this.#phase = 'trailers';
  }

  #readTrailers(bytes: Uint8Array, end: number): void {
    const pos = this.#parser.parseTrailers(bytes, this.record.consumed, end);
    if (pos === INCOMPLETE) return;
    if (pos < 0) {
      this.#refuse(pos);
      return;
    }
    this.record.trailers = this.#fieldLines(bytes);
    this.record.consumed = pos;
    this.#accept();
  }

  #fieldLines(bytes: Uint8Array): string[] {
    const { fields, fieldCount } = this.#parser;
    const lines: string[] = [];
    for (let at = 0; at < fieldCount * FIELD_STRIDE; at += FIELD_STRIDE) {
      if (fields[at + FIELD_TOKEN] === TOKEN_HOP_NAMED) continue;
      const name = text(bytes, fields[at + FIELD_NAME_START]!, fields[at + FIELD_NAME_END]!);
      lines.push(`${name}: ${text(bytes, fields[at + FIELD_VALUE_START]!, fields[at + FIELD_VALUE_END]!)}`);
    }
    return lines;
  }

  #take(bytes: Uint8Array, length: number): void {
    const from = this.record.consumed;
    this.record.body += text(bytes, from, from + length);
    this.record.consumed = from + length;
  }

  #accept(): void {
    this.record.verdict = 'accepted';
    this.#phase = 'done';
  }

  #refuse(error: number): void {
    this.record.verdict = 'refused';
    this.record.error = error;
    this.#phase = 'done';
  }
}

/** Reads one message that arrives in the pieces that end at `cuts` (ascending) and at the input's end. */
export function readMessage(
  input: Uint8Array,
  side: Side,
  requestMethod: number,
  cuts: readonly number[],
  limits: typeof TEST_LIMITS = TEST_LIMITS,
): MessageRecord {
  const reader = new MessageReader(side, requestMethod, limits);
  for (const cut of cuts) reader.read(input, cut);
  reader.read(input, input.length);
  return reader.end();
}

function text(bytes: Uint8Array, start: number, end: number): string {
  let result = '';
  for (let i = start; i < end; i++) result += String.fromCharCode(bytes[i]!);
  return result;
}
