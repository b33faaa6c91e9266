/** p2c and ewma: spec 05 sections 3 and 3.1, with their vectors (section 12). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BALANCERS, setUp } from './test-balancers.ts';

const PICKS = 1000;

test('vector 1: p2c prefers the endpoint with fewer requests out', () => {
  const worker = setUp(BALANCERS.p2c, [1, 1]);
  worker.occupy(0, 3);
  assert.deepEqual(worker.countPicks(PICKS), [0, PICKS]);
});

test('vector 4: ewma tries an untried endpoint before one of 1 ms', () => {
  const worker = setUp(BALANCERS.ewma, [1, 1]);
  worker.respond(1, 1000);
  assert.deepEqual(worker.countPicks(PICKS), [PICKS, 0]);
});

test('vector 5: ewma leaves an untried endpoint with a request out alone, for one of 1 s with a request out', () => {
  const worker = setUp(BALANCERS.ewma, [1, 1]);
  worker.respond(1, 1_000_000);
  worker.occupy(0, 1);
  worker.occupy(1, 1);
  assert.deepEqual(worker.countPicks(PICKS), [0, PICKS]);
});

test('two different endpoints are compared, each pair equally often', () => {
  // The loaded endpoint loses every comparison; it would win some if it could meet itself.
  const worker = setUp(BALANCERS.p2c, [1, 1, 1]);
  worker.occupy(2, 1);
  const picks = 30_000;
  const counts = worker.countPicks(picks);
  assert.equal(counts[2], 0);
  assert.ok(Math.abs((counts[0] as number) / picks - 0.5) < 0.02, `${counts}`);
});

test('of equal loads the endpoint drawn first wins: all get their share', () => {
  const picks = 40_000;
  const counts = setUp(BALANCERS.p2c, [1, 1, 1, 1]).countPicks(picks);
  for (const count of counts) assert.ok(Math.abs(count / picks - 0.25) < 0.02, `${counts}`);
});
