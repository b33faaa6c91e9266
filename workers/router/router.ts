/**
 * A request's way through Weft, from top to bottom:
 *
 *     identify     which service is it for?            identifiers.ts
 *     bind         what is that name bound to?         routes.ts; asked of the supervisor once, then told of changes
 *     open         an exchange begins, a branch is drawn
 *     dispatch     an endpoint is picked by its load    client-stack.ts
 *                  a connection to it is found or made  endpoint-pool.ts
 *     (the protocol's two connections forward request and response)
 *     complete     the outcome is classified, counted, and learned from
 *
 * There is one router object per router and worker. It knows no protocol: the server side of HTTP/1 (and of HTTP/2)
 * calls it, and is called back through `Downstream`.
 */
import type { Random } from '../../core/balance/random.ts';
import { UnionDraw } from '../../core/balance/union-draw.ts';
import type { RouterConfig } from '../../core/config/types.ts';
import type { HeadParser } from '../../core/http1/head.ts';
import {
  METHOD_DELETE,
  METHOD_GET,
  METHOD_HEAD,
  METHOD_OPTIONS,
  METHOD_PUT,
  METHOD_TRACE,
} from '../../core/http1/methods.ts';
import { TOKEN_L5D_CTX_DTAB, TOKEN_L5D_DTAB } from '../../core/http1/tokens.ts';
import { Path } from '../../core/names/path.ts';
import { type Reason, reasonIndex } from '../../core/reasons.ts';
import { COUNTER, HISTOGRAM } from '../../core/shared/stats.ts';
import type { StatsWriter } from '../../core/shared/stats-writer.ts';
import type { BindReply, BranchMessage } from '../messages.ts';
import { NO_BLOCK } from '../net/blocks.ts';
import type { Net } from '../net/net.ts';
import { ticksOf } from '../reactor/timer-wheel.ts';
import { branchHeaders } from './branch-headers.ts';
import { type ClientEnvironment, ClientStack, type Connector } from './client-stack.ts';
import { ACQUIRED, type EndpointPool } from './endpoint-pool.ts';
import { type Downstream, Exchange, type Failure } from './exchange.ts';
import { failure, noBrokers, noConnection } from './failures.ts';
import { appendDtabKey, createIdentifier, type Identifier, UNIDENTIFIED } from './identifiers.ts';
import { ROUTE, Route, type RouteBranch, RouteTable } from './routes.ts';
import { BadDtabError, type SpelledKey, spellKey } from './spell-key.ts';

const EXCHANGES_KEPT_MAX = 4096;
const FNV_PRIME = 0x01000193;

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
  unbind(router: number, route: number): void;
}

/** What the routers of a worker share. */
export interface RouterEnvironment extends ClientEnvironment {
  readonly net: Net;
  readonly stats: StatsWriter;
  readonly random: Random;
  readonly binder: Binder;
  readonly connect: Connector;
  /** Where keys are written: as large as a head. */
  readonly keyAt: number;
}

/** One router in one worker. */
export class Router {
  readonly index: number;
  readonly config: RouterConfig;
  /** Why {@link identify} answered null. */
  refusal: Failure | null = null;
  /** Set with {@link refusal}: the failure comes before the server's statistics (spec 06 vector 5c). */
  refusedUncounted = false;
  /** Bytes at the target's start that the identifier consumed. */
  consumedBytes = 0;
  parkedCount = 0;
  readonly #environment: RouterEnvironment;
  readonly #stats: StatsWriter;
  readonly #identifiers: readonly Identifier[];
  readonly #dstPrefix: Path;
  readonly #routes: RouteTable;
  readonly #routesById = new Map<number, Route>();
  readonly #clients = new Map<number, ClientStack>();
  readonly #exchanges: Exchange[] = [];
  readonly #successAlways: boolean;
  #nextRouteId = 1;
  #expireTick = 0;

