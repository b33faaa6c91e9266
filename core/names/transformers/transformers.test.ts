/** Transformers (spec 04 section 2): what each makes of an address set, of a tree, and of the namer that it stands behind. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Activity, failed, ok, PENDING, type State } from '../activity.ts';
import { bind } from '../bind.ts';
import type { Addr, Address, Bound, Name, Namer } from '../bound.ts';
import { Dtab } from '../dtab.ts';
import { Cell, Live } from '../live.ts';
import { alt, EMPTY, FAIL, leaf, mapLeaves, type NameTree, NEG, union } from '../name-tree.ts';
import { showTree } from '../name-tree-text.ts';
import { Path } from '../path.ts';
import { SystemNamer } from '../system.ts';
import { constTransformer } from './const.ts';
import { localhostTransformer } from './localhost.ts';
import { portTransformer } from './port.ts';
import { replaceTransformer } from './replace.ts';
import { specificHostTransformer } from './specific-host.ts';
import { type BoundTransformer, type Transformer, transformedNamer, transformTree } from './transformer.ts';

const HOST_IPS = new Set(['10.1.1.5', '::1']);
const PORT = portTransformer(4141);
const LOCALHOST = localhostTransformer(Path.read('/io.l5d.localhost'), () => HOST_IPS);
const SPECIFIC = specificHostTransformer(Path.read('/io.l5d.specificHost'), '10.1.1.7');
const SPECIFIC_V6 = specificHostTransformer(Path.read('/v6'), '::1');

function set(...addresses: readonly string[]): Addr {
  return { state: 'bound', addresses: addresses.map((text) => addressOf(text)) };
}

/** `ip port` or `ip port * weight`, as disco files have them. */
function addressOf(text: string): Address {
  const [ip = '', port, , weight] = text.split(' ');
  return { ip, port: Number(port), weight: Number(weight ?? 1) };
}

function boundAt(id: string, addr: Live<Addr>): Bound {
  return { id: Path.read(id), residual: Path.read('/rest'), addr };
}

function show(addr: Addr): string {
  if (addr.state !== 'bound') return addr.state;
  const shown = addr.addresses.map(({ ip, port, weight }) => `${ip} ${port}${weight === 1 ? '' : ` * ${weight}`}`);
  return addr.local === undefined ? shown.join(', ') : `status ${addr.local.code}`;
}

/** Transformer, address set, what becomes of it. Vector numbers of section 7 behind. */
const ADDRS: readonly (readonly [what: string, transformer: BoundTransformer, addr: Addr, expected: string])[] = [
  ['port', PORT, set('10.0.0.1 80', '10.0.0.2 81 * 0.5'), '10.0.0.1 4141, 10.0.0.2 4141 * 0.5'], // 13
  ['port', PORT, set(), ''],
  ['port', PORT, { state: 'neg' }, 'neg'],
  ['port', PORT, { state: 'pending' }, 'pending'],
  ['port', PORT, { state: 'failed', cause: 'x' }, 'failed'],
  ['localhost', LOCALHOST, set('10.1.1.5 80', '10.1.1.7 80', '10.1.1.5 81 * 2'), '10.1.1.5 80, 10.1.1.5 81 * 2'],
  ['localhost', LOCALHOST, set('0:0:0:0:0:0:0:1 80'), '0:0:0:0:0:0:0:1 80'],
  ['localhost', LOCALHOST, set('10.1.2.5 80'), 'neg'],
  ['localhost', LOCALHOST, set(), 'neg'],
  ['localhost', LOCALHOST, { state: 'pending' }, 'pending'],
  ['specificHost', SPECIFIC, set('10.1.1.5 80', '10.1.1.7 80'), '10.1.1.7 80'],
  ['specificHost', SPECIFIC, set('10.1.1.70 80'), 'neg'],
  ['specificHost', SPECIFIC_V6, set('0::1 80', '::2 80'), '0::1 80'],
];

for (const [what, transformer, addr, expected] of ADDRS) {
  test(`${what} makes ${expected || 'nothing'} of ${show(addr) || 'nothing'}`, () => {
    assert.equal(show(transformer.transform(boundAt('/#/web', Live.of(addr))).addr.sample()), expected);
  });
}

