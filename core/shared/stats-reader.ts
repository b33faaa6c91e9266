/**
 * The supervisor's view of all slabs together (see stats.ts for the layout): sums, and what happens when a worker dies.
 *
 * A dead worker's slab is folded into slab 0 and cleared, so that its successor starts from nothing and the sums do not
 * fall. Its levels (pending, connections) died with it and are forgotten.
 */

import { HISTOGRAM_PARTS, PART_BUCKETS } from './histogram.ts';
import {
  CHUNK_FLOATS_SHIFT,
  CHUNK_INTS_SHIFT,
  DIRECTORY_START,
  HEADER,
  histogramCell,
  REASONS_CELL,
  STATUS_CELL,
  STATUS_CODES,
  SUM_CELL,
  scopesOfSlab,
} from './stats.ts';
import { StatsWriter } from './stats-writer.ts';

interface SlabView {
  readonly slab: SharedArrayBuffer;
  readonly floats: Float64Array;
  readonly ints: Int32Array;
  readonly counts: Uint32Array;
}

/** Reads all slabs of the process. */
export class StatsReader {
  readonly #slabs: readonly SlabView[];
  readonly #scopesMax: number;
  /** The pen on slab 0, for what the supervisor counts itself. */
  readonly writer: StatsWriter;

  /** @param slabs of equal size: first the supervisor's, then that of worker 0, 1, ... */
  constructor(slabs: readonly [SharedArrayBuffer, ...SharedArrayBuffer[]]) {
    this.#slabs = slabs.map((slab) => ({
      slab,
      floats: new Float64Array(slab),
      ints: new Int32Array(slab),
      counts: new Uint32Array(slab),
    }));
    this.#scopesMax = scopesOfSlab(slabs[0].byteLength);
    this.writer = new StatsWriter(slabs[0]);
  }

  /** The highest scope id that there is room for. */
  get scopesMax(): number {
    return this.#scopesMax;
  }

  /** A counter of a scope, all threads together. */
  counter(scope: number, counter: number): number {
    let sum = 0;
    for (const { floats } of this.#slabs) sum += floats[(scope << CHUNK_FLOATS_SHIFT) + counter]!;
    return sum;
  }

  /** Responses with one status code (100..599). */
  status(scope: number, status: number): number {
    const statusClass = Math.floor(status / STATUS_CODES);
    return this.#cell(scope, STATUS_CELL + statusClass - 1, status % STATUS_CODES);
  }

  /** Responses of one status class (1..5). */
  statusClass(scope: number, statusClass: number): number {
    let sum = 0;
    for (let code = 0; code < STATUS_CODES; code++) sum += this.#cell(scope, STATUS_CELL + statusClass - 1, code);
    return sum;
  }

  /** Calls `visit` with every status code seen in a scope. */
  visitStatuses(scope: number, visit: (status: number) => void): void {
    for (let statusClass = 1; statusClass <= 5; statusClass++) {
      if (!this.#has(scope, STATUS_CELL + statusClass - 1)) continue;
      for (let code = 0; code < STATUS_CODES; code++) {
        if (this.#cell(scope, STATUS_CELL + statusClass - 1, code) > 0) visit(statusClass * STATUS_CODES + code);
      }
    }
  }

  /** Failures of a scope for one reason. @param cell which failures: REASONS_CELL or ACQUISITION_REASONS_CELL */
  failure(scope: number, reasonIndex: number, cell: number = REASONS_CELL): number {
    return this.#cell(scope, cell, reasonIndex);
  }

  /** Whether anything failed in a scope. @param cell as {@link failure} takes it */
  hasFailures(scope: number, cell: number = REASONS_CELL): boolean {
    return this.#has(scope, cell);
  }

  /** Whether anything was ever recorded in a histogram. */
  hasHistogram(scope: number, histogram: number): boolean {
    for (let part = 0; part < HISTOGRAM_PARTS; part++)
      if (this.#has(scope, histogramCell(histogram, part))) return true;
    return false;
  }

  /** The exact sum of all values recorded in a histogram. */
  histogramSum(scope: number, histogram: number): number {
    return this.counter(scope, SUM_CELL + histogram);
  }

  /**
   * Adds the counts of one part of a histogram to `into` (modulo 2^32).
   *
   * @returns false, and `into` untouched, when no thread has recorded there
   */
  addHistogramPart(scope: number, histogram: number, part: number, into: Uint32Array): boolean {
    let found = false;
    for (const view of this.#slabs) {
      const chunk = chunkAt(view, scope, histogramCell(histogram, part));
      if (chunk === 0) continue;
      found = true;
      const start = chunk << CHUNK_INTS_SHIFT;
      for (let bucket = 0; bucket < PART_BUCKETS; bucket++) into[bucket]! += view.counts[start + bucket]!;
    }
    return found;
  }

  /** Values dropped because a slab had no chunk left for them. */
  get refused(): number {
    return this.#slabs.reduce((sum, { counts }) => sum + counts[HEADER.refused]!, 0);
  }

  /**
   * Takes over the counts of a dead worker and clears its slab for the successor. To be called between the death of
   * the thread and the start of the next.
   *
   * @param worker its number, from 0
   * @param lastScope the highest scope id that was ever handed out
   */
  retireSlab(worker: number, lastScope: number): void {
    const view = this.#slabs[worker + 1];
    if (view === undefined) throw new RangeError(`no worker ${worker}`);
    for (let scope = 1; scope <= lastScope; scope++) this.writer.fold(scope, view.slab);
    this.#slabs[0]!.ints[HEADER.refused]! += view.ints[HEADER.refused]!;
    const extras = this.#scopesMax + 1;
    view.ints.fill(0, extras << CHUNK_INTS_SHIFT, (extras + view.ints[HEADER.taken]!) << CHUNK_INTS_SHIFT);
    view.ints.fill(0, 0, (lastScope + 1) << CHUNK_INTS_SHIFT);
  }

  #has(scope: number, cell: number): boolean {
    return this.#slabs.some((view) => chunkAt(view, scope, cell) !== 0);
  }

  #cell(scope: number, cell: number, index: number): number {
    let sum = 0;
    for (const view of this.#slabs) {
      const chunk = chunkAt(view, scope, cell);
      if (chunk !== 0) sum += view.floats[(chunk << CHUNK_FLOATS_SHIFT) + index]!;
    }
    return sum;
  }
}

function chunkAt(view: SlabView, scope: number, cell: number): number {
  return Atomics.load(view.ints, (scope << CHUNK_INTS_SHIFT) + DIRECTORY_START + cell);
}
