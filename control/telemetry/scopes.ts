/**
 * Hands out scope ids and shows what workers count under them in the metrics tree (spec 06 sections 1.1 and 1.2).
 *
 *                open()                close()                 confirmClosed()
 *     free ───────────────▶ open ───────────────▶ closing ───────────────────▶ free
 *                           shown in the tree     not shown;                   base forgotten,
 *                           counted by workers    workers let go of the id     id may be handed out again
 *
 * An id is not handed out again before every worker has released it: a late count would go to a stranger's name.
 */

import { REASONS } from '../../core/reasons.ts';
import { HistogramWindow } from '../../core/shared/histogram-window.ts';
import { FIRST_SCOPE, LIMIT_COUNTER, LIMITS_SCOPE, OVERFLOW_SCOPE } from '../../core/shared/stats.ts';
import type { StatsReader } from '../../core/shared/stats-reader.ts';
import type { Metric, MetricNode } from './metrics-tree.ts';
import { type HistogramMetric, SCOPE_METRICS, type ScopeKind, type ScopeMetrics } from './scope-metrics.ts';

/** What a scope counts for. Paths and bound ids may be given with or without their leading slash. */
export type ScopeNames =
  | { readonly kind: 'server'; readonly router: string; readonly ip: string; readonly port: number }
  | { readonly kind: 'service'; readonly router: string; readonly path: string }
  | { readonly kind: 'client'; readonly router: string; readonly id: string }
  | { readonly kind: 'client_service'; readonly router: string; readonly id: string; readonly path: string };

/** Upper bounds of the cumulative latency buckets, in seconds. */
export const LATENCY_BOUNDS_SECONDS: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600,
];

const MICROS_PER_SECOND = 1e6;
const MICROS_PER_MS = 1e3;
const LATENCY_BOUNDS_MICROS = LATENCY_BOUNDS_SECONDS.map((seconds) => seconds * MICROS_PER_SECOND);

interface Scope {
  readonly id: number;
  readonly kind: ScopeKind;
  readonly path: readonly string[];
  readonly node: MetricNode;
  readonly windows: readonly HistogramWindow[];
}

/** The scopes of the process. */
export class Scopes {
  readonly #reader: StatsReader;
  readonly #root: MetricNode;
  readonly #open = new Map<number, Scope>();
  readonly #shown = new Set<MetricNode>();
  readonly #closing = new Set<number>();
  readonly #free: number[] = [];
  #lastScope = FIRST_SCOPE - 1;

  constructor(reader: StatsReader, root: MetricNode) {
    this.#reader = reader;
    this.#root = root;
    this.#show(OVERFLOW_SCOPE, 'client_service', ['overflow']);
  }

  /**
   * Opens a scope, shown from now on.
   *
   * @returns its id; OVERFLOW_SCOPE when all are in use, which is counted under `limits/scopes`
   * @throws Error when the same names are open already
   */
  open(names: ScopeNames): number {
    const path = pathOf(names);
    const shown = this.#root.find(path);
    if (shown !== undefined && this.#shown.has(shown)) throw new Error(`scope ${path.join('/')} is open already`);
    const id = this.#free.pop() ?? (this.#lastScope < this.#reader.scopesMax ? ++this.#lastScope : OVERFLOW_SCOPE);
    if (id === OVERFLOW_SCOPE) this.#reader.writer.increment(LIMITS_SCOPE, LIMIT_COUNTER.scopesMax);
    else this.#show(id, names.kind, path);
    return id;
  }

  /** Takes a scope and its subtree out of the tree. Does nothing to OVERFLOW_SCOPE. */
  close(id: number): void {
    const scope = this.#open.get(id);
    if (scope === undefined || id === OVERFLOW_SCOPE) return;
    this.#root.remove(scope.path, scope.node);
    this.#open.delete(id);
    this.#shown.delete(scope.node);
    this.#closing.add(id);
  }

  /** Every worker alive has released the id: it may be handed out again. */
  confirmClosed(id: number): void {
    if (!this.#closing.delete(id)) return;
    this.#reader.writer.releaseScope(id);
    this.#free.push(id);
  }

  /** Adds a gauge of the supervisor's to an open scope, gone with it: `gauge(id, ['loadbalancer', 'size'], read)`. */
  gauge(id: number, path: readonly string[], read: () => number): void {
    if (id !== OVERFLOW_SCOPE) this.#open.get(id)?.node.put(path, { kind: 'gauge', read });
  }

  /** Adds a counter of the supervisor's to an open scope, gone with it. */
  counter(id: number, path: readonly string[], read: () => number): void {
    if (id !== OVERFLOW_SCOPE) this.#open.get(id)?.node.put(path, { kind: 'counter', read });
  }

  /** Shows the status codes and failure reasons met since the last call. */
  refresh(): void {
    for (const { id, kind, node } of this.#open.values()) {
      if (SCOPE_METRICS[kind].statuses) {
        this.#reader.visitStatuses(id, (status) => this.#showStatus(id, node, status));
      }
      if (!this.#reader.hasFailures(id)) continue;
      REASONS.forEach((reason, index) => {
        if (this.#reader.failure(id, index) === 0 || node.find(['failures', reason])) return;
        node.put(['failures', reason], { kind: 'counter', read: () => this.#reader.failure(id, index) });
      });
    }
  }

  /** Ends the window of every stat. */
  roll(): void {
    for (const { windows } of this.#open.values()) for (const window of windows) window.roll();
  }

  /** Keeps what a dead worker had counted (see {@link StatsReader.retireSlab}). */
  retireWorker(worker: number): void {
    this.#reader.retireSlab(worker, this.#lastScope);
  }

  #show(id: number, kind: ScopeKind, path: readonly string[]): void {
    const metrics: ScopeMetrics = SCOPE_METRICS[kind];
    const node = this.#root.resolve(path);
    const reader = this.#reader;
    for (const { path: below, kind: metric, cell } of metrics.cells) {
      node.put(below, { kind: metric, read: () => reader.counter(id, cell) });
    }
    const windows = metrics.histograms.map((metric) => {
      const [window, stat] = statOf(reader, id, metric);
      node.put(metric.path, stat);
      return window;
    });
    this.#shown.add(node);
    this.#open.set(id, { id, kind, path, node, windows });
  }

  #showStatus(id: number, node: MetricNode, status: number): void {
    const code = ['status', String(status)];
    if (node.find(code) !== undefined) return;
    const statusClass = Math.floor(status / 100);
    node.put(code, { kind: 'counter', read: () => this.#reader.status(id, status) });
    node.put(['status', `${statusClass}XX`], {
      kind: 'counter',
      read: () => this.#reader.statusClass(id, statusClass),
    });
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

function statOf(reader: StatsReader, id: number, metric: HistogramMetric): [HistogramWindow, Metric] {
  const millis = metric.unit === 'ms';
  const bounds = millis ? LATENCY_BOUNDS_MICROS : [];
  const window = new HistogramWindow(reader, id, metric.histogram, millis ? MICROS_PER_MS : 1, bounds);
  const seconds = () => {
    if (!millis) return undefined;
    const { atMost, count, sum } = window.cumulative();
    return { bounds: LATENCY_BOUNDS_SECONDS, histogram: { atMost, count, sum: sum / MICROS_PER_SECOND } };
  };
  return [window, { kind: 'stat', summary: () => window.summary, seconds }];
}
