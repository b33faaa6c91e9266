/**
 * Connections that end for their age, their idleness, or the silence of their peers: `serverSession`, `clientSession`,
 * `socketOptions.readTimeoutMs` and `writeTimeoutMs` (spec 02 sections 6.1, 6.2 and 7.2), of both protocols.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertNoFault, eventually, openClient, openSite, request } from './support/http1-site.ts';
import { answered, fieldOf, readAnswer } from './support/http1-wire.ts';
import { hold, openHttp2Client, openHttp2Site, startHttp2 } from './support/http2/site.ts';
import { answerWith } from './support/scripted-upstream.ts';
import { Weft } from './support/weft.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
/** Long beside what a request takes, and short for a test. */
const TIME_MS = 400;

async function startHttp(t: TestContext, keys: { readonly server?: string; readonly client?: string }): Promise<Weft> {
  const { server = '', client = '' } = keys;
  const weft = await Weft.start({ router: `  client: {${client}}`, server: server && `    ${server}` });
  t.after(async () => {
    await weft.stop();
    assertNoFault(weft);
  });
  return weft;
}

test('serverSession.idleTimeMs: an idle connection ends, also one that never asked; one in use does not', async (t) => {
  const weft = await startHttp(t, { server: `serverSession: {idleTimeMs: ${TIME_MS}}` });
  const { host, client } = await openSite(t, weft, async (connection) => {
    await connection.head();
    await sleep(2 * TIME_MS);
    connection.send(OK);
    await connection.head();
    connection.send(OK);
  });
  const silent = await openClient(t, weft);
  client.send(request('GET /', host));
  const first = readAnswer(await client.until('the answer', answered));
  assert.equal(fieldOf(first.final, 'connection'), undefined);
  client.received = '';
  client.send(request('GET /', host));
  await client.until('the second answer', answered);
  await client.untilEnd();
  await silent.untilEnd();
  assert.deepEqual([client.reset, silent.received], [false, '']);
});

test('serverSession.lifeTimeMs: the request under way is the last, and says so', async (t) => {
  const weft = await startHttp(t, { server: `serverSession: {lifeTimeMs: ${TIME_MS}}` });
  const { host, client } = await openSite(t, weft, async (connection) => {
    await connection.head();
    connection.send(OK);
    await connection.head();
    await sleep(2 * TIME_MS);
    connection.send(OK);
  });
  client.send(request('GET /', host));
  await client.until('the answer', answered);
  client.received = '';
  client.send(request('GET /', host));
  const { final } = readAnswer(await client.untilEnd());
  assert.deepEqual([final.start, final.body, fieldOf(final, 'connection')], ['200', 'ok', 'close']);
});

test('clientSession: connections to endpoints end when they are idle, or old', async (t) => {
  for (const keys of [`idleTimeMs: ${TIME_MS}`, `lifeTimeMs: ${TIME_MS}`]) {
    const weft = await startHttp(t, { client: `clientSession: {${keys}}` });
    const { host, client, upstream } = await openSite(t, weft, answerWith(OK));
    client.send(request('GET /', host));
    await client.until('the answer', answered);
    await eventually('the connection ends', () => upstream.connections[0]?.ended === true);
    client.received = '';
    client.send(request('GET /', host));
    await client.until('the second answer', answered);
    assert.equal(upstream.connections.length, 2);
  }
});

test('readTimeoutMs of a client: an endpoint that says nothing, or stops, fails the request with 502', async (t) => {
  const weft = await startHttp(t, { client: `socketOptions: {readTimeoutMs: ${TIME_MS}}` });
  const mute = await openSite(t, weft, async (connection) => {
    await connection.head();
  });
  mute.client.send(request('GET /', mute.host));
  const { final } = readAnswer(await mute.client.until('the answer', answered));
  assert.equal(final.start, '502');
  await eventually("the endpoint's connection ends", () => mute.upstream.connections[0]?.ended === true);
  const stops = await openSite(t, weft, async (connection) => {
    await connection.head();
    connection.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello');
  });
  stops.client.send(request('GET /', stops.host));
  assert.ok((await stops.client.untilEnd()).endsWith('hello'));
  assert.equal(await weft.metric(`service/svc/${stops.host}/failures/upstream_stalled`), 1);
  assert.equal(await weft.metric('limits/body_idle_timeout'), 0, 'it was not the bound of core/limits.ts');
});

