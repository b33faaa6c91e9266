/**
 * Two readings of one shared histogram that only ever grows: the last window's summary, as Linkerd reports it, and
 * cumulative buckets, as Prometheus wants them.
 *
 * Workers never reset anything. A window is the difference between two readings, taken modulo 2^32 because the
 * bucket counts wrap:
 *
 *     shared counts   ────────────┬─────────────┬──────────▶ grows
 *                             previous roll   this roll
 *     window summary              └── difference ┘  shown until the next roll
 *     cumulative      ◀── folded at rolls ───────┴── difference so far ──▶ now
 *
 * Only buckets that hold something are remembered: of five thousand, a handful for a name that is seldom asked for.
 */

import {
  bucketMiddle,
  EMPTY_SUMMARY,
  HISTOGRAM_BUCKETS,
  HISTOGRAM_PARTS,
  type HistogramSummary,
  PART_BUCKETS,
  summarise,
} from './histogram.ts';
import type { StatsReader } from './stats-reader.ts';

/** Cumulative counts: `atMost[i]` values were at most the i-th bound; `count` and `sum` are of all values, `sum` in recorded units. */
export interface CumulativeHistogram {
  readonly atMost: readonly number[];
  readonly count: number;
  readonly sum: number;
}

/** The one scratch area: a reading is used up before the next is taken. */
const difference = new Uint32Array(HISTOGRAM_BUCKETS);
/** Bucket and count, in turns, of the buckets of a reading that hold something. */
const held = new Uint32Array(2 * HISTOGRAM_BUCKETS);
const NONE = new Uint32Array(0);

/** The windows of one histogram of one scope. */
export class HistogramWindow {
  readonly #reader: StatsReader;
  readonly #scope: number;
  readonly #histogram: number;
  readonly #scale: number;
  readonly #bounds: readonly number[];
  /** As {@link held}, at the last roll: the first {@link #previousEnd} of it. Rewritten in place, with room to grow. */
  #previous = NONE;
  #previousEnd = 0;
  readonly #folded: number[];
  #previousSum = 0;
  #summary: HistogramSummary | undefined;

  /**
   * @param scale recorded units in one reported unit, see {@link summarise}
   * @param bounds upper bounds of the cumulative buckets, ascending, in recorded units
   */
  constructor(reader: StatsReader, scope: number, histogram: number, scale: number, bounds: readonly number[]) {
    this.#reader = reader;
    this.#scope = scope;
    this.#histogram = histogram;
    this.#scale = scale;
    this.#bounds = bounds;
    this.#folded = new Array<number>(bounds.length + 1).fill(0);
  }

  /** The summary of the last finished window; undefined before the first. */
  get summary(): HistogramSummary | undefined {
    return this.#summary;
  }

  /** Ends the window and begins the next. To be called before any bucket can have counted 2^32 values. */
  roll(): void {
    const count = this.#readDifference(true);
    const sum = this.#reader.histogramSum(this.#scope, this.#histogram);
    this.#summary = count === 0 ? EMPTY_SUMMARY : summarise(difference, count, sum - this.#previousSum, this.#scale);
    this.#previousSum = sum;
    if (count > 0) addByBound(difference, this.#bounds, this.#folded);
  }

  /** All values since the scope was opened, the unfinished window included. */
  cumulative(): CumulativeHistogram {
    const counts = this.#folded.slice();
    if (this.#readDifference(false) > 0) addByBound(difference, this.#bounds, counts);
    let running = 0;
    const atMost = counts.map((count) => {
      running += count;
      return running;
    });
    atMost.pop();
    return { atMost, count: running, sum: this.#reader.histogramSum(this.#scope, this.#histogram) };
  }

  /** Fills {@link difference} with what came since the last roll and returns its sum. */
  #readDifference(remember: boolean): number {
    let count = 0;
    let end = 0;
    difference.fill(0);
    for (let part = 0; part < HISTOGRAM_PARTS; part++) {
      const first = part * PART_BUCKETS;
      const counts = difference.subarray(first, first + PART_BUCKETS);
      if (!this.#reader.addHistogramPart(this.#scope, this.#histogram, part, counts)) continue;
      for (let bucket = first; bucket < first + PART_BUCKETS; bucket++) {
        if (difference[bucket] === 0) continue;
        held[end++] = bucket;
        held[end++] = difference[bucket]!;
        count += difference[bucket]!;
      }
    }
    const previous = this.#previous;
    for (let i = 0; i < this.#previousEnd; i += 2) {
      const bucket = previous[i]!;
      count -= difference[bucket]!;
      difference[bucket]! -= previous[i + 1]!;
      count += difference[bucket]!;
    }
    if (remember && count > 0) this.#remember(end);
    return count;
  }

  #remember(end: number): void {
    // A new array at each roll, each a little larger than the last, would leave the process's heap full of holes.
    if (this.#previous.length < end) this.#previous = new Uint32Array(2 ** Math.ceil(Math.log2(end)));
    this.#previous.set(held.subarray(0, end));
    this.#previousEnd = end;
  }
}

/** Adds each bucket's count to the first bound that its middle does not exceed, or to the cell after the last. */
function addByBound(counts: Uint32Array, bounds: readonly number[], into: number[]): void {
  let bound = 0;
  for (let bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
    if (counts[bucket] === 0) continue;
    while (bound < bounds.length && bucketMiddle(bucket) > bounds[bound]!) bound++;
    into[bound]! += counts[bucket]!;
  }
}
