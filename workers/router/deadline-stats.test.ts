/** What is counted of the deadlines that requests bring (spec 06 section 1.2). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COUNTER, HISTOGRAM, slabBytes } from '../../core/shared/stats.ts';
import { StatsReader } from '../../core/shared/stats-reader.ts';
import { StatsWriter } from '../../core/shared/stats-writer.ts';
import { TestHeads } from '../http2/test-heads.ts';
import { TestNet } from '../net/test-net.ts';
import { DeadlineStats } from './deadline-stats.ts';

const SCOPE = 3;
const INT_MAX = 2147483647;
const NOW_MS = 1_700_000_000_000;
const world = new TestNet();
const heads = new TestHeads(world);

/** Milliseconds since the epoch, or a text, as a value of the field. */
function field(until: number | string): string {
  return `l5d-ctx-deadline: ${typeof until === 'number' ? `1 ${until}000000` : until}`;
}

const ROWS: readonly (readonly [
  fields: readonly string[],
  exceeded: number,
  exceededMs: number,
  remainingMs: number,
])[] = [
  [[], 0, 0, 0],
  [[field(NOW_MS + 250)], 0, 0, 250],
  [[field(NOW_MS)], 0, 0, 0],
  [[field(NOW_MS - 40)], 1, 40, 0],
  [[field(NOW_MS + 250), field(NOW_MS - 40)], 1, 40, 0],
  [[field(NOW_MS + 250), field('soon')], 0, 0, 250],
  // Hostile: no deadline at all, or one of another age.
  [[field('soon')], 0, 0, 0],
  [[field('1 -9223372036854775808')], 1, INT_MAX, 0],
  [[field('1 9223372036854775807')], 0, 0, INT_MAX],
];

for (const [fields, exceeded, exceededMs, remainingMs] of ROWS) {
  test(`measured: ${fields.join(' | ') || 'none'}`, () => {
    const slab = new SharedArrayBuffer(slabBytes({ scopesMax: 8 }));
    const stats = new DeadlineStats(new StatsWriter(slab), SCOPE, () => NOW_MS);
    stats.measure(world.memory.bytes, heads.http1Request('GET / HTTP/1.1', 'Host: a', ...fields));
    const reader = new StatsReader([slab]);
    assert.equal(reader.counter(SCOPE, COUNTER.deadlineExceeded), exceeded);
    assert.equal(reader.counter(SCOPE, COUNTER.deadlineRejected), 0);
    const sums = [HISTOGRAM.deadlineExceeded, HISTOGRAM.deadlineRemaining].map(
      (histogram) => reader.histogramSum(SCOPE, histogram) / 1000,
    );
    assert.deepEqual(sums, [exceededMs, remainingMs]);
  });
}
