/** How the encoder writes each kind of field, what it keeps out of its table, and what it does at a bound. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TOKEN_NONE } from '../../http1/tokens.ts';
import { DynamicTable } from './dynamic-table.ts';
import { HpackEncoder } from './encoder.ts';
import { ERR_ROOM } from './errors.ts';
import { INDEX_METHOD_GET, INDEX_PATH, INDEX_SCHEME_HTTP } from './static-table.ts';
import { bytesOf, entriesOf, hexBytes, hexOf, TestDecoder, TestEncoder, type TestField } from './test-codec.ts';

type Form = 'indexed' | 'indexing' | 'literal' | 'never';

/** The form of a block of one field. */
function formOf(block: Uint8Array | undefined): Form {
  const first = block?.[0] ?? 0;
  if (first >= 0x80) return 'indexed';
  if (first >= 0x40) return 'indexing';
  return first >= 0x10 ? 'never' : 'literal';
}

/** What becomes of a field that is sent three times. */
const REPEATS: readonly Form[] = ['literal', 'indexing', 'indexed'];
const LITERALS: readonly Form[] = ['literal', 'literal', 'literal'];
const NEVERS: readonly Form[] = ['never', 'never', 'never'];
const INDEXED: readonly Form[] = ['indexed', 'indexed', 'indexed'];

