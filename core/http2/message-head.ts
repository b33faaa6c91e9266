/**
 * Makes the head of a request or response out of a decoded field section (RFC 9113 section 8.3, hostile-inputs rows 30
 * and 31), in the form that a parsed HTTP/1 head has: identifiers, routes and writers read both alike.
 *
 *     :method POST            method, methodStart/End
 *     :scheme https           schemeStart/End
 *     :authority a:1   ---+-> authorityStart/End          :status 200   status
 *     host a:1         ---+   (equal, if both are there)
 *     :path /x?y              targetStart/End, targetForm
 *
 * What HTTP/1 says otherwise is set as it would say it there: versionMinor is 1, the connection persists. `bodyKind` is
 *
 *     BODY_NONE       END_STREAM is set, or no content may come (Content-Length 0, HEAD, 1xx, 204, 304)
 *     BODY_LENGTH     `contentLength` bytes of DATA follow (`body-length.ts` holds the peer to it)
 *     BODY_CHUNKED    DATA follow until END_STREAM: in HTTP/1 they are to be written in chunks
 *
 * All of a message is judged, nothing is repaired: there is no lenient mode here either.
 */
import { CHAR_CLASS, NINE, SCHEME_CHAR, SLASH, TARGET_CHAR, ZERO } from '../http1/ascii.ts';
import { parseTarget, takeHost } from '../http1/authority.ts';
import { markForbiddenTrailers, readExpect } from '../http1/connection.ts';
import * as http1 from '../http1/errors.ts';
import { frameRequest, frameResponse } from '../http1/framing.ts';
import { ListCursor } from '../http1/list.ts';
import { METHOD_CONNECT, METHOD_HEAD, METHOD_OPTIONS, METHOD_OTHER, methodId } from '../http1/methods.ts';
import {
  BODY_CHUNKED,
  BODY_NONE,
  FIELD_STRIDE,
  FIELD_VALUE_END,
  FIELD_VALUE_START,
  TARGET_ASTERISK,
  TARGET_ORIGIN,
} from '../http1/parsed-head.ts';
import { isToken } from '../http1/scan.ts';
import { TOKEN_CONTENT_LENGTH, TOKEN_HOST } from '../http1/tokens.ts';
import type { FieldSection } from './field-section.ts';
import {
  ERR_AUTHORITY,
  ERR_AUTHORITY_MISSING,
  ERR_CONNECT_AUTHORITY,
  ERR_CONNECT_FORM,
  ERR_CONNECT_LENGTH,
  ERR_CONTENT_LENGTH,
  ERR_CONTENT_LENGTH_REPEATED,
  ERR_EXPECTATION,
  ERR_HOST_DIFFERS,
  ERR_HOST_REPEATED,
  ERR_LENGTH_ENDED,
  ERR_METHOD,
  ERR_METHOD_MISSING,
  ERR_PATH_CHAR,
  ERR_PATH_EMPTY,
  ERR_PATH_FORM,
  ERR_PATH_MISSING,
  ERR_SCHEME,
  ERR_SCHEME_MISSING,
  ERR_STATUS,
  ERR_STATUS_MISSING,
  ERR_STATUS_SWITCHING,
} from './message-errors.ts';
import { checkFields } from './message-fields.ts';
import { PSEUDO_AUTHORITY, PSEUDO_METHOD, PSEUDO_PATH, PSEUDO_SCHEME, PSEUDO_STATUS } from './pseudo-fields.ts';

const REQUEST_PSEUDO = (1 << PSEUDO_METHOD) | (1 << PSEUDO_SCHEME) | (1 << PSEUDO_AUTHORITY) | (1 << PSEUDO_PATH);
const RESPONSE_PSEUDO = 1 << PSEUDO_STATUS;
const HOST_BIT = 1 << TOKEN_HOST;
const LENGTH_BIT = 1 << TOKEN_CONTENT_LENGTH;
const ASTERISK = 0x2a;

/** Never opened: HTTP/2 has no transfer codings. */
const noCodings = new ListCursor();

/**
 * Reads a request's head.
 *
 * @param endStream no DATA and no trailers follow
 * @returns 0 or an error of `message-errors.ts`; only after 0 do the fields of the section mean anything
 */
