/**
 * A connection to an endpoint that speaks HTTP/2, shared by many streams.
 *
 *     CONNECTING --connected--> OPEN --GOAWAY, retired--> LEAVING --last stream ended--> LINGER --> closed
 *        \--failed: the exchanges that wait go elsewhere
 *
 * The client speaks first and does not wait for the server's settings: until they come it takes the endpoint for one that
 * bears a hundred streams, the least that RFC 9113 section 6.5.2 recommends.
 *
 * An endpoint from which nothing comes for long, with streams open, is pinged; one that does not answer is given up.
 */
import { SPEND_IGNORED_FRAME } from '../../core/http2/abuse-budget.ts';
import { NO_ERROR } from '../../core/http2/error-codes.ts';
import { PREFACE, writePreface } from '../../core/http2/preface.ts';
import { ERR_STREAM_ID, errorText } from '../../core/http2/protocol-errors.ts';
import { isIgnored, receiveEvent, transition } from '../../core/http2/stream-state.ts';
import type { Reason } from '../../core/reasons.ts';
import { COUNTER, HISTOGRAM } from '../../core/shared/stats.ts';
import { Patience } from '../net/patience.ts';
import { ECONNREFUSED, EINPROGRESS } from '../os/errno.ts';
import type { Deferred } from '../reactor/reactor.ts';
import { NEVER, ticksOf } from '../reactor/timer-wheel.ts';
import type { Exchange } from '../router/exchange.ts';
import type { SharedConnection, StreamPool } from '../router/stream-pool.ts';
import type { Http2Client } from './client.ts';
import type { Http2ClientStream } from './client-stream.ts';
import { Http2Connection, LEAVING, LINGER, OPEN } from './http2-connection.ts';
import type { Http2Stream } from './http2-stream.ts';

/** Streams that are opened on the strength of nothing. */
const STREAMS_ASSUMED = 100;

/** The client's side of HTTP/2. */
export class Http2ClientConnection extends Http2Connection implements SharedConnection, Deferred {
  readonly client: Http2Client;
  readonly pool: StreamPool;
  idleSinceTick: number;
  /** Streams that it has carried to their end: one that has carried some was in order. */
  served = 0;
  private connecting = true;
  /** Exchanges that wait for the connection to be made. */
  private readonly waitingExchanges: Exchange[] = [];
  /** Streams whose heads have not gone out. */
  private readonly unsent: Http2ClientStream[] = [];
  private readonly openedMicros: number;
  private readonly openedTick: number;
  private connectErrno = 0;
  private settled = false;
  private heardTick: number;
  readonly patience: Patience;
  /** From when on the connection takes no further streams. */
  private readonly lifeEndTick: number;
  private pinged = false;
  /** Why the endpoint's own rules ended it, for the streams that were open. */
  private badPeer = '';
  /** The endpoint has not answered a PING. */
  silent = false;

  constructor(client: Http2Client, pool: StreamPool, worker: number, fd: number) {
    super(client.endpointOf(pool.client.config), worker, fd, pool.client.scope, true);
    this.client = client;
    this.pool = pool;
    const { nowMicros, nowTick } = client.net.reactor;
    this.openedMicros = nowMicros;
    this.openedTick = nowTick;
    this.idleSinceTick = nowTick;
    this.heardTick = nowTick;
    const { socketOptions, clientSession } = pool.client.config;
    this.patience = new Patience(client.net.limits, socketOptions, clientSession);
    this.lifeEndTick = this.patience.lifeEnd(nowTick);
  }

  // ---- connecting ----------------------------------------------------------------------------------------------

  /** @param errno what `connect` answered, 0 when it is connected already */
  beginConnect(errno: number): void {
    if (errno === EINPROGRESS) {
      this.armIn(ticksOf(this.net.limits.connectTimeoutMs));
      return;
    }
    this.connectErrno = errno;
    this.net.reactor.defer(this);
  }

  /** How the connect ended at once is dealt with at the end of the tick, when nobody waits for the answer. */
  runDeferred(): void {
    if (!this.closed && this.connecting) this.onConnected(this.connectErrno);
  }

  protected override onWritable(): boolean {
    if (!this.connecting) return super.onWritable();
    this.onConnected(this.net.sockets.takeError(this.fd));
    return this.closed;
  }

  protected override onReadable(): void {
    if (this.connecting) this.onConnected(this.net.sockets.takeError(this.fd));
    if (!this.closed) super.onReadable();
  }

