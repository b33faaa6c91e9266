/** TRACE: how far it goes, and what routers on its way say of themselves (spec 03 section 5.6), over both protocols. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Answer, ask, echoHead, readHead, valuesOf } from './support/exchange.ts';
import { assertNoFault, eventually, openClient, openSite, request, serverMetric } from './support/http1-site.ts';
import { answered } from './support/http1-wire.ts';
import { Http2Client } from './support/http2/client.ts';
import { rst } from './support/http2/frames.ts';
import { endAll } from './support/http2/site.ts';
import { Http2Upstream } from './support/http2/upstream.ts';
import { ScriptedUpstream } from './support/scripted-upstream.ts';
import { freePort, IP, Weft } from './support/weft.ts';

const BODY_BYTES_MAX = 4096;

let echo: ScriptedUpstream;
let http2: Http2Upstream;
let weft: Weft;
const ports = { h2: 0, clear: 0, toH2: 0 };

before(async () => {
  echo = await ScriptedUpstream.start(echoHead);
  http2 = await Http2Upstream.start(async (stream) => {
    await stream.whole();
    await stream.respond({ fields: { 'x-own': '1', via: '1.1 other' }, body: 'woof', trailers: { 'x-t': '1' } });
  });
  for (const name of Object.keys(ports) as (keyof typeof ports)[]) ports[name] = await freePort();
  const http = `dtab: "/svc => /$/inet/127.1/${echo.port}"`;
  const h2 = `dtab: "/svc => /$/inet/127.1/${http2.port}"`;
  const server = (port: number, keys = '') => `servers: [{ip: ${IP}, port: ${port}${keys}}]`;
  weft = await Weft.start({
    disco: { web: [echo.disco] },
    env: { WEFT_TRACE_BODY_BYTES: String(BODY_BYTES_MAX) },
    more: `- {protocol: h2, label: two, ${h2}, ${server(ports.h2)}}
- {protocol: http, label: clear, ${http}, ${server(ports.clear, ', clearContext: true')}}
- {protocol: http, label: bridge, ${h2}, client: {protocol: h2}, ${server(ports.toH2)}}`,
  });
});

after(() =>
  endAll(
    () => weft.stop(),
    () => echo.stop(),
    () => http2.stop(),
    () => assertNoFault(weft),
  ),
);

function trace(port: number, host: string, ...lines: readonly string[]): Promise<Answer> {
  return ask(port, request('TRACE /', host, ...lines));
}

const CONTEXT = 'l5d-add-context: true';

/** What the router `test` says of a request for `web`. */
function contextOf(label: string, resolution: readonly string[], client: string, endpoint: string): RegExp {
  const text = `--- Router: ${label} ---
request duration: # ms
service name: /svc/web
client name: ${client}
addresses: [${endpoint}]
selected address: ${endpoint}
dtab resolution:
${resolution.map((step) => `  ${step}`).join('\n')}
`;
  return new RegExp(`^${text.replaceAll(/[.$[\]()/*]/g, '\\$&').replace('#', '\\d+')}$`);
}

function webContext(): RegExp {
  const resolution = ['/svc/web', '/#/io.l5d.fs/web (/svc=>/#/io.l5d.fs)'];
  return contextOf('test', resolution, '/#/io.l5d.fs/web', `127.0.0.1:${echo.port}`);
}

test('Max-Forwards: 0 is answered by Weft, with its context where that is asked for', async () => {
  const before = echo.connections.length;
  const bare = await trace(weft.port, 'web', 'Max-Forwards: 0');
  assert.deepEqual([bare.status, bare.body], [200, '']);
  const told = await trace(weft.port, 'web', 'Max-Forwards: 0', CONTEXT);
  assert.equal(told.status, 200);
  assert.match(told.body, /^\n\n/);
  assert.match(told.body.slice(2), webContext());
  assert.equal(echo.connections.length, before, 'nobody was asked');
});

test('a number above is forwarded one less, and the context appended behind the trimmed body', async () => {
  for (const [sent, seen] of [
    ['3', '2'],
    ['10', '9'],
    ['+1', '0'],
    ['2147483647', '2147483646'],
  ] as const) {
    const bare = await trace(weft.port, 'web', `Max-Forwards: ${sent}`, 'X-After: 1');
    assert.deepEqual(valuesOf(readHead(bare.body), 'max-forwards'), [seen]);
    assert.deepEqual(valuesOf(readHead(bare.body), 'x-after'), ['1']);
  }
  const told = await trace(weft.port, 'web', 'Max-Forwards: 3', CONTEXT);
  const at = told.body.indexOf('\n\n--- Router');
  const head = readHead(`${told.body.slice(0, at)}\r\n`);
  assert.deepEqual(valuesOf(head, 'max-forwards'), ['2']);
  assert.deepEqual(valuesOf(head, 'l5d-add-context'), ['true'], 'the next router hears of it too');
  assert.match(told.body.slice(at + 2), webContext());
});

test('without Max-Forwards it goes on as it is; 1 means true, other values do not', async () => {
  const plain = await trace(weft.port, 'web');
  assert.equal(valuesOf(readHead(plain.body), 'max-forwards').length, 0);
  for (const [value, adds] of [
    ['1', true],
    ['TRUE', true],
    ['yes', false],
    ['', false],
    ['truer', false],
  ] as const) {
    const answer = await trace(weft.port, 'web', `L5D-Add-Context: ${value}`);
    assert.equal(answer.body.includes('--- Router: test ---'), adds, value);
  }
  const get = await ask(weft.port, request('GET /', 'web', 'Max-Forwards: 3', CONTEXT));
  assert.ok(!get.body.includes('--- Router') && get.body.includes('Max-Forwards: 3'), 'of TRACE alone');
});

