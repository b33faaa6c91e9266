/**
 * A pooled HTTP/1 connection to an endpoint: carries one exchange at a time.
 *
 *     CONNECTING --connected--> AWAITING --final head--> RECEIVING --response ended--> IDLE --assign--> AWAITING ...
 *         |                      |  ^  |                     |                           |
 *         | failed               |  +--+ 1xx                 | cut short                 | bytes or end of stream
 *         v                      v                           v                           v
 *       closed; another       closed; sent again          closed; client's            closed
 *       endpoint is tried     or 502                      response aborted
 *                                \--101, 2xx to CONNECT--> TUNNEL
 */
import { INCOMPLETE, responseFailure } from '../../core/http1/errors.ts';
import type { HeadParser } from '../../core/http1/head.ts';
import { METHOD_CONNECT } from '../../core/http1/methods.ts';
import type { Reason } from '../../core/reasons.ts';
import { COUNTER, HISTOGRAM } from '../../core/shared/stats.ts';
import type { Connection } from '../net/connection.ts';
import { ECONNREFUSED, ECONNRESET, EINPROGRESS } from '../os/errno.ts';
import type { Deferred } from '../reactor/reactor.ts';
import { NEVER, ticksOf } from '../reactor/timer-wheel.ts';
import type { EndpointPool, PooledConnection } from '../router/endpoint-pool.ts';
import type { Downstream, Exchange, Upstream } from '../router/exchange.ts';
import { failure } from '../router/failures.ts';
import type { Http1Client } from './client.ts';
import { Http1Connection } from './http1-connection.ts';
import type { MessageBody } from './message-body.ts';

const CONNECTING = 0;
const IDLE = 1;
const AWAITING = 2;
const RECEIVING = 3;
const TUNNEL = 4;

/** The client's side of HTTP/1. */
export class Http1ClientConnection extends Http1Connection implements PooledConnection, Upstream, Deferred {
  readonly client: Http1Client;
  readonly pool: EndpointPool;
  idleIndex = -1;
  idleSinceMicros = 0;
  private state = CONNECTING;
  private exchange: Exchange | null = null;
  private readonly body: MessageBody;
  private readonly openedMicros: number;
  private connectErrno = 0;
  private served = 0;
  private requestSent = false;
  private persistent = true;
  private informationalCount = 0;

  constructor(client: Http1Client, pool: EndpointPool, worker: number, fd: number) {
    super(client.net, worker, fd, pool.client.scope);
    this.client = client;
    this.pool = pool;
    this.body = client.createBody();
    this.openedMicros = client.net.reactor.nowMicros;
  }

  get connection(): Connection {
    return this;
  }

  // ---- connecting ----------------------------------------------------------------------------------------------

  /** Begins to connect, for an exchange. @param errno what `connect` answered, 0 when it is connected already */
  begin(exchange: Exchange, errno: number): void {
    this.exchange = exchange;
    exchange.upstream = this;
    if (errno === EINPROGRESS) {
      const { timers, nowTick } = this.net.reactor;
      timers.arm(this, nowTick + ticksOf(this.net.limits.connectTimeoutMs));
      return;
    }
    this.connectErrno = errno;
    this.net.reactor.defer(this);
  }

  /** How the connect ended at once is dealt with at the end of the tick, when nobody waits for the answer. */
  runDeferred(): void {
    if (this.closed) return;
    if (this.state === CONNECTING) this.onConnected(this.connectErrno);
    else this.onReadable();
  }

  protected override onWritable(): boolean {
    if (this.state !== CONNECTING) return super.onWritable();
    this.onConnected(this.net.sockets.takeError(this.fd));
    return this.closed;
  }

  private onConnected(errno: number): void {
    if (errno !== 0) {
      this.onConnectFailed(errno === ECONNREFUSED ? 'connect_refused' : 'connect_failed');
      return;
    }
    this.deadlineTick = NEVER;
    const { stats } = this.pool.client;
    stats.increment(this.pool.client.scope, COUNTER.connects);
    stats.recordLatency(
      this.pool.client.scope,
      HISTOGRAM.connectLatency,
      this.net.reactor.nowMicros - this.openedMicros,
    );
    this.startExchange();
  }

  private onConnectFailed(reason: Reason): void {
    const { exchange } = this;
    this.exchange = null;
    this.close();
    if (exchange === null) return;
    exchange.upstream = null;
    exchange.router.onConnectFailed(exchange, reason);
  }

  // ---- an exchange ---------------------------------------------------------------------------------------------

  assign(exchange: Exchange): void {
    this.exchange = exchange;
    exchange.upstream = this;
    this.startExchange();
  }

  private startExchange(): void {
    const exchange = this.exchange as Exchange;
    this.state = AWAITING;
    this.requestSent = false;
    this.informationalCount = 0;
    (exchange.downstream as Downstream).onUpstreamReady();
  }