  constructor(index: number, config: RouterConfig, environment: RouterEnvironment) {
    this.index = index;
    this.config = config;
    this.#environment = environment;
    this.#stats = environment.stats;
    this.#identifiers = config.identifier.map(createIdentifier);
    this.#dstPrefix = Path.read(config.dstPrefix);
    this.#routes = new RouteTable(Math.min(config.bindingCache.paths, environment.net.limits.routesMax));
    this.#successAlways = config.service.responseClassifier.kind === 'io.l5d.http.allSuccessful';
  }

  // ---- identify ------------------------------------------------------------------------------------------------

  /**
   * Names the request in `parser`'s hands and finds its route, which may be pending.
   *
   * @returns null when no identifier knows it: {@link refusal} says why
   */
  identify(parser: HeadParser, clearContext: boolean): Route | null {
    const { bytes } = this.#environment.net;
    const at = this.#environment.keyAt;
    let end = UNIDENTIFIED;
    let reason = '';
    for (let i = 0; i < this.#identifiers.length && end === UNIDENTIFIED; i++) {
      const identifier = this.#identifiers[i] as Identifier;
      end = identifier.writeKey(parser, bytes, at);
      if (end === UNIDENTIFIED) reason = identifier.reason;
      else this.consumedBytes = identifier.consumedBytes;
    }
    if (end === UNIDENTIFIED) {
      this.#refuse(failure(400, 'unidentified', reason), false);
      return null;
    }
    if ((parser.seen & DTAB_FIELDS) !== 0 && !clearContext) end = appendDtabKey(parser, bytes, end);
    return this.#bind(bytes, at, end - at);
  }

