/** Name trees: grammar, printing, evaluation and simplification (spec 01 sections 9.1 and 9.2). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  alt,
  EMPTY,
  evaluate,
  FAIL,
  leaf,
  mapLeaves,
  type NameTree,
  NEG,
  sameTree,
  simplify,
  union,
} from './name-tree.ts';
import { readTree, showTree } from './name-tree-text.ts';
import { Path } from './path.ts';
import { NameParseError } from './scanner.ts';

const at = (text: string) => leaf(Path.read(text));
const mix = (...pairs: readonly (readonly [number, NameTree<Path>])[]) =>
  union(...pairs.map(([weight, tree]) => ({ weight, tree })));
const samePaths = (a: NameTree<Path>, b: NameTree<Path>) => sameTree(a, b, (x, y) => x.equals(y));

/** Spec 01 section 9.1, vectors 15 to 21. */
const READ: readonly (readonly [text: string, tree: NameTree<Path>, shown: string])[] = [
  ['! | ~ | $', alt<Path>(FAIL, NEG, EMPTY), '! | ~ | $'],
  ['  /foo & /bar  ', mix([1, at('/foo')], [1, at('/bar')]), '/foo & /bar'],
  [
    '/foo & /bar | /bar & /baz',
    alt(mix([1, at('/foo')], [1, at('/bar')]), mix([1, at('/bar')], [1, at('/baz')])),
    '(/foo & /bar) | (/bar & /baz)',
  ],
  [
    '1 * /foo & 2 * /bar | .5 * /bar & .5 * /baz',
    alt(mix([1, at('/foo')], [2, at('/bar')]), mix([0.5, at('/bar')], [0.5, at('/baz')])),
    '(/foo & 2.00*/bar) | (0.50*/bar & 0.50*/baz)',
  ],
  ['0.7*/a & 0.3*/b', mix([0.7, at('/a')], [0.3, at('/b')]), '0.70*/a & 0.30*/b'],
  ['3 * /a', at('/a'), '/a'],
  ['1.*/a & 0*/b', mix([1, at('/a')], [0, at('/b')]), '/a & 0.00*/b'],
  ['(/a | /b) & /c', mix([1, alt(at('/a'), at('/b'))], [1, at('/c')]), '(/a | /b) & /c'],
  ['(/a|/b)|/c', alt(alt(at('/a'), at('/b')), at('/c')), '(/a | /b) | /c'],
  ['( ( /a ) )', at('/a'), '/a'],
  ['$', EMPTY, '$'],
  ['/$/nil', at('/$/nil'), '/$/nil'],
];

/** Vector 22, and what stands at the end of its message. */
const REFUSED: readonly (readonly [text: string, message: string])[] = [
  ['', "simple expected but end of input found at '[]'"],
  ['#', "simple expected but end of input found at '#[]'"],
  ['/foo &', "simple expected but end of input found at '/foo &[]'"],
  ['/foo & 0.1.2 * /bar', "number char expected but '.' found at '/foo & 0.1[.]2 * /bar'"],
  ['/foo & . * /bar', "weight expected but '.' found at '/foo & [.] * /bar'"],
  ['0.5 /a', "'*' expected but '/' found at '0.5 [/]a'"],
  ['(/a', "')' expected but end of input found at '(/a[]'"],
  ['/a)', "end of input expected but ')' found at '/a[)]'"],
  ['-1*/a', "simple expected but '-' found at '[-]1*/a'"],
];

/** Section 9.2, vectors 33 to 44: tree, what it evaluates to. */
const EVALUATED: readonly (readonly [text: string, leaves: string | undefined])[] = [
  ['~', undefined],
  ['/ok & ~ & /blah & $', '/ok /blah'],
  ['$ & $ & $', ''],
  ['~ & ~ & (~ | ~)', undefined],
  ['~ | /foo | /bar', '/foo'],
  ['~ | $ | /blah', ''],
  ['~ | (~ | $) | /blah', ''],
  ['(~|$|/foo) & (/bar|/blah) & ~ & /FOO', '/bar /FOO'],
  ['! | /ok', undefined],
  ['/ok & !', '/ok'],
  ['! & ! & !', undefined],
  ['~ | /ok | !', '/ok'],
];

