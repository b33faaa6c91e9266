/**
 * The read buffer that a worker's connections share, against a naive model: a list of the ranges that somebody still needs.
 * A byte that is overwritten here would be one client's response in another's.
 *
 *     model:   needed = [ waits in the inbox | is held for the outbox ] ...     every write must miss them all
 */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import fc from 'fast-check';
import { readLimits } from '../../core/limits.ts';
import { FdOwners } from '../../core/shared/fd-owners.ts';
import { slabBytes } from '../../core/shared/stats.ts';
import { StatsWriter } from '../../core/shared/stats-writer.ts';
import type { Epoll } from '../os/epoll.ts';
import { KernelMemory } from '../os/memory.ts';
import type { Sockets } from '../os/sockets.ts';
import { Reactor } from '../reactor/reactor.ts';
import type { Connection } from './connection.ts';
import { Net } from './net.ts';

/** The least that a configuration can ask for: bounds are tightest there. */
const HEAD_BYTES_MAX = 6144;
const READ_BYTES = 16384;
/** As in connection.ts: what is larger neither waits nor is held. */
const WAITING_BYTES_MAX = 4096;
/** The most that a usual response head grows by. */
const GROWTH_BYTES_MAX = 128;
const ENTRIES_MAX = 512;

/** Tells where the read buffer lies: it is the first region that a Net reserves. */
class WatchedMemory extends KernelMemory {
  readonly regions: { readonly at: number; readonly end: number }[] = [];

  override reserve(byteLength: number): number {
    const at = super.reserve(byteLength);
    this.regions.push({ at, end: at + byteLength });
    return at;
  }
}

/** What becomes of a message when it is dealt with. */
interface Act {
  readonly kind: 'drop' | 'hold' | 'flush' | 'receive' | 'throw' | 'close';
  /** Bytes that its head grows by. */
  readonly growth: number;
  /** Bytes received in the middle of it. */
  readonly more: number;
}

type Step =
  | { readonly kind: 'later' | 'now'; readonly size: number; readonly act: Act }
  | { readonly kind: 'burst'; readonly count: number; readonly size: number; readonly act: Act }
  | { readonly kind: 'deliver' | 'flush' | 'turnEnd' };

const DROP: Act = { kind: 'drop', growth: 0, more: 1 };
const HOLD: Act = { kind: 'hold', growth: 0, more: 1 };

/** A message: a connection of its own, and bytes that are all of one value. */
interface Message {
  readonly id: number;
  readonly connection: Connection;
  at: number;
  end: number;
}

const memory = new WatchedMemory(2 * 1024 * 1024);
const ended: unknown[] = [];

const reactor = new Reactor(
  { wait: () => 0 } as unknown as Epoll,
  {} as Sockets,
  () => 0,
  new FdOwners(FdOwners.allocate()),
  (error) => ended.push(error),
);
const net = new Net(
  memory,
  {} as Sockets,
  reactor,
  { ...readLimits({}), readBufferBytes: READ_BYTES },
  new FdOwners(FdOwners.allocate()),
  new StatsWriter(new SharedArrayBuffer(slabBytes({ scopesMax: 1 }))),
  HEAD_BYTES_MAX,
);
const region = memory.regions[0] ?? assert.fail('nothing was reserved');
const restAt = net.readAt;

function byteOf(id: number): number {
  return 1 + (id % 251);
}

/** A run that has failed leaves nothing to the next one. */
function clear(): void {
  net.deliver();
  net.flush();
}

afterEach(clear);

/** The connections of one run, and the ranges that must stay intact. */
class Model {
  /** What waits, and what is held. */
  readonly needed = new Set<Message>();
  readonly waiting: number[] = [];
  readonly delivered: number[] = [];
  readonly pending: number[] = [];
  readonly sent: number[] = [];
  thrown = 0;
  #nextId = 0;

  constructor() {
    ended.length = 0;
  }

  step(step: Step): void {
    switch (step.kind) {
      case 'later':
        this.later(step.size, step.act);
        break;
      case 'now':
        this.#act(this.receive(step.size), step.act);
        break;
      case 'burst':
        for (let i = 0; i < step.count; i++) this.later(step.size, step.act);
        break;
      case 'deliver':
        reactor.onEventsTaken();
        assert.deepEqual(this.waiting, []);
        break;
      case 'flush':
        net.flush();
        assert.deepEqual(this.pending, []);
        break;
      case 'turnEnd':
        this.end();
    }
  }

