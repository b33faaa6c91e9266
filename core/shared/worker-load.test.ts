/** Which worker a connection is placed with. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WorkerLoad } from './worker-load.ts';

/** @param workers each `[connections at the last look, busy permille, connections that came since]` */
function loadOf(workers: readonly (readonly [number, number, number])[]): WorkerLoad {
  const load = new WorkerLoad(WorkerLoad.allocate(workers.length));
  for (const [worker, [measured, busy, since]] of workers.entries()) {
    load.reset(worker, measured);
    load.measure(worker, busy);
    for (let i = 0; i < since; i++) load.add(worker);
  }
  return load;
}

const ROWS: readonly {
  readonly title: string;
  readonly workers: readonly (readonly [number, number, number])[];
  readonly self: number;
  readonly target: number;
}[] = [
  {
    title: 'nobody has anything: it stays',
    workers: [
      [0, 0, 0],
      [0, 0, 0],
    ],
    self: 1,
    target: 1,
  },
  {
    title: 'one more than another is balance',
    workers: [
      [1, 0, 0],
      [0, 0, 0],
    ],
    self: 0,
    target: 0,
  },
  {
    title: 'two more are not',
    workers: [
      [2, 0, 0],
      [0, 0, 0],
    ],
    self: 0,
    target: 1,
  },
  {
    title: 'the busier hands on, with as many connections',
    workers: [
      [4, 900, 0],
      [4, 100, 0],
    ],
    self: 0,
    target: 1,
  },
  {
    title: 'the busier hands on, with fewer connections',
    workers: [
      [1, 900, 0],
      [9, 100, 0],
    ],
    self: 0,
    target: 1,
  },
  {
    title: 'the less busy keeps it, with more connections',
    workers: [
      [1, 900, 0],
      [9, 100, 0],
    ],
    self: 1,
    target: 1,
  },
  {
    title: 'a difference within the noise does not count',
    workers: [
      [2, 500, 0],
      [2, 470, 0],
    ],
    self: 0,
    target: 0,
  },
  {
    title: 'what came since the last look counts',
    workers: [
      [2, 400, 0],
      [2, 100, 4],
    ],
    self: 0,
    target: 0,
  },
  {
    title: 'the least busy of three',
    workers: [
      [2, 800, 0],
      [2, 500, 0],
      [2, 100, 0],
    ],
    self: 0,
    target: 2,
  },
  {
    title: 'the fewest connections of equally busy ones',
    workers: [
      [5, 0, 0],
      [3, 0, 0],
      [1, 0, 0],
    ],
    self: 0,
    target: 2,
  },
];

for (const { title, workers, self, target } of ROWS) {
  test(title, () => {
    assert.equal(loadOf(workers).place(self), target);
  });
}

test('a burst between two looks is spread: it does not all go to whoever was idle', () => {
  const load = loadOf([
    [10, 900, 0],
    [10, 100, 0],
  ]);
  const given = [0, 0];
  for (let i = 0; i < 60; i++) {
    const target = load.place(0);
    load.add(target);
    given[target]! += 1;
  }
  assert.ok(given[0]! >= 10 && given[1]! > given[0]!, `${given}`);
});

test('a worker that is away gets none, and one that is back is new', () => {
  const load = loadOf([
    [3, 100, 0],
    [3, 100, 0],
  ]);
  load.reset(1, 0x3fffffff);
  assert.equal(load.place(0), 0);
  load.reset(1, 0);
  assert.equal(load.place(0), 1);
});
