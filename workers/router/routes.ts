/**
 * The routes a worker has seen: what a name (and the dtab that a request brings along) was bound to.
 *
 * A route is found by the bytes of its key, which an identifier writes: hash, then compare. Nothing on the way makes a
 * string. The table is open-addressed with linear probing and holds at most `bindingCache.paths` routes:
 *
 *     slots   [ . ][ A ][ B ][ . ][ C ] ...     A and B share a home slot; removing A moves B back
 *
 *     route   pending --bound--> ok <--> neg, failed         later answers replace earlier ones
 */
import type { Random } from '../../core/balance/random.ts';
import type { UnionDraw } from '../../core/balance/union-draw.ts';
import type { RetryBudget } from '../../core/shared/retry-budgets.ts';
import type { Piece } from '../http1/field-lines.ts';
import type { BindingCacheName } from '../messages.ts';
import type { ClientStack } from './client-stack.ts';
import type { Failure } from './exchange.ts';
import type { ServiceStack } from './service-stack.ts';

/** Where a route stands. */
export const ROUTE = { pending: 0, ok: 1, failed: 2 } as const;

/** Routes looked at for the one idle longest when room must be made. */
const EVICTION_SCAN_MAX = 1024;

/** Who waits for a route. */
export interface RouteWaiter {
  /** The route is known: start over. */
  onUnparked(route: Route): void;
}

/** One leaf of a bound name tree, as a request needs it. */
export interface RouteBranch {
  readonly client: ClientStack;
  /** Number of bound id and residual, as the supervisor counts them. */
  readonly bound: number;
  readonly clientServiceScope: number;
  /** Bound id and residual, as text for messages. */
  readonly residual: string;
  /** Not 0: no endpoint is asked, the request is answered with this status (`/$/io.buoyant.http.status`). */
  readonly answerStatus: number;
  /** The header lines that tell the endpoint how the request was routed, `via` last; each ends in CRLF. */
  readonly headers: Piece;
  /** The same for an endpoint that speaks HTTP/2: coded fields. Of the two, one is empty. */
  readonly fields: Piece;
}

/** A name and what it is bound to. */
export class Route {
  readonly id: number;
  readonly key: Uint8Array;
  readonly hash: number;
  /** The service name, as text. */
  readonly path: string;
  /** The request's own dtab, as text; '' for none. */
  readonly dtab: string;
  /** What the router's `service` says for this name; one object for all names of which it says the same. */
  readonly service: ServiceStack;
  /** The retry budget of the service name; null until it is bound. */
  budget: RetryBudget | null = null;
  state: number = ROUTE.pending;
  failure: Failure | null = null;
  serviceScope = 0;
  /** Number of what the name is bound to, as the supervisor counts trees; 0 while that is not known. */
  tree = 0;
  branches: readonly RouteBranch[] = [];
  /** Draws a branch in proportion to the weights; null for a single branch. */
  draw: UnionDraw | null = null;
  waiting: RouteWaiter[] = [];
  inUse = 0;
  lastUsedTick = 0;
  /** In the table; what is not is a one-off, dropped after use. */
  cached = false;
  /** For a one-off: the cache that had no room for it. */
  oneshotOf: BindingCacheName = 'path';

  constructor(parts: {
    readonly id: number;
    readonly key: Uint8Array;
    readonly hash: number;
    readonly path: string;
    readonly dtab: string;
    readonly service: ServiceStack;
  }) {
    this.id = parts.id;
    this.key = parts.key;
    this.hash = parts.hash;
    this.path = parts.path;
    this.dtab = parts.dtab;
    this.service = parts.service;
  }

  /** One of the branches, by the weights of the union. There must be one. */
  drawBranch(random: Random): RouteBranch {
    const { branches, draw } = this;
    return (draw === null ? branches[0] : branches[draw.draw(random)]) as RouteBranch;
  }

  /** Whether its key is `bytes[at, at + byteLength)`. */
  has(bytes: Uint8Array, at: number, byteLength: number): boolean {
    return sameBytes(this.key, bytes, at, byteLength);
  }

  /** Whether some request is on its way along it, or waits for it. */
  get busy(): boolean {
    return this.inUse > 0 || this.waiting.length > 0;
  }
}

/** The routes of one router in one worker. */
export class RouteTable {
  readonly capacity: number;
  size = 0;
  #slots: (Route | null)[];
  #mask: number;
  #hand = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#slots = new Array<Route | null>(64).fill(null);
    this.#mask = 63;
  }

  /** Finds the route whose key is `bytes[at, at + byteLength)`. */
  find(bytes: Uint8Array, at: number, byteLength: number, hash: number): Route | null {
    const slots = this.#slots;
    const mask = this.#mask;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const route = slots[slot] as Route | null;
      if (route === null) return null;
      if (route.hash === hash && sameBytes(route.key, bytes, at, byteLength)) return route;
    }
  }

  /** Adds a route; {@link size} must be below {@link capacity}. */
  add(route: Route): void {
    if (this.size * 2 >= this.#slots.length) this.#grow();
    this.#place(route);
    route.cached = true;
    this.size++;
  }

  /** Takes a route out. */
  remove(route: Route): void {
    let hole = route.hash & this.#mask;
    while (this.#slots[hole] !== route) hole = (hole + 1) & this.#mask;
    this.#slots[hole] = null;
    route.cached = false;
    this.size--;
    // Whatever stands behind the hole and belongs at or before it moves up, or lookups would stop at the hole.
    for (let slot = (hole + 1) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const next = this.#slots[slot] as Route | null;
      if (next === null) return;
      const distanceFromHome = (slot - next.hash) & this.#mask;
      if (distanceFromHome < ((slot - hole) & this.#mask)) continue;
      this.#slots[hole] = next;
      this.#slots[slot] = null;
      hole = slot;
    }
  }

  /** The route that has been idle longest among those looked at, or null when all of them are in use. */
  oldestIdle(): Route | null {
    let oldest: Route | null = null;
    const scan = Math.min(this.#slots.length, EVICTION_SCAN_MAX);
    for (let i = 0; i < scan; i++) {
      this.#hand = (this.#hand + 1) & this.#mask;
      const route = this.#slots[this.#hand] as Route | null;
      if (route === null || route.busy) continue;
      if (oldest === null || route.lastUsedTick < oldest.lastUsedTick) oldest = route;
    }
    return oldest;
  }

  /** Routes idle since before a tick. The table never empties: the youngest of all stays (spec 05 section 1). */
  idleSince(tick: number): Route[] {
    const idle = this.all().filter((route) => !route.busy && route.lastUsedTick < tick);
    if (idle.length === 0 || idle.length < this.size) return idle;
    const youngest = idle.reduce((a, b) => (b.lastUsedTick > a.lastUsedTick ? b : a));
    return idle.filter((route) => route !== youngest);
  }

  /** Every route in the table. */
  all(): Route[] {
    return this.#slots.filter((route) => route !== null);
  }

  #place(route: Route): void {
    let slot = route.hash & this.#mask;
    while (this.#slots[slot] !== null) slot = (slot + 1) & this.#mask;
    this.#slots[slot] = route;
  }

  #grow(): void {
    const routes = this.all();
    this.#slots = new Array<Route | null>(this.#slots.length * 2).fill(null);
    this.#mask = this.#slots.length - 1;
    for (const route of routes) this.#place(route);
  }
}

function sameBytes(key: Uint8Array, bytes: Uint8Array, at: number, byteLength: number): boolean {
  if (key.length !== byteLength) return false;
  for (let i = 0; i < byteLength; i++) if (key[i] !== bytes[at + i]) return false;
  return true;
}