/** Vectors 45 and 46, and the rules of section 3.3. */
const SIMPLIFIED: readonly (readonly [text: string, simple: string])[] = [
  ['~ | /a | ! | /b', '/a | !'],
  ['~ & ! & 0.3*/a', '/a'],
  ['~ | ! | /a', '!'],
  ['$ | /a', '$ | /a'],
  ['~ & !', '~'],
  ['0.5*/a & 0.5*/b & !', '0.50*/a & 0.50*/b'],
  ['(~ | (~ | /a)) & ~', '/a'],
];

for (const [text, tree, shown] of READ) {
  test(`readTree ${JSON.stringify(text)}`, () => {
    assert.deepEqual(readTree(text), tree);
    assert.equal(showTree(readTree(text)), shown);
  });
}

for (const [text, message] of REFUSED) {
  test(`readTree refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => readTree(text), { name: 'NameParseError', message });
  });
}

for (const [text, leaves] of EVALUATED) {
  test(`evaluate ${text}`, () => {
    assert.equal(
      evaluate(readTree(text))
        ?.map((path) => path.show())
        .join(' '),
      leaves,
    );
  });
}

for (const [text, simple] of SIMPLIFIED) {
  test(`simplify ${text}`, () => assert.equal(showTree(simplify(readTree(text))), simple));
}

test('an alt or union of none is Neg, of one that one', () => {
  assert.deepEqual(simplify(alt()), NEG);
  assert.deepEqual(simplify(union()), NEG);
  assert.deepEqual(simplify(mix([0.3, at('/a')])), at('/a'));
  assert.deepEqual(simplify(mix([0.3, FAIL])), FAIL);
  assert.equal(showTree(alt(mix([0.3, at('/a')]))), '/a');
});

test('nesting without end is refused, not a stack overflow', () => {
  assert.throws(() => readTree('('.repeat(100_000)), NameParseError);
  assert.equal(readTree(`${'('.repeat(50)}/a${')'.repeat(50)}`).kind, 'leaf');
});

const trees = fc.letrec<{ tree: NameTree<Path> }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<NameTree<Path>>(NEG, FAIL, EMPTY, at('/a'), at('/b'), leaf(Path.of('\xff *'))),
    fc.array(tie('tree'), { minLength: 2, maxLength: 4 }).map((children) => alt(...children)),
    fc
      .array(fc.tuple(fc.integer({ min: 0, max: 300 }), tie('tree')), { minLength: 2, maxLength: 4 })
      .map((pairs) => union(...pairs.map(([percent, tree]) => ({ weight: percent / 100, tree })))),
  ),
})).tree;

test('property: a tree reads back from its text', () => {
  fc.assert(fc.property(trees, (tree) => assert.ok(samePaths(readTree(showTree(tree)), tree))));
});

test('property: simplifying twice is simplifying once, and evaluates to the same', () => {
  fc.assert(
    fc.property(trees, (tree) => {
      const simple = simplify(tree);
      assert.ok(samePaths(simplify(simple), simple));
      assert.deepEqual(evaluate(simple), evaluate(tree));
    }),
  );
});

test('mapLeaves keeps shape and weights; sameTree tells trees apart', () => {
  const tree = readTree('/a | 0.3*/b & (~ | !)');
  const longer = mapLeaves(tree, (path) => path.concat(Path.read('/x')));
  assert.equal(showTree(longer), '/a/x | (0.30*/b/x & (~ | !))');
  assert.ok(samePaths(tree, readTree(showTree(tree))));
  for (const other of ['/a', '/a | 0.3*/b', '/a | 0.4*/b & (~ | !)', '/a | 0.3*/c & (~ | !)', '/a & 0.3*/b']) {
    assert.equal(samePaths(tree, readTree(other)), false, other);
  }
});
