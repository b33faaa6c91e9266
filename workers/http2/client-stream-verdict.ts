/**
 * What becomes of a response on a stream to an endpoint, where it can be judged (spec 05 section 11.1).
 *
 *     final head --retryable---------------------> the request is sent again; the response runs out
 *         |    \-open, and its end may be-+           ^
 *         |       retryable               |           | retryable
 *         |                               v           |
 *         |                             HELD ---------+
 *         |                               | verdict, too much content, or time
 *         +--verdict, or none to wait for-+------> passed on as it comes
 *
 * A response is held only where holding can be of use: its classifier goes by its end, all of the request has been sent, and
 * all of it is at hand to be sent again.
 */
import { NO_ERROR } from '../../core/http2/error-codes.ts';
import type { FieldSection } from '../../core/http2/field-section.ts';
import { readTrailers } from '../../core/http2/message-head.ts';
import { canSend } from '../../core/http2/stream-state.ts';
import { VERDICT } from '../../core/resilience/response-classifier.ts';
import { COUNTER } from '../../core/shared/stats.ts';
import { NO_BLOCK } from '../net/blocks.ts';
import { NEVER, ticksOf } from '../reactor/timer-wheel.ts';
import type { Downstream, Exchange } from '../router/exchange.ts';
import type { Route } from '../router/routes.ts';
import type { ServiceStack } from '../router/service-stack.ts';
import type { Http2Client } from './client.ts';
import type { Http2ClientConnection } from './client-connection.ts';
import { HeldResponse } from './held-response.ts';
import { Http2Stream } from './http2-stream.ts';
import { ParkedHead } from './parked-head.ts';
import type { RememberedResponse } from './response-memory.ts';

/** What becomes of a response whose head is there. */
export const PASS_ON = 0;
export const HOLD = 1;
/** It is nobody's any more: the request is sent again. */
export const RETRIED = 2;

/** A response that is not wanted has so long to come to its end; then its stream is reset. */
const RUN_OUT_MS = 1000;

/** The client's side of a stream, as far as verdicts go. */
export abstract class Http2ClientStreamVerdict extends Http2Stream {
  readonly client: Http2Client;
  protected connection: Http2ClientConnection;
  protected exchange: Exchange | null = null;
  /** The response is in {@link held}. */
  protected holding = false;
  protected atRest = true;
  /** Made when a response is held for the first time. */
  private held: HeldResponse | null = null;

  constructor(client: Http2Client, connection: Http2ClientConnection) {
    super(connection);
    this.client = client;
    this.connection = connection;
  }

  // ---- the end -------------------------------------------------------------------------------------------------

  /** The response has been received whole, and passed on. */
  protected complete(exchange: Exchange): void {
    const downstream = exchange.downstream as Downstream;
    this.exchange = null;
    exchange.upstream = null;
    if (!exchange.bodyKept) exchange.router.countIfTooLong(exchange);
    exchange.router.complete(exchange);
    downstream.onResponseEnd();
    this.connection.onAnswered();
    // The endpoint has answered without the rest of the request: nobody needs it.
    if (canSend(this.state)) this.sendReset(NO_ERROR);
    this.moveIfEnded();
  }

  /** A stream whose state has ended by what was received leaves its connection. */
  protected moveIfEnded(): void {
    if (this.isEnded && !this.atRest) this.link.streamEnded(this);
  }

  // ---- verdicts ------------------------------------------------------------------------------------------------

  /** The final head is there. @returns what becomes of the response: PASS_ON, HOLD or RETRIED */
  protected judgeHead(exchange: Exchange, status: number, endStream: boolean, asksForRetry: boolean): number {
    const { router } = exchange;
    exchange.status = status;
    exchange.asksForRetry = asksForRetry;
    router.markAnswered(exchange);
    if (exchange.recordAt !== NO_BLOCK) router.accessLog?.answered(exchange, this.bodyLength.remaining);
    const verdict = router.judge(exchange, endStream);
    if (verdict === VERDICT.retryable && this.retry(exchange)) return RETRIED;
    // An endpoint that answers before it has all of the request talks with its client: each waits for the other.
    if (this.service.holds && verdict === VERDICT.open && exchange.isAtHand && !canSend(this.state)) {
      router.hold(exchange);
      return HOLD;
    }
    router.accept(exchange);
    return PASS_ON;
  }

