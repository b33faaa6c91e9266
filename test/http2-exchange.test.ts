/** What an endpoint is told of a request over HTTP/2, and a client of its response: fields, what Weft adds, and what it keeps. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertNoFault } from './support/http1-site.ts';
import { Http2Client, requestFields } from './support/http2/client.ts';
import { type Field, headers } from './support/http2/frames.ts';
import { endAll, hold, openHttp2Client, openHttp2Site } from './support/http2/site.ts';
import { type Echoed, echoed, Http2Upstream } from './support/http2/upstream.ts';
import { freePort, IP, Weft } from './support/weft.ts';

let weft: Weft;
let inet: Http2Upstream;
let inetPort: number;
let clearPort: number;
let namedPort: number;
const REFUSED_STREAM = 7;

before(async () => {
  inet = await Http2Upstream.start();
  inetPort = await freePort();
  clearPort = await freePort();
  namedPort = await freePort();
  weft = await Weft.start({
    protocol: 'h2',
    more: `- {protocol: h2, label: inet, dtab: "/svc => /$/inet/127.1/${inet.port}", servers: [{ip: ${IP}, port: ${inetPort}}]}
- {protocol: h2, label: clear, dtab: "/svc => /$/inet/127.1/${inet.port}", servers: [{ip: ${IP}, port: ${clearPort}, clearContext: true}]}
- {protocol: h2, label: named, dtab: "/svc => /$/inet/127.1/${inet.port}", identifier: {kind: io.l5d.header.token, header: l5d-name}, servers: [{ip: ${IP}, port: ${namedPort}, clearContext: true}]}`,
  });
});

after(() =>
  endAll(
    () => weft.stop(),
    () => inet.stop(),
    () => assertNoFault(weft),
  ),
);

/** Fields that Weft writes to requests (spec 03 section 4.2), in whatever order. */
const WRITTEN = ['l5d-dst-service', 'l5d-dst-client', 'l5d-dst-residual', 'l5d-reqid', 'l5d-ctx-trace', 'via'];

function written({ fields }: Echoed): Map<string, string> {
  return new Map(fields.filter(([name]) => WRITTEN.includes(name)).map(([name, value]) => [name, value]));
}

/** All that Weft tells of where a request goes, and the length of what differs each time. */
function assertWritten(told: Echoed, host: string): void {
  const fields = written(told);
  assert.equal(fields.get('l5d-dst-service'), `/svc/${host}`);
  assert.equal(fields.get('l5d-dst-client'), `/#/io.l5d.fs/${host}`);
  assert.equal(fields.get('l5d-dst-residual'), undefined);
  assert.equal(fields.get('via'), 'h2 linkerd');
  assert.match(fields.get('l5d-reqid') ?? '', /^[0-9a-f]{16}$/);
  assert.equal(Buffer.from(fields.get('l5d-ctx-trace') ?? '', 'base64').length, 32);
  assert.equal(told.fields.filter(([name]) => WRITTEN.includes(name)).length, fields.size, 'each is there once');
}

function kept({ fields }: Echoed): (readonly [string, string, boolean?])[] {
  return fields.filter(([name]) => !WRITTEN.includes(name));
}

test('the head is forwarded as it is, in its order, with what Weft adds', async (t) => {
  const { host, client } = await openHttp2Site(t, weft);
  const fields: Field[] = [
    ['x-first', '1'],
    ['accept', '*/*'],
    ['x-twice', 'a'],
    ['cookie', 'a=1'],
    ['x-twice', 'b'],
    ['cookie', 'b=2; c=3'],
    ['te', 'trailers'],
    ['user-agent', 'kit'],
    ['x-empty', ''],
    ['x-obs', 'caf\xe9'],
  ];
  const request = { method: 'PURGE', path: '/a/b?c=%20d&e', scheme: 'https', fields };
  const told = echoed(await client.ask(host, request));
  assert.deepEqual(
    kept(told).map(([name, value]) => [name, value]),
    requestFields(host, request).map(([name, value]) => [name, value]),
  );
  assertWritten(told, host);
});

