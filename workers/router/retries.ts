/**
 * What becomes of an attempt: it is judged, and may be followed by another (Linkerd's path stack, spec 05 section 6).
 *
 *     response's head  --judge--> open, success, failure ------------> taken: it goes to the client
 *                        |
 *                        '------> retryable --takeRetry--> granted: the response is dropped; retry
 *                                                 '------> refused: taken, as a failure
 *
 *     ended without one --judgeEnding--> retryable --takeRetry--> retry          (failAttempt, endAttempt)
 *                              '-------------- otherwise -------> the client is told
 *
 *     retry: the branch is drawn anew, an endpoint picked anew, after a pause
 *
 * The contract with connections to endpoints, in this order, before anything of a final head goes to the client:
 *
 *     exchange.status, grpcStatus, asksForRetry = ...       what the head says
 *     verdict = router.judge(exchange, ended)
 *     verdict is retryable, and router.takeRetry(exchange)?
 *         let go of the exchange (exchange.upstream = null), drop the response, give the connection back
 *         router.retry(exchange)                            last: it may take the same connection
 *     otherwise
 *         router.accept(exchange)                           from here on the request is not sent again
 *
 * Who holds a response until its verdict is known judges it as long as it is held, and accepts it when it lets it go.
 */

import { isOwnFault } from '../../core/reasons.ts';
import { ENDING, endingOf, VERDICT } from '../../core/resilience/response-classifier.ts';
import { COUNTER } from '../../core/shared/stats.ts';
import { NO_BLOCK } from '../net/blocks.ts';
import { TICK_MS } from '../reactor/timer-wheel.ts';
import { Attempts } from './attempts.ts';
import { DUE } from './deadlines.ts';
import type { EndpointPool } from './endpoint-pool.ts';
import type { Downstream, Exchange, Failure } from './exchange.ts';
import {
  acquisitionTimeout,
  attemptTimeout,
  localResources,
  NO_RESET,
  serverTimeout,
  totalTimeout,
} from './failures.ts';
import { rewriteBranch } from './rewrite-branch.ts';
import { ROUTE, type Route, type RouteBranch } from './routes.ts';

/** What classifiers are told of a failure. An endpoint's refusal that the requeue budget did not pay for is final. */
function endingOfFailure({ reason, retryable, resetCode }: Failure): number {
  if (reason === 'upstream_refused' && !retryable) return ENDING.other;
  return endingOf(reason, resetCode !== NO_RESET);
}

/** The path stack's part of a request's life. */
export abstract class Retries extends Attempts {
  /** The exchange is over without a response: the client is told. */
  abstract fail(exchange: Exchange, cause: Failure): void;
  /** The name is a local service of Weft's own: no endpoint is asked. */
  abstract answer(exchange: Exchange, status: number): void;

  // ---- judge ---------------------------------------------------------------------------------------------------

  /** What is known of a response's success. @param ended nothing more of it is to come @returns one of VERDICT */
  judge(exchange: Exchange, ended: boolean): number {
    const { classifier } = (exchange.route as Route).service;
    const { method, status, grpcStatus, asksForRetry, isAtHand } = exchange;
    return classifier.judge(method, status, grpcStatus, ended, asksForRetry, isAtHand);
  }

  /** A response's status alone: whether it counts as a success. */
  isSuccess(exchange: Exchange, status: number): boolean {
    const { classifier } = (exchange.route as Route).service;
    return classifier.judge(exchange.method, status, -1, true, false, false) === VERDICT.success;
  }

  /** The response is what the client gets: the request will not be sent again. */
  accept(exchange: Exchange): void {
    const { pool } = exchange;
    if (pool?.client.isProbing(pool.row)) this.#endProbe(exchange, pool);
    this.deadlines.end(exchange);
    this.releaseHead(exchange);
  }

