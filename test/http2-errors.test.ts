/**
 * What a client is told when Weft or an endpoint fails a request over HTTP/2 (spec 03 section 7.3): responses with the
 * texts that HTTP/1 has, resets, and for gRPC a status (hostile-inputs row 36).
 */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { after, before, test } from 'node:test';
import * as code from '../core/http2/error-codes.ts';
import * as grpc from '../core/http2/grpc-status.ts';
import { blockA, blockB, encodedError } from './support/error-texts.ts';
import { assertNoFault, eventually } from './support/http1-site.ts';
import { Http2Client, type Request } from './support/http2/client.ts';
import { headers, rst } from './support/http2/frames.ts';
import type { Message } from './support/http2/message.ts';
import { endAll, hold, openHttp2Client, openHttp2Site, openHttp2Upstream } from './support/http2/site.ts';
import { freePort, IP, Weft } from './support/weft.ts';

const GRPC: Request = { method: 'POST', fields: { 'content-type': 'application/grpc+proto', te: 'trailers' } };

let weft: Weft;
let deadPort: number;
const ports = { named: 0, one: 0, depth: 0 };

before(async () => {
  deadPort = await freePort();
  for (const name of Object.keys(ports) as (keyof typeof ports)[]) ports[name] = await freePort();
  const router = (label: keyof typeof ports, keys: string, server = '') =>
    `- {protocol: h2, label: ${label}, dtab: /svc => /#/io.l5d.fs${keys}, servers: [{ip: ${IP}, port: ${ports[label]}${server}}]}`;
  weft = await Weft.start({
    protocol: 'h2',
    disco: { dead: [`${IP} ${deadPort}`], none: [] },
    env: { WEFT_ACQUISITION_ATTEMPTS: '3' },
    more: [
      router('named', ', identifier: {kind: io.l5d.header.token, header: x-name}'),
      router('one', '', ', maxConcurrentRequests: 1'),
      router('depth', '', ', maxCallDepth: 2'),
    ].join('\n'),
  });
});

after(() =>
  endAll(
    () => weft.stop(),
    () => assertNoFault(weft),
  ),
);

/** A response of Weft's own, as HTTP/1 has it. */
function assertResponse(response: Message, status: number, body: string): void {
  assert.deepEqual([response.status, response.body, response.ended], [status, body, true]);
  assert.equal(response.value('content-type'), 'text/plain');
  assert.equal(response.value('content-length'), String(body.length));
  assert.equal(response.value('l5d-err'), encodedError(body));
  assert.equal(response.trailers, undefined);
}

/** Trailers alone, as gRPC has it. */
function assertStatus(response: Message, status: number, message: string | RegExp): void {
  assert.deepEqual([response.status, response.bodyBytes, response.trailers], [200, 0, undefined]);
  assert.equal(response.ended, true);
  assert.equal(response.value('content-type'), 'application/grpc');
  assert.equal(response.value('grpc-status'), String(status));
  const text = decodeURIComponent(response.value('grpc-message') ?? '');
  if (typeof message === 'string') assert.equal(text.trimEnd(), message.trimEnd(), 'grpc-message');
  else assert.match(text, message);
  assert.ok(response.value('l5d-err') !== undefined);
  assert.equal(response.value('content-length'), undefined);
}

async function assertReset(response: Promise<Message>, wanted: number): Promise<void> {
  const { resetCode, fields } = await response;
  assert.deepEqual([resetCode, fields.length], [wanted, 0]);
}

const deadBlock = () => blockB(`${IP}:${deadPort}`, '/svc/dead', '/#/io.l5d.fs/dead', [`${IP}:${deadPort}`]);

/** What is asked, and the answer. */
const ANSWERS: readonly (readonly [
  name: string,
  host: string,
  fields: Record<string, string>,
  status: number,
  text: () => string | RegExp,
  grpcStatus: number,
])[] = [
  [
    'no such name',
    'unknown',
    {},
    502,
    () => blockA('/svc/unknown', '  /svc => /#/io.l5d.fs', ''),
    grpc.grpcStatusOfReason('no_brokers'),
  ],
  [
    'a name without endpoints',
    'none',
    {},
    502,
    () => blockA('/svc/none', '  /svc => /#/io.l5d.fs', ''),
    grpc.grpcStatusOfReason('no_brokers'),
  ],
  [
    'a name that an override hides',
    'dead',
    { 'l5d-dtab': '/svc/dead => /$/nil' },
    502,
    () => blockA('/svc/dead', '  /svc => /#/io.l5d.fs', '  /svc/dead => /$/nil'),
    grpc.grpcStatusOfReason('no_brokers'),
  ],
  ['an endpoint that refuses', 'dead', {}, 502, deadBlock, grpc.grpcStatusOfReason('connect_refused')],
  [
    'a dtab that goes round in a circle',
    'dead',
    { 'l5d-dtab': '/svc=>/svc' },
    502,
    () => /Max recursion level: 100 reached in Namer lookup/,
    grpc.grpcStatusOfReason('binding_failed'),
  ],
  [
    'a bad dtab',
    'dead',
    { 'l5d-dtab': 'foo' },
    400,
    () => "'/' expected but 'f' found at '[f]oo'",
    grpc.grpcStatusOfReason('bad_dtab'),
  ],
  [
    'too many calls',
    'dead',
    { via: `${'a,'.repeat(1000)}a` },
    400,
    () => 'Maximum number of calls (1000) has been exceeded. Please check for proxy loops.',
    grpc.grpcStatusOfReason('call_depth_exceeded'),
  ],
];

