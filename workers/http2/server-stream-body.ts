/**
 * The body of a request on its way from a client's stream to an endpoint.
 *
 *     no upstream yet     kept behind the head while there is room in its block, otherwise in a queue
 *     upstream ready      head and what was kept, then content as it comes
 *     refused unseen      head and what was kept once more, to another: as long as all of it is there
 */
import type { FieldSection } from '../../core/http2/field-section.ts';
import { readTrailers } from '../../core/http2/message-head.ts';
import { afterTrailers } from '../../core/http2/message-sequence.ts';
import { receiveEvent, stateOf, transition } from '../../core/http2/stream-state.ts';
import { VERDICT } from '../../core/resilience/response-classifier.ts';
import { NO_BLOCK } from '../net/blocks.ts';
import type { ByteQueue } from '../net/byte-queue.ts';
import type { Exchange, Upstream } from '../router/exchange.ts';
import { writeTrailers } from './response-encoder.ts';
import { Http2ServerStreamEndings } from './server-stream-endings.ts';

/** The server's side of a stream, as far as the request's body goes. */
export abstract class Http2ServerStreamBody extends Http2ServerStreamEndings {
  /** Content that waits for the upstream, unless all of it is kept with the head. */
  private inbound: ByteQueue | null = null;
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
    if (this.inboundTrailers !== null && this.exchange === exchange) this.sendHeldTrailers(upstream);
    if (this.received && this.exchange === exchange) upstream.onRequestSent();
  }

  /** Sends what came before there was an upstream, or once more what another one has not looked at. */
  private sendKept(exchange: Exchange, upstream: Upstream, ends: boolean): void {
    if (exchange.bodyKept) {
      this.dropInbound();
      const at = exchange.headAt + exchange.headBytes;
      this.taken(upstream.outlet.sendContent(at, exchange.bodyBytes, ends, false));
      return;
    }
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
    if (exchange !== null && exchange.headAt !== NO_BLOCK && byteLength > 0) this.keepContent(exchange, at, byteLength);
    if (exchange !== null && this.sending) {
      const upstream = exchange.upstream as Upstream;
      this.forward(upstream.outlet, at, byteLength, endStream);
      if (endStream && this.exchange === exchange) upstream.onRequestSent();
      return;
    }
    if (exchange === null && this.parkedOn === null) {
      // Answered already: nobody wants it.
      this.taken(byteLength);
      return;
    }
    if (byteLength > 0) this.holdContent(at, byteLength);
  }

  /** Keeps content with the head, so that both can be sent again to an endpoint that has not refused them. */
  private keepContent(exchange: Exchange, at: number, byteLength: number): void {
    if (!exchange.bodyKept) return;
    const to = exchange.headAt + exchange.headBytes + exchange.bodyBytes;
    const { net } = this.link;
    if (to + byteLength > exchange.headAt + net.blockCapacity(exchange.headCapacity)) {
      exchange.bodyKept = false;
      if (exchange.bodyBytes > 0 && !this.sending) this.holdKept(exchange);
      return;
    }
    net.bytes.copyWithin(to, at, at + byteLength);
    exchange.bodyBytes += byteLength;
  }

  /** What was kept does not suffice any more: the rest of it has to wait in order. */
  private holdKept(exchange: Exchange): void {
    this.dropInbound();
    this.holdContent(exchange.headAt + exchange.headBytes, exchange.bodyBytes);
  }

  /** Content waits that is not kept with the head. */
  protected get holdsContent(): boolean {
    return this.inbound !== null;
  }

  private holdContent(at: number, byteLength: number): void {
    const { net } = this.link;
    if (this.inbound === null) this.inbound = net.takeQueue();
    if (!this.inbound.append(at, byteLength)) this.onOutOfBuffers();
  }

  protected dropInbound(): void {
    if (this.inbound !== null) this.link.net.giveQueue(this.inbound);
    this.inbound = null;
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
    if (exchange === null || !this.sending) {
      this.inboundTrailers = net.bytes.slice(scratchAt, end);
      return;
    }
    exchange.bodyKept = false;
    const upstream = exchange.upstream as Upstream;
    upstream.sendTrailers(scratchAt, end - scratchAt);
    if (this.exchange === exchange) upstream.onRequestSent();
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
    this.inboundTrailers = null;
    this.sending = false;
  }
}
