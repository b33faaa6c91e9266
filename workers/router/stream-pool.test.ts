/**
 * How streams are shared out over the HTTP/2 connections of an endpoint: who gets one at once, who waits, who is sent
 * elsewhere, and that nobody is forgotten by the way.
 *
 *     model:   an exchange is with one connection, or waits, or was told to try anew
 *
 * WEFT_FUZZ_CASES sets the number of cases, WEFT_FUZZ_SEED repeats a run.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { COUNTER, LIMIT_COUNTER, LIMITS_SCOPE, slabBytes } from '../../core/shared/stats.ts';
import { StatsReader } from '../../core/shared/stats-reader.ts';
import { StatsWriter } from '../../core/shared/stats-writer.ts';
import type { ClientStack } from './client-stack.ts';
import { ACQUIRED, type EndpointAddress } from './endpoint-pool.ts';
import type { Exchange } from './exchange.ts';
import { type SharedConnection, StreamPool } from './stream-pool.ts';

const { WEFT_FUZZ_CASES = '500', WEFT_FUZZ_SEED = String(Date.now() % 2147483647) } = process.env;
const RUN = { seed: Number(WEFT_FUZZ_SEED), numRuns: Number(WEFT_FUZZ_CASES) };
const SCOPE = 3;
const ADDRESS: EndpointAddress = { row: 1, ipv6: false, port: 80, ip: new Int32Array(4), name: '10.0.0.1:80' };

/** A connection that bears so many streams. */
class FakeConnection implements SharedConnection {
  capacity: number;
  connecting = true;
  leaving = false;
  idleSinceTick = 0;
  readonly exchanges: Exchange[] = [];
  readonly #site: Site;

  constructor(site: Site, capacity: number) {
    this.#site = site;
    this.capacity = capacity;
  }

  get room(): number {
    return this.leaving ? 0 : this.capacity - this.exchanges.length;
  }

  get load(): number {
    return this.exchanges.length;
  }

  assign(exchange: Exchange): void {
    assert.ok(this.room > 0, 'it has room');
    this.exchanges.push(exchange);
  }

  forget(exchange: Exchange): boolean {
    const place = this.connecting ? this.exchanges.indexOf(exchange) : -1;
    if (place >= 0) this.exchanges.splice(place, 1);
    return place >= 0;
  }

  retire(): void {
    this.leaving = true;
    this.#site.pool.left(this);
  }

  /** A stream ends. */
  end(): void {
    this.exchanges.shift();
    this.#site.pool.roomMade(this);
  }

  /** It bears more or fewer streams from now on. */
  settle(capacity: number): void {
    this.connecting = false;
    this.capacity = capacity;
    this.#site.pool.roomMade(this);
  }
}

/** A pool and what it has made. */
class Site {
  readonly pool: StreamPool;
  readonly made: FakeConnection[] = [];
  /** Exchanges that were told to try anew. */
  readonly again: Exchange[] = [];
  /** Whether they do so at once. */
  eager = false;
  noSocket = false;
  capacity: number;
  readonly #reader: StatsReader;

  constructor(options: { connections?: number; waiters?: number; capacity?: number } = {}) {
    const { connections = 2, waiters = 2, capacity = 2 } = options;
    const slabs = [0, 1].map(() => new SharedArrayBuffer(slabBytes({ scopesMax: 8 })));
    this.#reader = new StatsReader([slabs[0] as SharedArrayBuffer, slabs[1] as SharedArrayBuffer]);
    const stats = new StatsWriter(slabs[1] as SharedArrayBuffer);
    const client = { scope: SCOPE, stats, poolWaitersMax: waiters } as unknown as ClientStack;
    this.capacity = capacity;
    this.pool = new StreamPool(client, ADDRESS, connections, () => {
      if (this.noSocket) return null;
      this.made.push(new FakeConnection(this, this.capacity));
      return this.made.at(-1) as FakeConnection;
    });
  }

  exchange(): Exchange {
    const reacquire = (exchange: Exchange) => {
      this.again.push(exchange);
      if (this.eager && !this.pool.retired) this.pool.acquire(exchange);
    };
    return { router: { reacquire } } as unknown as Exchange;
  }

  /** @returns how each of so many acquisitions went */
  acquire(count: number): string[] {
    return Array.from({ length: count }, () => this.acquireFor(this.exchange()));
  }

  acquireFor(exchange: Exchange): string {
    const acquired = this.pool.acquire(exchange);
    return Object.entries(ACQUIRED).find(([, value]) => value === acquired)?.[0] ?? 'nothing';
  }

