/** Places under maxConcurrentRequests: over all workers, and given back when one of them dies. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gates } from './gates.ts';

const WORKERS = 3;
const SERVERS = 2;
const REQUESTS_MAX = 4;

function createGates(): Gates {
  return new Gates(Gates.allocate(WORKERS, SERVERS), SERVERS);
}

test('as many requests as the bound allows go on, counted over all workers and for each server by itself', () => {
  const gates = createGates();
  const entered = [0, 1, 2, 0, 1].map((worker) => gates.enter(1, worker, REQUESTS_MAX));
  assert.deepEqual(entered, [true, true, true, true, false]);
  assert.equal(gates.underWay(1), REQUESTS_MAX);
  assert.equal(gates.underWay(0), 0);
  gates.leave(1, 2);
  assert.ok(gates.enter(1, 1, REQUESTS_MAX));
  assert.equal(gates.enter(1, 1, REQUESTS_MAX), false);
});

test('what a dead worker had under way is given back, and nothing else', () => {
  const gates = createGates();
  for (const [server, worker] of [
    [0, 0],
    [0, 1],
    [0, 1],
    [1, 1],
    [1, 2],
  ] as const) {
    assert.ok(gates.enter(server, worker, REQUESTS_MAX));
  }
  gates.forgetWorker(1);
  assert.deepEqual([gates.underWay(0), gates.underWay(1)], [1, 1]);
  // Its successor starts from nothing.
  gates.forgetWorker(1);
  assert.ok(gates.enter(0, 1, REQUESTS_MAX));
  gates.leave(0, 1);
  gates.leave(0, 0);
  gates.leave(1, 2);
  assert.deepEqual([gates.underWay(0), gates.underWay(1)], [0, 0]);
});
