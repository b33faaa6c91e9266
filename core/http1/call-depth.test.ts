/** The depth of calls, by `Via` (spec 03 section 5.5). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callDepth } from './call-depth.ts';
import { HeadParser } from './head.ts';
import { TEST_LIMITS } from './message-reader.ts';

/** Fields, depth. */
const DEPTHS: readonly (readonly [fields: readonly string[], depth: number])[] = [
  [[], 0],
  [['X-Via: a, b'], 0],
  [['Via: 1.1 linkerd'], 1],
  [['Via: 1.1 linkerd, 1.0 b (c), h2 d'], 3],
  [['via: 1.1 a, 1.1 b', 'X: y', 'VIA: 1.1 c'], 3],
];

for (const [fields, depth] of DEPTHS) {
  test(`${fields.join(' | ') || 'no field'}: ${depth}`, () => {
    const text = ['GET / HTTP/1.1', 'Host: h', ...fields].map((line) => `${line}\r\n`).join('');
    const bytes = Buffer.from(`${text}\r\n`, 'latin1');
    const head = new HeadParser(TEST_LIMITS);
    assert.equal(head.parseRequest(bytes, 0, bytes.length), bytes.length);
    assert.equal(callDepth(bytes, head), depth);
  });
}
