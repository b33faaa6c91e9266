/**
 * An exchange on a connection to an endpoint: its request's head and content out, its response in.
 *
 *     ready --sendHead--> AWAIT_HEAD --1xx--> AWAIT_HEAD --final head--> IN_BODY --END_STREAM--> ended
 *                             |                                             |
 *                             | refused, not looked at: another endpoint    | reset, lost: the client's response is cut
 *                             | reset, lost: 502, or sent again             |
 *                             v                                             v
 *                           ended                                         ended
 */

import { METHOD_CONNECT, METHOD_HEAD } from '../../core/http1/methods.ts';
import { CANCEL, errorName, INTERNAL_ERROR, NO_ERROR, REFUSED_STREAM } from '../../core/http2/error-codes.ts';
import type { FieldSection } from '../../core/http2/field-section.ts';
import type { HpackDecoder } from '../../core/http2/hpack/decoder.ts';
import { isMessageError, responseFailure } from '../../core/http2/message-errors.ts';
import { readResponseHead, readTrailers } from '../../core/http2/message-head.ts';
import { AWAIT_HEAD, afterHead, afterTrailers, isHeadNext } from '../../core/http2/message-sequence.ts';
import { errorCode, errorText } from '../../core/http2/protocol-errors.ts';
import { MAX_FRAME_BYTES_INITIAL } from '../../core/http2/settings.ts';
import { canSend, IDLE_OWN, receiveEvent, stateOf, transition } from '../../core/http2/stream-state.ts';
import type { Reason } from '../../core/reasons.ts';
import { Piece } from '../http1/field-lines.ts';
import { NO_BLOCK } from '../net/blocks.ts';
import type { BodySource, Outlet, Sink } from '../net/sink.ts';
import { ticksOf } from '../reactor/timer-wheel.ts';
import type { Downstream, Exchange, Failure, Upstream } from '../router/exchange.ts';
import { failure, NO_RESET } from '../router/failures.ts';
import type { Route } from '../router/routes.ts';
import { KnownBlock } from './block-memory.ts';
import type { Http2Client } from './client.ts';
import type { Http2ClientConnection } from './client-connection.ts';
import { grpcStatusOf } from './grpc-fields.ts';
import { Http2Stream } from './http2-stream.ts';
import type { RememberedResponse } from './response-memory.ts';

/** The client's side of a stream. */
export class Http2ClientStream extends Http2Stream implements Upstream {
  readonly client: Http2Client;
  private connection: Http2ClientConnection;
  private exchange: Exchange | null = null;
  private headSent = false;
  private informationalCount = 0;
  private atRest = true;

  constructor(client: Http2Client, connection: Http2ClientConnection) {
    super(connection);
    this.client = client;
    this.connection = connection;
  }

  /** Begins for an exchange. */
  open(connection: Http2ClientConnection, exchange: Exchange): void {
    this.begin(connection, 0, IDLE_OWN);
    this.connection = connection;
    this.exchange = exchange;
    this.headSent = false;
    this.informationalCount = 0;
    this.atRest = false;
    exchange.upstream = this;
  }

  /** Tells the exchange that its request can be sent. */
  ready(): void {
    const exchange = this.exchange as Exchange;
    exchange.router.onSession(exchange);
  }

  get outlet(): Outlet {
    return this;
  }

  get sink(): Sink {
    return this;
  }

  protected get source(): BodySource | null {
    return this.exchange === null ? null : this.exchange.downstream;
  }

  // ---- the request ---------------------------------------------------------------------------------------------

  sendHead(endStream: boolean): boolean {
    const exchange = this.exchange as Exchange;
    if (this.connection.sendFirst(this) < 0) {
      this.detach();
      this.leaveUnsent();
      exchange.router.reacquire(exchange);
      return false;
    }
    this.headSent = true;
    this.sendBlock(exchange.headAt, exchange.headBytes, endStream);
    return true;
  }

