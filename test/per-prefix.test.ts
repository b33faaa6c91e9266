/** Routers whose `client` and `service` differ by prefix (spec 02 sections 7.1 and 8). */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { ask, get, readHead, soleValueOf } from './support/exchange.ts';
import { RawClient } from './support/raw-client.ts';
import { ScriptedUpstream, type UpstreamConnection } from './support/scripted-upstream.ts';
import { freePort, IP, Weft } from './support/weft.ts';

/** So often that heads are remembered on the way (workers/http1/remembered-heads.ts). */
const REPEATS = 6;

let upstream: ScriptedUpstream;
let streams: http2.Http2Server;
let weft: Weft;
let h2Port = 0;
/** Requests that the endpoint has and does not answer yet. */
const held: UpstreamConnection[] = [];

before(async () => {
  upstream = await ScriptedUpstream.start(async (connection) => {
    for (let head = await connection.head(); head !== null; head = await connection.head()) {
      const target = readHead(head).line.split(' ')[1] ?? '';
      if (target === '/hold') held.push(connection);
      else connection.send(`HTTP/1.1 ${target === '/fail' ? '500 Oh' : '200 OK'}\r\nContent-Length: 2\r\n\r\nok`);
    }
  });
  streams = http2.createServer().on('stream', (stream) => stream.respond({ ':status': 500 }, { endStream: true }));
  await once(streams.listen(0, IP), 'listening');
  h2Port = await freePort();
  weft = await Weft.start({
    disco: {
      web: [upstream.disco],
      narrow: [upstream.disco],
      streams: [`${IP} ${(streams.address() as AddressInfo).port}`],
    },
    router: `  dtab: |
    /svc => /#/io.l5d.fs ;
    /svc/lenient => /#/io.l5d.fs/web ;
    /svc/strict => /#/io.l5d.fs/web ;
    /svc/status => /$/io.buoyant.http.status/500 ;
  client:
    kind: io.l5d.static
    configs:
    - {prefix: /, hostConnectionPool: {maxSize: 1, maxWaiters: 0}}
    - {prefix: /#/*/web, hostConnectionPool: {maxSize: 2, maxWaiters: 0}}
  service:
    kind: io.l5d.static
    configs:
    - {prefix: "/svc/{name}", responseClassifier: {kind: io.l5d.http.allSuccessful}}
    - {prefix: /svc/strict, responseClassifier: {kind: io.l5d.http.nonRetryable5XX}}`,
    more: `- protocol: h2
  label: h2
  dtab: "/svc/* => /#/io.l5d.fs/streams"
  servers: [{ip: ${IP}, port: ${h2Port}}]
  service:
    kind: io.l5d.static
    configs: [{prefix: /svc/lenient, responseClassifier: {kind: io.l5d.h2.allSuccessful}}]`,
  });
});

after(async () => {
  await weft.stop();
  await upstream.stop();
  streams.close();
});

test('two services of one client have each its own classifier, also for heads that are remembered', async () => {
  for (let i = 0; i < REPEATS; i++) {
    for (const [name, success] of [
      ['lenient', '1.0'],
      ['strict', '0.0'],
    ] as const) {
      const answer = await ask(weft.port, get(name).replace(' / ', ' /fail '));
      assert.deepEqual([answer.status, soleValueOf(answer, 'l5d-success-class')], [500, success], `${name} ${i}`);
    }
  }
  assert.equal(await weft.metric('service/svc/lenient/success'), REPEATS);
  assert.equal(await weft.metric('service/svc/lenient/failures'), 0);
  assert.equal(await weft.metric('service/svc/strict/failures'), REPEATS);
});

test('the same of HTTP/2', async () => {
  const session = http2.connect(`http://${IP}:${h2Port}`);
  for (let i = 0; i < REPEATS; i++) {
    for (const [name, success] of [
      ['lenient', '1.0'],
      ['strict', '0.0'],
    ] as const) {
      const stream = session.request({ ':authority': name, ':path': '/' });
      const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
      assert.deepEqual([headers[':status'], headers['l5d-success-class']], [500, success], `${name} ${i}`);
      stream.resume();
      await once(stream, 'close');
    }
  }
  session.close();
});

test('a status of the namer is classified by the service that it stands for', async () => {
  const answer = await ask(weft.port, get('status'));
  assert.deepEqual([answer.status, soleValueOf(answer, 'l5d-success-class')], [500, '1.0']);
});

/** Opens requests one after another; each is at the endpoint, or has been refused, before the next goes out. */
async function statusesOf(name: string, count: number): Promise<number[]> {
  const clients: RawClient[] = [];
  for (let i = 0; i < count; i++) {
    const client = await RawClient.open(weft.port);
    clients.push(client);
    client.send(get(name).replace(' / ', ' /hold '));
    await client.until('the request to be held or refused', (received) => held.length > i || received !== '');
  }
  for (const connection of held.splice(0)) connection.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  for (const client of clients) await client.until('a response', (received) => received.includes('\r\n\r\n'));
  for (const client of clients) client.close();
  return clients.map(({ received }) => Number(received.split(' ')[1]));
}

test('each client has the connection pool of its own prefix', async () => {
  assert.deepEqual(await statusesOf('narrow', 2), [200, 502]);
  assert.deepEqual(await statusesOf('web', 3), [200, 200, 502]);
});
