/**
 * What a message says about its connection (RFC 9110 section 7.6.1, RFC 9112 section 9.3) and which of its fields are
 * for this hop only.
 */
import { asciiBytes, equalsIgnoreCase } from './ascii.ts';
import { isEndToEndName } from './end-to-end.ts';
import { ERR_CONNECTION_OPTIONS, ERR_EXPECTATION } from './errors.ts';
import type { ListCursor } from './list.ts';
import {
  FIELD_NAME_END,
  FIELD_NAME_START,
  FIELD_STRIDE,
  FIELD_TOKEN,
  FIELD_VALUE_END,
  FIELD_VALUE_START,
  type ParsedHead,
} from './parsed-head.ts';
import {
  fieldToken,
  TOKEN_CONNECTION,
  TOKEN_EXPECT,
  TOKEN_HOP_NAMED,
  TOKEN_L5D_ERR,
  TOKEN_L5D_RETRYABLE,
  TOKEN_L5D_SUCCESS_CLASS,
  TOKEN_NONE,
} from './tokens.ts';

const CLOSE = asciiBytes('close');
const KEEP_ALIVE = asciiBytes('keep-alive');
const UPGRADE = asciiBytes('upgrade');
const CONTINUE = asciiBytes('100-continue');

/** Linkerd's verdicts, which are known only when the body has ended, so they may come as trailers. */
const TRAILER_TOKENS = (1 << TOKEN_L5D_ERR) | (1 << TOKEN_L5D_SUCCESS_CLASS) | (1 << TOKEN_L5D_RETRYABLE);

/**
 * Sets the Connection flags and `persistent`, and marks the fields that Connection names as TOKEN_HOP_NAMED. Only fields
 * without a token are marked: those with one are hop-by-hop by themselves, or framing, routing and end-to-end
 * names, which a sender may not have stripped.
 *
 * @returns 0, or ERR_CONNECTION_OPTIONS when there are more options than a head may have fields
 */
export function readConnection(head: ParsedHead, bytes: Uint8Array, list: ListCursor): number {
  head.connectionClose = false;
  head.connectionKeepAlive = false;
  head.connectionUpgrade = false;
  let error = 0;
  if ((head.seen & (1 << TOKEN_CONNECTION)) !== 0) error = readOptions(head, bytes, list);
  head.persistent = !head.connectionClose && (head.versionMinor > 0 || head.connectionKeepAlive);
  return error;
}

/** Sets `expectContinue`. @returns 0, or ERR_EXPECTATION for any other expectation (RFC 9110 section 10.1.1) */
export function readExpect(head: ParsedHead, bytes: Uint8Array): number {
  head.expectContinue = false;
  if ((head.seen & (1 << TOKEN_EXPECT)) === 0) return 0;
  const fields = head.fields;
  for (let at = head.first[TOKEN_EXPECT]! * FIELD_STRIDE; at < head.fieldCount * FIELD_STRIDE; at += FIELD_STRIDE) {
    if (fields[at + FIELD_TOKEN] !== TOKEN_EXPECT) continue;
    if (!equalsIgnoreCase(bytes, fields[at + FIELD_VALUE_START]!, fields[at + FIELD_VALUE_END]!, CONTINUE)) {
      return ERR_EXPECTATION;
    }
  }
  head.expectContinue = head.versionMinor > 0;
  return 0;
}

/** Marks as TOKEN_HOP_NAMED the fields of a trailer section that must not be forwarded (RFC 9110 section 6.5.1). */
export function markForbiddenTrailers(head: ParsedHead, bytes: Uint8Array): void {
  const fields = head.fields;
  for (let at = 0; at < head.fieldCount * FIELD_STRIDE; at += FIELD_STRIDE) {
    const token = fields[at + FIELD_TOKEN]!;
    const forbidden =
      token === TOKEN_NONE
        ? isEndToEndName(bytes, fields[at + FIELD_NAME_START]!, fields[at + FIELD_NAME_END]!)
        : ((1 << token) & TRAILER_TOKENS) === 0;
    if (forbidden) markHopNamed(head, at);
  }
  head.seen &= TRAILER_TOKENS | (1 << TOKEN_HOP_NAMED);
}

function readOptions(head: ParsedHead, bytes: Uint8Array, list: ListCursor): number {
  const fields = head.fields;
  const fieldsEnd = head.fieldCount * FIELD_STRIDE;
  const optionsMax = fields.length / FIELD_STRIDE;
  let options = 0;
  for (let at = head.first[TOKEN_CONNECTION]! * FIELD_STRIDE; at < fieldsEnd; at += FIELD_STRIDE) {
    if (fields[at + FIELD_TOKEN] !== TOKEN_CONNECTION) continue;
    list.open(fields[at + FIELD_VALUE_START]!, fields[at + FIELD_VALUE_END]!);
    while (list.next(bytes)) {
      if (options++ === optionsMax) return ERR_CONNECTION_OPTIONS;
      const start = list.start;
      const end = list.end;
      if (equalsIgnoreCase(bytes, start, end, KEEP_ALIVE)) head.connectionKeepAlive = true;
      else if (equalsIgnoreCase(bytes, start, end, CLOSE)) head.connectionClose = true;
      else if (equalsIgnoreCase(bytes, start, end, UPGRADE)) head.connectionUpgrade = true;
      else if (end > start) markNamed(head, bytes, start, end);
    }
  }
  return 0;
}

function markNamed(head: ParsedHead, bytes: Uint8Array, start: number, end: number): void {
  if (fieldToken(bytes, head.view, start, end) > TOKEN_NONE || isEndToEndName(bytes, start, end)) return;
  const fields = head.fields;
  for (let at = 0; at < head.fieldCount * FIELD_STRIDE; at += FIELD_STRIDE) {
    if (fields[at + FIELD_TOKEN] !== TOKEN_NONE) continue;
    if (sameName(bytes, start, end, fields[at + FIELD_NAME_START]!, fields[at + FIELD_NAME_END]!)) {
      markHopNamed(head, at);
    }
  }
}

function markHopNamed(head: ParsedHead, at: number): void {
  head.fields[at + FIELD_TOKEN] = TOKEN_HOP_NAMED;
  if ((head.seen & (1 << TOKEN_HOP_NAMED)) === 0) head.first[TOKEN_HOP_NAMED] = at / FIELD_STRIDE;
  head.seen |= 1 << TOKEN_HOP_NAMED;
}

function sameName(bytes: Uint8Array, start: number, end: number, otherStart: number, otherEnd: number): boolean {
  if (end - start !== otherEnd - otherStart) return false;
  for (let i = 0; i < end - start; i++) {
    if (lowerCase(bytes[start + i]!) !== lowerCase(bytes[otherStart + i]!)) return false;
  }
  return true;
}

function lowerCase(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
}