  #refuse(refusal: Failure, uncounted: boolean): void {
    this.refusal = refusal;
    this.refusedUncounted = uncounted;
  }

  // ---- bind ----------------------------------------------------------------------------------------------------

  #bind(bytes: Uint8Array, at: number, byteLength: number): Route | null {
    let hash = 0x811c9dc5;
    for (let i = 0; i < byteLength; i++) hash = Math.imul(hash ^ (bytes[at + i] as number), FNV_PRIME);
    hash ^= hash >>> 15;
    const route = this.#routes.find(bytes, at, byteLength, hash);
    return route !== null ? route : this.#openRoute(bytes.slice(at, at + byteLength), hash);
  }

  #openRoute(key: Uint8Array, hash: number): Route | null {
    let spelled: SpelledKey;
    try {
      spelled = spellKey(key, this.#dstPrefix);
    } catch (error) {
      const badDtab = error instanceof BadDtabError;
      const message = error instanceof Error ? error.message : String(error);
      this.#refuse(failure(400, badDtab ? 'bad_dtab' : 'unidentified', message), badDtab);
      return null;
    }
    const route = new Route(this.#nextRouteId++, key, hash, spelled.path.show(), spelled.dtab.show());
    if (this.#routes.size >= this.#routes.capacity) {
      const oldest = this.#routes.oldestIdle();
      if (oldest !== null) this.#dropRoute(oldest);
    }
    if (this.#routes.size < this.#routes.capacity) this.#routes.add(route);
    this.#routesById.set(route.id, route);
    this.#environment.binder.bind(this.index, route.id, route.path, route.dtab);
    return route;
  }

  /** Lets a request wait until its route is known. @returns false when too many wait already */
  park(route: Route, downstream: Downstream): boolean {
    if (this.parkedCount >= this.#environment.net.limits.parkedRequestsMax) return false;
    this.parkedCount++;
    route.waiting.push(downstream);
    return true;
  }

  /** Takes back {@link park}: the request has given up waiting. */
  unpark(route: Route, downstream: Downstream): void {
    const place = route.waiting.indexOf(downstream);
    if (place < 0) return;
    route.waiting.splice(place, 1);
    this.parkedCount--;
    if (!route.cached && route.inUse === 0 && route.waiting.length === 0) this.#dropRoute(route);
  }

  /** The supervisor's answer to a bind, or news about it. */
  onBound(reply: BindReply): void {
    const route = this.#routesById.get(reply.route);
    if (route === undefined) return;
    const before = route.branches;
    if (reply.state === 'ok') {
      route.branches = reply.branches.map((branch) => this.#openBranch(route, branch));
      route.draw = route.branches.length > 1 ? new UnionDraw(reply.branches.map(({ weight }) => weight)) : null;
      route.state = ROUTE.ok;
      route.failure = null;
    } else {
      route.branches = [];
      route.draw = null;
      route.state = ROUTE.failed;
      route.failure =
        reply.state === 'neg'
          ? noBrokers(route.path, this.config.dtab, route.dtab)
          : failure(502, reply.reason, reply.message);
    }
    route.serviceScope = reply.serviceScope;
    for (const branch of before) this.#releaseClient(branch.client);
    this.#unparkAll(route);
  }

  #unparkAll(route: Route): void {
    const { waiting } = route;
    if (waiting.length === 0) return;
    route.waiting = [];
    this.parkedCount -= waiting.length;
    route.inUse++;
    for (const downstream of waiting) downstream.onUnparked(route);
    this.#releaseRoute(route);
  }

  #openBranch(route: Route, message: BranchMessage): RouteBranch {
    let client = this.#clients.get(message.client);
    if (client === undefined) {
      const { connect } = this.#environment;
      client = new ClientStack(
        message.client,
        message.id,
        message.clientScope,
        this.config.client,
        this.#environment,
        connect,
      );
      this.#clients.set(message.client, client);
    }
    client.references++;
    return {
      client,
      clientServiceScope: message.clientServiceScope,
      residual: message.residual,
      answerStatus: message.answerStatus,
      headers: branchHeaders(route.path, message.id, message.residual, route.dtab),
    };
  }

  #releaseClient(client: ClientStack): void {
    client.references--;
    if (client.references > 0) return;
    this.#clients.delete(client.id);
    client.close();
  }

  #dropRoute(route: Route): void {
    if (route.cached) this.#routes.remove(route);
    this.#routesById.delete(route.id);
    for (const branch of route.branches) this.#releaseClient(branch.client);
    route.branches = [];
    this.#environment.binder.unbind(this.index, route.id);
  }

  #releaseRoute(route: Route): void {
    route.inUse--;
    if (!route.cached && route.inUse === 0 && route.waiting.length === 0) this.#dropRoute(route);
  }

  // ---- open ----------------------------------------------------------------------------------------------------

  /** Begins the exchange of a request whose route is known to lead somewhere. */
  open(downstream: Downstream, route: Route, parser: HeadParser, serverScope: number): Exchange {
    const exchange = this.#exchanges.pop() ?? new Exchange(this);
    const { nowMicros, nowTick } = this.#environment.net.reactor;
    exchange.downstream = downstream;
    exchange.route = route;
    exchange.serverScope = serverScope;
    exchange.startMicros = nowMicros;
    exchange.method = parser.method;
    exchange.replayable = (IDEMPOTENT & (1 << parser.method)) !== 0 && parser.bodyKind === 0;
    route.inUse++;
    route.lastUsedTick = nowTick;
    exchange.branch =
      route.draw === null
        ? (route.branches[0] as RouteBranch)
        : (route.branches[route.draw.draw(this.#environment.random)] as RouteBranch);
    const stats = this.#stats;
    stats.add(serverScope, COUNTER.pending, 1);
    stats.add(route.serviceScope, COUNTER.pending, 1);
    return exchange;
  }

  // ---- dispatch ------------------------------------------------------------------------------------------------

  /** Picks an endpoint and gets a connection to it; the downstream hears when it is ready, or why there is none. */
  dispatch(exchange: Exchange): void {
    const branch = exchange.branch as RouteBranch;
    const { nowMicros } = this.#environment.net.reactor;
    const pool = branch.client.pick(nowMicros);
    if (pool === null) {
      const route = exchange.route as Route;
      this.fail(exchange, noBrokers(route.path, this.config.dtab, route.dtab));
      return;
    }
    exchange.pool = pool;
    exchange.attemptMicros = nowMicros;
    exchange.attempts++;
    const acquired = pool.acquire(exchange);
    if (acquired === ACQUIRED.exhausted) {
      this.fail(
        exchange,
        failure(502, 'pool_exhausted', `too many requests wait for a connection to ${pool.name}`, true),
      );
    } else if (acquired === ACQUIRED.noSocket) {
      this.fail(exchange, failure(503, 'local_resources', 'no socket is left for a connection', true));
    }
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
    const { nowMicros } = this.#environment.net.reactor;
    this.#stats.recordLatency(scope, HISTOGRAM.failedConnectLatency, nowMicros - exchange.attemptMicros);
    this.#settle(exchange, true, true);
    if (exchange.attempts < this.#environment.net.limits.acquisitionAttemptsMax) {
      this.#stats.increment(scope, COUNTER.retriesRequeues);
      this.dispatch(exchange);
      return;
    }
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
      this.#stats.increment((exchange.branch as RouteBranch).client.scope, COUNTER.retriesRequeues);
      this.#settle(exchange, false, false);
      this.dispatch(exchange);
      return;
    }
    const { name } = exchange.pool as EndpointPool;
    this.failAttempt(exchange, failure(502, reason, `the connection to ${name} ended before its response`));
  }

  // ---- complete ------------------------------------------------------------------------------------------------

  /** Whether a response counts as a success (spec 05 section 10: nonRetryable5XX or allSuccessful). */
  isSuccess(status: number): boolean {
    return status < 500 || this.#successAlways;
  }

  /** The response has gone through. */
  complete(exchange: Exchange): void {
    const { status } = exchange;
    const success = this.isSuccess(status);
    this.#recordAttempt(exchange, success, 'application_failure');
    this.#settle(exchange, !success, true);
    this.#recordRequest(exchange, success, 'application_failure');
    this.#close(exchange);
  }

  /** The name is a local service of Weft's own: no endpoint is asked. */
  answer(exchange: Exchange, status: number): void {
    const downstream = exchange.downstream as Downstream;
    exchange.status = status;
    this.#recordAttempt(exchange, this.isSuccess(status), 'application_failure');
    this.#recordRequest(exchange, this.isSuccess(status), 'application_failure');
    this.#close(exchange);
    downstream.onAnswered(status);
  }

  /** The exchange failed before it was sent, in Weft: the client is told. */
  fail(exchange: Exchange, cause: Failure): void {
    this.#settle(exchange, false, false);
    exchange.status = cause.status;
    this.#recordRequest(exchange, false, cause.reason);
    const downstream = exchange.downstream as Downstream;
    this.#close(exchange);
    downstream.onFailed(cause);
  }

  /** The exchange failed at an endpoint: the client is told, or its response aborted. */
  failAttempt(exchange: Exchange, cause: Failure): void {
    this.#recordAttempt(exchange, false, cause.reason);
    this.#settle(exchange, true, true);
    this.fail(exchange, cause);
  }

  /** The client is gone, or has broken the protocol: whatever is under way for it ends. */
  cancel(exchange: Exchange, reason: Reason): void {
    const { upstream, pool } = exchange;
    exchange.upstream = null;
    if (upstream !== null) upstream.abandon();
    else pool?.forget(exchange);
    this.#settle(exchange, false, false);
    this.#recordRequest(exchange, false, reason);
    this.#close(exchange);
  }

  /** A request that never became an exchange. @param serviceScope 0 when it was not identified */
  countRefused(serverScope: number, serviceScope: number, cause: Failure): void {
    const stats = this.#stats;
    for (const scope of [serverScope, serviceScope]) {
      if (scope === 0) continue;
      stats.increment(scope, COUNTER.requests);
      stats.recordFailure(scope, reasonIndex(cause.reason));
    }
    stats.recordStatus(serverScope, cause.status);
  }

  #recordAttempt(exchange: Exchange, success: boolean, reason: Reason): void {
    const stats = this.#stats;
    const branch = exchange.branch as RouteBranch;
    const { scope } = branch.client;
    const elapsedMicros = this.#environment.net.reactor.nowMicros - exchange.attemptMicros;
    stats.increment(scope, COUNTER.requests);
    stats.increment(branch.clientServiceScope, COUNTER.requests);
    if (success) {
      stats.increment(scope, COUNTER.success);
      stats.increment(branch.clientServiceScope, COUNTER.success);
    } else {
      stats.recordFailure(scope, reasonIndex(reason));
      stats.recordFailure(branch.clientServiceScope, reasonIndex(reason));
    }
    if (exchange.status !== 0) stats.recordStatus(scope, exchange.status);
    stats.recordLatency(scope, HISTOGRAM.requestLatency, elapsedMicros);
    stats.recordLatency(branch.clientServiceScope, HISTOGRAM.requestLatency, elapsedMicros);
  }

  #recordRequest(exchange: Exchange, success: boolean, reason: Reason): void {
    const stats = this.#stats;
    const { serverScope } = exchange;
    const { serviceScope } = exchange.route as Route;
    const elapsedMicros = this.#environment.net.reactor.nowMicros - exchange.startMicros;
    stats.increment(serverScope, COUNTER.requests);
    stats.increment(serviceScope, COUNTER.requests);
    if (success) {
      stats.increment(serverScope, COUNTER.success);
      stats.increment(serviceScope, COUNTER.success);
    } else {
      stats.recordFailure(serverScope, reasonIndex(reason));
      stats.recordFailure(serviceScope, reasonIndex(reason));
    }
    if (exchange.status !== 0) stats.recordStatus(serverScope, exchange.status);
    stats.recordLatency(serverScope, HISTOGRAM.requestLatency, elapsedMicros);
    stats.recordLatency(serviceScope, HISTOGRAM.requestLatency, elapsedMicros);
    stats.add(serverScope, COUNTER.pending, -1);
    stats.add(serviceScope, COUNTER.pending, -1);
  }

  /** Takes the exchange's load off its endpoint. @param learn whether the time it took says something of the endpoint */
  #settle(exchange: Exchange, failed: boolean, learn: boolean): void {
    const { pool } = exchange;
    if (pool === null) return;
    exchange.pool = null;
    const { nowMicros } = this.#environment.net.reactor;
    if (learn) pool.client.settle(pool.row, exchange.attemptMicros, nowMicros, failed);
    else pool.client.release(pool.row);
  }

  #close(exchange: Exchange): void {
    this.releaseHead(exchange);
    this.#releaseRoute(exchange.route as Route);
    exchange.reset();
    if (this.#exchanges.length < EXCHANGES_KEPT_MAX) this.#exchanges.push(exchange);
  }

  /** The request will not be sent again: its head's block is free. */
  releaseHead(exchange: Exchange): void {
    if (exchange.headAt === NO_BLOCK) return;
    this.#environment.net.giveBlock(exchange.headAt, exchange.headCapacity);
    exchange.headAt = NO_BLOCK;
  }

  // ---- housekeeping --------------------------------------------------------------------------------------------

  /** Takes over every published change of endpoints. */
  refreshTables(): void {
    for (const client of this.#clients.values()) if (client.table.changed()) client.refresh();
  }

  /** Forgets idle routes, closes idle connections. Called about once a second. */
  expire(): void {
    const { nowTick, nowMicros } = this.#environment.net.reactor;
    const idleTicks = ticksOf(this.config.bindingCache.idleTtlSecs * 1000);
    if (nowTick >= this.#expireTick) {
      // Looked at once a period, as in Linkerd: a route lives for up to twice its idle time (spec 05 section 1).
      this.#expireTick = nowTick + idleTicks;
      for (const route of this.#routes.idleSince(nowTick - idleTicks)) this.#dropRoute(route);
    }
    for (const client of this.#clients.values()) client.expireIdle(nowMicros);
  }

  /** Ends the connection that is least needed, to free its descriptor. @returns whether there was one */
  evictIdleConnection(): boolean {
    for (const client of this.#clients.values()) if (client.evictIdle()) return true;
    return false;
  }
}
