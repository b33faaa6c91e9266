/** The static table: every entry as the RFC has it, decoded and found; names and values that are nearly one are not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TOKEN_ACCEPT_ENCODING, TOKEN_NAMES, TOKEN_NONE } from '../../http1/tokens.ts';
import {
  copyStatic,
  STATIC_ENTRIES,
  STATIC_FIELDS,
  staticField,
  staticName,
  staticNameBytes,
  staticNameIndex,
  staticToken,
  staticValueBytes,
} from './static-table.ts';
import { bytesOf, TestDecoder, textOf } from './test-codec.ts';

/** RFC 7541 appendix A as `index name=value`, for the entries that have a value or are easily mistaken. */
const ROWS: readonly (readonly [number, string, string])[] = [
  [1, ':authority', ''],
  [2, ':method', 'GET'],
  [3, ':method', 'POST'],
  [4, ':path', '/'],
  [5, ':path', '/index.html'],
  [6, ':scheme', 'http'],
  [7, ':scheme', 'https'],
  [8, ':status', '200'],
  [14, ':status', '500'],
  [15, 'accept-charset', ''],
  [16, 'accept-encoding', 'gzip, deflate'],
  [19, 'accept', ''],
  [23, 'authorization', ''],
  [28, 'content-length', ''],
  [31, 'content-type', ''],
  [32, 'cookie', ''],
  [38, 'host', ''],
  [46, 'location', ''],
  [54, 'server', ''],
  [55, 'set-cookie', ''],
  [58, 'user-agent', ''],
  [61, 'www-authenticate', ''],
];

function nameIndexOf(name: string): number {
  const bytes = bytesOf(` ${name} `);
  return staticName(bytes, new DataView(bytes.buffer), 1, 1 + name.length);
}

function fieldIndexOf(nameIndex: number, value: string): number {
  const bytes = bytesOf(` ${value} `);
  return staticField(nameIndex, new DataView(bytes.buffer), 1, 1 + value.length);
}

test('the rows of RFC 7541 appendix A', () => {
  assert.equal(STATIC_FIELDS.length, STATIC_ENTRIES);
  for (const [index, name, value] of ROWS) assert.deepEqual(STATIC_FIELDS[index - 1], [name, value]);
});

test('every entry: its text, its name, its field, its token, and decoded from its index', () => {
  const decoder = new TestDecoder();
  for (const [place, [name, value]] of STATIC_FIELDS.entries()) {
    const index = place + 1;
    assert.deepEqual([staticNameBytes(index), staticValueBytes(index)], [name.length, value.length]);
    const text = new Uint8Array(name.length + value.length + 2);
    copyStatic(text, new DataView(text.buffer), 1, index, text.length - 2);
    assert.equal(textOf(text, 0, text.length), `\0${name}${value}\0`);
    const first = STATIC_FIELDS.findIndex(([other]) => other === name) + 1;
    assert.equal(staticNameIndex(index), first);
    assert.equal(nameIndexOf(name), first);
    assert.equal(fieldIndexOf(first, value), index);
    assert.equal(fieldIndexOf(first, `${value}x`), 0);
    const token = name === 'accept-encoding' ? TOKEN_ACCEPT_ENCODING : TOKEN_NAMES.indexOf(name);
    assert.equal(staticToken(index), Math.max(TOKEN_NONE, token));
    assert.equal(decoder.decode(Uint8Array.of(0x80 | index)), 0);
    assert.deepEqual(decoder.fields, [[name, value]]);
    assert.equal(decoder.section.nameIndex[0], first);
    assert.equal(decoder.section.fields[4], staticToken(index));
    assert.ok(decoder.decoder.stateless);
  }
});

test('names that are nearly in the table', () => {
  for (const [name] of STATIC_FIELDS) {
    for (let i = 0; i < name.length; i++) {
      const changed = name.slice(0, i) + String.fromCharCode(name.charCodeAt(i) ^ 1) + name.slice(i + 1);
      assert.equal(nameIndexOf(changed), STATIC_FIELDS.findIndex(([other]) => other === changed) + 1);
    }
    assert.equal(nameIndexOf(name.toUpperCase()), 0);
    assert.equal(nameIndexOf(`${name}x`), 0);
    assert.equal(nameIndexOf(`x${name}`), 0);
  }
  for (const name of ['', 'a', 'te', 'x-request-id', ':', ':protocol']) assert.equal(nameIndexOf(name), 0);
});
