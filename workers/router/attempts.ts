/**
 * One attempt at an endpoint, and what is put right below the eyes of retries (Linkerd's client stack, spec 05 section 7):
 *
 *     dispatch      nack admission: dropped when the client's endpoints are overloaded
 *       |           pick an endpoint by its load and status     client-stack.ts
 *       |           acquire a connection to it                  endpoint-pool.ts
 *       |              '-- none comes about: acquisition requeue: another endpoint, at once
 *     onSession     the request goes out; the attempt time-out runs
 *       |              '-- not looked at: dispatch requeue, of the client's requeue budget
 *     settle        the endpoint's load and breaker learn
 *
 * What the endpoint's connection has to say of an exchange comes here; whoever says that an attempt is over has let go of the
 * exchange before (`exchange.upstream` is null).
 *
 *     onConnectFailed   no connection                                     requeued without cost, while the client is open
 *     reacquire         waited in vain: a connection may be made now      the same
 *     onUnprocessed     the connection has gone, and the request certainly was not looked at
 *     onUpstreamLost    the connection has gone, before any byte of a response
 *     onRefused         the endpoint says that it does not look at the request: it costs budget
 *     failAttempt       anything else (retries.ts)
 */
import { isOwnFault, type Reason } from '../../core/reasons.ts';
import { IDEMPOTENT_METHODS } from '../../core/resilience/classifiers/five-xx.ts';
import { COUNTER, HISTOGRAM } from '../../core/shared/stats.ts';
import { tellDeadline } from './context-deadline.ts';
import { Deadlines } from './deadlines.ts';
import { ACQUIRED, type EndpointPool } from './endpoint-pool.ts';
import type { Downstream, Exchange, Failure } from './exchange.ts';
import { failure, noBrokers, noConnection, overloadDropped } from './failures.ts';
import type { RequestStats } from './request-stats.ts';
import type { RouterEnvironment } from './router.ts';
import type { Route, RouteBranch } from './routes.ts';

/** Of the requeues that the client can afford, one request gets so many (spec 05 section 7). */
const REQUEUES_SHARE = 0.2;

/** A refused request that cannot be sent again, whoever would pay for it. */
const FINAL = -1;

/** The client stack's part of a request's life. */
export abstract class Attempts {
  readonly stats: RequestStats;
  protected readonly environment: RouterEnvironment;
  protected readonly deadlines: Deadlines;

  constructor(environment: RouterEnvironment, stats: RequestStats) {
    this.environment = environment;
    this.stats = stats;
    this.deadlines = new Deadlines(environment.net.reactor);
  }

  /** The attempt is over, and settled: it is judged. */
  protected abstract endAttempt(exchange: Exchange, cause: Failure): void;
  /** The endpoint has failed: the attempt is counted, settled and judged. */
  abstract failAttempt(exchange: Exchange, cause: Failure): void;
  /** What a router's base dtab is, for messages. */
  protected abstract get baseDtab(): string;
  /** What an attempt may wait for a connection: as long as a name for its binding (spec 05 section 1). */
  protected abstract get bindingTimeoutMs(): number;

  // ---- pick, acquire -------------------------------------------------------------------------------------------

  /** Picks an endpoint and gets a connection to it; the downstream hears when it is ready, or why there is none. */
  dispatch(exchange: Exchange): void {
    if (this.#admits(exchange)) this.#acquireAny(exchange);
  }

  /** Whether the client's endpoints are to have the request; it has failed when they are overloaded. */
  #admits(exchange: Exchange): boolean {
    const { client } = exchange.branch as RouteBranch;
    if (client.admits(this.environment.net.reactor.nowStamp)) return true;
    this.endAttempt(exchange, overloadDropped());
    return false;
  }

