/** Draws meet their weights (spec 05 sections 2.2 and 12, vector 7). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Random } from './random.ts';
import { UnionDraw } from './union-draw.ts';

const DRAWS = 100_000;

function shares(weights: readonly number[], seed: number, draws: number): Float64Array {
  const draw = new UnionDraw(weights);
  const random = new Random(seed);
  const counts = new Float64Array(weights.length);
  for (let index = 0; index < draws; index += 1) {
    const outcome = draw.draw(random);
    counts[outcome] = (counts[outcome] as number) + 1;
  }
  return counts.map((count) => count / draws);
}

const tables: readonly { weights: readonly number[]; expected: readonly number[] }[] = [
  { weights: [1, 1, 0.5], expected: [0.4, 0.4, 0.2] },
  { weights: [0.9, 0.1], expected: [0.9, 0.1] },
  { weights: [5], expected: [1] },
  { weights: [0, 3, 0, 1], expected: [0, 0.75, 0, 0.25] },
  { weights: [0, 0], expected: [0.5, 0.5] },
];

for (const { weights, expected } of tables) {
  test(`weights ${weights} are drawn as ${expected}`, () => {
    const drawn = shares(weights, 1, DRAWS);
    for (const [index, share] of expected.entries()) {
      assert.ok(Math.abs((drawn[index] as number) - share) < 0.01, `${index}: ${drawn[index]}`);
      if (share === 0) assert.equal(drawn[index], 0);
    }
  });
}

test('any weights are met within five standard deviations, and weight 0 is never drawn', () => {
  const weight = fc.oneof(fc.constant(0), fc.double({ min: 0.001, max: 1000, noNaN: true }));
  fc.assert(
    fc.property(fc.array(weight, { minLength: 1, maxLength: 20 }), fc.integer(), (weights, seed) => {
      const total = weights.reduce((sum, value) => sum + value, 0);
      fc.pre(total > 0);
      const draws = 4000;
      shares(weights, seed, draws).forEach((share, index) => {
        const expected = (weights[index] as number) / total;
        if (expected === 0) assert.equal(share, 0);
        const deviation = Math.sqrt((expected * (1 - expected)) / draws);
        assert.ok(Math.abs(share - expected) <= 5 * deviation + 2 / draws, `${index}: ${share}, expected ${expected}`);
      });
    }),
    { numRuns: 50 },
  );
});

for (const weights of [[], [-1], [Number.NaN], [Number.POSITIVE_INFINITY]]) {
  test(`weights [${weights}] are refused`, () => {
    assert.throws(() => new UnionDraw(weights), RangeError);
  });
}
