/**
 * What is counted of a request, at each of Linkerd's levels (spec 06 section 1.1):
 *
 *     server            every request that was HTTP
 *       service         every request that was identified
 *         client        every attempt that reached an endpoint
 *         client/service   the same, split by service
 */
import { type Reason, reasonIndex } from '../../core/reasons.ts';
import { COUNTER, HISTOGRAM } from '../../core/shared/stats.ts';
import type { StatsWriter } from '../../core/shared/stats-writer.ts';
import type { Reactor } from '../reactor/reactor.ts';
import type { Exchange } from './exchange.ts';
import type { Route, RouteBranch } from './routes.ts';

/** Counts the requests of one router in one worker. */
export class RequestStats {
  readonly #stats: StatsWriter;
  readonly #reactor: Reactor;

  readonly #countsStreams: boolean;

  /** @param countsStreams of HTTP/2: a request's latency ends with the response's head, and its stream is counted beside it */
  constructor(stats: StatsWriter, reactor: Reactor, countsStreams: boolean) {
    this.#stats = stats;
    this.#reactor = reactor;
    this.#countsStreams = countsStreams;
  }

  /** An exchange begins. */
  began(serverScope: number, serviceScope: number): void {
    this.#stats.add(serverScope, COUNTER.pending, 1);
    this.#stats.add(serviceScope, COUNTER.pending, 1);
  }

  /** An attempt begins: an endpoint was picked. {@link attemptSettled} follows, whatever becomes of it. */
  attemptBegan(branch: RouteBranch): void {
    this.#stats.add(branch.client.scope, COUNTER.pending, 1);
    this.#stats.add(branch.clientServiceScope, COUNTER.pending, 1);
  }

  /** An attempt is no longer under way. */
  attemptSettled(branch: RouteBranch): void {
    this.#stats.add(branch.client.scope, COUNTER.pending, -1);
    this.#stats.add(branch.clientServiceScope, COUNTER.pending, -1);
  }

  /** {@link began} is taken back. */
  tookBack(serverScope: number, serviceScope: number): void {
    this.#stats.add(serverScope, COUNTER.pending, -1);
    this.#stats.add(serviceScope, COUNTER.pending, -1);
  }

  /** No session with an endpoint came about. @param clientScope the client's */
  acquisitionFailed(clientScope: number, reason: Reason): void {
    this.#stats.recordFailedAcquisition(clientScope, reasonIndex(reason));
  }

  /** An attempt at an endpoint has ended. @param reason counts when it did not succeed */
  attemptEnded(exchange: Exchange, success: boolean, reason: Reason): void {
    const stats = this.#stats;
    const branch = exchange.branch as RouteBranch;
    const totalMicros = this.#reactor.elapsedMicros(exchange.attemptMicros, exchange.attemptTick);
    const elapsedMicros = exchange.answered ? exchange.attemptAnswerMicros : totalMicros;
    stats.recordRequest(branch.client.scope, success, elapsedMicros);
    stats.recordRequest(branch.clientServiceScope, success, elapsedMicros);
    if (this.#countsStreams) {
      this.#recordStream(branch.client.scope, HISTOGRAM.streamLatency, success, totalMicros);
      this.#recordStream(branch.clientServiceScope, HISTOGRAM.streamLatency, success, totalMicros);
    }
    if (exchange.status !== 0) stats.recordStatus(branch.client.scope, exchange.status);
    if (success) return;
    stats.recordFailure(branch.client.scope, reasonIndex(reason));
    stats.recordFailure(branch.clientServiceScope, reasonIndex(reason));
  }

  /** A session has ended, with all the requeues of its request. */
  sessionEnded(exchange: Exchange): void {
    const { client } = exchange.branch as RouteBranch;
    this.#stats.recordLatency(client.scope, HISTOGRAM.retriesPerRequest, exchange.requeues);
  }

  /** The exchange has ended. @param reason counts when it did not succeed */
  requestEnded(exchange: Exchange, success: boolean, reason: Reason): void {
    const stats = this.#stats;
    const { serverScope } = exchange;
    const { serviceScope } = exchange.route as Route;
    const totalMicros = this.#reactor.elapsedMicros(exchange.startMicros, exchange.startTick);
    const elapsedMicros = exchange.answered ? exchange.answerMicros : totalMicros;
    stats.recordRequest(serverScope, success, elapsedMicros);
    stats.recordRequest(serviceScope, success, elapsedMicros);
    if (this.#countsStreams) {
      this.#recordStream(serverScope, HISTOGRAM.serverStreamLatency, success, totalMicros);
      this.#recordStream(serviceScope, HISTOGRAM.streamLatency, success, totalMicros);
    }
    stats.recordLatency(serviceScope, HISTOGRAM.retriesPerRequest, exchange.retries);
    stats.add(serverScope, COUNTER.pending, -1);
    stats.add(serviceScope, COUNTER.pending, -1);
    if (exchange.status !== 0) stats.recordStatus(serverScope, exchange.status);
    if (success) return;
    stats.recordFailure(serverScope, reasonIndex(reason));
    stats.recordFailure(serviceScope, reasonIndex(reason));
  }

  #recordStream(scope: number, histogram: number, success: boolean, totalMicros: number): void {
    this.#stats.increment(scope, success ? COUNTER.streamSuccess : COUNTER.streamFailures);
    this.#stats.recordLatency(scope, histogram, totalMicros);
  }

  /** A request that never became an exchange. @param serviceScope 0 when it was not identified */
  refused(serverScope: number, serviceScope: number, status: number, reason: Reason): void {
    const stats = this.#stats;
    for (const scope of [serverScope, serviceScope]) {
      if (scope === 0) continue;
      stats.increment(scope, COUNTER.requests);
      stats.recordFailure(scope, reasonIndex(reason));
    }
    stats.recordStatus(serverScope, status);
  }
}