  /** A turn's end leaves nothing behind. */
  end(): void {
    reactor.onTurnEnd();
    // What a model finds out in a handler, Net takes for a fault of that handler.
    for (const error of ended) if (error instanceof assert.AssertionError) throw error;
    assert.deepEqual([this.waiting, this.pending, this.needed.size], [[], [], 0]);
    assert.equal(net.readAt, restAt);
    assert.equal(ended.length, this.thrown);
  }

  /** A recv where the next one goes. @param keptBytes that would lie in front of it */
  receive(size: number, keptBytes = net.headroomBytes): Message {
    const at = net.readAt;
    assert.ok(at >= restAt && at + keptBytes + net.readBytes <= region.end, `a recv at ${at} leaves the read buffer`);
    const id = this.#nextId++;
    const message: Message = { id, connection: this.#connect(id), at, end: at + size };
    this.#write(message, at, at + size);
    return message;
  }

  later(size: number, act: Act): Message {
    const message = this.receive(size);
    message.connection.onReceived = (at, end) => {
      assert.deepEqual([at, end], [message.at, message.end]);
      this.#check(message);
      this.needed.delete(message);
      assert.equal(this.waiting.shift(), message.id, 'messages are delivered in order');
      this.delivered.push(message.id);
      this.#act(message, act);
    };
    this.needed.add(message);
    if (act.kind === 'close') {
      message.connection.closed = true;
      this.needed.delete(message);
    } else this.waiting.push(message.id);
    net.deliverLater(message.connection, message.at, message.end);
    return message;
  }

  #act(message: Message, act: Act): void {
    switch (act.kind) {
      case 'hold':
        this.hold(message, act.growth);
        break;
      case 'flush':
        net.flush();
        this.#check(message);
        break;
      case 'receive':
        // What is received in the middle of a delivery is dealt with at once, and nothing was kept in front of it.
        this.receive(act.more, 0);
        break;
      case 'throw':
        if (!this.delivered.includes(message.id)) return;
        this.thrown++;
        throw new Error(`message ${message.id}`);
      default:
    }
  }

  /** Lets the head of a message grow and puts it in the outbox; sends at once when that is full. */
  hold(message: Message, growth: number): void {
    // A body does not grow, and asks for no room.
    if (growth > 0) net.makeRoom(message.at, growth);
    this.#check(message);
    this.#write(message, message.at - growth, message.at);
    message.at -= growth;
    const byteLength = message.end - message.at;
    if (byteLength > WAITING_BYTES_MAX || !net.sendLater(message.connection, message.at, byteLength)) return;
    this.pending.push(message.id);
    this.needed.add(message);
    net.hold(message.end);
  }

  #connect(id: number): Connection {
    return {
      net,
      closed: false,
      onReceived: () => assert.fail(`message ${id} is delivered`),
      sendPending: (at: number, byteLength: number) => {
        const message = [...this.needed].find((one) => one.id === id);
        assert.ok(message, `message ${id} is sent once`);
        assert.deepEqual([at, at + byteLength], [message.at, message.end]);
        this.#check(message);
        this.needed.delete(message);
        assert.equal(this.pending.shift(), id, 'writes leave in order');
        this.sent.push(id);
      },
      onFault: () => {},
    } as unknown as Connection;
  }

  #write(message: Message, at: number, end: number): void {
    assert.ok(at >= region.at, `a head grows out of the read buffer, to ${at}`);
    for (const other of this.needed) {
      const apart = end <= other.at || other.end <= at;
      assert.ok(apart, `message ${message.id} at [${at}, ${end}) lies on ${other.id} at [${other.at}, ${other.end})`);
    }
    memory.bytes.fill(byteOf(message.id), at, end);
  }

  #check({ id, at, end }: Message): void {
    const whole = memory.bytes.subarray(at, end).every((byte) => byte === byteOf(id));
    assert.ok(whole, `message ${id} at [${at}, ${end}) was overwritten`);
  }
}

const GROWTH = fc.integer({ min: 0, max: GROWTH_BYTES_MAX });
const ACT: fc.Arbitrary<Act> = fc.record({
  kind: fc.constantFrom('drop', 'hold', 'hold', 'hold', 'flush', 'receive', 'throw', 'close'),
  growth: GROWTH,
  more: fc.integer({ min: 1, max: READ_BYTES }),
});
const NOW: fc.Arbitrary<Act> = fc.record({
  kind: fc.constantFrom('drop', 'hold', 'hold', 'flush'),
  growth: GROWTH,
  more: fc.constant(1),
});
const SIZE = fc.integer({ min: 1, max: WAITING_BYTES_MAX });
const STEP: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('later' as const), size: SIZE, act: ACT }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('now' as const),
      size: fc.integer({ min: 1, max: READ_BYTES }),
      act: NOW,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('burst' as const),
      count: fc.integer({ min: 1, max: ENTRIES_MAX + 100 }),
      size: fc.integer({ min: 1, max: 64 }),
      act: ACT,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('deliver', 'flush', 'turnEnd') }) },
);

