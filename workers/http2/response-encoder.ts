/**
 * Response heads and trailers as they go to a client that speaks HTTP/2 (spec 03 sections 4.4 and 7.2): the endpoint's
 * fields, less what ends at this hop, plus `via`, and `l5d-success-class` where the verdict is known.
 *
 *     :status 200  l5d-success-class 1.0  via h2 linkerd  content-type ...        the head
 *     grpc-status 0  l5d-success-class 1.0                                        trailers
 *
 * Both are blocks that fit every connection.
 */

import {
  FIELD_NAME_END,
  FIELD_STRIDE,
  FIELD_TOKEN,
  FIELD_VALUE_END,
  FIELD_VALUE_START,
  type ParsedHead,
} from '../../core/http1/parsed-head.ts';
import {
  TOKEN_CONNECTION,
  TOKEN_CONTENT_LENGTH,
  TOKEN_HOP_NAMED,
  TOKEN_KEEP_ALIVE,
  TOKEN_L5D_SUCCESS_CLASS,
  TOKEN_PROXY_AUTHENTICATE,
  TOKEN_PROXY_AUTHORIZATION,
  TOKEN_PROXY_CONNECTION,
  TOKEN_TE,
  TOKEN_TRAILER,
  TOKEN_TRANSFER_ENCODING,
  TOKEN_UPGRADE,
  TOKEN_VIA,
} from '../../core/http1/tokens.ts';
import { FieldSection } from '../../core/http2/field-section.ts';
import {
  FIELD_CODING_BYTES_MAX,
  writeNamed,
  writeStaticField,
  writeStaticName,
} from '../../core/http2/hpack/literals.ts';
import { INDEX_STATUS, staticField } from '../../core/http2/hpack/static-table.ts';
import { copyPiece, viewOf } from '../http1/field-lines.ts';
import { startsWithL5d } from '../http1/request-writer.ts';
import { VERDICT } from '../router/classifier.ts';
import { FAILURE, field, SUCCESS, VIA } from './prepared-fields.ts';
import { joinedVia, lowerCase } from './request-encoder.ts';

const REPLACED = (1 << TOKEN_VIA) | (1 << TOKEN_L5D_SUCCESS_CLASS) | (1 << TOKEN_HOP_NAMED);
const HOP_BY_HOP =
  (1 << TOKEN_CONNECTION) |
  (1 << TOKEN_KEEP_ALIVE) |
  (1 << TOKEN_PROXY_CONNECTION) |
  (1 << TOKEN_PROXY_AUTHENTICATE) |
  (1 << TOKEN_PROXY_AUTHORIZATION) |
  (1 << TOKEN_TE) |
  (1 << TOKEN_TRAILER) |
  (1 << TOKEN_TRANSFER_ENCODING) |
  (1 << TOKEN_UPGRADE);

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
  let dropped = how.informational ? REPLACED & ~(1 << TOKEN_VIA) : REPLACED;
  if (how.dropContentLength) dropped |= 1 << TOKEN_CONTENT_LENGTH;
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
  const dropped = verdict === VERDICT.open ? 1 << TOKEN_HOP_NAMED : REPLACED & ~(1 << TOKEN_VIA);
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

function writeFields(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  head: ParsedHead,
  replaced: number,
  clearContext: boolean,
): number {
  const section = head instanceof FieldSection ? head : null;
  const dropped = section === null ? replaced | HOP_BY_HOP : replaced;
  const { fields, fieldCount } = head;
  let end = at;
  for (let i = 0, place = 0; i < fieldCount; i++, place += FIELD_STRIDE) {
    if ((dropped & (1 << (fields[place + FIELD_TOKEN] as number))) !== 0) continue;
    const nameAt = fields[place] as number;
    const nameEnd = fields[place + FIELD_NAME_END] as number;
    if (clearContext && startsWithL5d(bytes, nameAt, nameEnd)) continue;
    const valueAt = fields[place + FIELD_VALUE_START] as number;
    const valueEnd = fields[place + FIELD_VALUE_END] as number;
    const index = section === null ? 0 : (section.nameIndex[i] as number);
    const never = section !== null && section.neverIndexed[i] === 1;
    if (index > 0) {
      end = writeStaticName(bytes, view, end, index, valueAt, valueEnd, never);
      continue;
    }
    if (section === null) lowerCase(bytes, nameAt, nameEnd);
    end = writeNamed(bytes, view, end, nameAt, nameEnd, valueAt, valueEnd, never);
  }
  return end;
}
