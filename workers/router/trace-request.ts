/** What a TRACE request asks for (spec 03 section 5.6): how far it goes, and whether routers on its way say what they do. */
import { asciiBytes } from '../../core/http1/ascii.ts';
import { findField, NO_FIELD } from '../../core/http1/field-lookup.ts';
import { FIELD_STRIDE, FIELD_VALUE_END, FIELD_VALUE_START, type ParsedHead } from '../../core/http1/parsed-head.ts';
import { TOKEN_MAX_FORWARDS } from '../../core/http1/tokens.ts';

const INT_MAX = 2147483647;
const ADD_CONTEXT = asciiBytes('l5d-add-context');
const SPACE = 0x20;

/** What {@link maxForwardsOf} returns otherwise. */
export const MAX_FORWARDS = { absent: -1, malformed: -2, negative: -3 } as const;

/** The value of Max-Forwards, from 0 on; one of {@link MAX_FORWARDS} when it is no such number. */
export function maxForwardsOf(bytes: Uint8Array, head: ParsedHead): number {
  if ((head.seen & (1 << TOKEN_MAX_FORWARDS)) === 0) return MAX_FORWARDS.absent;
  const text = fieldValueOf(bytes, head, (head.first[TOKEN_MAX_FORWARDS] as number) * FIELD_STRIDE);
  const value = /^[+-]?\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= INT_MAX && value >= -INT_MAX - 1)) return MAX_FORWARDS.malformed;
  return value < 0 ? MAX_FORWARDS.negative : Math.abs(value);
}

/** Writes the next hop's value where this hop's lies, with spaces in front: they are no part of a value. */
export function decrementMaxForwards(bytes: Uint8Array, head: ParsedHead, maxForwards: number): void {
  const place = (head.first[TOKEN_MAX_FORWARDS] as number) * FIELD_STRIDE;
  const from = head.fields[place + FIELD_VALUE_START] as number;
  const end = head.fields[place + FIELD_VALUE_END] as number;
  const text = String(maxForwards - 1);
  const start = end - text.length;
  bytes.fill(SPACE, from, start);
  for (let i = 0; i < text.length; i++) bytes[start + i] = text.charCodeAt(i);
  head.fields[place + FIELD_VALUE_START] = start;
}

/** Whether `l5d-add-context` is true. */
export function asksForContext(bytes: Uint8Array, head: ParsedHead): boolean {
  const place = findField(bytes, head, ADD_CONTEXT);
  return place !== NO_FIELD && /^(?:1|true)$/i.test(fieldValueOf(bytes, head, place));
}

function fieldValueOf(bytes: Uint8Array, head: ParsedHead, place: number): string {
  return textOf(
    bytes,
    head.fields[place + FIELD_VALUE_START] as number,
    head.fields[place + FIELD_VALUE_END] as number,
  );
}

function textOf(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.subarray(from, to)).toString('latin1');
}
