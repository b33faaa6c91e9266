/**
 * A request's way through Weft, from top to bottom:
 *
 *     identify     which service is it for?             identifiers.ts
 *     bind         what is that name bound to?          route-book.ts; asked of the supervisor once, then told of changes
 *     open         an exchange begins, a branch is drawn, its time runs            deadlines.ts
 *     dispatch     an endpoint is picked by its load, a connection to it found or made     attempts.ts
 *       requeue      the endpoint did not look at the request: another one, at once
 *     (the protocols' two connections forward the request; a response's head comes, or does not)
 *     judge        a success, a failure, or worth another attempt?                 retries.ts
 *       retry        the branch is drawn again, after a pause, if the budget allows
 *     accept       the response is the client's
 *     complete     counted, and learned from
 *
 * There is one router object per router and worker, in three layers: what happens to attempts (attempts.ts), what follows
 * from them (retries.ts), and this. It knows no protocol: the server side of HTTP/1 (and of HTTP/2) calls it, and is called
 * back through `Downstream`; endpoints' connections call it through `exchange.router`.
 *
 * Where to look for what is not there yet: a rate limit is asked between bind and open; a mirror opens a second exchange with
 * a downstream that reads nothing, beside open; a hedge is a dispatch that does not wait for the one before it (attempts.ts),
 * and its loser is abandoned (retries.ts); an account of what a request met is written where it happens: the name at bind,
 * the pick, its candidates and their breakers in `dispatch`, attempts in `settle`, and read at complete; active health checks
 * set the statuses that a pick reads (core/shared/endpoint-cells.ts) and are on no request's way.
 */
import type { RingBuffer } from 'ringbuf.js';
import type { Random } from '../../core/balance/random.ts';
import { accessLogOf } from '../../core/config/access-log.ts';
import type { RouterConfig } from '../../core/config/types.ts';
import type { ParsedHead } from '../../core/http1/parsed-head.ts';
import { TOKEN_L5D_CTX_DTAB, TOKEN_L5D_DTAB } from '../../core/http1/tokens.ts';
import { NameParseError } from '../../core/names/scanner.ts';
import type { Reason } from '../../core/reasons.ts';
import { VERDICT } from '../../core/resilience/response-classifier.ts';
import type { RetryBudget } from '../../core/shared/retry-budgets.ts';
import type { StatsWriter } from '../../core/shared/stats-writer.ts';
import type { CacheEvent } from '../messages.ts';
import { NO_BLOCK } from '../net/blocks.ts';
import type { Net } from '../net/net.ts';
import { AccessLog } from './access-log.ts';
import type { ClientEnvironment, PoolFactory } from './client-stack.ts';
import { type Downstream, Exchange, type Failure } from './exchange.ts';
import { bindingTimeout, failure, serverTimeout, totalTimeout } from './failures.ts';
import { appendDtabKey, createIdentifiers, type Identifier, UNIDENTIFIED } from './identifiers.ts';
import { RequestStats } from './request-stats.ts';
import { Retries } from './retries.ts';
import { RouteBook } from './route-book.ts';
import type { Route, RouteBranch } from './routes.ts';
import { BadDtabError } from './spell-key.ts';

const EXCHANGES_KEPT_MAX = 4096;

const DTAB_FIELDS = (1 << TOKEN_L5D_DTAB) | (1 << TOKEN_L5D_CTX_DTAB);

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
  /** Milliseconds since the epoch. */
  readonly wallClockMs: () => number;
  readonly createPool: PoolFactory;
  /** Takes the records of access logs; null when no router has one. */
  readonly accessRing: RingBuffer | null;
  /** Where keys are written: as large as a head. */
  readonly keyAt: number;
}

/** What a request's server has to do with its life. */
export interface RequestServer {
  /** Where it is counted. */
  readonly scope: number;
  /** Time from the request to the head of its response; 0 for no bound. */
  readonly timeoutMs: number;
}

/** The lower of two bounds, of which 0 is none. */
export function lowerBound(oneMs: number, otherMs: number): number {
  if (oneMs === 0) return otherMs;
  return otherMs === 0 ? oneMs : Math.min(oneMs, otherMs);
}

/** One router in one worker. */
export class Router extends Retries {
  readonly index: number;
  readonly config: RouterConfig;
  readonly routes: RouteBook;
  /** Null when the router has none. */
  readonly accessLog: AccessLog | null;
  /** Why {@link identify} answered null. */
  refusal: Failure | null = null;
  /** Set with {@link refusal}: the failure comes before the server's statistics (spec 06 vector 5c). */
  refusedUncounted = false;
  /** Bytes at the target's start that the identifier consumed. */
  consumedBytes = 0;
  /** Of responses, text alone is compressed: `compressionLevel` -1. */
  readonly textualOnly: boolean;
  readonly #identifiers: readonly Identifier[];
  readonly #exchanges: Exchange[] = [];

