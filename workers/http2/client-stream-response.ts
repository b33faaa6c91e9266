/**
 * The response on a stream to an endpoint: blocks, known or decoded, and content, on their way to the client unless they are
 * held (client-stream-verdict.ts).
 *
 *     AWAIT_HEAD --1xx--> AWAIT_HEAD --final head--> IN_BODY --END_STREAM--> COMPLETE
 */
import { METHOD_CONNECT, METHOD_HEAD } from '../../core/http1/methods.ts';
import { INTERNAL_ERROR } from '../../core/http2/error-codes.ts';
import type { FieldSection } from '../../core/http2/field-section.ts';
import type { HpackDecoder } from '../../core/http2/hpack/decoder.ts';
import { readResponseHead, readTrailers } from '../../core/http2/message-head.ts';
import { AWAIT_HEAD, afterHead, afterTrailers, isHeadNext } from '../../core/http2/message-sequence.ts';
import { MAX_FRAME_BYTES_INITIAL } from '../../core/http2/settings.ts';
import { receiveEvent, stateOf, transition } from '../../core/http2/stream-state.ts';
import type { Reason } from '../../core/reasons.ts';
import { Piece } from '../http1/field-lines.ts';
import { asksForRetry } from '../http1/refusal-fields.ts';
import type { Downstream, Exchange } from '../router/exchange.ts';
import type { Route } from '../router/routes.ts';
import { KnownBlock } from './block-memory.ts';
import { HOLD, Http2ClientStreamVerdict, PASS_ON, RETRIED } from './client-stream-verdict.ts';
import { grpcStatusOf } from './grpc-fields.ts';
import type { RememberedResponse } from './response-memory.ts';

/** The client's side of a stream, as far as the response goes. */
export abstract class Http2ClientStreamResponse extends Http2ClientStreamVerdict {
  protected informationalCount = 0;

  /** Ends the exchange from the endpoint's side. @param code of the RST_STREAM */
  protected abstract fail(reason: Reason, message: string, code: number): void;

  // ---- heads and trailers --------------------------------------------------------------------------------------

  /** The response may be one that was coded before, for a client like this one. */
  get takesKnown(): boolean {
    const { exchange } = this;
    if (exchange === null || exchange.method === METHOD_HEAD || exchange.method === METHOD_CONNECT) return false;
    return (exchange.downstream as Downstream).takesCoded;
  }

  /** A block that was met before. @returns false when it does not fit here: it has to be looked at */
  receiveKnown(known: RememberedResponse): boolean {
    const { endStream } = known.block;
    if (known.trailers === isHeadNext(this.phase)) return false;
    const next = transition(this.state, receiveEvent(true, endStream));
    if (next < 0 || (known.trailers && this.bodyLength.end() !== 0)) return false;
    const exchange = this.exchange as Exchange;
    if (known.service !== (exchange.route as Route).service) return false;
    if (known.trailers && !isSameEnd(known, exchange)) return false;
    this.state = stateOf(next);
    if (known.grpcStatus >= 0) exchange.grpcStatus = known.grpcStatus;
    if (known.trailers) {
      this.phase = afterTrailers(endStream);
      if (this.holding && !this.endHeld(exchange)) return true;
    } else {
      this.phase = afterHead(known.status, endStream);
      this.bodyLength.remaining = known.bodyBytes;
      const fate = this.judgeHead(exchange, known.status, endStream, false);
      if (fate === HOLD) this.holdKnown(known);
      if (fate !== PASS_ON) return true;
    }
    (exchange.downstream as Downstream).respondCoded(known.rewritten, endStream);
    if (endStream && this.exchange === exchange) this.complete(exchange);
    return true;
  }

  /**
   * A block has been decoded: a head, or trailers.
   *
   * @param block as it came, when it is worth being remembered
   */
  receiveBlock(section: FieldSection, endStream: boolean, block: Uint8Array | null, decoder: HpackDecoder): void {
    const exchange = this.exchange;
    const next = transition(this.state, receiveEvent(true, endStream));
    if (next < 0) {
      this.connection.failStream(next, this.id);
      return;
    }
    if (exchange === null) {
      this.state = stateOf(next);
      this.moveIfEnded();
      return;
    }
    const known = block === null ? null : new KnownBlock(block, endStream, decoder);
    if (isHeadNext(this.phase)) this.receiveHead(exchange, section, endStream, next, known);
    else this.receiveTrailers(exchange, section, endStream, next, known);
  }

