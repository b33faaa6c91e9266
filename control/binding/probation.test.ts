/** Endpoints that discovery has removed: in use while they are open, and no longer. */
import assert from 'node:assert/strict';
import { after, before, mock, test } from 'node:test';
import { BALANCERS, TestNode, TestWorker } from '../../core/balance/test-balancers.ts';
import type { Address } from '../../core/names/bound.ts';
import { STATUS_BUSY } from '../../core/shared/endpoint-region.ts';
import { Probation } from './probation.ts';

before(() => mock.timers.enable({ apis: ['setInterval'] }));
after(() => mock.timers.reset());

/** Endpoint i of the test node. */
function endpoint(index: number, weight = 1): Address {
  return { ip: '10.0.0.1', port: index + 1, weight };
}

function setUp(...indices: readonly number[]) {
  const node = new TestNode([]);
  const worker = new TestWorker(node, BALANCERS.p2c);
  let listed: readonly Address[] | 'neg' = indices.map((index) => endpoint(index));
  const publish = () => void node.publisher.publish(node.clientId, probation.extend(listed));
  const probation = new Probation(node.publisher, node.clientId, publish);
  const list = (next: readonly Address[] | 'neg') => {
    listed = next;
    publish();
  };
  /** Endpoints in use, by index. */
  const used = () => {
    if (worker.table.changed()) worker.table.refresh();
    return Array.from(worker.table.rows, (row) => node.region.describe(row).port - 1).sort();
  };
  publish();
  return { list, used, probation, mark: (index: number) => worker.mark(index, STATUS_BUSY), table: worker.table };
}

test('an endpoint that is not listed any more stays while it is open, and goes when it is not', () => {
  const { list, used, mark } = setUp(0, 1, 2);
  list([endpoint(0), endpoint(3)]);
  assert.deepEqual(used(), [0, 1, 2, 3]);
  mock.timers.tick(5000);
  assert.deepEqual(used(), [0, 1, 2, 3]);
  mark(1);
  mock.timers.tick(1000);
  assert.deepEqual(used(), [0, 2, 3]);
});

test('one that is not open goes at once, and with the next set if it was on probation', () => {
  const { list, used, mark } = setUp(0, 1);
  mark(1);
  list([endpoint(0)]);
  assert.deepEqual(used(), [0]);
  list([endpoint(2)]);
  mark(0);
  list([endpoint(2), endpoint(3)]);
  assert.deepEqual(used(), [2, 3]);
});

test('one that is listed again is on probation no more: its status does not remove it', () => {
  const { list, used, mark } = setUp(0, 1);
  list([endpoint(0)]);
  list([endpoint(0), { ...endpoint(1), weight: 2 }]);
  mark(1);
  mock.timers.tick(3000);
  assert.deepEqual(used(), [0, 1]);
});

test('an empty set and a name that is bound to nothing keep what is open, until nothing is', () => {
  for (const nothing of [[], 'neg'] as const) {
    const { list, used, mark, table } = setUp(0, 1);
    list(nothing);
    assert.deepEqual(used(), [0, 1]);
    mark(0);
    mark(1);
    mock.timers.tick(1000);
    assert.deepEqual(used(), []);
    assert.equal(table.state, nothing === 'neg' ? 'neg' : 'bound');
  }
});

test('two spellings of an address are one endpoint', () => {
  const { list, used, mark } = setUp();
  list([{ ip: '2001:db8:0:0:0:0:0:1', port: 1, weight: 1 }]);
  list([{ ip: '2001:db8::1', port: 1, weight: 1 }]);
  mark(0);
  mock.timers.tick(1000);
  assert.deepEqual(used(), [0]);
});

test('after stop nothing is looked at', () => {
  const { list, used, mark, probation } = setUp(0, 1);
  list([endpoint(0)]);
  probation.stop();
  mark(1);
  mock.timers.tick(1000);
  assert.deepEqual(used(), [0, 1]);
});