for (const [name, host, fields, status, text, grpcStatus] of ANSWERS) {
  test(`${name}: ${status}`, async (t) => {
    const client = await openHttp2Client(t, weft);
    const wanted = text();
    const response = await client.ask(host, { fields });
    if (typeof wanted === 'string') assertResponse(response, status, wanted);
    else assert.match(response.body, wanted);
    assertResponse(response, status, response.body);
    const head = await client.ask(host, { method: 'HEAD', fields });
    assert.deepEqual([head.status, head.bodyBytes, head.ended], [status, 0, true]);
    assert.equal(head.value('content-length'), String(response.body.length));
  });

  test(`${name}, to a gRPC client: ${grpcStatus}`, async (t) => {
    const client = await openHttp2Client(t, weft);
    const response = await client.ask(host, { ...GRPC, fields: { ...GRPC.fields, ...fields }, body: 'x' });
    assertStatus(response, grpcStatus, text());
  });
}

test('a request that no identifier names: REFUSED_STREAM', async (t) => {
  const client = await Http2Client.open(ports.named);
  t.after(() => client.close());
  await assertReset(client.ask('dead'), code.REFUSED_STREAM);
  assertResponse(await client.ask('x', { fields: { 'x-name': 'dead' } }), 502, deadBlock());
});

test('a gRPC request that no identifier names', async (t) => {
  const client = await Http2Client.open(ports.named);
  t.after(() => client.close());
  assertStatus(await client.ask('dead', GRPC), grpc.grpcStatusOfReason('unidentified'), /missing header: 'x-name'/);
});

test('calls up to the depth pass', async (t) => {
  const { host } = await openHttp2Site(t, weft);
  const client = await Http2Client.open(ports.depth);
  t.after(() => client.close());
  assert.equal((await client.ask(host, { fields: { via: 'a, b' } })).status, 200);
  assert.equal((await client.ask(host, { fields: { via: 'a, b, c' } })).status, 400);
});

test('one request more than maxConcurrentRequests: REFUSED_STREAM, for gRPC UNAVAILABLE', async (t) => {
  const { host, upstream } = await openHttp2Site(t, weft, hold);
  const client = await Http2Client.open(ports.one);
  t.after(() => client.close());
  const first = client.ask(host);
  const stream = await upstream.stream();
  await assertReset(client.ask(host), code.REFUSED_STREAM);
  assertStatus(await client.ask(host, GRPC), grpc.grpcStatusOfReason('concurrency_limit'), /./);
  await stream.respond({ body: 'ok' });
  assert.equal((await first).body, 'ok');
  const next = client.ask(host);
  await (await upstream.stream(1)).respond();
  assert.equal((await next).status, 200, 'the place is free again');
});

test("a client's reset gives its place back, and reaches the endpoint as CANCEL", async (t) => {
  const { host, upstream } = await openHttp2Site(t, weft, hold);
  const client = await Http2Client.open(ports.one);
  t.after(() => client.close());
  for (const [i, resetCode] of [code.CANCEL, code.NO_ERROR, code.INTERNAL_ERROR].entries()) {
    const id = client.begin(host, { method: 'POST', open: true });
    const stream = await upstream.stream(i);
    client.send(rst(id, resetCode));
    assert.equal((await stream.whole()).resetCode, code.CANCEL);
  }
});

test('a client that is gone: its streams are reset at the endpoint', async (t) => {
  const { host, client, upstream } = await openHttp2Site(t, weft, hold);
  for (let i = 0; i < 3; i++) client.begin(host);
  const streams = await Promise.all([0, 1, 2].map((i) => upstream.stream(i)));
  client.socket.resetAndDestroy();
  for (const { connection, request } of streams) {
    await connection.until('the reset', () => request.resetCode !== undefined);
    assert.equal(request.resetCode, code.CANCEL);
  }
  assert.equal(upstream.connections[0]?.ended, false, 'the connection stays');
});

const CODES = [code.NO_ERROR, code.PROTOCOL_ERROR, code.INTERNAL_ERROR, code.CANCEL, code.ENHANCE_YOUR_CALM];