  onRequestSent(): void {
    this.requestSent = true;
    const { responseTimeoutMs } = this.net.limits;
    if (responseTimeoutMs === 0 || this.state !== AWAITING) return;
    const { timers, nowTick } = this.net.reactor;
    timers.arm(this, nowTick + ticksOf(responseTimeoutMs));
  }

  protected onReadable(): void {
    switch (this.state) {
      case AWAITING:
        // What is here before the request has gone out answers nothing (hostile-inputs row 24).
        if (this.pendingWrites > 0) this.onLost('upstream_closed');
        else this.readResponse();
        break;
      case RECEIVING:
        this.readResponse();
        break;
      case TUNNEL:
        this.pump();
        break;
      case IDLE:
        // Nobody asked for anything: bytes here would be taken for the next response (hostile-inputs row 24).
        this.close();
        break;
      default:
        this.onConnected(this.net.sockets.takeError(this.fd) || ECONNRESET);
    }
  }

  private readResponse(): void {
    const { limits, readBytes } = this.net;
    while (this.readable && this.exchange !== null && !this.closed) {
      const { connection } = this.exchange.downstream as Downstream;
      if (connection.outputBytes >= limits.pendingBytesMax) return;
      const { readAt } = this.net;
      const end = this.receive(readBytes);
      if (end < 0) return;
      this.take(readAt, end);
      if (this.state === TUNNEL) {
        this.pump();
        return;
      }
    }
  }

  private take(from: number, end: number): void {
    let at = from;
    while (this.state === AWAITING && at < end) {
      const exchange = this.exchange as Exchange;
      const { parser } = this.client;
      const headEnd = parser.parseResponse(this.net.bytes, at, end, exchange.method);
      if (headEnd === INCOMPLETE) {
        if (!this.keep(at, end - at)) this.onBroken(0);
        return;
      }
      if (headEnd < 0) {
        this.onMalformed(headEnd);
        return;
      }
      if (parser.status >= 200 || parser.status === 101) {
        this.takeFinal(exchange, parser, at, headEnd, end);
        return;
      }
      if (!this.takeInformational(exchange, parser, at, headEnd)) return;
      at = headEnd;
    }
    if (this.state === RECEIVING && at < end) this.forward(this.exchange as Exchange, at, at, end);
  }

  /** @returns false when the connection was ended over it */
  private takeInformational(exchange: Exchange, parser: HeadParser, start: number, headEnd: number): boolean {
    this.informationalCount++;
    if (this.informationalCount > this.net.limits.informationalResponsesMax) {
      this.client.limitMet('informationalResponsesMax');
      this.failAttempt('upstream_malformed', 'too many informational responses');
      return false;
    }
    // A 100 has been sent already, by the server side: Expect is not forwarded (spec 03 section 5.3).
    if (parser.status !== 100) (exchange.downstream as Downstream).writeInformational(parser, start, headEnd);
    return !this.closed;
  }

  private takeFinal(exchange: Exchange, parser: HeadParser, start: number, headEnd: number, end: number): void {
    const downstream = exchange.downstream as Downstream;
    const { status } = parser;
    if (status === 101 && !exchange.upgradeRequested) {
      this.failAttempt('upstream_malformed', '101 (Switching Protocols) that nobody asked for');
      return;
    }
    exchange.status = status;
    exchange.replayable = false;
    exchange.router.releaseHead(exchange);
    this.deadlineTick = NEVER;
    this.persistent = parser.persistent;
    this.state = RECEIVING;
    const dataOnly = !downstream.takesChunks;
    this.body.begin(parser.bodyKind, parser.contentLength, dataOnly);
    const tunnel = status === 101 || (exchange.method === METHOD_CONNECT && status < 300);
    const pendingAt = downstream.writeResponseHead(parser, start, headEnd);
    if (downstream.withholdsBody) this.body.withhold();
    if (tunnel) this.beginTunnel(downstream, pendingAt, headEnd, end);
    else this.forward(exchange, pendingAt, headEnd, end);
  }

  private beginTunnel(downstream: Downstream, pendingAt: number, headEnd: number, end: number): void {
    downstream.connection.write(pendingAt, headEnd - pendingAt);
    if (downstream.connection.closed) return;
    if (end > headEnd && !this.keep(headEnd, end - headEnd)) {
      this.onBroken(0);
      return;
    }
    this.state = TUNNEL;
    downstream.onTunnel();
    Http1Connection.join(downstream.connection as Http1Connection, this);
  }

