/**
 * The request head as it goes to an endpoint that speaks HTTP/2: the client's fields, less what ends at this hop, plus what
 * tells the endpoint how it was routed (spec 03 sections 4.2 and 5.4).
 *
 *     :method GET  :scheme http  :authority web  :path /x      from the client's, HTTP/2 or HTTP/1
 *     accept text/html  ...                                         its fields in their order
 *     l5d-dst-service /svc/web  ...  via h2 linkerd            prepared with the route
 *     l5d-reqid 00c0ffee...  l5d-ctx-trace ...                 made for each request
 *
 * All of it is a block that fits every connection (core/http2/hpack/literals.ts).
 */

import { METHOD_CONNECT, METHOD_GET, METHOD_OPTIONS, METHOD_POST } from '../../core/http1/methods.ts';
import { FIELD_STRIDE, FIELD_VALUE_END, type ParsedHead, TARGET_AUTHORITY } from '../../core/http1/parsed-head.ts';
import { TOKEN_EXPECT, TOKEN_HOST, TOKEN_L5D_CTX_DEADLINE, TOKEN_VIA } from '../../core/http1/tokens.ts';
import { FieldSection } from '../../core/http2/field-section.ts';
import {
  FIELD_CODING_BYTES_MAX,
  writeNamed,
  writeStaticField,
  writeStaticName,
} from '../../core/http2/hpack/literals.ts';
import {
  INDEX_AUTHORITY,
  INDEX_METHOD_GET,
  INDEX_METHOD_POST,
  INDEX_PATH,
  INDEX_SCHEME_HTTP,
  staticField,
} from '../../core/http2/hpack/static-table.ts';
import { isRepeated, strictestDeadline } from '../http1/context-fields.ts';
import { copyPiece, type Piece, piece, viewOf } from '../http1/field-lines.ts';
import type { ForwardedElement } from '../http1/forwarded-element.ts';
import { REPLACED_IN_REQUEST } from '../http1/forwarded-fields.ts';
import type { TracePropagator } from '../http1/trace-propagator.ts';
import { NO_BLOCK } from '../net/blocks.ts';
import type { Net } from '../net/net.ts';
import { DEADLINE_FIELD_BYTES, hasDeadline, reserveDeadlineField } from '../router/context-deadline.ts';
import type { Exchange } from '../router/exchange.ts';
import type { RouteBranch } from '../router/routes.ts';
import { joinedVia, writeFields } from './field-encoder.ts';
import { field, VIA } from './prepared-fields.ts';
import type { RequestHeads } from './request-heads.ts';

/** HTTP/2 has a pseudo-header field for it. */
const REPLACED = REPLACED_IN_REQUEST | (1 << TOKEN_HOST);

const PSEUDO_BYTES_MAX = 4 * FIELD_CODING_BYTES_MAX;
const DEADLINE = 1 << TOKEN_L5D_CTX_DEADLINE;
const DEADLINE_BYTES_MAX = 80;
const FORWARDED_NAME = piece('forwarded');

/** Writes request heads as header blocks, into blocks of memory of their own, where they stay until a response begins. */
export class RequestEncoder implements RequestHeads {
  readonly remembers = true;
  readonly tunnels = true;
  /** Where, in the head last written, the fields begin that are made for each request. */
  composedEnd = 0;
  readonly trace: TracePropagator;
  readonly #net: Net;
  readonly #wallClockMs: () => number;

  constructor(net: Net, trace: TracePropagator, wallClockMs: () => number) {
    this.#net = net;
    this.trace = trace;
    this.#wallClockMs = wallClockMs;
  }

