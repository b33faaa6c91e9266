/** What the decoder refuses, what it does when a section is full, table sizes, and what it says about fields and blocks. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TOKEN_CONTENT_LENGTH, TOKEN_HOST, TOKEN_L5D_DTAB, TOKEN_LOOKALIKE, TOKEN_NONE } from '../../http1/tokens.ts';
import {
  ERR_HUFFMAN,
  ERR_INDEX,
  ERR_INTEGER,
  ERR_LIST_BYTES,
  ERR_TABLE_SIZE,
  ERR_TABLE_SIZE_LATE,
  ERR_TABLE_SIZE_MISSING,
  ERR_TRUNCATED,
} from './errors.ts';
import { bytesOf, entriesOf, hexBytes, hexOf, TestDecoder, type TestDecoderOptions } from './test-codec.ts';

/** A string as a literal holds it, plain. */
function string(text: string): string {
  assert.ok(text.length < 127);
  return text.length.toString(16).padStart(2, '0') + hexOf(bytesOf(text));
}

/** Name and value of a literal with a new name. */
function literal(name: string, value: string): string {
  return string(name) + string(value);
}

/** On a table with the one entry `a: b`. */
const REFUSED: readonly (readonly [name: string, hex: string, error: number])[] = [
  ['index 0', '80', ERR_INDEX],
  ['an index past the dynamic table', 'bf', ERR_INDEX],
  ['an index far past it', 'ffffff0f', ERR_INDEX],
  ['a name past the dynamic table, to be indexed', `7f00${string('v')}`, ERR_INDEX],
  ['a name past the dynamic table', `0f30${string('v')}`, ERR_INDEX],
  ['a name past the dynamic table, never to be indexed', `1f30${string('v')}`, ERR_INDEX],
  ['a name past the dynamic table, and no value', '0f30', ERR_INDEX],
  ['an index of 2^31', 'ff8180808008', ERR_INTEGER],
  ['an index of six bytes', 'ff808080808000', ERR_INTEGER],
  ['a name of an index too large', '0fffffffff7f', ERR_INTEGER],
  ['a length too large', '007fffffffff7f', ERR_INTEGER],
  ['a size too large for an integer', '3fffffffff7f', ERR_INTEGER],
  ['an index cut short', 'ff', ERR_TRUNCATED],
  ['an index cut short, of two bytes', 'ff80', ERR_TRUNCATED],
  ['a literal without a name', '40', ERR_TRUNCATED],
  ['a literal without a value', `00${string('n')}`, ERR_TRUNCATED],
  ['a literal with a known name, without a value', '04', ERR_TRUNCATED],
  ['a name cut short', '00036162', ERR_TRUNCATED],
  ['a value cut short', `00${string('n')}036162`, ERR_TRUNCATED],
  ['a length cut short', '007f', ERR_TRUNCATED],
  ['a value of 2^31 - 1 bytes', `00${string('n')}7f80ffffff07`, ERR_TRUNCATED],
  ['a size cut short', '3f', ERR_TRUNCATED],
  ['EOS in a name', '0084ffffffff00', ERR_HUFFMAN],
  ['EOS in a value', `00${string('n')}84ffffffff`, ERR_HUFFMAN],
  ['padding of zeros', `00${string('n')}8118`, ERR_HUFFMAN],
  ['padding of eight ones', `00${string('n')}82 1fff`, ERR_HUFFMAN],
  ['a size of 4097', '3fe21f', ERR_TABLE_SIZE],
  ['a second size of 4097', '203fe21f', ERR_TABLE_SIZE],
  ['a size behind a field', '8220', ERR_TABLE_SIZE_LATE],
  ['a size that would be too large, behind a field', '823fe21f', ERR_TABLE_SIZE_LATE],
];

describe('refused', () => {
  for (const [name, hex, error] of REFUSED) {
    test(name, () => {
      for (const fieldCountMax of [10, 0]) {
        const codec = new TestDecoder({ fieldCountMax });
        assert.equal(codec.decode(hexBytes(`40${literal('a', 'b')}`)), 0);
        assert.equal(codec.decode(hexBytes(hex)), error, `room for ${fieldCountMax} fields`);
      }
    });
  }
});

