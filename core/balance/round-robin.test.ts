/** roundRobin: spec 05 section 3. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STATUS_BUSY } from '../shared/endpoint-region.ts';
import { BALANCERS, setUp, TestNode, TestWorker } from './test-balancers.ts';

const ENDPOINTS = 5;
const weights = Array.from({ length: ENDPOINTS }, () => 1);

test('one after the other, whatever their loads, in the same order each time round', () => {
  const worker = setUp(BALANCERS.roundRobin, weights);
  worker.occupy(3, 50);
  const picks = Array.from({ length: 3 * ENDPOINTS }, () => worker.pick());
  const round = picks.slice(0, ENDPOINTS);
  assert.deepEqual([...round].sort(), [0, 1, 2, 3, 4]);
  assert.deepEqual(picks, [...round, ...round, ...round]);
});

test('the workers of a node go round together', () => {
  const node = new TestNode(weights, 3);
  const workers = [0, 1, 2].map((worker) => new TestWorker(node, BALANCERS.roundRobin, worker));
  for (let round = 0; round < 4; round += 1) {
    const picks = Array.from({ length: ENDPOINTS }, (_, turn) => workers[(round + turn) % 3]!.pick());
    assert.deepEqual(picks.sort(), [0, 1, 2, 3, 4]);
  }
});

test('an endpoint that is down takes no turn, and takes its place again when it is open', () => {
  const worker = setUp(BALANCERS.roundRobin, weights);
  worker.mark(2, STATUS_BUSY);
  worker.pick();
  worker.countPicks(ENDPOINTS);
  const without = worker.countPicks(4 * 100);
  assert.deepEqual(without, [100, 100, 0, 100, 100]);
  worker.mark(2, 0);
  worker.pick();
  assert.deepEqual(worker.countPicks(ENDPOINTS * 100), [100, 100, 100, 100, 100]);
});

test('the turn goes on over a change of the set', () => {
  const node = new TestNode([1, 1, 1, 1]);
  const worker = new TestWorker(node, BALANCERS.roundRobin);
  const before = [worker.pick(), worker.pick()];
  node.publish([1, 1, 1, 1, 1]);
  const after = [worker.pick(), worker.pick()];
  assert.equal(new Set([...before, ...after]).size >= 3, true, `${before} then ${after}`);
  assert.deepEqual(worker.countPicks(5 * 10), [10, 10, 10, 10, 10]);
});