test('a name that the data plane answers by itself has no addresses to filter', () => {
  const addr: Addr = { state: 'bound', addresses: [], local: { kind: 'status', code: 404 } };
  for (const transformer of [PORT, LOCALHOST, SPECIFIC]) {
    assert.equal(show(transformer.transform(boundAt('/$/x', Live.of(addr))).addr.sample()), 'status 404');
  }
});

test('an address set that changes is transformed at each change, with the interfaces as they are then', () => {
  const cell = new Cell<Addr>(set('10.0.0.1 80'));
  const ips = new Set<string>();
  const seen: string[] = [];
  const { addr } = localhostTransformer(Path.read('/l'), () => ips).transform(boundAt('/#/web', cell.live));
  const stop = addr.observe((value) => seen.push(show(value)));
  cell.value = { state: 'neg' };
  ips.add('10.0.0.2');
  cell.value = set('10.0.0.2 80', '10.0.0.1 80');
  stop();
  assert.deepEqual(seen, ['neg', '10.0.0.2 80'], 'equal ones are told once');
});

// ---- ids and order ---------------------------------------------------------------------------------------------------

const WEB = boundAt('/#/io.l5d.fs/web', Live.of(set('10.1.1.7 80')));
const OTHER = boundAt('/#/other', Live.of(set('10.1.1.5 80')));
const THIRD = boundAt('/#/third', Live.of(set('10.9.9.9 80')));

function ids(state: State<NameTree<Bound>>): string {
  if (state.state !== 'ok') return state.state === 'failed' ? `failed: ${state.message}` : state.state;
  return showTree(mapLeaves(state.value, ({ id }) => id));
}

function activity(tree: NameTree<Bound>): Activity<NameTree<Bound>> {
  return Live.of(ok(tree));
}

const REPLACE = replaceTransformer(Path.read('/io.l5d.replace'), activity(leaf(OTHER)));
const REPLACE_UNION = replaceTransformer(
  Path.read('/r'),
  activity(union({ weight: 1, tree: leaf(OTHER) }, { weight: 2, tree: leaf(THIRD) })),
);
const CONST = constTransformer(Path.read('/io.l5d.const'), activity(leaf(OTHER)));
const BOTH: NameTree<Bound> = union({ weight: 1, tree: leaf(WEB) }, { weight: 3, tree: leaf(THIRD) });

/** Transformers in order, tree, ids. */
const TREES: readonly (readonly [transformers: readonly Transformer[], tree: NameTree<Bound>, expected: string])[] = [
  [[], leaf(WEB), '/#/io.l5d.fs/web'],
  [[PORT], leaf(WEB), '/%/io.l5d.port/4141/#/io.l5d.fs/web'], // 13
  [[portTransformer(80, Path.read('/mine'))], leaf(WEB), '/%/mine/#/io.l5d.fs/web'],
  [[LOCALHOST], leaf(WEB), '/%/io.l5d.localhost/#/io.l5d.fs/web'],
  [[SPECIFIC, PORT], leaf(WEB), '/%/io.l5d.port/4141/%/io.l5d.specificHost/#/io.l5d.fs/web'],
  [[PORT], BOTH, '/%/io.l5d.port/4141/#/io.l5d.fs/web & 3.00*/%/io.l5d.port/4141/#/third'],
  [[PORT], alt(leaf(WEB), NEG), '/%/io.l5d.port/4141/#/io.l5d.fs/web | ~'],
  [[PORT], NEG, '~'],
  [[REPLACE], leaf(WEB), '/%/io.l5d.replace/#/other'],
  [[REPLACE], BOTH, '/%/io.l5d.replace/#/other & 3.00*/%/io.l5d.replace/#/other'],
  [[REPLACE], alt(NEG, leaf(WEB), FAIL), '~ | /%/io.l5d.replace/#/other | !'],
  [[REPLACE_UNION], leaf(WEB), '/%/r/#/other & 2.00*/%/r/#/third'],
  [[REPLACE], NEG, '~'],
  [[REPLACE], FAIL, '!'],
  [[REPLACE], EMPTY, '$'],
  [[CONST], leaf(WEB), '/%/io.l5d.const/#/other'],
  [[CONST], BOTH, '/%/io.l5d.const/#/other'],
  [[CONST], NEG, '/%/io.l5d.const/#/other'],
  [[CONST], FAIL, '/%/io.l5d.const/#/other'],
  [[CONST, PORT], NEG, '/%/io.l5d.port/4141/%/io.l5d.const/#/other'],
];

