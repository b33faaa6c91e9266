/** A peer that does not read stops the other from being read: Weft's memory stays bounded, and nothing is lost. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertNoFault, eventually, openSite, request } from './support/http1-site.ts';
import { answered } from './support/http1-wire.ts';
import { Weft } from './support/weft.ts';

const BODY_BYTES = 50_000_000;
const BODY = 'backpressure\r\n'.repeat(BODY_BYTES / 14 + 1).slice(0, BODY_BYTES);
/** Far below the body, and far above what queues of 256 KB, and the collector's leisure, come to. */
const GROWTH_MB_MAX = 25;

let weft: Weft;
before(async () => {
  weft = await Weft.start();
});
after(async () => {
  assertNoFault(weft);
  await weft.stop();
});

function residentMB(): number {
  const status = readFileSync(`/proc/${weft.child.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
}

/** Waits until Weft reads no more of a body. */
async function untilStopped(host: string): Promise<void> {
  let before = -1;
  await eventually('Weft stops reading', async () => {
    await sleep(300);
    const metrics = await weft.metrics();
    const read = Object.entries(metrics)
      .filter(([name]) => name.endsWith('/received_bytes'))
      .reduce((sum, [, value]) => sum + value, 0);
    const stopped = read === before && (await weft.metric(`service/svc/${host}/pending`)) === 1;
    before = read;
    return stopped;
  });
}

test('an endpoint that does not read the body: the client is not read either', async (t) => {
  const { host, client, upstream } = await openSite(t, weft, async (connection) => {
    await connection.head();
    connection.socket.pause();
  });
  const before = residentMB();
  client.send(request('POST /', host, `Content-Length: ${BODY_BYTES}`));
  await eventually('the request arrives', () => upstream.connections[0]?.socket.isPaused() === true);
  client.send(BODY);
  await untilStopped(host);
  assert.ok(client.socket.writableLength > 0, 'the client could send everything');
  const grown = residentMB() - before;
  assert.ok(grown < GROWTH_MB_MAX, `Weft has grown by ${grown} MB`);
  const connection = upstream.connections[0]!;
  connection.socket.resume();
  await eventually('the rest arrives', () => connection.received.length >= BODY_BYTES);
  assert.ok(connection.received === BODY);
  connection.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  await client.until('the answer', answered);
});

for (const framing of ['length', 'chunked'] as const) {
  test(`a client that does not read the response (${framing}): the endpoint is not read either`, async (t) => {
    const head = framing === 'length' ? `Content-Length: ${BODY_BYTES}` : 'Transfer-Encoding: chunked';
    const body = framing === 'length' ? BODY : `${BODY_BYTES.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;
    const { host, client, upstream } = await openSite(t, weft, async (connection) => {
      await connection.head();
      connection.send(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n${body}`);
    });
    const before = residentMB();
    const sentBefore = await weft.metric(`server/127.0.0.1/${weft.port}/sent_bytes`);
    client.socket.pause();
    client.send(request('GET /', host));
    await untilStopped(host);
    assert.ok((upstream.connections[0]?.socket.writableLength ?? 0) > 0, 'the endpoint could send everything');
    const grown = residentMB() - before;
    assert.ok(grown < GROWTH_MB_MAX, `Weft has grown by ${grown} MB`);
    client.socket.resume();
    await client.until(
      'the rest',
      (text) => text.length > body.length && text.indexOf('\r\n\r\n') + 4 + body.length <= text.length,
    );
    assert.ok(client.received.slice(client.received.indexOf('\r\n\r\n') + 4) === body);
    const sent = () => weft.metric(`server/127.0.0.1/${weft.port}/sent_bytes`);
    await eventually(
      'sent_bytes counts what had to wait too',
      async () => (await sent()) - sentBefore === client.received.length,
    );
  });
}
