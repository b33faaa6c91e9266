/** Delegation trees and their JSON, the worked example of spec 01 section 8.4 among them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Activity, failed, ok, PENDING, type State } from './activity.ts';
import type { Binding } from './bind.ts';
import type { Addr, Bound, Name, Namer } from './bound.ts';
import { addrJson, delegate, delegateJson } from './delegate.ts';
import { Dtab } from './dtab.ts';
import { Cell, Live } from './live.ts';
import { leaf, type NameTree } from './name-tree.ts';
import { Path } from './path.ts';
import { SystemNamer, type Utility } from './system.ts';
import { portTransformer } from './transformers/port.ts';
import { transformedNamer } from './transformers/transformer.ts';

const LOCAL: Addr = { state: 'bound', addresses: [{ ip: '127.0.0.1', port: 8080, weight: 1 }] };

/** A stand-in for `/$/inet` without DNS. */
const inet: Utility = (_, path) => {
  const bound: NameTree<Name> = leaf({ id: path.take(4), residual: path.drop(4), addr: Live.of(LOCAL) });
  return Live.of<State<NameTree<Name>>>(ok(bound));
};

const errorNamer: Namer = {
  prefix: Path.read('/#/error'),
  lookup: (rest): Activity<NameTree<Name>> => Live.of(failed(`error naming /#/error${rest.show()}`)),
};

function binding(dtab: string, ...namers: Namer[]): Binding {
  return {
    dtab: Dtab.read(dtab),
    namers,
    system: new SystemNamer({ inet }),
    lookupsMax: 10_000,
    onLookupsMax: () => {},
  };
}

function json(names: Binding, path: string): string {
  const state = delegate(names, Path.read(path)).sample();
  return state.state === 'ok' ? JSON.stringify(delegateJson(state.value)) : JSON.stringify(state);
}

/** Spec 01 section 8.4. */
const EXAMPLE_DTAB = `
/beh        => /#/error ;
/bah/humbug => /$/inet/127.1/8080 ;
/foo        => /bah | /beh | /$/fail ;
/foo        => /bar ;
/boo        => /foo ;
/meh        => /heh ;
/neg        => ~`;
const ALTERNATIVES = '{"prefix":"/foo","dst":"/bah | /beh | /$/fail"}';
const EXAMPLE =
  '{"type":"delegate","path":"/boo/humbug","delegate":' +
  '{"type":"alt","path":"/foo/humbug","dentry":{"prefix":"/boo","dst":"/foo"},"alt":[' +
  '{"type":"neg","path":"/bar/humbug","dentry":{"prefix":"/foo","dst":"/bar"}},' +
  `{"type":"delegate","path":"/bah/humbug","dentry":${ALTERNATIVES},"delegate":` +
  '{"type":"leaf","path":"/$/inet/127.1/8080","dentry":{"prefix":"/bah/humbug","dst":"/$/inet/127.1/8080"},' +
  '"bound":{"addr":{"type":"bound","addrs":[{"ip":"127.0.0.1","port":8080,"meta":{}}],"meta":{}},' +
  '"id":"/$/inet/127.1/8080","path":"/"}}},' +
  `{"type":"delegate","path":"/beh/humbug","dentry":${ALTERNATIVES},"delegate":` +
  '{"type":"exception","path":"/#/error/humbug","dentry":{"prefix":"/beh","dst":"/#/error"},"message":"error naming /#/error/humbug"}},' +
  `{"type":"fail","path":"/$/fail/humbug","dentry":${ALTERNATIVES}}]}}`;

/** Dtab, path, JSON. */
const EXPLAINED: readonly (readonly [dtab: string, path: string, json: string])[] = [
  [EXAMPLE_DTAB, '/boo/humbug', EXAMPLE],
  [
    EXAMPLE_DTAB,
    '/meh',
    '{"type":"delegate","path":"/meh","delegate":{"type":"neg","path":"/heh","dentry":{"prefix":"/meh","dst":"/heh"}}}',
  ],
  [
    EXAMPLE_DTAB,
    '/neg',
    '{"type":"delegate","path":"/neg","delegate":{"type":"neg","path":"~","dentry":{"prefix":"/neg","dst":"~"}}}',
  ],
  ['', '/nowhere', '{"type":"neg","path":"/nowhere"}'],
  [
    '/s=>!',
    '/s',
    '{"type":"delegate","path":"/s","delegate":{"type":"fail","path":"!","dentry":{"prefix":"/s","dst":"!"}}}',
  ],
  [
    '/s=>$',
    '/s',
    '{"type":"delegate","path":"/s","delegate":{"type":"empty","path":"/s","dentry":{"prefix":"/s","dst":"$"}}}',
  ],
  [
    '/s=>0.9*/a & 0.1*/b',
    '/s',
    '{"type":"union","path":"/s","union":[' +
      '{"weight":0.9,"tree":{"type":"neg","path":"/a","dentry":{"prefix":"/s","dst":"0.90*/a & 0.10*/b"}}},' +
      '{"weight":0.1,"tree":{"type":"neg","path":"/b","dentry":{"prefix":"/s","dst":"0.90*/a & 0.10*/b"}}}]}',
  ],
  [
    '/s=>/$/io.buoyant.http.anyMethod/GET/t',
    '/s',
    '{"type":"delegate","path":"/s","delegate":{"type":"delegate","path":"/$/io.buoyant.http.anyMethod/GET/t",' +
      '"dentry":{"prefix":"/s","dst":"/$/io.buoyant.http.anyMethod/GET/t"},"delegate":' +
      '{"type":"neg","path":"/t","dentry":{"prefix":"/s","dst":"/$/io.buoyant.http.anyMethod/GET/t"}}}}',
  ],
  ['/s=>/s', '/s', '{"state":"failed","message":"Max recursion level reached."}'],
];