  /** Has the request sent again, if that is possible. @returns whether it is */
  private retry(exchange: Exchange): boolean {
    const { router } = exchange;
    if (!router.takeRetry(exchange)) return false;
    this.detach();
    if (this.isEnded) {
      this.connection.onAnswered();
      this.moveIfEnded();
    } else if (canSend(this.state)) {
      this.cancelStream();
    } else {
      // Servers count resets against their clients; most of what is left fits into the window that it has.
      this.limitTick = this.link.net.reactor.nowTick + ticksOf(RUN_OUT_MS);
      this.armTimer();
    }
    router.retry(exchange);
    return true;
  }

  /** Leaves the exchange to its router. */
  protected detach(): Exchange | null {
    const { exchange } = this;
    this.exchange = null;
    if (this.holding) this.dropHeld();
    if (exchange !== null) {
      exchange.upstream = null;
      (exchange.downstream as Downstream).onUpstreamLost();
    }
    return exchange;
  }

  // ---- holding -------------------------------------------------------------------------------------------------

  /** Holds a head that was coded for the client before. */
  protected holdKnown(known: RememberedResponse): void {
    this.beginHolding().beginKnown(known);
  }

  /** Holds a head that was decoded. */
  protected holdDecoded(head: FieldSection): void {
    this.beginHolding().begin(head);
  }

  private beginHolding(): HeldResponse {
    const { net } = this.link;
    const { classificationTimeoutMs } = this.service;
    this.held ??= new HeldResponse(net);
    this.holding = true;
    this.limitTick = net.reactor.nowTick + ticksOf(classificationTimeoutMs);
    this.armTimer();
    return this.held;
  }

  private get service(): ServiceStack {
    return ((this.exchange as Exchange).route as Route).service;
  }

  /** Content has come while the response is held. @returns whether it passes on at once, behind what was held */
  protected passesOn(exchange: Exchange, at: number, byteLength: number): boolean {
    const held = this.held as HeldResponse;
    const { responseBytes } = this.service;
    // A window that is used up would let nothing more come, and there are no other grants than for what has passed on.
    const most = Math.min(responseBytes, this.link.windowBytes - 1);
    if (held.byteLength + byteLength <= most && held.add(at, byteLength)) return false;
    this.count(COUNTER.retriesResponseStreamTooLong);
    return this.passHeldOn(exchange);
  }

  /** The response that is held ends here. @returns whether it has passed on: the end is to follow */
  protected endHeld(exchange: Exchange): boolean {
    const verdict = exchange.router.judge(exchange, true);
    return !(verdict === VERDICT.retryable && this.retry(exchange)) && this.passHeldOn(exchange);
  }

  /** As {@link endHeld}, with trailers, which lie where the head is to be put back. */
  protected endHeldBefore(exchange: Exchange, trailers: FieldSection): boolean {
    const parked = (this.held as HeldResponse).isDecoded ? new ParkedHead(trailers) : null;
    const passes = this.endHeld(exchange);
    if (passes && parked !== null) {
      parked.restore(trailers);
      readTrailers(trailers);
    }
    return passes;
  }

  /** It has taken too long. */
  protected onHeldTooLong(exchange: Exchange): void {
    this.count(COUNTER.retriesClassificationTimeout);
    this.passHeldOn(exchange);
  }

  /** Passes on what is held. @returns false when the exchange has ended over it */
  private passHeldOn(exchange: Exchange): boolean {
    const { link } = this;
    const held = this.held as HeldResponse;
    const downstream = exchange.downstream as Downstream;
    const content = held.takeContent();
    let left = held.byteLength;
    this.holding = false;
    this.limitTick = NEVER;
    exchange.router.accept(exchange);
    held.passOnHead(downstream, link.endpoint.section, exchange.method);
    if (content === null) return this.exchange === exchange;
    content.rewind();
    for (let n = content.nextSpan(); left > 0 && this.exchange === exchange; n = content.nextSpan()) {
      const most = Math.min(n, left);
      const taken = downstream.outlet.sendContent(content.spanAt, most, false, false);
      if (taken > 0) this.taken(taken);
      left -= most;
    }
    link.net.giveKeptQueue(content);
    return this.exchange === exchange;
  }

  protected dropHeld(): void {
    this.holding = false;
    (this.held as HeldResponse).clear();
  }

  private count(counter: number): void {
    this.link.net.stats.increment(((this.exchange as Exchange).route as Route).serviceScope, counter);
  }
}
