/** What a server, a pool and a worker take on at most, and how Weft ends with requests under way. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertNoFault, eventually, openClient, openSite, request, serverMetric } from './support/http1-site.ts';
import { answered, fieldOf, readAnswer } from './support/http1-wire.ts';
import { RawClient } from './support/raw-client.ts';
import type { UpstreamConnection } from './support/scripted-upstream.ts';
import { Weft, type WeftOptions } from './support/weft.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

async function start(t: TestContext, options: WeftOptions): Promise<Weft> {
  const weft = await Weft.start(options);
  t.after(async () => {
    assertNoFault(weft);
    await weft.stop();
  });
  return weft;
}

/** Answers when it is let go. */
class Gate {
  open = false;
  arrived = 0;

  readonly script = async (connection: UpstreamConnection): Promise<void> => {
    while ((await connection.head()) !== null) {
      this.arrived++;
      while (!this.open && !connection.ended) await sleep(2);
      if (!connection.ended) connection.send(OK);
    }
  };
}

test('maxConcurrentRequests: one more is refused, as safe to retry, and its connection stays', async (t) => {
  const weft = await start(t, { server: '    maxConcurrentRequests: 1' });
  const gate = new Gate();
  const { host, client } = await openSite(t, weft, gate.script);
  client.send(request('GET /', host));
  await eventually('the first is under way', () => gate.arrived === 1);
  const second = await openClient(t, weft);
  for (let i = 0; i < 2; i++) {
    second.received = '';
    second.send(request('GET /', host));
    const { final } = readAnswer(await second.until('the refusal', answered));
    assert.equal(final.start, '503');
    assert.equal(fieldOf(final, 'finagle-http-nack'), 'true');
    assert.equal(fieldOf(final, 'retry-after'), '0');
    assert.equal(fieldOf(final, 'l5d-err'), undefined);
    assert.equal(final.body, 'Request was not processed by the server due to an error and is safe to retry');
  }
  second.received = '';
  second.send(request('HEAD /', host));
  const head = readAnswer(await second.until('the refusal', (text) => answered(text, 'HEAD')), 'HEAD');
  assert.deepEqual([head.final.start, head.rest], ['503', '']);
  assert.equal(await serverMetric(weft, 'nacks'), 3);
  gate.open = true;
  await client.until('the first answer', answered);
  second.received = '';
  second.send(request('GET /', host));
  assert.equal(readAnswer(await second.until('the answer', answered)).final.start, '200');
});

test('maxConcurrentRequests: a client that goes gives its place back', async (t) => {
  const weft = await start(t, { server: '    maxConcurrentRequests: 1' });
  const gate = new Gate();
  const { host, client } = await openSite(t, weft, gate.script);
  for (let i = 0; i < 3; i++) {
    const leaving = i === 0 ? client : await openClient(t, weft);
    leaving.send(request('GET /', host));
    await eventually('the request is under way', () => gate.arrived === i + 1);
    leaving.socket.resetAndDestroy();
    await eventually('it has ended', async () => (await serverMetric(weft, 'failures/client_closed')) === i + 1);
  }
  assert.equal(await serverMetric(weft, 'nacks'), 0);
});

test('hostConnectionPool: maxSize, then maxWaiters, then 502', async (t) => {
  const weft = await start(t, { router: '  client: {hostConnectionPool: {maxSize: 1, maxWaiters: 1}}' });
  const gate = new Gate();
  const { host, client, upstream } = await openSite(t, weft, gate.script);
  client.send(request('GET /', host));
  await eventually('the first is under way', () => gate.arrived === 1);
  const waiter = await openClient(t, weft);
  waiter.send(request('GET /', host));
  const scope = `client/#/io.l5d.fs/${host}`;
  await eventually('the second waits', async () => (await weft.metric(`${scope}/pool_waiters`)) === 1);
  const third = await openClient(t, weft);
  third.send(request('GET /', host));
  const { final } = readAnswer(await third.until('the refusal', answered));
  assert.equal(final.start, '502');
  assert.equal(await serverMetric(weft, 'failures/pool_exhausted'), 1);
  assert.equal(await weft.metric(`${scope}/pool_num_too_many_waiters`), 1);
  gate.open = true;
  await client.until('the first answer', answered);
  await waiter.until('the second answer', answered);
  assert.equal(upstream.connections.length, 1);
  assert.equal(await weft.metric(`${scope}/pool_waiters`), 0);
});