  private forward(exchange: Exchange, pendingAt: number, at: number, end: number): void {
    const { body } = this;
    const downstream = exchange.downstream as Downstream;
    const to = body.forward(this.net.bytes, pendingAt, at, end, downstream.connection);
    // The client may have gone over the write: the exchange is then over, and this connection with it.
    if (this.exchange !== exchange || this.closed) return;
    if (body.error !== 0) {
      this.onMalformed(body.error);
      return;
    }
    if (body.done) {
      this.endResponse(exchange, to < end);
      return;
    }
    if (to < end && !this.keep(to, end - to)) {
      this.onBroken(0);
      return;
    }
    const { timers, nowTick } = this.net.reactor;
    timers.arm(this, nowTick + ticksOf(this.net.limits.bodyIdleTimeoutMs));
    if (downstream.connection.output !== null) downstream.armStall();
  }

  /** @param surplus bytes came behind the response: the connection cannot be trusted (hostile-inputs row 24) */
  private endResponse(exchange: Exchange, surplus: boolean): void {
    const downstream = exchange.downstream as Downstream;
    this.exchange = null;
    this.deadlineTick = NEVER;
    this.served++;
    exchange.upstream = null;
    exchange.router.complete(exchange);
    const reusable = this.persistent && this.requestSent && !surplus && !this.peerEnding && this.output === null;
    this.state = IDLE;
    if (!reusable || !this.pool.release(this, this.net.reactor.nowMicros)) this.close();
    downstream.onResponseEnd();
  }

  resume(): void {
    if (!this.closed && this.readable) this.onReadable();
  }

  // ---- failures ------------------------------------------------------------------------------------------------

  private onMalformed(code: number): void {
    this.failAttempt(
      'upstream_malformed',
      `malformed response from ${this.pool.name}: ${responseFailure(code).message}`,
    );
  }

  private failAttempt(reason: Reason, message: string): void {
    const exchange = this.detach();
    this.reset();
    if (exchange !== null) exchange.router.failAttempt(exchange, failure(502, reason, message));
  }

  private detach(): Exchange | null {
    const { exchange } = this;
    this.exchange = null;
    if (exchange !== null) exchange.upstream = null;
    return exchange;
  }

  protected onEnd(errno: number): void {
    const reason: Reason = errno === 0 ? 'upstream_closed' : 'upstream_reset';
    switch (this.state) {
      case TUNNEL:
        this.endTunnelInput(errno);
        break;
      case AWAITING:
        this.onLost(reason);
        break;
      case RECEIVING:
        this.onCutShort(errno);
        break;
      default:
        this.close();
    }
  }

  private onLost(reason: Reason): void {
    const reused = this.served > 0 && this.kept === null && this.informationalCount === 0;
    const exchange = this.detach();
    this.reset();
    if (exchange !== null) exchange.router.onUpstreamLost(exchange, reason, reused);
  }

  private onCutShort(errno: number): void {
    const { body, exchange } = this;
    if (exchange !== null && errno === 0 && body.endsWithStream) {
      this.persistent = false;
      body.done = true;
      this.endResponse(exchange, false);
      return;
    }
    this.failAttempt('upstream_truncated', `the response from ${this.pool.name} was cut short`);
  }

  protected onBroken(errno: number): void {
    if (this.tunnelPeer !== null) {
      this.endTunnel(true);
      return;
    }
    if (errno === 0) {
      this.failAttempt('local_resources', 'the worker is out of buffers');
      return;
    }
    // The endpoint may have answered and closed before it read the request: what it said counts.
    this.readable = true;
    this.peerEnding = true;
    if (this.state === AWAITING && !this.requestSent) this.net.reactor.defer(this);
    else this.onLost('upstream_reset');
  }

  protected onDrained(): void {
    if (this.tunnelPeer !== null) this.tunnelDrained();
    else this.exchange?.downstream?.resume();
  }

  onDeadline(): void {
    switch (this.state) {
      case CONNECTING:
        this.client.limitMet('connectTimeoutMs');
        this.onConnectFailed('connect_timeout');
        break;
      case AWAITING:
        this.client.limitMet('responseTimeoutMs');
        this.failAttempt('upstream_stalled', `no response from ${this.pool.name} in time`);
        break;
      case RECEIVING:
        this.client.limitMet('bodyIdleTimeoutMs');
        this.failAttempt('upstream_stalled', `the response from ${this.pool.name} stopped`);
        break;
      case TUNNEL:
        this.endTunnel(true);
        break;
      default:
        this.close();
    }
  }

  abandon(): void {
    this.exchange = null;
    this.reset();
  }

  retire(): void {
    this.close();
  }

  onFault(_error: unknown): void {
    const exchange = this.detach();
    this.reset();
    if (exchange !== null) {
      exchange.router.failAttempt(exchange, failure(502, 'internal', 'an error in Weft ended the request'));
    }
  }

  override close(): void {
    if (this.closed) return;
    if (this.exchange !== null && this.state === TUNNEL) {
      const exchange = this.detach() as Exchange;
      exchange.router.complete(exchange);
    }
    super.close();
    this.pool.ended(this);
  }
}
