/**
 * The request head as it goes to an endpoint: the client's lines as they lie, less what ends at this hop, plus what
 * tells the endpoint how it was routed (spec 03 sections 4.2 and 5.4).
 *
 *     GET /x HTTP/1.1                 copied in one run when no line has to go
 *     host: web
 *     l5d-dst-service: /svc/web       prepared with the route
 *     l5d-dst-client: /#/io.l5d.fs/web
 *     via: 1.1 linkerd
 *     l5d-reqid: 00c0ffee...          made for each request (trace-propagator.ts)
 *     l5d-ctx-trace: ...
 *     finagle-http-retryable-request:   when its body is kept, so that it can be sent again
 */
import type { HeadParser } from '../../core/http1/head.ts';
import { METHOD_OPTIONS } from '../../core/http1/methods.ts';
import {
  FIELD_NAME_END,
  FIELD_STRIDE,
  FIELD_TOKEN,
  FIELD_VALUE_END,
  FIELD_VALUE_START,
  type ParsedHead,
  TARGET_ABSOLUTE,
} from '../../core/http1/parsed-head.ts';
import { TOKEN_HOST, TOKEN_L5D_CTX_DEADLINE, TOKEN_UPGRADE, TOKEN_VIA } from '../../core/http1/tokens.ts';
import { NO_BLOCK } from '../net/blocks.ts';
import type { Net } from '../net/net.ts';
import { DEADLINE_FIELD_BYTES, hasDeadline, reserveDeadlineLine } from '../router/context-deadline.ts';
import type { Exchange } from '../router/exchange.ts';
import type { RouteBranch } from '../router/routes.ts';
import { isRepeated, strictestDeadline } from './context-fields.ts';
import {
  CONNECTION_UPGRADE,
  copyBytes,
  copyPiece,
  fieldsStart,
  type Piece,
  piece,
  VIA_LINE,
  VIA_MINOR_BACK,
  VIA_START,
  VIA_SUFFIX,
} from './field-lines.ts';
import type { ForwardedElement } from './forwarded-element.ts';
import { DROPPED_FROM_REQUEST, startsWithL5d } from './forwarded-fields.ts';
import type { TracePropagator } from './trace-propagator.ts';

const HOST_START = piece('host: ');
const FORWARDED_START = piece('forwarded: ');
const VERSIONS = [piece(' HTTP/1.0\r\n'), piece(' HTTP/1.1\r\n')] as const;
/** Finagle's servers refuse what may be sent again rather than what may not (spec 03 section 5.8). */
const RETRYABLE_REQUEST = piece('finagle-http-retryable-request: \r\n');
const EXTRA_BYTES_MAX = 96 + RETRYABLE_REQUEST.byteLength;
const DEADLINE = 1 << TOKEN_L5D_CTX_DEADLINE;

/** What a server's settings change in the head. */
export interface RequestHeadOptions {
  /** Drop every `l5d-*` field of the client. */
  readonly clearContext: boolean;
  /** Name of the field that carries the time of receipt, undefined for none. */
  readonly timestampHeader: string | undefined;
}

/** Writes request heads into blocks of their own, where they stay until a response begins. */
export class RequestWriter {
  /** Where, in the head last written, the lines begin that are made for each request. */
  composedEnd = 0;
  /** Fields that a request loses, one bit a token. */
  readonly dropped: number;
  readonly trace: TracePropagator;
  readonly #net: Net;
  readonly #wallClockMs: () => number;

  constructor(net: Net, trace: TracePropagator, wallClockMs: () => number) {
    this.#net = net;
    this.trace = trace;
    this.dropped = DROPPED_FROM_REQUEST | trace.fields;
    this.#wallClockMs = wallClockMs;
  }

