/** The choices of spec 05 section 3, with its vectors (section 12). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EndpointCells } from '../shared/endpoint-cells.ts';
import { EndpointPublisher } from '../shared/endpoint-publisher.ts';
import { createEndpointBuffer, EndpointRegion, STATUS_BUSY, STATUS_CLOSED } from '../shared/endpoint-region.ts';
import { EndpointTable } from '../shared/endpoint-table.ts';
import { DEFAULT_MAX_EFFORT, isOpen, PowerOfTwo, type PowerOfTwoKind } from './power-of-two.ts';
import { Random } from './random.ts';

const PICKS = 1000;

/** A client whose endpoint i has port i + 1 and the i-th weight; rows are named by that index below. */
function setUp(kind: PowerOfTwoKind, weights: readonly number[]) {
  const region = new EndpointRegion(createEndpointBuffer({ workers: 1, clients: 1, rows: 16 }));
  const publisher = new EndpointPublisher(region);
  const clientId = publisher.openClient() as number;
  publisher.publish(
    clientId,
    weights.map((weight, index) => ({ ip: '10.0.0.1', port: index + 1, weight })),
  );
  const table = new EndpointTable(region, clientId);
  const random = new Random(1);
  const cells = new EndpointCells(region, { decayTimeMs: 10_000, failurePenaltyMs: 0 }, random);
  const told = { maxEffortExhausted: 0, busyWeightClasses: 0 };
  const balancer = new PowerOfTwo(kind, DEFAULT_MAX_EFFORT, {
    onMaxEffortExhausted: () => void told.maxEffortExhausted++,
    onBusyWeightClass: () => void told.busyWeightClasses++,
  });
  const rows = weights.map((_, index) => table.rows.find((row) => region.describe(row).port === index + 1) as number);
  const countPicks = (picks: number) => {
    const counts = weights.map(() => 0);
    for (let pick = 0; pick < picks; pick += 1) {
      const index = rows.indexOf(balancer.pick(table, cells, 0, random));
      counts[index] = (counts[index] as number) + 1;
    }
    return counts;
  };
  const occupy = (index: number, requests: number) => {
    for (let request = 0; request < requests; request += 1) cells.start(rows[index] as number, 0);
  };
  const respond = (index: number, rttMicros: number) => {
    cells.start(rows[index] as number, 0);
    cells.finish(rows[index] as number, 0, rttMicros, 0, false);
  };
  const mark = (index: number, status: number) => cells.setStatus(rows[index] as number, status);
  return { table, cells, balancer, told, countPicks, occupy, respond, mark };
}

test('vector 1: p2c prefers the endpoint with fewer requests out', () => {
  const { countPicks, occupy } = setUp('p2c', [1, 1]);
  occupy(0, 3);
  assert.deepEqual(countPicks(PICKS), [0, PICKS]);
});

test('vector 2: an open endpoint beats a busy one whatever their loads, a busy one a closed one', () => {
  const { countPicks, occupy, mark, told } = setUp('p2c', [1, 1]);
  mark(0, STATUS_BUSY);
  occupy(1, 100);
  assert.deepEqual(countPicks(PICKS), [0, PICKS]);
  assert.equal(told.maxEffortExhausted, 0);
  mark(1, STATUS_CLOSED);
  assert.deepEqual(countPicks(PICKS), [PICKS, 0]);
});

test('vector 3: with all endpoints busy requests still go out, counted as max_effort_exhausted', () => {
  for (const kind of ['p2c', 'ewma'] as const) {
    const { countPicks, mark, told, table, cells } = setUp(kind, [1, 1, 1]);
    assert.equal(isOpen(table, cells, 0), true);
    for (let index = 0; index < 3; index += 1) mark(index, STATUS_BUSY);
    assert.equal(isOpen(table, cells, 0), false);
    const counts = countPicks(PICKS);
    assert.ok(
      counts.every((count) => count > PICKS / 10),
      `${counts}`,
    );
    assert.equal(told.maxEffortExhausted, PICKS);
    assert.equal(told.busyWeightClasses, 0);
  }
});

test('vector 4: ewma tries an untried endpoint before one of 1 ms', () => {
  const { countPicks, respond } = setUp('ewma', [1, 1]);
  respond(1, 1000);
  assert.deepEqual(countPicks(PICKS), [PICKS, 0]);
});

test('vector 5: ewma leaves an untried endpoint with a request out alone, for one of 1 s with a request out', () => {
  const { countPicks, respond, occupy } = setUp('ewma', [1, 1]);
  respond(1, 1_000_000);
  occupy(0, 1);
  occupy(1, 1);
  assert.deepEqual(countPicks(PICKS), [0, PICKS]);
});

test('vector 7: weights 1, 1, 0.5 get 40, 40 and 20 % of 100,000 picks', () => {
  for (const kind of ['p2c', 'ewma'] as const) {
    const picks = 100_000;
    const counts = setUp(kind, [1, 1, 0.5]).countPicks(picks);
    for (const [index, share] of [0.4, 0.4, 0.2].entries()) {
      assert.ok(Math.abs((counts[index] as number) / picks - share) < 0.01, `${kind}: ${counts}`);
    }
  }
});

test('two different endpoints are compared, each pair equally often', () => {
  // The loaded endpoint loses every comparison; it would win some if it could meet itself.
  const { countPicks, occupy } = setUp('p2c', [1, 1, 1]);
  occupy(2, 1);
  const picks = 30_000;
  const counts = countPicks(picks);
  assert.equal(counts[2], 0);
  assert.ok(Math.abs((counts[0] as number) / picks - 0.5) < 0.02, `${counts}`);
});

test('of equal loads the endpoint drawn first wins: all get their share', () => {
  const picks = 40_000;
  const counts = setUp('p2c', [1, 1, 1, 1]).countPicks(picks);
  for (const count of counts) assert.ok(Math.abs(count / picks - 0.25) < 0.02, `${counts}`);
});

test('a weight class without an open endpoint yields to the next by weight, counted', () => {
  const { countPicks, mark, told } = setUp('p2c', [1, 2, 3]);
  mark(0, STATUS_BUSY);
  const picks = 6000;
  const counts = countPicks(picks);
  assert.equal(counts[0], 0);
  assert.ok(Math.abs((counts[1] as number) / picks - 3 / 6) < 0.03, `${counts}`);
  assert.ok(Math.abs(told.busyWeightClasses / picks - 1 / 6) < 0.03);
  assert.equal(told.maxEffortExhausted, 0);
  mark(2, STATUS_BUSY);
  assert.deepEqual(countPicks(PICKS), [0, PICKS, 0], 'cyclic: after the heaviest comes the lightest');
  mark(1, STATUS_BUSY);
  const allBusy = countPicks(picks);
  assert.ok(Math.abs((allBusy[2] as number) / picks - 3 / 6) < 0.03, 'none open: the class drawn');
  assert.equal(told.maxEffortExhausted, picks);
});

test('one endpoint is always picked, none gives -1', () => {
  assert.deepEqual(setUp('ewma', [1]).countPicks(3), [3]);
  const { balancer, told, table, cells } = setUp('p2c', []);
  assert.equal(balancer.pick(table, cells, 0, new Random(1)), -1);
  assert.equal(told.maxEffortExhausted, 0);
});

test('a maxEffort below 1 is refused', () => {
  assert.throws(() => new PowerOfTwo('p2c', 0), RangeError);
});
