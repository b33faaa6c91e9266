/**
 * Heads that were HTTP/2's, as HTTP/1 text: of requests to endpoints, and of responses to clients (RFC 9113 section 8.3,
 * RFC 9112 section 2). What HTTP/1 could not carry has been refused by core/http2/message-head.ts.
 *
 *     :method GET  :path /x  :authority web      GET /x HTTP/1.1
 *     cookie a=1   cookie b=2                    host: web
 *                                                cookie: a=1; b=2
 */

import type { ParsedHead } from '../../core/http1/parsed-head.ts';
import {
  BODY_CHUNKED,
  FIELD_NAME_END,
  FIELD_STRIDE,
  FIELD_TOKEN,
  FIELD_VALUE_END,
  FIELD_VALUE_START,
} from '../../core/http1/parsed-head.ts';
import {
  TOKEN_CONTENT_LENGTH,
  TOKEN_HOST,
  TOKEN_L5D_CTX_DEADLINE,
  TOKEN_TRAILER,
  TOKEN_VIA,
} from '../../core/http1/tokens.ts';
import type { FieldSection } from '../../core/http2/field-section.ts';
import type { RequestHeads } from '../http2/request-heads.ts';
import { NO_BLOCK } from '../net/blocks.ts';
import type { Net } from '../net/net.ts';
import { DEADLINE_FIELD_BYTES, hasDeadline, reserveDeadlineLine } from '../router/context-deadline.ts';
import type { Exchange } from '../router/exchange.ts';
import type { RouteBranch } from '../router/routes.ts';
import { isRepeated, strictestDeadline } from './context-fields.ts';
import { copyBytes, copyPiece, piece, VIA_LINE } from './field-lines.ts';
import type { ForwardedElement } from './forwarded-element.ts';
import { DROPPED_FROM_REQUEST, REPLACED_IN_RESPONSE, startsWithL5d } from './forwarded-fields.ts';
import { writeForwarded, writeVia } from './request-writer.ts';
import type { TracePropagator } from './trace-propagator.ts';

/** Of Cookie in HPACK's static table. */
const COOKIE_NAME_INDEX = 32;
const DEADLINE = 1 << TOKEN_L5D_CTX_DEADLINE;
const LINE_BYTES = 4;
const EXTRA_BYTES_MAX = 256;
const START = { version: piece(' HTTP/1.1\r\nhost: '), end: piece('\r\n') };
const CHUNKED = piece('transfer-encoding: chunked\r\n');
const CRLF = piece('\r\n');

const DROPPED_OF_REQUEST = DROPPED_FROM_REQUEST | (1 << TOKEN_HOST);
const DROPPED_OF_RESPONSE = REPLACED_IN_RESPONSE | (1 << TOKEN_TRAILER);

/** Writes the heads of requests that came over HTTP/2 for endpoints that speak HTTP/1. */
export class SectionRequestHeads implements RequestHeads {
  readonly remembers = false;
  readonly tunnels = false;
  composedEnd = 0;
  readonly trace: TracePropagator;
  readonly #net: Net;

  constructor(net: Net, trace: TracePropagator) {
    this.#net = net;
    this.trace = trace;
  }

  write(
    exchange: Exchange,
    branch: RouteBranch,
    head: ParsedHead,
    consumedBytes: number,
    clearContext: boolean,
    forwarded: ForwardedElement | null = null,
  ): boolean {
    const section = head as FieldSection;
    const { bytes } = this.#net;
    const bound = hasDeadline(exchange, branch);
    const headBytesMax =
      section.textEnd -
      section.textAt +
      section.fieldCount * LINE_BYTES +
      branch.headers.byteLength +
      EXTRA_BYTES_MAX +
      this.trace.lineBytesMax +
      (bound ? DEADLINE_FIELD_BYTES : 0) +
      (forwarded === null ? 0 : forwarded.bytesMax(section));
    const at = exchange.takeHeadBlock(this.#net, headBytesMax);
    if (at === NO_BLOCK) return false;
    let end = writeStartLine(bytes, at, section, consumedBytes);
    end = writeFields(
      bytes,
      end,
      section,
      DROPPED_OF_REQUEST | this.trace.fields | (bound ? DEADLINE : 0),
      clearContext,
    );
    if (section.bodyKind === BODY_CHUNKED) end = copyPiece(bytes, end, CHUNKED);
    end = this.#writeRouting(bytes, end, section, branch, clearContext, bound);
    if (forwarded !== null) end = writeForwarded(bytes, end, section, forwarded);
    if (bound) end = reserveDeadlineLine(exchange, bytes, end, clearContext ? null : section);
    end = copyPiece(bytes, end, CRLF);
    exchange.chunked = section.bodyKind === BODY_CHUNKED;
    exchange.holdHead(at, end);
    return true;
  }

  writeRemembered(): boolean {
    throw new Error('HTTP/1 heads are not remembered for HTTP/2 clients');
  }

  #writeRouting(
    bytes: Uint8Array,
    at: number,
    section: FieldSection,
    branch: RouteBranch,
    clearContext: boolean,
    bound: boolean,
  ): number {
    const viaSeen = (section.seen & (1 << TOKEN_VIA)) !== 0;
    let end = branch.headers.write(bytes, at, branch.headers.byteLength - (viaSeen ? VIA_LINE.byteLength : 0));
    if (viaSeen) end = writeVia(bytes, end, section);
    this.trace.begin(bytes, section, clearContext);
    end = this.trace.writeLines(bytes, end);
    if (bound || clearContext || !isRepeated(section, TOKEN_L5D_CTX_DEADLINE)) return end;
    const deadline = strictestDeadline(bytes, section);
    return deadline === undefined ? end : copyPiece(bytes, end, piece(`l5d-ctx-deadline: ${deadline}\r\n`));
  }
}

