/** Blocks never overlap, and when all are back the span is whole again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ListSpace } from './endpoint-lists.ts';

test('blocks taken never overlap, and all of them given back make one block of the whole span', () => {
  const WORDS = 1024;
  fc.assert(
    fc.property(fc.array(fc.record({ words: fc.integer({ min: 1, max: 300 }), release: fc.nat() })), (steps) => {
      const space = new ListSpace(WORDS);
      const owner = new Int32Array(WORDS);
      const taken: { offset: number; words: number }[] = [];
      const giveBack = (index: number) => {
        const [block] = taken.splice(index, 1);
        if (block === undefined) return;
        owner.fill(0, block.offset, block.offset + block.words);
        space.release(block.offset, block.words);
      };
      for (const { words, release } of steps) {
        const offset = space.allocate(words);
        if (offset < 0) {
          giveBack(release % Math.max(taken.length, 1));
          continue;
        }
        assert.ok(offset + words <= WORDS);
        assert.ok(owner.subarray(offset, offset + words).every((cell) => cell === 0));
        owner.fill(1, offset, offset + words);
        taken.push({ offset, words });
      }
      while (taken.length > 0) giveBack(0);
      assert.equal(space.freeWords, WORDS);
      assert.equal(space.allocate(WORDS), 0);
    }),
  );
});

test('a full span refuses', () => {
  const space = new ListSpace(32);
  assert.equal(space.allocate(33), -1);
  assert.equal(space.allocate(1), 0);
  assert.equal(space.allocate(16), 16);
  assert.equal(space.allocate(1), -1);
  assert.equal(space.freeWords, 0);
});

test('a span that is no power of two is refused', () => {
  assert.throws(() => new ListSpace(48), RangeError);
});
