/**
 * The response's way through a connection to an endpoint: head, informational heads before it, body, and what is
 * remembered of heads that recur. Bytes are rewritten where they were received and go straight to the client's connection.
 */
import { CODING_NONE, isCodable } from '../../core/http1/content-coding.ts';
import { INCOMPLETE } from '../../core/http1/errors.ts';
import type { HeadParser } from '../../core/http1/head.ts';
import { METHOD_CONNECT } from '../../core/http1/methods.ts';
import { BODY_LENGTH } from '../../core/http1/parsed-head.ts';
import type { Reason } from '../../core/reasons.ts';
import { VERDICT } from '../../core/resilience/response-classifier.ts';
import { NO_BLOCK } from '../net/blocks.ts';
import { Patience } from '../net/patience.ts';
import type { Sink } from '../net/sink.ts';
import { NEVER } from '../reactor/timer-wheel.ts';
import type { ConnectionPool, PooledConnection } from '../router/connection-pool.ts';
import type { Downstream, Exchange } from '../router/exchange.ts';
import { failure } from '../router/failures.ts';
import type { Route } from '../router/routes.ts';
import type { Http1Client } from './client.ts';
import type { Compression } from './compression.ts';
import { copyPiece, Piece } from './field-lines.ts';
import { Http1Connection } from './http1-connection.ts';
import type { MessageBody } from './message-body.ts';
import { asksForRetry, NACK, nackOf } from './refusal-fields.ts';
import { HeadBytes, isMemorable, type RememberedResponse } from './remembered-heads.ts';

const NACKED = 'The request was nacked by the server';
const NACKED_FOR_GOOD = 'The request was nacked by the server, and should not be retried';

// States of the connection; client-connection.ts draws how they follow.
export const CONNECTING = 0;
export const IDLE = 1;
export const AWAITING = 2;
export const RECEIVING = 3;
export const TUNNEL = 4;

/** A connection to an endpoint, as far as responses go. */
export abstract class Http1ClientReceiver extends Http1Connection implements PooledConnection {
  readonly client: Http1Client;
  readonly pool: ConnectionPool;
  idleIndex = -1;
  idleSinceTick = 0;
  protected state = CONNECTING;
  protected exchange: Exchange | null = null;
  protected readonly body: MessageBody;
  readonly patience: Patience;
  /** From when on the connection takes no further exchange. */
  private readonly lifeEndTick: number;
  /** Exchanges that it has carried to their end. */
  protected served = 0;
  /** Nothing of a request is still to go out. */
  protected requestSent = true;
  protected persistent = true;
  protected informationalCount = 0;

  constructor(client: Http1Client, pool: ConnectionPool, worker: number, fd: number) {
    super(client.net, worker, fd, pool.client.scope);
    this.client = client;
    this.pool = pool;
    this.body = client.createBody();
    const { socketOptions, clientSession } = pool.client.config;
    this.patience = new Patience(client.net.limits, socketOptions, clientSession);
    this.lifeEndTick = this.patience.lifeEnd(client.net.reactor.nowTick);
  }

  get sink(): Sink {
    return this;
  }

  abstract assign(exchange: Exchange): void;
  abstract retire(): void;
  /** What the endpoint sent is no response. @param code of core/http1/errors.ts */
  protected abstract onMalformed(code: number): void;
  /** Ends the exchange's attempt, and the connection. */
  protected abstract failAttempt(reason: Reason, message: string): void;

  protected readResponse(): void {
    const { limits, readBytes } = this.net;
    while (this.readable && this.exchange !== null && !this.closed) {
      const { sink } = this.exchange.downstream as Downstream;
      if (sink.outputBytes >= limits.pendingBytesMax) return;
      const { readAt } = this.net;
      const end = this.receive(readBytes);
      if (end < 0) return;
      if (this.deliverLater(readAt, end)) return;
      this.take(readAt, end);
      if (this.state === TUNNEL) {
        this.pump();
        return;
      }
    }
  }

  onReceived(at: number, end: number): void {
    this.take(at, end);
    if (this.state === TUNNEL) this.pump();
  }