describe('fields', () => {
  test('tokens, first and repeated ones, as an HTTP/1 head has them', () => {
    const codec = new TestDecoder();
    const names = ['accept', 'l5d-dtab', 'content-length', 'l5d-dtab', 'x-unknown', 'content_length', ''];
    const block = names.map((name) => `40${literal(name, 'v')}`).join('');
    const again = names.map((_, i) => (0xc4 - i).toString(16)).join('');
    for (const hex of [block, again, block, again]) {
      assert.equal(codec.decode(hexBytes(hex)), 0);
      const { section } = codec;
      const tokens = names.map((_, i) => section.fields[i * 5 + 4]);
      const wanted = [0, TOKEN_L5D_DTAB, TOKEN_CONTENT_LENGTH, TOKEN_L5D_DTAB, TOKEN_NONE, TOKEN_LOOKALIKE, TOKEN_NONE];
      assert.deepEqual(tokens, wanted);
      assert.equal(section.seen, (1 << TOKEN_L5D_DTAB) | (1 << TOKEN_CONTENT_LENGTH) | (1 << TOKEN_LOOKALIKE));
      assert.equal(section.repeated, 1 << TOKEN_L5D_DTAB);
      assert.equal(section.first[TOKEN_L5D_DTAB], 1);
      assert.equal(section.first[TOKEN_CONTENT_LENGTH], 2);
      assert.deepEqual([...section.nameIndex.subarray(0, 7)], [19, 0, 28, 0, 0, 0, 0]);
      assert.equal(
        section.listBytes,
        names.reduce((sum, name) => sum + name.length + 33, 0),
      );
    }
  });

  test('never indexed, by all kinds of names, and not for the next section', () => {
    const codec = new TestDecoder();
    codec.decode(hexBytes(`40${literal('a', 'b')}`));
    assert.equal(
      codec.decode(hexBytes(`10${literal('c', 'd')}1f2f${string('e')}1f08${string('f')}00${literal('g', 'h')}`)),
      0,
    );
    assert.deepEqual(codec.fields, [
      ['c', 'd', true],
      ['a', 'e', true],
      ['authorization', 'f', true],
      ['g', 'h'],
    ]);
    assert.equal(codec.decode(hexBytes('828486be')), 0);
    assert.deepEqual([...codec.section.neverIndexed.subarray(0, 4)], [0, 0, 0, 0]);
  });

  test('an entry named by one that its insertion evicts', () => {
    for (const fieldCountMax of [10, 1, 0]) {
      const codec = new TestDecoder({ fieldCountMax });
      codec.decoder.table.resize(100);
      assert.equal(codec.decode(hexBytes(`40${literal('some-long-name', 'v'.repeat(50))}`)), 0);
      assert.equal(codec.decode(hexBytes(`827e${string('w'.repeat(54))}be`)), 0);
      const field = ['some-long-name', 'w'.repeat(54)];
      assert.deepEqual(entriesOf(codec.decoder.table), [field]);
      if (fieldCountMax === 10) assert.deepEqual(codec.fields, [[':method', 'GET'], field, field]);
      assert.equal(codec.decoder.table.size, 100);
    }
  });
});

describe('sections that are full', () => {
  const block = [
    '82',
    `40${literal('x-first', 'one')}`,
    `40${literal('host', 'a-long-value-that-does-not-fit')}`,
    `00${literal('x', 'y')}`,
    '408825a849e95ba97d7f8925a849e95bb8e8b4bf',
    `7e${string('named')}`,
    `4f${string('static name')}`,
    'c0',
  ].join('');
  const whole = new TestDecoder();
  whole.decode(hexBytes(block));
  const options: readonly TestDecoderOptions[] = [
    { fieldCountMax: 0 },
    { fieldCountMax: 1 },
    { fieldCountMax: 3 },
    ...Array.from({ length: 130 }, (_, textBytesMax) => ({ textBytesMax })),
  ];

  test('keep what fits, and the table follows all the same', () => {
    for (const option of options) {
      const codec = new TestDecoder(option);
      const account = JSON.stringify(option);
      assert.equal(codec.decode(hexBytes(block)), 0, account);
      assert.deepEqual(codec.fields, whole.fields.slice(0, codec.section.fieldCount), account);
      assert.equal(codec.section.overflowed, codec.section.fieldCount < whole.section.fieldCount, account);
      assert.equal(codec.section.listBytes, whole.section.listBytes, account);
      assert.deepEqual(entriesOf(codec.decoder.table), entriesOf(whole.decoder.table), account);
      // What the entries say of themselves, seen by the next section.
      assert.equal(codec.decode(hexBytes('c2')), 0);
      if (option.textBytesMax === undefined && option.fieldCountMax !== 0) {
        assert.equal(codec.section.fields[4], TOKEN_NONE);
        assert.equal(codec.decode(hexBytes('c1')), 0);
        assert.equal(codec.section.fields[4], TOKEN_HOST);
        assert.equal(codec.section.nameIndex[0], 38);
      }
    }
  });

  test('nothing is stored behind a field that was left out, though it would fit', () => {
    const codec = new TestDecoder({ textBytesMax: 20 });
    assert.equal(codec.decode(hexBytes(`82${`00${literal('name', 'twelve bytes')}`}8286`)), 0);
    assert.deepEqual(codec.fields, [[':method', 'GET']]);
    assert.ok(codec.section.overflowed);
    assert.equal(codec.decode(hexBytes('86')), 0);
    assert.deepEqual(codec.fields, [[':scheme', 'http']]);
    assert.ok(!codec.section.overflowed);
  });

  test('a bomb is an error of its own', () => {
    const codec = new TestDecoder({ textBytesMax: 4096, listBytesMax: 100_000 });
    const entry = `40${string('bomb')}7fa11e${'41'.repeat(4000)}`;
    assert.equal(codec.decode(hexBytes(entry)), 0);
    assert.equal(codec.decode(hexBytes('be'.repeat(24))), 0);
    assert.equal(codec.section.fieldCount, 1);
    assert.equal(codec.section.listBytes, 24 * 4036);
    assert.equal(codec.decode(hexBytes('be'.repeat(25))), ERR_LIST_BYTES);
    assert.equal(codec.decode(hexBytes('be'.repeat(100_000))), ERR_LIST_BYTES);
  });
});

