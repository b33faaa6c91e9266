/** Text that is gathered piece by piece is the pieces, joined. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TextBuffer } from './text-buffer.ts';

test('any pieces, short and long, are joined', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.nat(20_000).map((length) => 'é'.repeat(length)),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const text = new TextBuffer();
      for (const one of pieces) text.add(one);
      assert.equal(text.take(), pieces.join(''));
      text.add('more');
      assert.equal(text.take(), 'more');
    }),
  );
});

test('two that are under way at one time do not share a buffer', () => {
  new TextBuffer().take();
  const [one, other] = [new TextBuffer(), new TextBuffer()];
  one.add('x'.repeat(10_000));
  other.add('y'.repeat(10_000));
  assert.equal(one.take(), 'x'.repeat(10_000));
  assert.equal(other.take(), 'y'.repeat(10_000));
});
