/**
 * Streams by id against a Map, under any sequence of additions and removals; ids that share a slot among them, since what
 * stands behind a removed one has to move up.
 *
 * WEFT_FUZZ_CASES sets the number of cases, WEFT_FUZZ_SEED repeats a run.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Identified, StreamTable } from './stream-table.ts';

const { WEFT_FUZZ_CASES = '300', WEFT_FUZZ_SEED = String(Date.now() % 2147483647) } = process.env;
const RUN = { seed: Number(WEFT_FUZZ_SEED), numRuns: Number(WEFT_FUZZ_CASES) };
/** As in stream-table.ts: the top bits are an id's first choice. */
const MULTIPLIER = 0x9e3779b1;
const LARGEST = 0x7fffffff;

/** Ids of a client whose first choice is the same slot, however large the table. @param top bits that agree */
function colliding(count: number, top: number): number[] {
  const ids: number[] = [];
  const home = (id: number) => Math.imul(id, MULTIPLIER) >>> (32 - top);
  for (let id = 1; ids.length < count; id += 2) if (home(id) === home(12345)) ids.push(id);
  return ids;
}

const IDS = [
  ...Array.from({ length: 40 }, (_, i) => 2 * i + 1),
  ...colliding(24, 8),
  LARGEST,
  LARGEST - 2,
  0x40000001,
  0x3fffffff,
];

interface Step {
  readonly id: number;
  readonly act: 'add' | 'remove' | 'remove another of the same id' | 'get';
}

function check(table: StreamTable<Identified>, model: ReadonlyMap<number, Identified>, ids: readonly number[]): void {
  assert.equal(table.size, model.size);
  for (const id of ids) assert.equal(table.get(id), model.get(id) ?? null, `id ${id}`);
  assert.deepEqual(new Set(table.all()), new Set(model.values()));
  assert.equal(table.all().length, model.size);
  assert.equal(table.get(0), null);
}

test('whatever is added and removed', (t) => {
  t.diagnostic(`WEFT_FUZZ_SEED=${RUN.seed} WEFT_FUZZ_CASES=${RUN.numRuns}`);
  const step = fc.record<Step>({
    id: fc.constantFrom(...IDS),
    act: fc.constantFrom('add', 'add', 'remove', 'remove another of the same id', 'get'),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const table = new StreamTable<Identified>();
      const model = new Map<number, Identified>();
      for (const { id, act } of steps) {
        const there = model.get(id);
        if (act === 'add' && there === undefined) {
          const stream = { id };
          table.add(stream);
          model.set(id, stream);
        } else if (act === 'remove' && there !== undefined) {
          table.remove(there);
          model.delete(id);
        } else if (act === 'remove another of the same id') table.remove({ id });
        else assert.equal(table.get(id), there ?? null);
      }
      check(table, model, IDS);
    }),
    RUN,
  );
});

test('a connection that opens stream after stream, many at a time, and ends them in any order', () => {
  const table = new StreamTable<Identified>();
  const model = new Map<number, Identified>();
  for (let n = 0, id = 1; n < 20_000; n++, id += 2) {
    const stream = { id };
    table.add(stream);
    model.set(id, stream);
    if (model.size <= 200) continue;
    // The oldest, the newest, or one in between.
    const ids = [...model.keys()];
    const gone = model.get(ids[[0, ids.length - 1, (n * 7) % ids.length][n % 3] as number] as number) as Identified;
    table.remove(gone);
    model.delete(gone.id);
    assert.equal(table.get(gone.id), null);
  }
  check(table, model, [...model.keys(), 1, 3, 39_999]);
});

test('ids of one slot: each of them can go first', () => {
  const ids = colliding(7, 5);
  for (const [place, gone] of ids.entries()) {
    const table = new StreamTable<Identified>();
    const streams = ids.map((id) => ({ id }));
    for (const stream of streams) table.add(stream);
    table.remove(streams[place] as Identified);
    check(table, new Map(streams.filter(({ id }) => id !== gone).map((stream) => [stream.id, stream])), ids);
  }
});

test('a table that has grown stays right when it is empty again', () => {
  const table = new StreamTable<Identified>();
  const streams = Array.from({ length: 1000 }, (_, i) => ({ id: 2 * i + 1 }));
  for (const stream of streams) table.add(stream);
  check(table, new Map(streams.map((stream) => [stream.id, stream])), [1, 1999, 2001]);
  for (const stream of streams) table.remove(stream);
  check(table, new Map(), [1, 999, 1999]);
});