test("an endpoint's reset reaches the client with its code, before the head and behind it", async (t) => {
  const { host, client } = await openHttp2Site(t, weft, (stream) => {
    const wanted = Number(stream.request.value('x-code'));
    if (stream.request.value('x-head') !== undefined) stream.send(headers(stream.id, { ':status': '200' }));
    stream.reset(wanted);
  });
  for (const wanted of [...CODES, code.HTTP_1_1_REQUIRED, 0x1234]) {
    const fields = { 'x-code': String(wanted) };
    await assertReset(client.ask(host, { fields }), wanted);
    const begun = await client.ask(host, { fields: { ...fields, 'x-head': '1' } });
    assert.deepEqual([begun.resetCode, begun.ended], [wanted, false]);
  }
});

test('REFUSED_STREAM of an endpoint is tried again, and the client does not notice', async (t) => {
  const { host, client, upstream } = await openHttp2Site(t, weft, async (stream) => {
    if (stream.index < 2) stream.reset(code.REFUSED_STREAM);
    else await stream.respond({ body: 'third' });
  });
  const response = await client.ask(host, { fields: { 'x-a': '1' } });
  assert.deepEqual([response.status, response.body], [200, 'third']);
  assert.equal(upstream.streams.length, 3);
  for (const { request } of upstream.streams) assert.equal(request.value('x-a'), '1');
});

test('REFUSED_STREAM of a request with a body, which is sent again as a whole', async (t) => {
  const { host, client, upstream } = await openHttp2Site(t, weft, async (stream) => {
    await stream.whole();
    if (stream.index === 1) stream.reset(code.REFUSED_STREAM);
    else await stream.respond({ body: stream.request.body });
  });
  // The body of a request that has to wait for its name is not kept.
  await client.ask(host);
  const response = await client.ask(host, { method: 'POST', body: 'all of it', fields: { 'content-length': '9' } });
  assert.deepEqual([response.status, response.body], [200, 'all of it']);
  assert.equal(upstream.streams.length, 3);
});

test('REFUSED_STREAM is tried on another endpoint too', async (t) => {
  const refusing = await openHttp2Upstream(t, (stream) => stream.reset(code.REFUSED_STREAM));
  const { host, client, upstream } = await openHttp2Site(t, weft);
  weft.disco(host, [refusing.disco, upstream.disco]);
  // Until the new list is there, the old one serves.
  await eventually('both endpoints have been asked', async () => {
    assert.equal((await client.ask(host)).status, 200);
    return refusing.streams.length > 0 && upstream.streams.length > 0;
  });
});

test('REFUSED_STREAM without end reaches the client, and so does one behind a head', async (t) => {
  const { host, client, upstream } = await openHttp2Site(t, weft, (stream) => {
    if (stream.request.value('x-head') !== undefined) stream.send(headers(stream.id, { ':status': '200' }));
    stream.reset(code.REFUSED_STREAM);
  });
  await assertReset(client.ask(host), code.REFUSED_STREAM);
  const tries = upstream.streams.length;
  assert.ok(tries > 1, `${tries} tries`);
  assert.equal((await client.ask(host, { fields: { 'x-head': '1' } })).resetCode, code.REFUSED_STREAM);
  assert.equal(upstream.streams.length, tries + 1);
});

test("an endpoint's connection ends before the response: 502, for gRPC UNAVAILABLE", async (t) => {
  const { host, client } = await openHttp2Site(t, weft, (stream) => void stream.connection.socket.resetAndDestroy());
  const response = await client.ask(host, { method: 'POST', body: 'x' });
  assertResponse(response, 502, response.body);
  assert.match(response.body, /^the connection to 127\.0\.0\.1:\d+ ended before its response$/);
  assertStatus(await client.ask(host, { ...GRPC, body: 'x' }), grpc.GRPC_UNAVAILABLE, /ended before its response/);
});

for (const [name, end] of [
  ['ends', (socket: Socket) => socket.end()],
  ['is reset', (socket: Socket) => socket.resetAndDestroy()],
] as const) {
  test(`an endpoint's connection ${name} within a response: the client's stream is reset`, async (t) => {
    const { host, client, upstream } = await openHttp2Site(t, weft, hold);
    const other = await openHttp2Site(t, weft);
    const id = client.begin(host);
    const stream = await upstream.stream();
    stream.send(headers(stream.id, { ':status': '200', 'content-length': '10' }));
    stream.data('hello');
    await client.until('half a response', () => client.stream(id).body === 'hello');
    end(stream.connection.socket);
    const response = await client.message(id);
    assert.deepEqual([response.resetCode, response.ended], [code.INTERNAL_ERROR, false]);
    assert.equal((await client.ask(other.host)).status, 200, 'the connection goes on');
  });
}
