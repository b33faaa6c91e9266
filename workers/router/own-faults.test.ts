/** What fails in Weft itself is held against no endpoint; what an endpoint does is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COUNTER } from '../../core/shared/stats.ts';
import { H2Worker } from '../../test/support/h2-worker.ts';
import { EPIPE } from '../os/errno.ts';

const CLIENT_SCOPE = 5;
const GET = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':authority', 'web'],
  [':path', '/'],
] as const;
/** More than mark an endpoint dead. */
const FAILURES = 7;

/** Fails requests one after another, each with its endpoint's connection. @returns removals by failure accrual */
function removalsBy(fail: (worker: H2Worker, fd: number) => void): number {
  const worker = new H2Worker('  client: {protocol: http}');
  const peer = worker.connect();
  for (let i = 0; i < FAILURES; i++) {
    peer.send(peer.headers(2 * i + 1, GET, true));
    worker.settle();
    worker.bind();
    fail(worker, worker.endpoint().fd);
  }
  assert.equal(worker.dialled.length, FAILURES);
  return worker.world.stats.counter(CLIENT_SCOPE, COUNTER.accrualRemovals);
}

test('faults of a worker mark no endpoint dead', () => {
  const removals = removalsBy((worker, fd) => {
    const { sockets } = worker.world;
    const receive = sockets.receive.bind(sockets);
    sockets.receive = () => {
      throw new Error('a fault');
    };
    worker.world.ready(fd, 1);
    assert.throws(() => worker.settle(), /a fault/);
    sockets.receive = receive;
    worker.settle();
  });
  assert.equal(removals, 0);
});

test('connections that an endpoint breaks do', () => {
  const removals = removalsBy((worker, fd) => {
    worker.world.sockets.endInput(fd, EPIPE);
    worker.world.ready(fd, 1);
    worker.settle();
  });
  assert.equal(removals, 1);
});
