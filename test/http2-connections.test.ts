/** The life of HTTP/2 connections on both sides of Weft: how they begin, how many streams they carry, and how they end. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as code from '../core/http2/error-codes.ts';
import { FRAME_GOAWAY, FRAME_SETTINGS } from '../core/http2/frame-types.ts';
import * as grpc from '../core/http2/grpc-status.ts';
import {
  SETTING_ENABLE_PUSH,
  SETTING_MAX_CONCURRENT_STREAMS,
  SETTING_MAX_HEADER_LIST_SIZE,
} from '../core/http2/setting-ids.ts';
import { assertNoFault, openClient } from './support/http1-site.ts';
import * as send from './support/http2/frames.ts';
import { endAll, hold, openHttp2Client, openHttp2Site, startHttp2 } from './support/http2/site.ts';
import type { Http2Upstream } from './support/http2/upstream.ts';
import { Weft } from './support/weft.ts';

const { goaway, headers, ping, pingAck, settings, settingsAck } = send;
const STREAMS_MAX = 3;
const EVERY_STREAM = 0x7fffffff;

let weft: Weft;
before(async () => {
  weft = await Weft.start({ protocol: 'h2', server: `    maxConcurrentStreamsPerConnection: ${STREAMS_MAX}` });
});
after(() =>
  endAll(
    () => weft.stop(),
    () => assertNoFault(weft),
  ),
);

/** What passes through a Weft at the moment: the streams of an upstream, whichever connection they came by. */
async function held(upstream: Http2Upstream, count: number) {
  return Promise.all(Array.from({ length: count }, (_, i) => upstream.stream(i)));
}

test('the beginning: SETTINGS of both sides, each acknowledged', async (t) => {
  const { host, client, upstream } = await openHttp2Site(t, weft);
  await client.expect(settingsAck());
  assert.equal(client.log[0]?.type, FRAME_SETTINGS);
  assert.equal(client.settings.get(SETTING_MAX_CONCURRENT_STREAMS), STREAMS_MAX);
  assert.equal(client.settings.get(SETTING_MAX_HEADER_LIST_SIZE), 16_384);
  assert.equal((await client.ask(host)).status, 200);
  const connection = await upstream.connection();
  await connection.expect(settingsAck());
  assert.equal(connection.settings.get(SETTING_ENABLE_PUSH), 0, 'a client wants no pushes');
});

test('PING is answered with what it holds; further SETTINGS are acknowledged; what is unknown is ignored', async (t) => {
  const { host, client, upstream } = await openHttp2Site(t, weft);
  await client.expect(settingsAck());
  client.send(ping('\0\x01\xfe\xffabcd'), ping('12345678'));
  await client.expect(pingAck('\0\x01\xfe\xffabcd'));
  await client.expect(pingAck('12345678'));
  const unknown = send.frame(FRAME_SETTINGS, 0, 0, Buffer.concat([send.setting(0x99, 7), send.setting(0, 0xffffffff)]));
  client.send(settings({}), unknown, settings({ MAX_HEADER_LIST_SIZE: 10_000, MAX_CONCURRENT_STREAMS: 0 }));
  for (let i = 0; i < 3; i++) await client.expect(settingsAck());
  client.send(send.frame(0x42, 0xff, 0, 'what?'), send.frame(0xee, 0, 5), send.priority(7), send.priority(1));
  assert.equal((await client.ask(host)).status, 200);
  const connection = await upstream.connection();
  connection.send(send.frame(0x42, 0xff, 0, 'what?'), send.frame(0xee, 0, 5), send.priority(7), ping('fromhere'));
  await connection.expect(pingAck('fromhere'));
  assert.equal((await client.ask(host)).status, 200);
  assert.equal(upstream.connections.length, 1);
});

for (const bytes of [0, 100, 8192]) {
  test(`HEADER_TABLE_SIZE of ${bytes}, from both sides: the next header block obeys it (RFC 7541 section 4.2)`, async (t) => {
    const told = { settings: { HEADER_TABLE_SIZE: bytes } };
    const { host, client } = await openHttp2Site(t, weft, undefined, { ...told, client: told });
    for (let i = 0; i < 5; i++) {
      const response = await client.ask(host, { fields: { 'x-again': 'the same each time' } });
      assert.equal(response.status, 200);
    }
  });

  test(`HEADER_TABLE_SIZE that changes to ${bytes} between two messages, at both sides`, async (t) => {
    const { host, client, upstream } = await openHttp2Site(t, weft);
    for (let i = 0; i < 6; i++) {
      assert.equal((await client.ask(host, { fields: { 'x-again': 'the same each time' } })).status, 200);
      for (const peer of [client, await upstream.connection()]) {
        if (i % 2 === 0) peer.send(settings({ HEADER_TABLE_SIZE: i === 2 ? 4096 : bytes }));
        await peer.roundTrip();
      }
    }
  });
}