test('whatever is received, held, delivered and flushed: what somebody still needs stays intact', () => {
  fc.assert(
    fc.property(fc.array(STEP, { maxLength: 120 }), (steps) => {
      const model = new Model();
      try {
        for (const step of steps) model.step(step);
        model.end();
      } finally {
        clear();
      }
    }),
    { numRuns: 300 },
  );
});

test('a full inbox is delivered at once, all of it, in order', () => {
  const model = new Model();
  for (let i = 0; i < ENTRIES_MAX - 1; i++) model.later(1, DROP);
  assert.deepEqual(model.delivered, []);
  model.later(1, DROP);
  assert.equal(model.delivered.length, ENTRIES_MAX);
  assert.equal(net.readAt, restAt);
  model.end();
});

test('a handler that receives, while a full inbox is delivered, gets that delivered too', () => {
  const model = new Model();
  for (let i = 0; i < ENTRIES_MAX - 1; i++) model.later(1, DROP);
  const last = model.receive(1);
  last.connection.onReceived = () => void model.later(1, DROP);
  net.deliverLater(last.connection, last.at, last.end);
  model.end();
  assert.equal(model.delivered.length, ENTRIES_MAX);
});

test('a full outbox takes no more until it was flushed', () => {
  const model = new Model();
  for (let i = 0; i < ENTRIES_MAX; i++) model.hold(model.receive(1), 0);
  assert.equal(model.pending.length, ENTRIES_MAX);
  const one = model.receive(1);
  assert.equal(net.sendLater(one.connection, one.at, 1), false);
  net.flush();
  assert.equal(model.sent.length, ENTRIES_MAX);
  model.hold(model.receive(1), 0);
  assert.equal(model.pending.length, 1);
  model.end();
});

test('what is held beyond the bound is sent at once, and the buffer begins anew', () => {
  const model = new Model();
  let count = 0;
  for (; model.sent.length === 0; count++) model.hold(model.receive(WAITING_BYTES_MAX), 0);
  assert.ok(count > 1);
  assert.equal(model.sent.length, count);
  assert.equal(net.readAt, restAt);
});

test('a flush in the middle of a delivery: the next recv goes behind what still waits', () => {
  const model = new Model();
  model.later(100, { ...HOLD, kind: 'flush' });
  const last = model.later(100, DROP);
  net.flush();
  assert.ok(net.readAt >= last.end);
  model.end();
  assert.deepEqual(model.delivered, [0, 1]);
});

test('a handler that throws ends its connection alone, and is told of', () => {
  const model = new Model();
  const faults: unknown[] = [];
  model.later(10, DROP);
  const faulty = model.later(10, { ...DROP, kind: 'throw' });
  faulty.connection.onFault = (error) => faults.push(error);
  model.later(10, HOLD);
  model.end();
  assert.deepEqual([model.delivered, model.sent], [[0, 1, 2], [2]]);
  assert.deepEqual(faults.map(String), ['Error: message 1']);
});

test('what deferred work receives is delivered, and answered, in the same turn', () => {
  const model = new Model();
  model.later(10, HOLD);
  reactor.defer({ runDeferred: () => void model.later(10, HOLD) });
  reactor.turn(0);
  assert.deepEqual(
    [model.delivered, model.sent],
    [
      [0, 1],
      [0, 1],
    ],
  );
  model.end();
});

/** What lies in front of a head that grows; in front of what waits there is the usual gap, and no more can be made. */
const NEIGHBOURS: readonly (readonly [name: string, growth: number, place: (model: Model) => void])[] = [
  ['what is held', 1000, (model) => model.hold(model.receive(1000), 0)],
  [
    'what is held, and was received before something that was delivered and held after it',
    1000,
    (model) => {
      model.later(1, HOLD);
      model.hold(model.receive(1000), 0);
      net.deliver();
    },
  ],
  ['what waits in the inbox', GROWTH_BYTES_MAX, (model) => void model.later(1000, DROP)],
];

for (const [name, growth, place] of NEIGHBOURS) {
  test(`a head that grows by ${growth} bytes spares what is in front of it: ${name}`, () => {
    const model = new Model();
    place(model);
    model.hold(model.receive(1000), growth);
    model.end();
  });
}
