/** Path expressions with captures (spec 01 section 7). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Path } from './path.ts';
import { PathMatcher, substitute } from './path-matcher.ts';

/** Spec 01 section 7: expression, path, captures; null for no match. */
const EXTRACTED: readonly (readonly [string, string, Readonly<Record<string, string>> | null])[] = [
  ['/foo/bar', '/foo/bar/bas', {}],
  ['/foo/bar', '/foo', null],
  ['/foo/*/*', '/foo/hi/there', {}],
  ['/foo/*/*', '/foo/hi', null],
  ['/foo/{A}', '/foo/bar/bas', { A: 'bar' }],
  ['/foo/{A}/*/{B}', '/foo/boo/bar/bas', { A: 'boo', B: 'bas' }],
  ['/foo/bar/{A}:http', '/foo/bar/bas:http', { A: 'bas' }],
  ['/foo/bar/{A}.{B}.{C}/{D}', '/foo/bar/www.foo.com/80', { A: 'www', B: 'foo', C: 'com', D: '80' }],
  ['/foo/bar/{A}.{B}', '/foo/bar/wwwxfoo', null],
  ['/foo/bar/{A}-{B}', '/foo/bar/foo-bar-baz', { A: 'foo-bar', B: 'baz' }],
  ['/foo/{A}:http', '/foo/bar/bas:http', null],
  ['/foo/{A}/bar', '/foo/bar/bad', null],
  ['/', '/anything/at/all', {}],
  ['/', '/', {}],
  ['//foo/', '/foo/bar', {}],
  ['/{a.b}', '/x', { 'a.b': 'x' }],
  ['/{a-b}', '/x', null],
  ['/{A}', '/a\\x20b', { A: '\\x61\\x20\\x62' }],
  ['/{A}_x', '/pre_x_post', { A: 'pre' }],
];

for (const [expression, path, captures] of EXTRACTED) {
  test(`${expression} on ${path}`, () => {
    const extracted = new PathMatcher(expression).extract(Path.read(path));
    assert.deepEqual(extracted === undefined ? null : Object.fromEntries(extracted), captures);
  });
}

test('substitute replaces what was captured and leaves other names', () => {
  const captured = new PathMatcher('/foo/{A}/*/{B}').extract(Path.read('/foo/boo/bar/bas'));
  assert.ok(captured);
  assert.equal(substitute(captured, '/{A}/and/{B}'), '/boo/and/bas');
  assert.equal(substitute(captured, '/{A}/{A}/{C}/{}'), '/boo/boo/{C}/{}');
});
