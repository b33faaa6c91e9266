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
import {
  FIELD_NAME_END,
  FIELD_STRIDE,
  FIELD_TOKEN,
  FIELD_VALUE_END,
  FIELD_VALUE_START,
  type ParsedHead,
  TARGET_AUTHORITY,
} from '../../core/http1/parsed-head.ts';
import {
  TOKEN_CONNECTION,
  TOKEN_EXPECT,
  TOKEN_HOP_NAMED,
  TOKEN_HOST,
  TOKEN_KEEP_ALIVE,
  TOKEN_L5D_CTX_DEADLINE,
  TOKEN_L5D_CTX_DTAB,
  TOKEN_L5D_CTX_TRACE,
  TOKEN_L5D_DST_CLIENT,
  TOKEN_L5D_DST_RESIDUAL,
  TOKEN_L5D_DST_SERVICE,
  TOKEN_L5D_DTAB,
  TOKEN_L5D_REQID,
  TOKEN_L5D_SAMPLE,
  TOKEN_PROXY_AUTHENTICATE,
  TOKEN_PROXY_AUTHORIZATION,
  TOKEN_PROXY_CONNECTION,
  TOKEN_TE,
  TOKEN_TRAILER,
  TOKEN_TRANSFER_ENCODING,
  TOKEN_UPGRADE,
  TOKEN_VIA,
  TOKEN_X_FORWARDED_CLIENT_CERT,
} from '../../core/http1/tokens.ts';
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
  staticName,
} from '../../core/http2/hpack/static-table.ts';
import { isRepeated, readSampleRate, strictestDeadline } from '../http1/context-fields.ts';
import { copyPiece, type Piece, viewOf } from '../http1/field-lines.ts';
import { startsWithL5d } from '../http1/request-writer.ts';
import { CONTEXT_BYTES_MAX, TRACE_ID_BYTES, type TraceIds } from '../http1/trace-ids.ts';
import { NO_BLOCK } from '../net/blocks.ts';
import type { Net } from '../net/net.ts';
import type { Exchange } from '../router/exchange.ts';
import type { RouteBranch } from '../router/routes.ts';
import { field, fieldStart, VIA, VIA_VALUE } from './prepared-fields.ts';
import type { RequestHeads } from './request-heads.ts';

/** Fields of Weft's own that are not forwarded as they came, and what HTTP/2 has pseudo-header fields for. */
const REPLACED =
  (1 << TOKEN_HOST) |
  (1 << TOKEN_VIA) |
  (1 << TOKEN_L5D_DTAB) |
  (1 << TOKEN_L5D_CTX_DTAB) |
  (1 << TOKEN_L5D_CTX_TRACE) |
  (1 << TOKEN_L5D_SAMPLE) |
  (1 << TOKEN_L5D_REQID) |
  (1 << TOKEN_L5D_DST_SERVICE) |
  (1 << TOKEN_L5D_DST_CLIENT) |
  (1 << TOKEN_L5D_DST_RESIDUAL) |
  (1 << TOKEN_X_FORWARDED_CLIENT_CERT) |
  (1 << TOKEN_PROXY_AUTHENTICATE) |
  (1 << TOKEN_PROXY_AUTHORIZATION) |
  (1 << TOKEN_HOP_NAMED);

/** What HTTP/1 says of a connection, which an HTTP/2 head cannot hold. */
const OF_HTTP1 =
  (1 << TOKEN_CONNECTION) |
  (1 << TOKEN_KEEP_ALIVE) |
  (1 << TOKEN_PROXY_CONNECTION) |
  (1 << TOKEN_TE) |
  (1 << TOKEN_TRAILER) |
  (1 << TOKEN_TRANSFER_ENCODING) |
  (1 << TOKEN_UPGRADE) |
  (1 << TOKEN_EXPECT);

const REQID_START = fieldStart('l5d-reqid', TRACE_ID_BYTES);
const CONTEXT_START = fieldStart('l5d-ctx-trace', 44);
const LONG_CONTEXT_START = fieldStart('l5d-ctx-trace', CONTEXT_BYTES_MAX);
const TRACE_BYTES_MAX = REQID_START.byteLength + TRACE_ID_BYTES + LONG_CONTEXT_START.byteLength + CONTEXT_BYTES_MAX;
const PSEUDO_BYTES_MAX = 4 * FIELD_CODING_BYTES_MAX;
const DEADLINE_BYTES_MAX = 80;