function writeStartLine(bytes: Uint8Array, at: number, section: FieldSection, consumedBytes: number): number {
  let end = copyBytes(bytes, at, section.methodStart, section.methodEnd);
  bytes[end++] = 0x20;
  const from = section.targetStart + consumedBytes;
  if (from === section.targetEnd || (bytes[from] !== 0x2f && bytes[from] !== 0x2a)) bytes[end++] = 0x2f;
  end = copyBytes(bytes, end, from, section.targetEnd);
  end = copyPiece(bytes, end, START.version);
  end = copyBytes(bytes, end, section.authorityStart, section.authorityEnd);
  return copyPiece(bytes, end, START.end);
}

/** How the head of a response is written. */
export interface SectionResponse {
  /** Lines of Weft's own behind the status line. */
  readonly added: string;
  /** The body goes in chunks. */
  readonly chunked: boolean;
  readonly dropContentLength: boolean;
  readonly clearContext: boolean;
}

/** Writes the head of a response that came over HTTP/2, for a client that speaks HTTP/1. @returns the end */
export function writeSectionResponse(
  bytes: Uint8Array,
  at: number,
  section: FieldSection,
  how: SectionResponse,
): number {
  let dropped = DROPPED_OF_RESPONSE;
  if (how.dropContentLength) dropped |= 1 << TOKEN_CONTENT_LENGTH;
  let end = copyPiece(bytes, at, piece(`HTTP/1.1 ${section.status} \r\n${how.added}`));
  if ((section.seen & (1 << TOKEN_VIA)) !== 0) end = writeVia(bytes, end, section);
  else end = copyPiece(bytes, end, VIA_LINE);
  end = writeFields(bytes, end, section, dropped, how.clearContext);
  if (how.chunked) end = copyPiece(bytes, end, CHUNKED);
  return copyPiece(bytes, end, CRLF);
}

function writeFields(
  bytes: Uint8Array,
  at: number,
  section: FieldSection,
  mask: number,
  clearContext: boolean,
): number {
  const { fields, fieldCount, nameIndex } = section;
  const dropped = isRepeated(section, TOKEN_L5D_CTX_DEADLINE) ? mask | (1 << TOKEN_L5D_CTX_DEADLINE) : mask;
  let end = at;
  for (let i = section.firstRegular; i < fieldCount; i++) {
    const place = i * FIELD_STRIDE;
    if ((dropped & (1 << (fields[place + FIELD_TOKEN] as number))) !== 0) continue;
    const nameAt = fields[place] as number;
    const nameEnd = fields[place + FIELD_NAME_END] as number;
    if (clearContext && startsWithL5d(bytes, nameAt, nameEnd)) continue;
    if (nameIndex[i] === COOKIE_NAME_INDEX) {
      if (i === section.firstCookie) end = writeCookies(bytes, end, section);
      continue;
    }
    end = copyBytes(bytes, end, nameAt, nameEnd);
    bytes[end] = 0x3a;
    bytes[end + 1] = 0x20;
    end = copyBytes(
      bytes,
      end + 2,
      fields[place + FIELD_VALUE_START] as number,
      fields[place + FIELD_VALUE_END] as number,
    );
    end = copyPiece(bytes, end, CRLF);
  }
  return end;
}

/** One Cookie line for all Cookie fields (RFC 9113 section 8.2.3). */
function writeCookies(bytes: Uint8Array, at: number, section: FieldSection): number {
  const { fields, fieldCount, nameIndex, firstCookie } = section;
  let end = copyPiece(bytes, at, piece('cookie: '));
  for (let i = firstCookie; i < fieldCount; i++) {
    if (nameIndex[i] !== COOKIE_NAME_INDEX) continue;
    const place = i * FIELD_STRIDE;
    if (i > firstCookie) end = copyPiece(bytes, end, piece('; '));
    end = copyBytes(bytes, end, fields[place + FIELD_VALUE_START] as number, fields[place + FIELD_VALUE_END] as number);
  }
  return copyPiece(bytes, end, CRLF);
}
