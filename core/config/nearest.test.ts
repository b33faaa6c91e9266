/** The name that an unknown key was probably meant to be. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { didYouMean, editDistance, nearest } from './nearest.ts';

const DISTANCES: readonly (readonly [string, string, number])[] = [
  ['', '', 0],
  ['', 'port', 4],
  ['port', 'port', 0],
  ['prot', 'port', 1],
  ['ports', 'port', 1],
  ['pot', 'port', 1],
  ['part', 'port', 1],
  ['kitten', 'sitting', 3],
  ['ca', 'abc', 3],
];

test('edit distances', () => {
  for (const [a, b, distance] of DISTANCES) assert.equal(editDistance(a, b), distance, `${a} -> ${b}`);
});

const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 });

test('a distance is symmetric, zero for equal words only, and no longer than the longer word', () => {
  fc.assert(
    fc.property(word, word, (a, b) => {
      const distance = editDistance(a, b);
      assert.equal(distance, editDistance(b, a));
      assert.equal(distance === 0, a === b);
      assert.ok(distance >= Math.abs(a.length - b.length) && distance <= Math.max(a.length, b.length));
    }),
  );
});

test('one edit is at most one away', () => {
  fc.assert(
    fc.property(word, fc.nat(8), fc.constantFrom('a', 'z'), (a, at, char) => {
      assert.ok(editDistance(a, a.slice(0, at) + char + a.slice(at)) <= 1);
      assert.ok(editDistance(a, a.slice(0, at) + a.slice(at + 1)) <= 1);
    }),
  );
});

const NEAREST: readonly (readonly [string, readonly string[], string | undefined])[] = [
  ['prot', ['ip', 'port'], 'port'],
  ['LABEL', ['label'], 'label'],
  ['bogus', ['admin', 'usage'], undefined],
  ['maxHeaderKB', ['maxHeadersKB', 'maxErrResponseKB'], 'maxHeadersKB'],
  ['io.l5d.sf', ['io.l5d.fs', 'io.l5d.k8s'], 'io.l5d.fs'],
  ['io.l5d.zookeeper', ['io.l5d.fs', 'io.l5d.k8s'], undefined],
  ['fs', ['io.l5d.consul', 'io.l5d.fs'], 'io.l5d.fs'],
  ['', ['ip'], undefined],
  ['x', [], undefined],
];

test('the nearest word', () => {
  for (const [from, candidates, found] of NEAREST) assert.equal(nearest(from, candidates), found, from);
  assert.equal(didYouMean('prot', ['port']), 'Did you mean "port"?');
  assert.equal(didYouMean('bogus', ['port']), '');
});
