/**
 * What a gRPC client is told (gRPC's PROTOCOL-HTTP2.md and http-grpc-status-mapping.md): when Weft itself fails a call it
 * answers with trailers only, HTTP 200 and a `grpc-status`, as any gRPC server would.
 *
 *     :status 200   content-type application/grpc   grpc-status 14   grpc-message no%20... (END_STREAM)
 *
 * Weft makes only statuses that gRPC's libraries make: those about the application's data (INVALID_ARGUMENT, NOT_FOUND,
 * ALREADY_EXISTS, FAILED_PRECONDITION, ABORTED, OUT_OF_RANGE, DATA_LOSS) are the application's alone.
 */
import { asciiBytes, equalsIgnoreCase, NINE, SEMICOLON, SP, ZERO } from '../http1/ascii.ts';
import type { Reason } from '../reasons.ts';
import * as http2 from './error-codes.ts';

export const GRPC_OK = 0;
export const GRPC_CANCELLED = 1;
export const GRPC_UNKNOWN = 2;
export const GRPC_INVALID_ARGUMENT = 3;
export const GRPC_DEADLINE_EXCEEDED = 4;
export const GRPC_NOT_FOUND = 5;
export const GRPC_ALREADY_EXISTS = 6;
export const GRPC_PERMISSION_DENIED = 7;
export const GRPC_RESOURCE_EXHAUSTED = 8;
export const GRPC_FAILED_PRECONDITION = 9;
export const GRPC_ABORTED = 10;
export const GRPC_OUT_OF_RANGE = 11;
export const GRPC_UNIMPLEMENTED = 12;
export const GRPC_INTERNAL = 13;
export const GRPC_UNAVAILABLE = 14;
export const GRPC_DATA_LOSS = 15;
export const GRPC_UNAUTHENTICATED = 16;

/** The status of a call that Weft failed. UNAVAILABLE says that it is safe to try again. */
const BY_REASON: Readonly<Record<Reason, number>> = {
  unidentified: GRPC_UNIMPLEMENTED,
  bad_dtab: GRPC_INTERNAL,
  call_depth_exceeded: GRPC_INTERNAL,
  no_brokers: GRPC_UNAVAILABLE,
  binding_failed: GRPC_UNAVAILABLE,
  binding_timeout: GRPC_UNAVAILABLE,
  binding_overload: GRPC_UNAVAILABLE,
  connect_refused: GRPC_UNAVAILABLE,
  connect_timeout: GRPC_UNAVAILABLE,
  connect_failed: GRPC_UNAVAILABLE,
  fail_fast: GRPC_UNAVAILABLE,
  overload_dropped: GRPC_UNAVAILABLE,
  pool_exhausted: GRPC_UNAVAILABLE,
  local_resources: GRPC_UNAVAILABLE,
  bad_request: GRPC_INTERNAL,
  uri_too_long: GRPC_INTERNAL,
  headers_too_large: GRPC_RESOURCE_EXHAUSTED,
  unsupported_version: GRPC_INTERNAL,
  unsupported_transfer_coding: GRPC_INTERNAL,
  expectation_failed: GRPC_INTERNAL,
  request_timeout: GRPC_CANCELLED,
  client_closed: GRPC_CANCELLED,
  client_stalled: GRPC_CANCELLED,
  upstream_closed: GRPC_UNAVAILABLE,
  upstream_reset: GRPC_UNAVAILABLE,
  upstream_malformed: GRPC_INTERNAL,
  upstream_truncated: GRPC_INTERNAL,
  upstream_stalled: GRPC_DEADLINE_EXCEEDED,
  upstream_refused: GRPC_UNAVAILABLE,
  deadline_exceeded: GRPC_DEADLINE_EXCEEDED,
  total_timeout: GRPC_DEADLINE_EXCEEDED,
  server_timeout: GRPC_DEADLINE_EXCEEDED,
  attempt_timeout: GRPC_DEADLINE_EXCEEDED,
  concurrency_limit: GRPC_UNAVAILABLE,
  draining: GRPC_UNAVAILABLE,
  worker_died: GRPC_UNAVAILABLE,
  internal: GRPC_INTERNAL,
  application_failure: GRPC_UNKNOWN,
};

/** By error code of RST_STREAM; STREAM_CLOSED never reaches a live call. */
const BY_ERROR_CODE: ReadonlyMap<number, number> = new Map([
  [http2.REFUSED_STREAM, GRPC_UNAVAILABLE],
  [http2.CANCEL, GRPC_CANCELLED],
  [http2.ENHANCE_YOUR_CALM, GRPC_RESOURCE_EXHAUSTED],
  [http2.INADEQUATE_SECURITY, GRPC_PERMISSION_DENIED],
]);

const CONTENT_TYPE = asciiBytes('application/grpc');
const PLUS = 0x2b;
const PERCENT = 0x25;
const TILDE = 0x7e;
const HEX_DIGITS = asciiBytes('0123456789ABCDEF');
const REPLACEMENT = 0xfffd;
const TIMEOUT_DIGITS_MAX = 8;
const STATUS_DIGITS_MAX = 3;

/** The `grpc-status` of a call that Weft failed for `reason`. */
export function grpcStatusOfReason(reason: Reason): number {
  return BY_REASON[reason];
}

