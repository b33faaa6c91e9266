/**
 * All metrics of the process in one place: the scopes that workers count in, what the supervisor registers itself, the
 * counters of met bounds, and the clock of windows.
 */

import { type CountedLimitName, LIMITS } from '../../core/limits.ts';
import { LIMIT_COUNTER, LIMITS_SCOPE } from '../../core/shared/stats.ts';
import type { StatsReader } from '../../core/shared/stats-reader.ts';
import { MetricNode } from './metrics-tree.ts';
import { Scopes } from './scopes.ts';

/** Time between two summaries of the stats (spec 06 section 1). */
export const SNAPSHOT_INTERVAL_MS = 60_000;

/** The metrics of the process. */
export class Metrics {
  readonly scopes: Scopes;
  readonly #root = new MetricNode();
  readonly #reader: StatsReader;

  constructor(reader: StatsReader) {
    this.#reader = reader;
    this.scopes = new Scopes(reader, this.#root);
    for (const [name, cell] of Object.entries(LIMIT_COUNTER)) {
      const { metric } = LIMITS[name as CountedLimitName];
      this.counter(metric.split('/'), () => reader.counter(LIMITS_SCOPE, cell));
    }
    this.counter(['limits', 'stats_chunks'], () => reader.refused);
  }

  /** Registers a counter by where to read it. */
  counter(path: readonly string[], read: () => number): void {
    this.#root.put(path, { kind: 'counter', read });
  }

  /** Registers a gauge by where to read it. */
  gauge(path: readonly string[], read: () => number): void {
    this.#root.put(path, { kind: 'gauge', read });
  }

  /** Counts that a bound was met in the supervisor itself. */
  limitMet(name: CountedLimitName): void {
    this.#reader.writer.increment(LIMITS_SCOPE, LIMIT_COUNTER[name]);
  }

  /** The tree as of now, for an exporter to walk at once. */
  tree(): MetricNode {
    return this.#root;
  }

  /** Rolls the windows every `intervalMs`, without keeping the process alive. Returns how to stop. */
  start(intervalMs: number = SNAPSHOT_INTERVAL_MS): () => void {
    const timer = setInterval(() => this.scopes.roll(), intervalMs);
    timer.unref();
    return () => clearInterval(timer);
  }
}
