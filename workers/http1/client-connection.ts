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
import { responseFailure } from '../../core/http1/errors.ts';
import type { Reason } from '../../core/reasons.ts';
import { COUNTER, HISTOGRAM } from '../../core/shared/stats.ts';
import type { Outlet } from '../net/sink.ts';
import { ECONNREFUSED, ECONNRESET, EINPROGRESS } from '../os/errno.ts';
import type { Deferred } from '../reactor/reactor.ts';
import { NEVER, ticksOf } from '../reactor/timer-wheel.ts';
import type { ConnectionPool, PooledConnection } from '../router/connection-pool.ts';
import type { Downstream, Exchange, Upstream } from '../router/exchange.ts';
import { failure } from '../router/failures.ts';
import type { Http1Client } from './client.ts';
import { AWAITING, CONNECTING, Http1ClientReceiver, IDLE, RECEIVING, TUNNEL } from './client-receiver.ts';
import { CONTENT, ContentOutlet } from './content-outlet.ts';

/** The client's side of HTTP/1. */
export class Http1ClientConnection extends Http1ClientReceiver implements PooledConnection, Upstream, Deferred {
  private readonly openedMicros: number;
  private readonly openedTick: number;
  private connectErrno = 0;
  /** The kernel has taken something of the request: the endpoint may have seen it. */
  private delivered = false;
  private readonly contentOutlet: ContentOutlet;

  constructor(client: Http1Client, pool: ConnectionPool, worker: number, fd: number) {
    super(client, pool, worker, fd);
    this.openedMicros = client.net.reactor.nowMicros;
    this.openedTick = client.net.reactor.nowTick;
    this.contentOutlet = new ContentOutlet(this, client.scratchAt);
  }

  // ---- connecting ----------------------------------------------------------------------------------------------

  /** Begins to connect, for an exchange or ahead of need. @param errno what `connect` answered, 0 when it is connected already */
  begin(exchange: Exchange | null, errno: number): void {
    this.exchange = exchange;
    if (exchange !== null) exchange.upstream = this;
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
    this.pool.onConnected();
    stats.increment(this.pool.client.scope, COUNTER.connects);
    stats.recordLatency(
      this.pool.client.scope,
      HISTOGRAM.connectLatency,
      this.net.reactor.elapsedMicros(this.openedMicros, this.openedTick),
    );
    if (this.exchange !== null) {
      this.startExchange();
      return;
    }
    // From now on it is as one that was kept, and may have gone when its first request comes.
    this.served++;
    if (!this.rest()) this.close();
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
    if (this.state === CONNECTING) return;
    this.deadlineTick = NEVER;
    this.startExchange();
  }

  private startExchange(): void {
    const exchange = this.exchange as Exchange;
    this.state = AWAITING;
    this.requestSent = false;
    this.delivered = false;
    this.informationalCount = 0;
    this.contentOutlet.framing = exchange.chunked ? CONTENT.chunked : CONTENT.plain;
    exchange.router.onSession(exchange);
  }

  sendHead(endStream: boolean): boolean {
    const exchange = this.exchange as Exchange;
    const { headAt, headBytes } = exchange;
    // A head alone is kept until a response begins: it lies still until the end of the tick, and longer.
    if (endStream && !exchange.chunked) return this.writeLater(headAt, headBytes);
    const sent = this.write(headAt, headBytes);
    this.delivered = sent;
    if (endStream && sent) this.contentOutlet.end();
    return sent;
  }

  override sendPending(at: number, byteLength: number): void {
    super.sendPending(at, byteLength);
    if (!this.closed) this.delivered = true;
  }

  sendHeadWith(at: number, byteLength: number): boolean {
    const { headAt, headBytes } = this.exchange as Exchange;
    // A body that is kept lies behind its head, as still as that.
    if (at === headAt + headBytes) return this.writeLater(headAt, headBytes + byteLength);
    this.delivered = this.writeTwo(headAt, headBytes, at, byteLength);
    return this.delivered;
  }

  get outlet(): Outlet {
    return this.contentOutlet;
  }

  /** HTTP/1 has its trailers in chunks alone, and endpoints seldom read them: they end the body, and are not passed on. */
  sendTrailers(_at: number, _byteLength: number): void {
    this.contentOutlet.end();
  }

  taken(_byteLength: number): void {
    // Whoever says so may have bytes of the read buffer in hand.
    if (this.readable && !this.closed) this.net.reactor.defer(this);
  }

  onRequestSent(): void {
    this.requestSent = true;
    if (this.state === AWAITING && this.patience.responseTicks !== NEVER) this.armAwait();
  }

  /** The request is being sent, or its response is due. */
  private armAwait(): void {
    const { responseTicks, writeTicks } = this.patience;
    const ticks = Math.min(this.requestSent ? responseTicks : NEVER, this.output === null ? NEVER : writeTicks);
    if (ticks === NEVER) this.deadlineTick = NEVER;
    else this.armIn(ticks);
  }

  protected override onBacklog(): void {
    if (this.state === AWAITING) this.armAwait();
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

  onStalled(): void {
    this.failAttempt('upstream_stalled', `${this.pool.name} takes nothing of the request`);
  }

  // ---- failures ------------------------------------------------------------------------------------------------

  protected onMalformed(code: number): void {
    this.countLimit(code);
    this.failAttempt(
      'upstream_malformed',
      `malformed response from ${this.pool.name}: ${responseFailure(code).message}`,
    );
  }

  protected failAttempt(reason: Reason, message: string): void {
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
    if (exchange === null) return;
    if (this.delivered) exchange.router.onUpstreamLost(exchange, reason, reused);
    else
      exchange.router.onUnprocessed(
        exchange,
        failure(502, reason, `the connection to ${this.pool.name} has gone`, true),
      );
  }

  private onCutShort(errno: number): void {
    const { body, exchange } = this;
    if (exchange !== null && errno === 0 && body.endsWithStream) {
      this.persistent = false;
      body.done = true;
      const { compression } = exchange.downstream as Downstream;
      if (compression !== null && !this.passOn(exchange, compression)) return;
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
    if (this.tunnelPeer !== null) {
      this.tunnelDrained();
      return;
    }
    if (this.state === AWAITING) this.armAwait();
    this.exchange?.downstream?.resume();
  }

  onDeadline(): void {
    switch (this.state) {
      case CONNECTING:
        this.net.limitMet('connectTimeoutMs');
        this.onConnectFailed('connect_timeout');
        break;
      case AWAITING:
        this.onAwaitTimeout();
        break;
      case RECEIVING:
        this.patience.readEnded(this.net, 'bodyIdleTimeoutMs');
        this.failAttempt('upstream_stalled', `the response from ${this.pool.name} stopped`);
        break;
      case TUNNEL:
        this.endTunnel(true);
        break;
      default:
        this.close();
    }
  }

  private onAwaitTimeout(): void {
    if (this.output !== null) {
      this.patience.writeEnded(this.net);
      this.onStalled();
      return;
    }
    this.patience.readEnded(this.net, 'responseTimeoutMs');
    this.failAttempt('upstream_stalled', `no response from ${this.pool.name} in time`);
  }

  abandon(): void {
    if (this.state === CONNECTING) {
      const { client } = this.pool;
      client.stats.increment(client.scope, COUNTER.cancelledConnects);
    }
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
  }

  protected override onClosed(): void {
    super.onClosed();
    this.pool.ended(this);
  }
}
