/**
 * The examples of RFC 7541 appendix C, byte for byte: decoded, with the table after each; and written, where the encoder's
 * choices are the RFC's. It enters a field into the table when it meets it again, so it is shown the fields once before;
 * and it never enters dates, locations and cookies, so C.5 and C.6 are for the decoder alone.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entriesOf, hexBytes, hexOf, TestDecoder, TestEncoder, type TestField } from './test-codec.ts';

interface Message {
  readonly hex: string;
  readonly fields: readonly TestField[];
  /** The newest first. */
  readonly table: readonly TestField[];
  readonly tableSize: number;
}

interface Example {
  readonly name: string;
  /** The size that the table has from the start. */
  readonly tableBytes: number;
  /** How the encoder writes the same; undefined when it does not. */
  readonly huffman: boolean | undefined;
  readonly messages: readonly Message[];
}

const GET: TestField = [':method', 'GET'];
const HTTP: TestField = [':scheme', 'http'];
const ROOT_PATH: TestField = [':path', '/'];
const AUTHORITY: TestField = [':authority', 'www.example.com'];
const NO_CACHE: TestField = ['cache-control', 'no-cache'];
const CUSTOM: TestField = ['custom-key', 'custom-value'];
const FIRST_DATE: TestField = ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'];
const SECOND_DATE: TestField = ['date', 'Mon, 21 Oct 2013 20:13:22 GMT'];
const LOCATION: TestField = ['location', 'https://www.example.com'];
const PRIVATE: TestField = ['cache-control', 'private'];
const GZIP: TestField = ['content-encoding', 'gzip'];
const COOKIE: TestField = ['set-cookie', 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'];

/** C.3 and C.4: the same requests, plain and compressed. */
function requests(first: string, second: string, third: string): Message[] {
  const https: TestField = [':scheme', 'https'];
  const index: TestField = [':path', '/index.html'];
  const withCache = [NO_CACHE, AUTHORITY];
  return [
    { hex: first, fields: [GET, HTTP, ROOT_PATH, AUTHORITY], table: [AUTHORITY], tableSize: 57 },
    { hex: second, fields: [GET, HTTP, ROOT_PATH, AUTHORITY, NO_CACHE], table: withCache, tableSize: 110 },
    { hex: third, fields: [GET, https, index, AUTHORITY, CUSTOM], table: [CUSTOM, ...withCache], tableSize: 164 },
  ];
}

/** C.5 and C.6: the same responses, plain and compressed. */
function responses(first: string, second: string, third: string): Message[] {
  const [found, moved, ok] = ['302', '307', '200'].map((status): TestField => [':status', status]) as [
    TestField,
    TestField,
    TestField,
  ];
  const rest = [LOCATION, FIRST_DATE, PRIVATE];
  return [
    { hex: first, fields: [found, PRIVATE, FIRST_DATE, LOCATION], table: [...rest, found], tableSize: 222 },
    { hex: second, fields: [moved, PRIVATE, FIRST_DATE, LOCATION], table: [moved, ...rest], tableSize: 222 },
    {
      hex: third,
      fields: [ok, PRIVATE, SECOND_DATE, LOCATION, GZIP, COOKIE],
      table: [COOKIE, GZIP, SECOND_DATE],
      tableSize: 215,
    },
  ];
}

function single(hex: string, field: TestField, table: readonly TestField[], tableSize: number): Message[] {
  return [{ hex, fields: [field], table, tableSize }];
}

const CUSTOM_HEADER: TestField = ['custom-key', 'custom-header'];

const EXAMPLES: readonly Example[] = [
  {
    name: 'C.2.1, literal with indexing',
    tableBytes: 4096,
    huffman: false,
    messages: single('400a637573746f6d2d6b65790d637573746f6d2d686561646572', CUSTOM_HEADER, [CUSTOM_HEADER], 55),
  },
  {
    name: 'C.2.2, literal without indexing',
    tableBytes: 4096,
    huffman: false,
    messages: single('040c2f73616d706c652f70617468', [':path', '/sample/path'], [], 0),
  },
  {
    name: 'C.2.3, literal never indexed',
    tableBytes: 4096,
    huffman: false,
    messages: single('100870617373776f726406736563726574', ['password', 'secret', true], [], 0),
  },
  { name: 'C.2.4, indexed', tableBytes: 4096, huffman: false, messages: single('82', GET, [], 0) },
  {
    name: 'C.3, requests',
    tableBytes: 4096,
    huffman: false,
    messages: requests(
      '828684410f7777772e6578616d706c652e636f6d',
      '828684be58086e6f2d6361636865',
      '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565',
    ),
  },
  {
    name: 'C.4, compressed requests',
    tableBytes: 4096,
    huffman: true,
    messages: requests(
      '828684418cf1e3c2e5f23a6ba0ab90f4ff',
      '828684be5886a8eb10649cbf',
      '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf',
    ),
  },
  {
    name: 'C.5, responses',
    tableBytes: 256,
    huffman: undefined,
    messages: responses(
      `4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d54
       6e1768747470733a2f2f7777772e6578616d706c652e636f6d`,
      '4803333037c1c0bf',
      `88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a697077
       38666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31`,
    ),
  },
  {
    name: 'C.6, compressed responses',
    tableBytes: 256,
    huffman: undefined,
    messages: responses(
      '488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3',
      '4883640effc1c0bf',
      `88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad
       94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007`,
    ),
  },
];

for (const { name, tableBytes, huffman, messages } of EXAMPLES) {
  test(`decoded: ${name}`, () => {
    const codec = new TestDecoder();
    codec.decoder.table.resize(tableBytes);
    for (const { hex, fields, table, tableSize } of messages) {
      assert.equal(codec.decode(hexBytes(hex)), 0);
      assert.deepEqual(codec.fields, fields);
      assert.deepEqual(entriesOf(codec.decoder.table), table);
      assert.equal(codec.decoder.table.size, tableSize);
    }
  });

  if (huffman !== undefined) {
    test(`written: ${name}`, () => {
      const codec = new TestEncoder(tableBytes, huffman);
      codec.encode([...new Set(messages.flatMap(({ fields }) => fields))]);
      for (const { hex, fields, table, tableSize } of messages) {
        assert.equal(hexOf(codec.encode(fields) ?? new Uint8Array(0)), hex);
        assert.deepEqual(entriesOf(codec.encoder.table), table);
        assert.equal(codec.encoder.table.size, tableSize);
      }
    });
  }
}
