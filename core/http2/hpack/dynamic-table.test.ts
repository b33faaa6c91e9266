/** The dynamic table against a plain list, under any sequence of insertions and changes of size. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DynamicTable } from './dynamic-table.ts';
import { bytesOf, entriesOf, type TestField } from './test-codec.ts';

const GUARD = 0xa5;
const GAP = 16;

/** The list that a table must be like, the newest first. */
class PlainTable {
  list: TestField[] = [];
  maxSize: number;

  constructor(maxSize: number) {
    this.maxSize = maxSize;
  }

  get size(): number {
    return this.list.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
  }

  insert(field: TestField): void {
    this.list.unshift(field);
    this.resize(this.maxSize);
  }

  resize(maxSize: number): void {
    this.maxSize = maxSize;
    while (this.size > maxSize) this.list.pop();
  }
}

type Step = { readonly insert: TestField } | { readonly resize: number };

function insert(table: DynamicTable, [name, value]: TestField): void {
  const text = bytesOf(name + value);
  const view = new DataView(text.buffer);
  table.insert(text, view, 0, name.length, name.length, value.length, 0, 0);
}

function checkSteps(capacity: number, steps: readonly Step[]): void {
  const memory = new Uint8Array(GAP + DynamicTable.regionBytes(capacity) + GAP).fill(GUARD);
  const table = new DynamicTable(memory, GAP, capacity);
  const plain = new PlainTable(Math.min(capacity, 4096));
  for (const step of steps) {
    const version = table.version;
    if ('insert' in step) {
      insert(table, step.insert);
      plain.insert(step.insert);
    } else {
      table.resize(Math.min(step.resize, capacity));
      plain.resize(Math.min(step.resize, capacity));
    }
    assert.ok(table.version > version);
    assert.equal(table.size, plain.size);
    assert.deepEqual(entriesOf(table), plain.list);
  }
  assert.ok(memory.subarray(0, GAP).every((byte) => byte === GUARD));
  assert.ok(memory.subarray(memory.length - GAP).every((byte) => byte === GUARD));
}

test('any steps: the same entries as a plain list, and nothing written outside the region', () => {
  const text = (max: number) => fc.string({ maxLength: max, unit: 'binary-ascii' });
  const field = fc.oneof(
    fc.tuple(text(8), text(20)),
    fc.tuple(text(40), text(400)),
    fc.nat(500).map((length): [string, string] => ['n', 'v'.repeat(length)]),
    fc.constant<[string, string]>(['', '']),
  );
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 12, arbitrary: field.map((insert): Step => ({ insert })) },
    { weight: 1, arbitrary: fc.nat(600).map((resize): Step => ({ resize })) },
  );
  const capacity = fc.constantFrom(0, 31, 32, 33, 64, 100, 333, 512, 4096, 5000);
  fc.assert(fc.property(capacity, fc.array(step, { maxLength: 120 }), checkSteps), { numRuns: 500 });
});

test('entries without text: as many as the size allows, no more', () => {
  const steps = Array.from({ length: 300 }, (): Step => ({ insert: ['', ''] }));
  checkSteps(4096, steps);
  const table = new DynamicTable(new Uint8Array(DynamicTable.regionBytes(4096)), 0, 4096);
  for (let i = 0; i < 300; i++) insert(table, ['', '']);
  assert.equal(table.count, 128);
  assert.equal(table.size, 4096);
});

test('an entry as large as the table takes its place, a larger one empties it', () => {
  const table = new DynamicTable(new Uint8Array(DynamicTable.regionBytes(100)), 0, 100);
  insert(table, ['a', 'b']);
  insert(table, ['a', 'b'.repeat(67)]);
  assert.deepEqual(entriesOf(table), [['a', 'b'.repeat(67)]]);
  insert(table, ['a', 'b'.repeat(68)]);
  assert.equal(table.count, 0);
  assert.equal(table.size, 0);
});

test('reset empties it and gives it its first size, but no version twice', () => {
  const table = new DynamicTable(new Uint8Array(DynamicTable.regionBytes(8192)), 0, 8192);
  table.resize(8192);
  insert(table, ['a', 'b']);
  const { version } = table;
  table.reset();
  assert.equal(table.count, 0);
  assert.equal(table.maxSize, 4096);
  assert.ok(table.version > version);
});
