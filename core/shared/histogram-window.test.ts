/** A window of a histogram that writers never stop: what it shows is what came since it was last rolled. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HistogramWindow } from './histogram-window.ts';
import { HISTOGRAM, slabBytes } from './stats.ts';
import { StatsReader } from './stats-reader.ts';
import { StatsWriter } from './stats-writer.ts';

const SCOPE = 3;
const MS = 1000;

function setUp() {
  const slabs = [0, 1].map(() => new SharedArrayBuffer(slabBytes({ scopesMax: 8 })));
  const reader = new StatsReader([slabs[0]!, slabs[1]!]);
  const window = new HistogramWindow(reader, SCOPE, HISTOGRAM.requestLatency, MS, [5 * MS, 50 * MS]);
  return { reader, window, summary: () => window.summary, writer: new StatsWriter(slabs[1]!), slab: slabs[1]! };
}

test('a window is absent before the first roll, then holds what came between two rolls', () => {
  const { window, summary, writer } = setUp();
  writer.recordLatency(SCOPE, HISTOGRAM.requestLatency, 10 * MS);
  assert.equal(summary(), undefined);
  window.roll();
  assert.equal(summary()?.count, 1);
  assert.equal(summary()?.p99, 10);
  writer.recordLatency(SCOPE, HISTOGRAM.requestLatency, 20 * MS);
  writer.recordLatency(SCOPE, HISTOGRAM.requestLatency, 40 * MS);
  assert.equal(summary()?.count, 1, 'shown until the next roll');
  window.roll();
  assert.deepEqual([summary()?.count, summary()?.sum, summary()?.min], [2, 60, 20]);
  window.roll();
  assert.equal(summary()?.count, 0);
});

test('cumulative buckets count across rolls and before the first', () => {
  const { window, writer } = setUp();
  for (const millis of [1, 5, 20]) writer.recordLatency(SCOPE, HISTOGRAM.requestLatency, millis * MS - 100);
  assert.deepEqual(window.cumulative(), { atMost: [2, 3], count: 3, sum: 26 * MS - 300 });
  window.roll();
  writer.recordLatency(SCOPE, HISTOGRAM.requestLatency, 3600 * MS);
  assert.deepEqual(window.cumulative().atMost, [2, 3]);
  assert.equal(window.cumulative().count, 4);
  window.roll();
  assert.equal(window.cumulative().count, 4);
});

test('a dead worker between two rolls neither loses nor doubles values', () => {
  const { reader, window, summary, writer, slab } = setUp();
  writer.recordLatency(SCOPE, HISTOGRAM.requestLatency, 10 * MS);
  window.roll();
  writer.recordLatency(SCOPE, HISTOGRAM.requestLatency, 10 * MS);
  reader.retireSlab(0, SCOPE);
  new StatsWriter(slab).recordLatency(SCOPE, HISTOGRAM.requestLatency, 10 * MS);
  window.roll();
  assert.equal(summary()?.count, 2);
  assert.equal(window.cumulative().count, 3);
});

test('a bucket that wraps past 2^32 is still counted by its difference', () => {
  const { window, summary, writer, slab } = setUp();
  writer.recordLatency(SCOPE, HISTOGRAM.requestLatency, 7);
  const counts = new Uint32Array(slab);
  const bucket = counts.lastIndexOf(1);
  counts[bucket] = 2 ** 32 - 2;
  window.roll();
  for (let i = 0; i < 5; i++) writer.recordLatency(SCOPE, HISTOGRAM.requestLatency, 7);
  assert.equal(counts[bucket], 3);
  window.roll();
  assert.equal(summary()?.count, 5);
  assert.equal(window.cumulative().count, 2 ** 32 + 3);
});