  /**
   * Writes a head for a branch, into `exchange`.
   *
   * @param head as HTTP/2 or HTTP/1 parsed it
   * @param consumedBytes of the target's start that are not forwarded
   * @param clearContext drop every `l5d-*` field of the client
   * @param forwarded the connection's element of `Forwarded`, null for none
   * @param timestampHeader name of the field that carries the time of receipt, undefined for none
   * @returns false when no block of memory is left, or none is as large
   */
  write(
    exchange: Exchange,
    branch: RouteBranch,
    head: ParsedHead,
    consumedBytes: number,
    clearContext: boolean,
    forwarded: ForwardedElement | null = null,
    timestampHeader?: string,
  ): boolean {
    const { bytes } = this.#net;
    const bound = hasDeadline(exchange, branch);
    const headBytesMax =
      textBytes(head) +
      head.fieldCount * FIELD_CODING_BYTES_MAX +
      PSEUDO_BYTES_MAX +
      branch.fields.byteLength +
      FIELD_CODING_BYTES_MAX +
      DEADLINE_BYTES_MAX +
      (timestampHeader === undefined ? 0 : timestampHeader.length + DEADLINE_BYTES_MAX) +
      (forwarded === null ? 0 : 2 * FIELD_CODING_BYTES_MAX + FORWARDED_NAME.byteLength + forwarded.bytesMax(head)) +
      this.trace.fieldBytesMax +
      (bound ? DEADLINE_FIELD_BYTES : 0);
    const at = exchange.takeHeadBlock(this.#net, headBytesMax);
    if (at === NO_BLOCK) return false;
    const view = viewOf(bytes);
    let end = writePseudoFields(bytes, view, at, head, consumedBytes);
    end = writeFields(
      bytes,
      view,
      end,
      head,
      droppedOf(head) | this.trace.fields | (bound ? DEADLINE : 0),
      clearContext,
    );
    if (timestampHeader !== undefined) {
      end = copyPiece(bytes, end, field(timestampHeader.toLowerCase(), String(this.#wallClockMs())));
    }
    if (forwarded !== null) end = writeForwarded(bytes, view, end, head, forwarded);
    end = this.#writeRouting(bytes, end, head, branch, clearContext, bound);
    if (bound) end = reserveDeadlineField(exchange, bytes, end, clearContext ? null : head);
    exchange.holdHead(at, end);
    return true;
  }

  /** Writes a head that was composed before, into `exchange`. @returns false when no block is left */
  writeRemembered(exchange: Exchange, composed: Piece): boolean {
    const { bytes } = this.#net;
    const bound = hasDeadline(exchange, exchange.branch as RouteBranch);
    const headBytesMax = composed.byteLength + this.trace.fieldBytesMax + (bound ? DEADLINE_FIELD_BYTES : 0);
    const at = exchange.takeHeadBlock(this.#net, headBytesMax);
    if (at === NO_BLOCK) return false;
    this.trace.beginNew();
    let end = this.trace.writeFields(bytes, copyPiece(bytes, at, composed));
    if (bound) end = reserveDeadlineField(exchange, bytes, end, null);
    exchange.holdHead(at, end);
    return true;
  }

  #writeRouting(
    bytes: Uint8Array,
    at: number,
    head: ParsedHead,
    branch: RouteBranch,
    clearContext: boolean,
    bound: boolean,
  ): number {
    let end: number;
    if ((head.seen & (1 << TOKEN_VIA)) === 0) {
      end = copyPiece(bytes, at, branch.fields);
    } else {
      end = branch.fields.write(bytes, at, branch.fields.byteLength - VIA.byteLength);
      end = copyPiece(bytes, end, field('via', joinedVia(bytes, head)));
    }
    if (!bound && isRepeated(head, TOKEN_L5D_CTX_DEADLINE) && !clearContext) {
      const deadline = strictestDeadline(bytes, head);
      if (deadline !== undefined) end = copyPiece(bytes, end, field('l5d-ctx-deadline', deadline));
    }
    this.composedEnd = end;
    this.trace.begin(bytes, head, clearContext);
    return this.trace.writeFields(bytes, end);
  }
}

/** Bytes of all names and values, and of what pseudo-header fields are made from: in a section they are fields themselves. */
function textBytes(head: ParsedHead): number {
  const { fields, fieldCount } = head;
  if (head instanceof FieldSection) return head.textEnd - head.textAt;
  let total =
    head.targetEnd - head.targetStart + head.authorityEnd - head.authorityStart + head.methodEnd - head.methodStart;
  for (let i = 0, at = 0; i < fieldCount; i++, at += FIELD_STRIDE) {
    total += (fields[at + FIELD_VALUE_END] as number) - (fields[at] as number);
  }
  return total;
}

function writePseudoFields(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  head: ParsedHead,
  consumedBytes: number,
): number {
  const { method, targetStart, targetEnd, authorityStart, authorityEnd } = head;
  let end = at;
  if (method === METHOD_GET) end = writeStaticField(bytes, end, INDEX_METHOD_GET);
  else if (method === METHOD_POST) end = writeStaticField(bytes, end, INDEX_METHOD_POST);
  else end = writeStaticName(bytes, view, end, INDEX_METHOD_GET, head.methodStart, head.methodEnd, false);
  if (method === METHOD_CONNECT) {
    return writeStaticName(bytes, view, end, INDEX_AUTHORITY, authorityStart, authorityEnd, false);
  }
  if (head instanceof FieldSection) {
    const scheme = staticField(INDEX_SCHEME_HTTP, view, head.schemeStart, head.schemeEnd);
    if (scheme !== 0) end = writeStaticField(bytes, end, scheme);
    else end = writeStaticName(bytes, view, end, INDEX_SCHEME_HTTP, head.schemeStart, head.schemeEnd, false);
  } else {
    end = writeStaticField(bytes, end, INDEX_SCHEME_HTTP);
  }
  if (authorityEnd > authorityStart) {
    end = writeStaticName(bytes, view, end, INDEX_AUTHORITY, authorityStart, authorityEnd, false);
  }
  const from = targetStart + consumedBytes;
  const length = targetEnd - from;
  if (length === 1 && bytes[from] === 0x2f) return writeStaticField(bytes, end, INDEX_PATH);
  if (length > 0 && (bytes[from] === 0x2f || bytes[from] === 0x2a || head.targetForm === TARGET_AUTHORITY)) {
    return writeStaticName(bytes, view, end, INDEX_PATH, from, targetEnd, false);
  }
  return writePatchedPath(bytes, view, end, head, from);
}

/** A path without its first slash: the rest of an absolute target, or of one whose start a name has consumed. */
function writePatchedPath(bytes: Uint8Array, view: DataView, at: number, head: ParsedHead, from: number): number {
  const whole = head.targetStart === head.targetEnd && head.method === METHOD_OPTIONS;
  const text = whole ? '*' : `/${Buffer.from(bytes.subarray(from, head.targetEnd)).toString('latin1')}`;
  if (text === '/') return writeStaticField(bytes, at, INDEX_PATH);
  // Behind where the field goes there is room for its text: what the block's capacity was reckoned for comes later.
  const textAt = at + FIELD_CODING_BYTES_MAX;
  for (let i = 0; i < text.length; i++) bytes[textAt + i] = text.charCodeAt(i);
  return writeStaticName(bytes, view, at, INDEX_PATH, textAt, textAt + text.length, false);
}

/** The field is composed behind its place, where its length can be known before it is written. */
function writeForwarded(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  head: ParsedHead,
  element: ForwardedElement,
): number {
  const nameAt = at + FIELD_CODING_BYTES_MAX;
  const nameEnd = copyPiece(bytes, nameAt, FORWARDED_NAME);
  return writeNamed(bytes, view, at, nameAt, nameEnd, nameEnd, element.write(bytes, nameEnd, head), false);
}

function droppedOf(head: ParsedHead): number {
  const dropped = head instanceof FieldSection ? REPLACED : REPLACED | (1 << TOKEN_EXPECT);
  return isRepeated(head, TOKEN_L5D_CTX_DEADLINE) ? dropped | (1 << TOKEN_L5D_CTX_DEADLINE) : dropped;
}