/** Writes request heads as header blocks, into blocks of memory of their own, where they stay until a response begins. */
export class RequestEncoder implements RequestHeads {
  readonly remembers = true;
  readonly tunnels = true;
  /** Where, in the head last written, the fields begin that are made for each request. */
  composedEnd = 0;
  readonly #net: Net;
  readonly #traceIds: TraceIds;
  readonly #wallClockMs: () => number;

  constructor(net: Net, traceIds: TraceIds, wallClockMs: () => number) {
    this.#net = net;
    this.#traceIds = traceIds;
    this.#wallClockMs = wallClockMs;
  }

  /**
   * Writes a head for a branch, into `exchange`.
   *
   * @param head as HTTP/2 or HTTP/1 parsed it
   * @param consumedBytes of the target's start that are not forwarded
   * @param clearContext drop every `l5d-*` field of the client
   * @param timestampHeader name of the field that carries the time of receipt, undefined for none
   * @returns false when no block of memory is left, or none is as large
   */
  write(
    exchange: Exchange,
    branch: RouteBranch,
    head: ParsedHead,
    consumedBytes: number,
    clearContext: boolean,
    timestampHeader?: string,
  ): boolean {
    const { bytes } = this.#net;
    const capacity =
      textBytes(head) +
      head.fieldCount * FIELD_CODING_BYTES_MAX +
      PSEUDO_BYTES_MAX +
      branch.fields.byteLength +
      FIELD_CODING_BYTES_MAX +
      DEADLINE_BYTES_MAX +
      (timestampHeader === undefined ? 0 : timestampHeader.length + DEADLINE_BYTES_MAX) +
      TRACE_BYTES_MAX;
    const at = this.#net.takeBlock(capacity);
    if (at === NO_BLOCK) return false;
    const view = viewOf(bytes);
    let end = writePseudoFields(bytes, view, at, head, consumedBytes);
    end = writeFields(bytes, view, end, head, clearContext);
    if (timestampHeader !== undefined) {
      end = copyPiece(bytes, end, field(timestampHeader.toLowerCase(), String(this.#wallClockMs())));
    }
    end = this.#writeRouting(bytes, end, head, branch, clearContext);
    exchange.headAt = at;
    exchange.headBytes = end - at;
    exchange.headCapacity = capacity;
    return true;
  }

  /** Writes a head that was composed before, into `exchange`. @returns false when no block is left */
  writeRemembered(exchange: Exchange, composed: Piece): boolean {
    const { bytes } = this.#net;
    const capacity = composed.byteLength + TRACE_BYTES_MAX;
    const at = this.#net.takeBlock(capacity);
    if (at === NO_BLOCK) return false;
    this.#traceIds.begin(bytes, -1, -1, -1);
    const end = this.#writeTrace(bytes, copyPiece(bytes, at, composed));
    exchange.headAt = at;
    exchange.headBytes = end - at;
    exchange.headCapacity = capacity;
    return true;
  }

  #writeRouting(bytes: Uint8Array, at: number, head: ParsedHead, branch: RouteBranch, clearContext: boolean): number {
    let end: number;
    if ((head.seen & (1 << TOKEN_VIA)) === 0) {
      end = copyPiece(bytes, at, branch.fields);
    } else {
      end = branch.fields.write(bytes, at, branch.fields.byteLength - VIA.byteLength);
      end = copyPiece(bytes, end, field('via', joinedVia(bytes, head)));
    }
    if (isRepeated(head, TOKEN_L5D_CTX_DEADLINE) && !clearContext) {
      const deadline = strictestDeadline(bytes, head);
      if (deadline !== undefined) end = copyPiece(bytes, end, field('l5d-ctx-deadline', deadline));
    }
    this.composedEnd = end;
    const traced = (head.seen & (1 << TOKEN_L5D_CTX_TRACE)) !== 0 && !clearContext;
    const context = traced ? (head.first[TOKEN_L5D_CTX_TRACE] as number) * FIELD_STRIDE : -1;
    const sampled = (head.seen & (1 << TOKEN_L5D_SAMPLE)) !== 0 && !clearContext;
    this.#traceIds.begin(
      bytes,
      context < 0 ? -1 : (head.fields[context + FIELD_VALUE_START] as number),
      context < 0 ? -1 : (head.fields[context + FIELD_VALUE_END] as number),
      sampled ? readSampleRate(bytes, head) : -1,
    );
    return this.#writeTrace(bytes, end);
  }

  #writeTrace(bytes: Uint8Array, at: number): number {
    const traceIds = this.#traceIds;
    let end = copyPiece(bytes, at, REQID_START);
    end = traceIds.writeTraceId(bytes, end);
    end = copyPiece(bytes, end, traceIds.contextBytes === CONTEXT_BYTES_MAX ? LONG_CONTEXT_START : CONTEXT_START);
    return traceIds.writeContext(bytes, end);
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

function writeFields(bytes: Uint8Array, view: DataView, at: number, head: ParsedHead, clearContext: boolean): number {
  return head instanceof FieldSection
    ? writeSection(bytes, view, at, head, clearContext)
    : writeHttp1Fields(bytes, view, at, head, clearContext);
}

function writeSection(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  head: FieldSection,
  clearContext: boolean,
): number {
  const { fields, fieldCount, nameIndex, neverIndexed } = head;
  const dropped = isRepeated(head, TOKEN_L5D_CTX_DEADLINE) ? REPLACED | (1 << TOKEN_L5D_CTX_DEADLINE) : REPLACED;
  let end = at;
  for (let i = head.firstRegular, place = i * FIELD_STRIDE; i < fieldCount; i++, place += FIELD_STRIDE) {
    if ((dropped & (1 << (fields[place + FIELD_TOKEN] as number))) !== 0) continue;
    const nameAt = fields[place] as number;
    const nameEnd = fields[place + FIELD_NAME_END] as number;
    if (clearContext && startsWithL5d(bytes, nameAt, nameEnd)) continue;
    const valueAt = fields[place + FIELD_VALUE_START] as number;
    const valueEnd = fields[place + FIELD_VALUE_END] as number;
    const index = nameIndex[i] as number;
    const never = neverIndexed[i] === 1;
    end =
      index > 0
        ? writeStaticName(bytes, view, end, index, valueAt, valueEnd, never)
        : writeNamed(bytes, view, end, nameAt, nameEnd, valueAt, valueEnd, never);
  }
  return end;
}

function writeHttp1Fields(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  head: ParsedHead,
  clearContext: boolean,
): number {
  const { fields, fieldCount } = head;
  let dropped = REPLACED | OF_HTTP1;
  if (isRepeated(head, TOKEN_L5D_CTX_DEADLINE)) dropped |= 1 << TOKEN_L5D_CTX_DEADLINE;
  let end = at;
  for (let i = 0, place = 0; i < fieldCount; i++, place += FIELD_STRIDE) {
    if ((dropped & (1 << (fields[place + FIELD_TOKEN] as number))) !== 0) continue;
    const nameAt = fields[place] as number;
    const nameEnd = fields[place + FIELD_NAME_END] as number;
    if (clearContext && startsWithL5d(bytes, nameAt, nameEnd)) continue;
    lowerCase(bytes, nameAt, nameEnd);
    const valueAt = fields[place + FIELD_VALUE_START] as number;
    const valueEnd = fields[place + FIELD_VALUE_END] as number;
    // By its index, a name that is a secret's is known as such.
    const index = staticName(bytes, view, nameAt, nameEnd);
    end =
      index > 0
        ? writeStaticName(bytes, view, end, index, valueAt, valueEnd, false)
        : writeNamed(bytes, view, end, nameAt, nameEnd, valueAt, valueEnd, false);
  }
  return end;
}

/** HTTP/2 has no upper-case names (RFC 9113 section 8.2.1). Done where they lie: nobody reads the head after this. */
export function lowerCase(bytes: Uint8Array, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    const byte = bytes[i] as number;
    if (byte >= 0x41 && byte <= 0x5a) bytes[i] = byte | 0x20;
  }
}

/** The values of `via` that there were, in order, and Weft's own. */
export function joinedVia(bytes: Uint8Array, head: ParsedHead): string {
  const values: string[] = [];
  for (let i = 0; i < head.fieldCount; i++) {
    const place = i * FIELD_STRIDE;
    if (head.fields[place + FIELD_TOKEN] !== TOKEN_VIA) continue;
    const from = head.fields[place + FIELD_VALUE_START] as number;
    values.push(Buffer.from(bytes.subarray(from, head.fields[place + FIELD_VALUE_END] as number)).toString('latin1'));
  }
  values.push(VIA_VALUE);
  return values.join(', ');
}
