/** Routers whose `client` and `service` differ by prefix (spec 02 sections 7.1 and 8). */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, get, readHead, soleValueOf } from './support/exchange.ts';
import { RawClient } from './support/raw-client.ts';
import { ScriptedUpstream, type UpstreamConnection } from './support/scripted-upstream.ts';
import { Weft } from './support/weft.ts';

/** So often that heads are remembered on the way (workers/http1/remembered-heads.ts). */
const REPEATS = 6;

let upstream: ScriptedUpstream;
let weft: Weft;
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
  weft = await Weft.start({
    disco: { web: [upstream.disco], narrow: [upstream.disco] },
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
  });
});

after(async () => {
  await weft.stop();
  await upstream.stop();
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
