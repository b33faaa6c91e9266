/** Bodies, trailers, informational responses and lengths over HTTP/2, in both directions. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { PROTOCOL_ERROR } from '../core/http2/error-codes.ts';
import { assertNoFault } from './support/http1-site.ts';
import { data, type Field, type Fields, headers, type Sendable } from './support/http2/frames.ts';
import { endAll, hold, openHttp2Site } from './support/http2/site.ts';
import { echoed, type UpstreamStream } from './support/http2/upstream.ts';
import { Weft } from './support/weft.ts';

const INFORMATIONAL_MAX = 3;
const LARGE_BYTES = 5_000_000;

let weft: Weft;
before(async () => {
  weft = await Weft.start({ protocol: 'h2', env: { WEFT_INFORMATIONAL_MAX: String(INFORMATIONAL_MAX) } });
});
after(() =>
  endAll(
    () => weft.stop(),
    () => assertNoFault(weft),
  ),
);

/** Bytes in which a lost, doubled or moved run shows. */
function payload(byteLength: number): Buffer {
  const numbers = Buffer.alloc(Math.ceil(byteLength / 4) * 4);
  for (let at = 0; at < numbers.length; at += 4) numbers.writeUInt32BE(at, at);
  return numbers.subarray(0, byteLength);
}

function digest(bytes: Buffer): string {
  return `${bytes.length} bytes, ${createHash('sha256').update(bytes).digest('hex')}`;
}

for (const bytes of [1, 1000, 16384, 65535, 65536, LARGE_BYTES]) {
  test(`a body of ${bytes} bytes, there and back`, async (t) => {
    const body = payload(bytes);
    const { host, client, upstream } = await openHttp2Site(t, weft, async (stream) => {
      const request = await stream.whole();
      await stream.respond({ body: request.bytes });
    });
    const id = client.begin(host, { method: 'POST', open: true, fields: { 'content-length': String(bytes) } });
    assert.equal(await client.sendBody(id, body), bytes);
    const response = await client.message(id);
    assert.equal(digest(upstream.streams[0]!.request.bytes), digest(body));
    assert.equal(digest(response.bytes), digest(body));
    assert.equal(response.ended, true);
  });
}

test('several large bodies at once on one connection', async (t) => {
  const { host, client } = await openHttp2Site(t, weft, async (stream) => {
    const request = await stream.whole();
    await stream.respond({ body: request.bytes });
  });
  const exchanges = [1, 2, 3, 4, 5].map(async (n) => {
    const body = payload(n * 150_000).map((byte) => byte ^ n);
    const id = client.begin(host, { method: 'POST', open: true });
    await client.sendBody(id, body);
    assert.equal(digest((await client.message(id)).bytes), digest(Buffer.from(body)));
  });
  await Promise.all(exchanges);
});

test('DATA of many sizes, padded and empty ones among them', async (t) => {
  const { host, client } = await openHttp2Site(t, weft);
  const id = client.begin(host, { method: 'POST', open: true });
  client.send(data(id, 'abc'), data(id, '', { padding: 10 }), data(id, 'de', { padding: 0 }), data(id, ''));
  client.send(data(id, 'f', { padding: 255 }), data(id, '', { endStream: true }));
  assert.equal(echoed(await client.message(id)).bodyBytes, 6);
});

test('a body is forwarded as it comes, not when it is whole', async (t) => {
  const { host, client, upstream } = await openHttp2Site(t, weft, hold);
  const id = client.begin(host, { method: 'POST', open: true });
  const stream = await upstream.stream();
  for (const part of ['one', 'two', 'three']) {
    client.send(data(id, part));
    await stream.connection.until(`request: ${part}`, () => stream.request.body.endsWith(part));
  }
  stream.send(headers(stream.id, { ':status': '200' }));
  await client.head(id);
  for (const part of ['uno', 'due']) {
    stream.data(part);
    await client.until(`response: ${part}`, () => client.stream(id).body.endsWith(part));
  }
  client.send(data(id, '', { endStream: true }));
  assert.equal((await stream.whole()).body, 'onetwothree');
  stream.data('', true);
  assert.equal((await client.message(id)).body, 'unodue');
});

