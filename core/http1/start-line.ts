/**
 * The first line of a message (RFC 9112 sections 3 and 4). Strict: single spaces, CRLF, an exact version; what one
 * reader takes for a delimiter and the next does not is how a request line smuggles (hostile-inputs rows 15 to 18).
 */
import { CHAR_CLASS, CR, HTAB, LF, NINE, SP, TARGET_CHAR, TOKEN_CHAR, VALUE_CHAR, ZERO } from './ascii.ts';
import {
  ERR_BARE_CR,
  ERR_BARE_LF,
  ERR_EMPTY_LINES,
  ERR_LINE_TOO_LONG,
  ERR_METHOD,
  ERR_START_LINE,
  ERR_STATUS,
  ERR_TARGET_CHAR,
  ERR_VERSION,
  ERR_VERSION_UNSUPPORTED,
  INCOMPLETE,
} from './errors.ts';
import { methodId } from './methods.ts';
import type { ParsedHead } from './parsed-head.ts';

/** `HTTP/d.d`, with 0 for a digit. */
const VERSION_PATTERN = Uint8Array.of(0x48, 0x54, 0x54, 0x50, 0x2f, 0, 0x2e, 0);
const VERSION_BYTES = 8;
/** `HTTP`, `/1.1` and CR LF as big-endian numbers. */
const HTTP = 0x48545450;
const SLASH_1_1 = 0x2f312e31;
const CRLF = 0x0d0a;

/** Skips at most `linesMax` empty lines before a request line. @returns an offset, INCOMPLETE or an error */
export function skipEmptyLines(bytes: Uint8Array, start: number, end: number, linesMax: number): number {
  let pos = start;
  for (let lines = 0; pos < end; lines++) {
    if (bytes[pos] === LF) return ERR_BARE_LF;
    if (bytes[pos] !== CR) return pos;
    if (lines === linesMax) return ERR_EMPTY_LINES;
    if (pos + 1 === end) return INCOMPLETE;
    if (bytes[pos + 1] !== LF) return ERR_BARE_CR;
    pos += 2;
  }
  return INCOMPLETE;
}

/**
 * Parses `method SP request-target SP HTTP-version CRLF` into `head`; the target is split by `parseTarget` later.
 *
 * @param lineBytesMax bound on the line, its CRLF included
 * @returns the offset past the line, INCOMPLETE or an error
 */
export function parseRequestLine(
  head: ParsedHead,
  bytes: Uint8Array,
  start: number,
  end: number,
  lineBytesMax: number,
): number {
  const stop = Math.min(end, start + lineBytesMax);
  const ranOut = end - start >= lineBytesMax ? ERR_LINE_TOO_LONG : INCOMPLETE;
  let pos = start;
  while (pos < stop && (CHAR_CLASS[bytes[pos]!]! & TOKEN_CHAR) !== 0) pos++;
  if (pos === stop) return ranOut;
  if (pos === start) return ERR_METHOD;
  if (bytes[pos] !== SP) return delimiterError(bytes[pos]!, ERR_METHOD);
  head.methodStart = start;
  head.methodEnd = pos;
  head.method = methodId(bytes, start, pos);

  const targetStart = ++pos;
  while (pos < stop && (CHAR_CLASS[bytes[pos]!]! & TARGET_CHAR) !== 0) pos++;
  if (pos === stop) return ranOut;
  if (bytes[pos] !== SP) return delimiterError(bytes[pos]!, ERR_TARGET_CHAR);
  if (pos === targetStart) return ERR_START_LINE;
  head.targetStart = targetStart;
  head.targetEnd = pos;

  pos++;
  const { view } = head;
  if (pos + VERSION_BYTES + 2 <= stop && isHttp11(view, pos) && view.getUint16(pos + VERSION_BYTES) === CRLF) {
    head.versionMinor = 1;
    return pos + VERSION_BYTES + 2;
  }
  const version = parseVersion(bytes, pos, stop);
  if (version < 0) return version === INCOMPLETE ? ranOut : version;
  pos += VERSION_BYTES;
  if (pos === stop) return ranOut;
  if (bytes[pos] !== CR) return bytes[pos] === LF ? ERR_BARE_LF : ERR_START_LINE;
  if (pos + 1 === stop) return ranOut;
  if (bytes[pos + 1] !== LF) return ERR_BARE_CR;
  if (version < 10 || version > 19) return ERR_VERSION_UNSUPPORTED;
  head.versionMinor = version === 10 ? 0 : 1;
  return pos + 2;
}