  private onConnected(errno: number): void {
    if (errno !== 0) {
      this.onConnectFailed(errno === ECONNREFUSED ? 'connect_refused' : 'connect_failed');
      return;
    }
    this.connecting = false;
    this.armNext();
    const { stats, scope } = this.pool.client;
    this.pool.onConnected();
    stats.increment(scope, COUNTER.connects);
    const elapsedMicros = this.net.reactor.elapsedMicros(this.openedMicros, this.openedTick);
    stats.recordLatency(scope, HISTOGRAM.connectLatency, elapsedMicros);
    this.commit(writePreface(this.net.bytes, this.reserve(PREFACE.length)));
    this.writeOwnSettings();
    // Made ahead of need: from now on it is as one that was kept, and may have gone when its first request comes.
    if (this.waitingExchanges.length === 0) this.served++;
    // One by one: a fault of one of them must not take the others along.
    for (let next = this.waitingExchanges.shift(); next !== undefined; next = this.waitingExchanges.shift()) {
      this.openStream(next);
    }
  }

  private onConnectFailed(reason: Reason): void {
    const waiting = this.waitingExchanges.splice(0);
    this.close();
    for (const exchange of waiting) exchange.router.onConnectFailed(exchange, reason);
  }

  // ---- streams -------------------------------------------------------------------------------------------------

  get room(): number {
    if (this.phase !== OPEN || this.closed) return 0;
    return (this.settled ? this.peer.maxConcurrentStreams : STREAMS_ASSUMED) - this.load;
  }

  get load(): number {
    return this.streams.size + this.unsent.length + this.waitingExchanges.length;
  }

  assign(exchange: Exchange): void {
    if (this.connecting) this.waitingExchanges.push(exchange);
    else this.openStream(exchange);
  }

  forget(exchange: Exchange): boolean {
    const place = this.waitingExchanges.indexOf(exchange);
    if (place >= 0) this.waitingExchanges.splice(place, 1);
    return place >= 0;
  }

  private openStream(exchange: Exchange): void {
    const stream = this.client.takeStream(this);
    this.unsent.push(stream);
    stream.open(this, exchange);
    stream.ready();
  }

  /** A stream's head is about to go out: ids are given in that order. @returns the id, -1 when they are used up */
  sendFirst(stream: Http2ClientStream): number {
    const id = this.ids.openOwn();
    if (id < 0) {
      // Another connection has all of them before it.
      this.retire();
      return -1;
    }
    this.withdraw(stream);
    stream.id = id;
    // The endpoint's settings may have come since it was opened: from now on they are told to it.
    stream.sendWindow.reset(this.peer.initialWindowBytes);
    this.addStream(stream);
    if (this.deadlineTick === NEVER || (this.patience.boundsRest && this.streams.size === 1)) {
      this.heardTick = this.net.reactor.nowTick;
      this.armNext();
    }
    return id;
  }

  /** A stream of which nothing was sent leaves. */
  withdraw(stream: Http2ClientStream): void {
    const place = this.unsent.lastIndexOf(stream);
    if (place === this.unsent.length - 1) this.unsent.pop();
    else if (place >= 0) this.unsent.splice(place, 1);
  }

  override streamEnded(stream: Http2Stream): void {
    super.streamEnded(stream);
    this.served++;
    if (this.streams.size === 0) {
      this.idleSinceTick = this.net.reactor.nowTick;
      if (this.patience.boundsRest && !this.deaf) this.armNext();
    }
    this.pool.roomMade(this);
  }

  /** A response was received whole: what goes along with such work is given back to the endpoint's budgets. */
  onAnswered(): void {
    this.budget.earnAnswer();
  }

  // ---- receiving -----------------------------------------------------------------------------------------------

  protected takeReceived(at: number, end: number): void {
    this.heardTick = this.net.reactor.nowTick;
    this.takeFrames(at, end);
  }

  protected onBlock(id: number, at: number, end: number, endStream: boolean): void {
    const stream = this.find(id) as Http2ClientStream | null;
    if (stream === null) {
      this.dropBlock(id, at, end, endStream);
      return;
    }
    const { memory } = this.pool;
    const known = stream.takesKnown
      ? memory.find(this.net.bytes, at, end, endStream, this.decoder, this.seed, this.current)
      : null;
    if (known !== null && stream.receiveKnown(known)) {
      this.skip(known.block);
      return;
    }
    const recurring = known === null && stream.takesKnown && memory.recurring;
    if (!this.decode(at, end)) return;
    const block = recurring && memory.admits(this.decoder) ? this.net.bytes.slice(at, end) : null;
    stream.receiveBlock(this.endpoint.section, endStream, block, this.decoder);
  }

  private dropBlock(id: number, at: number, end: number, endStream: boolean): void {
    const next = transition(this.stateOfGone(id), receiveEvent(true, endStream));
    if (next < 0) this.onProtocolError(next, id);
    // The compression state has to follow, whatever becomes of the fields.
    else if (this.decode(at, end)) {
      if (isIgnored(next)) this.spend(SPEND_IGNORED_FRAME, 1);
      else this.onProtocolError(ERR_STREAM_ID, id);
    }
  }

  protected override onSettings(): void {
    this.settled = true;
    this.pool.roomMade(this);
  }

  protected onPingAnswered(): void {
    this.pinged = false;
  }

  // ---- the end -------------------------------------------------------------------------------------------------

