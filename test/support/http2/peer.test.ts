/** The kit itself, against Node's own HTTP/2 as server and as client: it says what it means, and understands what it is told. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { CANCEL, NO_ERROR, PROTOCOL_ERROR } from '../../../core/http2/error-codes.ts';
import { IP } from '../weft.ts';
import { BLOCK_CODINGS } from './block-writer.ts';
import { Http2Client, requestFields } from './client.ts';
import {
  continuation,
  data,
  type Field,
  goaway,
  headers,
  ping,
  pingAck,
  rst,
  settings,
  settingsAck,
} from './frames.ts';
import { type echoed, Http2Upstream, type StreamScript } from './upstream.ts';

const LARGE = Buffer.alloc(1_000_000, 'a line of a large body\n');

/** Node's server, which answers with what it got. */
async function nodeServer(t: TestContext, options: http2.ServerOptions = {}): Promise<number> {
  const server = http2.createServer(options);
  server.on('stream', (...told: unknown[]) => {
    const [stream, got, , raw] = told as [http2.ServerHttp2Stream, http2.IncomingHttpHeaders, number, string[]];
    const body: Buffer[] = [];
    let trailers: unknown;
    stream.on('data', (chunk: Buffer) => body.push(chunk));
    stream.on('trailers', (fields: http2.IncomingHttpHeaders) => {
      trailers = { ...fields };
    });
    stream.on('error', () => {});
    stream.on('end', () => {
      const bytes = Buffer.concat(body);
      if (got[':path'] === '/bytes') {
        stream.respond({ ':status': 200 });
        stream.end(bytes);
        return;
      }
      stream.respond({ ':status': 200, 'x-node': '1' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-trailer': 'end' }));
      const never = (got as { [http2.sensitiveHeaders]?: string[] })[http2.sensitiveHeaders] ?? [];
      stream.end(JSON.stringify({ raw, bytes: bytes.length, trailers, never }));
    });
  });
  server.listen(0, IP);
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function openClient(t: TestContext, port: number, ...rest: [Parameters<typeof Http2Client.open>[1]?]) {
  const client = await Http2Client.open(port, ...rest);
  t.after(() => client.close());
  return client;
}

async function openUpstream(t: TestContext, ...rest: Parameters<typeof Http2Upstream.start>) {
  const upstream = await Http2Upstream.start(...rest);
  t.after(() => upstream.stop());
  return upstream;
}

function nodeSession(t: TestContext, port: number, options: http2.ClientSessionOptions = {}) {
  const session = http2.connect(`http://${IP}:${port}`, options);
  session.on('error', () => {});
  t.after(() => session.destroy());
  return session;
}

/** A whole response as Node's client gets it. */
async function nodeResponse(stream: http2.ClientHttp2Stream) {
  const body: Buffer[] = [];
  const informational: (string | undefined)[] = [];
  let trailers: http2.IncomingHttpHeaders = {};
  stream.on('headers', (fields) => informational.push(String(fields[':status'])));
  stream.on('trailers', (fields) => {
    trailers = fields;
  });
  stream.on('data', (chunk: Buffer) => body.push(chunk));
  const responded = once(stream, 'response') as Promise<[http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader]>;
  const [fields] = await responded;
  if (!stream.readableEnded) await once(stream, 'end');
  return { fields, body: Buffer.concat(body), trailers, informational };
}

interface Told {
  readonly raw: readonly string[];
  readonly bytes: number;
  readonly trailers?: Record<string, string>;
  readonly never: readonly string[];
}

for (const coding of BLOCK_CODINGS) {
  for (const huffman of [true, false]) {
    test(`client: header blocks of ${coding} fields, ${huffman ? 'with' : 'without'} Huffman`, async (t) => {
      const client = await openClient(t, await nodeServer(t));
      const fields: Field[] = [
        ['x-a', 'some value'],
        ['x-a', 'another'],
        ['accept', '*/*'],
        ['x-long', 'long '.repeat(200).trim()],
        ['x-secret', 'key', true],
      ];
      for (let i = 0; i < 3; i++) {
        const request = { fields, block: { coding, huffman, fragments: [1, 0, 7], padding: 9, priority: true } };
        const response = await client.ask('web', request);
        assert.equal(response.status, 200);
        const told = JSON.parse(response.body) as Told;
        const flat = requestFields('web', { fields }).flatMap((field) => field.slice(0, 2));
        assert.deepEqual(told.raw, flat);
        assert.deepEqual(told.never, ['x-secret']);
        assert.equal(response.trailer('x-trailer'), 'end');
      }
    });
  }
}

test('client: more fields than the table holds, so that entries are evicted', async (t) => {
  const client = await openClient(t, await nodeServer(t));
  for (let i = 0; i < 20; i++) {
    const fields: Field[] = Array.from({ length: 30 }, (_, j) => [`x-${j}`, `${j * (i % 3)}`.padEnd(40, 'v')]);
    const response = await client.ask('web', { fields, block: { coding: 'dynamic' } });
    const { raw } = JSON.parse(response.body) as Told;
    assert.deepEqual(raw.slice(8), fields.flat());
  }
});

test("client: a server's smaller table is obeyed", async (t) => {
  const client = await openClient(t, await nodeServer(t, { settings: { headerTableSize: 100 } }));
  for (let i = 0; i < 3; i++) {
    const fields: Field[] = Array.from({ length: 10 }, (_, j) => [`x-${j}`, `value ${j}`]);
    const response = await client.ask('web', { fields, block: { coding: 'dynamic' } });
    assert.equal(response.status, 200);
  }
});

test('client: bodies, padded and not, and trailers', async (t) => {
  const client = await openClient(t, await nodeServer(t));
  const id = client.begin('web', { method: 'POST', open: true });
  client.send(data(id, 'one'), data(id, 'two', { padding: 0 }), data(id, '', { padding: 255 }));
  client.send(headers(id, { 'x-sum': '6' }, { endStream: true }));
  const told = JSON.parse((await client.message(id)).body) as Told;
  assert.deepEqual([told.bytes, told.trailers?.['x-sum']], [6, '6']);
});

test('client: a large body is sent and read as the windows allow', async (t) => {
  const client = await openClient(t, await nodeServer(t), { settings: { INITIAL_WINDOW_SIZE: 100_000 } });
  const id = client.begin('web', { method: 'POST', path: '/bytes', open: true });
  assert.equal(await client.sendBody(id, LARGE), LARGE.length);
  assert.ok((await client.message(id)).bytes.equals(LARGE));
});

test('client: windows are granted when it is told to, and only then', async (t) => {
  const client = await openClient(t, await nodeServer(t), { automatic: { windows: false } });
  const id = client.begin('web', { method: 'POST', path: '/bytes', open: true });
  await client.sendBody(id, LARGE);
  const response = client.stream(id);
  await client.until('a full window', () => response.bodyBytes === 65535);
  await client.roundTrip();
  assert.equal(response.bodyBytes, 65535);
  client.grantAll();
  assert.ok((await client.message(id)).bytes.equals(LARGE));
});

test('client: RST_STREAM is told', async (t) => {
  const client = await openClient(t, await nodeServer(t));
  const response = await client.ask('web', { fields: { connection: 'close' } });
  assert.deepEqual([response.resetCode, response.ended, response.over], [PROTOCOL_ERROR, false, true]);
});

test('client: PING, GOAWAY and the end are told', async (t) => {
  const port = await nodeServer(t);
  const client = await openClient(t, port);
  client.send(ping('12345678'));
  await client.expect(pingAck('12345678'));
  await client.expect(settingsAck());
  client.send(continuation(9, ''));
  assert.equal((await client.goaway()).code, PROTOCOL_ERROR);
  const leaving = await openClient(t, port);
  await leaving.ask('web');
  leaving.send(goaway(0, NO_ERROR));
  await leaving.closed();
});

test('client: a failure tells what came', async (t) => {
  const client = await openClient(t, await nodeServer(t));
  const answered = client.ask('web');
  await answered;
  client.send(goaway(0, NO_ERROR), continuation(9, ''));
  await assert.rejects(client.expect(rst(1, CANCEL)), (error: Error) => {
    assert.match(error.message, /^RST_STREAM 1 CANCEL: the connection has ended\n/);
    assert.match(error.message, /SETTINGS 0 ACK\n.*HEADERS 1 :status: 200 \| x-node: 1.*DATA 1 .*GOAWAY 0 /s);
    return true;
  });
});

test('upstream: the echo, from any number of streams at once', async (t) => {
  const upstream = await openUpstream(t);
  const session = nodeSession(t, upstream.port);
  const answers = Array.from({ length: 20 }, async (_, i) => {
    const stream = session.request({ ':method': 'POST', ':path': `/${i}`, 'x-want-trailers': '1', 'x-n': `${i}` });
    stream.end('x'.repeat(i * 1000));
    const { fields, body, trailers } = await nodeResponse(stream);
    const told = JSON.parse(body.toString()) as ReturnType<typeof echoed>;
    assert.equal(fields[':status'], 200);
    assert.deepEqual(
      told.fields.find(([name]) => name === ':path'),
      [':path', `/${i}`],
    );
    assert.deepEqual([told.bodyBytes, trailers['x-trailer']], [i * 1000, '1']);
  });
  await Promise.all(answers);
  assert.equal(upstream.connections.length, 1);
  assert.equal(upstream.streams.length, 20);
});

test('upstream: a script with 1xx, a large body and trailers', async (t) => {
  const script: StreamScript = async (stream) => {
    await stream.whole();
    stream.send(headers(stream.id, { ':status': '103', link: 'x' }));
    await stream.respond({ body: LARGE, trailers: { 'grpc-status': '0' } });
  };
  const upstream = await openUpstream(t, script);
  const stream = nodeSession(t, upstream.port).request({ ':path': '/' });
  const { body, trailers, informational } = await nodeResponse(stream);
  assert.ok(body.equals(LARGE));
  assert.deepEqual([trailers['grpc-status'], informational], ['0', ['103']]);
});

test('upstream: RST_STREAM and GOAWAY arrive', async (t) => {
  const upstream = await openUpstream(t, (stream) => {
    stream.reset(CANCEL);
    stream.send(goaway(stream.id, NO_ERROR));
  });
  const session = nodeSession(t, upstream.port);
  const gone = once(session, 'goaway');
  const stream = session.request({ ':path': '/' });
  stream.on('error', () => {});
  await once(stream, 'close');
  assert.equal(stream.rstCode, CANCEL);
  assert.equal((await gone)[0], NO_ERROR);
});

test("upstream: a client's RST_STREAM is told", async (t) => {
  const upstream = await openUpstream(t, async (stream) => void (await stream.whole()));
  const session = nodeSession(t, upstream.port);
  const stream = session.request({ ':path': '/', ':method': 'POST' });
  stream.on('error', () => {});
  await once(session, 'remoteSettings');
  while (upstream.streams.length === 0) await new Promise((resolve) => setImmediate(resolve));
  stream.close(CANCEL);
  const request = upstream.streams[0]!.request;
  await upstream.connections[0]!.until('the reset', () => request.resetCode !== undefined);
  assert.equal(request.resetCode, CANCEL);
});

test('settings of both sides are heeded', async (t) => {
  const upstream = await openUpstream(t, undefined, {
    settings: { MAX_CONCURRENT_STREAMS: 3, MAX_FRAME_SIZE: 20_000 },
  });
  const session = nodeSession(t, upstream.port, { settings: { initialWindowSize: 7, enablePush: false } });
  const [told] = (await once(session, 'remoteSettings')) as [http2.Settings];
  assert.deepEqual([told.maxConcurrentStreams, told.maxFrameSize], [3, 20_000]);
  const { body } = await nodeResponse(session.request({ ':path': '/' }));
  assert.ok(body.length > 7);
  assert.equal(upstream.connections[0]?.settings.get(4), 7);
  upstream.connections[0]?.send(settings({ MAX_CONCURRENT_STREAMS: 9 }));
  await once(session, 'remoteSettings');
  assert.equal(session.remoteSettings.maxConcurrentStreams, 9);
});
