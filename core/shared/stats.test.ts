/** Counters and histograms in shared memory: what workers write, the reader adds up. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LIMITS } from '../limits.ts';
import { REASONS } from '../reasons.ts';
import { HISTOGRAM_PARTS, PART_BUCKETS } from './histogram.ts';
import {
  ACQUISITION_REASONS_CELL,
  COUNTER,
  DIRECTORY_CELLS,
  FIRST_TOTAL,
  HISTOGRAM,
  histogramCell,
  LIMIT_COUNTER,
  SUM_CELL,
  scopesOfSlab,
  slabBytes,
} from './stats.ts';
import { StatsReader } from './stats-reader.ts';
import { StatsWriter } from './stats-writer.ts';

const SCOPES_MAX = 8;
const WORKERS = 2;
const STATUSES = [100, 200, 299, 404, 599];

function setUp() {
  const slab = () => new SharedArrayBuffer(slabBytes({ scopesMax: SCOPES_MAX }));
  const workers = Array.from({ length: WORKERS }, slab);
  const reader = new StatsReader([slab(), ...workers]);
  return { reader, workers, writers: workers.map((worker) => new StatsWriter(worker)) };
}

function histogramCount(reader: StatsReader, scope: number, histogram: number): number {
  const counts = new Uint32Array(PART_BUCKETS);
  for (let part = 0; part < HISTOGRAM_PARTS; part++) reader.addHistogramPart(scope, histogram, part, counts);
  return counts.reduce((a, b) => a + b, 0);
}

/** What the slabs must add up to, kept the plain way. */
class Model {
  readonly #totals = new Map<string, number>();
  readonly #levels = new Map<string, number>();

  addTotal(scope: number, key: string, amount: number): void {
    this.#totals.set(`${scope} ${key}`, this.total(scope, key) + amount);
  }

  total(scope: number, key: string): number {
    return this.#totals.get(`${scope} ${key}`) ?? 0;
  }

  addLevel(worker: number, scope: number, amount: number): void {
    const key = `${worker} ${scope}`;
    this.#levels.set(key, (this.#levels.get(key) ?? 0) + amount);
  }

  level(scope: number): number {
    let sum = 0;
    for (let worker = 0; worker < WORKERS; worker++) sum += this.#levels.get(`${worker} ${scope}`) ?? 0;
    return sum;
  }

  release(scope: number): void {
    for (const key of this.#totals.keys()) if (key.startsWith(`${scope} `)) this.#totals.delete(key);
    for (const key of this.#levels.keys()) if (key.endsWith(` ${scope}`)) this.#levels.delete(key);
  }

  retire(worker: number): void {
    for (const key of this.#levels.keys()) if (key.startsWith(`${worker} `)) this.#levels.delete(key);
  }
}

const recordings = {
  count: fc.nat(1000),
  level: fc.integer({ min: -5, max: 5 }),
  status: fc.constantFrom(...STATUSES),
  failure: fc.nat(REASONS.length - 1),
  latency: fc.nat(600),
  release: fc.constant(0),
  retire: fc.constant(0),
};

interface Step {
  readonly action: keyof typeof recordings;
  readonly worker: number;
  readonly scope: number;
  readonly amount: number;
}

const step: fc.Arbitrary<Step> = fc.oneof(
  ...(Object.keys(recordings) as Step['action'][]).map((action) => ({
    weight: action === 'release' || action === 'retire' ? 1 : 4,
    arbitrary: fc.record({
      action: fc.constant(action),
      worker: fc.nat(WORKERS - 1),
      scope: fc.integer({ min: 1, max: SCOPES_MAX }),
      amount: recordings[action],
    }),
  })),
);

function apply(stats: ReturnType<typeof setUp>, model: Model, { action, worker, scope, amount }: Step): void {
  const { reader, writers } = stats;
  const writer = writers[worker]!;
  switch (action) {
    case 'count':
      writer.add(scope, COUNTER.requests, amount);
      model.addTotal(scope, 'requests', amount);
      break;
    case 'level':
      writer.add(scope, COUNTER.pending, amount);
      model.addLevel(worker, scope, amount);
      break;
    case 'status':
      writer.recordStatus(scope, amount);
      model.addTotal(scope, `status ${amount}`, 1);
      break;
    case 'failure':
      writer.recordFailure(scope, amount);
      model.addTotal(scope, `reason ${amount}`, 1);
      model.addTotal(scope, 'failures', 1);
      break;
    case 'latency':
      writer.recordLatency(scope, HISTOGRAM.connectLatency, amount);
      model.addTotal(scope, 'sum', amount);
      model.addTotal(scope, 'count', 1);
      break;
    case 'release':
      for (const each of [...writers, reader.writer]) each.releaseScope(scope);
      model.release(scope);
      break;
    case 'retire':
      reader.retireSlab(worker, SCOPES_MAX);
      model.retire(worker);
      break;
  }
}

test('slabs add up to a plain model, whatever is released and whoever dies', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const stats = setUp();
      const model = new Model();
      for (const each of steps) apply(stats, model, each);
      const { reader } = stats;
      assert.equal(reader.refused, 0);
      for (let scope = 1; scope <= SCOPES_MAX; scope++) {
        assert.equal(reader.counter(scope, COUNTER.requests), model.total(scope, 'requests'));
        assert.equal(reader.counter(scope, COUNTER.failures), model.total(scope, 'failures'));
        assert.equal(reader.counter(scope, COUNTER.pending), model.level(scope));
        for (const status of STATUSES) {
          assert.equal(reader.status(scope, status), model.total(scope, `status ${status}`));
        }
        REASONS.forEach((_, index) => {
          assert.equal(reader.failure(scope, index), model.total(scope, `reason ${index}`));
        });
        assert.equal(histogramCount(reader, scope, HISTOGRAM.connectLatency), model.total(scope, 'count'));
        assert.equal(reader.histogramSum(scope, HISTOGRAM.connectLatency), model.total(scope, 'sum'));
      }
    }),
  );
});

