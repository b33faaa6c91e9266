/** The load generator: an open loop at a constant rate, spread over the threads of a Piscina pool. */
import { decodeFromCompressedBase64, type Histogram } from 'hdr-histogram-js';
import { Piscina } from 'piscina';
import type { ThreadPlan, ThreadResult } from './plan.ts';

/** Load of all threads together. */
export type Plan = Omit<ThreadPlan, 'phase'>;

/** What came of it. */
export interface LoadResult {
  readonly planned: number;
  readonly succeeded: number;
  readonly succeededWithinSecond: number;
  /** Microseconds from each request's planned moment to its response's end. */
  readonly corrected: Histogram;
  /** Microseconds from the moment of sending. */
  readonly fromSending: Histogram;
  /** As `corrected`, of the requests that were due in each second. */
  readonly bySecond: readonly Histogram[];
}

/** Threads that make load. */
export class Generator {
  readonly #threads: number;
  readonly #pool: Piscina;

  constructor(threads: number) {
    this.#threads = threads;
    this.#pool = new Piscina({
      filename: new URL('./open-loop.js', import.meta.url).href,
      minThreads: threads,
      maxThreads: threads,
      concurrentTasksPerWorker: 1,
    });
  }

  /** Makes load. @returns when the last request was answered or given up */
  async run(plan: Plan): Promise<LoadResult> {
    const threads = this.#threads;
    const part = {
      ...plan,
      ratePerSecond: plan.ratePerSecond / threads,
      connectionsMax: Math.ceil(plan.connectionsMax / threads),
    };
    const results: ThreadResult[] = await Promise.all(
      Array.from({ length: threads }, (_, thread) => this.#pool.run({ ...part, phase: thread / threads })),
    );
    const sum = (read: (result: ThreadResult) => number) => results.reduce((total, one) => total + read(one), 0);
    return {
      planned: sum(({ planned }) => planned),
      succeeded: sum(({ succeeded }) => succeeded),
      succeededWithinSecond: sum(({ succeededWithinSecond }) => succeededWithinSecond),
      corrected: merge(results.map(({ corrected }) => corrected)),
      fromSending: merge(results.map(({ fromSending }) => fromSending)),
      bySecond: mergeEach(results.map(({ bySecond }) => bySecond)),
    };
  }

  /** Ends the threads. */
  async stop(): Promise<void> {
    await this.#pool.destroy();
  }
}

function mergeEach(threads: readonly (readonly string[])[]): Histogram[] {
  const seconds = Math.max(...threads.map((thread) => thread.length));
  return Array.from({ length: seconds }, (_, second) => merge(threads.flatMap((thread) => thread[second] ?? [])));
}

function merge(encoded: readonly string[]): Histogram {
  const [first, ...others] = encoded.map((text) => decodeFromCompressedBase64(text));
  if (first === undefined) throw new Error('no thread answered');
  for (const other of others) first.add(other);
  return first;
}
