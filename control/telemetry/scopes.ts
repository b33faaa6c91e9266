/**
 * Hands out scope ids and shows what workers count under them in the metrics tree (spec 06 sections 1.1 to 1.3).
 *
 *                open()                close()                 confirmClosed()
 *     free ───────────────▶ open ───────────────▶ closing ───────────────────▶ free
 *                           shown in the tree     not shown;                   base forgotten,
 *                           counted by workers    workers let go of the id     id may be handed out again
 *
 * An id is not handed out again before every worker has released it: a late count would go to a stranger's name.
 */

import type { RouterProtocol } from '../../core/config/types.ts';
import { FIRST_SCOPE, LIMIT_COUNTER, LIMITS_SCOPE, OVERFLOW_SCOPE } from '../../core/shared/stats.ts';
import type { StatsReader } from '../../core/shared/stats-reader.ts';
import type { MetricNode, MetricSource } from './metrics-tree.ts';
import { Scope } from './scope.ts';
import { SCOPE_METRICS, type ScopeMetrics } from './scope-metrics.ts';

/** What a scope counts for. Paths and bound ids may be given with or without their leading slash. */
export type ScopeNames = {
  /** The router's label. */
  readonly router: string;
  readonly protocol: RouterProtocol;
} & (
  | { readonly kind: 'server'; readonly ip: string; readonly port: number }
  | { readonly kind: 'service'; readonly path: string }
  | { readonly kind: 'client'; readonly id: string }
  | { readonly kind: 'client_service'; readonly id: string; readonly path: string }
);

/** The scopes of the process. */
export class Scopes {
  readonly #reader: StatsReader;
  readonly #root: MetricNode;
  readonly #open = new Map<number, Scope>();
  readonly #closing = new Set<number>();
  readonly #free: number[] = [];
  #lastScope = FIRST_SCOPE - 1;

  constructor(reader: StatsReader, root: MetricNode) {
    this.#reader = reader;
    this.#root = root;
    this.#show(OVERFLOW_SCOPE, SCOPE_METRICS.http.client_service, ['overflow']);
  }

  /**
   * Opens a scope, shown from now on.
   *
   * @returns its id; OVERFLOW_SCOPE when all are in use, which is counted under `limits/scopes`
   * @throws Error when the same names are open already
   */
  open(names: ScopeNames): number {
    const path = pathOf(names);
    if (this.#root.find(path)?.source !== undefined) throw new Error(`scope ${path.join('/')} is open already`);
    const id = this.#free.pop() ?? (this.#lastScope < this.#reader.scopesMax ? ++this.#lastScope : OVERFLOW_SCOPE);
    if (id === OVERFLOW_SCOPE) this.#reader.writer.increment(LIMITS_SCOPE, LIMIT_COUNTER.scopesMax);
    else this.#show(id, SCOPE_METRICS[names.protocol][names.kind], path);
    return id;
  }

  /** Takes a scope and its subtree out of the tree. Does nothing to OVERFLOW_SCOPE. */
  close(id: number): void {
    const scope = this.#open.get(id);
    if (scope === undefined || id === OVERFLOW_SCOPE) return;
    this.#root.remove(scope.path, scope.node);
    this.#open.delete(id);
    this.#closing.add(id);
  }

  /** Every worker alive has released the id: it may be handed out again. */
  confirmClosed(id: number): void {
    if (!this.#closing.delete(id)) return;
    this.#reader.writer.releaseScope(id);
    this.#free.push(id);
  }

  /** Adds what the supervisor knows to an open scope, gone with it. The last one given counts. */
  extend(id: number, extra: MetricSource): void {
    const scope = this.#open.get(id);
    if (scope !== undefined && id !== OVERFLOW_SCOPE) scope.extra = extra;
  }

  /** A counter of a scope, all threads together: one of COUNTER. */
  counter(id: number, cell: number): number {
    return this.#reader.counter(id, cell);
  }

  /** Ends the window of every stat. */
  roll(): void {
    for (const scope of this.#open.values()) scope.roll();
  }

  /** Keeps what a dead worker had counted (see {@link StatsReader.retireSlab}). */
  retireWorker(worker: number): void {
    this.#reader.retireSlab(worker, this.#lastScope);
  }

  #show(id: number, metrics: ScopeMetrics, path: readonly string[]): void {
    const node = this.#root.resolve(path);
    const scope = new Scope(this.#reader, id, metrics, path, node);
    node.source = scope;
    this.#open.set(id, scope);
  }
}

function pathOf(names: ScopeNames): readonly string[] {
  const below = ['rt', names.router];
  switch (names.kind) {
    case 'server':
      return [...below, 'server', `${names.ip}/${names.port}`];
    case 'service':
      return [...below, 'service', withoutSlash(names.path)];
    case 'client':
      return [...below, 'client', withoutSlash(names.id)];
    case 'client_service':
      return [...below, 'client', withoutSlash(names.id), 'service', withoutSlash(names.path)];
  }
}

function withoutSlash(path: string): string {
  return path.startsWith('/') ? path.slice(1) : path;
}