  #acquireAny(exchange: Exchange): void {
    const { client } = exchange.branch as RouteBranch;
    this.#acquire(exchange, client.pick(this.environment.net.reactor.nowStamp));
  }

  #acquire(exchange: Exchange, pool: EndpointPool | null): void {
    const branch = exchange.branch as RouteBranch;
    const { nowMicros, nowTick } = this.environment.net.reactor;
    if (pool === null) {
      const route = exchange.route as Route;
      this.endAttempt(exchange, noBrokers(route.path, this.baseDtab, route.dtab));
      return;
    }
    exchange.pool = pool;
    this.stats.attemptBegan(branch);
    exchange.attemptMicros = nowMicros;
    exchange.attemptTick = nowTick;
    exchange.acquisitions++;
    if (pool.client.failsFast(pool.row)) {
      this.#failConnect(exchange, 'fail_fast');
      return;
    }
    const acquired = pool.acquire(exchange);
    if (acquired === ACQUIRED.ready) return;
    if (acquired === ACQUIRED.later) this.deadlines.beginAcquisition(exchange, this.bindingTimeoutMs);
    else this.#failAcquisition(exchange, pool, acquired);
  }

  #failAcquisition(exchange: Exchange, pool: EndpointPool, acquired: number): void {
    const cause =
      acquired === ACQUIRED.exhausted
        ? failure(502, 'pool_exhausted', `too many requests wait for a connection to ${pool.name}`, true)
        : failure(503, 'local_resources', 'no socket is left for a connection', true);
    this.stats.acquisitionFailed(pool.client.scope, cause.reason);
    // Too long a queue is its endpoint's failure; that no descriptor is left is Weft's own.
    const failed = !isOwnFault(cause.reason);
    this.settle(exchange, failed, failed);
    this.endAttempt(exchange, cause);
  }

  /** A request that waited for a pool's connection tries again: a connection may be made, or the endpoint has left. */
  reacquire(exchange: Exchange): void {
    this.settle(exchange, false, false);
    this.#acquireAny(exchange);
  }

  /** No connection came about. Another endpoint (or the same, when there is no other) is tried at once. */
  onConnectFailed(exchange: Exchange, reason: Reason): void {
    const { client } = exchange.branch as RouteBranch;
    const { net, stats } = this.environment;
    const elapsedMicros = net.reactor.elapsedMicros(exchange.attemptMicros, exchange.attemptTick);
    stats.recordLatency(client.scope, HISTOGRAM.failedConnectLatency, elapsedMicros);
    client.onConnectFailed(exchange.pool as EndpointPool);
    this.#failConnect(exchange, reason);
  }

  #failConnect(exchange: Exchange, reason: Reason): void {
    const pool = exchange.pool as EndpointPool;
    const { client } = exchange.branch as RouteBranch;
    const { stats } = this.environment;
    this.stats.acquisitionFailed(client.scope, reason);
    this.settle(exchange, true, true);
    if (this.#mayAcquireAgain(exchange)) {
      stats.increment(client.scope, COUNTER.retriesRequeues);
      this.#acquireElsewhere(exchange, pool);
      return;
    }
    const { path } = exchange.route as Route;
    this.endAttempt(exchange, noConnection(reason, pool.name, path, client.name, client.addresses()));
  }

  #mayAcquireAgain(exchange: Exchange): boolean {
    const { client } = exchange.branch as RouteBranch;
    if (!client.isOpen(this.environment.net.reactor.nowStamp)) {
      this.environment.stats.increment(client.scope, COUNTER.retriesNotOpen);
      return false;
    }
    return this.#hasAcquisitionsLeft(exchange);
  }

  #hasAcquisitionsLeft(exchange: Exchange): boolean {
    if (exchange.acquisitions < this.environment.net.limits.acquisitionAttemptsMax) return true;
    this.environment.net.limitMet('acquisitionAttemptsMax');
    return false;
  }

  #acquireElsewhere(exchange: Exchange, failed: EndpointPool): void {
    const { client } = exchange.branch as RouteBranch;
    const { nowStamp } = this.environment.net.reactor;
    this.#acquire(exchange, client.pickAfter(failed, exchange.acquisitions, nowStamp));
  }

  // ---- the session ---------------------------------------------------------------------------------------------

  /** A connection, or a stream of one, is the exchange's: the request can be sent. */
  onSession(exchange: Exchange): void {
    const { client } = exchange.branch as RouteBranch;
    const elapsedMicros = this.environment.net.reactor.elapsedMicros(exchange.attemptMicros, exchange.attemptTick);
    this.environment.stats.recordLatency(client.scope, HISTOGRAM.acquisitionLatency, elapsedMicros);
    this.deadlines.endAcquisition(exchange);
    exchange.inSession = true;
    this.deadlines.beginAttempt(exchange, client.attemptTimeoutMs);
    if (exchange.deadlineBack > 0) this.#tellDeadline(exchange, client.attemptTimeoutMs);
    (exchange.downstream as Downstream).onUpstreamReady();
  }

  #tellDeadline(exchange: Exchange, attemptTimeoutMs: number): void {
    const { net, wallClockMs } = this.environment;
    tellDeadline(exchange, net.bytes, wallClockMs(), this.deadlines.remainingMs(exchange, attemptTimeoutMs));
  }

  // ---- dispatch requeues ---------------------------------------------------------------------------------------

  /**
   * The connection is gone and the request was certainly not looked at: it goes elsewhere, whatever its method, without cost,
   * as it is no endpoint's load.
   */
  onUnprocessed(exchange: Exchange, cause: Failure): void {
    if (exchange.isAtHand && this.#hasAcquisitionsLeft(exchange)) {
      const pool = exchange.pool as EndpointPool;
      this.#beginRequeue(exchange, false);
      this.#acquireElsewhere(exchange, pool);
      return;
    }
    this.failAttempt(exchange, cause);
  }

  /**
   * The connection ended before any byte of a response. When it had served before and the request may be sent twice, it was a
   * keep-alive connection closing under the request's feet: the request goes out again.
   */
  onUpstreamLost(exchange: Exchange, reason: Reason, reused: boolean): void {
    const idempotent = (IDEMPOTENT_METHODS & (1 << exchange.method)) !== 0;
    if (reused && idempotent && exchange.isAtHand && this.#hasAcquisitionsLeft(exchange)) {
      this.#beginRequeue(exchange, false);
      this.dispatch(exchange);
      return;
    }
    const { name } = exchange.pool as EndpointPool;
    this.failAttempt(exchange, failure(502, reason, `the connection to ${name} ended before its response`));
  }

  /**
   * The endpoint has not looked at the request, and says so (a nack, REFUSED_STREAM): it goes to another, or to the same when
   * there is no other, if the client's requeue budget allows.
   *
   * @param cause what the client is told otherwise
   */
  onRefused(exchange: Exchange, cause: Failure): void {
    const pool = exchange.pool as EndpointPool;
    this.stats.attemptEnded(exchange, false, cause.reason);
    pool.client.onNack(this.environment.net.reactor.nowStamp);
    this.settle(exchange, true, true);
    const refusal = exchange.isAtHand && cause.retryable ? this.#refuseRequeue(exchange) : FINAL;
    if (refusal === 0) {
      exchange.requeues++;
      this.#beginRequeue(exchange, true);
      if (this.#admits(exchange)) this.#acquireElsewhere(exchange, pool);
      return;
    }
    this.stats.sessionEnded(exchange);
    if (refusal !== FINAL) this.environment.stats.increment(pool.client.scope, refusal);
    // An exhausted budget is final; where nobody is open, a retry may find somebody who is.
    this.endAttempt(exchange, refusal === COUNTER.retriesCannotRetry ? cause : notRetryable(cause));
  }

  /** Why a refused request may not be requeued: the counter to say so, 0 when it may. */
  #refuseRequeue(exchange: Exchange): number {
    const { client } = exchange.branch as RouteBranch;
    const { nowTenths, nowStamp } = this.environment.net.reactor;
    if (!client.isOpen(nowStamp)) return COUNTER.retriesCannotRetry;
    if (exchange.requeuesMax < 0)
      exchange.requeuesMax = Math.ceil(REQUEUES_SHARE * client.requeueBudget.balance(nowTenths));
    if (exchange.requeues >= exchange.requeuesMax) return COUNTER.retriesRequestLimit;
    return client.requeueBudget.tryWithdraw(nowTenths) ? 0 : COUNTER.retriesBudgetExhausted;
  }

  /** @param settled the attempt's end has been learned from */
  #beginRequeue(exchange: Exchange, settled: boolean): void {
    const { client } = exchange.branch as RouteBranch;
    this.environment.stats.increment(client.scope, COUNTER.retriesRequeues);
    if (!settled) this.settle(exchange, false, false);
    this.deadlines.endAttempt(exchange);
    exchange.forgetResponse();
    (exchange.downstream as Downstream).onUpstreamLost();
  }

  // ---- the end -------------------------------------------------------------------------------------------------

  /** Takes the exchange's load off its endpoint. @param learn whether the time it took says something of the endpoint */
  protected settle(exchange: Exchange, failed: boolean, learn: boolean): void {
    const { pool } = exchange;
    if (pool === null) return;
    exchange.pool = null;
    exchange.inSession = false;
    this.stats.attemptSettled(exchange.branch as RouteBranch);
    if (!learn) {
      pool.client.release(pool.row);
      return;
    }
    pool.client.settle(pool.row, this.#elapsedMicros(exchange), this.environment.net.reactor.nowStamp, failed);
  }

  /** Time is up while an endpoint still has the request: it has taken so long at least. */
  protected settleCut(exchange: Exchange): void {
    const { pool, inSession } = exchange;
    if (pool === null || !inSession) return;
    exchange.pool = null;
    exchange.inSession = false;
    this.stats.attemptSettled(exchange.branch as RouteBranch);
    pool.client.settleCut(pool.row, this.#elapsedMicros(exchange), this.environment.net.reactor.nowStamp);
  }

  #elapsedMicros(exchange: Exchange): number {
    // A stream may go on for hours behind its head: that is not how long its endpoint takes.
    if (exchange.answered) return exchange.attemptAnswerMicros;
    return this.environment.net.reactor.elapsedMicros(exchange.attemptMicros, exchange.attemptTick);
  }
}

/** The same failure, of which nobody is told that the request may be sent again. */
function notRetryable(cause: Failure): Failure {
  return failure(cause.status, cause.reason, cause.message, false, cause.resetCode);
}