  protected onLeave(lastStreamId: number, code: number): void {
    this.leavePool();
    for (const stream of this.streams.all()) {
      if (stream.id > lastStreamId) (stream as Http2ClientStream).onUnprocessed(code);
    }
    if (this.closed) return;
    if (this.streams.size === 0) this.onLastStreamEnded();
    // Whoever gives an error as the reason closes the connection (RFC 9113 section 5.4.1), or has forgotten it.
    else if (code !== NO_ERROR) this.ask();
  }

  retire(): void {
    if (this.connecting) {
      const waiting = this.waitingExchanges.splice(0);
      this.close();
      for (const exchange of waiting) exchange.router.reacquire(exchange);
      return;
    }
    this.leavePool();
    if (this.streams.size === 0) this.onLastStreamEnded();
  }

  private leavePool(): void {
    if (this.phase === OPEN) this.phase = LEAVING;
    this.pool.left(this);
  }

  protected onLastStreamEnded(): void {
    if (this.phase !== LEAVING) return;
    this.writeLeave(0, NO_ERROR, '');
    this.linger(0);
  }

  protected override lose(errno: number): void {
    super.lose(errno);
    for (const stream of this.unsent.splice(0)) {
      stream.onConnectionLost(errno);
      stream.onEnded();
    }
    for (const exchange of this.waitingExchanges.splice(0)) exchange.router.onConnectFailed(exchange, 'connect_failed');
  }

  protected onBadPeer(error: number): void {
    this.badPeer = errorText(error);
  }

  /** Why its streams are lost, as far as the endpoint's own doing explains it. */
  get complaint(): string {
    return this.badPeer;
  }

  /** When the session is over: it is old, or has been idle for too long. */
  private get sessionEndTick(): number {
    if (this.phase !== OPEN) return NEVER;
    return this.load > 0 ? this.lifeEndTick : this.patience.restEnd(this.idleSinceTick, this.lifeEndTick);
  }

  /** When a silent endpoint is looked at, which has to answer. */
  private get silenceEndTick(): number {
    if (this.streams.size === 0) return NEVER;
    const { h2PingIntervalMs, h2PingTimeoutMs } = this.net.limits;
    const pingMs = this.pinged ? h2PingTimeoutMs : h2PingIntervalMs;
    const ticks = Math.min(pingMs === 0 ? NEVER : ticksOf(pingMs), this.patience.readTicks);
    return ticks === NEVER ? NEVER : this.heardTick + ticks;
  }

  private armNext(): void {
    const tick = Math.min(this.sessionEndTick, this.silenceEndTick);
    if (tick === NEVER) this.deadlineTick = NEVER;
    else this.net.reactor.timers.arm(this, tick);
  }

  onDeadline(): void {
    if (this.phase === LINGER) {
      this.close();
      return;
    }
    if (this.connecting) {
      this.net.limitMet('connectTimeoutMs');
      this.onConnectFailed('connect_timeout');
      return;
    }
    if (this.net.reactor.nowTick >= this.sessionEndTick) {
      this.retire();
      if (this.closed) return;
    }
    if (this.phase !== LINGER) this.lookAtSilence();
  }

  private lookAtSilence(): void {
    if (this.streams.size === 0) {
      this.pinged = false;
      this.armNext();
      return;
    }
    const { h2PingIntervalMs, h2PingTimeoutMs } = this.net.limits;
    const silentTicks = this.net.reactor.nowTick - this.heardTick;
    const isMute = this.pinged && silentTicks >= ticksOf(h2PingTimeoutMs);
    if (isMute || (silentTicks >= this.patience.readTicks && this.owesContent)) {
      if (isMute) this.net.limitMet('h2PingTimeoutMs');
      this.silent = true;
      this.lose(0);
      this.reset();
      return;
    }
    this.pinged = false;
    if (h2PingIntervalMs > 0 && silentTicks >= ticksOf(h2PingIntervalMs)) {
      this.ask();
      return;
    }
    // Whoever owes nothing may be silent.
    if (silentTicks >= this.patience.readTicks) this.heardTick = this.net.reactor.nowTick;
    this.armNext();
  }

  /** A request has been sent whole, and it is not us who holds its response back. */
  private get owesContent(): boolean {
    return this.streams.all().some((stream) => stream.closed && stream.receiveWindow.held === 0);
  }

  /** Asks the endpoint whether it is there; any frame is an answer. */
  private ask(): void {
    this.pinged = true;
    this.heardTick = this.net.reactor.nowTick;
    this.writePingQuestion(0, 0);
    this.armIn(ticksOf(this.net.limits.h2PingTimeoutMs));
  }

  protected override onClosed(): void {
    super.onClosed();
    const { stats, scope } = this.pool.client;
    stats.add(scope, COUNTER.connections, -1);
    if (this.connecting && this.waitingExchanges.length > 0) stats.increment(scope, COUNTER.cancelledConnects);
    this.pool.left(this);
  }
}
