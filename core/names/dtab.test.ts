/** Reading, printing and looking up in dtabs (spec 01 sections 2 and 9). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Dentry, Dtab } from './dtab.ts';
import { showTree } from './name-tree-text.ts';
import { Path } from './path.ts';
import { NameParseError } from './scanner.ts';

/** Spec 01 section 9.1, vectors 27 to 32: text, printed text. */
const READ: readonly (readonly [text: string, shown: string])[] = [
  ['', ''],
  ['  # nothing\n', ''],
  ['/=>!;', '/=>!'],
  ['/=>!;/foo=>/bar', '/=>!;/foo=>/bar'],
  ['# a\n/#foo => /biz # x\n| ( /bliz & # y\n/bluth ) # z\n; #fin\n#/ignore=>/me;', '/#foo=>/biz | (/bliz & /bluth)'],
  ['/a => /b ; /c => /d;', '/a=>/b;/c=>/d'],
  ['/a=>/b;/a=>/b', '/a=>/b;/a=>/b'],
  ['/a=>/b # one; two\n;/c=>~', '/a=>/b;/c=>~'],
];

/** Vectors 26 and 30. */
const REFUSED: readonly (readonly [text: string, message: string])[] = [
  ['/a=>/b;;/c=>/d', "'/' expected but ';' found at '/a=>/b;[;]/c=>/d'"],
  ['/&!', "'=' expected but '&' found at '/[&]!'"],
  ['/foo = > /bar', "'>' expected but ' ' found at '/foo =[ ]> /bar'"],
  ['/a=>', "simple expected but end of input found at '/a=>[]'"],
  ['/a=>/b /c=>/d', "end of input expected but '/' found at '/a=>/b [/]c=>/d'"],
  [';', "'/' expected but ';' found at '[;]'"],
];

/** Section 9.3, vectors 47 to 49, and the rules of section 2.2. */
const LOOKED_UP: readonly (readonly [dtab: string, path: string, tree: string])[] = [
  ['/a/*/c => /d', '/a/b/c/e/f', '/d/e/f'],
  ['/s=>/a; /s=>/b', '/s/x', '/b/x | /a/x'],
  ['/=>/a', '/x', '/a/x'],
  ['/s/x=>/long; /s=>/short', '/s/x', '/short/x | /long'],
  ['/s=>~', '/s', '~'],
  ['/s=>/a|/b; /s=>!', '/s/x', '! | (/a/x | /b/x)'],
  ['/s=>0.5*/a & $', '/s/x', '0.50*/a/x & $'],
  ['/s/x=>/a', '/s', '~'],
  ['', '/s', '~'],
];

for (const [text, shown] of READ) {
  test(`Dtab.read ${JSON.stringify(text)}`, () => assert.equal(Dtab.read(text).show(), shown));
}

for (const [text, message] of REFUSED) {
  test(`Dtab.read refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => Dtab.read(text), { name: 'NameParseError', message });
  });
}

for (const [dtab, path, tree] of LOOKED_UP) {
  test(`lookup of ${path} in ${dtab}`, () => {
    assert.equal(showTree(Dtab.read(dtab).lookup(Path.read(path))), tree);
  });
}

test('Dentry.read (vectors 23 to 25)', () => {
  for (const text of ['/=>!', '/ => !']) assert.deepEqual(Dentry.read(text).prefix, []);
  assert.deepEqual(Dentry.read('/foo/*/bar => !').prefix, ['foo', null, 'bar']);
  assert.equal(Dentry.read('/foo/*/\\x2a => !').show(), '/foo/*/\\x2a=>!');
  assert.throws(() => Dentry.read('/foo/*bar/baz => !'), NameParseError);
  assert.throws(() => Dentry.read('/foo => !;'), NameParseError);
});

test('JSON is a list of both sides as text', () => {
  assert.equal(
    JSON.stringify(Dtab.read('/a/* => /b | ~; /c => /d')),
    '[{"prefix":"/a/*","dst":"/b | ~"},{"prefix":"/c","dst":"/d"}]',
  );
});

test('concat appends, stripPrefix drops what both begin with', () => {
  const base = Dtab.read('/a=>/b;/c=>0.5*/d & /e');
  const whole = base.concat(Dtab.read('/f=>/g'));
  assert.equal(whole.show(), '/a=>/b;/c=>0.50*/d & /e;/f=>/g');
  assert.equal(whole.stripPrefix(base).show(), '/f=>/g');
  assert.equal(whole.stripPrefix(Dtab.read('/a=>/b;/c=>/d')).show(), '/c=>0.50*/d & /e;/f=>/g');
  assert.equal(base.stripPrefix(whole).show(), '');
});

test('property: any text is a dtab that reads back from its print, or a NameParseError', () => {
  const piece = fc.constantFrom('/', 'a', '*', '=>', '|', '&', '(', ')', ' ', ';', '~', '!', '$', '0.5', '#', '\n');
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const text = pieces.join('');
      try {
        const dtab = Dtab.read(text);
        assert.equal(Dtab.read(dtab.show()).show(), dtab.show());
      } catch (error) {
        assert.ok(error instanceof NameParseError);
      }
    }),
    { numRuns: 500 },
  );
});

test('a dtab followed by an empty one is itself', () => {
  const base = Dtab.read('/a=>/b');
  assert.equal(base.concat(Dtab.empty), base);
  assert.equal(base.concat(Dtab.read('  ')), base);
  assert.equal(Dtab.empty.concat(base).show(), '/a=>/b');
});
