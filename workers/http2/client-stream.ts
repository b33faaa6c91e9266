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

import { CANCEL, errorName, INTERNAL_ERROR, REFUSED_STREAM } from '../../core/http2/error-codes.ts';
import { isMessageError, responseFailure } from '../../core/http2/message-errors.ts';
import { isHeadNext } from '../../core/http2/message-sequence.ts';
import { errorCode, errorText } from '../../core/http2/protocol-errors.ts';
import { canSend, IDLE_OWN } from '../../core/http2/stream-state.ts';
import type { Reason } from '../../core/reasons.ts';
import type { BodySource, Outlet, Sink } from '../net/sink.ts';
import { ticksOf } from '../reactor/timer-wheel.ts';
import type { Exchange, Failure, Upstream } from '../router/exchange.ts';
import { failure, NO_RESET } from '../router/failures.ts';
import type { Http2ClientConnection } from './client-connection.ts';
import { Http2ClientStreamResponse } from './client-stream-response.ts';

/** The client's side of a stream. */
export class Http2ClientStream extends Http2ClientStreamResponse implements Upstream {
  private headSent = false;

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

  resume(): void {
    this.taken(this.receiveWindow.held);
  }

  // ---- endings -------------------------------------------------------------------------------------------------

  abandon(): void {
    this.exchange = null;
    if (this.holding) this.dropHeld();
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
    const { exchange } = this;
    if (exchange === null) {
      this.cancelStream();
      return;
    }
    if (this.holding) this.onHeldTooLong(exchange);
    if (!isHeadNext(this.phase)) return;
    this.link.net.limitMet('responseTimeoutMs');
    this.fail('upstream_stalled', `no response from ${this.connection.pool.name} in time`, CANCEL);
  }

  onFault(_error: unknown): void {
    this.fail('internal', 'an error in Weft ended the request', INTERNAL_ERROR);
  }

  protected fail(reason: Reason, message: string, code: number): void {
    const exchange = this.detach();
    this.sendReset(code);
    if (exchange !== null) exchange.router.failAttempt(exchange, failure(502, reason, message));
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
