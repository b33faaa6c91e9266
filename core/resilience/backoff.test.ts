/** Backoffs give the sequences of spec 05 section 5.4, whatever the random numbers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ACCRUAL_BACKOFF, Backoff, type BackoffShape, backoffOf, FAIL_FAST_BACKOFF } from './backoff.ts';

/** The largest random number there is. */
const ALMOST_ONE = 1 - 2 ** -32;

function sequence(backoff: Backoff, steps: number, unit: () => number): number[] {
  const given: number[] = [];
  for (let index = 0; index < steps; index += 1) given.push(backoff.stepMs(index, given.at(-1) ?? 0, unit()));
  return given;
}

const least = (backoff: Backoff, steps: number) => sequence(backoff, steps, () => 0);
const most = (backoff: Backoff, steps: number) => sequence(backoff, steps, () => ALMOST_ONE);

test('spec 05 vector 9: the default of failure accrual is 5 s, then within [5,10), [10,20) ..., and 300 s after seven', () => {
  const seconds = [5, 5, 10, 20, 40, 80, 160, 300, 300];
  assert.deepEqual(
    least(ACCRUAL_BACKOFF, 9),
    seconds.map((s) => s * 1000),
  );
  assert.deepEqual(most(ACCRUAL_BACKOFF, 9), [5000, 9999, 19_999, 39_999, 79_999, 159_999, 300_000, 300_000, 300_000]);
});

test('spec 05 vector 10: jittered 1000/30000 is 1000, then from the previous to three times that, up to 30000', () => {
  const backoff = backoffOf({ kind: 'jittered', minMs: 1000, maxMs: 30_000, experimental: false });
  assert.deepEqual(least(backoff, 4), [1000, 1000, 1000, 1000]);
  assert.deepEqual(most(backoff, 6), [1000, 2999, 8996, 26_987, 29_999, 29_999]);
});

test('a constant is itself for ever, 0 included', () => {
  for (const ms of [0, 1, 2500]) {
    const backoff = backoffOf({ kind: 'constant', ms, experimental: false });
    assert.deepEqual(most(backoff, 3), [ms, ms, ms]);
  }
});

test('decorrelated jitter with min = max is constant', () => {
  const backoff = new Backoff('decorrelated', 70, 70);
  assert.deepEqual(most(backoff, 4), [70, 70, 70, 70]);
});

test('exponential jitter doubles the bound over the last random duration, and stays at its maximum', () => {
  assert.deepEqual(most(FAIL_FAST_BACKOFF, 6), [1000, 1999, 7995, 32_000, 32_000, 32_000]);
  assert.deepEqual(
    sequence(FAIL_FAST_BACKOFF, 5, () => 0.25),
    [1000, 500, 500, 1000, 4000],
  );
});

test('exponential jitter does not come to rest at 0', () => {
  const drawn = [0, 0, 0, 0.5, 0.5];
  assert.deepEqual(
    sequence(FAIL_FAST_BACKOFF, 5, () => drawn.shift() as number),
    [1000, 1, 1, 4, 32],
  );
});

const SHAPES: readonly BackoffShape[] = ['constant', 'decorrelated', 'equalJitter', 'exponentialJitter'];
const times = fc.tuple(fc.integer({ min: 1, max: 2 ** 31 - 1 }), fc.integer({ min: 1, max: 2 ** 31 - 1 }));
const sequences = fc.record({
  times: times.map(([a, b]) => ({ startMs: Math.min(a, b), maxMs: Math.max(a, b) })),
  units: fc.array(fc.double({ min: 0, max: ALMOST_ONE, noNaN: true }), { minLength: 1, maxLength: 60 }),
});

for (const shape of SHAPES) {
  test(`${shape}: whole milliseconds from 1 to the maximum; at the maximum it stays`, () => {
    fc.assert(
      fc.property(sequences, ({ times: { startMs, maxMs }, units }) => {
        const backoff = new Backoff(shape, startMs, maxMs);
        const given = sequence(backoff, units.length, () => units.shift() as number);
        assert.equal(given[0], startMs);
        const top = given.indexOf(maxMs);
        given.forEach((ms, index) => {
          assert.ok(Number.isInteger(ms) && ms >= 1 && ms <= maxMs, `${given}`);
          if (top >= 0 && index > top && shape !== 'constant') assert.equal(ms, maxMs);
        });
      }),
    );
  });
}

for (const shape of ['decorrelated', 'equalJitter'] as const) {
  test(`${shape} never decreases`, () => {
    fc.assert(
      fc.property(sequences, ({ times: { startMs, maxMs }, units }) => {
        const given = sequence(new Backoff(shape, startMs, maxMs), units.length, () => units.shift() as number);
        given.forEach((ms, index) => {
          assert.ok(ms >= (given[index - 1] ?? 0), `${given}`);
        });
      }),
    );
  });
}

const WRONG: readonly [BackoffShape, number, number][] = [
  ['constant', -1, 5],
  ['decorrelated', 0, 5],
  ['decorrelated', 6, 5],
  ['equalJitter', Number.NaN, 5],
  ['exponentialJitter', 1, Number.NaN],
];
for (const [shape, startMs, maxMs] of WRONG) {
  test(`${shape} from ${startMs} to ${maxMs} is refused`, () => {
    assert.throws(() => new Backoff(shape, startMs, maxMs), RangeError);
  });
}