  /** A head that says enough is the result of a probe: its body may go on for hours. One of HTTP/1 always does. */
  #endProbe(exchange: Exchange, { client, row }: EndpointPool): void {
    const verdict = this.judge(exchange, !client.speaksHttp2);
    if (verdict === VERDICT.open) return;
    client.endProbe(row, this.environment.net.reactor.nowStamp, verdict !== VERDICT.success);
  }

  /** The head has come, and is held until more is known: it is in time. */
  hold(exchange: Exchange): void {
    this.deadlines.endAttempt(exchange);
  }

  /** A response has ended whose request was too long to be kept: counts a failure that would have been retried otherwise. */
  countIfTooLong(exchange: Exchange): void {
    const { service, serviceScope } = exchange.route as Route;
    const { method, status, grpcStatus, asksForRetry } = exchange;
    const verdict = service.classifier.judge(method, status, grpcStatus, true, asksForRetry, true);
    if (verdict !== VERDICT.retryable) return;
    this.environment.stats.increment(serviceScope, COUNTER.retriesRequestStreamTooLong);
  }

  /** The request will not be sent again: its head's block is free. */
  releaseHead(exchange: Exchange): void {
    if (exchange.headAt === NO_BLOCK) return;
    const { net } = this.environment;
    net.giveBlock(exchange.headAt, exchange.headCapacity);
    exchange.headAt = NO_BLOCK;
    exchange.releaseRoom(net);
  }

  // ---- retry ---------------------------------------------------------------------------------------------------

  /** An attempt was judged to be retryable. @returns whether the budget allows another; {@link retry} is then due */
  takeRetry(exchange: Exchange): boolean {
    const { budget, serviceScope } = exchange.route as Route;
    const { net, stats } = this.environment;
    if (budget?.tryWithdraw(net.reactor.nowTenths)) return true;
    stats.increment(serviceScope, COUNTER.retriesBudgetExhausted);
    return false;
  }

  /** The response is not wanted: another attempt follows. */
  retry(exchange: Exchange): void {
    this.stats.attemptEnded(exchange, false, 'application_failure');
    (exchange.branch as RouteBranch).client.onAccepted(this.environment.net.reactor.nowStamp);
    this.stats.sessionEnded(exchange);
    this.settle(exchange, true, true);
    this.#begin(exchange);
  }

  failAttempt(exchange: Exchange, cause: Failure): void {
    this.stats.attemptEnded(exchange, false, cause.reason);
    this.stats.sessionEnded(exchange);
    const endpointFailed = !isOwnFault(cause.reason);
    this.settle(exchange, endpointFailed, endpointFailed);
    this.endAttempt(exchange, cause);
  }

  protected endAttempt(exchange: Exchange, cause: Failure): void {
    const { classifier } = (exchange.route as Route).service;
    const verdict = classifier.judgeEnding(exchange.method, endingOfFailure(cause), exchange.isAtHand);
    if (verdict === VERDICT.retryable && this.takeRetry(exchange)) {
      // A pool without room has it neither at once: it gets a tick.
      this.#begin(exchange, cause.reason === 'pool_exhausted' ? TICK_MS : 0);
      return;
    }
    this.fail(exchange, cause);
  }

  #begin(exchange: Exchange, pauseMsMin = 0): void {
    const { serviceScope, service } = exchange.route as Route;
    const { stats, random } = this.environment;
    stats.increment(serviceScope, COUNTER.retriesTotal);
    this.deadlines.endAttempt(exchange);
    exchange.pauseMs = service.backoff.stepMs(exchange.retries, exchange.pauseMs, random.unit());
    exchange.retries++;
    exchange.acquisitions = 0;
    exchange.requeues = 0;
    exchange.requeuesMax = -1;
    exchange.forgetResponse();
    (exchange.downstream as Downstream).onUpstreamLost();
    const pauseMs = Math.max(exchange.pauseMs, pauseMsMin);
    if (pauseMs === 0) this.#redraw(exchange);
    else this.deadlines.pause(exchange, pauseMs);
  }

  /** What the name is bound to may have changed meanwhile, and of a union another branch may be drawn. */
  #redraw(exchange: Exchange): void {
    const route = exchange.route as Route;
    if (route.state === ROUTE.failed) {
      this.fail(exchange, route.failure as Failure);
      return;
    }
    const branch = route.drawBranch(this.environment.random);
    if (branch.answerStatus !== 0) {
      exchange.branch = branch;
      this.answer(exchange, branch.answerStatus);
      return;
    }
    if (!this.#changeBranch(exchange, branch)) {
      this.fail(exchange, localResources('the worker is out of buffers'));
      return;
    }
    this.dispatch(exchange);
  }

  #changeBranch(exchange: Exchange, branch: RouteBranch): boolean {
    const before = exchange.branch as RouteBranch;
    // The head is written in the protocol of the branch that was drawn first.
    if (branch === before || branch.client.speaksHttp2 !== before.client.speaksHttp2) return true;
    exchange.branch = branch;
    return rewriteBranch(this.environment.net, exchange, before, branch);
  }

  // ---- time ----------------------------------------------------------------------------------------------------

  /** The exchange's timer has fired. */
  onTime(exchange: Exchange): void {
    switch (this.deadlines.takeDue(exchange)) {
      case DUE.total:
        this.#endByTotalTimeout(exchange);
        break;
      case DUE.attempt:
        this.#endByAttemptTimeout(exchange);
        break;
      case DUE.acquisition:
        this.#endByAcquisitionTimeout(exchange);
        break;
      case DUE.pause:
        this.#redraw(exchange);
        break;
      default:
        break;
    }
  }

  #endByTotalTimeout(exchange: Exchange): void {
    const { service } = exchange.route as Route;
    const { client } = exchange.branch as RouteBranch;
    this.abandon(exchange);
    const { totalTimeoutMs } = service;
    const { serverTimeoutMs } = exchange;
    const isServers = serverTimeoutMs > 0 && (totalTimeoutMs === 0 || serverTimeoutMs <= totalTimeoutMs);
    const cause = isServers ? serverTimeout(serverTimeoutMs) : totalTimeout(totalTimeoutMs, client.name);
    if (exchange.inSession) {
      this.stats.attemptEnded(exchange, false, cause.reason);
      this.stats.sessionEnded(exchange);
      this.settleCut(exchange);
    }
    this.fail(exchange, cause);
  }

  #endByAcquisitionTimeout(exchange: Exchange): void {
    const { client } = exchange.branch as RouteBranch;
    const cause = acquisitionTimeout(this.bindingTimeoutMs, client.name, (exchange.route as Route).path);
    this.abandon(exchange);
    this.stats.acquisitionFailed(client.scope, cause.reason);
    this.settle(exchange, false, false);
    this.endAttempt(exchange, cause);
  }

  #endByAttemptTimeout(exchange: Exchange): void {
    const { client } = exchange.branch as RouteBranch;
    const cause = attemptTimeout(client.attemptTimeoutMs, client.name, exchange.pool?.name ?? '');
    this.abandon(exchange);
    this.failAttempt(exchange, cause);
  }

  /** Takes the exchange away from its endpoint, whose part in it ends unheard. */
  protected abandon(exchange: Exchange): void {
    const { upstream, pool } = exchange;
    exchange.upstream = null;
    if (upstream !== null) upstream.abandon();
    else pool?.forget(exchange);
  }
}
