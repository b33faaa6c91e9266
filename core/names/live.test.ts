/** Live values: opened once for all who look, closed with the last of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Cell, Live, SharedLives } from './live.ts';

/** A live that counts its openings. */
function counting<T>(value: T): { live: Live<T>; opened: () => number; set: (value: T) => void } {
  let opened = 0;
  let publish: (value: T) => void = () => {};
  const live = new Live<T>((set) => {
    opened++;
    publish = set;
    set(value);
    return () => {
      opened--;
    };
  });
  return { live, opened: () => opened, set: (value) => publish(value) };
}

function record<T>(live: Live<T>): { seen: T[]; stop: () => void } {
  const seen: T[] = [];
  return { seen, stop: live.observe((value) => seen.push(value)) };
}

test('a live is opened by its first observer and closed by its last, and opens again', () => {
  const source = counting(1);
  assert.equal(source.opened(), 0);
  const first = record(source.live);
  const second = record(source.live);
  assert.equal(source.opened(), 1);
  first.stop();
  first.stop();
  assert.equal(source.opened(), 1);
  second.stop();
  assert.equal(source.opened(), 0);
  assert.equal(source.live.sample(), 1);
  assert.equal(source.opened(), 0);
});

test('observers are told the value now, later ones, and no equal one twice', () => {
  const cell = new Cell('a');
  const early = record(cell.live);
  for (const value of ['a', 'b', 'b', 'c']) cell.value = value;
  const late = record(cell.live);
  cell.value = 'd';
  assert.deepEqual(early.seen, ['a', 'b', 'c', 'd']);
  assert.deepEqual(late.seen, ['c', 'd']);
  early.stop();
  late.stop();
  cell.value = 'e';
  assert.deepEqual(early.seen.at(-1), 'd');
  assert.equal(cell.live.sample(), 'e');
});

test('a closed source can say no more', () => {
  const source = counting(1);
  const { seen, stop } = record(source.live);
  const publishOfFirst = source.set;
  stop();
  publishOfFirst(2);
  assert.deepEqual(seen, [1]);
});

test('an observer that sets the value is not entered again, and all end at the last value', () => {
  const cell = new Cell(0);
  let inside = 0;
  const climbing: number[] = [];
  const stop = cell.live.observe((value) => {
    assert.equal(inside++, 0);
    climbing.push(value);
    if (value > 0 && value < 5) cell.value = value + 1;
    inside--;
  });
  const other = record(cell.live);
  cell.value = 1;
  assert.deepEqual(climbing, [0, 1, 2, 3, 4, 5]);
  assert.equal(other.seen.at(-1), 5);
  stop();
  other.stop();
});

test('an observer may observe and stop others while it is told', () => {
  const cell = new Cell(0);
  const late: number[] = [];
  let stopLate = () => {};
  const victim = record(cell.live);
  const stop = cell.live.observe((value) => {
    if (value !== 1) return;
    stopLate = cell.live.observe((value) => late.push(value));
    assert.deepEqual(late, [1]);
    victim.stop();
  });
  cell.value = 1;
  cell.value = 2;
  assert.deepEqual(late, [1, 2]);
  assert.deepEqual(victim.seen, [0, 1]);
  stop();
  stopLate();
});

test('flatMap holds the next before it leaves the former, so a shared source stays open', () => {
  const source = counting('x');
  let reopened = 0;
  const watched = new Live<string>((set) => {
    reopened++;
    return source.live.observe(set);
  });
  const cell = new Cell(1);
  const { seen, stop } = record(cell.live.flatMap((n) => watched.map((text) => `${text}${n}`)));
  cell.value = 2;
  assert.deepEqual(seen, ['x1', 'x2']);
  assert.equal(reopened, 1);
  stop();
  assert.equal(source.opened(), 0);
});

test('flatMap hears no more of what it left', () => {
  const inner = { a: new Cell('a1'), b: new Cell('b1') };
  const choice = new Cell<'a' | 'b'>('a');
  const { seen, stop } = record(choice.live.flatMap((key) => inner[key].live));
  choice.value = 'b';
  inner.a.value = 'a2';
  inner.b.value = 'b2';
  stop();
  inner.b.value = 'b3';
  assert.deepEqual(seen, ['a1', 'b1', 'b2']);
});

test('a flatMap that is stopped by the one it tells leaves nothing open', () => {
  const source = counting('late');
  const cell = new Cell(0);
  let stop = () => {};
  stop = cell.live
    .flatMap((n) => (n === 0 ? Live.of('early') : source.live))
    .observe((value) => {
      if (value === 'late') stop();
    });
  cell.value = 1;
  assert.equal(source.opened(), 0);
});

test('join tells all values with each change, and of none an empty list', () => {
  const a = new Cell(1);
  const b = new Cell(2);
  const { seen, stop } = record(Live.join([a.live, b.live]));
  b.value = 3;
  a.value = 4;
  stop();
  assert.deepEqual(seen, [
    [1, 2],
    [1, 3],
    [4, 3],
  ]);
  assert.deepEqual(Live.join([]).sample(), []);
});

test('shared lives are one source a key while observed, and are forgotten afterwards', () => {
  const sources = new Map<string, ReturnType<typeof counting<string>>>();
  let created = 0;
  const shared = new SharedLives((key) => {
    created++;
    const source = counting(key);
    sources.set(key, source);
    return source.live;
  });
  const first = record(shared.get('a'));
  const second = record(shared.get('a'));
  assert.equal(created, 1);
  assert.equal(shared.size, 1);
  sources.get('a')?.set('news');
  assert.deepEqual(
    [first.seen, second.seen],
    [
      ['a', 'news'],
      ['a', 'news'],
    ],
  );
  first.stop();
  second.stop();
  assert.equal(shared.size, 0);
  assert.equal(shared.get('a').sample(), 'a');
  assert.equal(created, 2);
});

test('opening without a first value is an error that leaves the live closed', () => {
  let broken = true;
  const live = new Live<number>((set) => {
    if (!broken) set(1);
    return () => {};
  });
  assert.throws(() => live.sample(), /without a first value/);
  broken = false;
  assert.equal(live.sample(), 1);
});

test('property: whatever is set, observed and stopped, each observer ends with the value and nothing stays open', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('set' as const), cell: fc.nat(2), value: fc.nat(3) }),
    fc.record({ kind: fc.constant('observe' as const) }),
    fc.record({ kind: fc.constant('stop' as const), which: fc.nat(5) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const cells = [new Cell(0), new Cell(1), new Cell(2)];
      let open = 0;
      const lives = cells.map(
        (cell) =>
          new Live<number>((set) => {
            open++;
            const stop = cell.live.observe(set);
            return () => {
              open--;
              stop();
            };
          }),
      );
      const chosen = lives[0]!.flatMap((n) => Live.join([lives[1 + (n % 2)]!, lives[2]!]).map((pair) => pair.join()));
      const expected = () => `${cells[1 + (cells[0]!.value % 2)]!.value},${cells[2]!.value}`;
      const observers: ReturnType<typeof record<string>>[] = [];
      for (const step of steps) {
        if (step.kind === 'set') cells[step.cell]!.value = step.value;
        else if (step.kind === 'observe') observers.push(record(chosen));
        else observers.splice(step.which, 1)[0]?.stop();
        for (const { seen } of observers) {
          assert.equal(seen.at(-1), expected());
          assert.ok(seen.every((value, i) => i === 0 || value !== seen[i - 1]));
        }
      }
      for (const { stop } of observers) stop();
      assert.equal(open, 0);
    }),
  );
});
