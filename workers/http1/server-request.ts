/**
 * A request's way from a client's HTTP/1 connection to an endpoint, once or several times:
 *
 *     ACQUIRING --connection ready--> BODY --request ended--> WAITING
 *         ^                             |                        |
 *         +------- upstream lost: requeued, or retried ----------+
 *
 *     no body                  the head alone; it lies in the exchange's block until a response is accepted
 *     a short one of known     copied behind the head, and sent from there: all of it can be sent again
 *     length
 *     any other                goes on as it comes, once
 */
import { requestFailure } from '../../core/http1/errors.ts';
import type { HeadParser } from '../../core/http1/head.ts';
import { BODY_LENGTH, BODY_NONE } from '../../core/http1/parsed-head.ts';
import { NEVER } from '../reactor/timer-wheel.ts';
import type { Exchange, Upstream } from '../router/exchange.ts';
import { failure } from '../router/failures.ts';
import type { MessageBody } from './message-body.ts';
import { Http1ServerEndings } from './server-endings.ts';
import { ACQUIRING, BODY, WAITING } from './server-responder.ts';

/** A client's connection, as far as requests go. */
export abstract class Http1ServerRequest extends Http1ServerEndings {
  protected expectsContinue = false;
  protected dispatching = false;
  /** {@link onUpstreamReady} came while the request's bytes were still at hand. */
  protected readyInline = false;
  /** Whoever said that it is ready, until the request is sent to it. */
  private readyLater: Upstream | null = null;

  protected beginBody(parser: HeadParser): void {
    if (parser.bodyKind === BODY_NONE) {
      if (this.body !== null) this.server.giveBody(this.body);
      this.body = null;
      return;
    }
    if (this.body === null) this.body = this.server.takeBody();
    const dataOnly = this.exchange?.branch?.client.speaksHttp2 ?? false;
    this.body.begin(parser.bodyKind, parser.contentLength, dataOnly);
  }

  protected keepOrEnd(at: number, byteLength: number): void {
    if (!this.keep(at, byteLength)) this.onBroken(0);
  }

  // ---- an upstream is ready, or lost ---------------------------------------------------------------------------

  onUpstreamReady(): void {
    if (this.dispatching) {
      this.readyInline = true;
      return;
    }
    // Whoever calls may have bytes in hand in the read buffer, where this connection's own would be restored.
    this.readyLater = (this.exchange as Exchange).upstream;
    this.net.reactor.defer(this);
  }

  onUpstreamLost(): void {
    // What the client sends meanwhile stays in the kernel.
    this.state = ACQUIRING;
    this.deadlineTick = NEVER;
  }

  /** The end of the tick: sends the request to whoever has become ready. */
  protected sendIfReady(): void {
    const ready = this.readyLater;
    if (ready === null) return;
    this.readyLater = null;
    // Lost since it was ready: its successor may not even be connected, and speaks for itself.
    if (this.state !== ACQUIRING || this.exchange?.upstream !== ready) return;
    const end = this.restore();
    const at = this.sendRequest(this.net.readAt, end);
    if (at < end && !this.closed) this.keepOrEnd(at, end - at);
  }

  // ---- sending -------------------------------------------------------------------------------------------------

  /** Sends the head, and what is at hand of the body. @returns behind the last byte that was used */
  protected sendRequest(at: number, end: number): number {
    const exchange = this.exchange as Exchange;
    const upstream = exchange.upstream as Upstream;
    const { body } = this;
    if (body === null) {
      this.state = WAITING;
      upstream.onRequestSent();
      upstream.sendHead(true);
      return at;
    }
    this.state = BODY;
    if (this.expectsContinue) {
      this.expectsContinue = false;
      if (at === end) this.writeContinue();
    }
    if (body.kind !== BODY_LENGTH) {
      if (!upstream.sendHead(false)) return at;
      return this.forwardBody(body, at, end);
    }
    const n = Math.min(end - at, body.remaining);
    body.remaining -= n;
    body.done = body.remaining === 0;
    let contentAt = at;
    let contentBytes = n;
    if (exchange.bodyKept) {
      exchange.keepContent(this.net.bytes, at, n);
      contentAt = exchange.headAt + exchange.headBytes;
      contentBytes = exchange.bodyBytes;
    }
    if (upstream.sendHeadWith(contentAt, contentBytes)) this.afterBodyBytes(body);
    return at + n;
  }

  protected readBody(): void {
    const { limits, readBytes } = this.net;
    while (this.readable && this.state === BODY && !this.closed) {
      const exchange = this.exchange as Exchange;
      const upstream = exchange.upstream as Upstream;
      if (upstream.sink.outputBytes >= limits.pendingBytesMax) return;
      const { readAt } = this.net;
      const end = this.receive(readBytes);
      if (end < 0) return;
      const at = this.forwardBody(this.body as MessageBody, readAt, end);
      if (at < end && !this.closed) this.keepOrEnd(at, end - at);
    }
  }

  /** @returns behind the last byte that was used */
  private forwardBody(body: MessageBody, at: number, end: number): number {
    const exchange = this.exchange as Exchange;
    const { sink } = exchange.upstream as Upstream;
    if (exchange.isAtHand) exchange.keepContent(this.net.bytes, at, Math.min(end - at, body.remaining));
    const to = body.forward(this.net.bytes, at, at, end, sink);
    if (body.error !== 0) {
      this.countLimit(body.error);
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
    if (!exchange.bodyKept) this.server.router.releaseHead(exchange);
    if (!body.done) {
      this.armIn(this.patience.bodyTicks);
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
}
