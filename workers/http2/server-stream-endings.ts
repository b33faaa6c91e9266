/**
 * How a request on a stream ends otherwise than well (spec 03 section 7.3, and gRPC's own way of saying it).
 *
 *     the response has begun        RST_STREAM, with the endpoint's code where it sent one
 *     the endpoint has reset it     RST_STREAM with the same code
 *     nobody looked at it           REFUSED_STREAM: it may be sent again
 *     otherwise, gRPC               200 with `grpc-status` and `grpc-message`: trailers only
 *     otherwise                     a status, `l5d-err`, and why as its body
 *     the client is gone            the exchange is cancelled, and its endpoint's stream with it
 */
import { INTERNAL_ERROR, NO_ERROR, REFUSED_STREAM } from '../../core/http2/error-codes.ts';
import { isMessageError, requestFailure } from '../../core/http2/message-errors.ts';
import { errorCode } from '../../core/http2/protocol-errors.ts';
import { canReceive, canSend } from '../../core/http2/stream-state.ts';
import type { Reason } from '../../core/reasons.ts';
import { NEVER } from '../reactor/timer-wheel.ts';
import { hasNoContent, type TracedResponse } from '../router/diagnostic-tracer.ts';
import type { Exchange, Failure } from '../router/exchange.ts';
import { failure, NO_RESET } from '../router/failures.ts';
import type { Route } from '../router/routes.ts';
import { writeAnswer, writeGrpcAnswer, writeTraced } from './answers.ts';
import { Http2Stream } from './http2-stream.ts';
import type { Http2Server } from './server.ts';
import type { Http2ServerConnection } from './server-connection.ts';

/** Failures for which nobody has looked at the request: a client may send it again at once. */
const REFUSALS: ReadonlySet<Reason> = new Set(['unidentified', 'concurrency_limit']);

const EMPTY = Buffer.alloc(0);
/** What is sent at once of a response that Weft has written itself. */
const TRACE_PART_BYTES = 4096;

/** The server's side of a stream, as far as failures go. */
export abstract class Http2ServerStreamEndings extends Http2Stream {
  readonly server: Http2Server;
  /** It holds one of the places under the server's maxConcurrentRequests. */
  gated = false;
  withholdsBody = false;
  protected connection: Http2ServerConnection;
  protected exchange: Exchange | null = null;
  /** The route that the request waits for. */
  protected parkedOn: Route | null = null;
  /** The final head of the response has been sent. */
  protected responded = false;
  protected grpc = false;
  /** The request is a HEAD. */
  protected bodyless = false;
  /** It has been given back to its server. */
  protected atRest = false;
  protected deadlineAfterParking = NEVER;

  constructor(server: Http2Server, connection: Http2ServerConnection) {
    super(connection);
    this.server = server;
    this.connection = connection;
  }

  /** Nothing needs it any more: it may become another request's. */
  protected abstract rest(): void;
  protected abstract beginResponse(): void;
  /** Takes the waiting request off its route. */
  protected abstract forgetParked(): void;

  /** The head is no request. @param error of core/http2/message-errors.ts */
  protected refuseMalformed(error: number): void {
    const { status, reason, message } = requestFailure(error);
    this.server.countMalformed(reason);
    if (reason === 'headers_too_large') this.link.net.limitMet('h2HeaderListBytes');
    if (status === 400) {
      this.connection.failStream(error, this.id);
      return;
    }
    this.answer(failure(status, reason, message));
  }

  /** Answers a request that does not become an exchange. */
  protected refuse(cause: Failure, serviceScope: number, uncounted = false): void {
    const { server } = this;
    if (!uncounted) server.router.stats.refused(server.scope, serviceScope, cause.status, cause.reason);
    this.releaseGate();
    this.answer(cause);
  }

  onFailed(cause: Failure): void {
    this.exchange = null;
    this.releaseGate();
    this.answer(cause);
  }

  onAnswered(status: number, success: boolean): void {
    // A head that announces another cannot end a stream (RFC 9113 section 8.1).
    const resetCode = status < 200 ? INTERNAL_ERROR : NO_RESET;
    this.exchange = null;
    this.releaseGate();
    this.answer(failure(status, 'application_failure', '', false, resetCode), success);
  }

  onTraced(response: TracedResponse): void {
    this.exchange = null;
    this.releaseGate();
    this.connection.onAnswered();
    this.limitTick = NEVER;
    this.armTimer();
    const { net, scratchAt } = this.link.endpoint;
    this.beginResponse();
    const { body, context } = response;
    const content = hasNoContent(response.status) ? EMPTY : Buffer.from(`${body}\n${context.trim()}\n`, 'latin1');
    const end = writeTraced(net, scratchAt, response, content.length);
    this.sendBlock(scratchAt, end - scratchAt, content.length === 0);
    for (let from = 0; from < content.length; from += TRACE_PART_BYTES) {
      const part = content.subarray(from, from + TRACE_PART_BYTES);
      net.bytes.set(part, scratchAt);
      this.sendContent(scratchAt, part.length, from + part.length === content.length, false);
    }
    this.finish();
  }

