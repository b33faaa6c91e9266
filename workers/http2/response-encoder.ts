/**
 * Response heads and trailers as they go to a client that speaks HTTP/2 (spec 03 sections 4.4 and 7.2): the endpoint's
 * fields, less what ends at this hop, plus `via`, and `l5d-success-class` where the verdict is known.
 *
 *     :status 200  l5d-success-class 1.0  via h2 linkerd  content-type ...        the head
 *     grpc-status 0  l5d-success-class 1.0                                        trailers
 *
 * Both are blocks that fit every connection.
 */

import type { ParsedHead } from '../../core/http1/parsed-head.ts';
import { TOKEN_CONTENT_LENGTH, TOKEN_HOP_NAMED, TOKEN_VIA } from '../../core/http1/tokens.ts';
import { FieldSection } from '../../core/http2/field-section.ts';
import { FIELD_CODING_BYTES_MAX, writeStaticField, writeStaticName } from '../../core/http2/hpack/literals.ts';
import { INDEX_STATUS, staticField } from '../../core/http2/hpack/static-table.ts';
import { VERDICT } from '../../core/resilience/response-classifier.ts';
import { copyPiece, viewOf } from '../http1/field-lines.ts';
import { OF_PROXY, REPLACED_IN_RESPONSE } from '../http1/forwarded-fields.ts';
import { joinedVia, writeFields } from './field-encoder.ts';
import { FAILURE, field, SUCCESS, VIA } from './prepared-fields.ts';

/** How a head is written. */
export interface ResponseEncoding {
  /** One of VERDICT. */
  verdict: number;
  /** The client is not to see `l5d-*` fields. */
  clearContext: boolean;
  /** The body is not for the client to see, and neither is its length. */
  dropContentLength: boolean;
  /** A 1xx: nothing of Weft's own is added. */
  informational: boolean;
}

/**
 * Writes the head of a response.
 *
 * @param head as HTTP/2 or HTTP/1 parsed it
 * @param at an area as large as a head and what is added to it
 * @returns the end of the block
 */
export function writeResponseHead(bytes: Uint8Array, at: number, head: ParsedHead, how: ResponseEncoding): number {
  const view = viewOf(bytes);
  let end = writeStatus(bytes, view, at, head.status);
  if (!how.informational) {
    if (how.verdict !== VERDICT.open && !how.clearContext) end = writeVerdict(bytes, end, how.verdict);
    const viaSeen = (head.seen & (1 << TOKEN_VIA)) !== 0;
    end = copyPiece(bytes, end, viaSeen ? field('via', joinedVia(bytes, head)) : VIA);
  }
  let dropped = how.informational ? REPLACED_IN_RESPONSE & ~(1 << TOKEN_VIA) : REPLACED_IN_RESPONSE;
  if (how.dropContentLength) dropped |= 1 << TOKEN_CONTENT_LENGTH;
  if (!(head instanceof FieldSection)) dropped |= OF_PROXY;
  return writeFields(bytes, view, end, head, dropped, how.clearContext);
}

/** Writes trailers. @param verdict one of VERDICT @returns the end of the block */
export function writeTrailers(
  bytes: Uint8Array,
  at: number,
  section: ParsedHead,
  verdict: number,
  clearContext: boolean,
): number {
  // A request's trailers are open, and nobody's verdict.
  const dropped = verdict === VERDICT.open ? 1 << TOKEN_HOP_NAMED : REPLACED_IN_RESPONSE & ~(1 << TOKEN_VIA);
  const end = writeFields(bytes, viewOf(bytes), at, section, dropped, clearContext);
  return verdict === VERDICT.open || clearContext ? end : writeVerdict(bytes, end, verdict);
}

/** Writes `l5d-success-class`. */
export function writeVerdict(bytes: Uint8Array, at: number, verdict: number): number {
  return copyPiece(bytes, at, verdict === VERDICT.success ? SUCCESS : FAILURE);
}

/** Writes `:status`. @param status 100 to 999 */
export function writeStatus(bytes: Uint8Array, view: DataView, at: number, status: number): number {
  const textAt = at + FIELD_CODING_BYTES_MAX;
  bytes[textAt] = 0x30 + Math.floor(status / 100);
  bytes[textAt + 1] = 0x30 + (Math.floor(status / 10) % 10);
  bytes[textAt + 2] = 0x30 + (status % 10);
  const index = staticField(INDEX_STATUS, view, textAt, textAt + 3);
  if (index !== 0) return writeStaticField(bytes, at, index);
  return writeStaticName(bytes, view, at, INDEX_STATUS, textAt, textAt + 3, false);
}