/** The status of a call whose response has no `grpc-status`, by its HTTP status: also 200 is UNKNOWN then. */
export function grpcStatusOfHttp(status: number): number {
  switch (status) {
    case 400:
    case 431:
      return GRPC_INTERNAL;
    case 401:
      return GRPC_UNAUTHENTICATED;
    case 403:
      return GRPC_PERMISSION_DENIED;
    case 404:
      return GRPC_UNIMPLEMENTED;
    case 429:
    case 502:
    case 503:
    case 504:
      return GRPC_UNAVAILABLE;
    default:
      return GRPC_UNKNOWN;
  }
}

/** The status of a call that a RST_STREAM with this error code ended. */
export function grpcStatusOfErrorCode(code: number): number {
  return BY_ERROR_CODE.get(code) ?? GRPC_INTERNAL;
}

/** Whether a content-type is gRPC's: `application/grpc`, or that with `+proto`, `;charset` or the like behind it. */
export function isGrpcContentType(bytes: Uint8Array, start: number, end: number): boolean {
  const typeEnd = start + CONTENT_TYPE.length;
  if (end < typeEnd || !equalsIgnoreCase(bytes, start, typeEnd, CONTENT_TYPE)) return false;
  return end === typeEnd || bytes[typeEnd] === PLUS || bytes[typeEnd] === SEMICOLON;
}

/** Reads a `grpc-status`: decimal, without leading zeros. @returns the status, of whatever meaning, or -1 */
export function parseGrpcStatus(bytes: Uint8Array, start: number, end: number): number {
  if (end - start > 1 && bytes[start] === ZERO) return -1;
  return parseDigits(bytes, start, end, STATUS_DIGITS_MAX);
}

/**
 * Reads a `grpc-timeout`: at most eight digits and one of `H M S m u n`.
 *
 * @returns milliseconds, rounded up, or -1 when it is none
 */
export function parseGrpcTimeout(bytes: Uint8Array, start: number, end: number): number {
  const value = parseDigits(bytes, start, end - 1, TIMEOUT_DIGITS_MAX);
  if (value < 0) return -1;
  switch (bytes[end - 1]) {
    case 0x48:
      return value * 3_600_000;
    case 0x4d:
      return value * 60_000;
    case 0x53:
      return value * 1000;
    case 0x6d:
      return value;
    case 0x75:
      return Math.ceil(value / 1000);
    case 0x6e:
      return Math.ceil(value / 1_000_000);
    default:
      return -1;
  }
}

/**
 * Writes a `grpc-message`: UTF-8, percent-encoded but for visible ASCII without `%`, and spaces that are neither first nor
 * last: HTTP/2 forbids those (RFC 9113 section 8.2.1).
 *
 * @param bytesMax bound on what is written, which never ends within a character
 * @returns the offset past it
 */
export function writeGrpcMessage(bytes: Uint8Array, at: number, text: string, bytesMax: number): number {
  const limit = at + bytesMax;
  let pos = at;
  for (let i = 0; i < text.length; ) {
    const code = text.codePointAt(i)!;
    i += code > 0xffff ? 2 : 1;
    const isLast = i >= text.length;
    const raw = code >= SP && code <= TILDE && code !== PERCENT && (code !== SP || (pos > at && !isLast));
    if (pos + (raw ? 1 : 3 * utf8Bytes(code)) > limit) break;
    if (raw) bytes[pos++] = code;
    else pos = writeEscaped(bytes, pos, code >= 0xd800 && code <= 0xdfff ? REPLACEMENT : code);
  }
  // Cut behind a space, the text would end with it.
  while (pos > at && bytes[pos - 1] === SP) pos--;
  return pos;
}

function utf8Bytes(code: number): number {
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code < 0x10000 ? 3 : 4;
}

/** Writes the UTF-8 bytes of a code point, each as `%XX`. @returns the offset past them */
function writeEscaped(bytes: Uint8Array, at: number, code: number): number {
  const length = utf8Bytes(code);
  if (length === 1) return writeEscape(bytes, at, code);
  const lead = (0xf00 >> length) & 0xff;
  let pos = writeEscape(bytes, at, lead | (code >> (6 * (length - 1))));
  for (let shift = 6 * (length - 2); shift >= 0; shift -= 6) {
    pos = writeEscape(bytes, pos, 0x80 | ((code >> shift) & 0x3f));
  }
  return pos;
}

function writeEscape(bytes: Uint8Array, at: number, byte: number): number {
  bytes[at] = PERCENT;
  bytes[at + 1] = HEX_DIGITS[byte >> 4]!;
  bytes[at + 2] = HEX_DIGITS[byte & 0x0f]!;
  return at + 3;
}

/** @returns the number in `bytes[start, end)`, or -1 when that is not one to `digitsMax` digits */
function parseDigits(bytes: Uint8Array, start: number, end: number, digitsMax: number): number {
  if (end <= start || end - start > digitsMax) return -1;
  let value = 0;
  for (let pos = start; pos < end; pos++) {
    const byte = bytes[pos]!;
    if (byte < ZERO || byte > NINE) return -1;
    value = value * 10 + byte - ZERO;
  }
  return value;
}