test('a residual is told, an empty one is not', async (t) => {
  const client = await Http2Client.open(inetPort);
  t.after(() => client.close());
  const told = written(echoed(await client.ask('web')));
  assert.deepEqual(
    ['l5d-dst-service', 'l5d-dst-client', 'l5d-dst-residual'].map((name) => told.get(name)),
    ['/svc/web', `/$/inet/127.1/${inet.port}`, '/web'],
  );
});

test('what Weft writes, a client cannot', async (t) => {
  const { host, client } = await openHttp2Site(t, weft);
  const spoofed = { 'l5d-dst-service': '/x', 'l5d-dst-client': '/x', 'l5d-dst-residual': '/x', 'l5d-reqid': 'x' };
  const told = echoed(await client.ask(host, { fields: { ...spoofed, 'x-forwarded-client-cert': 'Hash=0' } }));
  assertWritten(told, host);
  assert.ok(!told.fields.some(([name]) => name === 'x-forwarded-client-cert'));
});

test('via is appended to, a trace is continued', async (t) => {
  const { host, client } = await openHttp2Site(t, weft);
  const trace = Buffer.alloc(32);
  trace.writeBigUInt64BE(7n, 0);
  trace.writeBigUInt64BE(7n, 8);
  trace.writeBigUInt64BE(0x1234n, 16);
  const fields = { via: '1.0 fred, 1.1 p.example', 'l5d-ctx-trace': trace.toString('base64'), 'l5d-ctx-other': 'kept' };
  const told = echoed(await client.ask(host, { fields }));
  assert.equal(written(told).get('via'), '1.0 fred, 1.1 p.example, h2 linkerd');
  assert.equal(written(told).get('l5d-reqid'), '0000000000001234');
  assert.ok(told.fields.some(([name, value]) => name === 'l5d-ctx-other' && value === 'kept'));
});

test('l5d-dtab and l5d-ctx-dtab are honoured; only the context is told to the endpoint', async (t) => {
  const { host, client } = await openHttp2Site(t, weft);
  const entry = `/svc/alias=>/#/io.l5d.fs/${host}`;
  for (const name of ['l5d-dtab', 'l5d-ctx-dtab']) {
    const told = echoed(await client.ask('alias', { fields: { [name]: entry } }));
    const dtabs = told.fields.filter(([field]) => field === 'l5d-dtab' || field === 'l5d-ctx-dtab');
    assert.deepEqual(dtabs, [['l5d-ctx-dtab', entry]], name);
  }
});

test('clearContext: what a client says of the mesh counts for nothing', async (t) => {
  const client = await Http2Client.open(clearPort);
  t.after(() => client.close());
  const fields = { 'l5d-dtab': '/svc => !', 'l5d-ctx-other': 'x', 'l5d-sample': '1.0' };
  const response = await client.ask('web', { fields });
  assert.equal(response.status, 200);
  const told = echoed(response).fields.map(([name]) => name);
  assert.deepEqual(
    ['l5d-dtab', 'l5d-ctx-dtab', 'l5d-ctx-other', 'l5d-sample'].filter((name) => told.includes(name)),
    [],
  );
  assert.deepEqual(
    response.fields.filter(([name]) => name.startsWith('l5d-')),
    [],
  );
});

test('clearContext: a header of the mesh names no request', async (t) => {
  const client = await Http2Client.open(namedPort);
  t.after(() => client.close());
  const message = await client.ask('web', { fields: { 'l5d-name': 'other' } });
  assert.equal(message.resetCode, REFUSED_STREAM);
});

