/** Routers of each protocol whose clients speak the one or the other, by prefix. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as http from 'node:http';
import * as http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { RawClient } from './support/raw-client.ts';
import { freePort, IP, Weft } from './support/weft.ts';

/** So often that heads are remembered on the way. */
const REPEATS = 6;

/** What an endpoint has seen of a request, and what it speaks. */
interface Seen {
  readonly endpoint: string;
  readonly version: string;
  readonly body: string;
}

let plain: http.Server;
let streams: http2.Http2Server;
let weft: Weft;
let h2Port = 0;
let session: http2.ClientHttp2Session;

/** Node's compatibility API gives both kinds of endpoint one shape. */
function answering(endpoint: string) {
  return async (
    request: http.IncomingMessage | http2.Http2ServerRequest,
    response: http.ServerResponse | http2.Http2ServerResponse,
  ) => {
    let body = '';
    for await (const part of request) body += String(part);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ endpoint, version: request.httpVersion, body } satisfies Seen));
  };
}

before(async () => {
  plain = http.createServer(answering('plain')).on('upgrade', (_request, socket) => {
    socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nswitched');
  });
  streams = http2.createServer(answering('streams'));
  for (const server of [plain, streams]) {
    server.listen(0, IP);
    await once(server, 'listening');
  }
  h2Port = await freePort();
  const client = `{kind: io.l5d.static, configs: [
    {prefix: "/#/*/{name}", protocol: http}, {prefix: "/#/*/streams", protocol: h2}, {prefix: "/#/*/streams:80", protocol: h2}]}`;
  const discoOf = (server: http.Server | http2.Http2Server) => [`${IP} ${(server.address() as AddressInfo).port}`];
  weft = await Weft.start({
    disco: {
      plain: discoOf(plain),
      streams: discoOf(streams),
      'plain:80': discoOf(plain),
      'streams:80': discoOf(streams),
    },
    router: `  client: ${client}`,
    more: `- {protocol: h2, label: down, dtab: /svc => /#/io.l5d.fs, client: ${client}, servers: [{ip: ${IP}, port: ${h2Port}}]}`,
  });
  session = http2.connect(`http://${IP}:${h2Port}`);
});

after(async () => {
  session.destroy();
  await weft.stop();
  plain.closeAllConnections();
  plain.close();
  streams.close();
});

/** Asks the http router. */
async function askHttp(host: string, body?: string): Promise<Seen> {
  const request = http.request({
    host: IP,
    port: weft.port,
    method: body === undefined ? 'GET' : 'POST',
    headers: { host },
  });
  request.end(body);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  return read(response, response.statusCode);
}

/** Asks the h2 router. */
async function askH2(host: string, body?: string): Promise<Seen> {
  const method = body === undefined ? 'GET' : 'POST';
  const stream = session.request({ ':method': method, ':authority': host, ':path': '/' });
  const [headers] = (await once(stream.end(body), 'response')) as [http2.IncomingHttpHeaders];
  return read(stream, Number(headers[':status']));
}

async function read(response: AsyncIterable<Buffer>, status: number | undefined): Promise<Seen> {
  let text = '';
  for await (const part of response) text += String(part);
  assert.equal(status, 200, text);
  return JSON.parse(text) as Seen;
}

for (const [protocol, asking] of [
  ['http', askHttp],
  ['h2', askH2],
] as const) {
  test(`${protocol}: requests in turn go to endpoints of either protocol`, async () => {
    for (let i = 0; i < REPEATS; i++) {
      assert.deepEqual(await asking('plain'), { endpoint: 'plain', version: '1.1', body: '' });
      assert.deepEqual(await asking('streams'), { endpoint: 'streams', version: '2.0', body: '' });
      assert.deepEqual(await asking('plain', `a${i}`), { endpoint: 'plain', version: '1.1', body: `a${i}` });
      assert.deepEqual(await asking('streams', `b${i}`), { endpoint: 'streams', version: '2.0', body: `b${i}` });
    }
  });
}

describe('what only endpoints of the same protocol can do', () => {
  test('http: CONNECT to an HTTP/2 endpoint is refused, and an Upgrade not taken there', async () => {
    const client = await RawClient.open(weft.port);
    client.send('CONNECT streams:80 HTTP/1.1\r\nHost: streams:80\r\n\r\n');
    assert.match(await client.untilEnd(), /^HTTP\/1\.1 501 /);
    client.close();
    const upgrading = await RawClient.open(weft.port);
    upgrading.send('GET / HTTP/1.1\r\nHost: streams\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n');
    await upgrading.until('a response', (received) => received.includes('"streams"'));
    assert.match(upgrading.received, /^HTTP\/1\.1 200 /);
    upgrading.close();
  });

  test('http: an endpoint of HTTP/1 may switch protocols', async () => {
    const client = await RawClient.open(weft.port);
    client.send('GET / HTTP/1.1\r\nHost: plain\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n');
    assert.match(await client.untilEnd(), /^HTTP\/1\.1 101 .*switched$/s);
    client.close();
  });

  test('h2: CONNECT to an HTTP/1 endpoint is refused', async () => {
    const stream = session.request({ ':method': 'CONNECT', ':authority': 'plain:80' });
    const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
    assert.equal(headers[':status'], 501);
    stream.close();
  });
});
