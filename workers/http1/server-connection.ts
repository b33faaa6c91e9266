/**
 * A client's HTTP/1 connection: reads requests, one after another, and writes their responses in that order
 * (RFC 9112 sections 2 to 9).
 *
 *           +---------------------------------------------------------------------------+
 *           v                                                                           |
 *     --> HEAD --route pending--> PARKED --                                             | response and request ended,
 *           |                         |    \ route known: the head is parsed again      | connection persistent
 *           | route known             +---> HEAD                                        |
 *           v                                                                           |
 *        ACQUIRING --connection ready--> BODY --request ended--> WAITING ---------------+
 *           |        (sent again: server-request.ts)                |
 *           +---- failed: answered --------+------------------------+--> LINGER --> closed
 *                                                                   \--> TUNNEL
 *
 * While a request waits or its response is due the socket is not read: pipelined requests stay in the kernel, or, if
 * they came along with the last read, are kept.
 */
import { INCOMPLETE } from '../../core/http1/errors.ts';
import type { HeadParser } from '../../core/http1/head.ts';
import { METHOD_CONNECT, METHOD_HEAD, METHOD_TRACE } from '../../core/http1/methods.ts';
import { NEVER } from '../reactor/timer-wheel.ts';
import type { Downstream, Exchange, Failure } from '../router/exchange.ts';
import { failure } from '../router/failures.ts';
import { ROUTE, type Route, type RouteBranch } from '../router/routes.ts';
import type { RememberedRequest } from './remembered-heads.ts';
import type { Http1Server } from './server.ts';
import { Http1ServerRequest } from './server-request.ts';
import { ACQUIRING, BODY, FLUSHING, HEAD, LINGER, TUNNEL, WAITING } from './server-responder.ts';

/** The server's side of HTTP/1. */
export class Http1ServerConnection extends Http1ServerRequest implements Downstream {
  constructor(server: Http1Server, worker: number, fd: number) {
    super(server, worker, fd);
    this.awaitFirst();
  }

  /** Nothing of a request has been received: at shutdown such a connection is closed at once. */
  get idle(): boolean {
    return this.state === HEAD && this.kept === null && !this.undelivered;
  }

  // ---- reading requests ----------------------------------------------------------------------------------------

  protected onReadable(): void {
    switch (this.state) {
      case HEAD:
        if (!this.goesOn) this.readHeads();
        break;
      case BODY:
        this.readBody();
        break;
      case TUNNEL:
        this.pump();
        break;
      case LINGER:
        this.discard();
        break;
      default:
        if (this.hungUp) this.onClientGone();
    }
  }

  /** Answers wait for a client that does not read them: it gets no further ones until it has taken these. */
  private get isBackedUp(): boolean {
    return this.outputBytes >= this.net.limits.pendingBytesMax;
  }

  private readHeads(): void {
    while (this.readable && this.state === HEAD && !this.closed && !this.isBackedUp) {
      const at = this.net.readAt;
      const end = this.receive(this.server.headReadBytes);
      if (end < 0) return;
      if (this.deliverLater(at, end)) return;
      this.takeHeads(at, end);
    }
    // What is in the kernel already makes no edge of its own.
    if (this.state === BODY && !this.closed) this.readBody();
  }

  onReceived(at: number, end: number): void {
    this.takeHeads(at, end);
  }

  /** Serves the requests in `bytes[at, end)` until one has to wait. */
  private takeHeads(from: number, end: number): void {
    const { parser, memory } = this.server;
    if (this.resting) this.wake();
    let at = from;
    const remembered = memory.find(this.net.bytes, at, end);
    const plain = this.deadlineTick === NEVER && !this.hasWaited;
    if (remembered !== null && plain && this.serveRemembered(remembered, end)) return;
    while (at < end && this.state === HEAD) {
      const headEnd = parser.parseRequest(this.net.bytes, at, end);
      if (headEnd === INCOMPLETE) {
        if (this.deadlineTick === NEVER) this.armIn(this.patience.headTicks);
        this.keepOrEnd(at, end - at);
        return;
      }
      if (headEnd < 0) {
        this.refuseMalformed(headEnd, at);
        return;
      }
      this.deadlineTick = NEVER;
      at = this.begin(parser, at, headEnd, end);
      if (this.closed) return;
    }
    if (at < end && this.state < FLUSHING) this.keepOrEnd(at, end - at);
  }

  // ---- one request ---------------------------------------------------------------------------------------------