test('hostConnectionPool: a waiter whose client goes makes room', async (t) => {
  const weft = await start(t, { router: '  client: {hostConnectionPool: {maxSize: 1, maxWaiters: 1}}' });
  const gate = new Gate();
  const { host, client } = await openSite(t, weft, gate.script);
  const waiting = () => weft.metric(`client/#/io.l5d.fs/${host}/pool_waiters`);
  client.send(request('GET /', host));
  await eventually('the first is under way', () => gate.arrived === 1);
  const leaving = await openClient(t, weft);
  leaving.send(request('GET /', host));
  await eventually('the second waits', async () => (await waiting()) === 1);
  leaving.socket.resetAndDestroy();
  await eventually('it waits no more', async () => (await waiting()) === 0);
  const third = await openClient(t, weft);
  third.send(request('GET /', host));
  await eventually('the third waits', async () => (await waiting()) === 1);
  gate.open = true;
  await third.until('the answer', answered);
});

test('hostConnectionPool: the next waiter gets a new connection when the used one closes', async (t) => {
  const weft = await start(t, { router: '  client: {hostConnectionPool: {maxSize: 1}}' });
  const { host, client, upstream } = await openSite(t, weft, async (connection) => {
    await connection.head();
    await sleep(100);
    connection.send('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok');
    connection.end();
  });
  const clients = [client, await openClient(t, weft), await openClient(t, weft)];
  for (const each of clients) each.send(request('GET /', host));
  for (const each of clients) assert.equal(readAnswer(await each.until('the answer', answered)).final.start, '200');
  assert.equal(upstream.connections.length, 3);
});

test('hostConnectionPool: idleTimeMs closes what is idle', async (t) => {
  const weft = await start(t, { router: '  client: {hostConnectionPool: {idleTimeMs: 300}}' });
  const gate = new Gate();
  gate.open = true;
  const { host, client, upstream } = await openSite(t, weft, gate.script);
  client.send(request('GET /', host));
  await client.until('the answer', answered);
  assert.equal(upstream.connections[0]?.ended, false);
  await eventually('the idle connection is closed', () => upstream.connections[0]?.ended === true);
  assert.equal(client.ended, false);
  client.received = '';
  client.send(request('GET /', host));
  await client.until('the second answer', answered);
  assert.equal(upstream.connections.length, 2);
});

test('connections over WEFT_CONNECTIONS_MAX are closed at once; one that ends makes room', async (t) => {
  const max = 16;
  const weft = await start(t, { env: { WEFT_CONNECTIONS_MAX: String(max) } });
  const gate = new Gate();
  gate.open = true;
  const { host, client } = await openSite(t, weft, gate.script);
  const within = [client];
  for (let i = 1; i < max; i++) within.push(await openClient(t, weft));
  const over = [await openClient(t, weft), await openClient(t, weft)];
  for (const each of over) assert.equal(await each.untilEnd(), '');
  assert.equal(await weft.metric('limits/connections'), over.length);
  for (const each of within) {
    each.send(request('GET /', host));
    await each.until('an answer within the bound', answered);
  }
  within[1]?.close();
  await eventually('there is room', async () => (await serverMetric(weft, 'connections')) === max - 1);
  const next = await openClient(t, weft);
  next.send(request('GET /', host));
  await next.until('an answer', answered);
});

test('shutdown: idle connections close, requests under way complete with Connection: close, then exit 0', async (t) => {
  const weft = await Weft.start();
  const gate = new Gate();
  const { host, client } = await openSite(t, weft, gate.script);
  const idle = await openClient(t, weft);
  // What is pipelined behind the request under way is not accepted any more.
  client.send(request('GET /', host) + request('GET /next', host));
  await eventually('the request is under way', () => gate.arrived === 1);
  const stopped = weft.stop();
  assert.equal(await idle.untilEnd(), '');
  await assert.rejects(async () => {
    const late = await RawClient.open(weft.port);
    late.send(request('GET /', host));
    await late.untilEnd();
    late.close();
    assert.ok(answered(late.received), 'not answered');
  });
  assert.equal(client.received, '');
  gate.open = true;
  const { final, rest } = readAnswer(await client.untilEnd());
  assert.deepEqual([final.start, final.body, fieldOf(final, 'connection'), rest], ['200', 'ok', 'close', '']);
  assert.equal(gate.arrived, 1);
  assert.equal(await stopped, 0);
  assertNoFault(weft);
});

test('shutdown: what is not over within shutdownGraceMs is cut', async (t) => {
  const weft = await Weft.start({ admin: ', shutdownGraceMs: 500' });
  const gate = new Gate();
  const { host, client } = await openSite(t, weft, gate.script);
  client.send(request('GET /', host));
  await eventually('the request is under way', () => gate.arrived === 1);
  const exit = once(weft.child, 'exit');
  const status = await weft.stop();
  await exit;
  await client.untilEnd();
  assert.deepEqual([client.received, status], ['', 0]);
});