  private take(from: number, end: number): void {
    let at = from;
    while (this.state === AWAITING && at < end) {
      const exchange = this.exchange as Exchange;
      const remembered = this.pool.memory.find(this.net.bytes, at, end);
      const { service } = exchange.route as Route;
      const fits = remembered?.service === service && (exchange.coding === CODING_NONE || !remembered.codable);
      if (fits && (exchange.downstream as Downstream).takesRemembered) {
        this.takeRemembered(exchange, remembered, at, end);
        return;
      }
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
      this.net.limitMet('informationalResponsesMax');
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
    if (exchange.recordAt !== NO_BLOCK) exchange.router.accessLog?.answered(exchange, parser.contentLength);
    if (status >= 400 && this.wantsAnother(exchange, parser, headEnd, end)) return;
    exchange.router.accept(exchange);
    this.deadlineTick = NEVER;
    this.persistent = parser.persistent;
    this.state = RECEIVING;
    const dataOnly = !downstream.takesChunks;
    this.body.begin(parser.bodyKind, parser.contentLength, dataOnly);
    const tunnel = status === 101 || (exchange.method === METHOD_CONNECT && status < 300);
    const original = this.recurringHead(downstream, parser, start, headEnd);
    const codable =
      original !== null && isCodable(this.net.bytes, parser, exchange.method, exchange.router.textualOnly);
    const pendingAt = downstream.writeResponseHead(parser, start, headEnd);
    if (downstream.compression !== null) {
      downstream.compression.precede(pendingAt, headEnd - pendingAt);
      this.body.unframe();
      this.forward(exchange, headEnd, headEnd, end);
      return;
    }
    if (original !== null) this.remember(exchange, original, parser, pendingAt, headEnd, codable);
    if (downstream.withholdsBody) this.body.withhold();
    if (tunnel) this.beginTunnel(downstream, pendingAt, headEnd, end);
    else this.forward(exchange, pendingAt, headEnd, end);
  }

  /** Judges a head that may tell of a failure. @returns whether the response is not for the client, and dealt with */
  private wantsAnother(exchange: Exchange, parser: HeadParser, headEnd: number, end: number): boolean {
    const { router } = exchange;
    const nack = nackOf(this.net.bytes, parser);
    const whole = this.isWhole(parser, headEnd, end);
    if (nack !== NACK.none) {
      this.letGo(exchange, parser, whole);
      const mayGoAgain = nack === NACK.retryable;
      router.onRefused(exchange, failure(502, 'upstream_refused', mayGoAgain ? NACKED : NACKED_FOR_GOOD, mayGoAgain));
      return true;
    }
    exchange.asksForRetry = asksForRetry(this.net.bytes, parser);
    if (router.judge(exchange, false) !== VERDICT.retryable || !router.takeRetry(exchange)) return false;
    this.letGo(exchange, parser, whole);
    router.retry(exchange);
    return true;
  }

  /** All of the response, and no more, is at hand. */
  private isWhole({ bodyKind, contentLength }: HeadParser, headEnd: number, end: number): boolean {
    return headEnd + (bodyKind === BODY_LENGTH ? contentLength : 0) === end && bodyKind <= BODY_LENGTH;
  }

  /** The exchange goes elsewhere. A response that is at hand is dropped; for the rest of one nobody waits. */
  private letGo(exchange: Exchange, { persistent }: HeadParser, whole: boolean): void {
    this.exchange = null;
    exchange.upstream = null;
    this.deadlineTick = NEVER;
    this.persistent = persistent;
    this.served++;
    if (!whole) this.reset();
    else if (!this.rest()) this.close();
  }

  /** The head as it came, when it is worth being remembered: it is about to be rewritten where it lies. */
  private recurringHead(downstream: Downstream, parser: HeadParser, start: number, headEnd: number): HeadBytes | null {
    if (!downstream.takesRemembered || !isMemorable(parser)) return null;
    if (!this.pool.memory.recurs(this.net.bytes, start, headEnd)) return null;
    return new HeadBytes(this.net.bytes, start, headEnd);
  }

  private remember(
    exchange: Exchange,
    head: HeadBytes,
    parser: HeadParser,
    rewrittenAt: number,
    headEnd: number,
    codable: boolean,
  ): void {
    const { status, bodyKind, contentLength } = parser;
    const { service } = exchange.route as Route;
    const rewritten = new Piece(this.net.bytes.subarray(rewrittenAt, headEnd));
    this.pool.memory.remember({ head, status, bodyKind, contentLength, service, codable, rewritten });
  }

  private takeRemembered(exchange: Exchange, response: RememberedResponse, start: number, end: number): void {
    const downstream = exchange.downstream as Downstream;
    exchange.status = response.status;
    if (exchange.recordAt !== NO_BLOCK) exchange.router.accessLog?.answered(exchange, response.contentLength);
    exchange.router.accept(exchange);
    this.deadlineTick = NEVER;
    this.persistent = true;
    this.state = RECEIVING;
    this.body.begin(response.bodyKind, response.contentLength, false);
    const headEnd = start + response.head.byteLength;
    const at = downstream.beginRemembered(headEnd, response.rewritten.byteLength, start);
    copyPiece(this.net.bytes, at, response.rewritten);
    this.forward(exchange, at, headEnd, end);
  }

  private beginTunnel(downstream: Downstream, pendingAt: number, headEnd: number, end: number): void {
    downstream.sink.write(pendingAt, headEnd - pendingAt);
    if (downstream.sink.closed) return;
    if (end > headEnd && !this.keep(headEnd, end - headEnd)) {
      this.onBroken(0);
      return;
    }
    this.state = TUNNEL;
    downstream.onTunnel();
    Http1Connection.join(downstream.sink as Http1Connection, this);
  }

  private forward(exchange: Exchange, pendingAt: number, at: number, end: number): void {
    const { body } = this;
    const downstream = exchange.downstream as Downstream;
    const { compression } = downstream;
    const to = body.forward(this.net.bytes, pendingAt, at, end, compression ?? downstream.sink);
    // The client may have gone over the write: the exchange is then over, and this connection with it.
    if (this.exchange !== exchange || this.closed) return;
    if (compression !== null && body.error === 0 && !this.passOn(exchange, compression)) return;
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
    if (downstream.sink.outputBytes === 0) {
      this.armIdle();
      return;
    }
    // Its time stands still while it is the client that others wait for.
    this.deadlineTick = NEVER;
    downstream.armStall();
  }

  /** What was compressed so far goes out. @returns false when the exchange ended over it */
  protected passOn(exchange: Exchange, compression: Compression): boolean {
    if (this.body.done) compression.finish();
    else compression.flush();
    return this.exchange === exchange && !this.closed;
  }

  private armIdle(): void {
    this.armIn(this.patience.bodyTicks);
  }

  /** @param surplus bytes came behind the response: the connection cannot be trusted (hostile-inputs row 24) */
  protected endResponse(exchange: Exchange, surplus: boolean): void {
    const downstream = exchange.downstream as Downstream;
    this.exchange = null;
    this.deadlineTick = NEVER;
    this.served++;
    exchange.upstream = null;
    exchange.router.complete(exchange);
    if (surplus || !this.rest()) this.close();
    downstream.onResponseEnd();
  }

  /** Goes back to the pool, where a session that is idle, or old, ends. @returns false when it cannot carry another request */
  protected rest(): boolean {
    const { nowTick } = this.net.reactor;
    const isSound = this.persistent && this.requestSent && !this.peerEnding && this.output === null;
    this.state = IDLE;
    if (!isSound || nowTick >= this.lifeEndTick || !this.pool.release(this, nowTick)) return false;
    const idle = this.patience.boundsRest && this.idleIndex >= 0;
    if (idle) this.net.reactor.timers.arm(this, this.patience.restEnd(nowTick, this.lifeEndTick));
    return true;
  }

  resume(): void {
    if (this.closed) return;
    if (this.state === RECEIVING) this.armIdle();
    if (this.readable) this.onReadable();
  }
}