  get loads(): number[] {
    return this.made.map(({ load }) => load);
  }

  count(name: keyof typeof COUNTER): number {
    return this.#reader.counter(SCOPE, COUNTER[name]);
  }

  limit(name: keyof typeof LIMIT_COUNTER): number {
    return this.#reader.counter(LIMITS_SCOPE, LIMIT_COUNTER[name]);
  }
}

describe('acquiring', () => {
  test('a first connection is made, and shared as long as it has room', () => {
    const site = new Site({ capacity: 3 });
    assert.deepEqual(site.acquire(1), ['later']);
    assert.ok(!site.acquire(2).includes('exhausted'));
    assert.deepEqual([site.loads, site.count('poolSize'), site.count('connections')], [[3], 1, 1]);
  });

  test('then another, up to the bound; then exchanges wait, up to theirs; then they are refused', () => {
    const site = new Site();
    assert.ok(site.acquire(4).every((acquired) => acquired === 'later' || acquired === 'ready'));
    assert.deepEqual([site.loads, site.limit('h2ConnectionsPerEndpointMax')], [[2, 2], 0]);
    assert.deepEqual(site.acquire(3), ['later', 'later', 'exhausted']);
    assert.deepEqual([site.loads, site.count('poolSize')], [[2, 2], 2]);
    assert.deepEqual(
      [site.count('poolWaiters'), site.count('poolNumWaited'), site.count('poolNumTooManyWaiters')],
      [2, 2, 1],
    );
    assert.deepEqual([site.limit('h2ConnectionsPerEndpointMax'), site.limit('poolWaitersMax')], [3, 1]);
  });

  test('the first connection with room is taken, whichever it is', () => {
    const site = new Site({ capacity: 1 });
    site.acquire(2);
    site.made[0]?.end();
    assert.deepEqual(site.acquire(1), ['ready']);
    assert.deepEqual(site.loads, [1, 1]);
  });

  test('without a socket: refused where there is no connection to wait for, otherwise it waits', () => {
    const site = new Site({ capacity: 1 });
    site.noSocket = true;
    assert.deepEqual([site.acquire(1), site.count('poolWaiters')], [['noSocket'], 0]);
    site.noSocket = false;
    site.acquire(1);
    site.noSocket = true;
    assert.deepEqual(site.acquire(1), ['later']);
    assert.deepEqual([site.loads, site.count('poolWaiters'), site.limit('h2ConnectionsPerEndpointMax')], [[1], 1, 0]);
    site.made[0]?.end();
    assert.deepEqual([site.loads, site.count('poolWaiters')], [[1], 0]);
  });
});

describe('those who wait', () => {
  test('get what room there is, in the order in which they came', () => {
    const site = new Site({ connections: 1, waiters: 5, capacity: 1 });
    site.acquire(1);
    const waiting = Array.from({ length: 4 }, () => site.exchange());
    for (const exchange of waiting) assert.equal(site.acquireFor(exchange), 'later');
    site.made[0]?.end();
    assert.deepEqual(site.made[0]?.exchanges, waiting.slice(0, 1));
    site.made[0]?.settle(3);
    assert.deepEqual(site.made[0]?.exchanges, waiting.slice(0, 3));
    assert.equal(site.count('poolWaiters'), 1);
    site.made[0]?.settle(0);
    assert.equal(site.count('poolWaiters'), 1);
  });

  test('can be taken back, as can those whose connection is being made; others are left alone', () => {
    const site = new Site({ connections: 1, capacity: 1 });
    const [first, second, third] = [site.exchange(), site.exchange(), site.exchange()];
    for (const exchange of [first, second, third]) site.acquireFor(exchange);
    site.pool.forget(second);
    assert.equal(site.count('poolWaiters'), 1);
    site.pool.forget(second);
    assert.equal(site.count('poolWaiters'), 1);
    site.pool.forget(first);
    assert.deepEqual([site.loads, site.count('poolWaiters')], [[0], 1]);
    site.made[0]?.settle(1);
    assert.deepEqual(site.made[0]?.exchanges, [third]);
  });

  test('try anew when a connection leaves, each once, also when that fills the queue again', () => {
    const site = new Site({ connections: 1, waiters: 3, capacity: 1 });
    site.eager = true;
    site.acquire(4);
    site.made[0]?.retire();
    assert.equal(site.again.length, 3);
    assert.deepEqual([site.loads, site.count('poolWaiters'), site.count('poolSize')], [[1, 1], 2, 1]);
  });
});