describe('table sizes', () => {
  test('several at the start are obeyed', () => {
    const codec = new TestDecoder();
    codec.decode(hexBytes(`40${literal('a', 'b')}`));
    assert.equal(codec.decode(hexBytes('203fe11f82')), 0);
    assert.equal(codec.decoder.table.count, 0);
    assert.equal(codec.decoder.table.maxSize, 4096);
  });

  test('a limit that we lower must be obeyed by the next block', () => {
    const codec = new TestDecoder();
    codec.decoder.limitTableSize(100);
    assert.equal(codec.decode(hexBytes('82')), ERR_TABLE_SIZE_MISSING);
    assert.equal(codec.decode(hexBytes('')), ERR_TABLE_SIZE_MISSING);
    assert.equal(codec.decode(hexBytes('3f4682')), ERR_TABLE_SIZE, 'of 101');
    assert.equal(codec.decode(hexBytes('3f4582')), 0, 'of 100');
    assert.equal(codec.decode(hexBytes('82')), 0);
    codec.decoder.limitTableSize(100);
    codec.decoder.limitTableSize(4096);
    assert.equal(codec.decode(hexBytes('82')), 0, 'it was not lowered below what it was');
  });

  test('lowered and raised again: the smallest limit must show', () => {
    const codec = new TestDecoder();
    codec.decoder.limitTableSize(0);
    codec.decoder.limitTableSize(4096);
    assert.equal(codec.decode(hexBytes('82')), ERR_TABLE_SIZE_MISSING);
    assert.equal(codec.decode(hexBytes('3fe11f82')), ERR_TABLE_SIZE_MISSING);
    assert.equal(codec.decode(hexBytes('203fe11f82')), 0);
  });

  test('raised: the peer may use it', () => {
    const codec = new TestDecoder({ tableBytesMax: 8192 });
    assert.equal(codec.decode(hexBytes('3fe13f')), ERR_TABLE_SIZE);
    codec.decoder.limitTableSize(8192);
    assert.equal(codec.decode(hexBytes('3fe13f')), 0);
    assert.equal(codec.decoder.table.maxSize, 8192);
    codec.decoder.reset();
    assert.equal(codec.decode(hexBytes('3fe13f')), ERR_TABLE_SIZE);
  });

  test('a decoder must have room for the size that holds at first', () => {
    assert.throws(() => new TestDecoder({ tableBytesMax: 4095 }), RangeError);
  });
});

test('stateless blocks, and the version of the table', () => {
  const codec = new TestDecoder();
  const cases: readonly (readonly [hex: string, stateless: boolean])[] = [
    ['828486', true],
    [`40${literal('a', 'b')}`, false],
    ['82be', true],
    [`00${literal('c', 'd')}`, true],
    [`10${literal('c', 'd')}`, true],
    [`0f2f${string('d')}`, true],
    ['3fe11f82', false],
    [`82be40${literal('e', 'f')}82`, false],
    ['82bf', true],
  ];
  for (const [hex, stateless] of cases) {
    const { version } = codec.decoder.table;
    assert.equal(codec.decode(hexBytes(hex)), 0);
    assert.equal(codec.decoder.stateless, stateless, hex);
    assert.equal(codec.decoder.table.version === version, stateless, hex);
  }
});
