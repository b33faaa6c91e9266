/**
 * Blocks that fit every connection: what is written is what a decoder reads, whatever its table holds; nothing of it goes
 * into a table, and what is secret says that it must not.
 *
 * WEFT_FUZZ_CASES sets the number of cases, WEFT_FUZZ_SEED repeats a run.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { integerBytes, writeInteger } from './integer.ts';
import { FIELD_CODING_BYTES_MAX, literalField, writeNamed, writeStaticField, writeStaticName } from './literals.ts';
import { STATIC_ENTRIES, STATIC_FIELDS, staticName } from './static-table.ts';
import { bytesOf, hexBytes, hexOf, TestDecoder, type TestField } from './test-codec.ts';

const { WEFT_FUZZ_CASES = '500', WEFT_FUZZ_SEED = String(Date.now() % 2147483647) } = process.env;
const RUN = { seed: Number(WEFT_FUZZ_SEED), numRuns: Number(WEFT_FUZZ_CASES) };
const CANARY = 0xa5;
const BLOCK_AT = 64;
const TEXT_AT = 65_536;
const LENGTHS = [0, 1, 3, 4, 5, 126, 127, 128, 254, 255, 256, 257, 1000, 16_383, 16_384, 16_510, 16_511];

const memory = new Uint8Array(2 * TEXT_AT);
const view = new DataView(memory.buffer);
const codec = new TestDecoder();
/** A table that is not empty: a reference into it would find something. */
assert.equal(codec.decode(hexBytes('40 01 61 01 31 40 01 62 01 32')), 0);
const { version } = codec.decoder.table;

/** Writes a block. @param write writes at an offset and returns the end */
function block(write: (at: number) => number): Uint8Array {
  memory.fill(CANARY, 0, TEXT_AT);
  const end = write(BLOCK_AT);
  const outside = [memory.subarray(0, BLOCK_AT), memory.subarray(end, TEXT_AT)];
  for (const stretch of outside)
    assert.ok(
      stretch.every((byte) => byte === CANARY),
      'written outside',
    );
  return memory.slice(BLOCK_AT, end);
}

/** Writes a field by its name's bytes or its index. */
function write([name, value, never = false]: TestField, byIndex = true): Uint8Array {
  memory.set(bytesOf(name + value), TEXT_AT);
  const nameEnd = TEXT_AT + name.length;
  const valueEnd = nameEnd + value.length;
  const index = byIndex ? staticName(memory, view, TEXT_AT, nameEnd) : 0;
  return block((at) =>
    index > 0
      ? writeStaticName(memory, view, at, index, nameEnd, valueEnd, never)
      : writeNamed(memory, view, at, TEXT_AT, nameEnd, nameEnd, valueEnd, never),
  );
}

/** Decodes a block, which must not depend on the table, nor change it. */
function read(bytes: Uint8Array): TestField[] {
  assert.equal(codec.decode(bytes), 0);
  const { decoder } = codec;
  assert.deepEqual([decoder.refersToTable, decoder.insertedBytes, decoder.stateless], [false, 0, true]);
  assert.equal(decoder.table.version, version);
  return codec.fields;
}

