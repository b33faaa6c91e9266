/**
 * Where a message ends (RFC 9112 section 6.3). Two hops that answer this differently are what request smuggling is, so
 * everything ambiguous is refused rather than repaired (hostile-inputs rows 1 to 5).
 *
 *     Transfer-Encoding        Content-Length     the body is
 *     exactly `chunked`        absent             chunked
 *     absent                   one, in range      that many bytes
 *     absent                   absent             none (request), all until close (response)
 *     anything else                               refused
 *
 * A response to HEAD, to CONNECT with a 2xx, or with status 1xx, 204 or 304 has no body whatever its fields say.
 */
import { asciiBytes, CR, equalsIgnoreCase, HTAB, NINE, ZERO } from './ascii.ts';
import {
  ERR_CODING,
  ERR_CODING_IN_HTTP10,
  ERR_CODING_UNSUPPORTED,
  ERR_CONTENT_LENGTH,
  ERR_CONTENT_LENGTH_REPEATED,
  ERR_LENGTH_AND_CODING,
} from './errors.ts';
import type { ListCursor } from './list.ts';
import { METHOD_CONNECT, METHOD_HEAD } from './methods.ts';
import {
  BODY_CHUNKED,
  BODY_LENGTH,
  BODY_NONE,
  BODY_UNTIL_CLOSE,
  FIELD_STRIDE,
  FIELD_TOKEN,
  FIELD_VALUE_END,
  FIELD_VALUE_START,
  type ParsedHead,
} from './parsed-head.ts';
import { isToken } from './scan.ts';
import { TOKEN_CONTENT_LENGTH, TOKEN_TRANSFER_ENCODING } from './tokens.ts';

const LENGTH_BIT = 1 << TOKEN_CONTENT_LENGTH;
const CODING_BIT = 1 << TOKEN_TRANSFER_ENCODING;
const CHUNKED = asciiBytes('chunked');
/** Digits of 2^53 - 1. */
const LENGTH_DIGITS_MAX = 16;

/** Sets `bodyKind` and `contentLength` of a request. @returns 0 or an error */
export function frameRequest(head: ParsedHead, bytes: Uint8Array, list: ListCursor): number {
  return frame(head, bytes, list, BODY_NONE);
}

/**
 * Sets `bodyKind` and `contentLength` of a response.
 *
 * @param requestMethod the `METHOD_*` of the request that it answers
 * @returns 0 or an error
 */
export function frameResponse(head: ParsedHead, bytes: Uint8Array, list: ListCursor, requestMethod: number): number {
  const status = head.status;
  if (requestMethod === METHOD_CONNECT && status >= 200 && status < 300) {
    head.contentLength = -1;
    head.bodyKind = BODY_NONE;
    return 0;
  }
  const error = frame(head, bytes, list, BODY_UNTIL_CLOSE);
  if (requestMethod === METHOD_HEAD || status < 200 || status === 204 || status === 304) head.bodyKind = BODY_NONE;
  return error;
}

function frame(head: ParsedHead, bytes: Uint8Array, list: ListCursor, otherwise: number): number {
  const present = head.seen & (LENGTH_BIT | CODING_BIT);
  head.contentLength = -1;
  head.bodyKind = otherwise;
  if (present === 0) return 0;
  if (present === LENGTH_BIT) {
    if ((head.repeated & LENGTH_BIT) !== 0) return ERR_CONTENT_LENGTH_REPEATED;
    const at = head.first[TOKEN_CONTENT_LENGTH]! * FIELD_STRIDE;
    const length = parseLength(bytes, head.fields[at + FIELD_VALUE_START]!, head.fields[at + FIELD_VALUE_END]!);
    if (length < 0) return ERR_CONTENT_LENGTH;
    head.contentLength = length;
    head.bodyKind = length === 0 ? BODY_NONE : BODY_LENGTH;
    return 0;
  }
  if (head.versionMinor === 0) return ERR_CODING_IN_HTTP10;
  if (present !== CODING_BIT) return ERR_LENGTH_AND_CODING;
  head.bodyKind = BODY_CHUNKED;
  return checkCodings(head, bytes, list);
}

/**
 * Digits alone, no leading zero (which some readers take for octal), at most 2^53 - 1.
 *
 * @returns the length, or -1
 */
function parseLength(bytes: Uint8Array, start: number, end: number): number {
  const digits = end - start;
  if (digits === 0 || digits > LENGTH_DIGITS_MAX || (digits > 1 && bytes[start] === ZERO)) return -1;
  let length = 0;
  for (let pos = start; pos < end; pos++) {
    const byte = bytes[pos]!;
    if (byte < ZERO || byte > NINE) return -1;
    length = length * 10 + (byte - ZERO);
  }
  return length <= Number.MAX_SAFE_INTEGER ? length : -1;
}

/**
 * Accepts `chunked` alone, and no whitespace around it but the usual spaces in front: Node's parser, for one, takes
 * `chunked` with a tab behind it for another coding. With other codings before it the framing is clear, but the hop-by-hop field is ours to write
 * anew and the content would lose its coding: that is refused as unsupported. All the rest is malformed.
 */
function checkCodings(head: ParsedHead, bytes: Uint8Array, list: ListCursor): number {
  let chunked = false;
  let others = false;
  for (let at = 0; at < head.fieldCount * FIELD_STRIDE; at += FIELD_STRIDE) {
    if (head.fields[at + FIELD_TOKEN] !== TOKEN_TRANSFER_ENCODING) continue;
    const start = head.fields[at + FIELD_VALUE_START]!;
    const end = head.fields[at + FIELD_VALUE_END]!;
    if (bytes[start - 1] === HTAB || bytes[end] !== CR) return ERR_CODING;
    list.open(start, end);
    while (list.next(bytes)) {
      if (chunked || list.start === list.end || !isToken(bytes, list.start, list.end)) return ERR_CODING;
      if (equalsIgnoreCase(bytes, list.start, list.end, CHUNKED)) chunked = true;
      else others = true;
    }
  }
  if (!chunked) return ERR_CODING;
  return others ? ERR_CODING_UNSUPPORTED : 0;
}
