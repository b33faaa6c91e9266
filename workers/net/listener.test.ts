/** Where an accepted connection goes: to the least loaded, while the way there has room. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { RingBuffer } from 'ringbuf.js';
import { FdOwners } from '../../core/shared/fd-owners.ts';
import { WorkerLoad } from '../../core/shared/worker-load.ts';
import { closeDescriptor, createWakeup } from '../os/thread.ts';
import { Handover } from './listener.ts';

const ROOM = 3;
const LISTENER = 5;

/** Two workers of which the second never looks. */
function harness(t: TestContext, ...connections: number[]) {
  const load = new WorkerLoad(WorkerLoad.allocate(connections.length));
  for (const [worker, count] of connections.entries()) load.reset(worker, count);
  const wakeups = [createWakeup(), createWakeup()];
  t.after(() => {
    for (const fd of wakeups) closeDescriptor(fd);
  });
  const ring = () => RingBuffer.getStorageForCapacity(2 * ROOM + 1, Int32Array);
  const rings = [0, 1].map(() => [0, 1].map(ring));
  let full = 0;
  const onFull = () => {
    full++;
  };
  const handovers = [0, 1].map((worker) => new Handover(worker, load, wakeups, rings, onFull));
  const fds = new FdOwners(FdOwners.allocate());
  const [first, second] = handovers as [Handover, Handover];
  const held = () => connections.map((_, worker) => load.connections(worker));
  return { held, first, second, fds, full: () => full };
}

test('a connection stays unless another worker has two fewer', (t) => {
  const { held, first, fds } = harness(t, 1, 0);
  assert.deepEqual([first.place(LISTENER, 10, fds), held()], [false, [2, 0]]);
  assert.deepEqual([first.place(LISTENER, 11, fds), held()], [true, [2, 1]]);
  assert.deepEqual([first.place(LISTENER, 12, fds), held()], [false, [3, 1]]);
});

test('what finds no room on the way stays, is counted, and is load of the one that keeps it', (t) => {
  const { held, first, second, fds, full } = harness(t, 100, 0);
  const placed = [10, 11, 12, 13, 14].map((fd) => first.place(LISTENER, fd, fds));
  assert.deepEqual(placed, [true, true, true, false, false]);
  assert.deepEqual([full(), held()], [2, [102, 3]]);
  const received: number[][] = [];
  second.receive((listener, fd) => received.push([listener, fd]));
  assert.deepEqual(
    received,
    [10, 11, 12].map((fd) => [LISTENER, fd]),
  );
  assert.equal(first.place(LISTENER, 15, fds), true);
  assert.equal(full(), 2);
});
