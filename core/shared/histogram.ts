/**
 * How a value finds its histogram bucket, and how buckets become percentiles.
 *
 * Buckets are log-linear: every power of two is cut into 128 equal sub-buckets, so a bucket's middle is at most
 * 1/256 (0.39 %) from any value in it, and values below 256 are exact. The index is arithmetic on the leading bit:
 * no table, no search, no floating-point logarithm.
 *
 *     value       0 ..... 255 | 256 .. 511 | 512 .. 1023 | ...   | 2^44 .. 2^45-1
 *     width            1      |     2      |      4      |       |      2^37
 *     index       0 ..... 255 | 256 .. 383 | 384 .. 511  | ...   | 4864 .. 4991
 *     part        0           | 1                        | ...   | 19
 *
 * A *part* is 256 buckets (two octaves), the unit in which shared memory is handed out (see stats.ts).
 */

/** Buckets in one part. */
export const PART_BUCKETS = 256;

/** Parts that cover every recordable value. */
export const HISTOGRAM_PARTS = 20;

/** Buckets of a whole histogram. */
export const HISTOGRAM_BUCKETS = PART_BUCKETS * HISTOGRAM_PARTS;

/** The largest value told apart (about 407 days in microseconds); a larger one counts as this. */
export const HISTOGRAM_VALUE_MAX = 2 ** 45 - 1;

const SUB_BUCKET_BITS = 7;
const SUB_BUCKETS = 1 << SUB_BUCKET_BITS;
const LARGE_SHIFT = 24;
const LARGE_SCALE = 2 ** LARGE_SHIFT;

function smallBucketOf(value: number): number {
  const shift = 31 - SUB_BUCKET_BITS - Math.clz32(value | SUB_BUCKETS);
  return (shift << SUB_BUCKET_BITS) + (value >>> shift);
}

/**
 * The bucket of a value.
 *
 * @param value any number; a fraction is cut off, and what is negative or not a number counts as 0
 * @returns an index below {@link HISTOGRAM_BUCKETS}
 */
export function bucketOf(value: number): number {
  if (value < 0x80000000) return value > 0 ? smallBucketOf(value | 0) : 0;
  if (!(value <= HISTOGRAM_VALUE_MAX)) return value > 0 ? bucketOf(HISTOGRAM_VALUE_MAX) : 0;
  return (LARGE_SHIFT << SUB_BUCKET_BITS) + smallBucketOf(Math.floor(value / LARGE_SCALE));
}

/** The smallest value of a bucket. */
export function bucketLow(index: number): number {
  if (index < PART_BUCKETS) return index;
  const shift = (index >>> SUB_BUCKET_BITS) - 1;
  return (index - (shift << SUB_BUCKET_BITS)) * 2 ** shift;
}

/** The value a bucket is reported as: its middle, a whole number. */
export function bucketMiddle(index: number): number {
  return Math.floor((bucketLow(index) + bucketLow(index + 1)) / 2);
}

/** The percentiles of a summary and the names they are reported under (spec 06 section 1). */
export const PERCENTILES = [
  ['p50', 0.5],
  ['p90', 0.9],
  ['p95', 0.95],
  ['p99', 0.99],
  ['p9990', 0.999],
  ['p9999', 0.9999],
] as const;

/** One window of a histogram, in the unit of the caller. All but `avg` are whole numbers. */
export interface HistogramSummary {
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly sum: number;
  readonly avg: number;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly p9990: number;
  readonly p9999: number;
}

/** The summary of a window in which nothing happened. */
export const EMPTY_SUMMARY: HistogramSummary = {
  count: 0,
  min: 0,
  max: 0,
  sum: 0,
  avg: 0,
  p50: 0,
  p90: 0,
  p95: 0,
  p99: 0,
  p9990: 0,
  p9999: 0,
};

/**
 * Summarises bucket counts.
 *
 * A percentile p is the value of rank `ceil(p * count)`, at least 1 (vector of spec 06 section 3: of the values 1 and 2,
 * p50 is 1 and p90 is 2). Scaled values are rounded to whole numbers: cutting them, as Linkerd does before it records, would
 * here show a latency of 7.00 ms as 6 whenever its bucket's middle is below 7.
 *
 * @param counts {@link HISTOGRAM_BUCKETS} counts
 * @param count their sum
 * @param sum the exact sum of the recorded values
 * @param scale recorded units in one reported unit (1000 for microseconds reported as milliseconds)
 */
export function summarise(counts: Uint32Array, count: number, sum: number, scale: number): HistogramSummary {
  if (count === 0) return EMPTY_SUMMARY;
  const ranks = PERCENTILES.map(([, quantile]) => Math.max(1, Math.ceil(quantile * count)));
  const values: number[] = [];
  let seen = 0;
  let lowest = -1;
  let highest = 0;
  for (let bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
    const here = counts[bucket]!;
    if (here === 0) continue;
    seen += here;
    if (lowest < 0) lowest = bucket;
    highest = bucket;
    while (values.length < ranks.length && seen >= ranks[values.length]!) values.push(bucketMiddle(bucket));
  }
  const scaled = (value: number | undefined): number => Math.round((value ?? bucketMiddle(highest)) / scale);
  return {
    count,
    min: scaled(bucketMiddle(lowest)),
    max: scaled(bucketMiddle(highest)),
    sum: Math.round(sum / scale),
    avg: sum / scale / count,
    p50: scaled(values[0]),
    p90: scaled(values[1]),
    p95: scaled(values[2]),
    p99: scaled(values[3]),
    p9990: scaled(values[4]),
    p9999: scaled(values[5]),
  };
}
