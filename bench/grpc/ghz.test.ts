/** What is read of ghz's report. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BenchError } from '../support/bench-error.ts';
import { readReport } from './ghz.ts';

const latencyDistribution = [
  { percentage: 50, latency: 1_500_000 },
  { percentage: 95, latency: 2_000_000 },
  { percentage: 99, latency: 3_250_000 },
];

test('a report: nanoseconds become microseconds, and what is not OK is an error', () => {
  const statusCodeDistribution = { OK: 97, Unavailable: 2, Internal: 1 };
  const json = JSON.stringify({ count: 100, rps: 12.5, latencyDistribution, statusCodeDistribution });
  const wanted = { requests: 100, requestsPerSecond: 12.5, p50Micros: 1500, p99Micros: 3250, errors: 3 };
  assert.deepEqual(readReport(json), wanted);
});

test('a report in which nothing is OK is refused', () => {
  const json = JSON.stringify({
    count: 5,
    rps: 1,
    latencyDistribution: null,
    statusCodeDistribution: { Unavailable: 5 },
  });
  assert.throws(() => readReport(json), new BenchError('No call was answered OK: {"Unavailable":5}'));
});
