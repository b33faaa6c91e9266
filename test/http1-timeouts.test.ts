/** Peers that are slow on purpose: requests that never end, bodies that stall, clients that never read (row 23). */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { HOSTILE_MESSAGES } from '../core/http1/hostile.ts';
import { assertNoFault, eventually, openClient, openSite, request, serverMetric } from './support/http1-site.ts';
import { answered, fieldOf, readAnswer } from './support/http1-wire.ts';
import { answerWith } from './support/scripted-upstream.ts';
import { Weft } from './support/weft.ts';

const TIMEOUT_MS = 600;
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const STALLED = HOSTILE_MESSAGES.filter(({ row, expect }) => row === 23 && expect.verdict === 'incomplete');

let weft: Weft;
before(async () => {
  const env = { WEFT_HEADER_TIMEOUT_MS: String(TIMEOUT_MS), WEFT_BODY_IDLE_TIMEOUT_MS: String(TIMEOUT_MS) };
  weft = await Weft.start({ env });
});
after(async () => {
  assertNoFault(weft);
  await weft.stop();
});

for (const { name, text } of STALLED) {
  test(`row 23: ${name}`, async (t) => {
    const { host, client } = await openSite(t, weft, async (connection) => {
      await connection.head();
    });
    client.send(text.replace('Host: a', `Host: ${host}`));
    const received = await client.untilEnd();
    if (text === '') {
      assert.equal(received, '');
      return;
    }
    const { final } = readAnswer(received);
    assert.deepEqual([final.start, fieldOf(final, 'connection')], ['408', 'close']);
  });
}

test('the stalled ones were counted', async () => {
  assert.ok(STALLED.length > 3);
  assert.equal(
    await weft.metric('limits/header_timeout'),
    STALLED.filter(({ name }) => /head|nothing/.test(name)).length,
  );
  assert.ok((await weft.metric('limits/body_idle_timeout')) > 0);
  assert.ok((await serverMetric(weft, 'failures/request_timeout')) > 0);
});

test('a head of one byte now and then does not keep its connection', async (t) => {
  const client = await openClient(t, weft);
  const head = request('GET /', 'slow');
  for (let i = 0; i < head.length && !client.ended; i++) {
    client.send(head[i] ?? '');
    await sleep(100);
  }
  assert.equal(readAnswer(client.received).final.start, '408');
});

test('an idle connection may wait for its next request; that one has to come in time', async (t) => {
  const { host, client } = await openSite(t, weft, answerWith(OK));
  client.send(request('GET /', host));
  await client.until('the answer', answered);
  await sleep(2 * TIMEOUT_MS);
  assert.equal(client.ended, false);
  client.received = '';
  client.send(request('GET /', host));
  await client.until('the second answer', answered);
  client.received = '';
  client.send('GET / HT');
  assert.equal(readAnswer(await client.untilEnd()).final.start, '408');
});

test('a slow body that goes on may take its time, in both directions', async (t) => {
  const { host, client } = await openSite(t, weft, async (connection) => {
    await connection.head();
    const body = await connection.bytes(6);
    connection.send('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n');
    for (const byte of body) {
      await sleep(TIMEOUT_MS / 3);
      connection.send(byte);
    }
  });
  client.send(request('POST /', host, 'Content-Length: 6'));
  for (const byte of 'slowly') {
    await sleep(TIMEOUT_MS / 3);
    client.send(byte);
  }
  assert.equal(readAnswer(await client.until('the answer', answered)).final.body, 'slowly');
});

test('a body that stalls: 408, and the endpoint is let go', async (t) => {
  const { host, client, upstream } = await openSite(t, weft, async (connection) => {
    await connection.head();
  });
  client.send(`${request('POST /', host, 'Content-Length: 10')}hello`);
  const { final } = readAnswer(await client.untilEnd());
  assert.equal(final.start, '408');
  await eventually("the endpoint's connection ends", () => upstream.connections[0]?.ended === true);
});

test('a response body that stalls is aborted', async (t) => {
  const { host, client, upstream } = await openSite(t, weft, async (connection) => {
    await connection.head();
    connection.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello');
  });
  client.send(request('GET /', host));
  const received = await client.untilEnd();
  assert.ok(received.endsWith('hello') && !answered(received));
  await eventually("the endpoint's connection ends", () => upstream.connections[0]?.ended === true);
  assert.equal(await serverMetric(weft, 'failures/upstream_stalled'), 1);
});

test('a client that never reads is let go, and the endpoint with it', async (t) => {
  const { host, client, upstream } = await openSite(t, weft, async (connection) => {
    await connection.head();
    connection.send(`HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n${'x'.repeat(50_000_000)}`);
  });
  client.socket.pause();
  client.send(request('GET /', host));
  await eventually("the endpoint's connection ends", () => upstream.connections[0]?.socket.destroyed === true);
  const stalled = async () =>
    (await serverMetric(weft, 'failures/client_stalled')) + (await serverMetric(weft, 'failures/upstream_stalled'));
  await eventually('the failure is counted', async () => (await stalled()) >= 2);
  client.socket.resume();
  await client.untilEnd();
  assert.ok(client.received.length < 50_000_000);
});
