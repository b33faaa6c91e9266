/** Bounds of time and room over HTTP/2 (docs/tuning.md), each met: what ends, what its counter says, and what goes on. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import * as code from '../core/http2/error-codes.ts';
import { FRAME_PING } from '../core/http2/frame-types.ts';
import { assertNoFault, eventually, openClient } from './support/http1-site.ts';
import { data, goaway, headers, windowUpdate } from './support/http2/frames.ts';
import { endAll, hold, openHttp2Client, openHttp2Site, startHttp2 } from './support/http2/site.ts';
import { echo, type StreamScript } from './support/http2/upstream.ts';
import { Weft } from './support/weft.ts';

const LARGE = Buffer.alloc(200_000, 'large ');
const IDLE_MS = 1000;
const STINGY = { settings: { INITIAL_WINDOW_SIZE: 0 }, automatic: { windows: false } };

/** Answers `/large` with a large body, anything else with the echo. */
const large: StreamScript = async (stream) => {
  if (stream.request.value(':path') !== '/large') return echo(stream);
  await stream.respond({ body: LARGE });
};

describe('time', () => {
  let weft: Weft;
  before(async () => {
    weft = await Weft.start({
      protocol: 'h2',
      env: {
        WEFT_BODY_IDLE_TIMEOUT_MS: String(IDLE_MS),
        WEFT_HEADER_TIMEOUT_MS: '300',
        WEFT_RESPONSE_TIMEOUT_MS: '300',
      },
    });
  });
  after(() =>
    endAll(
      () => weft.stop(),
      () => assertNoFault(weft),
    ),
  );

  test('row 36: a client that keeps its windows shut: its stream is reset in time, its endpoint told', async (t) => {
    const { host, client, upstream } = await openHttp2Site(t, weft, large, { client: STINGY });
    const id = client.begin(host, { path: '/large' });
    const response = await client.message(id);
    assert.deepEqual([response.status, response.resetCode], [200, code.INTERNAL_ERROR]);
    const stream = await upstream.stream();
    await stream.connection.until('the reset', () => stream.request.resetCode !== undefined);
    assert.equal(await weft.metric('limits/body_idle_timeout'), 1);
    const next = client.begin(host);
    client.send(windowUpdate(next, 10_000));
    assert.equal((await client.message(next)).status, 200, 'the connection goes on');
  });

  test('a body that its client takes byte by byte is not idle', async (t) => {
    const { host, client } = await openHttp2Site(t, weft, (stream) => stream.respond({ body: 'abcdefgh' }), {
      client: STINGY,
    });
    const id = client.begin(host);
    await client.head(id);
    const message = client.stream(id);
    for (let i = 1; i <= 8; i++) {
      // Longer in all than the bound, never as long at a time.
      await sleep(IDLE_MS / 6);
      client.send(windowUpdate(id, 1));
      await client.until('a byte', () => message.bodyBytes === i);
    }
    assert.equal((await client.message(id)).body, 'abcdefgh');
  });

  test('a client that does not finish its preface is closed in time', async (t) => {
    const client = await openClient(t, weft);
    client.send('PRI * HTTP/2.0\r\n');
    await client.untilEnd();
    assert.equal(await weft.metric('limits/header_timeout'), 1);
  });

  test('no response within WEFT_RESPONSE_TIMEOUT_MS: 502, and the endpoint is told', async (t) => {
    const { host, client, upstream } = await openHttp2Site(t, weft, hold);
    const response = await client.ask(host);
    assert.equal(response.status, 502);
    const stream = await upstream.stream();
    await stream.connection.until('the reset', () => stream.request.resetCode !== undefined);
    assert.equal(stream.request.resetCode, code.CANCEL);
    assert.equal(await weft.metric('limits/response_timeout'), 1);
  });
});

