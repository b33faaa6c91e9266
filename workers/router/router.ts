/**
 * A request's way through Weft, from top to bottom:
 *
 *     identify     which service is it for?            identifiers.ts
 *     bind         what is that name bound to?         route-book.ts; asked of the supervisor once, then told of changes
 *     open         an exchange begins, a branch is drawn
 *     dispatch     an endpoint is picked by its load    client-stack.ts
 *                  a connection to it is found or made  endpoint-pool.ts
 *     (the protocol's two connections forward request and response)
 *     complete     the outcome is classified, counted, and learned from
 *
 * There is one router object per router and worker. It knows no protocol: the server side of HTTP/1 (and of HTTP/2)
 * calls it, and is called back through `Downstream`.
 */
import type { RingBuffer } from 'ringbuf.js';
import type { Random } from '../../core/balance/random.ts';
import { accessLogOf } from '../../core/config/access-log.ts';
import type { RouterConfig } from '../../core/config/types.ts';
import {
  METHOD_DELETE,
  METHOD_GET,
  METHOD_HEAD,
  METHOD_OPTIONS,
  METHOD_PUT,
  METHOD_TRACE,
} from '../../core/http1/methods.ts';
import type { ParsedHead } from '../../core/http1/parsed-head.ts';
import { TOKEN_L5D_CTX_DTAB, TOKEN_L5D_DTAB } from '../../core/http1/tokens.ts';
import { NameParseError } from '../../core/names/scanner.ts';
import type { Reason } from '../../core/reasons.ts';
import { VERDICT } from '../../core/resilience/response-classifier.ts';
import { COUNTER, HISTOGRAM } from '../../core/shared/stats.ts';
import type { StatsWriter } from '../../core/shared/stats-writer.ts';
import type { CacheEvent } from '../messages.ts';
import { NO_BLOCK } from '../net/blocks.ts';
import type { Net } from '../net/net.ts';
import { AccessLog } from './access-log.ts';
import type { ClientEnvironment, PoolFactory } from './client-stack.ts';
import { ACQUIRED, type EndpointPool } from './endpoint-pool.ts';
import { type Downstream, Exchange, type Failure } from './exchange.ts';
import { failure, noBrokers, noConnection } from './failures.ts';
import { appendDtabKey, createIdentifiers, type Identifier, UNIDENTIFIED } from './identifiers.ts';
import { RequestStats } from './request-stats.ts';
import { RouteBook } from './route-book.ts';
import type { Route, RouteBranch } from './routes.ts';
import { BadDtabError } from './spell-key.ts';

const EXCHANGES_KEPT_MAX = 4096;

const DTAB_FIELDS = (1 << TOKEN_L5D_DTAB) | (1 << TOKEN_L5D_CTX_DTAB);

/** Methods whose request may be sent twice (RFC 9110 section 9.2.2). */
const IDEMPOTENT =
  (1 << METHOD_GET) |
  (1 << METHOD_HEAD) |
  (1 << METHOD_OPTIONS) |
  (1 << METHOD_TRACE) |
  (1 << METHOD_PUT) |
  (1 << METHOD_DELETE);

/** What a router asks of the supervisor. */
export interface Binder {
  bind(router: number, route: number, path: string, dtab: string): void;
  unbind(router: number, route: number, cause: CacheEvent): void;
  explain(router: number, route: number, token: number, id: string): void;
}

/** What the routers of a worker share. */
export interface RouterEnvironment extends ClientEnvironment {
  readonly net: Net;
  readonly stats: StatsWriter;
  readonly random: Random;
  readonly binder: Binder;
  readonly createPool: PoolFactory;
  /** Takes the records of access logs; null when no router has one. */
  readonly accessRing: RingBuffer | null;
  /** Where keys are written: as large as a head. */
  readonly keyAt: number;
}

/** One router in one worker. */
export class Router {
  readonly index: number;
  readonly config: RouterConfig;
  readonly routes: RouteBook;
  readonly stats: RequestStats;
  /** Null when the router has none. */
  readonly accessLog: AccessLog | null;
  /** Why {@link identify} answered null. */
  refusal: Failure | null = null;
  /** Set with {@link refusal}: the failure comes before the server's statistics (spec 06 vector 5c). */
  refusedUncounted = false;
  /** Bytes at the target's start that the identifier consumed. */
  consumedBytes = 0;
  readonly #environment: RouterEnvironment;
  readonly #identifiers: readonly Identifier[];
  readonly #exchanges: Exchange[] = [];

