/** The namer `io.l5d.rewrite` (spec 04 section 1.12). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bind } from './bind.ts';
import { Dtab } from './dtab.ts';
import { showTree } from './name-tree-text.ts';
import { Path } from './path.ts';
import { RewritingNamer } from './rewriting-namer.ts';
import { SystemNamer } from './system.ts';

/** Pattern, name, path behind the prefix, what it becomes. */
const REWRITTEN: readonly (readonly [pattern: string, name: string, rest: string, becomes: string])[] = [
  ['/{service}/api', '/ns/{service}', '/users/api/x', '/ns/users'],
  ['/{service}/api', '/ns/{service}', '/users/api', '/ns/users'],
  ['/{service}/api', '/ns/{service}', '/users/other', '~'],
  ['/{service}/api', '/ns/{service}', '/users', '~'],
  ['/{svc}/{ns}', '/k8s/{ns}/http/{svc}', '/web/prod', '/k8s/prod/http/web'],
  ['/', '/always', '/a/b', '/always'],
  ['/', '/always', '/', '/always'],
  ['/*/{A}', '/{A}/{A}', '/x/y', '/y/y'],
  ['/{host}:{port}', '/#/dns/{host}/{port}', '/web.example:8080/rest', '/#/dns/web.example/8080'],
  ['/{A}', '/t/{A}', '/a\\x20b', '/t/\\x61\\x20\\x62'],
  ['/{A}-{B}', '/{A}/{B}', '/-', "failed: '/' expected but"],
];

function lookUp(namer: RewritingNamer, rest: string): string {
  const state = namer.lookup(Path.read(rest)).sample();
  if (state.state === 'failed') return `failed: ${state.message}`;
  assert.ok(state.state === 'ok');
  const tree = state.value;
  if (tree.kind !== 'leaf') return showTree(tree as { readonly kind: 'neg' });
  assert.ok(tree.value instanceof Path);
  return tree.value.show();
}

for (const [pattern, name, rest, becomes] of REWRITTEN) {
  test(`${pattern} to ${name}: ${rest} becomes ${becomes}`, () => {
    const found = lookUp(new RewritingNamer(Path.read('/rw'), pattern, name), rest);
    if (becomes.startsWith('failed')) assert.match(found, /^failed: .* expected but .* found at /);
    else assert.equal(found, becomes);
  });
}

test('its names begin with /# and its prefix, and are looked up through the dtab again', () => {
  const namer = new RewritingNamer(Path.read('/rw/2'), '/{A}', '/t/{A}');
  assert.equal(namer.prefix.show(), '/#/rw/2');
  const dtab = Dtab.read('/svc=>/#/rw/2; /t/x=>/$/nil; /t=>!');
  const names = { dtab, namers: [namer], system: new SystemNamer({}), lookupsMax: 1000, onLookupsMax: () => {} };
  const kindOf = (path: string) => {
    const state = bind(names, Path.read(path)).sample();
    return state.state === 'ok' ? state.value.kind : state;
  };
  assert.equal(kindOf('/svc/y'), 'fail');
  assert.equal(kindOf('/svc/x/more'), 'fail', '/t/x is an alternative to /t, which is preferred');
});

test('property: rewriting ends, whatever rewrites into what', () => {
  const part = fc.constantFrom('/a', '/b', '/#/one', '/#/two', '/{A}', '/{B}');
  const name = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''));
  const pattern = fc.constantFrom('/', '/{A}', '/{A}/{B}', '/*/{B}', '/a/{A}');
  const dentry = fc.constantFrom('/a=>/#/one', '/b=>/#/two', '/=>/#/one', '/a=>/b | /#/two', '/b=>/a & /#/one');
  fc.assert(
    fc.property(pattern, name, pattern, name, fc.array(dentry, { maxLength: 4 }), (p1, n1, p2, n2, dentries) => {
      const namers = [new RewritingNamer(Path.read('/one'), p1, n1), new RewritingNamer(Path.read('/two'), p2, n2)];
      const names = {
        dtab: Dtab.read(dentries.join(';')),
        namers,
        system: new SystemNamer({}),
        lookupsMax: 500,
        onLookupsMax: () => {},
      };
      const state = bind(names, Path.read('/#/one/a/b')).sample();
      assert.notEqual(state.state, 'pending');
    }),
  );
});
