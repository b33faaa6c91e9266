/**
 * One open scope as exporters see it: its counters and gauges, the statuses and failures met so far, its stats, and what
 * the supervisor adds. Nothing of it is kept but the windows of stats that something was recorded in.
 */

import { REASONS } from '../../core/reasons.ts';
import { EMPTY_SUMMARY } from '../../core/shared/histogram.ts';
import { HistogramWindow } from '../../core/shared/histogram-window.ts';
import { ACQUISITION_REASONS_CELL, REASONS_CELL } from '../../core/shared/stats.ts';
import type { StatsReader } from '../../core/shared/stats-reader.ts';
import type { MetricNode, MetricSource, Stat } from './metrics-tree.ts';
import type { HistogramMetric, ScopeMetrics } from './scope-metrics.ts';

/** Upper bounds of the cumulative latency buckets, in seconds. */
export const LATENCY_BOUNDS_SECONDS: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600,
];

const MICROS_PER_SECOND = 1e6;
const MICROS_PER_MS = 1e3;
const LATENCY_BOUNDS_MICROS = LATENCY_BOUNDS_SECONDS.map((seconds) => seconds * MICROS_PER_SECOND);

const FAILURES = ['failures'];
const ACQUISITION_FAILURES = ['service_creation', 'failures'];

/** An open scope. */
export class Scope implements MetricSource {
  readonly id: number;
  readonly path: readonly string[];
  readonly node: MetricNode;
  /** Adds what is not counted by workers. */
  extra: MetricSource | undefined;
  readonly #reader: StatsReader;
  readonly #metrics: ScopeMetrics;
  /** By place in the list of the scope's stats; undefined while nothing was recorded. */
  #windows: (HistogramWindow | undefined)[] | undefined;
  #rolled = false;

  constructor(reader: StatsReader, id: number, metrics: ScopeMetrics, path: readonly string[], node: MetricNode) {
    this.#reader = reader;
    this.#metrics = metrics;
    this.id = id;
    this.path = path;
    this.node = node;
  }

  /** Ends the window of every stat. */
  roll(): void {
    this.#rolled = true;
    this.#metrics.histograms.forEach((metric, place) => {
      if (this.#windows?.[place] === undefined) {
        if (!this.#reader.hasHistogram(this.id, metric.histogram)) return;
        this.#windows ??= [];
        this.#windows[place] = this.#window(metric);
      }
      this.#windows[place].roll();
    });
  }

  fill(into: MetricNode): void {
    const reader = this.#reader;
    for (const { path, kind, cell } of this.#metrics.cells) {
      into.put(path, { kind, read: () => reader.counter(this.id, cell) });
    }
    this.#metrics.histograms.forEach((metric, place) => {
      into.put(metric.path, this.#stat(metric, place));
    });
    if (this.#metrics.statuses) reader.visitStatuses(this.id, (status) => this.#fillStatus(into, status));
    this.#fillReasons(into, FAILURES, REASONS_CELL);
    this.#fillReasons(into, ACQUISITION_FAILURES, ACQUISITION_REASONS_CELL);
    this.extra?.fill(into);
  }

  #fillStatus(into: MetricNode, status: number): void {
    const statusClass = Math.floor(status / 100);
    into.put(['status', String(status)], { kind: 'counter', read: () => this.#reader.status(this.id, status) });
    into.put(['status', `${statusClass}XX`], {
      kind: 'counter',
      read: () => this.#reader.statusClass(this.id, statusClass),
    });
  }

  #fillReasons(into: MetricNode, path: readonly string[], cell: number): void {
    if (!this.#reader.hasFailures(this.id, cell)) return;
    REASONS.forEach((reason, index) => {
      if (this.#reader.failure(this.id, index, cell) === 0) return;
      into.put([...path, reason], { kind: 'counter', read: () => this.#reader.failure(this.id, index, cell) });
    });
  }

  #stat(metric: HistogramMetric, place: number): Stat {
    const seconds = () => {
      if (metric.unit !== 'ms') return undefined;
      const { atMost, count, sum } = (this.#windows?.[place] ?? this.#window(metric)).cumulative();
      return { bounds: LATENCY_BOUNDS_SECONDS, histogram: { atMost, count, sum: sum / MICROS_PER_SECOND } };
    };
    // A stat that nothing was recorded in has an empty window from the first roll on, like any other (spec 06 section 1).
    const summary = () => this.#windows?.[place]?.summary ?? (this.#rolled ? EMPTY_SUMMARY : undefined);
    return { kind: 'stat', summary, seconds };
  }

  #window({ unit, histogram }: HistogramMetric): HistogramWindow {
    const millis = unit === 'ms';
    const bounds = millis ? LATENCY_BOUNDS_MICROS : [];
    return new HistogramWindow(this.#reader, this.id, histogram, millis ? MICROS_PER_MS : 1, bounds);
  }
}