  constructor(index: number, config: RouterConfig, environment: RouterEnvironment) {
    this.index = index;
    this.config = config;
    this.#environment = environment;
    this.routes = new RouteBook(index, config, environment);
    this.stats = new RequestStats(environment.stats, environment.net.reactor, config.protocol === 'h2');
    const { net, accessRing } = environment;
    this.accessLog =
      accessRing === null || accessLogOf(config) === undefined ? null : new AccessLog(index, net, accessRing, Date.now);
    this.#identifiers = createIdentifiers(config);
  }

  // ---- identify ------------------------------------------------------------------------------------------------

  /**
   * Names the request with this head and finds its route, which may be pending.
   *
   * @returns null when no identifier knows it: {@link refusal} says why
   */
  identify(head: ParsedHead, clearContext: boolean): Route | null {
    const { bytes } = this.#environment.net;
    const at = this.#environment.keyAt;
    let end = UNIDENTIFIED;
    let reason = '';
    for (let i = 0; i < this.#identifiers.length && end === UNIDENTIFIED; i++) {
      const identifier = this.#identifiers[i] as Identifier;
      end = identifier.writeKey(head, bytes, at);
      if (end === UNIDENTIFIED) reason = identifier.reason;
      else this.consumedBytes = identifier.consumedBytes;
    }
    if (end === UNIDENTIFIED) {
      this.#refuse(failure(400, 'unidentified', reason), false);
      return null;
    }
    if ((head.seen & DTAB_FIELDS) !== 0 && !clearContext) end = appendDtabKey(head, bytes, end);
    return this.#bind(bytes, at, end - at);
  }