describe('a connection that leaves', () => {
  test('takes no more streams, and another takes its place', () => {
    const site = new Site({ connections: 1, capacity: 5 });
    site.acquire(2);
    site.made[0]?.retire();
    site.acquire(1);
    assert.deepEqual([site.loads, site.count('poolSize'), site.count('connections')], [[2, 1], 1, 2]);
  });

  test('leaves once', () => {
    const site = new Site();
    site.acquire(1);
    const [connection] = site.made;
    for (let i = 0; i < 3; i++) site.pool.left(connection as FakeConnection);
    assert.equal(site.count('poolSize'), 0);
  });
});

describe('a pool', () => {
  test('that is retired sends everybody away, and lets open streams be', () => {
    const site = new Site({ connections: 2, waiters: 5, capacity: 1 });
    site.acquire(5);
    site.pool.retire();
    assert.deepEqual([site.again.length, site.count('poolWaiters'), site.count('poolSize')], [3, 0, 0]);
    assert.ok(site.pool.retired && site.made.every(({ leaving }) => leaving));
    assert.deepEqual(site.loads, [1, 1]);
  });

  test('ends connections that have been idle since before a time, and only those', () => {
    const site = new Site({ connections: 3, capacity: 1 });
    site.acquire(3);
    const [one, two, three] = site.made as [FakeConnection, FakeConnection, FakeConnection];
    for (const connection of [one, two]) connection.end();
    [one.idleSinceTick, two.idleSinceTick, three.idleSinceTick] = [10, 20, 5];
    site.pool.expire(10);
    assert.equal(site.count('poolSize'), 3);
    site.pool.expire(20);
    assert.deepEqual([one.leaving, two.leaving, three.leaving], [true, false, false]);
  });

  test('gives an idle connection up for its descriptor, when there is one', () => {
    const site = new Site({ capacity: 1 });
    assert.equal(site.pool.evictIdle(), false);
    site.acquire(2);
    assert.equal(site.pool.evictIdle(), false);
    site.made[1]?.end();
    assert.equal(site.pool.evictIdle(), true);
    assert.deepEqual(
      site.made.map(({ leaving }) => leaving),
      [false, true],
    );
    assert.equal(site.pool.evictIdle(), false);
  });
});

test('whatever happens, every exchange is somewhere, and the gauges say where', (t) => {
  t.diagnostic(`WEFT_FUZZ_SEED=${RUN.seed} WEFT_FUZZ_CASES=${RUN.numRuns}`);
  const kinds = ['acquire', 'acquire', 'acquire', 'end', 'settle', 'leave', 'forget', 'socket'] as const;
  const step = fc.record({ kind: fc.constantFrom(...kinds), which: fc.nat(20), capacity: fc.nat(4) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, eager) => {
      const site = new Site({ connections: 2, waiters: 3, capacity: 1 });
      site.eager = eager;
      const waiting = new Set<Exchange>();
      for (const { kind, which, capacity } of steps) {
        const live = site.made.filter(({ leaving }) => !leaving);
        const connection = live[which % Math.max(1, live.length)];
        if (kind === 'socket') site.noSocket = !site.noSocket;
        else if (kind === 'acquire') {
          const exchange = site.exchange();
          if (site.acquireFor(exchange) === 'later') waiting.add(exchange);
        } else if (kind === 'forget') {
          const exchange = [...waiting][which % Math.max(1, waiting.size)];
          if (exchange !== undefined) site.pool.forget(exchange);
          if (exchange !== undefined) waiting.delete(exchange);
        } else if (kind === 'end') connection?.end();
        else if (kind === 'settle') connection?.settle(capacity);
        else connection?.retire();
        const placed = new Set(site.made.flatMap(({ exchanges }) => exchanges));
        for (const exchange of waiting)
          if (placed.has(exchange) || site.again.includes(exchange)) waiting.delete(exchange);
        const open = site.made.filter(({ leaving }) => !leaving);
        assert.equal(site.count('poolSize'), open.length);
        assert.ok(open.length <= 2);
        if (!eager) assert.equal(site.count('poolWaiters'), waiting.size);
        assert.ok(site.count('poolWaiters') <= 3);
        assert.ok(
          site.count('poolWaiters') === 0 || open.every(({ room }) => room <= 0),
          'nobody waits beside a free stream',
        );
      }
    }),
    RUN,
  );
});
