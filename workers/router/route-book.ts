/**
 * The routes of one router in one worker, and the clients they lead to, as the supervisor tells of them.
 *
 *     first request for a key --> route, pending --bind--> supervisor
 *           waits (bounded)            |<----- bound: branches, or why not -----'
 *                                      |<----- bound again: something it depends on has changed
 *     idle for long --> dropped --unbind--> supervisor
 */
import { UnionDraw } from '../../core/balance/union-draw.ts';
import { ConfigsByPrefix } from '../../core/config/configs-by-prefix.ts';
import type { ClientConfig, RouterConfig, ServiceConfig } from '../../core/config/types.ts';
import { Path } from '../../core/names/path.ts';
import { Piece } from '../http1/field-lines.ts';
import { branchFields } from '../http2/prepared-fields.ts';
import type { BindingCacheName, BindReply, BranchMessage, CacheEvent, Explained } from '../messages.ts';
import { ticksOf } from '../reactor/timer-wheel.ts';
import { BindingCaches } from './binding-caches.ts';
import { branchHeaders } from './branch-headers.ts';
import { ClientStack } from './client-stack.ts';
import { failure, noBrokers } from './failures.ts';
import type { RouterEnvironment } from './router.ts';
import { ROUTE, Route, type RouteBranch, RouteTable, type RouteWaiter } from './routes.ts';
import { ServiceStack } from './service-stack.ts';
import { spellKey } from './spell-key.ts';

/** What a branch's endpoints are told in the protocol that they do not speak. */
const NOTHING = new Piece(new Uint8Array(0));

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** Who waits for the way from a name to what it is bound to. */
export interface ExplanationWaiter {
  /** @param steps each a path, and in parentheses the dentry that gave it; empty when the supervisor cannot say */
  onExplained(steps: readonly string[]): void;
}

/** What a router of a worker knows of names. */
export class RouteBook {
  readonly #index: number;
  readonly #config: RouterConfig;
  readonly #environment: RouterEnvironment;
  readonly #dstPrefix: Path;
  readonly #clientConfigs: ConfigsByPrefix<ClientConfig>;
  readonly #serviceConfigs: ConfigsByPrefix<ServiceConfig>;
  readonly #services = new WeakMap<ServiceConfig, ServiceStack>();
  readonly #routes: RouteTable;
  readonly #caches: BindingCaches;
  readonly #routesById = new Map<number, Route>();
  readonly #clients = new Map<number, ClientStack>();
  readonly #explaining = new Map<number, ExplanationWaiter>();
  #lastToken = 0;
  #parkedCount = 0;
  #nextRouteId = 1;
  #expireTick = 0;
  #returning: Route | null = null;