  /** @returns where the next request's bytes may begin: `end` when all were used or kept */
  protected beginRequest(parser: HeadParser, start: number, headEnd: number, end: number): number {
    const { server } = this;
    const { router } = server;
    const upgrade = server.upgrades(parser);
    // What came behind it was meant for the tunnel, also when that is refused (hostile-inputs row 21).
    const tunnelBytes = parser.method === METHOD_CONNECT || (upgrade && headEnd < end);
    this.persistent = parser.persistent && !this.isLast && !tunnelBytes;
    this.clientMinor = parser.versionMinor;
    this.expectsContinue = parser.expectContinue;
    this.bodyless = parser.method === METHOD_HEAD;
    this.responseStarted = false;

    const early = server.admit(this, parser);
    if (early !== null) return this.refuse(parser, headEnd, end, early, 0);
    const route = router.identify(parser, server.config.clearContext);
    if (route === null) {
      const refusal = router.refusal as Failure;
      const described =
        refusal.reason === 'unidentified' ? server.describeUnidentified(this.fd, start, refusal.message) : refusal;
      if (router.refusedUncounted) this.releaseGate();
      return this.refuse(parser, headEnd, end, described, 0, router.refusedUncounted);
    }
    if (route.state === ROUTE.pending) return this.park(route, parser, start, headEnd, end);
    if (route.state === ROUTE.failed) {
      return this.refuse(parser, headEnd, end, route.failure as Failure, route.serviceScope);
    }

    const exchange = server.open(this, route, parser);
    this.exchange = exchange;
    const branch = exchange.branch as RouteBranch;
    // A stream of HTTP/2 does not become another protocol.
    exchange.upgradeRequested = upgrade && !branch.client.speaksHttp2;
    this.beginBody(parser);
    this.state = ACQUIRING;
    if (branch.answerStatus !== 0) {
      router.answer(exchange, branch.answerStatus);
      return this.skipRequestBody(headEnd, end);
    }
    const tracer = parser.method === METHOD_TRACE ? server.trace(exchange, parser) : null;
    if (this.exchange !== exchange) return this.skipRequestBody(headEnd, end);
    const unwritable = server.writeHead(exchange, branch, parser, headEnd, router.consumedBytes, this.forwarded);
    if (unwritable !== null) {
      router.fail(exchange, unwritable);
      return this.skipRequestBody(headEnd, end);
    }
    if (server.memory.recurring && headEnd === end) server.rememberRequest(exchange, parser, start, headEnd);
    if (tracer === null) return this.dispatch(exchange, headEnd, end);
    tracer.begin();
    return this.state === ACQUIRING ? headEnd : this.skipRequestBody(headEnd, end);
  }

  /** @returns as {@link begin} */
  private dispatch(exchange: Exchange, headEnd: number, end: number): number {
    this.state = ACQUIRING;
    this.dispatching = true;
    this.readyInline = false;
    this.server.router.dispatch(exchange);
    this.dispatching = false;
    if (this.readyInline) return this.sendRequest(headEnd, end);
    if (this.state === ACQUIRING || this.closed) return headEnd;
    return this.skipRequestBody(headEnd, end);
  }

  /** Serves a request whose head was met before. @returns false when what was remembered holds no more */
  private serveRemembered(request: RememberedRequest, end: number): boolean {
    const { server } = this;
    const { route } = request;
    if (route.branches !== request.branches || !route.cached || server.draining) {
      server.memory.forget(request);
      return false;
    }
    if (server.config.maxConcurrentRequests !== undefined) return false;
    this.persistent = request.persistent && !this.isLast;
    this.clientMinor = 1;
    this.expectsContinue = false;
    this.bodyless = request.method === METHOD_HEAD;
    this.responseStarted = false;
    const exchange = server.openRemembered(this, request);
    if (!server.writer.writeRemembered(exchange, request.composed)) {
      this.server.router.discard(exchange);
      return false;
    }
    this.exchange = exchange;
    if (this.body !== null) this.server.giveBody(this.body);
    this.body = null;
    this.dispatch(exchange, end, end);
    return true;
  }

  private park(route: Route, parser: HeadParser, start: number, headEnd: number, end: number): number {
    this.releaseGate();
    if (!this.waitFor(route)) {
      const refusal = failure(503, 'binding_overload', 'too many requests wait for a name to be bound', true);
      return this.refuse(parser, headEnd, end, refusal, 0);
    }
    this.keepOrEnd(start, end - start);
    return end;
  }

  /** Goes on with what was kept, and what the socket holds. */
  runDeferred(): void {
    if (this.closed) return;
    this.goesOn = false;
    this.resumes = false;
    this.sendIfReady();
    if (this.state === BODY) this.readBody();
    if (this.state !== HEAD || this.isBackedUp) return;
    if (this.kept !== null) this.takeHeads(this.net.readAt, this.restore());
    if (this.state === HEAD && !this.closed) this.readHeads();
  }

  /** Answers a request that does not become an exchange. @returns as {@link begin} */
  private refuse(
    parser: HeadParser,
    headEnd: number,
    end: number,
    cause: Failure,
    serviceScope: number,
    uncounted = false,
  ): number {
    this.beginBody(parser);
    if (!uncounted) this.server.router.stats.refused(this.server.scope, serviceScope, cause.status, cause.reason);
    this.releaseGate();
    this.state = WAITING;
    this.answer(cause, true);
    return this.skipRequestBody(headEnd, end);
  }

  /**
   * After an answer that did not wait for the request's body: a connection that goes on must be at the next request.
   * @returns where that begins, or `end`
   */
  private skipRequestBody(headEnd: number, end: number): number {
    if (this.closed || this.state !== HEAD) return end;
    return headEnd;
  }

  // ---- writing the response ------------------------------------------------------------------------------------

  onTunnel(): void {
    this.answered++;
    this.state = TUNNEL;
    this.exchange = null;
    this.deadlineTick = NEVER;
  }
}