  constructor(index: number, config: RouterConfig, environment: RouterEnvironment) {
    super(environment, new RequestStats(environment.stats, environment.net.reactor, config.protocol === 'h2'));
    this.index = index;
    this.config = config;
    this.textualOnly = config.protocol === 'http' && config.compressionLevel < 0;
    this.routes = new RouteBook(index, config, environment);
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
    const { bytes } = this.environment.net;
    const at = this.environment.keyAt;
    let end = UNIDENTIFIED;
    let reason = '';
    for (let i = 0; i < this.#identifiers.length && end === UNIDENTIFIED; i++) {
      const identifier = this.#identifiers[i] as Identifier;
      end = clearContext && identifier.readsContext ? UNIDENTIFIED : identifier.writeKey(head, bytes, at);
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

  /** Time that a request of a server may wait until its route is known. */
  bindingWaitMs({ service }: Route, server: RequestServer): number {
    return lowerBound(this.config.bindingTimeoutMs, lowerBound(service.totalTimeoutMs, server.timeoutMs));
  }

  /** Why a request is answered that has waited for so long. */
  waitedTooLong(route: Route, server: RequestServer): Failure {
    const { bindingTimeoutMs } = this.config;
    const waitedMs = this.bindingWaitMs(route, server);
    if (waitedMs === server.timeoutMs) return serverTimeout(waitedMs);
    return waitedMs === route.service.totalTimeoutMs
      ? totalTimeout(waitedMs, '')
      : bindingTimeout(bindingTimeoutMs, route.path);
  }

  // ---- open ----------------------------------------------------------------------------------------------------

  /**
   * Begins the exchange of a request whose route is known to lead somewhere.
   *
   * @param sinceTick when the request came: it may have waited for its route
   */
  open(
    downstream: Downstream,
    route: Route,
    method: number,
    server: RequestServer,
    sinceTick = this.environment.net.reactor.nowTick,
  ): Exchange {
    const exchange = this.#exchanges.pop() ?? new Exchange(this);
    const { nowMicros, nowTick, nowTenths } = this.environment.net.reactor;
    exchange.downstream = downstream;
    exchange.route = route;
    exchange.serverScope = server.scope;
    exchange.serverTimeoutMs = server.timeoutMs;
    exchange.startMicros = nowMicros;
    exchange.startTick = nowTick;
    exchange.method = method;
    exchange.branch = route.drawBranch(this.environment.random);
    route.inUse++;
    route.lastUsedTick = nowTick;
    (route.budget as RetryBudget).deposit(nowTenths);
    this.stats.began(server.scope, route.serviceScope);
    this.environment.net.underWay++;
    this.deadlines.beginTotal(exchange, lowerBound(route.service.totalTimeoutMs, server.timeoutMs), sinceTick);
    return exchange;
  }

  // ---- complete ------------------------------------------------------------------------------------------------

  /** The head of an HTTP/2 response has come: that is how long it took, whatever its body does (spec 06 section 1.3). */
  markAnswered(exchange: Exchange): void {
    const { reactor } = this.environment.net;
    exchange.answered = true;
    exchange.answerMicros = reactor.elapsedMicros(exchange.startMicros, exchange.startTick);
    exchange.attemptAnswerMicros = reactor.elapsedMicros(exchange.attemptMicros, exchange.attemptTick);
  }

  /** The response has gone through. */
  complete(exchange: Exchange): void {
    const success = this.judge(exchange, true) === VERDICT.success;
    const { client } = exchange.branch as RouteBranch;
    const { nowTenths, nowStamp } = this.environment.net.reactor;
    if (success) client.requeueBudget.deposit(nowTenths);
    client.onAccepted(nowStamp);
    this.stats.attemptEnded(exchange, success, 'application_failure');
    this.stats.sessionEnded(exchange);
    this.settle(exchange, !success, true);
    this.stats.requestEnded(exchange, success, 'application_failure');
    this.#close(exchange);
  }

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

  fail(exchange: Exchange, cause: Failure): void {
    this.settle(exchange, false, false);
    exchange.status = cause.status;
    this.stats.requestEnded(exchange, false, cause.reason);
    const downstream = exchange.downstream as Downstream;
    this.#close(exchange);
    downstream.onFailed(cause);
  }

  /** Takes an exchange back that nothing has been done for: the request will be opened again. */
  discard(exchange: Exchange): void {
    this.stats.tookBack(exchange.serverScope, (exchange.route as Route).serviceScope);
    this.#close(exchange);
  }

  /** The client is gone, or has broken the protocol: whatever is under way for it ends. */
  cancel(exchange: Exchange, reason: Reason): void {
    this.abandon(exchange);
    this.settle(exchange, false, false);
    this.stats.requestEnded(exchange, false, reason);
    this.#close(exchange);
  }

  /** An error in Weft, while it dealt with the exchange alone. */
  onFault(exchange: Exchange): void {
    if (exchange.downstream === null) return;
    this.abandon(exchange);
    this.fail(exchange, failure(502, 'internal', 'an error in Weft ended the request'));
  }

  protected get baseDtab(): string {
    return this.config.dtab;
  }

  protected get bindingTimeoutMs(): number {
    return this.config.bindingTimeoutMs;
  }

  #close(exchange: Exchange): void {
    this.environment.net.underWay--;
    this.accept(exchange);
    if (exchange.recordAt !== NO_BLOCK) this.accessLog?.end(exchange);
    this.routes.release(exchange.route as Route);
    exchange.reset();
    if (this.#exchanges.length < EXCHANGES_KEPT_MAX) this.#exchanges.push(exchange);
  }
}
