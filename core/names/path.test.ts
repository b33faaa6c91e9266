/** The grammar of paths, its error texts, and that what is printed reads back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Path } from './path.ts';
import { NameParseError } from './scanner.ts';

/** Spec 01 section 9.1, vectors 1 to 3, 11, 12, 14: text, segments, printed text. */
const READ: readonly (readonly [text: string, segments: readonly string[], shown: string])[] = [
  ['/', [], '/'],
  ['  /foo/bar  ', ['foo', 'bar'], '/foo/bar'],
  ['/\\x66\\x6f\\x6F', ['foo'], '/foo'],
  ['/#/io.l5d.fs/x', ['#', 'io.l5d.fs', 'x'], '/#/io.l5d.fs/x'],
  ['/a%20b', ['a%20b'], '/a%20b'],
  ['/svc/Foo:80', ['svc', 'Foo:80'], '/svc/Foo:80'],
  ['/\\xff\\x00', ['\xff\0'], '/\\xff\\x00'],
  ['# a comment\n\t/a # and one behind', ['a'], '/a'],
  ['/a-b_c.d$e', ['a-b_c.d$e'], '/a-b_c.d$e'],
];

/** Vectors 4 to 10: text, message, offset of the offending character. */
const REFUSED: readonly (readonly [text: string, message: string, offset: number])[] = [
  ['', "'/' expected but end of input found at '[]'", 0],
  ['#/foo', "'/' expected but end of input found at '#/foo[]'", 5],
  ['/foo/bar/', "label char expected but end of input found at '/foo/bar/[]'", 9],
  ['/foo^bar', "end of input expected but '^' found at '/foo[^]bar'", 4],
  ['/{}', "end of input expected but '{' found at '/[{]}'", 1],
  ['/\\?', "'x' expected but '?' found at '/\\[?]'", 2],
  ['/\\x?', "hex char expected but '?' found at '/\\x[?]'", 3],
  ['/\\x0?', "hex char expected but '?' found at '/\\x0[?]'", 4],
  ['/\\X66', "'x' expected but 'X' found at '/\\[X]66'", 2],
  ['//foo', "end of input expected but '/' found at '/[/]foo'", 1],
  ['foo', "'/' expected but 'f' found at '[f]oo'", 0],
  ['invalid-param', "'/' expected but 'i' found at '[i]nvalid-param'", 0],
  ['/foo /bar', "end of input expected but '/' found at '/foo [/]bar'", 5],
  ['/f\u00fc', "end of input expected but '\u00fc' found at '/f[\u00fc]'", 2],
];

for (const [text, segments, shown] of READ) {
  test(`Path.read ${JSON.stringify(text)}`, () => {
    const path = Path.read(text);
    assert.deepEqual(path.segments, segments);
    assert.equal(path.show(), shown);
  });
}

for (const [text, message, offset] of REFUSED) {
  test(`Path.read refuses ${JSON.stringify(text)}`, () => {
    assert.throws(
      () => Path.read(text),
      (error) => error instanceof NameParseError && error.message === message && error.offset === offset,
    );
  });
}

test('a segment with one byte to escape is escaped as a whole (vector 13)', () => {
  assert.equal(Path.of('a b').show(), '/\\x61\\x20\\x62');
});

test('texts are encoded as UTF-8', () => {
  assert.deepEqual(Path.utf8('\u00fc', '\u20ac').segments, ['\xc3\xbc', '\xe2\x82\xac']);
});

test('empty segments and characters that are no bytes are refused', () => {
  assert.throws(() => Path.of('a', ''), RangeError);
  assert.throws(() => Path.utf8(''), RangeError);
  assert.throws(() => Path.of('\u0100'), RangeError);
});

test('take, drop, concat, startsWith and equals work on segments', () => {
  const path = Path.read('/a/b/c');
  assert.equal(path.take(2).show(), '/a/b');
  assert.equal(path.drop(2).show(), '/c');
  assert.equal(path.drop(4).show(), '/');
  assert.equal(Path.read('/a').concat(Path.read('/b/c')).equals(path), true);
  assert.equal(path.startsWith(Path.read('/a/b')), true);
  assert.equal(path.startsWith(Path.empty), true);
  assert.equal(path.startsWith(Path.read('/a/bb')), false);
  assert.equal(path.startsWith(Path.read('/a/b/c/d')), false);
  assert.equal(path.equals(Path.read('/a/b')), false);
});

const bytes = fc.uint8Array({ minLength: 1, maxLength: 8 }).map((array) => Buffer.from(array).toString('latin1'));

test('property: a path reads back from its text, whatever its bytes', () => {
  fc.assert(
    fc.property(fc.array(bytes), (segments) => {
      const path = Path.of(...segments);
      assert.deepEqual(Path.read(path.show()).segments, segments);
    }),
  );
});

test('property: any text is a path or a NameParseError within the text', () => {
  const piece = fc.constantFrom('/', 'a', '#', '\\x', '6', ' ', '*', '\n', '\\');
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const text = pieces.join('');
      try {
        const path = Path.read(text);
        assert.equal(Path.read(path.show()).equals(path), true);
      } catch (error) {
        assert.ok(error instanceof NameParseError);
        assert.ok(error.offset >= 0 && error.offset <= text.length);
      }
    }),
  );
});
