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
import { Deadline } from '../../core/resilience/deadline.ts';

/** Read into, one at a time. */
const strictest = new Deadline();
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
 * Combines all values of `l5d-ctx-deadline`; one that is no deadline is left out.
 *
 * @returns whether there was one that is
 */
export function readDeadline(bytes: Uint8Array, head: ParsedHead, into: Deadline): boolean {
  into.clear();
  if ((head.seen & (1 << TOKEN_L5D_CTX_DEADLINE)) === 0) return false;
  const { fields, fieldCount } = head;
  for (let i = head.first[TOKEN_L5D_CTX_DEADLINE] as number; i < fieldCount; i++) {
    const field = i * FIELD_STRIDE;
    if (fields[field + FIELD_TOKEN] !== TOKEN_L5D_CTX_DEADLINE) continue;
    into.combine(bytes, fields[field + FIELD_VALUE_START] as number, fields[field + FIELD_VALUE_END] as number);
  }
  return into.isSet;
}

/** One value of `l5d-ctx-deadline` for several: the strictest of them, undefined when none is a deadline. */
export function strictestDeadline(bytes: Uint8Array, head: ParsedHead): string | undefined {
  return readDeadline(bytes, head, strictest) ? strictest.toString() : undefined;
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
