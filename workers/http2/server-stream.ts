/**
 * A request on a client's HTTP/2 connection, and its response.
 *
 *      head --route pending--> PARKED --known--> ROUTED --upstream ready--> SENDING --response ended--> at rest
 *        \--route known------------------------>   |  content is kept          |  content is passed on
 *                                                  +---- failed: answered -----+---- failed: answered, or reset
 *
 * How it ends otherwise than well is in server-stream-endings.ts.
 */

import type { HeadParser } from '../../core/http1/head.ts';
import { METHOD_CONNECT, METHOD_HEAD, METHOD_TRACE } from '../../core/http1/methods.ts';
import { BODY_NONE } from '../../core/http1/parsed-head.ts';
import { TOKEN_L5D_ERR } from '../../core/http1/tokens.ts';
import type { FieldSection } from '../../core/http2/field-section.ts';
import { readRequestHead } from '../../core/http2/message-head.ts';
import { afterHead } from '../../core/http2/message-sequence.ts';
import { canSend } from '../../core/http2/stream-state.ts';
import { VERDICT } from '../../core/resilience/response-classifier.ts';
import { copyPiece, Piece } from '../http1/field-lines.ts';
import type { BodySource, Outlet, Sink } from '../net/sink.ts';
import { NEVER, ticksOf } from '../reactor/timer-wheel.ts';
import { traceRequest } from '../router/diagnostic-tracer.ts';
import type { Downstream, Exchange, Failure } from '../router/exchange.ts';
import { failure } from '../router/failures.ts';
import { ROUTE, type Route, type RouteBranch } from '../router/routes.ts';
import { KnownBlock } from './block-memory.ts';
import { grpcTimeoutMs, isGrpc } from './grpc-fields.ts';
import { ParkedHead } from './parked-head.ts';
import type { RequestHeads } from './request-heads.ts';
import { isPlain, type RememberedRequest } from './request-memory.ts';
import { type ResponseEncoding, writeResponseHead, writeTrailers } from './response-encoder.ts';
import type { Http2ServerConnection } from './server-connection.ts';
import { Http2ServerStreamBody } from './server-stream-body.ts';

/** How the head at hand is written; one at a time. */
const NO_TUNNEL = failure(501, 'bad_request', 'CONNECT cannot be translated to the HTTP/1 of the endpoints');

const encoding: ResponseEncoding = {
  verdict: VERDICT.open,
  clearContext: false,
  dropContentLength: false,
  informational: false,
};

/** The server's side of a stream. */
export class Http2ServerStream extends Http2ServerStreamBody implements Downstream {
  /** The request's head, while its route is not known. */
  private parkedHead: ParkedHead | null = null;
  /** When its head came. */
  private arrivalTick = 0;
  /** The request is its head alone. */
  private headEndsStream = false;
  /** Where the block last coded ends, in the scratch area. */
  private codedEnd = 0;

  /** Begins with the first HEADERS of a stream. @param state that they have brought it to */
  open(connection: Http2ServerConnection, id: number, state: number): void {
    this.begin(connection, id, state);
    this.connection = connection;
    this.sending = false;
    this.atRest = false;
    this.responded = false;
    this.grpc = false;
    this.bodyless = false;
  }

  get outlet(): Outlet {
    return this;
  }

  get sink(): Sink {
    return this;
  }

  protected get source(): BodySource | null {
    return this.exchange === null ? null : this.exchange.upstream;
  }

  // ---- the request ---------------------------------------------------------------------------------------------

  /** Its head has been decoded. @param block as it came, when it is worth being remembered */
  receiveHead(section: FieldSection, endStream: boolean, block: Uint8Array | null): void {
    const error = readRequestHead(section, endStream);
    if (error !== 0) {
      this.refuseMalformed(error);
      return;
    }
    this.phase = afterHead(0, endStream);
    this.bodyLength.begin(section);
    this.grpc = isGrpc(section);
    this.bodyless = section.method === METHOD_HEAD;
    this.arrivalTick = this.link.net.reactor.nowTick;
    this.limitTick = this.deadlineOf(section);
    this.headEndsStream = endStream;
    this.route(section, block);
  }

  /** A head that was met before. */
  receiveRemembered(request: RememberedRequest, endStream: boolean): void {
    const { router } = this.server;
    this.phase = afterHead(0, endStream);
    this.headEndsStream = endStream;
    this.bodyLength.remaining = request.bodyBytes;
    this.grpc = request.grpc;
    this.bodyless = request.method === METHOD_HEAD;
    const exchange = router.open(this, request.route, request.method, this.server);
    this.exchange = exchange;
    const heads = this.server.headsOf(exchange.branch as RouteBranch);
    if (heads.writeRemembered(exchange, request.composed)) router.dispatch(exchange);
    else router.fail(exchange, failure(503, 'local_resources', 'the worker is out of buffers', true));
  }

