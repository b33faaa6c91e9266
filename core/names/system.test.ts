/** The `/$/` utility namers (spec 01 sections 5 and 9.4). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mapLeaves } from './name-tree.ts';
import { showTree } from './name-tree-text.ts';
import { Path } from './path.ts';
import { SystemNamer } from './system.ts';

/** Spec 01 section 9.4, vectors 63 to 78 and 80, and section 5.2: path, what it is rewritten to. */
const REWRITTEN: readonly (readonly [path: string, result: string])[] = [
  ['/$/io.buoyant.hostportPfx/ia/127.1:8080/etc', '/ia/127.1/8080/etc'],
  ['/$/io.buoyant.hostportPfx/ia/google.com:http/etc', '/ia/google.com/http/etc'],
  ['/$/io.buoyant.hostportPfx/ia/google.com:8180:abcdef/etc', '~'],
  ['/$/io.buoyant.hostportPfx/ia/google.com/etc', '~'],
  ['/$/io.buoyant.hostportPfx/ia/google.com:HTTP', '~'],
  ['/$/io.buoyant.hostportPfx/ia/google.com:-a', '~'],
  [`/$/io.buoyant.hostportPfx/ia/h:${'a'.repeat(63)}`, `/ia/h/${'a'.repeat(63)}`],
  [`/$/io.buoyant.hostportPfx/ia/h:${'a'.repeat(64)}`, '~'],
  ['/$/io.buoyant.hostportPfx/ia', '~'],
  ['/$/io.buoyant.porthostPfx/ia/127.1:http/etc', '/ia/http/127.1/etc'],
  ['/$/io.buoyant.http.anyMethod/GET/foo/bar', '/foo/bar'],
  ['/$/io.buoyant.http.anyMethod/A.B/foo', '~'],
  ['/$/io.buoyant.http.anyMethod/get/foo', '~'],
  ['/$/io.buoyant.http.anyMethod', '~'],
  ['/$/io.buoyant.http.anyMethodPfx/foo/GET/bar', '/foo/bar'],
  ['/$/io.buoyant.http.anyHost/a%b/foo', '~'],
  ['/$/io.buoyant.http.anyHost/a.b:80/foo', '/foo'],
  ['/$/io.buoyant.http.anyHost/\\x61\\x0a/foo', '~'],
  ['/$/io.buoyant.http.anyHostPfx/foo/a.b/bar', '/foo/bar'],
  ['/$/io.buoyant.http.subdomainOf/a.b/foo.a.b/bar', '/foo/bar'],
  ['/$/io.buoyant.http.subdomainOf/a.b/x.y.a.b/bar', '/x.y/bar'],
  ['/$/io.buoyant.http.subdomainOfPfx/a.b/foo/bar.a.b:9090/bah', '/foo/bar/bah'],
  ['/$/io.buoyant.http.subdomainOf/a.b/a.b/bar', '~'],
  ['/$/io.buoyant.http.subdomainOf/a.b/.a.b/bar', '~'],
  ['/$/io.buoyant.http.subdomainOf/a.b/foo.A.b/bar', '~'],
  ['/$/io.buoyant.http.subdomainOf/a.b', '~'],
  ['/$/io.buoyant.http.domainToPath/foo.buoyant.io', '/io/buoyant/foo'],
  ['/$/io.buoyant.http.domainToPath/foo.buoyant.io/rest', '/io/buoyant/foo/rest'],
  ['/$/io.buoyant.http.domainToPathPfx/pfx/foo.buoyant.io', '/pfx/io/buoyant/foo'],
  ['/$/io.buoyant.http.domainToPath/foo.com:80', '/com:80/foo'],
  ['/$/io.buoyant.http.domainToPath/foo.com.', '/com/foo'],
  ['/$/io.buoyant.http.domainToPath/foo..com', '~'],
  ['/$/io.buoyant.http.domainToPath/.', '~'],
  ['/$/io.buoyant.http.domainToPathPfx/pfx', '~'],
  ['/$/nil/foo', '$'],
  ['/$/fail/foo', '!'],
  ['/$/nil', '$'],
  ['/$/fail', '!'],
  ['/$', '~'],
  ['/$/io.buoyant.http.status/99/x', '~'],
  ['/$/io.buoyant.http.status/600', '~'],
  ['/$/io.buoyant.http.status/2xx', '~'],
  ['/$/io.buoyant.http.status', '~'],
];

const namer = new SystemNamer({});

function lookup(path: string) {
  return namer.lookup(Path.read(path).drop(1)).sample();
}

for (const [path, result] of REWRITTEN) {
  test(`${path} is ${result}`, () => {
    const state = lookup(path);
    assert.ok(state.state === 'ok');
    const shown = mapLeaves(state.value, (name) => (name instanceof Path ? name : Path.read('/bound')));
    assert.equal(showTree(shown), result);
  });
}

test('a status is a bound name that the data plane answers', () => {
  const state = lookup('/$/io.buoyant.http.status/404/a/b');
  assert.ok(state.state === 'ok' && state.value.kind === 'leaf' && !(state.value.value instanceof Path));
  const { id, residual, addr } = state.value.value;
  assert.equal(id.show(), '/$/io.buoyant.http.status/404');
  assert.equal(residual.show(), '/a/b');
  assert.deepEqual(addr.sample(), { state: 'bound', addresses: [], local: { kind: 'status', code: 404 } });
});

test('classes that do not exist, and the one that is not supported, are failures that say so', () => {
  assert.deepEqual(lookup('/$/nope.Class/x'), {
    state: 'failed',
    message: 'Unknown namer: nope.Class for path: /$/nope.Class/x',
  });
  assert.deepEqual(lookup('/$/toString'), {
    state: 'failed',
    message: 'Unknown namer: toString for path: /$/toString',
  });
  const refused = lookup('/$/io.buoyant.namer.zk.leader/h:1/x');
  assert.ok(refused.state === 'failed');
  assert.match(refused.message, /^io\.buoyant\.namer\.zk\.leader is Linkerd's, and Weft does not support it/);
});
