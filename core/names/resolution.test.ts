/** The steps of a resolution (spec 03 section 5.6). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ok, type State } from './activity.ts';
import type { Addr, Name, Namer } from './bound.ts';
import { delegate } from './delegate.ts';
import { Dtab } from './dtab.ts';
import { Live } from './live.ts';
import { leaf, type NameTree, NEG } from './name-tree.ts';
import { Path } from './path.ts';
import { resolutionSteps } from './resolution.ts';
import { SystemNamer } from './system.ts';
import { portTransformer } from './transformers/port.ts';

const ADDR = Live.of<Addr>({ state: 'bound', addresses: [] });

/** Binds the first segment; `neg` is Neg. */
const namer: Namer = {
  prefix: Path.read('/#/n'),
  lookup: (rest) => {
    const id = Path.read('/#/n').concat(rest.take(1));
    const tree: NameTree<Name> = rest.segments[0] === 'neg' ? NEG : leaf({ id, residual: rest.drop(1), addr: ADDR });
    return Live.of<State<NameTree<Name>>>(ok(tree));
  },
};

/** Dtab, name, bound id, steps. */
const RESOLVED: readonly (readonly [dtab: string, name: string, id: string, steps: readonly string[]])[] = [
  ['/svc=>/#/n', '/svc/foo', '/#/n/foo', ['/svc/foo', '/#/n/foo (/svc=>/#/n)']],
  ['/svc=>/h; /h=>/#/n', '/svc/foo/x', '/#/n/foo', ['/svc/foo/x', '/h/foo/x (/svc=>/h)', '/#/n/foo/x (/h=>/#/n)']],
  ['', '/#/n/foo', '/#/n/foo', ['/#/n/foo']],
  ['/svc=>/#/n/a; /svc=>/#/n/neg', '/svc', '/#/n/a', ['/svc', '/#/n/a (/svc=>/#/n/a)']],
  [
    '/svc=>(/x | /y) & /z; /x=>/w; /y=>/#/n/a',
    '/svc',
    '/#/n/a',
    ['/svc', '/y (/svc=>(/x | /y) & /z)', '/#/n/a (/y=>/#/n/a)'],
  ],
  ['/svc=>/#/n/a', '/svc', '/#/n/b', []],
  ['', '/svc', '/#/n/a', []],
];

for (const [dtab, name, id, steps] of RESOLVED) {
  test(`${name} in ${dtab || 'no dtab'} comes to ${id} in ${steps.length} steps`, () => {
    const binding = {
      dtab: Dtab.read(dtab),
      namers: [namer],
      system: new SystemNamer({}),
      lookupsMax: 100,
      onLookupsMax: () => {},
    };
    const state = delegate(binding, Path.read(name)).sample();
    assert.ok(state.state === 'ok');
    assert.deepEqual(resolutionSteps(state.value, Path.read(id)), steps);
    const port = portTransformer(1);
    const transformed = delegate(binding, Path.read(name), (bound) => port.transform(bound)).sample();
    assert.ok(transformed.state === 'ok');
    assert.deepEqual(resolutionSteps(transformed.value, Path.read(`/%/io.l5d.port/1${id}`)), steps);
    assert.deepEqual(resolutionSteps(transformed.value, Path.read(id)), []);
  });
}
