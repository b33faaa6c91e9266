/** What waits for its turn within a tick: delivered in order, once, whatever becomes of the connections meanwhile. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../core/balance/random.ts';
import type { HttpServerConfig } from '../../core/config/types.ts';
import type { HeadParser } from '../../core/http1/head.ts';
import { readLimits } from '../../core/limits.ts';
import { FdOwners } from '../../core/shared/fd-owners.ts';
import type { Gates } from '../../core/shared/gates.ts';
import { slabBytes } from '../../core/shared/stats.ts';
import { StatsWriter } from '../../core/shared/stats-writer.ts';
import { WorkerLoad } from '../../core/shared/worker-load.ts';
import type { RequestWriter } from '../http1/request-writer.ts';
import { Http1Server } from '../http1/server.ts';
import type { RequestEncoder } from '../http2/request-encoder.ts';
import { EPOLLIN, type Epoll } from '../os/epoll.ts';
import { KernelMemory } from '../os/memory.ts';
import type { Sockets } from '../os/sockets.ts';
import { Reactor } from '../reactor/reactor.ts';
import type { Router } from '../router/router.ts';
import type { Connection } from './connection.ts';
import { Inbox } from './inbox.ts';
import { Net } from './net.ts';

const ENTRIES_MAX = 512;

/** An inbox, and what its deliveries came to. */
class Harness {
  readonly inbox = new Inbox();
  readonly calls: string[] = [];
  readonly ended: string[] = [];

  /** @param act what the handler does besides */
  connect(name: string, act: () => void = () => {}): Connection {
    const onReceived = (at: number, end: number) => {
      this.calls.push(`${name} ${at}-${end}`);
      act();
    };
    const end = (_owner: unknown, error: Error) => this.ended.push(`${name}: ${error.message}`);
    return { closed: false, onReceived, net: { reactor: { end } } } as unknown as Connection;
  }
}

test('entries are delivered in order, once, with the bytes that they stand for', () => {
  const { inbox, calls, connect } = bound(new Harness());
  assert.ok(inbox.isEmpty);
  inbox.push(connect('a'), 100, 200);
  inbox.push(connect('b'), 392, 393);
  assert.ok(!inbox.isEmpty);
  assert.deepEqual(calls, []);
  inbox.deliver();
  assert.deepEqual(calls, ['a 100-200', 'b 392-393']);
  assert.ok(inbox.isEmpty);
  inbox.deliver();
  assert.equal(calls.length, 2);
});

test('an entry whose connection was closed meanwhile is skipped', () => {
  const { inbox, calls, connect } = bound(new Harness());
  const gone = connect('gone');
  const doomed = connect('doomed');
  inbox.push(gone, 1, 2);
  inbox.push(
    connect('killer', () => Object.assign(doomed, { closed: true })),
    3,
    4,
  );
  inbox.push(doomed, 5, 6);
  inbox.push(connect('last'), 7, 8);
  Object.assign(gone, { closed: true });
  inbox.deliver();
  assert.deepEqual(calls, ['killer 3-4', 'last 7-8']);
});

test('a handler that throws ends its own connection, the others have their turn', () => {
  const { inbox, calls, ended, connect } = bound(new Harness());
  const fail = () => {
    throw new Error('a fault');
  };
  inbox.push(connect('a', fail), 1, 2);
  inbox.push(connect('b'), 3, 4);
  inbox.push(connect('c', fail), 5, 6);
  inbox.deliver();
  assert.deepEqual(calls, ['a 1-2', 'b 3-4', 'c 5-6']);
  assert.deepEqual(ended, ['a: a fault', 'c: a fault']);
  assert.ok(inbox.isEmpty);
});

test('it is not empty while the last entry is being delivered: its bytes are in hand', () => {
  const { inbox, connect } = bound(new Harness());
  const seen: boolean[] = [];
  inbox.push(
    connect('a', () => seen.push(inbox.isEmpty)),
    1,
    2,
  );
  inbox.deliver();
  assert.deepEqual([seen, inbox.isEmpty], [[false], true]);
});

test('what a handler puts in is delivered behind the rest, in the same delivery', () => {
  const { inbox, calls, connect } = bound(new Harness());
  inbox.push(
    connect('a', () => inbox.push(connect('late'), 9, 10)),
    1,
    2,
  );
  inbox.push(connect('b'), 3, 4);
  inbox.deliver();
  assert.deepEqual(calls, ['a 1-2', 'b 3-4', 'late 9-10']);
});

test('a delivery within a delivery goes on with the next entry, and leaves nothing for the outer one', () => {
  const { inbox, calls, connect } = bound(new Harness());
  inbox.push(
    connect('a', () => inbox.deliver()),
    1,
    2,
  );
  inbox.push(connect('b'), 3, 4);
  inbox.deliver();
  assert.deepEqual(calls, ['a 1-2', 'b 3-4']);
  inbox.push(connect('c'), 5, 6);
  inbox.deliver();
  assert.equal(calls.at(-1), 'c 5-6');
});

test('it says when it is full, and takes as much again after a delivery', () => {
  const { inbox, calls, connect } = bound(new Harness());
  for (let round = 1; round <= 2; round++) {
    for (let i = 0; i < ENTRIES_MAX; i++) {
      assert.ok(!inbox.isFull);
      inbox.push(connect(`${i}`), i, i + 1);
    }
    assert.ok(inbox.isFull);
    inbox.deliver();
    assert.ok(!inbox.isFull);
    assert.equal(calls.length, round * ENTRIES_MAX);
    assert.equal(calls.at(-1), `${ENTRIES_MAX - 1} ${ENTRIES_MAX - 1}-${ENTRIES_MAX}`);
  }
});

function bound(harness: Harness) {
  const { inbox, calls, ended } = harness;
  return { inbox, calls, ended, connect: harness.connect.bind(harness) };
}

/** A server none of whose requests gets as far as its router. */
function createServer(receive: () => number): Http1Server {
  const memory = new KernelMemory(2 * 1024 * 1024);
  const sockets = { receive, close: () => {} } as unknown as Sockets;
  const fds = new FdOwners(FdOwners.allocate());
  const stats = new StatsWriter(new SharedArrayBuffer(slabBytes({ scopesMax: 4 })));
  const epoll = { add: () => 0, wait: () => 0 } as unknown as Epoll;
  const reactor = new Reactor(epoll, sockets, () => 0, fds, assert.ifError);
  return new Http1Server({
    net: new Net(memory, sockets, reactor, readLimits({}), fds, stats, 8192),
    worker: 0,
    router: {} as Router,
    config: { clearContext: false, socketOptions: {}, serverSession: {} } as HttpServerConfig,
    bounds: { compressionLevel: 0, streamAfterContentLengthKB: 5, maxErrResponseKB: 1, maxHeadersKB: 8 },
    scope: 1,
    parser: {} as HeadParser,
    trailerParser: {} as HeadParser,
    writer: {} as RequestWriter,
    encoder: {} as RequestEncoder,
    scratchAt: 0,
    gates: {} as Gates,
    gate: 0,
    load: new WorkerLoad(WorkerLoad.allocate(1)),
    random: new Random(1),
    wallClockMs: () => 0,
    compressions: null,
  });
}

test('a connection whose request waits here is not idle: a drain in the same tick must not close it', () => {
  const server = createServer(() => 100);
  server.accept(100);
  const [connection] = server.connections;
  assert.ok(connection);
  assert.equal(connection.idle, true);
  connection.onReady(EPOLLIN);
  assert.equal(connection.readable, false, 'the request was received');
  assert.equal(connection.idle, false);
});
