/** What several entries mean together: against a plain model, and in whatever groups they are merged. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Path } from '../names/path.ts';
import { PathMatcher } from '../names/path-matcher.ts';
import {
  ConfigsByPrefix,
  configOf,
  type Entry,
  type PerPrefix,
  type PrefixedEntry,
  valuesOf,
} from './configs-by-prefix.ts';

/** A configuration of a few keys, one of them an object. */
interface Keys {
  readonly a: number;
  readonly b: string | undefined;
  readonly c: { readonly x: number; readonly y?: number };
}

const DEFAULTS: Keys = { a: 0, b: undefined, c: { x: 0, y: 0 } };

function perPrefix(...configs: readonly (readonly [prefix: string, entry: Entry<Keys>])[]): PerPrefix<Keys> {
  const entries = configs.map(([prefix, entry]) => ({ prefix, entry }));
  return { kind: 'io.l5d.static', experimental: false, defaults: DEFAULTS, configs: entries, parts: [] };
}

test('no entry, or none that matches: the defaults', () => {
  assert.equal(configOf(perPrefix(), '/svc/web'), DEFAULTS);
  assert.equal(configOf(perPrefix(['/#/io.l5d.fs', { a: 1 }]), '/svc/web'), DEFAULTS);
});

test('every entry that matches counts, later ones override key by key, objects as a whole', () => {
  const config = perPrefix(
    ['/', { a: 1, c: { x: 1, y: 1 } }],
    ['/#/io.l5d.fs', { a: 2, b: 'fs' }],
    ['/#/io.l5d.fs/web', { c: { x: 3 } }],
    ['/', { b: undefined }],
  );
  assert.deepEqual(configOf(config, '/#/io.l5d.fs/web/residual'), { a: 2, b: 'fs', c: { x: 3 } });
  assert.deepEqual(configOf(config, '/#/io.l5d.fs/api'), { a: 2, b: 'fs', c: { x: 1, y: 1 } });
  assert.deepEqual(configOf(config, '/$/inet/127.1/80'), { a: 1, b: undefined, c: { x: 1, y: 1 } });
});

test('a more general entry further down wins over a special one above it', () => {
  assert.equal(configOf(perPrefix(['/svc/web', { a: 1 }], ['/svc', { a: 2 }]), '/svc/web').a, 2);
});

test('prefixes are compared with the whole bound id, its transformers included', () => {
  const config = perPrefix(
    ['/%/io.l5d.port/4141', { a: 1 }],
    ['/#/io.l5d.fs', { a: 2 }],
    ['/%/*/*/#/io.l5d.fs', { b: 'any' }],
  );
  assert.deepEqual(configOf(config, '/%/io.l5d.port/4141/#/io.l5d.fs/web'), { ...DEFAULTS, a: 1, b: 'any' });
  assert.equal(configOf(config, '/#/io.l5d.fs/web').a, 2);
});

test('names for which the same entries hold share one object', () => {
  const configs = new ConfigsByPrefix(perPrefix(['/svc/*', { a: 1 }], ['/svc/web', { b: 'web' }]));
  assert.equal(configs.of(Path.read('/svc/a')), configs.of(Path.read('/svc/b/c')));
  assert.notEqual(configs.of(Path.read('/svc/web')), configs.of(Path.read('/svc/b')));
});

test('as many combinations as a client can think of are not all remembered', () => {
  const letters = [...'abcdefghijk'];
  const configs = new ConfigsByPrefix(
    perPrefix(...letters.map((letter): [string, Entry<Keys>] => [`/{_}${letter}{_}`, { b: letter }])),
  );
  const held = new Set<Keys>();
  for (let set = 1; set < 1 << letters.length; set++) {
    held.add(configs.of(Path.of(letters.filter((_, i) => (set >> i) & 1).join(''))));
  }
  assert.equal(held.size, (1 << letters.length) - 1);
  assert.deepEqual(configs.of(Path.of('a')), { ...DEFAULTS, b: 'a' });
  assert.ok(!held.has(configs.of(Path.of('a'))));
});

