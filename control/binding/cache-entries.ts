/**
 * What the binding caches of a router hold, and what becomes of it (spec 05 section 1):
 *
 *     path     a service name with a request's own dtab       one Binding
 *     tree     what it is bound to: bound names, residuals and weights
 *     bound    one bound name with its residual
 *     client   one bound name                                 one BoundClient
 *
 * An entry lives while something leads to it: a route of some worker to a name, a name to its tree, a tree to its bound names.
 * So names that end alike share what is behind them, and nothing is left of what no name leads to. Room is made by the
 * workers, which know what is in use (workers/router/binding-caches.ts); here it is counted for the whole node.
 */
import type { BindingCacheName } from '../../workers/messages.ts';

/** Counters of one cache (spec 06 section 1.2). */
export class CacheCounts {
  /** Entries made. */
  misses = 0;
  /** Entries that made room for another. */
  evicts = 0;
  /** Entries that nobody had used for `idleTtlSecs`. */
  expires = 0;
  /** Entries for which there was no room, used for one request. */
  oneshots = 0;
}

/** Counters of a router's four caches. */
export type CachesCounts = Readonly<Record<BindingCacheName, CacheCounts>>;

/** Entries of one cache by what they are, each with a number. */
export class CacheEntries {
  readonly counts = new CacheCounts();
  readonly #entries = new Map<string, { readonly id: number; references: number }>();
  #lastId = 0;

  /** Holds an entry, a new one where there is none. @returns its number, never given twice */
  hold(key: string): number {
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { id: ++this.#lastId, references: 0 };
      this.#entries.set(key, entry);
      this.counts.misses++;
    }
    entry.references++;
    return entry.id;
  }

  /** Takes back {@link hold}. @param expired nobody has used it in a long time */
  release(key: string, expired: boolean): void {
    const entry = this.#entries.get(key);
    if (entry === undefined || --entry.references > 0) return;
    this.#entries.delete(key);
    if (expired) this.counts.expires++;
  }

  get size(): number {
    return this.#entries.size;
  }
}