  private deadlineOf(section: FieldSection): number {
    const timeoutMs = this.grpc ? grpcTimeoutMs(section) : -1;
    return timeoutMs < 0 ? NEVER : Math.min(NEVER - 1, this.link.net.reactor.nowTick + ticksOf(timeoutMs));
  }

  private route(section: FieldSection, block: Uint8Array | null): void {
    const { server } = this;
    const { router, config } = server;
    const early = server.admit(this, section);
    if (early !== null) {
      this.refuse(early, 0);
      return;
    }
    const route = router.identify(section, config.clearContext);
    if (route === null) {
      this.refuse(router.refusal as Failure, 0, router.refusedUncounted);
      return;
    }
    if (route.state === ROUTE.pending) {
      this.park(route, section);
      return;
    }
    if (route.state === ROUTE.failed) {
      this.refuse(route.failure as Failure, route.serviceScope);
      return;
    }
    this.dispatch(route, section, block);
  }

  private dispatch(route: Route, section: FieldSection, block: Uint8Array | null): void {
    const { server } = this;
    const { router, config } = server;
    const exchange = router.open(this, route, section.method, server, this.arrivalTick);
    router.accessLog?.begin(exchange, section, router.consumedBytes, this.link.fd);
    if (!config.clearContext) server.deadlineStats.measure(this.link.net.bytes, section);
    this.exchange = exchange;
    const branch = exchange.branch as RouteBranch;
    if (this.limitTick !== NEVER) this.armTimer();
    if (branch.answerStatus !== 0) {
      router.answer(exchange, branch.answerStatus);
      return;
    }
    const tracer =
      section.method === METHOD_TRACE
        ? traceRequest(this.link.net, exchange, section, config.clearContext, 'max-forwards')
        : null;
    if (this.exchange !== exchange) return;
    const heads = server.headsOf(branch);
    if (section.method === METHOD_CONNECT && !heads.tunnels) {
      router.fail(exchange, NO_TUNNEL);
      return;
    }
    const { forwarded } = this.connection;
    if (!heads.write(exchange, branch, section, router.consumedBytes, config.clearContext, forwarded)) {
      router.fail(exchange, failure(503, 'local_resources', 'the worker is out of buffers', true));
      return;
    }
    this.keepInbound(exchange);
    if (this.exchange !== exchange) return;
    const isRepeatable =
      this.limitTick === NEVER &&
      forwarded === null &&
      router.accessLog === null &&
      section.method !== METHOD_TRACE &&
      isPlain(section, route, heads.trace.fields);
    if (block !== null && heads.remembers && isRepeatable) this.remember(block, section, exchange, heads);
    if (tracer === null) router.dispatch(exchange);
    else tracer.begin();
  }

  private remember(block: Uint8Array, section: FieldSection, exchange: Exchange, heads: RequestHeads): void {
    const { memory } = this.server;
    const { headAt } = exchange;
    const route = exchange.route as Route;
    const decoder = this.connection.decoderInUse;
    memory.remember(
      {
        block: new KnownBlock(block, this.headEndsStream, decoder),
        method: section.method,
        bodyBytes: this.bodyLength.remaining,
        grpc: this.grpc,
        route,
        branches: route.branches,
        composed: new Piece(this.link.net.bytes.subarray(headAt, heads.composedEnd)),
      },
      decoder,
    );
  }

  // ---- waiting for a route -------------------------------------------------------------------------------------

  private park(route: Route, section: FieldSection): void {
    const { router } = this.server;
    this.releaseGate();
    if (!router.routes.park(route, this)) {
      this.refuse(failure(503, 'binding_overload', 'too many requests wait for a name to be bound', true), 0);
      return;
    }
    this.parkedOn = route;
    this.parkedHead = new ParkedHead(section);
    const { nowTick } = this.link.net.reactor;
    this.deadlineAfterParking = this.limitTick;
    this.limitTick = Math.min(this.limitTick, nowTick + ticksOf(router.bindingWaitMs(route, this.server)));
    this.armTimer();
  }

