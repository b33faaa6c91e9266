/** The buckets of the histogram: their relative error, and the summary made of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { build } from 'hdr-histogram-js';
import {
  bucketLow,
  bucketMiddle,
  bucketOf,
  HISTOGRAM_BUCKETS,
  HISTOGRAM_VALUE_MAX,
  PERCENTILES,
  summarise,
} from './histogram.ts';

/** Half a sub-bucket of 1/128. */
const RELATIVE_ERROR = 1 / 256;

/** Whole numbers spread evenly over the octaves rather than over the values. */
const values = fc
  .tuple(fc.double({ min: 0, max: 44, noNaN: true }), fc.nat(1000))
  .map(([exponent, extra]) => Math.floor(2 ** exponent) + extra);

function summaryOf(recorded: readonly number[], scale = 1) {
  const counts = new Uint32Array(HISTOGRAM_BUCKETS);
  for (const value of recorded) counts[bucketOf(value)]! += 1;
  const sum = recorded.reduce((a, b) => a + b, 0);
  return summarise(counts, recorded.length, sum, scale);
}

test('a bucket holds its value, and its middle is within 0.4 % of it', () => {
  fc.assert(
    fc.property(values, (value) => {
      const bucket = bucketOf(value);
      assert.ok(bucketLow(bucket) <= value && value < bucketLow(bucket + 1));
      assert.ok(Math.abs(bucketMiddle(bucket) - value) <= value * RELATIVE_ERROR);
    }),
  );
});

test('buckets follow each other without gap or overlap', () => {
  for (let bucket = 0; bucket < bucketOf(HISTOGRAM_VALUE_MAX); bucket++) {
    assert.equal(bucketOf(bucketLow(bucket)), bucket);
    assert.equal(bucketOf(bucketLow(bucket + 1) - 1), bucket);
  }
});

test('values at the edges have a bucket', () => {
  const last = bucketOf(HISTOGRAM_VALUE_MAX);
  for (const [value, bucket] of [
    [-1, 0],
    [Number.NaN, 0],
    [Number.NEGATIVE_INFINITY, 0],
    [0.9, 0],
    [255.9, 255],
    [2 ** 31 - 1, bucketOf(2 ** 31) - 1],
    [HISTOGRAM_VALUE_MAX + 1, last],
    [Number.MAX_VALUE, last],
    [Number.POSITIVE_INFINITY, last],
  ] as const) {
    assert.equal(bucketOf(value), bucket, String(value));
  }
  assert.ok(last < HISTOGRAM_BUCKETS);
});

test('the vector of the specification: values 1 and 2', () => {
  assert.deepEqual(summaryOf([1, 2]), {
    count: 2,
    min: 1,
    max: 2,
    sum: 3,
    avg: 1.5,
    p50: 1,
    p90: 2,
    p95: 2,
    p99: 2,
    p9990: 2,
    p9999: 2,
  });
});

test('microseconds are reported as whole milliseconds', () => {
  const { min, max, sum, avg } = summaryOf([1000, 2900], 1000);
  assert.deepEqual({ min, max, sum, avg }, { min: 1, max: 3, sum: 4, avg: 1.95 });
});

test('a latency of a whole number of milliseconds is reported as that number', () => {
  for (let millis = 0; millis < 100; millis++) assert.equal(summaryOf([millis * 1000], 1000).p50, millis);
});

test('an empty window is all zero', () => {
  assert.deepEqual([...new Set(Object.values(summaryOf([])))], [0]);
});

test('percentiles are those of the sorted values, and of hdr-histogram-js, within the error of each', () => {
  fc.assert(
    fc.property(fc.array(values, { minLength: 1, maxLength: 500 }), (recorded) => {
      const summary = summaryOf(recorded);
      const sorted = recorded.toSorted((a, b) => a - b);
      const reference = build({ numberOfSignificantValueDigits: 3, highestTrackableValue: 2 ** 46 });
      for (const value of recorded) reference.recordValue(value);
      for (const [name, quantile] of PERCENTILES) {
        const exact = sorted[Math.max(1, Math.ceil(quantile * sorted.length)) - 1]!;
        assert.ok(
          Math.abs(summary[name] - exact) <= exact * RELATIVE_ERROR,
          `${name}: ${summary[name]}, exactly ${exact}`,
        );
        const theirs = reference.getValueAtPercentile(quantile * 100);
        assert.ok(
          Math.abs(summary[name] - theirs) <= theirs * (RELATIVE_ERROR + 0.001) + 1,
          `${name}: theirs ${theirs}`,
        );
      }
    }),
    { numRuns: 60 },
  );
});