test('a stream beyond maxConcurrentStreamsPerConnection is refused; one that ends makes room', async (t) => {
  const { host, client, upstream } = await openHttp2Site(t, weft, hold);
  const ids = Array.from({ length: STREAMS_MAX }, () => client.begin(host));
  await held(upstream, STREAMS_MAX);
  const refused = await client.ask(host);
  assert.deepEqual([refused.resetCode, refused.fields.length], [code.REFUSED_STREAM, 0]);
  const other = await openHttp2Client(t, weft);
  const elsewhere = other.ask(host);
  await (await upstream.stream(STREAMS_MAX)).respond();
  assert.equal((await elsewhere).status, 200, 'the bound is for a connection');
  await upstream.streams[1]!.respond();
  assert.equal((await client.message(ids[1]!)).status, 200);
  const next = client.ask(host);
  await (await upstream.stream(STREAMS_MAX + 1)).respond();
  assert.equal((await next).status, 200);
});

test('MAX_CONCURRENT_STREAMS of an endpoint is heeded, also when it changes', async (t) => {
  const { host, upstream, client } = await openHttp2Site(t, weft, hold, { settings: { MAX_CONCURRENT_STREAMS: 2 } });
  // The first exchange tells Weft what the endpoint takes.
  const first = client.ask(host);
  await (await upstream.stream()).respond();
  await first;
  const clients = [client, await openHttp2Client(t, weft), await openHttp2Client(t, weft)];
  const ask = () => clients.flatMap((each) => [each.ask(host), each.ask(host)]);
  const answer = async (from: number) => {
    for (let i = 0; i < 6; i++) await (await upstream.stream(from + i)).respond({ body: 'x' });
  };
  const firstAnswers = ask();
  await answer(1);
  for (const response of await Promise.all(firstAnswers)) assert.equal(response.body, 'x');
  for (const connection of upstream.connections) {
    connection.send(settings({ MAX_CONCURRENT_STREAMS: 1 }));
    await connection.roundTrip();
  }
  const secondAnswers = ask();
  await answer(7);
  for (const response of await Promise.all(secondAnswers)) assert.equal(response.body, 'x');
});

test('GOAWAY of an endpoint: streams above the last one are tried again elsewhere, those below it end', async (t) => {
  const { host, client, upstream } = await openHttp2Site(t, weft, hold);
  const answers = [1, 2, 3].map(() => client.ask(host));
  const [low, ...high] = await held(upstream, 3);
  const { connection } = low!;
  connection.send(goaway(low!.id, code.NO_ERROR, 'restarting'));
  for (let i = 0; i < high.length; i++) {
    const again = await upstream.stream(3 + i);
    assert.notEqual(again.connection, connection);
    await again.respond({ body: 'new' });
  }
  await low!.respond({ body: 'old' });
  const bodies = (await Promise.all(answers)).map(({ body }) => body);
  assert.deepEqual(bodies, ['old', 'new', 'new']);
  await connection.closed();
  const next = client.ask(host);
  const stream = await upstream.stream(5);
  await stream.respond();
  assert.equal((await next).status, 200);
  assert.equal(upstream.connections.length, 2);
});

test('GOAWAY in two steps: what is under way ends, what comes takes a new connection', async (t) => {
  const { host, client, upstream } = await openHttp2Site(t, weft, hold);
  const first = client.ask(host);
  const old = await upstream.stream();
  old.send(goaway(EVERY_STREAM, code.NO_ERROR));
  await old.connection.roundTrip();
  const second = client.ask(host);
  const fresh = await upstream.stream(1);
  assert.notEqual(fresh.connection, old.connection);
  old.send(goaway(old.id, code.NO_ERROR));
  await fresh.respond({ body: 'fresh' });
  await old.respond({ body: 'old' });
  assert.deepEqual([(await first).body, (await second).body], ['old', 'fresh']);
  await old.connection.closed();
});

test('GOAWAY of an idle endpoint closes its connection; the next request opens another', async (t) => {
  const { host, client, upstream } = await openHttp2Site(t, weft);
  for (let i = 0; i < 3; i++) {
    assert.equal((await client.ask(host)).status, 200);
    const connection = await upstream.connection(i);
    connection.send(goaway(connection.streams[0]!.id, code.NO_ERROR));
    await connection.closed();
  }
});