// Hostile values: what is no int is refused, and nothing of it gets into a head.
for (const value of ['31qe', '', '1.5', '0x1', '99999999999', '2147483648', '-2147483649', '1 2', '--1', '９']) {
  test(`Max-Forwards: ${JSON.stringify(value)} is 400`, async () => {
    const answer = await trace(weft.port, 'web', `Max-Forwards: ${Buffer.from(value).toString('latin1')}`, CONTEXT);
    assert.deepEqual([answer.status, answer.body], [400, 'Invalid value for Max-Forwards header']);
  });
}

test('a negative number is an int, and of no meaning: the request goes on', async () => {
  const answer = await trace(weft.port, 'web', 'Max-Forwards: -1', CONTEXT);
  assert.deepEqual(valuesOf(readHead(answer.body), 'max-forwards'), ['-1']);
  assert.ok(!answer.body.includes('--- Router'));
});

test('with clearContext a client is told nothing of the inside', async () => {
  const answer = await trace(ports.clear, 'web', CONTEXT);
  assert.equal(answer.status, 200);
  assert.ok(!answer.body.includes('--- Router') && !answer.body.includes('l5d-add-context'));
});

test('a chunked response, a coded and a large one are replaced by what they were', async (t) => {
  const responses = [
    ['chunked', 'Transfer-Encoding: chunked', '5\r\nhello\r\n0\r\n\r\n'],
    ['encoded', 'Content-Encoding: gzip\r\nContent-Length: 5', 'hello'],
    ['large', `Content-Length: ${BODY_BYTES_MAX + 1}`, 'h'.repeat(BODY_BYTES_MAX + 1)],
  ] as const;
  for (const [name, lines, body] of responses) {
    const { host, client } = await openSite(t, weft, async (connection) => {
      while ((await connection.head()) !== null) {
        connection.send(`HTTP/1.1 418 Teapot\r\nX-Kept: yes\r\n${lines}\r\n\r\n${body}`);
      }
    });
    client.send(request('TRACE /', host, CONTEXT));
    const received = await client.until('an answer', answered);
    assert.match(received, /^HTTP\/1\.1 418 /);
    assert.match(received, /\nx-kept: yes\r\n/);
    assert.match(received, new RegExp(`\nHTTP 418\nDiagnostic trace encountered ${name} response. .*\n\n--- Router`));
    assert.ok(!received.includes('hhhh') && !received.includes('hello'));
    client.received = '';
    client.send(request('TRACE /', host, CONTEXT));
    await client.until('the next answer on the same connection', answered);
  }
  assert.ok((await weft.metric('limits/trace_body_bytes')) >= 2);
});

test('a failure is told as ever; a client that goes meanwhile is no matter', async (t) => {
  assert.equal((await trace(weft.port, 'nobody', CONTEXT)).status, 502);
  const { host, client, upstream } = await openSite(t, weft, async (connection) => {
    await connection.head();
  });
  client.send(request('TRACE /', host, CONTEXT));
  await eventually('the request is there', () => upstream.connections.length === 1);
  client.socket.resetAndDestroy();
  await eventually('the request ends', async () => (await serverMetric(weft, 'pending')) === 0);
  const early = await openClient(t, weft);
  early.send(request('TRACE /', host, CONTEXT));
  early.socket.resetAndDestroy();
  assert.equal((await trace(weft.port, 'web', CONTEXT)).status, 200);
});

test('HTTP/2: the context is behind the content as it is, in the words of HTTP/2', async (t) => {
  const client = await Http2Client.open(ports.h2);
  t.after(() => client.close());
  const resolution = ['/svc/web', `/$/inet/127.1/${http2.port}/web (/svc=>/$/inet/127.1/${http2.port})`];
  const told = await client.ask('web', { method: 'TRACE', fields: { 'l5d-add-context': 'true' } });
  assert.deepEqual([told.status, told.value('x-own'), told.value('via')], [200, '1', '1.1 other, h2 linkerd']);
  assert.match(told.body, /^woof\n--- Router: two ---\n/);
  assert.match(
    told.body.slice('woof\n'.length),
    contextOf('two', resolution, `/$/inet/127.1/${http2.port}`, `127.0.0.1:${http2.port}`),
  );
  const none = await client.ask('web', { method: 'TRACE', fields: { 'max-forwards': '0' } });
  assert.deepEqual([none.status, none.body], [200, '']);
  const bad = await client.ask('web', { method: 'TRACE', fields: { 'max-forwards': 'x' } });
  assert.deepEqual([bad.status, bad.body], [400, 'Invalid value for max-forwards header']);
  const streams = http2.streams.length;
  const last = await client.ask('web', { method: 'TRACE', fields: { 'max-forwards': '0', 'l5d-add-context': '1' } });
  assert.match(last.body, /^\n--- Router: two ---\n/);
  assert.equal(http2.streams.length, streams);
  await client.ask('web', { method: 'TRACE', fields: { 'max-forwards': '10' } });
  assert.equal(http2.streams.at(-1)?.request.value('max-forwards'), '9');
});

test('a bridge speaks as its server does', async () => {
  const answer = await trace(ports.toH2, 'web', CONTEXT, 'Max-Forwards: 1');
  assert.match(answer.body, /^woof\n\n--- Router: bridge ---\n/);
  assert.equal(http2.streams.at(-1)?.request.value('max-forwards'), '0');
});

test('HTTP/2: a client that resets its TRACE request is no matter', async (t) => {
  const own = await Http2Client.open(ports.h2);
  t.after(() => own.close());
  const id = own.begin('web', { method: 'TRACE', fields: { 'l5d-add-context': '1' } });
  own.send(rst(id, 8));
  assert.equal((await own.ask('web', { method: 'TRACE', fields: { 'l5d-add-context': '1' } })).status, 200);
});
