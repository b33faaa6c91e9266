/**
 * Fields by which an endpoint says that a request may, or may not, be sent again (spec 03 sections 4.1 and 5.9). They are
 * looked for in failures alone.
 *
 *     503, finagle-http-nack                 not looked at
 *     503, retry-after: 0                    not looked at
 *     503, finagle-http-nonretryable-nack    not looked at, and not to be sent again
 *     l5d-retryable: true                    a failure that may be retried
 */
import { asciiBytes, equalsIgnoreCase } from '../../core/http1/ascii.ts';
import { findField, NO_FIELD } from '../../core/http1/field-lookup.ts';
import { FIELD_STRIDE, FIELD_VALUE_END, FIELD_VALUE_START, type ParsedHead } from '../../core/http1/parsed-head.ts';
import { TOKEN_L5D_RETRYABLE } from '../../core/http1/tokens.ts';

/** What a response says of having been looked at. */
export const NACK = { none: 0, retryable: 1, final: 2 } as const;

const NACK_STATUS = 503;
const NACKED = asciiBytes('finagle-http-nack');
const NACKED_FOR_GOOD = asciiBytes('finagle-http-nonretryable-nack');
const RETRY_AFTER = asciiBytes('retry-after');
const ZERO = asciiBytes('0');
const TRUE = asciiBytes('true');

/** Whether a response is a nack: one of {@link NACK}. */
export function nackOf(bytes: Uint8Array, head: ParsedHead & { readonly status: number }): number {
  if (head.status !== NACK_STATUS) return NACK.none;
  if (findField(bytes, head, NACKED_FOR_GOOD) !== NO_FIELD) return NACK.final;
  if (findField(bytes, head, NACKED) !== NO_FIELD) return NACK.retryable;
  let place = findField(bytes, head, RETRY_AFTER);
  while (place !== NO_FIELD && !hasValue(bytes, head, place, ZERO)) {
    place = findField(bytes, head, RETRY_AFTER, place + FIELD_STRIDE);
  }
  return place === NO_FIELD ? NACK.none : NACK.retryable;
}

/** Whether a response asks for its request to be retried. */
export function asksForRetry(bytes: Uint8Array, head: ParsedHead): boolean {
  if ((head.seen & (1 << TOKEN_L5D_RETRYABLE)) === 0) return false;
  return hasValue(bytes, head, (head.first[TOKEN_L5D_RETRYABLE] as number) * FIELD_STRIDE, TRUE);
}

function hasValue(bytes: Uint8Array, head: ParsedHead, place: number, value: Uint8Array): boolean {
  const start = head.fields[place + FIELD_VALUE_START] as number;
  return equalsIgnoreCase(bytes, start, head.fields[place + FIELD_VALUE_END] as number, value);
}
