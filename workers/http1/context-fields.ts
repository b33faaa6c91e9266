/**
 * The context that a request brings (spec 03 section 4.1). What is seldom there, or seldom more than once, is read off the hot
 * path, with strings.
 */
import {
  FIELD_STRIDE,
  FIELD_TOKEN,
  FIELD_VALUE_END,
  FIELD_VALUE_START,
  type ParsedHead,
} from '../../core/http1/parsed-head.ts';
import { TOKEN_L5D_CTX_DEADLINE, TOKEN_L5D_SAMPLE } from '../../core/http1/tokens.ts';

const DEADLINE = /^(-?\d{1,19}) (-?\d{1,19})$/;
const RATE = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** Whether a field is there more than once. */
export function isRepeated(parser: ParsedHead, token: number): boolean {
  if ((parser.seen & (1 << token)) === 0) return false;
  for (let i = (parser.first[token] as number) + 1; i < parser.fieldCount; i++) {
    if (parser.fields[i * FIELD_STRIDE + FIELD_TOKEN] === token) return true;
  }
  return false;
}

/**
 * One value of `l5d-ctx-deadline` for several: the latest timestamp and the earliest deadline. Values that are not two
 * numbers are left out; undefined is returned when none is left.
 */
export function strictestDeadline(bytes: Uint8Array, parser: ParsedHead): string | undefined {
  let timestampNanos: bigint | undefined;
  let deadlineNanos: bigint | undefined;
  for (const value of valuesOf(bytes, parser, TOKEN_L5D_CTX_DEADLINE)) {
    const [, from, until] = DEADLINE.exec(value) ?? [];
    if (from === undefined || until === undefined) continue;
    // Beyond 2^53: a Number would round the time of day to a quarter of a microsecond.
    if (timestampNanos === undefined || BigInt(from) > timestampNanos) timestampNanos = BigInt(from);
    if (deadlineNanos === undefined || BigInt(until) < deadlineNanos) deadlineNanos = BigInt(until);
  }
  return timestampNanos === undefined ? undefined : `${timestampNanos} ${deadlineNanos}`;
}

/** The share of traces that `l5d-sample` asks for, from 0 to 1; -1 when it is no number. */
export function readSampleRate(bytes: Uint8Array, parser: ParsedHead): number {
  const [value = ''] = valuesOf(bytes, parser, TOKEN_L5D_SAMPLE);
  return RATE.test(value) ? Math.min(Math.max(Number(value), 0), 1) : -1;
}

function valuesOf(bytes: Uint8Array, parser: ParsedHead, token: number): string[] {
  const values: string[] = [];
  for (let i = 0; i < parser.fieldCount; i++) {
    const field = i * FIELD_STRIDE;
    if (parser.fields[field + FIELD_TOKEN] !== token) continue;
    const from = parser.fields[field + FIELD_VALUE_START] as number;
    const to = parser.fields[field + FIELD_VALUE_END] as number;
    values.push(Buffer.from(bytes.subarray(from, to)).toString('latin1'));
  }
  return values;
}