  constructor(index: number, config: RouterConfig, environment: RouterEnvironment) {
    this.#index = index;
    this.#config = config;
    this.#environment = environment;
    this.#dstPrefix = Path.read(config.dstPrefix);
    this.#clientConfigs = new ConfigsByPrefix<ClientConfig>(config.client);
    this.#serviceConfigs = new ConfigsByPrefix<ServiceConfig>(config.service);
    this.#routes = new RouteTable(Math.min(config.bindingCache.paths, environment.net.limits.routesMax));
    this.#caches = new BindingCaches(this.#routes, config.bindingCache, (route, cache) =>
      this.#drop(route, { cache, event: 'evicts' }),
    );
  }

  /**
   * The route of a key; a new one, pending, when it was not met before.
   * @throws BadDtabError, NameParseError for a new key that does not parse
   */
  find(bytes: Uint8Array, at: number, byteLength: number): Route {
    let hash = FNV_OFFSET;
    for (let i = 0; i < byteLength; i++) hash = Math.imul(hash ^ (bytes[at + i] as number), FNV_PRIME);
    hash ^= hash >>> 15;
    const route = this.#routes.find(bytes, at, byteLength, hash);
    if (route !== null) return route;
    if (this.#returning?.has(bytes, at, byteLength)) return this.#returning;
    return this.#open(bytes.slice(at, at + byteLength), hash);
  }

  /**
   * {@link find} for a request that has waited for a route and is read again: a one-off is in no table, and is found all the
   * same while `look` runs.
   */
  findAgain<T>(route: Route, look: () => T): T {
    this.#returning = route;
    try {
      return look();
    } finally {
      this.#returning = null;
    }
  }

  /** A request will come back for its route: {@link release} follows. */
  hold(route: Route): void {
    route.inUse++;
  }

  #open(key: Uint8Array, hash: number): Route {
    const { path, dtab } = spellKey(key, this.#dstPrefix);
    const route = new Route({
      id: this.#nextRouteId++,
      key,
      hash,
      path: path.show(),
      dtab: dtab.show(),
      service: this.#serviceOf(this.#serviceConfigs.of(path)),
    });
    if (this.#routes.size >= this.#routes.capacity) {
      const { net } = this.#environment;
      if (this.#routes.capacity === net.limits.routesMax) net.limitMet('routesMax');
      const oldest = this.#routes.oldestIdle();
      if (oldest !== null) this.#drop(oldest, { cache: 'path', event: 'evicts' });
    }
    if (this.#routes.size < this.#routes.capacity) this.#routes.add(route);
    this.#routesById.set(route.id, route);
    this.#environment.binder.bind(this.#index, route.id, route.path, route.dtab);
    return route;
  }

  #serviceOf(config: ServiceConfig): ServiceStack {
    let service = this.#services.get(config);
    if (service === undefined) {
      service = new ServiceStack(config);
      this.#services.set(config, service);
    }
    return service;
  }

  #drop(route: Route, cause: CacheEvent): void {
    if (route.cached) this.#uncache(route);
    this.#routesById.delete(route.id);
    for (const branch of route.branches) this.#releaseClient(branch.client);
    route.branches = [];
    this.#environment.binder.unbind(this.#index, route.id, cause);
  }

  #uncache(route: Route): void {
    this.#caches.remove(route);
    this.#routes.remove(route);
  }

  /** A request no longer uses its route. */
  release(route: Route): void {
    route.inUse--;
    this.#dropIfSpent(route);
  }

  /** One-offs, for which a cache had no room, go with their last user. */
  #dropIfSpent(route: Route): void {
    if (!route.cached && !route.busy) this.#drop(route, { cache: route.oneshotOf, event: 'oneshots' });
  }

  /** Lets a request wait until its route is known. @returns false when too many wait already */
  park(route: Route, waiter: RouteWaiter): boolean {
    const { net } = this.#environment;
    if (this.#parkedCount >= net.limits.parkedRequestsMax) {
      net.limitMet('parkedRequestsMax');
      return false;
    }
    this.#parkedCount++;
    route.waiting.push(waiter);
    return true;
  }

  /** Takes back {@link park}: the request has given up waiting. */
  unpark(route: Route, waiter: RouteWaiter): void {
    const place = route.waiting.indexOf(waiter);
    if (place < 0) return;
    route.waiting.splice(place, 1);
    this.#parkedCount--;
    this.#dropIfSpent(route);
  }

  /** The supervisor's answer to a bind, or news about it. */
  onBound(reply: BindReply): void {
    const route = this.#routesById.get(reply.route);
    if (route === undefined) return;
    const before = route.branches;
    if (route.cached) this.#caches.remove(route);
    this.#apply(route, reply);
    // Refused for want of room: whoever asks next asks anew.
    if (reply.state === 'failed' && reply.reason === 'binding_overload') this.#makeOneOff(route, 'path');
    else if (route.cached) this.#makeRoomFor(route);
    for (const branch of before) this.#releaseClient(branch.client);
    this.#unparkAll(route);
  }

  #makeRoomFor(route: Route): void {
    const full = this.#caches.add(route);
    if (full !== null) this.#makeOneOff(route, full);
  }

  #makeOneOff(route: Route, full: BindingCacheName): void {
    if (route.cached) this.#routes.remove(route);
    route.oneshotOf = full;
  }

  #apply(route: Route, reply: BindReply): void {
    const { budgets, worker } = this.#environment;
    if (route.budget === null || route.serviceScope !== reply.serviceScope) {
      route.budget = budgets.open(reply.serviceScope, route.service.budgetTerms, worker);
    }
    route.serviceScope = reply.serviceScope;
    if (reply.state === 'ok') {
      route.tree = reply.tree;
      route.branches = reply.branches.map((branch) => this.#openBranch(route, branch));
      route.draw = route.branches.length > 1 ? new UnionDraw(reply.branches.map(({ weight }) => weight)) : null;
      route.state = ROUTE.ok;
      route.failure = null;
      return;
    }
    route.tree = 0;
    route.branches = [];
    route.draw = null;
    route.state = ROUTE.failed;
    route.failure =
      reply.state === 'neg'
        ? noBrokers(route.path, this.#config.dtab, route.dtab)
        : failure(502, reply.reason, reply.message);
  }

  #unparkAll(route: Route): void {
    const { waiting } = route;
    route.waiting = [];
    this.#parkedCount -= waiting.length;
    route.inUse++;
    for (const waiter of waiting) waiter.onUnparked(route);
    this.release(route);
  }

  #openBranch(route: Route, message: BranchMessage): RouteBranch {
    let client = this.#clients.get(message.client);
    if (client === undefined) {
      client = new ClientStack(
        message.client,
        message.id,
        message.clientScope,
        this.#clientConfigs.of(Path.read(message.id)),
        this.#environment,
        this.#environment.createPool,
      );
      this.#clients.set(message.client, client);
      client.prepare(this.#environment.net.reactor.nowStamp, this.#environment.net.limits.eagerConnectsMax);
    }
    client.references++;
    return {
      client,
      bound: message.bound,
      clientServiceScope: message.clientServiceScope,
      residual: message.residual,
      answerStatus: message.answerStatus,
      headers: client.speaksHttp2 ? NOTHING : branchHeaders(route.path, message.id, message.residual, route.dtab),
      fields: client.speaksHttp2 ? branchFields(route.path, message.id, message.residual, route.dtab) : NOTHING,
    };
  }

  #releaseClient(client: ClientStack): void {
    client.references--;
    if (client.references > 0) return;
    this.#clients.delete(client.id);
    client.close();
  }

  /**
   * Asks how a route's name came to a bound name: for TRACE requests, which alone pay for it.
   *
   * @param id a bound name of the route's, as a ClientStack has it
   * @param waiter is told once, but not before this returns, and not after {@link forgetExplanation}
   * @returns what to forget it by; 0 when too many wait, and the waiter is not told
   */
  explain(route: Route, id: string, waiter: ExplanationWaiter): number {
    const { net, binder } = this.#environment;
    if (this.#explaining.size >= net.limits.parkedRequestsMax) {
      net.limitMet('parkedRequestsMax');
      return 0;
    }
    const token = ++this.#lastToken;
    this.#explaining.set(token, waiter);
    binder.explain(this.#index, route.id, token, id);
    return token;
  }

  /** Nobody waits any more. @param token as {@link explain} returned it */
  forgetExplanation(token: number): void {
    this.#explaining.delete(token);
  }

  /** The supervisor's answer to an explain. */
  onExplained({ token, steps }: Explained): void {
    const waiter = this.#explaining.get(token);
    this.#explaining.delete(token);
    waiter?.onExplained(steps);
  }

  /** Takes over every published change of endpoints. */
  refreshTables(): void {
    const { reactor, limits } = this.#environment.net;
    for (const client of this.#clients.values()) {
      if (!client.table.changed()) continue;
      client.refresh();
      client.prepare(reactor.nowStamp, limits.eagerConnectsMax);
    }
  }

  /** Forgets idle routes, closes idle connections. Called about once a second. */
  expire(): void {
    const { nowTick, nowStamp } = this.#environment.net.reactor;
    const idleTicks = ticksOf(this.#config.bindingCache.idleTtlSecs * 1000);
    if (nowTick >= this.#expireTick) {
      // Looked at once a period, as in Linkerd: a route lives for up to twice its idle time (spec 05 section 1).
      this.#expireTick = nowTick + idleTicks;
      for (const route of this.#routes.idleSince(nowTick - idleTicks)) {
        this.#drop(route, { cache: 'path', event: 'expires' });
      }
    }
    for (const client of this.#clients.values()) {
      client.expireIdle(nowTick, nowStamp);
      client.endDeaths(nowStamp);
      client.prepare(nowStamp, this.#environment.net.limits.eagerConnectsMax);
    }
  }

  /** Ends the connection that is least needed, to free its descriptor. @returns whether there was one */
  evictIdleConnection(): boolean {
    for (const client of this.#clients.values()) if (client.evictIdle()) return true;
    return false;
  }
}