const FORBIDDEN: readonly Field[] = [
  ['content-length', '9'],
  ['x-sum', '1'],
  ['host', 'evil'],
  ['authorization', 'a'],
  ['te', 'trailers'],
  ['x-end', '2'],
  ['x-secret', '3', true],
];
const PASSING: readonly Field[] = [FORBIDDEN[1]!, FORBIDDEN[5]!, FORBIDDEN[6]!];

test('trailers: forbidden ones are dropped, the others pass, in both directions', async (t) => {
  const { host, client, upstream } = await openHttp2Site(t, weft, async (stream) => {
    await stream.whole();
    await stream.respond({ body: 'x', trailers: FORBIDDEN });
  });
  const response = await client.ask(host, { method: 'POST', body: 'x', trailers: FORBIDDEN });
  assert.deepEqual(upstream.streams[0]?.request.trailers, PASSING);
  assert.deepEqual(response.trailers, [...PASSING, ['l5d-success-class', '1.0']]);
});

test('trailers without a body', async (t) => {
  const { host, client } = await openHttp2Site(t, weft);
  const told = echoed(await client.ask(host, { method: 'POST', trailers: { 'x-sum': '1' } }));
  assert.deepEqual([told.bodyBytes, told.trailers], [0, [['x-sum', '1']]]);
});

test('trailers that are all forbidden end the request all the same', async (t) => {
  const { host, client } = await openHttp2Site(t, weft);
  const told = echoed(await client.ask(host, { method: 'POST', body: 'x', trailers: { host: 'x' } }));
  assert.equal(told.bodyBytes, 1);
  assert.deepEqual(told.trailers ?? [], []);
});

/** Responses without a body, however their stream ends. */
const BODYLESS: readonly (readonly [method: string, status: number, fields: Fields])[] = [
  ['HEAD', 200, { 'content-length': '5' }],
  ['HEAD', 200, {}],
  ['GET', 204, {}],
  ['GET', 304, { 'content-length': '5' }],
  ['GET', 304, {}],
  ['GET', 200, { 'content-length': '0' }],
];

for (const [method, status, fields] of BODYLESS) {
  for (const end of ['the head', 'DATA'] as const) {
    test(`no body: ${method} ${status} ${JSON.stringify(fields)}, ended by ${end}`, async (t) => {
      const { host, client } = await openHttp2Site(t, weft, (stream) => {
        const head = { ':status': String(status), ...fields };
        stream.send(headers(stream.id, head, { endStream: end === 'the head' }));
        if (end === 'DATA') stream.data('', true);
      });
      for (let i = 0; i < 2; i++) {
        const response = await client.ask(host, { method });
        assert.deepEqual([response.status, response.body, response.ended], [status, '', true]);
        assert.equal(response.value('content-length'), (fields as Record<string, string>)['content-length']);
      }
    });
  }
}

test('informational responses are forwarded, in order, before the final one', async (t) => {
  const { host, client, upstream } = await openHttp2Site(t, weft, hold);
  const id = client.begin(host);
  const stream = await upstream.stream();
  stream.send(headers(stream.id, { ':status': '103', link: '</a>' }));
  await client.until('103', () => client.stream(id).informational.length === 1);
  stream.send(headers(stream.id, { ':status': '102' }), headers(stream.id, { ':status': '199', 'x-a': '1' }));
  await stream.respond({ body: 'x' });
  const response = await client.message(id);
  const told = response.informational.map((fields) => fields.filter(([name]) => name !== 'via').map((f) => f.join()));
  assert.deepEqual(told, [[':status,103', 'link,</a>'], [':status,102'], [':status,199', 'x-a,1']]);
  assert.deepEqual([response.status, response.body], [200, 'x']);
});

