/**
 * The bounds `bindingCache.trees`, `bounds` and `clients` on what the routes of one router in one worker lead to (spec 05
 * section 1); the bound `paths` is the route table's own.
 *
 *     route A --> tree 1 --> bound 1 --> client 1        an entry is as much in use, and was used as lately,
 *     route B -/     \-----> bound 2 -/                  as the routes that lead to it
 *
 * Linkerd drops a client, and leaves the name that leads to it: the name's next request makes the client anew. Here a route
 * holds what it leads to, so room for an entry is made by dropping the routes that lead to another one. A route for which
 * no room can be made is a one-off, dropped after its use.
 */
import type { BindingCacheName } from '../messages.ts';
import type { Route, RouteTable } from './routes.ts';

/** Bounds, as a router's `bindingCache` has them. */
export interface CacheBounds {
  readonly trees: number;
  readonly bounds: number;
  readonly clients: number;
}

/** Which entries of a cache a route leads to; one may be named twice. */
type EntriesOf = (route: Route) => readonly number[];

/** One cache: its entries by number, with how many routes lead to each. */
class BindingCache {
  readonly name: BindingCacheName;
  readonly entriesOf: EntriesOf;
  readonly #capacity: number;
  readonly #routes = new Map<number, number>();

  constructor(name: BindingCacheName, capacity: number, entriesOf: EntriesOf) {
    this.name = name;
    this.#capacity = capacity;
    this.entriesOf = entriesOf;
  }

  get size(): number {
    return this.#routes.size;
  }

  add(route: Route): void {
    for (const entry of new Set(this.entriesOf(route))) this.#routes.set(entry, (this.#routes.get(entry) ?? 0) + 1);
  }

  remove(route: Route): void {
    for (const entry of new Set(this.entriesOf(route))) {
      const routes = (this.#routes.get(entry) ?? 1) - 1;
      if (routes > 0) this.#routes.set(entry, routes);
      else this.#routes.delete(entry);
    }
  }

  /** Whether a route that is not added yet fits. One whose own entries are too many fits where there is nothing else. */
  fits(route: Route): boolean {
    if (this.#routes.size === 0) return true;
    let missing = 0;
    for (const entry of new Set(this.entriesOf(route))) if (!this.#routes.has(entry)) missing++;
    return missing === 0 || this.#routes.size + missing <= this.#capacity;
  }
}

/** What is known of an entry that might make room. */
interface Candidate {
  readonly routes: Route[];
  busy: boolean;
  lastUsedTick: number;
}

/** The caches behind the route table. */
export class BindingCaches {
  readonly #table: RouteTable;
  readonly #caches: readonly BindingCache[];
  readonly #evict: (route: Route, cache: BindingCacheName) => void;

  /** @param evict drops an idle route, which comes back here to be {@link remove}d */
  constructor(table: RouteTable, bounds: CacheBounds, evict: (route: Route, cache: BindingCacheName) => void) {
    this.#table = table;
    this.#evict = evict;
    this.#caches = [
      new BindingCache('tree', bounds.trees, ({ tree }) => (tree === 0 ? [] : [tree])),
      new BindingCache('bound', bounds.bounds, ({ branches }) => branches.map(({ bound }) => bound)),
      new BindingCache('client', bounds.clients, ({ branches }) => branches.map(({ client }) => client.id)),
    ];
  }

  /** Entries of each cache. */
  get sizes(): CacheBounds {
    const [trees, bounds, clients] = this.#caches.map(({ size }) => size) as [number, number, number];
    return { trees, bounds, clients };
  }

  /**
   * Takes a route of the table in that has just been bound, and makes room for what it leads to.
   *
   * @returns the cache that has no room for it, because everything in it is in use; null when it is taken in
   */
  add(route: Route): BindingCacheName | null {
    for (const cache of this.#caches) {
      while (!cache.fits(route)) if (!this.#makeRoom(cache, route)) return cache.name;
    }
    for (const cache of this.#caches) cache.add(route);
    return null;
  }

  /** A route that was taken in leaves, or is about to be bound to something else. */
  remove(route: Route): void {
    for (const cache of this.#caches) cache.remove(route);
  }

  /** Drops the routes of the entry that has been idle longest. @returns whether there was one */
  #makeRoom(cache: BindingCache, newcomer: Route): boolean {
    const needed = new Set(cache.entriesOf(newcomer));
    const candidates = new Map<number, Candidate>();
    for (const route of this.#table.all()) {
      if (route === newcomer) continue;
      for (const entry of cache.entriesOf(route)) {
        if (!needed.has(entry)) note(candidates, entry, route);
      }
    }
    let idlest: Candidate | null = null;
    for (const candidate of candidates.values()) {
      if (candidate.busy || (idlest !== null && candidate.lastUsedTick >= idlest.lastUsedTick)) continue;
      idlest = candidate;
    }
    if (idlest === null) return false;
    for (const route of new Set(idlest.routes)) this.#evict(route, cache.name);
    return true;
  }
}

function note(candidates: Map<number, Candidate>, entry: number, route: Route): void {
  const { busy, lastUsedTick } = route;
  const candidate = candidates.get(entry);
  if (candidate === undefined) {
    candidates.set(entry, { routes: [route], busy, lastUsedTick });
    return;
  }
  candidate.routes.push(route);
  candidate.busy ||= busy;
  candidate.lastUsedTick = Math.max(candidate.lastUsedTick, lastUsedTick);
}
