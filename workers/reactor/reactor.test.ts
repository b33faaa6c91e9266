/** The loop of a worker with real descriptors and fake owners: a fault in a handler ends its owner alone. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { FdOwners } from '../../core/shared/fd-owners.ts';
import { Epoll } from '../os/epoll.ts';
import { KernelMemory } from '../os/memory.ts';
import { Sockets } from '../os/sockets.ts';
import { createWakeup, ring, silence } from '../os/thread.ts';
import { type Deferred, Reactor, type Ready } from './reactor.ts';
import { TICK_MS, Timer } from './timer-wheel.ts';

const WORKER = 0;

class Harness {
  readonly memory = new KernelMemory(1024 * 1024);
  readonly fds = new FdOwners(FdOwners.allocate());
  readonly faults: unknown[] = [];
  nowMicros = 1000;
  readonly reactor = new Reactor(
    new Epoll(this.memory, 16),
    new Sockets(this.memory),
    () => this.nowMicros,
    this.fds,
    (error) => this.faults.push(error),
  );
}

/** Owns a wake-up; its handlers do what a test says. */
class Owner extends Timer implements Ready, Deferred {
  readonly harness: Harness;
  readonly fd = createWakeup();
  readonly calls: string[] = [];
  act: (call: string) => void = () => {};

  constructor(harness: Harness) {
    super();
    this.harness = harness;
    harness.fds.take(this.fd, WORKER);
    assert.equal(harness.reactor.add(this.fd, this), 0);
  }

  onReady(_events: number): void {
    silence(this.fd, this.harness.memory);
    this.#called('ready');
  }

  runDeferred(): void {
    this.#called('deferred');
  }

  onDeadline(): void {
    this.#called('deadline');
  }

  onFault(_error: unknown): void {
    this.#called('fault');
  }

  #called(call: string): void {
    this.calls.push(call);
    this.act(call);
  }

  end(): void {
    this.harness.reactor.timers.remove(this);
    this.harness.reactor.close(this.fd);
  }
}

/** A new descriptor is ready for writing: one turn to get that out of the way. */
function createOwners(count: number): { harness: Harness; owners: Owner[] } {
  const harness = new Harness();
  const owners = Array.from({ length: count }, () => new Owner(harness));
  harness.reactor.turn(0);
  for (const owner of owners) owner.calls.length = 0;
  return { harness, owners };
}

function throwAt(call: string): (made: string) => void {
  return (made) => {
    if (made === call) throw new Error(`a fault in ${call}`);
  };
}

type Start = (harness: Harness, owners: readonly Owner[]) => void;

const WAYS: readonly (readonly [call: string, start: Start])[] = [
  [
    'ready',
    (_harness, owners) => {
      for (const { fd } of owners) ring(fd);
    },
  ],
  [
    'deferred',
    ({ reactor }, owners) => {
      for (const owner of owners) reactor.defer(owner);
    },
  ],
  [
    'deadline',
    (harness, owners) => {
      for (const owner of owners) harness.reactor.timers.arm(owner, harness.reactor.nowTick + 1);
      harness.nowMicros += 2 * TICK_MS * 1000;
    },
  ],
];

for (const [call, start] of WAYS) {
  test(`an exception in ${call} is told once and ends its owner alone, the others have their turn`, () => {
    const { harness, owners } = createOwners(3);
    const [first, faulty, last] = owners as [Owner, Owner, Owner];
    faulty.act = throwAt(call);
    start(harness, owners);
    harness.reactor.turn(0);
    assert.deepEqual([first.calls, last.calls], [[call], [call]]);
    assert.deepEqual(faulty.calls, [call, 'fault']);
    assert.equal(harness.faults.length, 1);
    assert.match(String(harness.faults[0]), new RegExp(`a fault in ${call}`));
  });

  test(`an owner that ${call} breaks so that it cannot be ended does not end the loop`, () => {
    const { harness, owners } = createOwners(3);
    const [first, faulty, last] = owners as [Owner, Owner, Owner];
    faulty.act = (made) => {
      throw new Error(`a fault in ${made}`);
    };
    start(harness, owners);
    harness.reactor.turn(0);
    assert.deepEqual([first.calls, last.calls], [[call], [call]]);
    assert.equal(harness.faults.length, 2);
    first.calls.length = 0;
    ring(first.fd);
    harness.reactor.turn(0);
    assert.deepEqual(first.calls, ['ready']);
  });
}

test('events in hand of an owner that another has ended are not delivered', () => {
  const { harness, owners } = createOwners(2);
  const [one, other] = owners as [Owner, Owner];
  one.act = () => other.end();
  other.act = () => one.end();
  for (const { fd } of owners) ring(fd);
  harness.reactor.turn(0);
  assert.equal(one.calls.length + other.calls.length, 1);
  assert.deepEqual(harness.faults, []);
});

test('a descriptor is closed, and no longer owned, at the end of the turn', () => {
  const { harness, owners } = createOwners(2);
  const [one, other] = owners as [Owner, Owner];
  let seen: number[] = [];
  one.act = () => {
    one.end();
    harness.reactor.defer(other);
  };
  other.act = () => {
    seen = harness.fds.takeAllOf(WORKER);
    for (const fd of seen) harness.fds.take(fd, WORKER);
  };
  ring(one.fd);
  harness.reactor.turn(0);
  assert.ok(seen.includes(one.fd), 'should the thread die now, somebody must know of the open descriptor');
  assert.deepEqual(harness.fds.takeAllOf(WORKER), [other.fd]);
  assert.equal(existsSync(`/proc/self/fd/${one.fd}`), false);
});

test('what deferred work defers runs in the next turn, without sleeping', () => {
  const { harness, owners } = createOwners(1);
  const [owner] = owners as [Owner];
  let left = 2;
  owner.act = () => {
    left--;
    if (left > 0) harness.reactor.defer(owner);
  };
  harness.reactor.defer(owner);
  harness.reactor.turn(0);
  assert.deepEqual(owner.calls, ['deferred']);
  harness.reactor.turn(100_000);
  assert.deepEqual(owner.calls, ['deferred', 'deferred']);
});
