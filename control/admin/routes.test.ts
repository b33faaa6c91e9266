/** The admin paths against a fake process (spec 06 section 12), and what each wrong request is answered. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AdminContext } from './context.ts';
import { fakeContext } from './fake-context.ts';
import { adminHandler } from './routes.ts';
import { DEFAULT_SECURITY, securityFilter } from './security.ts';
import { type AdminRequest, type AdminResponse, splitTarget } from './transport.ts';

function send(
  context: AdminContext,
  method: string,
  target: string,
  rest: Partial<Pick<AdminRequest, 'contentType' | 'body'>> = {},
): Promise<AdminResponse> {
  const handler = adminHandler(context, securityFilter(DEFAULT_SECURITY));
  return handler({ method, ...splitTarget(target), contentType: '', body: '', ...rest });
}

const POSTED = { contentType: 'application/json' };

test('each call is answered as the vectors of the specification say', async () => {
  for (const [method, target, status, body] of [
    ['GET', '/admin/ping', 200, 'pong'],
    ['GET', '/admin/metrics.json?q=rt/out/bindcache', 200, '{"path/misses":1}'],
    [
      'GET',
      '/admin/metrics.json?q=rt/out&tree=1',
      200,
      '{"bindcache":{"path":{"misses":{"counter":1}}},"originator":{"gauge":1.0}}',
    ],
    [
      'GET',
      '/admin/metrics.json?q=rt/out&pretty=true',
      200,
      '{\n  "bindcache/path/misses" : 1,\n  "originator" : 1.0\n}',
    ],
    ['GET', '/admin/metrics.json?q=nope', 404, '{"error": "No such subtree: nope"}'],
    ['GET', '/admin/metrics.json?q=a/"b', 404, '{"error": "No such subtree: a/\\"b"}'],
    ['GET', '/config.json', 200, '{"routers":[{"protocol":"http","dtab":"/svc=>/#/io.l5d.fs"}]}'],
    ['GET', '/bound-names.json', 200, '["/#/io.l5d.fs/web"]'],
    ['GET', '/client_state.json', 200, '{"/#/io.l5d.fs/web":{"state":"bound","addresses":["127.0.0.1:8080"]}}'],
    [
      'GET',
      '/admin/server_info',
      200,
      '{"name":"weft","version":"0.1.0","build":"b","build_revision":"r","start_time":"1970-01-01T00:00:00.000Z","uptime":1500}',
    ],
    ['GET', '/logging.json', 200, '[{"logger":"access","level":"OFF"},{"logger":"root","level":"INFO"}]'],
    ['POST', '/logging.json?logger=root', 400, ''],
    ['POST', '/logging.json?level=debug', 400, ''],
    ['POST', '/logging.json?logger=none&level=debug', 200, ''],
    ['PUT', '/logging.json', 405, 'method not allowed; allowed: GET, POST\n'],
    ['GET', '/admin/shutdown', 405, 'method not allowed; allowed: POST\n'],
    ['POST', '/admin/shutdown?grace=soon', 400, 'grace: expected a duration such as 10.seconds\n'],
    ['GET', '/nowhere', 404, 'not found; /admin lists the paths that there are\n'],
    ['GET', '/admin/ping/', 404, 'not found; /admin lists the paths that there are\n'],
  ] as const) {
    const answer = await send(fakeContext(), method, target);
    assert.deepEqual([answer.status, answer.body], [status, body], `${method} ${target}`);
  }
});

test('a level set by query or by form is shown', async () => {
  const context = fakeContext();
  assert.equal((await send(context, 'POST', '/logging.json?logger=root&level=debug')).status, 200);
  assert.match((await send(context, 'GET', '/logging.json')).body, /"root","level":"DEBUG"/);
  const form = { contentType: 'application/x-www-form-urlencoded', body: 'logger=root&level=Error' };
  assert.equal((await send(context, 'POST', '/logging.json', form)).status, 200);
  assert.match((await send(context, 'GET', '/logging.json')).body, /"root","level":"ERROR"/);
});

test('shutdown passes the grace on, and only for POST', async () => {
  const context = fakeContext();
  await send(context, 'GET', '/admin/shutdown');
  assert.equal(context.calls.length, 0);
  for (const target of ['/admin/shutdown', '/admin/shutdown?grace=10.seconds', '/admin/shutdown?grace=1.minute']) {
    assert.equal((await send(context, 'POST', target)).body, 'quitting\n');
  }
  const shutdowns = context.calls.filter((call) => call.startsWith('shutdown'));
  assert.deepEqual(shutdowns, ['shutdown undefined', 'shutdown 10000', 'shutdown 60000']);
});

test('delegations by GET', async () => {
  for (const [query, status, body] of [
    [
      'namespace=out&path=/svc/web&dtab=/svc=>/%23/io.l5d.fs',
      200,
      '{"type":"delegate","namespace":"out","dtab":"/svc=>/#/io.l5d.fs","path":"/svc/web"}',
    ],
    ['path=/svc/web', 200, '{"type":"delegate","dtab":"","path":"/svc/web"}'],
    ['path=x&dtab=bad', 400, 'Invalid dtab: no arrow'],
    ['path=x', 400, 'Invalid path: no slash'],
    ['path=/x&namespace=mute', 501, 'Name Interpreter for mute cannot show delegations'],
    ['path=/x&namespace=slow', 503, 'Request timed out.'],
  ] as const) {
    const answer = await send(fakeContext(), 'GET', `/delegator.json?${query}`);
    assert.deepEqual([answer.status, answer.body], [status, body], query);
  }
});

test('delegations by POST', async () => {
  const ok = '{"type":"delegate","namespace":"out","dtab":"/a=>/b","path":"/a"}';
  for (const [contentType, body, status, expected] of [
    ['application/json', '{"namespace":"out","dtab":"/a=>/b","path":"/a"}', 200, ok],
    ['application/json', '{"dtab":"","path":"/a"}', 200, '{"type":"delegate","dtab":"","path":"/a"}'],
    ['application/json', '{"namespace":null,"dtab":"","path":"/a"}', 200, '{"type":"delegate","dtab":"","path":"/a"}'],
    ['application/json', '{"path":"/a"}', 400, 'Malformed delegation request: {"path":"/a"}'],
    ['application/json', '{"dtab":1,"path":"/a"}', 400, 'Malformed delegation request: {"dtab":1,"path":"/a"}'],
    ['application/json', 'null', 400, 'Malformed delegation request: null'],
    ['application/json', '{', 400, 'Malformed delegation request: {'],
    ['text/plain', '{"dtab":"","path":"/a"}', 415, ''],
    ['', '', 415, ''],
  ] as const) {
    const answer = await send(fakeContext(), 'POST', '/delegator.json', { contentType, body });
    assert.deepEqual([answer.status, answer.body], [status, expected], body);
  }
  assert.equal((await send(fakeContext(), 'DELETE', '/delegator.json', POSTED)).status, 405);
});

test('Prometheus text is at the default path, and where and as telemeters say', async () => {
  const line = 'rt:bindcache:path:misses{rt="out"} 1\n';
  const plain = await send(fakeContext(), 'GET', '/admin/metrics/prometheus');
  assert.equal(plain.contentType, 'text/plain');
  assert.ok(plain.body.includes(`\n${line}`));
  const context = fakeContext({ prometheus: [{ path: '/metrics', prefix: 'linkerd_' }] });
  assert.ok((await send(context, 'GET', '/metrics')).body.includes(`\nlinkerd_${line}`));
  assert.ok((await send(context, 'GET', '/admin/metrics/prometheus')).body.includes(`\n${line}`));
});

test('the index lists every path, sorted', async () => {
  const index = await send(fakeContext({ prometheus: [{ path: '/metrics', prefix: '' }] }), 'GET', '/admin');
  const paths = index.body.trimEnd().split('\n');
  assert.deepEqual(paths, paths.toSorted());
  for (const path of ['/admin', '/admin/index.txt', '/admin/metrics/prometheus', '/metrics', '/delegator.json']) {
    assert.ok(paths.includes(path), path);
  }
  assert.equal((await send(fakeContext(), 'GET', '/admin/index.txt')).status, 200);
});

test('names without an enumerating namer are one empty name', async () => {
  const answer = await send(fakeContext({ boundNames: () => [] }), 'GET', '/bound-names.json');
  assert.equal(answer.body, '[""]');
});

test('client states other than bound have a text and no addresses', async () => {
  const clientStates: AdminContext['clientStates'] = () =>
    new Map([
      ['/a', { state: 'failed', message: 'no file' }],
      ['/b', { state: 'pending' }],
      ['__proto__', { state: 'neg' }],
    ]);
  assert.equal(
    (await send(fakeContext({ clientStates }), 'GET', '/client_state.json')).body,
    '{"/a":{"state":"Failed: no file","addresses":[]},"/b":{"state":"Pending","addresses":[]},' +
      '"__proto__":{"state":"Neg","addresses":[]}}',
  );
});

test('a route that throws is answered 500 and logged, without its message', async () => {
  const context = fakeContext({ delegate: () => Promise.reject(new Error('secret')) });
  const answer = await send(context, 'GET', '/delegator.json?path=/a');
  assert.deepEqual([answer.status, answer.body], [500, 'internal error\n']);
  assert.match(context.calls[0] ?? '', /^error admin: GET \/delegator.json failed: Error: secret/);
});
