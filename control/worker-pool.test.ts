/** Worker threads die and come back: who is told, what is given back, and what does not wait. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { readLimits } from '../core/limits.ts';
import { threadsOf } from '../test/support/threads.ts';
import { lowerPriority } from './priority.ts';
import { createSharedState } from './shared-state.ts';
import { type PoolEvents, restartPauseMs, WorkerPool } from './worker-pool.ts';

const WORKERS = 2;
const TIMEOUT_MS = 30_000;
const ARENA_BYTES = 2 ** 30;
const GRACE_MS = 100;
const SUPERVISOR_NICE = 7;
/** A worker that has served so long has not died of its start. */
const SETTLED_MS = 1000;
/** Less than any pause from the second on, and much for a timer that is due. */
const NO_PAUSE_MS = 250;
const NO_MEMORY_BYTES = 16 * 1024 * 1024;

type Start = ReturnType<PoolEvents['startOf']>;

/** A pool without servers, and what it has told. */
class Pool {
  readonly deaths: { readonly worker: number; readonly error: unknown }[] = [];
  readonly replaced: number[] = [];
  readonly released: { readonly worker: number; readonly token: number }[] = [];
  readonly starts: number[] = [];
  /** Time of the last death, and from it to the start of the successor, each. */
  diedMs = 0;
  readonly pausesMs: number[] = [];
  /** Changes the start of a worker. */
  alter: (start: Start, worker: number) => Start = (start) => start;
  readonly #limits = readLimits({ WEFT_ARENA_BYTES: String(ARENA_BYTES) });
  readonly #shared = createSharedState(WORKERS, 1, this.#limits, false);
  readonly pool = new WorkerPool(WORKERS, {
    onDeath: (worker, error) => {
      this.deaths.push({ worker, error });
      this.diedMs = performance.now();
    },
    onReplaced: (worker) => this.replaced.push(worker),
    onMessage: (worker, message) => {
      if (message.type === 'released') this.released.push({ worker, token: message.token });
    },
    startOf: (worker) => {
      this.starts.push(worker);
      if (this.deaths.length > 0) this.pausesMs.push(performance.now() - this.diedMs);
      const { endpoints, budgets, fds, gates, load, stats, handover } = this.#shared;
      const start: Start = {
        limits: this.#limits,
        routers: [],
        listeners: [],
        headBytesMax: 16384,
        keptBodyBytesMax: 0,
        gates,
        fds,
        descriptorsMax: 1024,
        endpoints,
        budgets,
        stats: stats[worker + 1] as SharedArrayBuffer,
        load,
        handover,
        accessRing: null,
      };
      return this.alter(start, worker);
    },
  });
  #lastToken = 0;

  /** Whether a worker answers. */
  async answers(worker: number): Promise<boolean> {
    const token = ++this.#lastToken;
    this.pool.send(worker, { type: 'release', scopes: [], token });
    for (let waitedMs = 0; waitedMs < 200; waitedMs += 5) {
      if (this.released.some((answer) => answer.worker === worker && answer.token === token)) return true;
      await sleep(5);
    }
    return false;
  }

  async untilAnswers(worker: number): Promise<void> {
    await until(`worker ${worker} answers`, () => this.answers(worker));
  }
}

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + TIMEOUT_MS;
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, `in vain: ${what}`);
    await sleep(10);
  }
}

