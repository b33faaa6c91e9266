/**
 * Whose request it is: the request target taken apart (RFC 9112 section 3.2), the Host field held against it. An
 * authority that two readers can split differently (userinfo, a path, a second Host) is refused (hostile-inputs
 * rows 13 and 14).
 */
import { CHAR_CLASS, COLON, HEX_VALUE, HOST_CHAR, NINE, SCHEME_CHAR, SLASH, ZERO } from './ascii.ts';
import { ERR_HOST, ERR_HOST_MISSING, ERR_HOST_REPEATED, ERR_TARGET_FORM } from './errors.ts';
import { METHOD_CONNECT, METHOD_OPTIONS } from './methods.ts';
import {
  FIELD_STRIDE,
  FIELD_VALUE_END,
  FIELD_VALUE_START,
  type ParsedHead,
  TARGET_ABSOLUTE,
  TARGET_ASTERISK,
  TARGET_AUTHORITY,
  TARGET_ORIGIN,
} from './parsed-head.ts';
import { TOKEN_HOST } from './tokens.ts';

const ASTERISK = 0x2a;
const QUESTION = 0x3f;
const LEFT_BRACKET = 0x5b;
const RIGHT_BRACKET = 0x5d;
const HOST_BIT = 1 << TOKEN_HOST;

/**
 * Sets the target's form and, from an absolute or authority form, the authority and what is left as target.
 *
 * @returns 0 or an error
 */
export function parseTarget(head: ParsedHead, bytes: Uint8Array): number {
  const start = head.targetStart;
  const end = head.targetEnd;
  head.authorityFromTarget = false;
  if (head.method === METHOD_CONNECT) {
    head.targetForm = TARGET_AUTHORITY;
    if (!isAuthority(bytes, start, end) || !hasPort(bytes, start, end)) return ERR_TARGET_FORM;
    head.targetStart = end;
    return authorityFromTarget(head, start, end);
  }
  if (bytes[start] === SLASH) {
    head.targetForm = TARGET_ORIGIN;
    return 0;
  }
  if (bytes[start] === ASTERISK && end - start === 1 && head.method === METHOD_OPTIONS) {
    head.targetForm = TARGET_ASTERISK;
    return 0;
  }
  head.targetForm = TARGET_ABSOLUTE;
  return parseAbsolute(head, bytes, start, end);
}

/**
 * Takes the authority from Host, unless the target had one, and checks Host in either case: an HTTP/1.1 request has
 * exactly one, which may be empty (RFC 9112 section 3.2).
 *
 * @returns 0 or an error
 */
export function takeHost(head: ParsedHead, bytes: Uint8Array): number {
  if ((head.seen & HOST_BIT) === 0) {
    if (head.versionMinor > 0) return ERR_HOST_MISSING;
    if (!head.authorityFromTarget) head.authorityStart = head.authorityEnd = 0;
    return 0;
  }
  if ((head.repeated & HOST_BIT) !== 0) return ERR_HOST_REPEATED;
  const at = head.first[TOKEN_HOST]! * FIELD_STRIDE;
  const start = head.fields[at + FIELD_VALUE_START]!;
  const end = head.fields[at + FIELD_VALUE_END]!;
  if (end > start && !isAuthority(bytes, start, end)) return ERR_HOST;
  if (!head.authorityFromTarget) {
    head.authorityStart = start;
    head.authorityEnd = end;
  }
  return 0;
}

function authorityFromTarget(head: ParsedHead, start: number, end: number): number {
  head.authorityFromTarget = true;
  head.authorityStart = start;
  head.authorityEnd = end;
  return 0;
}

function parseAbsolute(head: ParsedHead, bytes: Uint8Array, start: number, end: number): number {
  let pos = start;
  const first = bytes[start]! | 0x20;
  if (first < 0x61 || first > 0x7a) return ERR_TARGET_FORM;
  while (pos < end && (CHAR_CLASS[bytes[pos]!]! & SCHEME_CHAR) !== 0) pos++;
  if (end - pos < 3 || bytes[pos] !== COLON || bytes[pos + 1] !== SLASH || bytes[pos + 2] !== SLASH) {
    return ERR_TARGET_FORM;
  }
  pos += 3;
  const authorityStart = pos;
  while (pos < end && bytes[pos] !== SLASH && bytes[pos] !== QUESTION) pos++;
  if (!isAuthority(bytes, authorityStart, pos)) return ERR_HOST;
  head.targetStart = pos;
  return authorityFromTarget(head, authorityStart, pos);
}

/** `host [":" port]` with a host that is not empty (RFC 3986 section 3.2, without userinfo). */
function isAuthority(bytes: Uint8Array, start: number, end: number): boolean {
  let pos = start;
  if (bytes[start] === LEFT_BRACKET) {
    pos = skipIpLiteral(bytes, start + 1, end);
  } else {
    while (pos < end && (CHAR_CLASS[bytes[pos]!]! & HOST_CHAR) !== 0) pos++;
  }
  if (pos === start) return false;
  if (pos === end) return true;
  if (bytes[pos] !== COLON) return false;
  pos++;
  while (pos < end && isDigit(bytes[pos]!)) pos++;
  return pos === end;
}

/** @returns the offset past `]` of an IPv6 address, or `start - 1` (the bracket) when it is none */
function skipIpLiteral(bytes: Uint8Array, start: number, end: number): number {
  let pos = start;
  while (pos < end && (HEX_VALUE[bytes[pos]!] !== 255 || bytes[pos] === COLON || bytes[pos] === 0x2e)) pos++;
  return pos > start && pos < end && bytes[pos] === RIGHT_BRACKET ? pos + 1 : start - 1;
}

function hasPort(bytes: Uint8Array, start: number, end: number): boolean {
  let pos = end;
  while (pos > start && isDigit(bytes[pos - 1]!)) pos--;
  return pos < end && pos > start && bytes[pos - 1] === COLON && bytes[end - 1] !== RIGHT_BRACKET;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}
