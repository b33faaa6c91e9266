/** The load formulas of spec 05 section 3.1. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Random } from '../balance/random.ts';
import { EndpointCells, elapsedTicks, PENALTY_MICROS } from './endpoint-cells.ts';
import {
  createEndpointBuffer,
  EndpointRegion,
  ROW_COST_MICROS,
  ROW_SHIFT,
  ROW_STATUS,
  STATUS_BUSY,
  STATUS_OPEN,
  TICK_MICROS,
} from './endpoint-region.ts';
import { ACCRUAL, accrualOf, withAccrualUntil } from './status-word.ts';

const PLAIN = { decayTimeMs: 10_000, failurePenaltyMs: 0 };
const SECOND_TICKS = 1e6 / TICK_MICROS;

function newRegion(rows: number, workers: number): EndpointRegion {
  return new EndpointRegion(createEndpointBuffer({ rows, workers, clients: 1 }));
}

function costMicros(region: EndpointRegion, row: number): number {
  return Atomics.load(region.words, region.rowsAt + (row << ROW_SHIFT) + ROW_COST_MICROS);
}

test('vector 6: a response of 100 ms weighs 36.8 ms after 10 s', () => {
  const cells = new EndpointCells(newRegion(1, 1), PLAIN, new Random(1));
  cells.start(0, 0);
  cells.finish(0, 0, 100_000, 500, false);
  assert.equal(cells.peakEwma(0, 500), 100_000);
  assert.ok(Math.abs(cells.peakEwma(0, 500 + 10 * SECOND_TICKS) - 100_000 * Math.exp(-1)) < 1e-6);
  cells.start(0, 0);
  assert.equal(cells.peakEwma(0, 500), 200_000);
});

test('an endpoint never observed: load 0 while idle, the penalty while its first requests are out', () => {
  const cells = new EndpointCells(newRegion(1, 1), PLAIN, new Random(1));
  assert.equal(cells.peakEwma(0, 0), 0);
  cells.start(0, 0);
  cells.start(0, 0);
  assert.equal(cells.peakEwma(0, 0), PENALTY_MICROS + 2);
  assert.ok(Math.abs(PENALTY_MICROS / 3.6e9 - 39) < 0.1, 'about 39 hours');
  cells.finish(0, 0, 0, 0, false);
  assert.equal(cells.peakEwma(0, 0), 2, 'a response within the clock tick still counts as observed');
});

test('who looks at a death that is over opens the endpoint to a probe, for all workers', () => {
  const region = newRegion(1, 2);
  const [one, other] = [1, 2].map((seed) => new EndpointCells(region, PLAIN, new Random(seed))) as [
    EndpointCells,
    EndpointCells,
  ];
  const statusAt = region.rowsAt + ROW_STATUS;
  region.words[statusAt] = withAccrualUntil(0, ACCRUAL.dead, 1, 0, 5000);
  assert.equal(one.status(0, 4 * SECOND_TICKS), STATUS_BUSY);
  assert.equal(one.status(0, 6 * SECOND_TICKS), STATUS_OPEN);
  assert.equal(accrualOf(region.words[statusAt] as number), ACCRUAL.probeOpen);
  assert.equal(other.status(0, 0), STATUS_OPEN);
});

test('a peak counts at once, a lower response time by the time that passed', () => {
  const region = newRegion(1, 1);
  const cells = new EndpointCells(region, PLAIN, new Random(1));
  const respond = (rttMicros: number, atSeconds: number) => {
    cells.start(0, 0);
    cells.finish(0, 0, rttMicros, atSeconds * SECOND_TICKS, false);
    return costMicros(region, 0);
  };
  assert.equal(respond(10_000, 0), 10_000);
  assert.equal(respond(90_000, 1), 90_000);
  const weight = Math.exp(-0.5);
  assert.ok(Math.abs(respond(10_000, 6) - (90_000 * weight + 10_000 * (1 - weight))) <= 1);
  const before = costMicros(region, 0);
  assert.equal(respond(1, 6), before, 'no time, no decay');
  assert.equal(respond(1, 5), before, 'a clock behind the stamp decays nothing');
});

test('a busy endpoint decays at the right rate although each step is far below a microsecond', () => {
  const region = newRegion(1, 1);
  const cells = new EndpointCells(region, PLAIN, new Random(1));
  cells.start(0, 0);
  cells.finish(0, 0, 1000, 0, false);
  for (let tick = 6; tick <= 10 * SECOND_TICKS; tick += 6) {
    cells.start(0, 0);
    cells.finish(0, 0, 1, tick, false);
  }
  const expected = 1000 * Math.exp(-1);
  assert.ok(Math.abs(costMicros(region, 0) - expected) < expected * 0.2, `cost ${costMicros(region, 0)}`);
});

test('a failed response counts as at least the failure penalty', () => {
  for (const [rttMicros, failed, expected] of [
    [50, true, 1_000_000],
    [2_000_000, true, 2_000_000],
    [50, false, 50],
  ] as const) {
    const region = newRegion(1, 1);
    const cells = new EndpointCells(region, { ...PLAIN, failurePenaltyMs: 1000 }, new Random(1));
    cells.start(0, 0);
    cells.finish(0, 0, rttMicros, 0, failed);
    assert.equal(costMicros(region, 0), expected);
  }
});

test('elapsedTicks is right across the wrap of Int32, and 0 for a stamp up to a minute ahead', () => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.integer({ min: -60 * SECOND_TICKS, max: 19 * 3600 * SECOND_TICKS }),
      (stamp, passed) => {
        assert.equal(elapsedTicks((stamp + passed) | 0, stamp | 0), Math.max(passed, 0));
      },
    ),
  );
});

test('lighterByEwma agrees with peakEwma, for tried and untried endpoints', () => {
  const load = fc.record({
    rttMicros: fc.integer({ min: 1, max: 10_000_000 }),
    observed: fc.boolean(),
    stampTicks: fc.nat({ max: 30 * SECOND_TICKS }),
    pending: fc.nat({ max: 3 }),
  });
  fc.assert(
    fc.property(load, load, (a, b) => {
      const cells = new EndpointCells(newRegion(2, 1), PLAIN, new Random(1));
      for (const [row, { rttMicros, observed, stampTicks, pending }] of [a, b].entries()) {
        if (observed) {
          cells.start(row, 0);
          cells.finish(row, 0, rttMicros, stampTicks, false);
        }
        for (let request = 0; request < pending; request += 1) cells.start(row, 0);
      }
      const nowTicks = 31 * SECOND_TICKS;
      const loads = [cells.peakEwma(0, nowTicks), cells.peakEwma(1, nowTicks)] as const;
      fc.pre(loads[0] === loads[1] || Math.abs(loads[0] - loads[1]) > 1e-9 * loads[0]);
      assert.equal(cells.lighterByEwma(0, 1, nowTicks), loads[0] <= loads[1] ? 0 : 1);
    }),
  );
});

test('options out of range are refused', () => {
  const region = newRegion(1, 1);
  assert.throws(() => new EndpointCells(region, { ...PLAIN, decayTimeMs: 0 }, new Random(1)), RangeError);
  assert.throws(() => new EndpointCells(region, { ...PLAIN, failurePenaltyMs: -1 }, new Random(1)), RangeError);
});
