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
 *           |                              |                        |
 *           +---- failed: answered --------+------------------------+--> LINGER --> closed
 *                                                                   \--> TUNNEL
 *
 * While a request waits or its response is due the socket is not read: pipelined requests stay in the kernel, or, if
 * they came along with the last read, are kept.
 */
import { ERR_HOST_MISSING, INCOMPLETE, requestFailure } from '../../core/http1/errors.ts';
import type { HeadParser } from '../../core/http1/head.ts';
import { METHOD_CONNECT, METHOD_HEAD } from '../../core/http1/methods.ts';
import { BODY_LENGTH, BODY_NONE, BODY_UNTIL_CLOSE } from '../../core/http1/parsed-head.ts';
import { TOKEN_UPGRADE } from '../../core/http1/tokens.ts';
import type { Connection } from '../net/connection.ts';
import type { Deferred } from '../reactor/reactor.ts';
import { NEVER, ticksOf } from '../reactor/timer-wheel.ts';
import type { Downstream, Exchange, Failure, Upstream } from '../router/exchange.ts';
import { failure } from '../router/failures.ts';
import { ROUTE, type Route, type RouteBranch } from '../router/routes.ts';
import { piece } from './field-lines.ts';
import { Http1Connection } from './http1-connection.ts';
import type { MessageBody } from './message-body.ts';
import { AFTER, rewriteResponseHead } from './response-writer.ts';
import type { Http1Server } from './server.ts';

const HEAD = 0;
const PARKED = 1;
const ACQUIRING = 2;
const BODY = 3;
const WAITING = 4;
const TUNNEL = 5;
const FLUSHING = 6;
const LINGER = 7;

const CONTINUE = piece('HTTP/1.1 100 Continue\r\n\r\n');
const LINGER_MS = 2000;

/** The server's side of HTTP/1. */
export class Http1ServerConnection extends Http1Connection implements Downstream, Deferred {
  readonly server: Http1Server;
  /** Microseconds of the reactor's clock at acceptance. */
  readonly openedMicros: number;
  private state = HEAD;
  private exchange: Exchange | null = null;
  private parkedOn: Route | null = null;
  private body: MessageBody | null = null;
  /** The connection can carry another request, as far as the one at hand is concerned. */
  private persistent = true;
  private clientMinor = 1;
  private expectsContinue = false;
  /** The request is a HEAD. */
  private bodyless = false;
  private responseStarted = false;
  /** This request holds a place under the server's maxConcurrentRequests. */
  gated = false;
  /** {@link onUpstreamReady} came while the request's bytes were still at hand. */
  private readyInline = false;
  private dispatching = false;

  constructor(server: Http1Server, worker: number, fd: number) {
    super(server.net, worker, fd, server.scope);
    this.server = server;
    this.openedMicros = this.net.reactor.nowMicros;
    this.net.reactor.timers.arm(this, this.net.reactor.nowTick + ticksOf(this.net.limits.headerTimeoutMs));
  }

  get connection(): Connection {
    return this;
  }

  /** Whether the client understands chunks. */
  get takesChunks(): boolean {
    return this.clientMinor > 0;
  }

  /** Nothing of a request has been received: at shutdown such a connection is closed at once. */
  get idle(): boolean {
    return this.state === HEAD && this.kept === null;
  }

  // ---- reading requests ----------------------------------------------------------------------------------------