test('statuses are found by class and by code, and strange ones are counted apart', () => {
  const { reader, writers } = setUp();
  for (const status of [200, 204, 204, 503, 99, 600, 0]) writers[0]!.recordStatus(3, status);
  const seen: number[] = [];
  reader.visitStatuses(3, (status) => seen.push(status));
  assert.deepEqual(seen, [200, 204, 503]);
  assert.equal(reader.statusClass(3, 2), 3);
  assert.equal(reader.statusClass(3, 4), 0);
  assert.equal(reader.counter(3, COUNTER.statusError), 3);
});

test('a slab that is used up counts what it drops and keeps the rest right', () => {
  const { reader, writers } = setUp();
  const writer = writers[1]!;
  for (let scope = 1; scope <= SCOPES_MAX; scope++) {
    for (const value of [1, 500, 2000, 8000]) writer.recordLatency(scope, HISTOGRAM.requestLatency, value);
  }
  const extra = 3 * SCOPES_MAX;
  assert.equal(reader.refused, 4 * SCOPES_MAX - extra);
  let kept = 0;
  for (let scope = 1; scope <= SCOPES_MAX; scope++) kept += histogramCount(reader, scope, HISTOGRAM.requestLatency);
  assert.equal(kept, extra);
  writer.releaseScope(1);
  writer.recordLatency(8, HISTOGRAM.requestLatency, 1);
  assert.equal(histogramCount(reader, 8, HISTOGRAM.requestLatency), 1, 'a freed chunk is taken and was cleared');
  reader.retireSlab(1, SCOPES_MAX);
  assert.equal(reader.refused, 4 * SCOPES_MAX - extra, 'kept when the worker dies');
});

test('no two names share a cell', () => {
  const cells = Object.values(COUNTER);
  assert.equal(new Set(cells).size, cells.length);
  const histograms = new Set(Object.values(HISTOGRAM)).size;
  assert.ok(cells.every((cell) => cell < SUM_CELL || cell >= SUM_CELL + histograms));
  const parts = [...Array(histograms).keys()].flatMap((h) => [...Array(HISTOGRAM_PARTS).keys()].map((p) => [h, p]));
  const directory = parts.map(([histogram = 0, part = 0]) => histogramCell(histogram, part));
  assert.equal(new Set(directory).size, parts.length);
  assert.ok(directory.every((cell) => cell > ACQUISITION_REASONS_CELL && cell < DIRECTORY_CELLS));
  const limits = Object.values(LIMIT_COUNTER);
  const counted = Object.values(LIMITS).filter(({ metric }) => metric !== '');
  assert.equal(new Set(limits).size, counted.length);
  assert.ok(Math.min(...limits) >= FIRST_TOTAL, 'a met bound must survive its worker');
});

test('what every request of a scope counts lies on one line of the cache, and low parts of histograms on two', () => {
  const { pending, requests, success } = COUNTER;
  const counters = [
    pending,
    requests,
    success,
    SUM_CELL + HISTOGRAM.requestLatency,
    SUM_CELL + HISTOGRAM.streamLatency,
  ];
  assert.equal(new Set(counters.map((cell) => cell >> 3)).size, 1);
  // Up to 16 ms: parts 0 to 3.
  const directory = Object.values(HISTOGRAM).flatMap((h) => [0, 1, 2, 3].map((part) => histogramCell(h, part)));
  assert.equal(new Set(directory.map((cell) => cell >> 4)).size, 2);
});

test('a slab has the size its limits ask for, and is committed only where it is touched', () => {
  const { defaultValue: scopesMax } = LIMITS.scopesMax;
  const bytes = slabBytes({ scopesMax });
  assert.equal(bytes, 256 * 2 ** 20 + 1024);
  assert.equal(scopesOfSlab(bytes), scopesMax);
  const before = process.memoryUsage.rss();
  const writer = new StatsWriter(new SharedArrayBuffer(bytes));
  writer.recordStatus(scopesMax, 200);
  writer.recordLatency(scopesMax, HISTOGRAM.requestLatency, 1e6);
  assert.ok(process.memoryUsage.rss() - before < bytes / 4);
});