describe('room, and pings', () => {
  let weft: Weft;
  before(async () => {
    weft = await Weft.start({
      protocol: 'h2',
      env: {
        WEFT_H2_QUEUED_BYTES: '150000',
        WEFT_H2_CONNECTIONS_PER_ENDPOINT: '1',
        WEFT_H2_PING_INTERVAL_MS: '200',
        WEFT_H2_PING_TIMEOUT_MS: '500',
      },
    });
  });
  after(() =>
    endAll(
      () => weft.stop(),
      () => assertNoFault(weft),
    ),
  );

  test('content that waits on one connection is bounded: the stream that goes beyond is reset', async (t) => {
    const { host, client, upstream } = await openHttp2Site(t, weft, large, { client: STINGY });
    client.send(windowUpdate(0, 10_000_000));
    const ids = Array.from({ length: 2 }, () => client.begin(host, { path: '/large' }));
    for (let i = 0; i < 2; i++) {
      const { id, connection } = await upstream.stream(i);
      await connection.until('a window is used up', () => connection.windows.of(id) === 0);
    }
    const beyond = client.begin(host, { path: '/large' });
    const reset = await client.message(beyond);
    assert.equal(reset.ended, false, reset.summary);
    assert.notEqual(reset.resetCode, undefined);
    assert.equal(await weft.metric('limits/h2_queued_bytes'), 1);
    for (const id of ids) client.send(windowUpdate(id, LARGE.length));
    for (const id of ids) assert.ok((await client.message(id)).bytes.equals(LARGE), 'those below it are whole');
  });

  test('an endpoint that answers no PING is given up, and its streams have failed', async (t) => {
    const { host, client, upstream } = await openHttp2Site(t, weft, hold, { automatic: { pings: false } });
    const response = await client.ask(host, { method: 'POST', body: 'x' });
    assert.equal(response.status, 502);
    const connection = await upstream.connection();
    await connection.closed();
    assert.equal(await weft.metric('limits/h2_ping_timeout'), 1);
  });

  test('an endpoint that answers PING may take its time', async (t) => {
    const { host, client, upstream } = await openHttp2Site(t, weft, hold);
    const answer = client.ask(host);
    const stream = await upstream.stream();
    const pings = () => stream.connection.log.filter(({ type }) => type === FRAME_PING).length;
    await stream.connection.until('three pings', () => pings() >= 3);
    await stream.respond({ body: 'late' });
    assert.equal((await answer).body, 'late');
  });

  test('requests wait for a place when an endpoint may have no further connection', async (t) => {
    const { host, client, upstream } = await openHttp2Site(t, weft, hold, { settings: { MAX_CONCURRENT_STREAMS: 1 } });
    const first = client.ask(host);
    await (await upstream.stream()).respond();
    await first;
    const answers = [1, 2, 3, 4].map((n) => client.ask(host, { fields: { 'x-n': String(n) } }));
    for (let i = 1; i <= 4; i++) {
      const stream = await upstream.stream(i);
      assert.equal(stream.request.value('x-n'), String(i), 'in their order');
      await stream.respond({ body: String(i) });
    }
    assert.deepEqual(
      (await Promise.all(answers)).map(({ body }) => body),
      ['1', '2', '3', '4'],
    );
    assert.equal(upstream.connections.length, 1);
    await eventually('the bound was met', async () => (await weft.metric('limits/h2_connections_per_endpoint')) > 0);
  });
});

test('a client without streams is told to go after WEFT_H2_IDLE_TIMEOUT_MS, one with streams is not', async (t) => {
  const weft = await startHttp2(t, { env: { WEFT_H2_IDLE_TIMEOUT_MS: '300' } });
  const { host, client, upstream } = await openHttp2Site(t, weft, hold);
  const id = client.begin(host);
  const stream = await upstream.stream();
  const idle = await openHttp2Client(t, weft);
  assert.equal((await idle.goaway()).code, code.NO_ERROR);
  await idle.closed();
  assert.equal(client.ended, false);
  await stream.respond({ body: 'x' });
  assert.equal((await client.message(id)).body, 'x');
  assert.equal((await client.goaway()).code, code.NO_ERROR);
  await client.closed();
});

test('an old connection is ended gracefully: its streams end, none is lost', async (t) => {
  const weft = await startHttp2(t, { env: { WEFT_H2_CONNECTION_AGE_MS: '300' } });
  const { host, client, upstream } = await openHttp2Site(t, weft, hold);
  const id = client.begin(host);
  const stream = await upstream.stream();
  assert.equal((await client.goaway()).code, code.NO_ERROR);
  stream.send(headers(stream.id, { ':status': '200' }), data(stream.id, 'whole', { endStream: true }));
  const response = await client.message(id);
  assert.deepEqual([response.body, response.ended], ['whole', true]);
  await client.closed();
});

test('an endpoint that says GOAWAY for an error, and then nothing, is given up although none is pinged', async (t) => {
  const weft = await startHttp2(t, { env: { WEFT_H2_PING_INTERVAL_MS: '0', WEFT_H2_PING_TIMEOUT_MS: '300' } });
  const { host, client, upstream } = await openHttp2Site(t, weft, hold, { automatic: { pings: false } });
  const asked = client.ask(host, { method: 'POST', body: 'x' });
  const { id, connection } = await upstream.stream(0);
  connection.send(goaway(id, code.INTERNAL_ERROR));
  const response = await asked;
  assert.equal(response.status, 502);
  assert.match(String(response.value('l5d-err')), /does\+not\+answer/);
  assert.equal(await weft.metric('limits/h2_ping_timeout'), 1);
});

test('responses held beyond WEFT_H2_KEPT_BYTES pass on at once', async (t) => {
  const weft = await startHttp2(t, {
    router: '  service: {responseClassifier: {kind: io.l5d.h2.grpc.default}, classificationTimeoutMs: 600000}',
    env: { WEFT_H2_KEPT_BYTES: '65536' },
  });
  const { host, client, upstream } = await openHttp2Site(t, weft, (stream) => {
    stream.send(headers(stream.id, { ':status': '200' }));
    stream.data('x');
  });
  const ids = Array.from({ length: 40 }, () => client.begin(host));
  await Promise.all(ids.map((_, i) => upstream.stream(i)));
  const begun = () => ids.filter((id) => client.stream(id).status === 200);
  await eventually('some have passed on', () => begun().length > 0);
  for (const stream of upstream.streams) {
    stream.send(headers(stream.id, { 'grpc-status': '0' }, { endStream: true }));
  }
  for (const id of ids) assert.equal((await client.message(id)).body, 'x');
  assert.ok((await weft.metric('limits/h2_kept_bytes')) > 0);
});