  private receiveHead(
    exchange: Exchange,
    section: FieldSection,
    endStream: boolean,
    next: number,
    known: KnownBlock | null,
  ): void {
    const error = readResponseHead(section, exchange.method, endStream);
    const phase = error === 0 ? afterHead(section.status, endStream) : error;
    if (phase < 0) {
      this.connection.failStream(phase, this.id);
      return;
    }
    this.state = stateOf(next);
    this.phase = phase;
    const downstream = exchange.downstream as Downstream;
    if (phase === AWAIT_HEAD) {
      if (this.admitInformational()) downstream.respond(section, false);
      return;
    }
    this.bodyLength.begin(section);
    exchange.grpcStatus = grpcStatusOf(section);
    const asks = asksForRetry(this.link.net.bytes, section);
    // What asks for something is looked at each time.
    const memorable = asks ? null : known;
    switch (this.judgeHead(exchange, section.status, endStream, asks)) {
      case RETRIED:
        return;
      case HOLD:
        this.holdHead(exchange, section, memorable);
        return;
    }
    downstream.respond(section, endStream);
    if (memorable !== null && this.exchange === exchange) {
      const rewritten = downstream.lastCoded();
      if (rewritten !== null) this.remember(exchange, memorable, false, rewritten);
    }
    if (endStream && this.exchange === exchange) this.complete(exchange);
  }

  private holdHead(exchange: Exchange, section: FieldSection, block: KnownBlock | null): void {
    const coded = block === null ? null : (exchange.downstream as Downstream).codeHead(section);
    const known = block === null || coded === null ? null : this.remember(exchange, block, false, coded);
    if (known !== null) this.holdKnown(known);
    else this.holdDecoded(section);
  }

  /** @returns what is remembered, null when that is too long */
  private remember(
    exchange: Exchange,
    block: KnownBlock,
    trailers: boolean,
    rewritten: Uint8Array,
  ): RememberedResponse | null {
    // A block of references to large fields may say more than a client takes in one frame.
    if (rewritten.length > MAX_FRAME_BYTES_INITIAL) return null;
    const known: RememberedResponse = {
      block,
      trailers,
      status: exchange.status,
      grpcStatus: exchange.grpcStatus,
      bodyBytes: this.bodyLength.remaining,
      service: (exchange.route as Route).service,
      rewritten: new Piece(rewritten),
    };
    this.connection.pool.memory.remember(known, this.connection.decoderInUse);
    return known;
  }

  /** @returns false when the response was ended over it */
  private admitInformational(): boolean {
    const { net } = this.link;
    this.informationalCount++;
    if (this.informationalCount <= net.limits.informationalResponsesMax) return true;
    net.limitMet('informationalResponsesMax');
    this.fail('upstream_malformed', 'too many informational responses', INTERNAL_ERROR);
    return false;
  }

  private receiveTrailers(
    exchange: Exchange,
    section: FieldSection,
    endStream: boolean,
    next: number,
    known: KnownBlock | null,
  ): void {
    const phase = afterTrailers(endStream);
    const error = phase < 0 ? phase : readTrailers(section) || this.bodyLength.end();
    if (error !== 0) {
      this.connection.failStream(error, this.id);
      return;
    }
    this.state = stateOf(next);
    this.phase = phase;
    const grpcStatus = grpcStatusOf(section);
    if (grpcStatus >= 0) exchange.grpcStatus = grpcStatus;
    if (this.holding && !this.endHeldBefore(exchange, section)) return;
    const downstream = exchange.downstream as Downstream;
    downstream.respondTrailers(section);
    if (this.exchange !== exchange) return;
    // Else the verdict is that of a status in the head.
    if (known !== null && grpcStatus === exchange.grpcStatus) {
      const rewritten = downstream.lastCoded();
      if (rewritten !== null) this.remember(exchange, known, true, rewritten);
    }
    this.complete(exchange);
  }

  // ---- content -------------------------------------------------------------------------------------------------

  receiveContent(at: number, byteLength: number, endStream: boolean): void {
    const { exchange } = this;
    if (exchange === null) {
      // Nobody wants it, and no more of it is granted.
      this.moveIfEnded();
      return;
    }
    if (this.holding && !(endStream ? this.endHeld(exchange) : this.passesOn(exchange, at, byteLength))) return;
    this.forward((exchange.downstream as Downstream).outlet, at, byteLength, endStream);
    if (endStream && this.exchange === exchange) this.complete(exchange);
  }
}

/** Whether trailers that were met before tell of the same success, which depends on the head that they follow. */
function isSameEnd(known: RememberedResponse, exchange: Exchange): boolean {
  return known.status === exchange.status && (known.grpcStatus >= 0 || exchange.grpcStatus < 0);
}