/**
 * Parses `HTTP-version SP status-code SP [reason-phrase] CRLF` into `head`. The space before an absent reason phrase may
 * be missing too: servers leave it out, and nothing else can be meant.
 *
 * @param lineBytesMax bound on the line, its CRLF included
 * @returns the offset past the line, INCOMPLETE or an error
 */
export function parseStatusLine(
  head: ParsedHead,
  bytes: Uint8Array,
  start: number,
  end: number,
  lineBytesMax: number,
): number {
  const stop = Math.min(end, start + lineBytesMax);
  const ranOut = end - start >= lineBytesMax ? ERR_LINE_TOO_LONG : INCOMPLETE;
  const version = start + VERSION_BYTES <= stop && isHttp11(head.view, start) ? 11 : parseVersion(bytes, start, stop);
  if (version < 0) return version === INCOMPLETE ? ranOut : version;
  let pos = start + VERSION_BYTES;
  if (pos === stop) return ranOut;
  if (bytes[pos] !== SP) return ERR_START_LINE;
  if (version < 10 || version > 19) return ERR_VERSION_UNSUPPORTED;
  head.versionMinor = version === 10 ? 0 : 1;

  let status = 0;
  for (let digits = 0; digits < 3; digits++) {
    if (++pos === stop) return ranOut;
    const byte = bytes[pos]!;
    if (byte < ZERO || byte > NINE || (digits === 0 && byte === ZERO)) return ERR_STATUS;
    status = status * 10 + byte - ZERO;
  }
  head.status = status;
  if (++pos === stop) return ranOut;
  if (bytes[pos] === SP) pos++;
  else if (bytes[pos] !== CR) return delimiterError(bytes[pos]!, ERR_STATUS);
  head.reasonStart = pos;
  while (pos < stop && (CHAR_CLASS[bytes[pos]!]! & VALUE_CHAR) !== 0) pos++;
  if (pos === stop) return ranOut;
  head.reasonEnd = pos;
  if (bytes[pos] !== CR) return delimiterError(bytes[pos]!, ERR_START_LINE);
  if (pos + 1 === stop) return ranOut;
  if (bytes[pos + 1] !== LF) return ERR_BARE_CR;
  return pos + 2;
}

/** Whether the eight bytes at `at` are the version that nearly every message has. */
function isHttp11(view: DataView, at: number): boolean {
  return view.getInt32(at) === HTTP && view.getInt32(at + 4) === SLASH_1_1;
}

/** @returns ten times the major plus the minor version, INCOMPLETE or ERR_VERSION */
function parseVersion(bytes: Uint8Array, start: number, stop: number): number {
  const length = Math.min(VERSION_BYTES, stop - start);
  for (let i = 0; i < length; i++) {
    const byte = bytes[start + i]!;
    const expected = VERSION_PATTERN[i]!;
    if (expected === 0 ? byte < ZERO || byte > NINE : byte !== expected) return ERR_VERSION;
  }
  if (length < VERSION_BYTES) return INCOMPLETE;
  return (bytes[start + 5]! - ZERO) * 10 + bytes[start + 7]! - ZERO;
}

/** The error for a byte where a space should be: a line that ends early is told from a character that may not be. */
function delimiterError(byte: number, otherwise: number): number {
  if (byte === LF) return ERR_BARE_LF;
  return byte === CR || byte === HTAB ? ERR_START_LINE : otherwise;
}
