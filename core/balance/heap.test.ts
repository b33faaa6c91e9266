/** heap: spec 05 section 3.3. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { STATUS_BUSY, STATUS_CLOSED } from '../shared/endpoint-region.ts';
import { BALANCERS, setUp, TestNode, TestWorker } from './test-balancers.ts';

const STATUSES = 3;

test('the choice is one of the least loaded among those of the best status', () => {
  const endpoint = fc.record({ load: fc.nat({ max: 4 }), status: fc.nat({ max: STATUSES - 1 }) });
  fc.assert(
    fc.property(fc.array(endpoint, { minLength: 1, maxLength: 8 }), (endpoints) => {
      const worker = setUp(
        BALANCERS.heap,
        endpoints.map(() => 1),
      );
      endpoints.forEach(({ load, status }, index) => {
        worker.occupy(index, load);
        worker.mark(index, status);
      });
      const rank = ({ load, status }: { readonly load: number; readonly status: number }) => status * 100 + load;
      const best = Math.min(...endpoints.map(rank));
      for (let pick = 0; pick < 5; pick += 1) {
        assert.equal(rank(endpoints[worker.pick()]!), best);
      }
    }),
  );
});

test('it sees what the other workers have out', () => {
  const node = new TestNode([1, 1, 1], 2);
  const one = new TestWorker(node, BALANCERS.heap, 0);
  const other = new TestWorker(node, BALANCERS.heap, 1);
  other.occupy(0, 1);
  other.occupy(1, 2);
  one.occupy(2, 2);
  assert.equal(one.pick(), 0);
  assert.equal(other.pick(), 0);
  other.vacate(1, 2);
  assert.equal(one.pick(), 1);
});

test('equal ones get equal shares', () => {
  const worker = setUp(BALANCERS.heap, [1, 1, 1, 1]);
  const picks = 40_000;
  for (const count of worker.countPicks(picks)) assert.ok(Math.abs(count / picks - 0.25) < 0.02);
  for (let index = 0; index < 4; index += 1) worker.occupy(index, 3);
  for (const count of worker.countPicks(picks)) assert.ok(Math.abs(count / picks - 0.25) < 0.02);
});

test('with all down the best of them is used', () => {
  const worker = setUp(BALANCERS.heap, [1, 1, 1]);
  worker.mark(0, STATUS_CLOSED);
  worker.mark(1, STATUS_BUSY);
  worker.mark(2, STATUS_BUSY);
  worker.occupy(1, 1);
  assert.equal(worker.pick(), 2);
});