  /**
   * Writes the head in `parser`'s hands for a branch, into `exchange`.
   *
   * @param headEnd behind the head's last CRLF
   * @param consumedBytes of the target's start that are not forwarded
   * @param forwarded the connection's element of `Forwarded`, null for none
   * @returns false when no block is left
   */
  write(
    exchange: Exchange,
    branch: RouteBranch,
    parser: HeadParser,
    headEnd: number,
    consumedBytes: number,
    options: RequestHeadOptions,
    forwarded: ForwardedElement | null = null,
  ): boolean {
    const { bytes } = this.#net;
    const bound = hasDeadline(exchange, branch);
    const headBytesMax =
      headEnd -
      parser.methodStart +
      branch.headers.byteLength +
      EXTRA_BYTES_MAX +
      this.trace.lineBytesMax +
      (bound ? DEADLINE_FIELD_BYTES : 0) +
      (options.timestampHeader?.length ?? 0) +
      (forwarded === null ? 0 : FORWARDED_START.byteLength + forwarded.bytesMax(parser));
    const at = exchange.takeHeadBlock(this.#net, headBytesMax);
    if (at === NO_BLOCK) return false;
    const fieldsAt = fieldsStart(parser, headEnd);
    let end = this.#writeStartLine(bytes, at, parser, fieldsAt, consumedBytes);
    end = this.#writeFields(bytes, end, parser, headEnd, exchange.upgradeRequested, options.clearContext, bound);
    end = this.#writeRouting(bytes, end, parser, branch, options, bound);
    if (exchange.bodyRoom > 0) end = copyPiece(bytes, end, RETRYABLE_REQUEST);
    if (forwarded !== null) end = writeForwarded(bytes, end, parser, forwarded);
    if (bound) end = reserveDeadlineLine(exchange, bytes, end, options.clearContext ? null : parser);
    bytes[end] = 13;
    bytes[end + 1] = 10;
    exchange.holdHead(at, end + 2);
    return true;
  }

  #writeStartLine(bytes: Uint8Array, at: number, parser: HeadParser, fieldsAt: number, consumedBytes: number): number {
    const { methodStart, methodEnd, targetStart, targetEnd } = parser;
    const asItLies = parser.targetForm !== TARGET_ABSOLUTE && consumedBytes === 0;
    if (asItLies) return copyBytes(bytes, at, methodStart, fieldsAt);
    let end = copyBytes(bytes, at, methodStart, methodEnd);
    bytes[end++] = 0x20;
    const from = targetStart + consumedBytes;
    // RFC 9112 section 3.2.4: OPTIONS of a whole server.
    if (targetStart === targetEnd && parser.method === METHOD_OPTIONS) bytes[end++] = 0x2a;
    else if (from === targetEnd || bytes[from] !== 0x2f) bytes[end++] = 0x2f;
    end = copyBytes(bytes, end, from, targetEnd);
    const version = VERSIONS[parser.versionMinor === 0 ? 0 : 1];
    return copyPiece(bytes, end, version);
  }