  /** Says why there is no response, in the way that the client understands. */
  private answer(cause: Failure, success = cause.status < 500): void {
    this.limitTick = NEVER;
    this.armTimer();
    if (this.responded) this.sendReset(cause.resetCode >= 0 ? cause.resetCode : INTERNAL_ERROR);
    else if (cause.resetCode >= 0) this.sendReset(cause.resetCode);
    else if (this.grpc && cause.message !== '') this.answerGrpc(cause);
    else if (REFUSALS.has(cause.reason)) this.sendReset(REFUSED_STREAM);
    else this.answerPlainly(cause, success);
    this.finish();
  }

  private answerGrpc(cause: Failure): void {
    const { net, scratchAt } = this.link.endpoint;
    this.beginResponse();
    const end = writeGrpcAnswer(net, scratchAt, cause, this.server);
    this.sendBlock(scratchAt, end - scratchAt, true);
  }

  private answerPlainly(cause: Failure, success: boolean): void {
    const { net, scratchAt } = this.link.endpoint;
    const { config } = this.server;
    this.beginResponse();
    const text = cause.message === '' || config.clearContext ? '' : cause.message;
    const body = Buffer.from(text, 'utf8').subarray(0, net.headroomBytes);
    const end = writeAnswer(net, scratchAt, cause, body.length, success, config.clearContext);
    const bodyless = this.bodyless || body.length === 0;
    this.sendBlock(scratchAt, end - scratchAt, bodyless);
    if (bodyless) return;
    net.bytes.set(body, scratchAt);
    this.sendContent(scratchAt, body.length, true, false);
  }

  /** The response is complete or never will be: whatever the client still sends is not wanted. */
  protected finish(): void {
    if (!canSend(this.state) && canReceive(this.state)) this.sendReset(NO_ERROR);
    this.restIfDone();
  }

  protected override onQueueSent(): void {
    if (this.exchange === null) this.finish();
  }

  // ---- the client goes, or breaks the rules ----------------------------------------------------------------------

  onReset(_code: number): void {
    this.abandonExchange('client_closed');
  }

  onConnectionLost(_errno: number): void {
    this.abandonExchange('client_closed');
  }

  onStreamError(error: number): void {
    const reason: Reason = isMessageError(error) ? requestFailure(error).reason : 'bad_request';
    this.sendReset(errorCode(error));
    this.abandonExchange(reason);
  }

  onStalled(): void {
    this.sendReset(INTERNAL_ERROR);
    this.abandonExchange('client_stalled');
  }

  protected onOutOfBuffers(): void {
    this.sendReset(REFUSED_STREAM);
    this.abandonExchange('local_resources');
  }

  onFault(_error: unknown): void {
    this.sendReset(INTERNAL_ERROR);
    this.abandonExchange('internal');
  }

  private abandonExchange(reason: Reason): void {
    this.forgetParked();
    const { exchange } = this;
    this.exchange = null;
    this.releaseGate();
    if (exchange !== null) this.server.router.cancel(exchange, reason);
    this.restIfDone();
  }

  // ---- time ----------------------------------------------------------------------------------------------------

  protected onTimeLimit(): void {
    const { parkedOn, exchange } = this;
    const cause = failure(504, 'deadline_exceeded', "the client's deadline has passed");
    if (parkedOn !== null) {
      this.forgetParked();
      const isDeadline = this.deadlineAfterParking <= this.link.net.reactor.nowTick;
      this.refuse(isDeadline ? cause : this.server.router.waitedTooLong(parkedOn, this.server), parkedOn.serviceScope);
      return;
    }
    if (exchange === null) return;
    this.exchange = null;
    this.releaseGate();
    this.server.router.cancel(exchange, cause.reason);
    this.answer(cause);
  }

  // ---- rest ----------------------------------------------------------------------------------------------------

  protected releaseGate(): void {
    if (!this.gated) return;
    this.gated = false;
    this.server.leaveGate();
  }

  onEnded(): void {
    this.restIfDone();
  }

  /** Gives the stream back, once it has ended on both sides of Weft. */
  protected restIfDone(): void {
    if (this.atRest || this.exchange !== null || this.parkedOn !== null || !this.isEnded) return;
    this.atRest = true;
    this.releaseGate();
    this.letGo();
    this.rest();
  }
}