test('a host field beside :authority, or instead of it, names the request', async (t) => {
  const { host, client } = await openHttp2Site(t, weft);
  const beside = echoed(await client.ask(host, { fields: { host } }));
  assert.ok(beside.fields.some(([name, value]) => name === ':authority' && value === host));
  const id = client.nextId();
  const alone = requestFields(host, { fields: { host } }).filter(([name]) => name !== ':authority');
  client.send(headers(id, alone, { endStream: true }));
  const instead = echoed(await client.message(id));
  assert.equal(written(instead).get('l5d-dst-service'), `/svc/${host}`);
  assert.ok(instead.fields.some(([name, value]) => (name === ':authority' || name === 'host') && value === host));
});

test('never-indexed fields stay never-indexed, in both directions; others do not become so', async (t) => {
  const { host, client, upstream } = await openHttp2Site(t, weft, hold);
  const secret: Field[] = [
    ['x-token', 'secret', true],
    ['x-open', 'public'],
    ['accept', 'secret too', true],
  ];
  for (let i = 0; i < 3; i++) {
    const id = client.begin(host, { fields: secret });
    const stream = await upstream.stream(i);
    assert.deepEqual(
      stream.request.fields.filter(([name]) => name.startsWith('x-') || name === 'accept'),
      secret,
    );
    stream.send(headers(stream.id, [[':status', '200'], ...secret]));
    stream.send(headers(stream.id, [['x-sum', '1', true]], { endStream: true }));
    const response = await client.message(id);
    assert.deepEqual(
      response.fields.filter(([name]) => name.startsWith('x-') || name === 'accept'),
      secret,
    );
    assert.deepEqual(response.trailers?.[0], ['x-sum', '1', true]);
  }
});

test('streams of two clients share one connection to the endpoint', async (t) => {
  const { host, client, upstream } = await openHttp2Site(t, weft);
  const other = await openHttp2Client(t, weft);
  const answers = Array.from({ length: 20 }, (_, i) =>
    (i % 2 === 0 ? client : other).ask(host, { fields: { 'x-n': String(i) } }),
  );
  for (const [i, response] of (await Promise.all(answers)).entries()) {
    assert.ok(echoed(response).fields.some(([name, value]) => name === 'x-n' && value === String(i)));
  }
  assert.equal(upstream.connections.length, 1);
});

/** Status, whether there is a body, and trailers; and the class in the head and in the trailers (spec 03 section 4.3). */
const CLASSES: readonly (readonly [
  status: number,
  body: string,
  trailers: Record<string, string> | undefined,
  inHead: string | undefined,
  inTrailers: string | undefined,
])[] = [
  [200, '', undefined, '1.0', undefined],
  [404, '', undefined, '1.0', undefined],
  [503, '', undefined, '0.0', undefined],
  [200, 'x', undefined, undefined, undefined],
  [404, 'x', undefined, undefined, undefined],
  [503, 'x', undefined, '0.0', undefined],
  [200, 'x', { 'x-sum': '1' }, undefined, '1.0'],
  [200, '', { 'x-sum': '1' }, undefined, '1.0'],
  [204, '', undefined, '1.0', undefined],
];

for (const [status, body, trailers, inHead, inTrailers] of CLASSES) {
  test(`a response ${status}, body "${body}", ${trailers ? 'with' : 'without'} trailers: via, and its class`, async (t) => {
    const { host, client } = await openHttp2Site(t, weft, (stream) =>
      stream.respond({
        status,
        body,
        fields: { 'x-a': '1', via: '1.1 b', 'l5d-success-class': '0.5' },
        ...(trailers && { trailers }),
      }),
    );
    const response = await client.ask(host);
    assert.deepEqual([response.status, response.body, response.ended], [status, body, true]);
    assert.equal(response.value('via'), '1.1 b, h2 linkerd');
    assert.equal(response.value('x-a'), '1');
    assert.equal(response.value('l5d-success-class'), inHead);
    assert.equal(response.trailer('l5d-success-class'), inTrailers);
    if (trailers !== undefined) assert.equal(response.trailer('x-sum'), '1');
    assert.equal(response.value('l5d-err'), undefined);
  });
}
