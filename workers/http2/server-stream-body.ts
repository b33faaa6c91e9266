/**
 * The body of a request on its way from a client's stream to an endpoint.
 *
 *     no upstream yet     kept behind the head while there is room in its block; then, where the request may be retried and
 *                         all of it is no more than its bound, in a queue of its own; otherwise it waits until it is sent
 *     upstream ready      head and what was kept, then content as it comes
 *     sent again          head and what was kept once more, to another: as long as all of it is there
 */
import type { FieldSection } from '../../core/http2/field-section.ts';
import { readTrailers } from '../../core/http2/message-head.ts';
import { afterTrailers } from '../../core/http2/message-sequence.ts';
import { receiveEvent, stateOf, transition } from '../../core/http2/stream-state.ts';
import { VERDICT } from '../../core/resilience/response-classifier.ts';
import { NO_BLOCK } from '../net/blocks.ts';
import type { ByteQueue } from '../net/byte-queue.ts';
import type { Exchange, Upstream } from '../router/exchange.ts';
import type { Route } from '../router/routes.ts';
import { writeTrailers } from './response-encoder.ts';
import { Http2ServerStreamEndings } from './server-stream-endings.ts';

/** The server's side of a stream, as far as the request's body goes. */
export abstract class Http2ServerStreamBody extends Http2ServerStreamEndings {
  /** Content that waits for the upstream, unless all of it is kept. */
  private inbound: ByteQueue | null = null;
  /** All content so far, once it has no room behind the head. */
  private replay: ByteQueue | null = null;
  private inboundTrailers: Uint8Array | null = null;
  /** The head has gone to the upstream at hand. */
  protected sending = false;

  onUpstreamReady(): void {
    const exchange = this.exchange as Exchange;
    const upstream = exchange.upstream as Upstream;
    this.sending = true;
    const whole = this.received && this.inboundTrailers === null;
    if (this.inbound === null && exchange.bodyBytes === 0 && this.inboundTrailers === null) {
      if (upstream.sendHead(whole) && whole) upstream.onRequestSent();
      return;
    }
    if (!upstream.sendHead(false)) return;
    this.sendKept(exchange, upstream, whole);
    if (this.inboundTrailers !== null && this.isSendingTo(exchange, upstream)) this.sendHeldTrailers(upstream);
    if (this.received && this.isSendingTo(exchange, upstream)) upstream.onRequestSent();
  }

  /** Whether what was just sent has not ended it, nor brought another upstream in its place. */
  private isSendingTo(exchange: Exchange, upstream: Upstream): boolean {
    return this.exchange === exchange && exchange.upstream === upstream;
  }

  /** Sends what came before there was an upstream, or once more what another one has had in vain. */
  private sendKept(exchange: Exchange, upstream: Upstream, ends: boolean): void {
    if (!exchange.bodyKept) {
      this.sendInbound(upstream, ends);
      return;
    }
    const { replay } = this;
    if (replay === null) {
      const at = exchange.headAt + exchange.headBytes;
      this.taken(upstream.outlet.sendContent(at, exchange.bodyBytes, ends, false));
      return;
    }
    let left = exchange.bodyBytes;
    replay.rewind();
    for (let n = replay.nextSpan(); n > 0; n = replay.nextSpan()) {
      left -= n;
      this.taken(upstream.outlet.sendContent(replay.spanAt, n, ends && left === 0, false));
      if (!this.isSendingTo(exchange, upstream)) return;
    }
  }

  private sendInbound(upstream: Upstream, ends: boolean): void {
    const { inbound } = this;
    if (inbound === null) return;
    this.inbound = null;
    while (inbound.byteLength > 0) {
      const n = inbound.frontBytes;
      const last = ends && n === inbound.byteLength;
      this.taken(upstream.outlet.sendContent(inbound.frontAt, n, last, false));
      inbound.consume(n);
    }
    this.link.net.giveQueue(inbound);
  }

  private sendHeldTrailers(upstream: Upstream): void {
    const { net, endpoint } = this.link;
    const trailers = this.inboundTrailers as Uint8Array;
    net.bytes.set(trailers, endpoint.scratchAt);
    upstream.sendTrailers(endpoint.scratchAt, trailers.length);
  }

  receiveContent(at: number, byteLength: number, endStream: boolean): void {
    const { exchange } = this;
    if (exchange === null) {
      // Answered already: nobody wants it.
      if (this.parkedOn === null) this.taken(byteLength);
      else if (byteLength > 0) this.holdContent(at, byteLength);
      return;
    }
    const kept = byteLength > 0 && exchange.headAt !== NO_BLOCK && this.keepContent(exchange, at, byteLength);
    if (!this.sending) {
      if (!kept && byteLength > 0 && this.exchange === exchange) this.holdContent(at, byteLength);
      return;
    }
    const upstream = exchange.upstream as Upstream;
    this.forward(upstream.outlet, at, byteLength, endStream);
    if (endStream && this.isSendingTo(exchange, upstream)) upstream.onRequestSent();
  }