  onUnparked(route: Route): void {
    const parked = this.parkedHead as ParkedHead;
    const { section } = this.link.endpoint;
    this.parkedOn = null;
    this.parkedHead = null;
    this.limitTick = this.deadlineAfterParking;
    this.armTimer();
    parked.restore(section);
    if (readRequestHead(section, this.headEndsStream) !== 0) {
      this.refuse(failure(400, 'bad_request', 'the head does not parse a second time'), 0);
      return;
    }
    if (!this.server.enterGate(this)) this.refuse(failure(503, 'concurrency_limit', '', true), 0);
    else if (route.state === ROUTE.ok) this.dispatch(route, section, null);
    else this.refuse(route.failure as Failure, route.serviceScope);
  }

  protected forgetParked(): void {
    if (this.parkedOn !== null) this.server.router.routes.unpark(this.parkedOn, this);
    this.parkedOn = null;
    this.parkedHead = null;
  }

  // ---- the response --------------------------------------------------------------------------------------------

  respond(head: FieldSection, endStream: boolean): void {
    this.writeHead(head, endStream, head.status < 200);
  }

  /** Linkerd compresses on http routers alone. */
  get compression(): null {
    return null;
  }

  writeResponseHead(parser: HeadParser, _start: number, headEnd: number): number {
    this.writeHead(parser, parser.bodyKind === BODY_NONE, false);
    // Nothing of the head is left to be sent in front of the body.
    return headEnd;
  }

  writeInformational(parser: HeadParser, _start: number, _headEnd: number): void {
    this.writeHead(parser, false, true);
  }

  private writeHead(head: FieldSection | HeadParser, endStream: boolean, informational: boolean): void {
    const { server } = this;
    const { net, scratchAt } = this.link.endpoint;
    const exchange = this.exchange as Exchange;
    encoding.informational = informational;
    encoding.clearContext = server.config.clearContext;
    this.withholdsBody = encoding.clearContext && this.explains(head);
    encoding.dropContentLength = this.withholdsBody;
    const ends = endStream || this.withholdsBody;
    if (!informational) {
      this.beginResponse();
      encoding.verdict = server.router.judge(exchange, endStream);
    }
    this.codedEnd = writeResponseHead(net.bytes, scratchAt, head, encoding);
    this.sendBlock(scratchAt, this.codedEnd - scratchAt, ends && !informational);
  }

  private explains(head: FieldSection | HeadParser): boolean {
    return (head.seen & (1 << TOKEN_L5D_ERR)) !== 0 && !this.bodyless;
  }

  get takesCoded(): boolean {
    return !this.server.config.clearContext;
  }

  respondCoded(block: Piece, endStream: boolean): void {
    this.beginResponse();
    if (this.queue === null) {
      if (canSend(this.state)) this.sendPiece(block, endStream);
      return;
    }
    const { net, scratchAt } = this.link.endpoint;
    copyPiece(net.bytes, scratchAt, block);
    this.sendTrailers(scratchAt, block.byteLength);
  }

  codeHead(head: FieldSection): Uint8Array | null {
    if (!this.takesCoded) return null;
    const { net, scratchAt } = this.link.endpoint;
    encoding.informational = false;
    encoding.clearContext = false;
    encoding.dropContentLength = false;
    encoding.verdict = this.server.router.judge(this.exchange as Exchange, false);
    this.codedEnd = writeResponseHead(net.bytes, scratchAt, head, encoding);
    return this.lastCoded();
  }

  lastCoded(): Uint8Array | null {
    const { net, scratchAt } = this.link.endpoint;
    return this.takesCoded ? net.bytes.slice(scratchAt, this.codedEnd) : null;
  }

  respondTrailers(trailers: FieldSection): void {
    const { net, scratchAt } = this.link.endpoint;
    const verdict = this.server.router.judge(this.exchange as Exchange, true);
    const end = writeTrailers(net.bytes, scratchAt, trailers, verdict, this.server.config.clearContext);
    this.codedEnd = end;
    this.sendTrailers(scratchAt, end - scratchAt);
  }

  onResponseEnd(): void {
    this.exchange = null;
    this.releaseGate();
    this.connection.onAnswered();
    // Where the last content did not say so.
    this.sendContent(0, 0, true, false);
    this.finish();
  }

  resume(): void {
    // An HTTP/1 endpoint's connection takes bytes again: all that was held back for it may come.
    this.taken(this.receiveWindow.held);
  }

  protected override rest(): void {
    this.server.giveStream(this);
  }

  get takesChunks(): boolean {
    return false;
  }

  get takesRemembered(): boolean {
    return false;
  }

  beginRemembered(): number {
    throw new Error('HTTP/1 heads are not for HTTP/2 clients');
  }

  armStall(): void {
    // The stream's own queue has its own time.
  }

  onTunnel(): void {
    throw new Error('a tunnel of HTTP/1 does not begin on a stream');
  }
}
