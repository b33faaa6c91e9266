/**
 * Deadlines against a model with BigInts: read, combined, and written so that they can be read again.
 *
 * WEFT_FUZZ_CASES sets the number of cases, WEFT_FUZZ_SEED repeats a run.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { asciiBytes } from '../http1/ascii.ts';
import { DEADLINE_BYTES, Deadline } from './deadline.ts';

const { WEFT_FUZZ_CASES = '500', WEFT_FUZZ_SEED = String(Date.now() % 2147483647) } = process.env;
const RUN = { seed: Number(WEFT_FUZZ_SEED), numRuns: Number(WEFT_FUZZ_CASES) };

function combined(...values: readonly string[]): Deadline {
  const deadline = new Deadline();
  for (const value of values) {
    const bytes = asciiBytes(`x${value}y`);
    deadline.combine(bytes, 1, bytes.length - 1);
  }
  return deadline;
}

function written(deadline: Deadline): string {
  const bytes = new Uint8Array(100);
  assert.equal(deadline.write(bytes, 7), 7 + DEADLINE_BYTES);
  return Buffer.from(bytes.subarray(7, 7 + DEADLINE_BYTES)).toString();
}

const GOOD: readonly (readonly [value: string, text?: string])[] = [
  ['1 2'],
  ['0 0'],
  ['1700000000000000001 1700000000000000009'],
  ['9223372036854775807 -9223372036854775808'],
  ['-1 -1000001'],
  ['-1000000 -2000000'],
  ['007 0000000000000000012', '7 12'],
  ['-0 0', '0 0'],
];

for (const [value, text = value] of GOOD) {
  test(`read: ${value}`, () => {
    const deadline = combined(value);
    assert.ok(deadline.isSet);
    assert.equal(deadline.toString(), text);
  });
}

// Hostile values of the field: left out, whatever they are.
const BAD = [
  '',
  ' ',
  '1',
  '1 ',
  ' 1',
  '1  2',
  '1 2 3',
  '1 2 ',
  'soon later',
  '1 +2',
  '1 2.0',
  '1 0x2',
  '1\t2',
  '- 1',
  '1 -',
  '1 9223372036854775808',
  '-9223372036854775809 1',
  '1 99999999999999999999',
  `1 ${'0'.repeat(5000)}1`,
];

for (const value of BAD) {
  test(`not read: ${JSON.stringify(value.slice(0, 40))}`, () => {
    assert.equal(combined(value).isSet, false);
    assert.equal(combined('5 6', value, '7 8').toString(), '7 6');
  });
}

const LONG = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

test('any number of deadlines: the latest timestamp, the earliest deadline', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(LONG, LONG), { minLength: 1, maxLength: 5 }), (pairs) => {
      const deadline = combined(...pairs.map(([from, until]) => `${from} ${until}`));
      const from = pairs.map(([each]) => each).reduce((a, b) => (b > a ? b : a));
      const until = pairs.map(([, each]) => each).reduce((a, b) => (b < a ? b : a));
      assert.equal(deadline.toString(), `${from} ${until}`);
      const digits = (n: bigint) => String(n < 0n ? 0n : n).padStart(19, '0');
      assert.equal(written(deadline), `${digits(from)} ${digits(until)}`);
      const copy = new Deadline();
      copy.set(deadline);
      assert.equal(copy.toString(), deadline.toString());
    }),
    RUN,
  );
});

const NOW_MS = 1_700_000_000_123;

test('a time-out that begins now is a deadline; an earlier one stays', () => {
  const alone = new Deadline();
  alone.combineTimeout(NOW_MS, 50);
  assert.equal(alone.toString(), '1700000000123000000 1700000000173000000');
  assert.equal(alone.remainingMs(NOW_MS), 50);
  const strict = combined('1700000000000000000 1700000000130000007');
  strict.combineTimeout(NOW_MS, 50);
  assert.equal(strict.toString(), '1700000000123000000 1700000000130000007');
  assert.equal(strict.remainingMs(NOW_MS), 7);
  const lax = combined('1700000000999000000 1700000009000000000');
  lax.combineTimeout(NOW_MS, 50);
  assert.equal(lax.toString(), '1700000000999000000 1700000000173000000');
});

test('what has passed has less than nothing left', () => {
  assert.equal(combined('1 1700000000122999999').remainingMs(NOW_MS), -1);
  assert.equal(combined('1 1700000000123999999').remainingMs(NOW_MS), 0);
});

test('a cleared one begins anew', () => {
  const deadline = combined('5 6');
  deadline.clear();
  assert.equal(deadline.isSet, false);
  const bytes = asciiBytes('1 9');
  assert.ok(deadline.combine(bytes, 0, bytes.length));
  assert.equal(deadline.toString(), '1 9');
});