/** Address space of this process. */
function mappedBytes(): number {
  return Number(/VmSize:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
}

const pools: WorkerPool[] = [];
after(async () => {
  for (const pool of pools) await pool.drain(GRACE_MS);
});

async function startPool(alter?: Pool['alter']): Promise<Pool> {
  const pool = new Pool();
  if (alter !== undefined) pool.alter = alter;
  pools.push(pool.pool);
  await pool.pool.start();
  return pool;
}

test('all workers serve when the start is over, and a death is told once, of the right worker', async () => {
  const pool = await startPool();
  assert.deepEqual([...pool.pool.alive()], [0, 1]);
  for (const worker of [0, 1]) assert.ok(await pool.answers(worker));
  assert.equal(pool.pool.terminate(1), true);
  await until('the death is told', () => pool.deaths.length > 0);
  assert.deepEqual([...pool.pool.alive()], [0]);
  assert.equal(pool.pool.terminate(1), false);
  assert.ok(await pool.answers(0), 'the other worker has not noticed');
  await pool.untilAnswers(1);
  assert.deepEqual(
    pool.deaths.map(({ worker }) => worker),
    [1],
  );
  assert.deepEqual(pool.starts, [0, 1, 1]);
  assert.deepEqual(pool.replaced, [1]);
});

test('only what dies in its first second waits longer each time, up to five seconds', () => {
  let pauseMs = 0;
  const pauses = [0, 999, 0, 0, 0, 0, 0].map((servedMs) => {
    pauseMs = restartPauseMs(pauseMs, servedMs);
    return pauseMs;
  });
  assert.deepEqual(pauses, [100, 300, 700, 1500, 3100, 5000, 5000]);
  assert.equal(restartPauseMs(5000, 1000), 0);
});

test('the fourth death in a row is made good as soon as the first, and all are counted', async () => {
  const pool = await startPool();
  for (let death = 1; death <= 4; death++) {
    await sleep(SETTLED_MS);
    assert.equal(pool.pool.serving, WORKERS);
    assert.ok(pool.pool.terminate(0));
    await until('the death is told', () => pool.pool.deaths === death);
    assert.equal(pool.pool.serving, WORKERS - 1);
    await until('another serves', () => pool.replaced.length === death);
  }
  assert.ok(pool.pausesMs.length === 4 && Math.max(...pool.pausesMs) < NO_PAUSE_MS, pool.pausesMs.join(' and '));
});

test('a worker that dies of its start is tried again, and the start waits for it', async () => {
  let tries = 0;
  const pool = await startPool((start, worker) => {
    if (worker === 0 || ++tries > 2) return start;
    return { ...start, limits: { ...start.limits, arenaBytes: NO_MEMORY_BYTES, readBufferBytes: NO_MEMORY_BYTES } };
  });
  assert.deepEqual(
    pool.deaths.map(({ worker }) => worker),
    [1, 1],
  );
  assert.match(String(pool.deaths[0]?.error), /WEFT_ARENA_BYTES=\d+ is too small/);
  assert.ok(await pool.answers(1));
});

test('a pool whose worker is away can be drained, and starts no other', async () => {
  const pool = await startPool();
  pool.pool.terminate(0);
  await until('the death is told', () => pool.deaths.length > 0);
  await pool.pool.drain(GRACE_MS);
  const starts = pool.starts.length;
  await sleep(500);
  assert.equal(pool.starts.length, starts);
});

test('a successor is as eager as the first, though the supervisor yields by then', async () => {
  const pool = await startPool();
  const workersNice = getPriority();
  lowerPriority(SUPERVISOR_NICE);
  const before = new Set(threadsOf(process.pid).map(({ id }) => id));
  assert.ok(pool.pool.terminate(0));
  await until('the death is told', () => pool.deaths.length > 0);
  await pool.untilAnswers(0);
  const successors = threadsOf(process.pid).filter(({ id }) => !before.has(id));
  assert.deepEqual(
    successors.map(({ nice }) => nice),
    [workersNice],
  );
  assert.equal(getPriority(), Math.max(SUPERVISOR_NICE, workersNice));
});

test('deaths leave no memory behind', async () => {
  const pool = await startPool();
  const kill = async (times: number) => {
    for (let i = 0; i < times; i++) {
      const deaths = pool.deaths.length;
      assert.ok(pool.pool.terminate(0));
      await until('the death is told', () => pool.deaths.length > deaths);
      await pool.untilAnswers(0);
    }
  };
  await kill(1);
  const mapped = mappedBytes();
  await kill(3);
  // A thread that is gone may keep its last pages a moment; an arena is 1 GiB.
  assert.ok(mappedBytes() - mapped < 2 * ARENA_BYTES, `${(mappedBytes() - mapped) / 2 ** 20} MiB more`);
});