describe('a field', () => {
  const FORMS: readonly (readonly [field: TestField, hex: string])[] = [
    [[':path', '/a'], '04 02 2f61'],
    [['content-type', 'x'], '0f10 01 78'],
    [['www-authenticate', ''], '0f2e 00'],
    [['x', 'y'], '00 01 78 01 79'],
    [['x', ''], '00 01 78 00'],
    [['x', 'y', true], '10 01 78 01 79'],
    [[':path', '/a', true], '14 02 2f61'],
    [['authorization', 'b'], '1f08 01 62'],
    [['proxy-authorization', 'b'], '1f22 01 62'],
    [['cookie', 'a-cookie-of-19-char'], `1f11 13 ${hexOf(bytesOf('a-cookie-of-19-char'))}`],
    [['cookie', 'a-cookie-of-20-chars'], `0f11 14 ${hexOf(bytesOf('a-cookie-of-20-chars'))}`],
    [['cookie', 'a-cookie-of-20-chars', true], `1f11 14 ${hexOf(bytesOf('a-cookie-of-20-chars'))}`],
    [['set-cookie', 'a=b'], '0f28 03 613d62'],
  ];
  for (const [field, hex] of FORMS) {
    test(`${field.join(': ')}`, () => assert.equal(hexOf(write(field)), hexOf(hexBytes(hex))));
  }

  for (const length of LENGTHS) {
    test(`with a value of ${length} bytes, and with such a name`, () => {
      const text = 'abcdefghijklmnopqrstuvw'.repeat(Math.ceil(length / 23)).slice(0, length);
      for (const field of [
        ['x-long', text],
        [':path', text],
        [text, 'value'],
        ['x', text, true],
      ] as TestField[]) {
        const bytes = write(field);
        assert.deepEqual(read(bytes), [field]);
        const isStatic = field[0] === ':path';
        assert.ok(bytes.length - (isStatic ? 0 : field[0].length) - field[1].length <= FIELD_CODING_BYTES_MAX);
      }
    });
  }

  test('of every name that the static table has', () => {
    for (const [name, value] of STATIC_FIELDS) {
      const secret = name === 'authorization' || name === 'proxy-authorization' || name === 'cookie';
      for (const text of [value, 'other']) {
        const field: TestField = secret ? [name, text, true] : [name, text];
        assert.deepEqual(read(write([name, text])), [field]);
      }
    }
  });

  test('of the static table, by its index', () => {
    for (let index = 1; index <= STATIC_ENTRIES; index++) {
      const bytes = block((at) => writeStaticField(memory, at, index));
      assert.deepEqual([bytes.length, read(bytes)], [1, [[...(STATIC_FIELDS[index - 1] ?? [])]]]);
    }
  });

  test('whose text lies behind the place where the field goes, as far as what is written around it takes', () => {
    for (const length of LENGTHS) {
      const text = 'abcdefghijklmnopqrstuvw'.repeat(Math.ceil(length / 23)).slice(0, length);
      memory.set(bytesOf(text), BLOCK_AT + FIELD_CODING_BYTES_MAX);
      const from = BLOCK_AT + FIELD_CODING_BYTES_MAX;
      const end = writeStaticName(memory, view, BLOCK_AT, 4, from, from + length, false);
      assert.deepEqual(read(memory.slice(BLOCK_AT, end)), [[':path', text]]);
    }
  });

  test('the most that a field takes on top of its text', () => {
    const scratch = new Uint8Array(8);
    for (const length of [0x1ffffe, 0x1fffff]) {
      const both = 2 * integerBytes(length, 0x7f);
      assert.ok(1 + both <= FIELD_CODING_BYTES_MAX, 'a name and a value');
      assert.ok(writeInteger(scratch, 0, STATIC_ENTRIES, 0x0f, 0) + both / 2 <= FIELD_CODING_BYTES_MAX);
    }
  });
});

describe('a field that is prepared', () => {
  for (const length of LENGTHS) {
    test(`with ${length} bytes`, () => {
      const text = 'z'.repeat(length);
      assert.deepEqual(read(literalField('x-name', text)), [['x-name', text]]);
      if (length > 0) assert.deepEqual(read(literalField(text, 'v')), [[text, 'v']]);
    });
  }

  test('of any bytes, each a character', () => {
    const text = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join('');
    assert.deepEqual(read(literalField('x', text)), [['x', text]]);
  });
});

test('whatever fields: a block of them is what they were, and never-indexed ones stay so', (t) => {
  t.diagnostic(`WEFT_FUZZ_SEED=${RUN.seed} WEFT_FUZZ_CASES=${RUN.numRuns}`);
  const text = fc.oneof(
    fc.string({ maxLength: 12 }).map((chars) => chars.replaceAll(/[^\x20-\x7e]/g, '')),
    fc.integer({ min: 100, max: 300 }).map((length) => 'q'.repeat(length)),
  );
  const names = fc.oneof(fc.constantFrom(...STATIC_FIELDS.map(([name]) => name)), text);
  const fields = fc.array(fc.tuple(names, text, fc.boolean(), fc.boolean()), { maxLength: 12 });
  fc.assert(
    fc.property(fields, (list) => {
      const parts = list.map(([name, value, never, byIndex]) => write([name, value, never], byIndex));
      const expected = list.map(([name, value, never, byIndex]): TestField => {
        const secret = /^(?:proxy-)?authorization$/.test(name) || (name === 'cookie' && value.length < 20);
        return never || (secret && byIndex) ? [name, value, true] : [name, value];
      });
      assert.deepEqual(read(Buffer.concat(parts)), expected);
    }),
    RUN,
  );
});