  /** Keeps content, so that the request can be sent again. @returns false when that is not possible, now or any more */
  private keepContent(exchange: Exchange, at: number, byteLength: number): boolean {
    if (!exchange.bodyKept) return false;
    const { net } = this.link;
    const bytes = exchange.bodyBytes + byteLength;
    const { classifier, requestBytes } = (exchange.route as Route).service;
    const retries = classifier.retries(exchange.method);
    if (!retries || bytes <= requestBytes) {
      const to = exchange.headAt + exchange.headBytes + exchange.bodyBytes;
      if (this.replay === null && to + byteLength <= exchange.headAt + net.blockCapacity(exchange.headCapacity)) {
        net.bytes.copyWithin(to, at, at + byteLength);
        exchange.bodyBytes = bytes;
        return true;
      }
      if (retries && this.keepInReplay(exchange, at, byteLength)) {
        exchange.bodyBytes = bytes;
        return true;
      }
    }
    exchange.bodyKept = false;
    if (!this.sending) this.holdKept(exchange);
    this.dropReplay();
    return false;
  }

  private keepInReplay(exchange: Exchange, at: number, byteLength: number): boolean {
    if (this.replay === null) {
      this.replay = this.link.net.takeKeptQueue();
      if (!this.replay.append(exchange.headAt + exchange.headBytes, exchange.bodyBytes)) {
        this.dropReplay();
        return false;
      }
    }
    return this.replay.append(at, byteLength);
  }

  /** What was kept does not suffice any more: it has to wait in front of the rest. */
  private holdKept(exchange: Exchange): void {
    let left = exchange.bodyBytes;
    const { replay } = this;
    if (replay === null) {
      if (left > 0) this.holdContent(exchange.headAt + exchange.headBytes, left);
      return;
    }
    replay.rewind();
    // Behind what counts there may be a part of what found no room.
    for (let n = replay.nextSpan(); n > 0 && left > 0; n = replay.nextSpan()) {
      this.holdContent(replay.spanAt, Math.min(n, left));
      if (this.exchange !== exchange) return;
      left -= n;
    }
  }

  /** What came while the name was not known is kept as if it came now. */
  protected keepInbound(exchange: Exchange): void {
    const { inbound } = this;
    if (inbound === null) return;
    this.inbound = null;
    while (inbound.byteLength > 0 && this.exchange === exchange) {
      const n = inbound.frontBytes;
      const kept = this.keepContent(exchange, inbound.frontAt, n);
      if (!kept && this.exchange === exchange) this.holdContent(inbound.frontAt, n);
      inbound.consume(n);
    }
    this.link.net.giveQueue(inbound);
  }

  private holdContent(at: number, byteLength: number): void {
    const { net } = this.link;
    if (this.inbound === null) this.inbound = net.takeQueue();
    if (!this.inbound.append(at, byteLength)) this.onOutOfBuffers();
  }

  private dropInbound(): void {
    if (this.inbound !== null) this.link.net.giveQueue(this.inbound);
    this.inbound = null;
  }

  /** The client is being answered: the request will not be sent again. */
  protected beginResponse(): void {
    this.responded = true;
    if (this.replay !== null) this.dropReplay();
  }

  private dropReplay(): void {
    if (this.replay !== null) this.link.net.giveKeptQueue(this.replay);
    this.replay = null;
  }

  /** HEADERS behind the head have been decoded. */
  receiveTrailers(section: FieldSection, endStream: boolean): void {
    const next = transition(this.state, receiveEvent(true, endStream));
    const error = next < 0 ? next : this.judgeTrailers(section, endStream);
    if (error !== 0) {
      this.connection.failStream(error, this.id);
      return;
    }
    this.state = stateOf(next);
    const { net, scratchAt } = this.link.endpoint;
    const { exchange } = this;
    if (exchange === null && this.parkedOn === null) return;
    const end = writeTrailers(net.bytes, scratchAt, section, VERDICT.open, this.server.config.clearContext);
    const kept = exchange?.bodyKept === true && exchange.headAt !== NO_BLOCK;
    if (exchange === null || !this.sending || kept) this.inboundTrailers = net.bytes.slice(scratchAt, end);
    if (exchange === null || !this.sending) return;
    const upstream = exchange.upstream as Upstream;
    upstream.sendTrailers(scratchAt, end - scratchAt);
    if (this.isSendingTo(exchange, upstream)) upstream.onRequestSent();
  }

  private judgeTrailers(section: FieldSection, endStream: boolean): number {
    const phase = afterTrailers(endStream);
    const error = phase < 0 ? phase : readTrailers(section) || this.bodyLength.end();
    if (error === 0) this.phase = phase;
    return error;
  }

  /** Whoever was ready is gone: another upstream will be, or the exchange has failed. */
  onUpstreamLost(): void {
    this.sending = false;
  }

  protected override letGo(): void {
    super.letGo();
    this.dropInbound();
    this.dropReplay();
    this.inboundTrailers = null;
    this.sending = false;
  }
}