const FORMS: readonly (readonly [TestField, readonly Form[]])[] = [
  [['x-tenant', 'blue'], REPEATS],
  [['user-agent', 'story/1'], REPEATS],
  [[':authority', 'web'], REPEATS],
  [[':method', 'PUT'], REPEATS],
  [['accept-encoding', 'gzip'], REPEATS],
  [['cookie', 'a-cookie-of-20-chars'], REPEATS],
  [['l5d-dst-service', '/svc/web'], REPEATS],
  [[':method', 'GET'], INDEXED],
  [[':path', '/index.html'], INDEXED],
  [['accept-encoding', 'gzip, deflate'], INDEXED],
  [['accept', ''], INDEXED],
  [[':path', '/other'], LITERALS],
  [['content-length', '12'], LITERALS],
  [['age', '1'], LITERALS],
  [['etag', '"1"'], LITERALS],
  [['if-match', '"1"'], LITERALS],
  [['if-none-match', '"1"'], LITERALS],
  [['if-range', '"1"'], LITERALS],
  [['if-modified-since', 'Mon, 21 Oct 2013 20:13:21 GMT'], LITERALS],
  [['if-unmodified-since', 'Mon, 21 Oct 2013 20:13:21 GMT'], LITERALS],
  [['location', '/elsewhere'], LITERALS],
  [['set-cookie', 'id=0123456789012345678901234'], LITERALS],
  [['date', 'Mon, 21 Oct 2013 20:13:21 GMT'], LITERALS],
  [['l5d-ctx-trace', 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='], LITERALS],
  [['l5d-reqid', '0123456789abcdef'], LITERALS],
  [['grpc-timeout', '1S'], LITERALS],
  [['grpc-timeouT', '1S'], REPEATS],
  [['x-large', 'v'.repeat(4096 * 0.75 - 32 - 7)], REPEATS],
  [['x-large', 'v'.repeat(4096 * 0.75 - 32 - 6)], LITERALS],
  [['user-agent', 'v'.repeat(4096 * 0.75 - 32 - 10)], REPEATS],
  [['user-agent', 'v'.repeat(4096 * 0.75 - 32 - 9)], LITERALS],
  [['authorization', 'Basic YWxhZGRpbjpvcGVuc2VzYW1l'], NEVERS],
  [['proxy-authorization', 'Basic YWxhZGRpbjpvcGVuc2VzYW1l'], NEVERS],
  [['cookie', 'a-cookie-of-19-char'], NEVERS],
  [['cookie', ''], NEVERS],
  [['x-secret', 'v', true], NEVERS],
  [[':method', 'GET', true], NEVERS],
  [['user-agent', 'story/1', true], NEVERS],
];

describe('forms of fields', () => {
  for (const [field, forms] of FORMS) {
    const [name, value, never] = field;
    test(`${name}: ${value.slice(0, 32)}${never ? ', never indexed' : ''}`, () => {
      const codec = new TestEncoder();
      const blocks = forms.map(() => codec.encode([field]));
      assert.deepEqual(blocks.map(formOf), forms);
    });
  }

  test('a name of its own table is referred to', () => {
    const codec = new TestEncoder(4096, false);
    for (let i = 0; i < 2; i++) codec.encode([['x-tenant', 'blue']]);
    assert.equal(hexOf(codec.encode([['x-tenant', 'red']]) ?? hexBytes('')), '0f2f03726564');
    assert.equal(hexOf(codec.encode([['x-tenant', 'red', true]]) ?? hexBytes('')), '1f2f03726564');
    assert.equal(hexOf(codec.encode([['x-tenant', 'red']]) ?? hexBytes('')), '7e03726564');
    assert.deepEqual(entriesOf(codec.encoder.table), [
      ['x-tenant', 'red'],
      ['x-tenant', 'blue'],
    ]);
  });

  test('strings are compressed when that makes them shorter, and only then', () => {
    const cases: readonly (readonly [path: string, hex: string])[] = [
      // Codes of 6, 5, 5 and 5 bits, 011000 00011 00011 00011 and 111: three bytes for four.
      ['/aaa', '048360631f'],
      // The same number of bytes: plain.
      ['/', '84'],
      ['x', '040178'],
      ['~', '04017e'],
      ['~~~~', '04047e7e7e7e'],
    ];
    for (const [path, hex] of cases) {
      assert.equal(hexOf(new TestEncoder().encode([[':path', path]]) ?? hexBytes('')), hex, path);
      const plain = path === '/' ? '84' : `04${path.length.toString(16).padStart(2, '0')}${hexOf(bytesOf(path))}`;
      assert.equal(hexOf(new TestEncoder(4096, false).encode([[':path', path]]) ?? hexBytes('')), plain, path);
    }
  });
});

describe('written by pieces', () => {
  const regionBytes = DynamicTable.regionBytes(4096);
  const textAt = regionBytes;
  const blockAt = regionBytes + 1024;
  const memory = new Uint8Array(blockAt + 1024);
  const encoder = new HpackEncoder(memory, 0, 4096, false);

  function place(text: string): number {
    memory.set(bytesOf(text), textAt);
    return textAt + text.length;
  }

  test('status codes', () => {
    const decoder = new TestDecoder();
    for (let code = 100; code <= 999; code++) {
      assert.equal(encoder.begin(blockAt, blockAt + 5), blockAt);
      const end = encoder.status(code);
      assert.equal(end, encoder.end());
      assert.equal(end - blockAt, [200, 204, 206, 304, 400, 404, 500].includes(code) ? 1 : 5);
      assert.equal(decoder.decode(memory.slice(blockAt, end)), 0);
      assert.deepEqual(decoder.fields, [[':status', String(code)]]);
      assert.ok(decoder.decoder.stateless);
    }
    encoder.begin(blockAt, blockAt + 4);
    assert.equal(encoder.status(201), ERR_ROOM);
    assert.equal(encoder.status(200), ERR_ROOM);
    assert.equal(encoder.end(), ERR_ROOM);
  });

  test('entries and names of the static table', () => {
    encoder.begin(blockAt, memory.length);
    assert.equal(encoder.indexed(INDEX_METHOD_GET), blockAt + 1);
    assert.equal(encoder.indexed(INDEX_SCHEME_HTTP), blockAt + 2);
    assert.equal(encoder.at, blockAt + 2);
    encoder.staticField(INDEX_PATH, textAt, place('/x'));
    encoder.staticField(INDEX_PATH, textAt, place('/'));
    encoder.staticField(INDEX_PATH, textAt, place('/'), true);
    const end = encoder.end();
    assert.equal(hexOf(memory.slice(blockAt, end)), '828604022f78' + '84' + '14012f');
  });

  test('nothing is written once there is no room', () => {
    encoder.begin(blockAt, blockAt);
    assert.equal(encoder.indexed(INDEX_METHOD_GET), ERR_ROOM);
    assert.equal(encoder.staticField(INDEX_PATH, textAt, place('/x')), ERR_ROOM);
    assert.equal(encoder.field(textAt, textAt + 1, textAt + 1, textAt + 2, TOKEN_NONE, false), ERR_ROOM);
    assert.equal(encoder.end(), ERR_ROOM);
    assert.equal(encoder.begin(blockAt, memory.length), blockAt);
    assert.equal(encoder.end(), blockAt);
  });
});

describe('table sizes', () => {
  const block = (codec: TestEncoder) => hexOf(codec.encode([[':method', 'GET']]) ?? hexBytes(''));

  test('are announced by the next block, once: the smallest and the last', () => {
    const codec = new TestEncoder();
    assert.equal(block(codec), '82');
    codec.encoder.limitTableSize(100);
    assert.equal(block(codec), '3f4582');
    assert.equal(block(codec), '82');
    codec.encoder.limitTableSize(0);
    codec.encoder.limitTableSize(50);
    codec.encoder.limitTableSize(30);
    assert.equal(block(codec), '203e82');
    codec.encoder.limitTableSize(0);
    codec.encoder.limitTableSize(30);
    assert.equal(block(codec), '203e82');
  });

  test('are at most our own, which is announced when it is not the default', () => {
    const ours = new TestEncoder();
    ours.encoder.limitTableSize(65536);
    assert.equal(block(ours), '82');
    const small = new TestEncoder(100);
    assert.equal(block(small), '3f4582');
    small.encoder.limitTableSize(4096);
    assert.equal(block(small), '82');
    small.encoder.reset();
    assert.equal(block(small), '3f4582');
    const large = new TestEncoder(8192);
    assert.equal(block(large), '82');
    large.encoder.limitTableSize(65536);
    assert.equal(block(large), '3fe13f82');
  });

  test('without a table nothing is indexed', () => {
    const codec = new TestEncoder(0);
    const blocks = REPEATS.map(() => codec.encode([['x', 'y']]));
    assert.deepEqual(blocks.slice(1).map(formOf), ['literal', 'literal']);
    assert.equal(blocks[0]?.[0], 0x20);
  });
});

describe('at a bound', () => {
  const fields: readonly TestField[] = [
    [':method', 'GET'],
    [':path', '/a/path'],
    ['x-tenant', 'blue'],
    ['x-secret', 'value', true],
    ['user-agent', 'a longer value '.repeat(20)],
  ];

  /** An encoder and a decoder that have met the fields once, or three times. */
  function pair(times: number): readonly [TestEncoder, TestDecoder] {
    const codec = new TestEncoder();
    const decoder = new TestDecoder();
    for (let i = 0; i < times; i++) {
      assert.equal(decoder.decode(codec.encode(fields) ?? hexBytes('')), 0);
    }
    return [codec, decoder];
  }

  for (const times of [0, 1, 3]) {
    test(`every bound: refused when the block is longer, and the tables agree afterwards (met ${times} times)`, () => {
      const needed = pair(times)[0].encode(fields)?.length ?? 0;
      for (let bytesMax = 0; bytesMax <= needed; bytesMax++) {
        const [codec, decoder] = pair(times);
        const refused = codec.encode(fields, bytesMax);
        assert.equal(refused === undefined, bytesMax < needed);
        if (refused !== undefined) assert.equal(decoder.decode(refused), 0);
        for (let i = 0; i < 3; i++) {
          const block = codec.encode(fields);
          assert.ok(block !== undefined);
          assert.equal(decoder.decode(block), 0);
          assert.deepEqual(decoder.fields, fields);
          assert.deepEqual(entriesOf(codec.encoder.table), entriesOf(decoder.decoder.table));
        }
      }
    });
  }

  test('sizes that found no room are announced by the next block', () => {
    const codec = new TestEncoder();
    codec.encoder.limitTableSize(100);
    assert.equal(codec.encode([], 1), undefined);
    assert.equal(hexOf(codec.encode([]) ?? hexBytes('ff')), '203f45');
  });

  test('a block that is abandoned after its end', () => {
    for (const times of [0, 1, 3]) {
      const [codec, decoder] = pair(times);
      assert.ok(codec.encode(fields) !== undefined);
      codec.encoder.abandon();
      codec.encoder.abandon();
      for (let i = 0; i < 3; i++) {
        assert.equal(decoder.decode(codec.encode(fields) ?? hexBytes('')), 0);
        assert.deepEqual(decoder.fields, fields);
        assert.deepEqual(entriesOf(codec.encoder.table), entriesOf(decoder.decoder.table));
      }
    }
  });

  test('abandoned, then limited: the table is emptied all the same', () => {
    const [codec, decoder] = pair(1);
    codec.encode(fields);
    codec.encoder.abandon();
    codec.encoder.limitTableSize(2000);
    assert.equal(decoder.decode(codec.encode(fields) ?? hexBytes('')), 0);
    assert.deepEqual(decoder.fields, fields);
    assert.deepEqual(entriesOf(codec.encoder.table), entriesOf(decoder.decoder.table));
  });
});