for (const [transformers, tree, expected] of TREES) {
  test(`${transformers.length} transformers make ${expected} of ${ids(ok(tree))}`, () => {
    assert.equal(ids(transformTree(transformers, tree).sample()), expected);
  });
}

test('a replaced name has the residual of what replaces it', () => {
  const replacement = { ...OTHER, residual: Path.read('/its/own') };
  const state = replaceTransformer(Path.read('/r'), activity(leaf(replacement)))
    .transform(leaf(WEB))
    .sample();
  assert.ok(state.state === 'ok' && state.value.kind === 'leaf');
  assert.equal(state.value.value.residual.show(), '/its/own');
});

test('a replacement that is pending or fails is what becomes of leaves, and of nothing else', () => {
  const cell = new Cell<State<NameTree<Bound>>>(PENDING);
  const transformer = replaceTransformer(Path.read('/r'), cell.live);
  const seen: string[] = [];
  const stop = transformer.transform(leaf(WEB)).observe((state) => seen.push(ids(state)));
  assert.equal(ids(transformer.transform(NEG).sample()), '~');
  cell.value = failed('why');
  cell.value = ok(leaf(OTHER));
  stop();
  assert.deepEqual(seen, ['pending', 'failed: why', '/%/r/#/other']);
});

// ---- namers ----------------------------------------------------------------------------------------------------------

function namerOf(answer: NameTree<Name>): Namer {
  return { prefix: Path.read('/#/n'), lookup: () => Live.of(ok(answer)), names: () => [Path.read('/#/n/known')] };
}

test('a namer that answers with paths is not transformed: not all of the tree is bound', () => {
  const namer = transformedNamer(namerOf(alt<Name>(leaf(WEB), leaf(Path.read('/further')))), [PORT, CONST]);
  const state = namer.lookup(Path.empty).sample();
  assert.ok(state.state === 'ok');
  assert.equal(showTree(mapLeaves(state.value, (n) => (n instanceof Path ? n : n.id))), '/#/io.l5d.fs/web | /further');
});

test('a transformed namer binds under its own prefix, and lists what it listed', () => {
  const namer = transformedNamer(namerOf(leaf(WEB)), [PORT]);
  const system = new SystemNamer({});
  const binding = { dtab: Dtab.read('/svc=>/#/n'), namers: [namer], system, lookupsMax: 100, onLookupsMax: () => {} };
  assert.equal(ids(bind(binding, Path.read('/svc/x')).sample()), '/%/io.l5d.port/4141/#/io.l5d.fs/web');
  assert.deepEqual(
    namer.names?.().map((name) => name.show()),
    ['/#/n/known'],
  );
});

// ---- properties ------------------------------------------------------------------------------------------------------

const ips = fc.constantFrom('10.1.1.5', '10.1.1.7', '10.0.0.1', '::1', 'fe80::1');
const addresses = fc.array(fc.record({ ip: ips, port: fc.nat(65535), weight: fc.constantFrom(1, 0.5) }));
const addrs: fc.Arbitrary<Addr> = fc.oneof(
  fc.constant<Addr>({ state: 'neg' }),
  fc.constant<Addr>({ state: 'pending' }),
  fc.constant<Addr>({ state: 'failed', cause: 'x' }),
  addresses.map((list): Addr => ({ state: 'bound', addresses: list })),
);
const chains = fc.array(fc.constantFrom(PORT, LOCALHOST, SPECIFIC, SPECIFIC_V6), { maxLength: 4 });

test('property: no transformer invents an address, and what is not bound stays what it is', () => {
  fc.assert(
    fc.property(addrs, chains, (addr, chain) => {
      const after = chain.reduce((bound, t) => t.transform(bound), boundAt('/#/web', Live.of(addr))).addr.sample();
      if (addr.state !== 'bound') {
        assert.deepEqual(after, addr);
        return;
      }
      if (after.state !== 'bound') {
        assert.equal(after.state, 'neg');
        return;
      }
      const key = ({ ip, weight }: Address) => `${ip} ${weight}`;
      const before = addr.addresses.map(key);
      for (const address of after.addresses) {
        const place = before.indexOf(key(address));
        assert.ok(place >= 0, `${key(address)} was not there`);
        before.splice(place, 1);
      }
    }),
  );
});