test('100 is forwarded to a client that waits for it with its body', async (t) => {
  const { host, client, upstream } = await openHttp2Site(t, weft, hold);
  const id = client.begin(host, { method: 'POST', open: true, fields: { expect: '100-continue' } });
  const stream = await upstream.stream();
  assert.equal(stream.request.value('expect'), '100-continue');
  stream.send(headers(stream.id, { ':status': '100' }));
  await client.until('100', () => client.stream(id).informational.length === 1);
  client.send(data(id, 'body', { endStream: true }));
  assert.equal((await stream.whole()).body, 'body');
  await stream.respond();
  assert.equal((await client.message(id)).status, 200);
});

test(`more informational responses than ${INFORMATIONAL_MAX}: 502, and the endpoint's stream is reset`, async (t) => {
  const { host, client, upstream } = await openHttp2Site(t, weft, hold);
  const id = client.begin(host);
  const stream = await upstream.stream();
  for (let i = 0; i <= INFORMATIONAL_MAX; i++) stream.send(headers(stream.id, { ':status': '103' }));
  const response = await client.message(id);
  assert.deepEqual([response.status, response.informational.length], [502, INFORMATIONAL_MAX]);
  await resetAt(stream);
  assert.equal(await weft.metric('limits/informational'), 1);
});

/** DATA behind a content-length of 5 that is not of 5 bytes (row 31). */
const MISMATCHES: readonly (readonly [name: string, frames: (id: number) => readonly Sendable[]])[] = [
  ['too much at once', (id) => [data(id, '123456')]],
  ['too much in the end', (id) => [data(id, '12345'), data(id, '6')]],
  ['too much and the end', (id) => [data(id, '12345'), data(id, '6', { endStream: true })]],
  ['too little', (id) => [data(id, '1234', { endStream: true })]],
  ['nothing', (id) => [data(id, '', { endStream: true })]],
  ['too little before trailers', (id) => [data(id, '1234'), headers(id, { 'x-sum': '1' }, { endStream: true })]],
];

for (const [name, frames] of MISMATCHES) {
  test(`row 31: a request with a content-length of 5, and ${name}`, async (t) => {
    const { host, client, upstream } = await openHttp2Site(t, weft, hold);
    const id = client.begin(host, { method: 'POST', open: true, fields: { 'content-length': '5' } });
    const stream = await upstream.stream();
    client.send(...frames(id));
    const response = await client.message(id);
    assert.deepEqual([response.resetCode, response.fields.length], [PROTOCOL_ERROR, 0]);
    const request = await resetAt(stream);
    assert.equal(request.ended, false, 'it is never whole');
    assert.equal((await client.ask(await answering(t))).status, 200, 'the connection goes on');
  });

  test(`row 31: a response with a content-length of 5, and ${name}`, async (t) => {
    const { host, client, upstream } = await openHttp2Site(t, weft, (stream) => {
      const length = headers(stream.id, { ':status': '200', 'content-length': '5' });
      stream.send(length, ...frames(stream.id));
    });
    const response = await client.ask(host);
    assert.deepEqual([response.resetCode !== undefined, response.ended], [true, false], 'it is never whole');
    const stream = await upstream.stream();
    await stream.connection.until('the reset, unless the stream had ended', () => stream.connection.active === 0);
    assert.equal((await client.ask(await answering(t))).status, 200, 'the connection goes on');
  });
}

test('a response before the request has ended goes out whole', async (t) => {
  const { host, client, upstream } = await openHttp2Site(t, weft, (stream) => stream.respond({ body: 'early' }));
  const id = client.begin(host, { method: 'POST', open: true });
  const response = await client.message(id);
  assert.deepEqual([response.status, response.body, response.ended], [200, 'early', true]);
  client.send(data(id, 'late', { endStream: true }));
  await client.roundTrip();
  assert.equal(upstream.streams.length, 1);
});

/** Waits until a request is reset. */
async function resetAt(stream: UpstreamStream) {
  const { connection, request } = stream;
  await connection.until('the reset', () => request.resetCode !== undefined);
  return request;
}

/** An upstream that answers. */
async function answering(t: Parameters<typeof openHttp2Site>[0]): Promise<string> {
  return (await openHttp2Site(t, weft)).host;
}
