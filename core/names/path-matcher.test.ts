/** Path expressions with captures (spec 01 section 7). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
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

test('variables capture what Linkerd’s regular expressions do', () => {
  const anyText = fc.string({ unit: fc.constantFrom('a', 'b', '-', '.'), maxLength: 8 });
  const anyLiterals = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '-', '.'), maxLength: 2 }), {
    minLength: 2,
    maxLength: 4,
  });
  fc.assert(
    fc.property(anyLiterals, anyText, (literals, segment) => {
      fc.pre(segment !== '');
      const names = literals.slice(1).map((_, i) => `v${i}`);
      const expression = literals.map((literal, i) => (i === 0 ? literal : `{v${i - 1}}${literal}`)).join('');
      const pattern = new RegExp(literals.map((literal) => literal.replaceAll('.', '\\.')).join('(.*)'));
      const match = pattern.exec(segment);
      const extracted = new PathMatcher(`/${expression}`).extract(Path.of(segment));
      assert.deepEqual(
        extracted && names.map((name) => extracted.get(name)),
        match === null ? undefined : match.slice(1),
      );
    }),
  );
});

test('a long name takes no longer than its length', () => {
  const expression = '/{A}-{B}-{C}-{D}-{E}x';
  assert.equal(new PathMatcher(expression).extract(Path.of('-'.repeat(100_000))), undefined);
  const captured = new PathMatcher(expression).extract(Path.of(`${'-'.repeat(100_000)}x`));
  assert.equal(captured?.get('A'), '-'.repeat(100_000 - 4));
});

test('what is special in regular expressions is not in path expressions', () => {
  assert.deepEqual(new PathMatcher(`/a$\{A}`).extract(Path.of('xa$b')), new Map([['A', 'b']]));
  assert.equal(new PathMatcher('/{A}$').extract(Path.of('ab')), undefined);
});