test('GOAWAY with an error, and the end of the connection: unprocessed streams are tried again', async (t) => {
  const { host, client, upstream } = await openHttp2Site(t, weft, hold);
  // A GET that an endpoint may have looked at would be sent again, too.
  const answers = [client.ask(host, { method: 'POST', body: 'x' }), client.ask(host)];
  const [low] = await held(upstream, 2);
  low!.send(goaway(low!.id, code.ENHANCE_YOUR_CALM));
  low!.connection.socket.end();
  await (await upstream.stream(2)).respond({ body: 'again' });
  const [lost, again] = await Promise.all(answers);
  assert.equal(again?.body, 'again');
  assert.equal(lost?.status, 502);
});

test("a client's GOAWAY: its streams end, then Weft closes", async (t) => {
  const { host, client, upstream } = await openHttp2Site(t, weft, hold);
  const answer = client.ask(host);
  const stream = await upstream.stream();
  client.send(goaway(0, code.NO_ERROR));
  await client.roundTrip();
  await stream.respond({ body: 'x' });
  assert.equal((await answer).body, 'x');
  await client.closed();
});

const TEXTS = [
  'GET / HTTP/1.1\r\nHost: web\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 3\r\n\r\nabc',
  'PRI * HTTP/1.1\r\n\r\n',
];

for (const text of TEXTS) {
  test(`row 28: ${JSON.stringify(text.split('\r\n')[0])} is answered 400 in HTTP/1, and the connection closed`, async (t) => {
    for (const pieces of [[text], [...text]]) {
      const client = await openClient(t, weft);
      for (const piece of pieces) client.send(piece);
      const received = await client.untilEnd();
      assert.match(received, /^HTTP\/1\.1 400 /);
      assert.match(received, /\r\n\r\n/);
    }
  });
}

test('grpc-timeout: DEADLINE_EXCEEDED when no response comes in time, and CANCEL for the endpoint', async (t) => {
  const { host, client, upstream } = await openHttp2Site(t, weft, hold);
  const fields = { 'content-type': 'application/grpc', te: 'trailers', 'grpc-timeout': '150m' };
  const response = await client.ask(host, { method: 'POST', body: 'x', fields });
  const stream = await upstream.stream();
  assert.equal(stream.request.value('grpc-timeout'), '150m');
  assert.deepEqual([response.status, response.bodyBytes, response.ended], [200, 0, true]);
  assert.equal(response.value('content-type'), 'application/grpc');
  assert.equal(response.value('grpc-status'), String(grpc.GRPC_DEADLINE_EXCEEDED));
  await stream.connection.until('the reset', () => stream.request.resetCode !== undefined);
  assert.equal(stream.request.resetCode, code.CANCEL);
});

test('grpc-timeout: a response in time passes', async (t) => {
  const { host, client, upstream } = await openHttp2Site(t, weft, hold);
  const fields = { 'content-type': 'application/grpc', te: 'trailers', 'grpc-timeout': '10S' };
  const answer = client.ask(host, { method: 'POST', body: 'x', fields });
  const stream = await upstream.stream();
  const trailers = { 'grpc-status': '0' };
  await stream.respond({ body: 'y', fields: { 'content-type': 'application/grpc' }, trailers });
  const response = await answer;
  assert.deepEqual([response.body, response.trailer('grpc-status')], ['y', '0']);
});

test('shutdown: idle connections end with GOAWAY, what is under way completes, then exit 0', async (t) => {
  const own = await startHttp2(t);
  const { host, client, upstream } = await openHttp2Site(t, own, hold);
  const idle = await openHttp2Client(t, own);
  await idle.roundTrip();
  const id = client.begin(host);
  const stream = await upstream.stream();
  const stopped = own.stop();
  assert.equal((await idle.goaway()).code, code.NO_ERROR);
  await idle.closed();
  assert.equal((await client.goaway()).code, code.NO_ERROR);
  stream.send(headers(stream.id, { ':status': '200' }));
  stream.data('one ');
  await client.until('a part', () => client.stream(id).body === 'one ');
  const late = client.begin(host);
  await client.roundTrip();
  stream.data('two', true);
  const response = await client.message(id);
  assert.deepEqual([response.body, response.ended], ['one two', true]);
  await client.closed();
  assert.equal(client.stream(late).fields.length, 0);
  assert.equal(upstream.streams.length, 1, 'a stream behind GOAWAY is not taken');
  const last = client.log.findLast(({ type }) => type === FRAME_GOAWAY);
  assert.equal(Buffer.from(last!.payload).readUInt32BE(0), id);
  assert.equal(await stopped, 0);
});

test('shutdown: what is not over within shutdownGraceMs is cut', async (t) => {
  const own = await startHttp2(t, { admin: ', shutdownGraceMs: 300' });
  const { host, client, upstream } = await openHttp2Site(t, own, hold);
  const id = client.begin(host);
  await upstream.stream();
  assert.equal(await own.stop(), 0);
  await client.closed();
  assert.equal(client.stream(id).fields.length, 0);
  await upstream.connections[0]!.closed();
});
