/** The admin pages of a running Weft: vectors 11 to 21 of spec 06 section 12. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, get } from './support/exchange.ts';
import { answerWith, ScriptedUpstream } from './support/scripted-upstream.ts';
import { IP, Weft } from './support/weft.ts';

let upstream: ScriptedUpstream;
let weft: Weft;

before(async () => {
  upstream = await ScriptedUpstream.start(answerWith('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
  weft = await Weft.start({ disco: { web: [upstream.disco] } });
  assert.equal((await ask(weft.port, get('web'))).status, 200);
});

after(async () => {
  await weft.stop();
  await upstream.stop();
});

interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

async function call(target: string, method = 'GET', of: Weft = weft): Promise<Reply> {
  const response = await fetch(`http://${IP}:${of.adminPort}${target}`, { method });
  return { status: response.status, type: response.headers.get('content-type') ?? '', body: await response.text() };
}

/** Call, status, body; where the body is a function it is asked. */
const VECTORS: readonly (readonly [call: string, status: number, body: string | ((body: string) => boolean)])[] = [
  ['GET /admin/ping', 200, 'pong'], // 11
  ['GET /admin/metrics.json?q=nope', 404, '{"error": "No such subtree: nope"}'], // 13
  ['GET /admin/metrics.json?q=rt/nope', 404, '{"error": "No such subtree: rt/nope"}'],
  ['PUT /logging.json', 405, (body) => body.length < 200], // 16
  ['POST /logging.json?logger=root', 400, (body) => body.length < 200],
  ['GET /bound-names.json', 200, '["/#/io.l5d.fs/web"]'], // 18
  ['GET /no/such/page', 404, (body) => body.length < 200],
  ['GET /admin/shutdown', 405, (body) => body.length < 200],
  ['GET /delegator.json?path=/svc&dtab=nonsense', 400, (body) => body.startsWith('Invalid dtab: ')],
  ['GET /delegator.json?path=svc', 400, (body) => body.startsWith('Invalid path: ')],
  ['POST /delegator.json', 415, ''],
  ['GET /admin/metrics/prometheus', 200, (body) => body.includes('rt:server:requests{rt="test", server="')],
  ['GET /admin/server_info', 200, (body) => (JSON.parse(body) as { name: string }).name === 'weft'],
  ['GET /admin', 200, (body) => body.split('\n').includes('/admin/metrics.json')],
];

for (const [line, status, expected] of VECTORS) {
  test(`${line} is ${status}`, async () => {
    const [method, target = ''] = line.split(' ');
    const reply = await call(target, method);
    assert.equal(reply.status, status);
    if (typeof expected === 'string') assert.equal(reply.body, expected);
    else assert.ok(expected(reply.body), reply.body.slice(0, 400));
  });
}

test('a subtree of the metrics has names relative to it (vector 12)', async () => {
  const { body, type } = await call('/admin/metrics.json?q=rt/test/bindcache');
  assert.match(type, /^application\/json/);
  const cache = (name: string) => ({
    [`${name}/misses`]: 1,
    [`${name}/evicts`]: 0,
    [`${name}/expires`]: 0,
    [`${name}/oneshots`]: 0,
  });
  const expected = { ...cache('path'), ...cache('tree'), ...cache('bound'), ...cache('client') };
  assert.deepEqual(JSON.parse(body), expected);
});

test('the metrics are one tree in all their forms', async () => {
  const flat = JSON.parse((await call('/admin/metrics.json?pretty=true')).body) as Record<string, number>;
  const names = Object.keys(flat);
  assert.deepEqual(names, names.toSorted(), 'pretty is sorted');
  const path = ['rt', 'test', 'server', `${IP}/${weft.port}`, 'requests', 'counter'];
  const tree = JSON.parse((await call('/admin/metrics.json?tree=1')).body) as unknown;
  const requests = path.reduce((node, name) => (node as Record<string, unknown>)[name], tree);
  assert.equal(requests, flat[`rt/test/server/${IP}/${weft.port}/requests`]);
});

test('/config.json is the configuration as it was read (vector 14)', async () => {
  const config = JSON.parse((await call('/config.json')).body) as { routers: { protocol: string; dtab: string }[] };
  assert.equal(config.routers[0]?.protocol, 'http');
  assert.equal(config.routers[0]?.dtab, '/svc => /#/io.l5d.fs');
});

test('a log level is changed while it runs (vector 15)', async () => {
  const level = async () => JSON.parse((await call('/logging.json')).body) as unknown;
  assert.deepEqual(await level(), [{ logger: 'root', level: 'INFO' }]);
  assert.equal((await call('/logging.json?logger=root&level=debug', 'POST')).status, 200);
  assert.deepEqual(await level(), [{ logger: 'root', level: 'DEBUG' }]);
  assert.equal((await call('/logging.json?logger=nobody&level=debug', 'POST')).status, 200);
  assert.equal((await call('/logging.json?logger=root&level=INFO', 'POST')).status, 200);
});

test('a delegation names the router and brings its dtab along (vector 17)', async () => {
  const { body } = await call('/delegator.json?namespace=test&path=/svc/web&dtab=/svc=>/%23/io.l5d.fs');
  const [ip, port] = [IP, upstream.port];
  assert.deepEqual(JSON.parse(body), {
    type: 'delegate',
    path: '/svc/web',
    delegate: {
      type: 'leaf',
      path: '/#/io.l5d.fs/web',
      dentry: { prefix: '/svc', dst: '/#/io.l5d.fs' },
      bound: { addr: { type: 'bound', addrs: [{ ip, port, meta: {} }], meta: {} }, id: '/#/io.l5d.fs/web', path: '/' },
    },
  });
});

test('/client_state.json has the bound names in use (vector 19)', async () => {
  const { body } = await call('/client_state.json');
  assert.deepEqual(JSON.parse(body), {
    '/#/io.l5d.fs/web': { state: 'bound', addresses: [`${IP}:${upstream.port}`] },
  });
});

test('HEAD is answered like GET, without the body', async () => {
  assert.deepEqual(await call('/admin/ping', 'HEAD'), { ...(await call('/admin/ping')), body: '' });
});

/** Settings of `admin.security`, and what each call is answered (vectors 20 and 21). */
const SECURED: readonly (readonly [security: string, answers: Readonly<Record<string, number>>])[] = [
  ['{controlEnabled: false}', { 'POST /admin/shutdown': 404, 'GET /logging.json': 404, 'GET /admin/ping': 200 }],
  ['{diagnosticsEnabled: false}', { 'GET /admin/ping': 404, 'GET /config.json': 200 }],
  [
    '{diagnosticsEnabled: false, pathWhitelist: [/admin/ping]}',
    { 'GET /admin/ping': 200, 'GET /client_state.json': 404 },
  ],
  ['{pathBlacklist: [/config.*]}', { 'GET /config.json': 404, 'GET /admin/ping': 200 }],
];

for (const [security, answers] of SECURED) {
  test(`security ${security}`, async () => {
    const secured = await Weft.start({ admin: `, security: ${security}` });
    for (const [line, status] of Object.entries(answers)) {
      const [method, target = ''] = line.split(' ');
      const reply = await call(target, method, secured);
      assert.equal(reply.status, status, line);
      if (status === 404) assert.equal(reply.body, '', 'a closed page says nothing');
    }
    await sleep(50);
    assert.equal(secured.child.exitCode, null, 'a refused shutdown shuts nothing down');
    assert.equal(await secured.stop(), 0);
  });
}
