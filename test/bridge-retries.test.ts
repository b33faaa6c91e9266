/**
 * Retries through bridges: the classifier is the router's, whatever its endpoints speak, and the request that is sent again
 * is the same.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, type TestContext, test } from 'node:test';
import { ask, get } from './support/exchange.ts';
import { assertNoFault } from './support/http1-site.ts';
import { Http2Client } from './support/http2/client.ts';
import { endAll, openHttp2Upstream } from './support/http2/site.ts';
import { metricsUntil } from './support/metrics.ts';
import { freePort, IP, Weft } from './support/weft.ts';

let weft: Weft;
let upPort: number;

before(async () => {
  upPort = await freePort();
  weft = await Weft.start({
    router: `  client: {protocol: h2}
  service: {responseClassifier: {kind: io.l5d.http.retryableIdempotent5XX}}`,
    more: `- protocol: h2
  label: up
  dtab: /svc => /#/io.l5d.fs
  client: {protocol: http}
  service: {responseClassifier: {kind: io.l5d.h2.retryableAll5XX}}
  servers: [{ip: ${IP}, port: ${upPort}}]`,
  });
});

after(() =>
  endAll(
    () => weft.stop(),
    () => assertNoFault(weft),
  ),
);

/** An endpoint that speaks HTTP/1 and fails so many requests before it answers. */
async function failing(t: TestContext, failures: number): Promise<{ server: Server; bodies: string[] }> {
  const bodies: string[] = [];
  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    bodies.push(Buffer.concat(parts).toString());
    response.statusCode = bodies.length <= failures ? 503 : 200;
    response.end(`answer ${bodies.length}`);
  });
  server.listen(0, IP);
  await once(server, 'listening');
  t.after(() => server.close());
  return { server, bodies };
}

function retried(label: string, name: string, times: number): Promise<void> {
  return metricsUntil(weft, (metrics) => {
    assert.equal(metrics[`rt/${label}/service/svc/${name}/retries/total`], times);
    assert.equal(metrics[`rt/${label}/service/svc/${name}/pending`], 0);
  });
}

test('HTTP/1 to endpoints of HTTP/2: what asks for a retry gets it, and nothing is held', async (t) => {
  let attempts = 0;
  const upstream = await openHttp2Upstream(t, async (stream) => {
    await stream.whole();
    attempts++;
    if (attempts === 1) await stream.respond({ status: 503, fields: { 'l5d-retryable': 'true' }, body: 'no' });
    else await stream.respond({ fields: { 'content-length': '4' }, body: 'fine' });
  });
  weft.disco('down', [upstream.disco]);
  const response = await ask(weft.port, get('down'));
  assert.deepEqual([response.status, response.body, attempts], [200, 'fine', 2]);
  await retried('test', 'down', 1);
});

for (const [name, body] of [
  ['put', 'ask'],
  ['put-longer', 'abcdefghij'.repeat(400)],
] as const) {
  test(`HTTP/1 to endpoints of HTTP/2: a PUT of ${body.length} bytes is sent again, and again`, async (t) => {
    const bodies: string[] = [];
    const upstream = await openHttp2Upstream(t, async (stream) => {
      bodies.push((await stream.whole()).body);
      await stream.respond({ status: bodies.length < 3 ? 503 : 200, fields: { 'content-length': '2' }, body: 'ok' });
    });
    weft.disco(name, [upstream.disco]);
    const head = `PUT / HTTP/1.1\r\nHost: ${name}\r\nContent-Length: ${body.length}\r\n\r\n`;
    const response = await ask(weft.port, `${head}${body}`);
    assert.deepEqual([response.status, response.body], [200, 'ok']);
    assert.deepEqual(bodies, [body, body, body]);
    await retried('test', name, 2);
  });
}

for (const [name, body] of [
  ['short', 'ask'],
  ['longer', 'abcdefghij'.repeat(1600)],
] as const) {
  test(`HTTP/2 to endpoints of HTTP/1: a POST of ${body.length} bytes is sent again, and again`, async (t) => {
    const { server, bodies } = await failing(t, 2);
    weft.disco(name, [`${IP} ${(server.address() as AddressInfo).port}`]);
    const client = await Http2Client.open(upPort);
    t.after(() => client.close());
    const response = await client.ask(name, { method: 'POST', body });
    assert.deepEqual([response.status, response.body], [200, 'answer 3']);
    assert.deepEqual(bodies, [body, body, body]);
    await retried('up', name, 2);
  });
}