  protected onReadable(): void {
    switch (this.state) {
      case HEAD:
        this.readHeads();
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

  private readHeads(): void {
    while (this.readable && this.state === HEAD && !this.closed) {
      const end = this.receive(this.server.headReadBytes);
      if (end < 0) return;
      this.takeHeads(this.net.readAt, end);
    }
  }

  /** Serves the requests in `bytes[at, end)` until one has to wait. */
  private takeHeads(from: number, end: number): void {
    const { parser } = this.server;
    let at = from;
    while (at < end && this.state === HEAD) {
      const headEnd = parser.parseRequest(this.net.bytes, at, end);
      if (headEnd === INCOMPLETE) {
        const { timers, nowTick } = this.net.reactor;
        if (this.deadlineTick === NEVER) timers.arm(this, nowTick + ticksOf(this.net.limits.headerTimeoutMs));
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

  private refuseMalformed(code: number, at: number): void {
    this.persistent = false;
    const { status, reason, message } = requestFailure(code);
    if (code === ERR_HOST_MISSING) {
      const refusal = this.server.describeUnidentified(this, at, 'Host header is absent');
      this.server.router.countRefused(this.server.scope, 0, refusal);
      this.answer(refusal, true);
      return;
    }
    this.server.countMalformed(reason);
    this.answer(failure(status, reason, message), false);
  }

  private keepOrEnd(at: number, byteLength: number): void {
    if (!this.keep(at, byteLength)) this.onBroken(0);
  }

  // ---- one request ---------------------------------------------------------------------------------------------

  /** @returns where the next request's bytes may begin: `end` when all were used or kept */
  private begin(parser: HeadParser, start: number, headEnd: number, end: number): number {
    const { server } = this;
    const { router } = server;
    this.persistent = parser.persistent && !server.draining;
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
        refusal.reason === 'unidentified' ? server.describeUnidentified(this, start, refusal.message) : refusal;
      if (router.refusedUncounted) this.releaseGate();
      return this.refuse(parser, headEnd, end, described, 0, router.refusedUncounted);
    }
    if (route.state === ROUTE.pending) return this.park(route, parser, start, headEnd, end);
    if (route.state === ROUTE.failed) {
      return this.refuse(parser, headEnd, end, route.failure as Failure, route.serviceScope);
    }

    const exchange = router.open(this, route, parser, server.scope);
    exchange.upgradeRequested = parser.connectionUpgrade && (parser.seen & (1 << TOKEN_UPGRADE)) !== 0;
    this.exchange = exchange;
    const branch = exchange.branch as RouteBranch;
    if (branch.answerStatus !== 0) {
      this.beginBody(parser);
      this.state = ACQUIRING;
      router.answer(exchange, branch.answerStatus);
      return this.skipRequestBody(headEnd, end);
    }
    if (!server.writer.write(exchange, branch, parser, headEnd, router.consumedBytes, server.config)) {
      this.beginBody(parser);
      this.state = ACQUIRING;
      router.fail(exchange, failure(503, 'local_resources', 'the worker is out of buffers', true));
      return this.skipRequestBody(headEnd, end);
    }
    this.beginBody(parser);
    this.state = ACQUIRING;
    this.dispatching = true;
    this.readyInline = false;
    router.dispatch(exchange);
    this.dispatching = false;
    if (this.readyInline) return this.sendRequest(headEnd, end);
    if (this.state === ACQUIRING || this.closed) return headEnd;
    return this.skipRequestBody(headEnd, end);
  }

  private beginBody(parser: HeadParser): void {
    if (parser.bodyKind === BODY_NONE) {
      if (this.body !== null) this.server.giveBody(this.body);
      this.body = null;
      return;
    }
    if (this.body === null) this.body = this.server.takeBody();
    this.body.begin(parser.bodyKind, parser.contentLength, false);
  }

  private park(route: Route, parser: HeadParser, start: number, headEnd: number, end: number): number {
    const { router } = this.server;
    this.releaseGate();
    if (!router.park(route, this)) {
      const refusal = failure(503, 'binding_overload', 'too many requests wait for a name to be bound', true);
      return this.refuse(parser, headEnd, end, refusal, 0);
    }
    this.state = PARKED;
    this.parkedOn = route;
    const { timers, nowTick } = this.net.reactor;
    timers.arm(this, nowTick + ticksOf(router.config.bindingTimeoutMs));
    this.keepOrEnd(start, end - start);
    return end;
  }

  onUnparked(_route: Route): void {
    this.state = HEAD;
    this.parkedOn = null;
    this.deadlineTick = NEVER;
    this.net.reactor.defer(this);
  }

  /** Goes on with what was kept, and what the socket holds. */
  runDeferred(): void {
    if (this.closed || this.state !== HEAD) return;
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
    if (!uncounted) this.server.router.countRefused(this.server.scope, serviceScope, cause);
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

  // ---- sending the request -------------------------------------------------------------------------------------

  onUpstreamReady(): void {
    if (this.dispatching) this.readyInline = true;
    else this.sendRequestLater();
  }

  private sendRequestLater(): void {
    const end = this.restore();
    const at = this.sendRequest(this.net.readAt, end);
    if (at < end && !this.closed) this.keepOrEnd(at, end - at);
    if (this.state === BODY) this.readBody();
  }

  /** Sends the head, and what is at hand of the body. @returns behind the last byte that was used */
  private sendRequest(at: number, end: number): number {
    const exchange = this.exchange as Exchange;
    const upstream = exchange.upstream as Upstream;
    const { connection } = upstream;
    const { body } = this;
    if (body === null) {
      this.state = WAITING;
      upstream.onRequestSent();
      connection.write(exchange.headAt, exchange.headBytes);
      return at;
    }
    this.state = BODY;
    if (this.expectsContinue && at === end) this.writeContinue();
    if (body.kind !== BODY_LENGTH) {
      if (!connection.write(exchange.headAt, exchange.headBytes)) return at;
      return this.forwardBody(body, at, end);
    }
    const n = Math.min(end - at, body.remaining);
    body.remaining -= n;
    body.done = body.remaining === 0;
    const sent = connection.writeTwo(exchange.headAt, exchange.headBytes, at, n);
    if (sent) this.afterBodyBytes(body);
    return at + n;
  }

  private writeContinue(): void {
    const { scratchAt } = this.server;
    this.net.bytes.set(CONTINUE, scratchAt);
    this.write(scratchAt, CONTINUE.length);
  }

  private readBody(): void {
    const { limits, readAt, readBytes } = this.net;
    while (this.readable && this.state === BODY && !this.closed) {
      const exchange = this.exchange as Exchange;
      const upstream = exchange.upstream as Upstream;
      if (upstream.connection.outputBytes >= limits.pendingBytesMax) return;
      const end = this.receive(readBytes);
      if (end < 0) return;
      const at = this.forwardBody(this.body as MessageBody, readAt, end);
      if (at < end && !this.closed) this.keepOrEnd(at, end - at);
    }
  }

  /** @returns behind the last byte that was used */
  private forwardBody(body: MessageBody, at: number, end: number): number {
    const exchange = this.exchange as Exchange;
    const { connection } = exchange.upstream as Upstream;
    const to = body.forward(this.net.bytes, at, at, end, connection);
    if (body.error !== 0) {
      const { status, reason, message } = requestFailure(body.error);
      this.server.router.cancel(exchange, reason);
      this.exchange = null;
      this.persistent = false;
      this.releaseGate();
      if (this.responseStarted) this.reset();
      else this.answer(failure(status, reason, message), true);
      return end;
    }
    // A write that ended the upstream connection has ended or moved the exchange: this is another state already.
    if (this.exchange === exchange && this.state === BODY) this.afterBodyBytes(body);
    return to;
  }

  private afterBodyBytes(body: MessageBody): void {
    const exchange = this.exchange as Exchange;
    const upstream = exchange.upstream as Upstream;
    this.server.router.releaseHead(exchange);
    const { timers, nowTick } = this.net.reactor;
    if (!body.done) {
      timers.arm(this, nowTick + ticksOf(this.net.limits.bodyIdleTimeoutMs));
      return;
    }
    this.state = WAITING;
    this.deadlineTick = NEVER;
    upstream.onRequestSent();
  }

  /** The endpoint's connection takes bytes again. */
  resume(): void {
    if (this.state === BODY && !this.closed) this.readBody();
  }

  // ---- writing the response ------------------------------------------------------------------------------------

  writeResponseHead(parser: HeadParser, start: number, headEnd: number): number {
    const exchange = this.exchange as Exchange;
    const { server } = this;
    const options = server.responseOptions;
    const chunkless = !this.takesChunks;
    const endless =
      parser.bodyKind === BODY_UNTIL_CLOSE ||
      (chunkless && parser.contentLength < 0 && !isBodyless(exchange, parser.status));
    if (endless || server.draining) this.persistent = false;
    this.responseStarted = true;
    options.success = server.router.isSuccess(parser.status);
    options.after = this.persistent ? (chunkless ? AFTER.keepAlive : AFTER.keep) : AFTER.close;
    if (parser.status === 101) options.after = AFTER.upgrade;
    else if (exchange.method === METHOD_CONNECT && parser.status < 300) options.after = AFTER.keep;
    options.dropTransferEncoding = chunkless;
    options.dropContentLength = parser.status === 204;
    return rewriteResponseHead(this.net.bytes, start, headEnd, parser, options, server.scratchAt);
  }

  writeInformational(start: number, headEnd: number): void {
    if (this.takesChunks) this.write(start, headEnd - start);
  }

  onResponseEnd(): void {
    const requestEnded = this.state === WAITING;
    this.exchange = null;
    this.releaseGate();
    this.finishResponse(requestEnded);
  }

  private finishResponse(requestEnded: boolean): void {
    if (this.closed) return;
    if (!this.persistent || !requestEnded) {
      this.persistent = false;
      this.finish();
      return;
    }
    this.state = HEAD;
    this.deadlineTick = NEVER;
    if (this.output !== null) this.armStall();
    if (this.kept !== null || this.readable) this.net.reactor.defer(this);
  }

  /** Bytes wait for a client that does not read: it has so long to take some. */
  armStall(): void {
    const { timers, nowTick } = this.net.reactor;
    timers.arm(this, nowTick + ticksOf(this.net.limits.bodyIdleTimeoutMs));
  }

  onTunnel(): void {
    this.state = TUNNEL;
    this.exchange = null;
    this.deadlineTick = NEVER;
  }

  /** No more requests here: what is queued goes out, then the connection ends. */
  private finish(): void {
    if (this.output !== null) {
      this.state = FLUSHING;
      this.armStall();
      return;
    }
    // A close over unread bytes makes the kernel send a reset, which may overtake the response (RFC 9112 section 9.6).
    this.state = LINGER;
    this.dropKept();
    this.net.sockets.shutdownWrite(this.fd);
    const { timers, nowTick } = this.net.reactor;
    timers.arm(this, nowTick + ticksOf(LINGER_MS));
    if (this.readable || this.peerEnding) this.discard();
  }

  private discard(): void {
    this.readable = true;
    while (this.readable && !this.closed) if (this.receive(this.net.readBytes) < 0) return;
  }

  // ---- failures ------------------------------------------------------------------------------------------------

  onFailed(cause: Failure): void {
    this.exchange = null;
    this.releaseGate();
    if (this.responseStarted) {
      // The client must see that its response is not whole (hostile-inputs row 25).
      this.reset();
      return;
    }
    this.answer(cause, true);
  }

  /** Writes a response of Weft's own; the request's body, if any is due, is not waited for. */
  private answer(cause: Failure, explained: boolean): void {
    const requestEnded = this.body === null || this.body.done;
    if (!requestEnded) this.persistent = false;
    this.server.writeAnswer(this, cause, explained, this.persistent, this.clientMinor, this.bodyless);
    this.finishResponse(requestEnded);
  }

  onAnswered(status: number): void {
    this.exchange = null;
    this.releaseGate();
    this.answer({ status, reason: 'application_failure', message: '', retryable: false }, false);
  }

  protected onEnd(errno: number): void {
    switch (this.state) {
      case TUNNEL:
        this.endTunnelInput(errno);
        break;
      case BODY:
        this.onClientGone();
        break;
      case HEAD:
      case LINGER:
        this.close();
        break;
      default:
        if (errno !== 0) this.onClientGone();
    }
  }

  protected onBroken(_errno: number): void {
    if (this.tunnelPeer !== null) this.endTunnel(true);
    else this.onClientGone();
  }

  private onClientGone(): void {
    this.leave();
    if (this.exchange !== null) {
      const { exchange } = this;
      this.exchange = null;
      this.releaseGate();
      this.server.router.cancel(exchange, 'client_closed');
    }
    this.reset();
  }

  private releaseGate(): void {
    if (!this.gated) return;
    this.gated = false;
    this.server.leaveGate();
  }

  private leave(): void {
    if (this.parkedOn === null) return;
    this.server.router.unpark(this.parkedOn, this);
    this.parkedOn = null;
  }

  protected onDrained(): void {
    if (this.tunnelPeer !== null) {
      this.tunnelDrained();
      return;
    }
    this.deadlineTick = NEVER;
    if (this.state === FLUSHING) this.finish();
    else this.exchange?.upstream?.resume();
  }

  onDeadline(): void {
    const { server } = this;
    switch (this.state) {
      case HEAD:
        server.limitMet('headerTimeoutMs');
        this.onHeaderTimeout();
        break;
      case PARKED:
        this.onBindingTimeout();
        break;
      case BODY:
        server.limitMet('bodyIdleTimeoutMs');
        this.onBodyTimeout();
        break;
      case LINGER:
        this.close();
        break;
      case TUNNEL:
        server.limitMet('tunnelIdleTimeoutMs');
        this.endTunnel(true);
        break;
      default:
        server.limitMet('bodyIdleTimeoutMs');
        this.onStalled();
    }
  }

  private onHeaderTimeout(): void {
    if (this.output !== null) {
      this.onStalled();
      return;
    }
    if (this.kept === null) {
      this.close();
      return;
    }
    this.persistent = false;
    this.server.countMalformed('request_timeout');
    this.answer(failure(408, 'request_timeout', 'the request head did not arrive in time'), false);
  }

  private onBindingTimeout(): void {
    const route = this.parkedOn as Route;
    const { router } = this.server;
    const timeout = `${router.config.bindingTimeoutMs / 1000}.seconds`;
    const cause = failure(
      502,
      'binding_timeout',
      `Exceeded ${timeout} binding timeout while resolving name: ${route.path}`,
    );
    this.leave();
    this.persistent = false;
    router.countRefused(this.server.scope, route.serviceScope, cause);
    this.answer(cause, true);
  }

  private onBodyTimeout(): void {
    const { exchange } = this;
    if (exchange === null) return;
    this.exchange = null;
    this.releaseGate();
    this.server.router.cancel(exchange, 'request_timeout');
    if (this.responseStarted) this.reset();
    else this.answer(failure(408, 'request_timeout', 'the request body did not arrive in time'), true);
  }

  /** The client takes nothing of what is due to it. */
  private onStalled(): void {
    const { exchange } = this;
    if (exchange !== null) {
      this.exchange = null;
      this.releaseGate();
      this.server.router.cancel(exchange, 'client_stalled');
    }
    this.reset();
  }

  onFault(_error: unknown): void {
    this.leave();
    const { exchange } = this;
    this.exchange = null;
    if (exchange !== null) {
      this.releaseGate();
      this.server.router.cancel(exchange, 'internal');
    }
    if (this.tunnelPeer !== null) this.endTunnel(true);
    else this.reset();
  }

  override close(): void {
    if (this.closed) return;
    this.releaseGate();
    this.server.connectionEnded(this);
    if (this.body !== null) this.server.giveBody(this.body);
    this.body = null;
    super.close();
  }
}

function isBodyless(exchange: Exchange, status: number): boolean {
  return exchange.method === METHOD_HEAD || status < 200 || status === 204 || status === 304;
}