  #refuse(refusal: Failure, uncounted: boolean): void {
    this.refusal = refusal;
    this.refusedUncounted = uncounted;
  }

  // ---- bind ----------------------------------------------------------------------------------------------------

  #bind(bytes: Uint8Array, at: number, byteLength: number): Route | null {
    try {
      return this.routes.find(bytes, at, byteLength);
    } catch (error) {
      const badDtab = error instanceof BadDtabError;
      if (!badDtab && !(error instanceof NameParseError)) throw error;
      this.#refuse(failure(400, badDtab ? 'bad_dtab' : 'unidentified', error.message), badDtab);
      return null;
    }
  }

  // ---- open ----------------------------------------------------------------------------------------------------

  /** Begins the exchange of a request whose route is known to lead somewhere. @param bodyless the request has no body */
  open(downstream: Downstream, route: Route, method: number, bodyless: boolean, serverScope: number): Exchange {
    const exchange = this.#exchanges.pop() ?? new Exchange(this);
    const { nowMicros, nowTick } = this.#environment.net.reactor;
    exchange.downstream = downstream;
    exchange.route = route;
    exchange.serverScope = serverScope;
    exchange.startMicros = nowMicros;
    exchange.startTick = nowTick;
    exchange.method = method;
    exchange.replayable = bodyless && (IDEMPOTENT & (1 << method)) !== 0;
    route.inUse++;
    route.lastUsedTick = nowTick;
    exchange.branch =
      route.draw === null
        ? (route.branches[0] as RouteBranch)
        : (route.branches[route.draw.draw(this.#environment.random)] as RouteBranch);
    this.stats.began(serverScope, route.serviceScope);
    this.#environment.net.underWay++;
    return exchange;
  }

  // ---- dispatch ------------------------------------------------------------------------------------------------

  /** Picks an endpoint and gets a connection to it; the downstream hears when it is ready, or why there is none. */
  dispatch(exchange: Exchange): void {
    const { client } = exchange.branch as RouteBranch;
    this.#send(exchange, client.pick(this.#environment.net.reactor.nowStamp));
  }

  #send(exchange: Exchange, pool: EndpointPool | null): void {
    const branch = exchange.branch as RouteBranch;
    const { nowMicros, nowTick } = this.#environment.net.reactor;
    if (pool === null) {
      const route = exchange.route as Route;
      this.fail(exchange, noBrokers(route.path, this.config.dtab, route.dtab));
      return;
    }
    exchange.pool = pool;
    this.stats.attemptBegan(branch);
    exchange.attemptMicros = nowMicros;
    exchange.attemptTick = nowTick;
    exchange.attempts++;
    const acquired = pool.acquire(exchange);
    if (acquired === ACQUIRED.exhausted || acquired === ACQUIRED.noSocket) {
      this.#failAcquisition(exchange, pool, acquired);
    }
  }

  #failAcquisition(exchange: Exchange, pool: EndpointPool, acquired: number): void {
    const cause =
      acquired === ACQUIRED.exhausted
        ? failure(502, 'pool_exhausted', `too many requests wait for a connection to ${pool.name}`, true)
        : failure(503, 'local_resources', 'no socket is left for a connection', true);
    this.stats.acquisitionFailed(pool.client.scope, cause.reason);
    this.fail(exchange, cause);
  }

  /** A request that waited for a pool's connection tries again: a connection may be made, or the endpoint has left. */
  reacquire(exchange: Exchange): void {
    this.#settle(exchange, false, false);
    this.dispatch(exchange);
  }

  /** No connection came about. Another endpoint (or the same, when there is no other) is tried at once (spec 05 section 7). */
  onConnectFailed(exchange: Exchange, reason: Reason): void {
    const pool = exchange.pool as EndpointPool;
    const branch = exchange.branch as RouteBranch;
    const { scope } = branch.client;
    const elapsedMicros = this.#environment.net.reactor.elapsedMicros(exchange.attemptMicros, exchange.attemptTick);
    this.#environment.stats.recordLatency(scope, HISTOGRAM.failedConnectLatency, elapsedMicros);
    this.stats.acquisitionFailed(scope, reason);
    this.#settle(exchange, true, true);
    if (exchange.attempts < this.#environment.net.limits.acquisitionAttemptsMax) {
      this.#environment.stats.increment(scope, COUNTER.retriesRequeues);
      this.#send(exchange, branch.client.pickAfter(pool, exchange.attempts, this.#environment.net.reactor.nowStamp));
      return;
    }
    this.#environment.net.limitMet('acquisitionAttemptsMax');
    const path = (exchange.route as Route).path;
    this.fail(exchange, noConnection(reason, pool.name, path, branch.client.name, branch.client.addresses()));
  }

  /**
   * The connection ended before any byte of a response. When it had served before and the request may be sent twice,
   * it was a keep-alive connection closing under the request's feet: the request goes out again.
   */
  onUpstreamLost(exchange: Exchange, reason: Reason, reused: boolean): void {
    if (reused && exchange.replayable && exchange.replays < this.#environment.net.limits.acquisitionAttemptsMax) {
      exchange.replays++;
      exchange.upstream = null;
      this.#environment.stats.increment((exchange.branch as RouteBranch).client.scope, COUNTER.retriesRequeues);
      this.#settle(exchange, false, false);
      this.dispatch(exchange);
      return;
    }
    const { name } = exchange.pool as EndpointPool;
    this.failAttempt(exchange, failure(502, reason, `the connection to ${name} ended before its response`));
  }

  /**
   * The endpoint has not looked at the request, and says so (REFUSED_STREAM, or a GOAWAY below it): it may go to another,
   * whatever its method, as long as all of it is still at hand.
   */
  onRefused(exchange: Exchange, message: string, resetCode: number): void {
    const pool = exchange.pool as EndpointPool;
    const { client } = exchange.branch as RouteBranch;
    const whole = exchange.headAt !== NO_BLOCK && exchange.bodyKept;
    if (!whole || exchange.attempts >= this.#environment.net.limits.acquisitionAttemptsMax) {
      this.failAttempt(exchange, failure(503, 'upstream_refused', message, true, resetCode));
      return;
    }
    exchange.upstream = null;
    this.#environment.stats.increment(client.scope, COUNTER.retriesRequeues);
    this.#settle(exchange, false, false);
    this.#send(exchange, client.pickAfter(pool, exchange.attempts, this.#environment.net.reactor.nowStamp));
  }

  // ---- complete ------------------------------------------------------------------------------------------------

  /** Whether a response counts as a success by its status alone. */
  isSuccess(exchange: Exchange, status: number): boolean {
    const { classifier } = exchange.route as Route;
    return classifier.judge(exchange.method, status, -1, true, false, false) === VERDICT.success;
  }

  /** What is known of a response's success. @param ended nothing more of it is to come @returns one of VERDICT */
  judge(exchange: Exchange, ended: boolean): number {
    const { classifier } = exchange.route as Route;
    return classifier.judge(exchange.method, exchange.status, exchange.grpcStatus, ended, false, false);
  }

  /** The head of an HTTP/2 response has come: that is how long it took, whatever its body does (spec 06 section 1.3). */
  markAnswered(exchange: Exchange): void {
    const { reactor } = this.#environment.net;
    exchange.answered = true;
    exchange.answerMicros = reactor.elapsedMicros(exchange.startMicros, exchange.startTick);
    exchange.attemptAnswerMicros = reactor.elapsedMicros(exchange.attemptMicros, exchange.attemptTick);
  }

  /** The response has gone through. */
  complete(exchange: Exchange): void {
    const success = this.judge(exchange, true) === VERDICT.success;
    this.stats.attemptEnded(exchange, success, 'application_failure');
    this.#settle(exchange, !success, true);
    this.stats.requestEnded(exchange, success, 'application_failure');
    this.#close(exchange);
  }

  /** The name is a local service of Weft's own: no endpoint is asked. */
  answer(exchange: Exchange, status: number): void {
    const downstream = exchange.downstream as Downstream;
    exchange.status = status;
    if (exchange.recordAt !== NO_BLOCK) this.accessLog?.answered(exchange, -1);
    const success = this.isSuccess(exchange, status);
    this.stats.attemptEnded(exchange, success, 'application_failure');
    this.stats.requestEnded(exchange, success, 'application_failure');
    this.#close(exchange);
    downstream.onAnswered(status, success);
  }

  /** The exchange failed before it was sent, in Weft: the client is told. */
  fail(exchange: Exchange, cause: Failure): void {
    this.#settle(exchange, false, false);
    exchange.status = cause.status;
    this.stats.requestEnded(exchange, false, cause.reason);
    const downstream = exchange.downstream as Downstream;
    this.#close(exchange);
    downstream.onFailed(cause);
  }

  /** The exchange failed at an endpoint: the client is told, or its response aborted. */
  failAttempt(exchange: Exchange, cause: Failure): void {
    this.stats.attemptEnded(exchange, false, cause.reason);
    this.#settle(exchange, true, true);
    this.fail(exchange, cause);
  }

  /** Takes an exchange back that nothing has been done for: the request will be opened again. */
  discard(exchange: Exchange): void {
    this.stats.tookBack(exchange.serverScope, (exchange.route as Route).serviceScope);
    this.#close(exchange);
  }

  /** The client is gone, or has broken the protocol: whatever is under way for it ends. */
  cancel(exchange: Exchange, reason: Reason): void {
    const { upstream, pool } = exchange;
    exchange.upstream = null;
    if (upstream !== null) upstream.abandon();
    else pool?.forget(exchange);
    this.#settle(exchange, false, false);
    this.stats.requestEnded(exchange, false, reason);
    this.#close(exchange);
  }

  /** Takes the exchange's load off its endpoint. @param learn whether the time it took says something of the endpoint */
  #settle(exchange: Exchange, failed: boolean, learn: boolean): void {
    const { pool } = exchange;
    if (pool === null) return;
    exchange.pool = null;
    this.stats.attemptSettled(exchange.branch as RouteBranch);
    if (!learn) {
      pool.client.release(pool.row);
      return;
    }
    const { reactor } = this.#environment.net;
    // A stream may go on for hours behind its head: that is not how long its endpoint takes.
    const elapsedMicros = exchange.answered
      ? exchange.attemptAnswerMicros
      : reactor.elapsedMicros(exchange.attemptMicros, exchange.attemptTick);
    pool.client.settle(pool.row, elapsedMicros, reactor.nowStamp, failed);
  }

  #close(exchange: Exchange): void {
    this.#environment.net.underWay--;
    this.releaseHead(exchange);
    if (exchange.recordAt !== NO_BLOCK) this.accessLog?.end(exchange);
    this.routes.release(exchange.route as Route);
    exchange.reset();
    if (this.#exchanges.length < EXCHANGES_KEPT_MAX) this.#exchanges.push(exchange);
  }

  /** The request will not be sent again: its head's block is free. */
  releaseHead(exchange: Exchange): void {
    if (exchange.headAt === NO_BLOCK) return;
    this.#environment.net.giveBlock(exchange.headAt, exchange.headCapacity);
    exchange.headAt = NO_BLOCK;
  }
}
