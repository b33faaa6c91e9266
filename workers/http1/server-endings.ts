/**
 * How a client's HTTP/1 connection ends otherwise than well: the endpoint fails, the client goes or stalls, time runs out.
 *
 *     the response has not begun      answered with a status and a reason
 *     it has begun                    reset: the client must see that it is not whole (hostile-inputs row 25)
 *     the client is gone              the exchange is cancelled, its endpoint's connection with it
 */
import { ERR_HOST_MISSING, requestFailure } from '../../core/http1/errors.ts';
import { NEVER } from '../reactor/timer-wheel.ts';
import type { Failure } from '../router/exchange.ts';
import { failure } from '../router/failures.ts';
import { BODY, FLUSHING, HEAD, LINGER, PARKED, TUNNEL } from './server-responder.ts';
import { Http1ServerWaiting } from './server-waiting.ts';

/** A client's connection, as far as failures go. */
export abstract class Http1ServerEndings extends Http1ServerWaiting {
  /** What came from `at` on is no request. @param code of core/http1/errors.ts */
  protected refuseMalformed(code: number, at: number): void {
    this.persistent = false;
    this.countLimit(code);
    const { status, reason, message } = requestFailure(code);
    if (code === ERR_HOST_MISSING) {
      const refusal = this.server.describeUnidentified(this.fd, at, 'Host header is absent');
      this.server.router.stats.refused(this.server.scope, 0, refusal.status, refusal.reason);
      this.answer(refusal, true);
      return;
    }
    this.server.countMalformed(reason);
    this.answer(failure(status, reason, message), false);
  }

  onFailed(cause: Failure): void {
    this.exchange = null;
    this.releaseGate();
    if (this.responseStarted) {
      this.reset();
      return;
    }
    this.answer(cause, true);
  }

  onAnswered(status: number, success: boolean): void {
    this.exchange = null;
    this.releaseGate();
    // A client takes a 1xx for the announcement of another answer, and would wait for it.
    if (status < 200) this.persistent = false;
    this.answer(failure(status, 'application_failure', ''), true, success);
  }

  protected onEnd(errno: number): void {
    switch (this.state) {
      case TUNNEL:
        this.endTunnelInput(errno);
        break;
      case BODY:
        this.onClientGone();
        break;
      case HEAD:
      case LINGER:
        this.close();
        break;
      default:
        if (errno !== 0) this.onClientGone();
    }
  }

  protected onBroken(_errno: number): void {
    if (this.tunnelPeer !== null) this.endTunnel(true);
    else this.onClientGone();
  }

  protected onClientGone(): void {
    this.leave();
    if (this.exchange !== null) {
      const { exchange } = this;
      this.exchange = null;
      this.releaseGate();
      this.server.router.cancel(exchange, 'client_closed');
    }
    this.reset();
  }

  protected onDrained(): void {
    if (this.tunnelPeer !== null) {
      this.tunnelDrained();
      return;
    }
    if (this.state === BODY) this.armIn(this.patience.bodyTicks);
    else if (this.state !== PARKED) this.deadlineTick = NEVER;
    if (this.state === HEAD && this.patience.boundsRest && this.kept === null) this.rest();
    if (this.state === FLUSHING) this.finish();
    else if (this.state === HEAD) {
      if (!this.goesOn && (this.kept !== null || this.readable)) this.goOnLater();
    } else this.exchange?.upstream?.resume();
  }

  onDeadline(): void {
    const { net } = this;
    switch (this.state) {
      case HEAD:
        if (this.resting) this.close();
        else this.onHeaderTimeout();
        break;
      case PARKED:
        this.onBindingTimeout();
        break;
      case BODY:
        this.onBodyTimeout();
        break;
      case LINGER:
        this.close();
        break;
      case TUNNEL:
        this.patience.readEnded(net, 'tunnelIdleTimeoutMs');
        this.endTunnel(true);
        break;
      default:
        this.patience.writeEnded(net);
        this.onStalled();
    }
  }

  protected onHeaderTimeout(): void {
    if (this.output !== null) {
      this.patience.writeEnded(this.net);
      this.onStalled();
      return;
    }
    this.patience.readEnded(this.net, 'headerTimeoutMs');
    if (this.kept === null) {
      this.close();
      return;
    }
    this.persistent = false;
    this.server.countMalformed('request_timeout');
    this.answer(failure(408, 'request_timeout', 'the request head did not arrive in time'), false);
  }

  protected onBodyTimeout(): void {
    const { exchange } = this;
    if (exchange === null) return;
    this.patience.readEnded(this.net, 'bodyIdleTimeoutMs');
    if (exchange.upstream !== null && exchange.upstream.sink.outputBytes > 0) {
      // The body was not read any further because the endpoint does not take what was.
      exchange.upstream.onStalled();
      return;
    }
    this.exchange = null;
    this.releaseGate();
    this.server.router.cancel(exchange, 'request_timeout');
    if (this.responseStarted) this.reset();
    else this.answer(failure(408, 'request_timeout', 'the request body did not arrive in time'), true);
  }

  /** The client takes nothing of what is due to it. */
  protected onStalled(): void {
    const { exchange } = this;
    if (exchange !== null) {
      this.exchange = null;
      this.releaseGate();
      this.server.router.cancel(exchange, 'client_stalled');
    }
    this.reset();
  }

  onFault(_error: unknown): void {
    this.leave();
    const { exchange } = this;
    this.exchange = null;
    if (exchange !== null) {
      this.releaseGate();
      this.server.router.cancel(exchange, 'internal');
    }
    if (this.tunnelPeer !== null) this.endTunnel(true);
    else this.reset();
  }
}
