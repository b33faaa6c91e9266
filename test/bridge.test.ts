/**
 * Routers that are bridges: HTTP/1 from clients to endpoints that speak HTTP/2, and the other way round, with Node's own
 * http and http2 as clients and endpoints.
 */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import * as http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { RawClient } from './support/raw-client.ts';
import { freePort, IP, Weft } from './support/weft.ts';

const LARGE = randomBytes(3_000_000);

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

interface Ask {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** Content-Length is left out. */
  readonly chunked?: boolean;
}

function sha(bytes: Buffer): string {
  return createHash('sha1').update(bytes).digest('hex');
}

async function collect(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

/** What an endpoint does with a request, whichever protocol it speaks. */
function script(path: string, head: Record<string, unknown>, body: Buffer) {
  const seen = Buffer.from(JSON.stringify({ ...head, sha: sha(body), bytes: body.length }));
  if (path === '/large') return { status: 200, headers: {}, parts: [LARGE.subarray(0, 1000), LARGE.subarray(1000)] };
  if (path === '/length') return { status: 201, headers: { 'content-length': String(seen.length) }, parts: [seen] };
  if (path === '/none') return { status: 204, headers: {}, parts: [] };
  return { status: 200, headers: { 'x-endpoint': 'yes' }, parts: [seen] };
}

async function startHttp1(): Promise<Server> {
  const server = createServer(async (req, res) => {
    const { url = '', method, headers } = req;
    const answer = script(url, { method, url, headers }, await collect(req));
    res.writeHead(answer.status, answer.headers);
    for (const part of answer.parts) res.write(part, () => url === '/cut' && res.destroy());
    if (url !== '/cut') res.end();
  });
  server.listen(0, IP);
  await once(server, 'listening');
  return server;
}

async function startHttp2(): Promise<http2.Http2Server> {
  const server = http2.createServer();
  server.on('stream', async (stream, headers) => {
    stream.on('error', () => {});
    const path = String(headers[':path']);
    const trailers: Record<string, unknown>[] = [];
    stream.on('trailers', (fields) => trailers.push(fields));
    const body = await collect(stream);
    if (path === '/reset') {
      stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
      return;
    }
    const answer = script(path, { headers, trailers }, body);
    if (path === '/hints') stream.additionalHeaders({ ':status': 103, link: '</a>' });
    stream.respond({ ':status': answer.status, ...answer.headers }, { waitForTrailers: path === '/trailers' });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-trailer': 'dropped' }));
    // Not close(): that may say END_STREAM first, and in Node 24 does.
    const cut = () => path === '/cut' && stream.destroy(new Error('cut'));
    for (const part of answer.parts) stream.write(part, cut);
    if (path !== '/cut') stream.end();
  });
  server.listen(0, IP);
  await once(server, 'listening');
  return server;
}

describe('bridges', () => {
  let weft: Weft;
  let downPort = 0;
  let one: Server;
  let two: http2.Http2Server;
  let session: http2.ClientHttp2Session;
  const agent = new Agent({ keepAlive: true });

  before(async () => {
    one = await startHttp1();
    two = await startHttp2();
    downPort = await freePort();
    weft = await Weft.start({
      router: '  client: {protocol: h2}',
      more: `- protocol: h2
  label: down
  dtab: /svc => /#/io.l5d.fs
  client: {protocol: http}
  servers: [{ip: ${IP}, port: ${downPort}}]`,
      disco: {
        one: [`${IP} ${(one.address() as AddressInfo).port}`],
        two: [`${IP} ${(two.address() as AddressInfo).port}`],
        'one:80': [`${IP} ${(one.address() as AddressInfo).port}`],
        'two:80': [`${IP} ${(two.address() as AddressInfo).port}`],
        nobody: [`${IP} 1`],
      },
    });
    session = http2.connect(`http://${IP}:${downPort}`);
  });

  after(async () => {
    session.destroy();
    agent.destroy();
    await weft.stop();
    one.closeAllConnections();
    one.close();
    two.close();
  });

  /** Over HTTP/1, to the endpoint that speaks HTTP/2. */
  async function askUp(host: string, { method = 'GET', path = '/', headers = {}, body, chunked }: Ask): Promise<Reply> {
    const length = body === undefined || chunked ? {} : { 'content-length': String(body.length) };
    const fields = { host, ...length, ...headers };
    const req = request({ agent, port: weft.port, host: IP, method, path, headers: fields });
    req.on('error', () => {});
    req.end(body);
    const [res] = await once(req, 'response');
    return { status: res.statusCode, headers: res.headers, body: await collect(res) };
  }

  /** Over HTTP/2, to the endpoint that speaks HTTP/1. */
  async function askDown(
    host: string,
    { method = 'GET', path = '/', headers = {}, body, chunked }: Ask,
  ): Promise<Reply> {
    const length = body === undefined || chunked ? {} : { 'content-length': String(body.length) };
    const stream = session.request(
      { ':method': method, ':path': path, ':authority': host, ...length, ...headers },
      { endStream: body === undefined },
    );
    if (body !== undefined) stream.end(body);
    const [fields] = await once(stream, 'response');
    return { status: Number(fields[':status']), headers: fields, body: await collect(stream) };
  }

  const DIRECTIONS = [
    ['HTTP/1 to HTTP/2', 'two', askUp],
    ['HTTP/2 to HTTP/1', 'one', askDown],
  ] as const;

  for (const [direction, host, ask] of DIRECTIONS) {
    test(`${direction}: a request without a body, its fields and Weft's`, async () => {
      const { status, headers, body } = await ask(host, { headers: { 'x-a': '1', cookie: 'a=1' } });
      assert.deepEqual([status, headers['x-endpoint']], [200, 'yes']);
      assert.match(String(headers.via), /linkerd$/);
      const seen = JSON.parse(body.toString()) as { headers: IncomingHttpHeaders };
      assert.equal(seen.headers['x-a'], '1');
      assert.equal(seen.headers.cookie, 'a=1');
      assert.equal(seen.headers['l5d-dst-service'], `/svc/${host}`);
      assert.equal(seen.headers['l5d-dst-client'], `/#/io.l5d.fs/${host}`);
      assert.match(String(seen.headers['l5d-reqid']), /^[0-9a-f]{16}$/);
    });

    for (const chunked of [false, true]) {
      test(`${direction}: a body of three megabytes ${chunked ? 'without' : 'with'} a length`, async () => {
        const { status, body } = await ask(host, { method: 'POST', body: LARGE, chunked });
        const seen = JSON.parse(body.toString()) as { sha: string };
        assert.deepEqual([status, seen.sha], [200, sha(LARGE)]);
      });
    }

    test(`${direction}: an empty body without a length`, async () => {
      const { status, body } = await ask(host, { method: 'POST', body: Buffer.alloc(0), chunked: true });
      assert.deepEqual([status, (JSON.parse(body.toString()) as { bytes: number }).bytes], [200, 0]);
    });

    test(`${direction}: a response of three megabytes, one with a length, one without a body`, async () => {
      const large = await ask(host, { path: '/large' });
      assert.deepEqual([large.status, sha(large.body)], [200, sha(LARGE)]);
      const measured = await ask(host, { path: '/length' });
      assert.deepEqual([measured.status, Number(measured.headers['content-length'])], [201, measured.body.length]);
      const none = await ask(host, { path: '/none' });
      assert.deepEqual([none.status, none.body.length], [204, 0]);
    });

    test(`${direction}: HEAD has no body, and the connection goes on`, async () => {
      const { status, body } = await ask(host, { method: 'HEAD', path: '/length' });
      assert.deepEqual([status, body.length], [201, 0]);
      assert.equal((await ask(host, {})).status, 200);
    });

    test(`${direction}: a response that is cut short is seen to be`, async () => {
      await assert.rejects(ask(host, { path: '/cut' }));
      assert.equal((await ask(host, {})).status, 200);
    });

    test(`${direction}: an endpoint that refuses is a 502 that says so`, async () => {
      const { status, headers, body } = await ask('nobody', {});
      assert.equal(status, 502);
      assert.match(String(headers['l5d-err']), /^Unable\+to\+establish\+connection/);
      assert.match(body.toString(), /^Unable to establish connection to 127\.0\.0\.1:1\./);
    });

    test(`${direction}: a thousand requests, fifty at a time`, async () => {
      let left = 1000;
      const run = async () => {
        while (left-- > 0) {
          const path = left % 3 === 0 ? '/length' : '/';
          const method = left % 2 === 0 ? 'POST' : 'GET';
          const body = method === 'POST' ? LARGE.subarray(0, left * 7) : undefined;
          const reply = await ask(host, { method, path, ...(body === undefined ? {} : { body }) });
          assert.equal((JSON.parse(reply.body.toString()) as { sha: string }).sha, sha(body ?? Buffer.alloc(0)));
        }
      };
      await Promise.all(Array.from({ length: 50 }, run));
    });
  }

  test('HTTP/1 to HTTP/2: 1xx go on, trailers do not', async () => {
    const client = await RawClient.open(weft.port);
    client.send('GET /hints HTTP/1.1\r\nHost: two\r\nConnection: close\r\n\r\n');
    assert.match(
      await client.untilEnd(),
      /^HTTP\/1\.1 103 .*\r\n(?:.*\r\n)*link: <\/a>\r\n(?:.*\r\n)*\r\nHTTP\/1\.1 200 /i,
    );
    client.close();
    const { status, headers } = await askUp('two', { path: '/trailers' });
    assert.deepEqual([status, headers['x-trailer']], [200, undefined]);
  });

  test('HTTP/1 to HTTP/2: a stream that is reset before its response is a 502', async () => {
    const { status, headers } = await askUp('two', { path: '/reset' });
    assert.equal(status, 502);
    assert.match(String(headers['l5d-err']), /INTERNAL_ERROR/);
  });

  test('HTTP/1 to HTTP/2: CONNECT is refused, an Upgrade is not taken', async () => {
    const client = await RawClient.open(weft.port);
    client.send('CONNECT two:80 HTTP/1.1\r\nHost: two:80\r\n\r\n');
    assert.match(await client.untilEnd(), /^HTTP\/1\.1 501 /);
    client.close();
    const upgrading = await RawClient.open(weft.port);
    upgrading.send('GET / HTTP/1.1\r\nHost: two\r\nConnection: upgrade, close\r\nUpgrade: websocket\r\n\r\n');
    assert.match(await upgrading.untilEnd(), /^HTTP\/1\.1 200 /);
    upgrading.close();
  });

  test('HTTP/2 to HTTP/1: cookies are joined, te and trailers end here', async () => {
    const stream = session.request(
      { ':method': 'POST', ':authority': 'one', cookie: ['a=1', 'b=2'], te: 'trailers' },
      { waitForTrailers: true },
    );
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-trailer': '1' }));
    stream.end('body');
    const seen = JSON.parse((await collect(stream)).toString()) as { headers: IncomingHttpHeaders; bytes: number };
    assert.deepEqual([seen.headers.cookie, seen.headers['te'], seen.bytes], ['a=1; b=2', undefined, 4]);
  });

  test('HTTP/2 to HTTP/1: CONNECT is refused', async () => {
    const stream = session.request({ ':method': 'CONNECT', ':authority': 'one:80' });
    const [headers] = await once(stream, 'response');
    assert.equal(headers[':status'], 501);
    stream.close();
  });
});