export function readRequestHead(section: FieldSection, endStream: boolean): number {
  let error = checkFields(section, REQUEST_PSEUDO);
  if (error !== 0) return error;
  begin(section);
  error = readMethod(section);
  if (error !== 0) return error;
  error = section.method === METHOD_CONNECT ? readConnectTarget(section) : readTarget(section);
  if (error !== 0) return error;
  if (frameRequest(section, section.bytes, noCodings) !== 0) return lengthError(section);
  if (readExpect(section, section.bytes) !== 0) return ERR_EXPECTATION;
  return endBody(section, endStream, false);
}

/**
 * Reads a response's head, final or informational.
 *
 * @param requestMethod the `METHOD_*` of the request that it answers: HEAD and CONNECT decide about the body
 * @param endStream no DATA and no trailers follow
 * @returns 0 or an error
 */
export function readResponseHead(section: FieldSection, requestMethod: number, endStream: boolean): number {
  const error = checkFields(section, RESPONSE_PSEUDO) || readStatus(section);
  if (error !== 0) return error;
  begin(section);
  if (frameResponse(section, section.bytes, noCodings, requestMethod) !== 0) return lengthError(section);
  const { status } = section;
  const bodiless = requestMethod === METHOD_HEAD || status < 200 || status === 204 || status === 304;
  return endBody(section, endStream, bodiless);
}

/**
 * Reads a trailer section. Fields that may not be trailers (RFC 9110 section 6.5.1) are marked TOKEN_HOP_NAMED, for the
 * forwarder to drop.
 *
 * @returns 0 or an error
 */
export function readTrailers(section: FieldSection): number {
  const error = checkFields(section, 0);
  if (error === 0) markForbiddenTrailers(section, section.bytes);
  return error;
}

/** Sets what HTTP/2 leaves no choice about. */
function begin(section: FieldSection): void {
  section.versionMinor = 1;
  section.connectionClose = false;
  section.connectionKeepAlive = false;
  section.connectionUpgrade = false;
  section.persistent = true;
  section.expectContinue = false;
  section.reasonStart = 0;
  section.reasonEnd = 0;
}

function readMethod(section: FieldSection): number {
  section.status = 0;
  const index = section.pseudo[PSEUDO_METHOD]!;
  if (index < 0) return ERR_METHOD_MISSING;
  const start = valueStart(section, index);
  const end = valueEnd(section, index);
  if (start === end || !isToken(section.bytes, start, end)) return ERR_METHOD;
  section.methodStart = start;
  section.methodEnd = end;
  section.method = methodId(section.bytes, start, end);
  return 0;
}

/** CONNECT names an authority, and nothing else (section 8.5). */
function readConnectTarget(section: FieldSection): number {
  if (section.pseudo[PSEUDO_SCHEME]! >= 0 || section.pseudo[PSEUDO_PATH]! >= 0) return ERR_CONNECT_FORM;
  if ((section.seen & LENGTH_BIT) !== 0) return ERR_CONNECT_LENGTH;
  const index = section.pseudo[PSEUDO_AUTHORITY]!;
  if (index < 0) return ERR_CONNECT_AUTHORITY;
  section.schemeStart = section.schemeEnd = 0;
  section.targetStart = valueStart(section, index);
  section.targetEnd = valueEnd(section, index);
  if (parseTarget(section, section.bytes) !== 0) return ERR_CONNECT_AUTHORITY;
  return (section.seen & HOST_BIT) === 0 ? 0 : compareHost(section, index);
}

function readTarget(section: FieldSection): number {
  const { bytes } = section;
  const scheme = section.pseudo[PSEUDO_SCHEME]!;
  if (scheme < 0) return ERR_SCHEME_MISSING;
  section.schemeStart = valueStart(section, scheme);
  section.schemeEnd = valueEnd(section, scheme);
  if (!isScheme(bytes, section.schemeStart, section.schemeEnd)) return ERR_SCHEME;

  const path = section.pseudo[PSEUDO_PATH]!;
  if (path < 0) return ERR_PATH_MISSING;
  const start = valueStart(section, path);
  const end = valueEnd(section, path);
  if (start === end) return ERR_PATH_EMPTY;
  for (let pos = start; pos < end; pos++) {
    if ((CHAR_CLASS[bytes[pos]!]! & TARGET_CHAR) === 0) return ERR_PATH_CHAR;
  }
  section.targetStart = start;
  section.targetEnd = end;
  section.targetForm = TARGET_ORIGIN;
  if (bytes[start] !== SLASH) {
    if (bytes[start] !== ASTERISK || end - start !== 1 || section.method !== METHOD_OPTIONS) return ERR_PATH_FORM;
    section.targetForm = TARGET_ASTERISK;
  }
  return readAuthority(section);
}

