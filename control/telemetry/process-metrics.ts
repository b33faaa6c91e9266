/**
 * The process gauges under the JVM names that dashboards read (spec 06 section 1.4), from Node and /proc, and the worker
 * threads.
 *
 * `jvm/mem/current/used` is the resident set: most of what a node proxy holds lies outside the JavaScript heap. Garbage
 * collections are those of the supervisor's thread; workers are built not to have any. Without /proc (not on Linux) the
 * gauges that need it are left out rather than guessed.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { Metrics } from './metrics.ts';

/**
 * Registers the gauges.
 *
 * @param startTimeMs wall-clock time at which the process began to serve
 * @param now the wall clock, in milliseconds
 * @returns how to stop watching garbage collections
 */
export function registerProcessMetrics(metrics: Metrics, startTimeMs: number, now: () => number): () => void {
  metrics.gauge(['jvm', 'uptime'], () => now() - startTimeMs);
  metrics.gauge(['jvm', 'start_time'], () => startTimeMs);
  metrics.gauge(['jvm', 'num_cpus'], availableParallelism);
  metrics.gauge(['jvm', 'mem', 'current', 'used'], () => process.memoryUsage.rss());
  metrics.gauge(['jvm', 'mem', 'heap', 'used'], () => getHeapStatistics().used_heap_size);
  metrics.gauge(['jvm', 'mem', 'heap', 'committed'], () => getHeapStatistics().total_heap_size);
  metrics.gauge(['jvm', 'mem', 'heap', 'max'], () => getHeapStatistics().heap_size_limit);
  metrics.gauge(['jvm', 'mem', 'nonheap', 'used'], () => process.memoryUsage().external);
  if (threadCount() !== undefined) {
    metrics.gauge(['jvm', 'thread', 'count'], () => threadCount() ?? 0);
    metrics.gauge(['jvm', 'thread', 'daemon_count'], () => (threadCount() ?? 1) - 1);
  }
  if (openFiles() !== undefined) metrics.gauge(['jvm', 'fd_count'], () => openFiles() ?? 0);
  const limit = openFilesMax();
  if (limit !== undefined) metrics.gauge(['jvm', 'fd_limit'], () => limit);
  return watchCollections(metrics);
}

/** The worker threads, as their owner counts them. */
export interface WorkerCounts {
  /** Threads that have died since the start. */
  readonly deaths: number;
  /** Workers that serve now. */
  readonly serving: number;
}

/** Registers the metrics of the worker threads: Weft's own, as Linkerd has no such threads. */
export function registerWorkerMetrics(metrics: Metrics, workers: WorkerCounts): void {
  metrics.counter(['worker', 'deaths'], () => workers.deaths);
  metrics.gauge(['worker', 'alive'], () => workers.serving);
}

function watchCollections(metrics: Metrics): () => void {
  let cycles = 0;
  let millis = 0;
  metrics.gauge(['jvm', 'gc', 'cycles'], () => cycles);
  metrics.gauge(['jvm', 'gc', 'msec'], () => millis);
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      cycles++;
      millis += duration;
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  return () => observer.disconnect();
}

function numberIn(file: string, pattern: RegExp): number | undefined {
  try {
    const text = pattern.exec(readFileSync(file, 'utf8'))?.[1];
    return text === undefined ? undefined : Number(text);
  } catch {
    return undefined;
  }
}

function threadCount(): number | undefined {
  return numberIn('/proc/self/status', /^Threads:\s+(\d+)/m);
}

function openFilesMax(): number | undefined {
  return numberIn('/proc/self/limits', /^Max open files\s+(\d+)/m);
}

function openFiles(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return undefined;
  }
}
