/** The order that aperture and roundRobin go by. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { STATUS_BUSY, STATUS_CLOSED, STATUS_OPEN } from '../shared/endpoint-region.ts';
import { StatusOrder } from './status-order.ts';
import { BALANCERS, TestNode, TestWorker } from './test-balancers.ts';

const endpoint = fc.record({
  weight: fc.constantFrom(1, 2, 3),
  status: fc.constantFrom(STATUS_OPEN, STATUS_BUSY, STATUS_CLOSED),
});

test('each class keeps its rows: open, busy, closed, and within a status as in the table', () => {
  fc.assert(
    fc.property(fc.array(fc.array(endpoint, { maxLength: 12 }), { minLength: 1, maxLength: 3 }), (sets) => {
      const order = new StatusOrder();
      for (const endpoints of sets) {
        const worker = new TestWorker(new TestNode(endpoints.map(({ weight }) => weight)), BALANCERS.p2c);
        const { table, cells } = worker;
        endpoints.forEach(({ status }, index) => {
          worker.mark(index, status);
        });
        order.rebuild(table, cells, 0, false);
        assert.equal(order.rows.length, table.rows.length);
        for (let index = 0; index < table.classCount; index += 1) {
          const [start, end] = [table.classStart[index] as number, table.classStart[index + 1] as number];
          const inTable = [...table.rows.subarray(start, end)];
          const byStatus = inTable.toSorted((left, right) => cells.status(left, 0) - cells.status(right, 0));
          assert.deepEqual([...order.rows.subarray(start, end)], byStatus);
          assert.equal(order.openCount(index), inTable.filter((row) => cells.status(row, 0) === STATUS_OPEN).length);
        }
      }
    }),
  );
});

test('an endpoint that has become open is found within as many looks as endpoints were down', () => {
  const worker = new TestWorker(new TestNode([1, 1, 1, 1, 1]), BALANCERS.p2c);
  const { table, cells } = worker;
  const order = new StatusOrder();
  const looks = () => [1, 2, 3].some(() => order.hasRevived(table, 0, cells, 0));
  for (const index of [0, 2, 4]) worker.mark(index, STATUS_BUSY);
  order.rebuild(table, cells, 0, false);
  assert.equal(looks(), false);
  worker.mark(1, STATUS_BUSY);
  assert.equal(looks(), false, 'one that was open is not looked at');
  worker.mark(4, STATUS_OPEN);
  assert.equal(looks(), true);
});

test('where status counts for nothing all are open', () => {
  const worker = new TestWorker(new TestNode([1, 1, 1]), BALANCERS.p2c);
  const order = new StatusOrder();
  worker.mark(1, STATUS_BUSY);
  order.rebuild(worker.table, worker.cells, 0, true);
  assert.deepEqual([...order.rows], [...worker.table.rows]);
  assert.equal(order.openCount(0), 3);
  assert.equal(order.hasRevived(worker.table, 0, worker.cells, 0), false);
});
