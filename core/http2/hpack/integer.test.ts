/** Prefix integers: the RFC's examples, every prefix at its edges, and everything that is too large or cut short. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ERR_INTEGER, ERR_TRUNCATED } from './errors.ts';
import { INTEGER_BYTES_MAX, INTEGER_MAX, IntegerReader, integerBytes, writeInteger } from './integer.ts';
import { hexBytes, hexOf } from './test-codec.ts';

const PREFIXES = [1, 2, 3, 4, 5, 6, 7, 8].map((bits) => (1 << bits) - 1);
const reader = new IntegerReader();

function written(value: number, prefixMax: number, flags = 0): Uint8Array {
  const bytes = new Uint8Array(8);
  return bytes.slice(0, writeInteger(bytes, 0, value, prefixMax, flags));
}

const EXAMPLES: readonly (readonly [string, number, number, string])[] = [
  ['C.1.1', 10, 0x1f, '0a'],
  ['C.1.2', 1337, 0x1f, '1f9a0a'],
  ['C.1.3', 42, 0xff, '2a'],
];

test('RFC 7541 appendix C.1', () => {
  for (const [name, value, prefixMax, hex] of EXAMPLES) {
    assert.equal(hexOf(written(value, prefixMax)), hex, name);
    assert.equal(reader.read(hexBytes(hex), 0, hex.length / 2, prefixMax), value, name);
    assert.equal(reader.end, hex.length / 2, name);
  }
});

test('every integer is read back as it was written, and takes the bytes foretold', () => {
  const value = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: INTEGER_MAX }));
  fc.assert(
    fc.property(value, fc.constantFrom(...PREFIXES), fc.nat(255), (number, prefixMax, random) => {
      const flags = random & ~prefixMax & 0xff;
      const bytes = written(number, prefixMax, flags);
      assert.equal(bytes.length, integerBytes(number, prefixMax));
      assert.ok(bytes.length <= INTEGER_BYTES_MAX);
      assert.equal(bytes[0]! & ~prefixMax, flags);
      assert.equal(reader.read(bytes, 0, bytes.length, prefixMax), number);
      assert.equal(reader.end, bytes.length);
      for (let cut = 0; cut < bytes.length; cut++) {
        assert.equal(reader.read(bytes, 0, cut, prefixMax), ERR_TRUNCATED);
      }
    }),
  );
});

for (const prefixMax of PREFIXES) {
  test(`the edges of a prefix of at most ${prefixMax}`, () => {
    for (const value of [prefixMax - 1, prefixMax, prefixMax + 127, prefixMax + 128, INTEGER_MAX - 1, INTEGER_MAX]) {
      const bytes = written(value, prefixMax);
      assert.equal(reader.read(bytes, 0, bytes.length, prefixMax), value);
    }
    const refused: readonly (readonly [string, number[]])[] = [
      ['one more than the largest', continuation(INTEGER_MAX + 1 - prefixMax, 5)],
      ['2^32', continuation(2 ** 32, 5)],
      ['the largest of five bytes', continuation(2 ** 35 - 1, 5)],
      ['six bytes, all of no value', continuation(0, 6)],
      ['a hundred bytes', continuation(0, 100)],
    ];
    for (const [name, rest] of refused) {
      assert.equal(reader.read(Uint8Array.of(prefixMax, ...rest), 0, rest.length + 1, prefixMax), ERR_INTEGER, name);
    }
    assert.equal(reader.read(Uint8Array.of(prefixMax, ...continuation(0, 5)), 0, 6, prefixMax), prefixMax);
    assert.equal(reader.read(Uint8Array.of(prefixMax, 0x80, 0x80), 0, 3, prefixMax), ERR_TRUNCATED);
  });
}

/** A value's continuation bytes, filled up to `count` of them. */
function continuation(value: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const low = Math.floor(value / 128 ** i) % 128;
    return i === count - 1 ? low : low | 0x80;
  });
}
