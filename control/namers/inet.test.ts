/** What `/$/inet`, `/$/fixedinet` and `/$/io.buoyant.rinet` bind to, with a DNS of the test's own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Path } from '../../core/names/path.ts';
import { SystemNamer } from '../../core/names/system.ts';
import { Dns } from './dns.ts';
import { inetUtilities } from './inet.ts';
import { FakeClock } from './timer.fake.ts';

const dns = new Dns({
  refreshMs: 5000,
  after: new FakeClock().after,
  resolve: async (host) => {
    if (host === 'localhost') return ['127.0.0.1'];
    throw Object.assign(new Error('no such host'), { code: 'ENOTFOUND' });
  },
});
const namer = new SystemNamer(inetUtilities(dns));

/** Path, id, residual, address set (spec 01 sections 5.1 and 5.2, vectors 54 and 79). */
const BOUND: readonly (readonly [path: string, id: string, residual: string, addr: string])[] = [
  ['/$/inet/127.1/8080/a/b', '/$/inet/127.1/8080', '/a/b', '127.0.0.1:8080'],
  ['/$/inet/8080', '/$/inet/8080', '/', '127.0.0.1:8080'],
  ['/$/inet/8080/rest', '/$/inet/8080', '/rest', '127.0.0.1:8080'],
  ['/$/inet/8080/9090', '/$/inet/8080/9090', '/', '0.0.31.144:9090'],
  ['/$/inet/::1/80', '/$/inet/::1/80', '/', '::1:80'],
  ['/$/inet/h/70000', '/$/inet/h/70000', '/', 'failed port out of range:70000'],
  ['/$/inet/localhost/80/x', '/$/inet/localhost/80', '/x', '127.0.0.1:80'],
  ['/$/inet/nowhere/80', '/$/inet/nowhere/80', '/', 'neg'],
  ['/$/fixedinet/localhost/80/x', '/$/fixedinet/localhost/80', '/x', '127.0.0.1:80'],
  [
    '/$/io.buoyant.rinet/12345/localhost/residual',
    '/$/io.buoyant.rinet/12345/localhost',
    '/residual',
    '127.0.0.1:12345',
  ],
];

for (const [path, id, residual, expected] of BOUND) {
  test(`${path} is ${expected}`, async () => {
    const state = namer.lookup(Path.read(path).drop(1)).sample();
    assert.ok(state.state === 'ok' && state.value.kind === 'leaf' && !(state.value.value instanceof Path));
    const bound = state.value.value;
    assert.equal(bound.id.show(), id);
    assert.equal(bound.residual.show(), residual);
    const shown = await new Promise<string>((resolve) => {
      const stop = bound.addr.observe((addr) => {
        if (addr.state === 'pending') return;
        if (addr.state === 'bound') resolve(addr.addresses.map(({ ip, port }) => `${ip}:${port}`).join(' '));
        else resolve(addr.state === 'failed' ? `failed ${addr.cause}` : addr.state);
        setImmediate(() => stop());
      });
    });
    assert.equal(shown, expected);
  });
}

test('a path that is not of the form has no namer, or is Neg', () => {
  assert.deepEqual(namer.lookup(Path.read('/inet/foo')).sample(), {
    state: 'failed',
    message: 'Unknown namer: inet for path: /$/inet/foo',
  });
  assert.equal(namer.lookup(Path.read('/inet/h/99999999999')).sample().state, 'failed');
  for (const path of ['/io.buoyant.rinet/http/h', '/io.buoyant.rinet/80']) {
    assert.deepEqual(namer.lookup(Path.read(path)).sample(), { state: 'ok', value: { kind: 'neg' } });
  }
});