test('readTimeoutMs of a server: a body that stalls, and an idle connection; not one that waits for its answer', async (t) => {
  const weft = await startHttp(t, { server: `socketOptions: {readTimeoutMs: ${TIME_MS}}` });
  const slow = await openSite(t, weft, async (connection) => {
    await connection.head();
    await sleep(2 * TIME_MS);
    connection.send(OK);
  });
  slow.client.send(request('GET /', slow.host));
  await slow.client.until('the answer', answered);
  await slow.client.untilEnd();
  assert.equal(slow.client.reset, false);
  const stalls = await openSite(t, weft, async (connection) => {
    await connection.head();
  });
  stalls.client.send(`${request('POST /', stalls.host, 'Content-Length: 10')}hello`);
  assert.equal(readAnswer(await stalls.client.untilEnd()).final.start, '408');
  assert.equal(await weft.metric('limits/body_idle_timeout'), 0);
});

test('writeTimeoutMs: a client that does not read is let go, an endpoint that does not is given up', async (t) => {
  const large = 'x'.repeat(20_000_000);
  const options = `socketOptions: {writeTimeoutMs: ${TIME_MS}}`;
  const weft = await startHttp(t, { server: options, client: options });
  const deaf = await openSite(t, weft, async (connection) => {
    await connection.head();
    connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${large.length}\r\n\r\n${large}`);
  });
  deaf.client.socket.pause();
  deaf.client.send(request('GET /', deaf.host));
  await eventually("the endpoint's connection ends", () => deaf.upstream.connections[0]?.socket.destroyed === true);
  const clogged = await openSite(t, weft, async (connection) => {
    await connection.head();
    connection.socket.pause();
  });
  clogged.client.send(`${request('POST /', clogged.host, `Content-Length: ${large.length}`)}${large}`);
  await clogged.client.untilEnd();
  const failures = `service/svc/${clogged.host}/failures/upstream_stalled`;
  await eventually('the failure is counted', async () => (await weft.metric(failures)) === 1);
});

test('HTTP/2: serverSession ends connections with GOAWAY, and lets what is under way finish', async (t) => {
  for (const keys of [`idleTimeMs: ${TIME_MS}`, `lifeTimeMs: ${TIME_MS}`]) {
    const weft = await startHttp2(t, { server: `    serverSession: {${keys}}` });
    const { host, client, upstream } = await openHttp2Site(t, weft, hold);
    const id = client.begin(host);
    const stream = await upstream.stream();
    await sleep(2 * TIME_MS);
    await stream.respond({ body: 'ok' });
    assert.equal((await client.message(id)).body, 'ok');
    await client.goaway();
    await client.closed();
  }
});

test('HTTP/2: clientSession ends connections to endpoints, and lets what is under way finish', async (t) => {
  for (const keys of [`idleTimeMs: ${TIME_MS}`, `lifeTimeMs: ${TIME_MS}`]) {
    const weft = await startHttp2(t, { router: `  client: {clientSession: {${keys}}}` });
    const { host, client, upstream } = await openHttp2Site(t, weft, hold);
    const id = client.begin(host);
    const stream = await upstream.stream();
    await sleep(2 * TIME_MS);
    await stream.respond({ body: 'ok' });
    assert.equal((await client.message(id)).body, 'ok');
    await (await upstream.connection()).closed();
    const second = client.begin(host);
    await (await upstream.stream(1)).respond({ body: 'more' });
    assert.equal((await client.message(second)).body, 'more');
    assert.equal(upstream.connections.length, 2);
  }
});

test('HTTP/2: readTimeoutMs of a client fails what a silent endpoint owes', async (t) => {
  const weft = await startHttp2(t, { router: `  client: {socketOptions: {readTimeoutMs: ${TIME_MS}}}` });
  const { host, client } = await openHttp2Site(t, weft, hold);
  const unsent = client.begin(host, { method: 'POST', body: 'half', open: true });
  const response = await client.ask(host);
  assert.equal(response.status, 502);
  assert.match(response.value('l5d-err') ?? '', /does\+not\+answer/);
  assert.equal((await client.message(unsent)).status, 502);
});

test('HTTP/2: readTimeoutMs of a server ends a connection with half a request, and an idle one', async (t) => {
  const weft = await startHttp2(t, { server: `    socketOptions: {readTimeoutMs: ${TIME_MS}}` });
  const { host, client, upstream } = await openHttp2Site(t, weft, hold);
  const idle = await openHttp2Client(t, weft);
  const patient = await openHttp2Client(t, weft);
  const asked = patient.begin(host);
  const stream = await upstream.stream();
  client.begin(host, { method: 'POST', body: 'half', open: true });
  await client.closed();
  await idle.closed();
  await sleep(2 * TIME_MS);
  await stream.respond({ body: 'ok' });
  assert.equal((await patient.message(asked)).body, 'ok');
});