/**
 * Takes the authority from :authority, else from Host. Both must say the same, byte for byte: of two that differ only in
 * letter case a route would be found by one and the request forwarded by the other.
 */
function readAuthority(section: FieldSection): number {
  const index = section.pseudo[PSEUDO_AUTHORITY]!;
  const hasHost = (section.seen & HOST_BIT) !== 0;
  section.authorityFromTarget = false;
  if (index < 0 && !hasHost) return ERR_AUTHORITY_MISSING;
  if (index >= 0 && hasHost) {
    const error = compareHost(section, index);
    if (error !== 0) return error;
  }
  if (!hasHost) {
    // Lends :authority to the check that Host would get.
    section.first[TOKEN_HOST] = index;
    section.seen |= HOST_BIT;
  }
  const error = takeHost(section, section.bytes);
  if (!hasHost) section.seen &= ~HOST_BIT;
  if (error === http1.ERR_HOST_REPEATED) return ERR_HOST_REPEATED;
  if (error !== 0 || section.authorityStart === section.authorityEnd) return ERR_AUTHORITY;
  section.authorityFromTarget = index >= 0;
  return 0;
}

/** Holds the Host field against the :authority in field `index`. */
function compareHost(section: FieldSection, index: number): number {
  if ((section.repeated & HOST_BIT) !== 0) return ERR_HOST_REPEATED;
  const { bytes } = section;
  const host = section.first[TOKEN_HOST]!;
  const start = valueStart(section, index);
  const hostStart = valueStart(section, host);
  const length = valueEnd(section, index) - start;
  if (valueEnd(section, host) - hostStart !== length) return ERR_HOST_DIFFERS;
  for (let i = 0; i < length; i++) {
    if (bytes[start + i] !== bytes[hostStart + i]) return ERR_HOST_DIFFERS;
  }
  return 0;
}

function readStatus(section: FieldSection): number {
  const { bytes } = section;
  section.method = METHOD_OTHER;
  const index = section.pseudo[PSEUDO_STATUS]!;
  if (index < 0) return ERR_STATUS_MISSING;
  const start = valueStart(section, index);
  if (valueEnd(section, index) - start !== 3 || bytes[start] === ZERO) return ERR_STATUS;
  let status = 0;
  for (let pos = start; pos < start + 3; pos++) {
    const byte = bytes[pos]!;
    if (byte < ZERO || byte > NINE) return ERR_STATUS;
    status = status * 10 + byte - ZERO;
  }
  section.status = status;
  return status === 101 ? ERR_STATUS_SWITCHING : 0;
}

/** Sets `bodyKind` to what the head of this file draws. @param bodiless no content may come, whatever the length says */
function endBody(section: FieldSection, endStream: boolean, bodiless: boolean): number {
  if (endStream) {
    if (section.contentLength > 0 && !bodiless) return ERR_LENGTH_ENDED;
    section.bodyKind = BODY_NONE;
  } else if (section.contentLength < 0 && !bodiless) {
    section.bodyKind = BODY_CHUNKED;
  }
  return 0;
}

function lengthError(section: FieldSection): number {
  return (section.repeated & LENGTH_BIT) !== 0 ? ERR_CONTENT_LENGTH_REPEATED : ERR_CONTENT_LENGTH;
}

function isScheme(bytes: Uint8Array, start: number, end: number): boolean {
  const first = bytes[start]! | 0x20;
  if (start === end || first < 0x61 || first > 0x7a) return false;
  for (let pos = start; pos < end; pos++) {
    if ((CHAR_CLASS[bytes[pos]!]! & SCHEME_CHAR) === 0) return false;
  }
  return true;
}

function valueStart(section: FieldSection, index: number): number {
  return section.fields[index * FIELD_STRIDE + FIELD_VALUE_START]!;
}

function valueEnd(section: FieldSection, index: number): number {
  return section.fields[index * FIELD_STRIDE + FIELD_VALUE_END]!;
}
