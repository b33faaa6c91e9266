/** The registry of `kind`s refuses two of one name. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kind, kinds, laterKind } from './kinds.ts';

test('two kinds with one id do not start', () => {
  const registry = [kind('io.l5d.fs', {}), laterKind('io.l5d.fs')];
  assert.throws(() => kinds('namer kind', registry), { message: 'conflicting subtypes: two of one namer kind id' });
});