  #writeFields(
    bytes: Uint8Array,
    at: number,
    parser: HeadParser,
    headEnd: number,
    upgrade: boolean,
    clearContext: boolean,
    bound: boolean,
  ): number {
    const { fields, fieldCount, authorityFromTarget } = parser;
    const deadlines = bound ? (parser.seen & DEADLINE) !== 0 : isRepeated(parser, TOKEN_L5D_CTX_DEADLINE);
    if ((parser.seen & this.dropped) === 0 && !authorityFromTarget && !clearContext && !deadlines) {
      return copyBytes(bytes, at, fieldsStart(parser, headEnd), headEnd - 2);
    }
    let dropped = authorityFromTarget ? this.dropped | (1 << TOKEN_HOST) : this.dropped;
    if (deadlines) dropped |= DEADLINE;
    let end = at;
    if (authorityFromTarget) {
      end = copyPiece(bytes, end, HOST_START);
      end = copyBytes(bytes, end, parser.authorityStart, parser.authorityEnd);
      bytes[end++] = 13;
      bytes[end++] = 10;
    }
    let runAt = fieldsStart(parser, headEnd);
    for (let i = 0; i < fieldCount; i++) {
      const field = i * FIELD_STRIDE;
      const token = fields[field + FIELD_TOKEN] as number;
      const lineAt = fields[field] as number;
      const drop =
        (dropped & (1 << token)) !== 0 ||
        (clearContext && startsWithL5d(bytes, lineAt, fields[field + FIELD_NAME_END] as number));
      if (!drop || (upgrade && token === TOKEN_UPGRADE)) continue;
      end = copyBytes(bytes, end, runAt, lineAt);
      runAt = i + 1 < fieldCount ? (fields[field + FIELD_STRIDE] as number) : headEnd - 2;
    }
    end = copyBytes(bytes, end, runAt, headEnd - 2);
    return upgrade ? copyPiece(bytes, end, CONNECTION_UPGRADE) : end;
  }

  /** Writes a head that was composed before, into `exchange`. @returns false when no block is left */
  writeRemembered(exchange: Exchange, composed: Piece): boolean {
    const { bytes } = this.#net;
    const bound = hasDeadline(exchange, exchange.branch as RouteBranch);
    const headBytesMax = composed.byteLength + this.trace.lineBytesMax + 2 + (bound ? DEADLINE_FIELD_BYTES : 0);
    const at = exchange.takeHeadBlock(this.#net, headBytesMax);
    if (at === NO_BLOCK) return false;
    let end = copyPiece(bytes, at, composed);
    this.trace.beginNew();
    end = this.trace.writeLines(bytes, end);
    if (bound) end = reserveDeadlineLine(exchange, bytes, end, null);
    bytes[end] = 13;
    bytes[end + 1] = 10;
    exchange.holdHead(at, end + 2);
    return true;
  }

  #writeRouting(
    bytes: Uint8Array,
    at: number,
    parser: HeadParser,
    branch: RouteBranch,
    options: RequestHeadOptions,
    bound: boolean,
  ): number {
    let end: number;
    if ((parser.seen & (1 << TOKEN_VIA)) === 0) {
      end = copyPiece(bytes, at, branch.headers);
    } else {
      end = branch.headers.write(bytes, at, branch.headers.byteLength - VIA_LINE.byteLength);
      end = writeVia(bytes, end, parser);
    }
    if (parser.versionMinor === 0) bytes[end - VIA_MINOR_BACK] = 0x30;
    this.composedEnd = end;
    this.trace.begin(bytes, parser, options.clearContext);
    end = this.trace.writeLines(bytes, end);
    if (!bound && isRepeated(parser, TOKEN_L5D_CTX_DEADLINE) && !options.clearContext) {
      const deadline = strictestDeadline(bytes, parser);
      if (deadline !== undefined) end = copyPiece(bytes, end, piece(`l5d-ctx-deadline: ${deadline}\r\n`));
    }
    if (options.timestampHeader === undefined) return end;
    const line = piece(`${options.timestampHeader}: ${this.#wallClockMs()}\r\n`);
    return copyPiece(bytes, end, line);
  }
}

/** Writes the `forwarded` line that this hop adds. @returns the end */
export function writeForwarded(bytes: Uint8Array, at: number, head: ParsedHead, element: ForwardedElement): number {
  const end = element.write(bytes, copyPiece(bytes, at, FORWARDED_START), head);
  bytes[end] = 13;
  bytes[end + 1] = 10;
  return end + 2;
}

/** Writes one `via` line: the values there were, in order, and Weft's own. @returns the end */
export function writeVia(bytes: Uint8Array, at: number, parser: ParsedHead): number {
  let end = copyPiece(bytes, at, VIA_START);
  let first = true;
  for (let i = 0; i < parser.fieldCount; i++) {
    const field = i * FIELD_STRIDE;
    if (parser.fields[field + FIELD_TOKEN] !== TOKEN_VIA) continue;
    if (!first) {
      bytes[end++] = 0x2c;
      bytes[end++] = 0x20;
    }
    first = false;
    const from = parser.fields[field + FIELD_VALUE_START] as number;
    end = copyBytes(bytes, end, from, parser.fields[field + FIELD_VALUE_END] as number);
  }
  return copyPiece(bytes, end, VIA_SUFFIX);
}