  sendHeadWith(at: number, byteLength: number): boolean {
    return this.sendHead(false) && this.write(at, byteLength);
  }

  onRequestSent(): void {
    // Where the last content did not say so.
    if (this.headSent && canSend(this.state)) this.sendContent(0, 0, true, false);
    const { reactor, limits } = this.link.net;
    if (limits.responseTimeoutMs === 0 || this.exchange === null) return;
    this.limitTick = reactor.nowTick + ticksOf(limits.responseTimeoutMs);
    this.armTimer();
  }

  // ---- the response --------------------------------------------------------------------------------------------

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
    } else {
      this.phase = afterHead(known.status, endStream);
      this.bodyLength.remaining = known.bodyBytes;
      this.begun(exchange, known.status);
    }
    (exchange.downstream as Downstream).respondCoded(known.rewritten, endStream);
    if (endStream) this.complete(exchange);
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
    this.begun(exchange, section.status);
    downstream.respond(section, endStream);
    if (known !== null) {
      const rewritten = downstream.lastCoded();
      if (rewritten !== null) this.remember(exchange, known, false, rewritten);
    }
    if (endStream) this.complete(exchange);
  }

  private remember(exchange: Exchange, block: KnownBlock, trailers: boolean, rewritten: Uint8Array): void {
    // A block of references to large fields may say more than a client takes in one frame.
    if (rewritten.length > MAX_FRAME_BYTES_INITIAL) return;
    this.connection.pool.memory.remember(
      {
        block,
        trailers,
        status: exchange.status,
        grpcStatus: exchange.grpcStatus,
        bodyBytes: this.bodyLength.remaining,
        service: (exchange.route as Route).service,
        rewritten: new Piece(rewritten),
      },
      this.connection.decoderInUse,
    );
  }

  /** The final head is there: the request will not be sent again. */
  private begun(exchange: Exchange, status: number): void {
    exchange.status = status;
    exchange.router.markAnswered(exchange);
    if (exchange.recordAt !== NO_BLOCK) exchange.router.accessLog?.answered(exchange, this.bodyLength.remaining);
    exchange.router.accept(exchange);
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
    const downstream = exchange.downstream as Downstream;
    downstream.respondTrailers(section);
    // Else the verdict is that of a status in the head.
    if (known !== null && grpcStatus === exchange.grpcStatus) {
      const rewritten = downstream.lastCoded();
      if (rewritten !== null) this.remember(exchange, known, true, rewritten);
    }
    this.complete(exchange);
  }

  receiveContent(at: number, byteLength: number, endStream: boolean): void {
    const { exchange } = this;
    if (exchange === null) {
      this.taken(byteLength);
      this.moveIfEnded();
      return;
    }
    this.forward((exchange.downstream as Downstream).outlet, at, byteLength, endStream);
    if (endStream && this.exchange === exchange) this.complete(exchange);
  }

  /** The response has been received whole, and passed on. */
  private complete(exchange: Exchange): void {
    const downstream = exchange.downstream as Downstream;
    this.exchange = null;
    exchange.upstream = null;
    exchange.router.complete(exchange);
    downstream.onResponseEnd();
    this.connection.onAnswered();
    // The endpoint has answered without the rest of the request: nobody needs it.
    if (canSend(this.state)) this.sendReset(NO_ERROR);
    this.moveIfEnded();
  }

  /** A stream whose state has ended by what was received leaves its connection. */
  private moveIfEnded(): void {
    if (this.isEnded && !this.atRest) this.link.streamEnded(this);
  }

  resume(): void {
    this.taken(this.receiveWindow.held);
  }

  // ---- endings -------------------------------------------------------------------------------------------------

  abandon(): void {
    this.exchange = null;
    if (this.headSent) this.cancelStream();
    else this.leaveUnsent();
  }

  /** Nothing was ever sent: the endpoint does not know of the stream. */
  private leaveUnsent(): void {
    const { connection } = this;
    connection.withdraw(this);
    this.onEnded();
    connection.pool.roomMade(connection);
  }

  onReset(code: number): void {
    const exchange = this.detach();
    if (exchange === null) return;
    const { pool } = this.connection;
    const message = `${pool.name} reset the stream: ${errorName(code)}`;
    if (code === REFUSED_STREAM && isHeadNext(this.phase)) exchange.router.onRefused(exchange, refused(message, code));
    else exchange.router.failAttempt(exchange, failure(502, 'upstream_reset', message, false, code));
  }

  /** The endpoint leaves (GOAWAY) and has not looked at the stream. @param code of the GOAWAY */
  onUnprocessed(code: number): void {
    const exchange = this.detach();
    this.link.streamEnded(this);
    if (exchange === null) return;
    const { pool } = this.connection;
    const message = `${pool.name} takes no more requests: ${errorName(code)}`;
    exchange.router.onUnprocessed(exchange, refused(message, REFUSED_STREAM));
  }

  onStreamError(error: number): void {
    const text = isMessageError(error) ? responseFailure(error).message : errorText(error);
    this.fail('upstream_malformed', `malformed response from ${this.connection.pool.name}: ${text}`, errorCode(error));
  }

  onConnectionLost(errno: number): void {
    const exchange = this.detach();
    if (exchange === null) return;
    const { complaint, served, silent, pool } = this.connection;
    if (!this.headSent) {
      exchange.router.onUnprocessed(exchange, refused(`${pool.name} has gone before the request`, NO_RESET));
      return;
    }
    if (silent) {
      exchange.router.failAttempt(exchange, failure(502, 'upstream_stalled', `${pool.name} does not answer`));
      return;
    }
    if (complaint !== '') {
      const message = `malformed response from ${pool.name}: ${complaint}`;
      exchange.router.failAttempt(exchange, failure(502, 'upstream_malformed', message));
      return;
    }
    const reason: Reason = errno === 0 ? 'upstream_closed' : 'upstream_reset';
    const unanswered = isHeadNext(this.phase) && this.informationalCount === 0;
    if (unanswered) exchange.router.onUpstreamLost(exchange, reason, served > 0);
    else exchange.router.failAttempt(exchange, failure(502, 'upstream_truncated', `${pool.name} has gone`));
  }

  override onStalled(): void {
    this.fail('upstream_stalled', `${this.connection.pool.name} takes nothing of the request`, INTERNAL_ERROR);
  }

  protected onTimeLimit(): void {
    if (!isHeadNext(this.phase)) return;
    this.link.net.limitMet('responseTimeoutMs');
    this.fail('upstream_stalled', `no response from ${this.connection.pool.name} in time`, CANCEL);
  }

  onFault(_error: unknown): void {
    this.fail('internal', 'an error in Weft ended the request', INTERNAL_ERROR);
  }

  private fail(reason: Reason, message: string, code: number): void {
    const exchange = this.detach();
    this.sendReset(code);
    if (exchange !== null) exchange.router.failAttempt(exchange, failure(502, reason, message));
  }

  private detach(): Exchange | null {
    const { exchange } = this;
    this.exchange = null;
    if (exchange !== null) {
      exchange.upstream = null;
      (exchange.downstream as Downstream).onUpstreamLost();
    }
    return exchange;
  }

  onEnded(): void {
    if (this.atRest) return;
    this.atRest = true;
    this.letGo();
    this.client.giveStream(this);
  }
}

/** Nobody has looked at the request. @param code of the RST_STREAM that says so, for the client to see */
function refused(message: string, code: number): Failure {
  return failure(503, 'upstream_refused', message, true, code);
}

/** Whether trailers that were met before tell of the same success, which depends on the head that they follow. */
function isSameEnd(known: RememberedResponse, exchange: Exchange): boolean {
  return known.status === exchange.status && (known.grpcStatus >= 0 || exchange.grpcStatus < 0);
}
