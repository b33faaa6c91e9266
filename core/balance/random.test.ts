/** The generator is repeatable, in range and even enough for a balancer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Random } from './random.ts';

test('sfc32 repeats a stream from its seed, and seeds differ', () => {
  const stream = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 8 }, () => random.nextInt32());
  };
  assert.deepEqual(stream(7), stream(7));
  assert.notDeepEqual(stream(7), stream(8));
});

test('sfc32 follows its recurrence', () => {
  const random = new Random(0);
  // The same generator in 64-bit arithmetic, with the seeding of Random(0).
  const mask = 0xffffffffn;
  let [a, b, c, counter] = [0n, 0n, 0x2545f491n, 1n];
  const next = () => {
    const t = (a + b + counter) & mask;
    counter = (counter + 1n) & mask;
    a = b ^ (b >> 9n);
    b = (c + (c << 3n)) & mask;
    c = ((((c << 21n) | (c >> 11n)) & mask) + t) & mask;
    return Number(BigInt.asIntN(32, t));
  };
  for (let round = 0; round < 15; round += 1) next();
  for (let draw = 0; draw < 1000; draw += 1) assert.equal(random.nextInt32(), next());
});

test('below(n) and unit() stay in range for every seed', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 2 ** 21 }), (seed, n) => {
      const random = new Random(seed);
      const drawn = random.below(n);
      const unit = random.unit();
      assert.ok(Number.isInteger(drawn) && drawn >= 0 && drawn < n);
      assert.ok(unit >= 0 && unit < 1);
    }),
  );
});

test('below(n) is even: chi-square over 10 outcomes', () => {
  const random = new Random(42);
  const DRAWS = 100_000;
  const counts = new Float64Array(10);
  for (let draw = 0; draw < DRAWS; draw += 1) {
    const outcome = random.below(10);
    counts[outcome] = (counts[outcome] as number) + 1;
  }
  const chiSquare = counts.reduce((sum, count) => sum + (count - DRAWS / 10) ** 2 / (DRAWS / 10), 0);
  assert.ok(chiSquare < 27.9, `chi-square ${chiSquare} with 9 degrees of freedom (p = 0.001 at 27.9)`);
});