test('variables are those of the entry that the value comes from', () => {
  const configs = new ConfigsByPrefix(
    perPrefix(['/svc/{host}', { a: 1, b: 'x' }], ['/svc/{name}', { b: '{name}' }], ['/svc/other/{no}', { a: 5 }]),
  );
  const name = Path.read('/svc/web');
  assert.deepEqual([...configs.variables(name, 'b')], [['name', 'web']]);
  assert.deepEqual([...configs.variables(name, 'a')], [['host', 'web']]);
  assert.deepEqual([...configs.variables(name, 'c')], []);
});

test('the values that a key may have for some name', () => {
  assert.deepEqual(valuesOf(perPrefix(), 'a'), [0]);
  assert.deepEqual(valuesOf(perPrefix(['/a', { a: 1 }], ['/b', { b: 'x' }], ['/c', { a: 3 }]), 'a'), [0, 1, 3]);
  assert.deepEqual(valuesOf(perPrefix(['/a', { a: 1 }], ['/', { a: 2 }], ['/c', { a: 3 }]), 'a'), [2, 3]);
});

// ---- properties --------------------------------------------------------------------------------------------------------

const anyWord = fc.constantFrom('svc', '#', '%', '$', 'io.l5d.fs', 'web', 'api', 'a.b', 'a-b', '4141');
const anySegment = fc.oneof(
  { weight: 5, arbitrary: anyWord },
  fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 5 }),
);
const anyName = fc.array(anySegment, { maxLength: 6 }).map((segments) => Path.of(...segments));
const anyElement = fc.oneof(
  anyWord,
  fc.constantFrom('*', '{a}', '{a}-{b}', 'x{b}.y', 'a.{c}'),
  fc.string({ maxLength: 6 }),
);
const anyPrefix = fc.array(anyElement, { maxLength: 3 }).map((elements) => `/${elements.join('/')}`);
const anyEntry: fc.Arbitrary<Entry<Keys>> = fc.record(
  { a: fc.nat(9), b: fc.constantFrom('p', 'q'), c: fc.record({ x: fc.nat(9), y: fc.nat(9) }) },
  { requiredKeys: [] },
);
const anyEntries: fc.Arbitrary<PrefixedEntry<Keys>[]> = fc.array(fc.record({ prefix: anyPrefix, entry: anyEntry }), {
  maxLength: 6,
});
const of = (configs: readonly PrefixedEntry<Keys>[], defaults = DEFAULTS): PerPrefix<Keys> => ({
  kind: 'io.l5d.static',
  experimental: false,
  defaults,
  configs,
  parts: [],
});

/** The value of each key in the last matching entry that has it. */
function model(configs: readonly PrefixedEntry<Keys>[], name: Path): Keys {
  const held = configs.filter(({ prefix }) => new PathMatcher(prefix).extract(name) !== undefined).reverse();
  return {
    a: held.find(({ entry }) => entry.a !== undefined)?.entry.a ?? DEFAULTS.a,
    b: held.find(({ entry }) => entry.b !== undefined)?.entry.b,
    c: held.find(({ entry }) => entry.c !== undefined)?.entry.c ?? DEFAULTS.c,
  };
}

test('resolving says what the model says, for any name', () => {
  fc.assert(
    fc.property(anyEntries, anyName, (configs, name) => {
      assert.deepEqual(new ConfigsByPrefix(of(configs)).of(name), model(configs, name));
    }),
  );
});

test('merging is associative: the first entries may be merged before the others', () => {
  fc.assert(
    fc.property(anyEntries, anyEntries, anyName, (first, second, name) => {
      const merged = new ConfigsByPrefix(of(first)).of(name);
      const whole = new ConfigsByPrefix(of([...first, ...second])).of(name);
      assert.deepEqual(new ConfigsByPrefix(of(second, merged)).of(name), whole);
    }),
  );
});

test('whatever a key is for a name is among its values', () => {
  fc.assert(
    fc.property(anyEntries, anyName, (configs, name) => {
      const { a, c } = new ConfigsByPrefix(of(configs)).of(name);
      assert.ok(valuesOf(of(configs), 'a').includes(a));
      assert.ok(valuesOf(of(configs), 'c').includes(c));
    }),
  );
});