for (const [dtab, path, expected] of EXPLAINED) {
  test(`delegation of ${path} in ${dtab.trim().slice(0, 40)}`, () => {
    assert.equal(json(binding(dtab, errorNamer), path), expected);
  });
}

test('a recursion within an alternative is an exception of that alternative', () => {
  const explained = json(binding('/t=>/t;/s=>/t | /nowhere'), '/s');
  assert.match(explained, /\{"type":"exception","path":"\/s","dentry":.*"message":"Max recursion level reached."\}/);
  assert.match(explained, /"type":"neg","path":"\/nowhere"/);
});

test('lookups that multiply without end end in exceptions', () => {
  const names = { ...binding('/s=>/s | /s'), lookupsMax: 300 };
  assert.match(json(names, '/s'), /Max lookups: 300 reached/);
});

test('it waits for every alternative and every address set', () => {
  const answer = new Cell<State<NameTree<Name>>>(PENDING);
  const addr = new Cell<Addr>({ state: 'pending' });
  const slow: Namer = { prefix: Path.read('/#/slow'), lookup: () => answer.live };
  const seen: string[] = [];
  const stop = delegate(binding('/s=>/$/inet/x/1 | /#/slow', slow), Path.read('/s')).observe((s) => seen.push(s.state));
  answer.value = ok(leaf({ id: Path.read('/#/slow'), residual: Path.empty, addr: addr.live }));
  assert.deepEqual(new Set(seen), new Set(['pending']));
  addr.value = { state: 'neg' };
  assert.equal(seen.at(-1), 'ok');
  stop();
});

test('what transformers made of a bound name is told from the name as it was to the name as it is', () => {
  const web: Bound = { id: Path.read('/#/n/web'), residual: Path.read('/r'), addr: Live.of(LOCAL) };
  const namer: Namer = { prefix: Path.read('/#/n'), lookup: () => Live.of(ok<NameTree<Name>>(leaf(web))) };
  const names = binding('/s=>/#/n/web', transformedNamer(namer, [portTransformer(1)]));
  const state = delegate(names, Path.read('/s/r'), (bound) => portTransformer(2).transform(bound)).sample();
  assert.ok(state.state === 'ok');
  const at = (port: number, id: string) =>
    `{"addr":{"type":"bound","addrs":[{"ip":"127.0.0.1","port":${port},"meta":{}}],"meta":{}},"id":"${id}","path":"/r"}`;
  const changed = '{"type":"transformation","path":"/#/n/web/r","name":"PortTransformer","bound":';
  const first = '/%/io.l5d.port/1/#/n/web';
  assert.equal(
    JSON.stringify(delegateJson(state.value)),
    `{"type":"delegate","path":"/s/r","delegate":${changed}${at(8080, '/#/n/web')},"tree":${changed}${at(1, first)},` +
      `"tree":{"type":"leaf","path":"/#/n/web/r","dentry":{"prefix":"/s","dst":"/#/n/web"},` +
      `"bound":${at(2, `/%/io.l5d.port/2${first}`)}}}}}`,
  );
});

test('the JSON of address sets', () => {
  assert.deepEqual(addrJson({ state: 'neg' }), { type: 'neg' });
  assert.deepEqual(addrJson({ state: 'pending' }), { type: 'pending' });
  assert.deepEqual(addrJson({ state: 'failed', cause: 'why' }), { type: 'failed', cause: 'why' });
  assert.deepEqual(addrJson({ state: 'bound', addresses: [{ ip: '::1', port: 1, weight: 0.5 }] }), {
    type: 'bound',
    addrs: [{ ip: '::1', port: 1, meta: { endpoint_addr_weight: 0.5 } }],
    meta: {},
  });
});
