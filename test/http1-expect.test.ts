/** Interim responses: Expect: 100-continue in all its courses, 103 relayed, and 1xx responses without end. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertNoFault, openSite, request } from './support/http1-site.ts';
import { answered, fieldOf, readAnswer } from './support/http1-wire.ts';
import { answerWith, type UpstreamConnection } from './support/scripted-upstream.ts';
import { Weft } from './support/weft.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const EXPECT = ['Content-Length: 5', 'Expect: 100-continue'];

let weft: Weft;
before(async () => {
  weft = await Weft.start();
});
after(async () => {
  assertNoFault(weft);
  await weft.stop();
});

/** Takes a head and five bytes of body, then answers. */
async function takeFive(connection: UpstreamConnection): Promise<void> {
  for (let head = await connection.head(); head !== null; head = await connection.head()) {
    assert.doesNotMatch(head, /^expect:/im);
    const body = await connection.bytes(5);
    connection.send(`HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n${body}`);
  }
}

test('100-continue: the client is told to go on, once, and the body arrives', async (t) => {
  const { host, client } = await openSite(t, weft, takeFive);
  for (let i = 0; i < 2; i++) {
    client.received = '';
    client.send(request('POST /', host, ...EXPECT));
    await client.until('100 Continue', (text) => text === 'HTTP/1.1 100 Continue\r\n\r\n');
    client.send('hello');
    const { informational, final } = readAnswer(await client.until('the answer', answered));
    assert.deepEqual([informational.length, final.start, final.body], [1, '200', 'hello']);
  }
});

test('100-continue with its body sent at once: the body arrives, the next request is the next', async (t) => {
  const { host, client } = await openSite(t, weft, takeFive);
  client.send(`${request('POST /', host, ...EXPECT)}hello${request('POST /', host, 'Content-Length: 5')}world`);
  const received = await client.until('both answers', (text) => answered(readAnswer(text).rest));
  const first = readAnswer(received);
  assert.deepEqual([first.final.body, readAnswer(first.rest).final.body], ['hello', 'world']);
});

test('100-continue from an HTTP/1.0 client is not answered with 100', async (t) => {
  const { host, client } = await openSite(t, weft, takeFive);
  client.send(`POST / HTTP/1.0\r\nHost: ${host}\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n`);
  await sleep(100);
  assert.equal(client.received, '');
  client.send('hello');
  const { informational, final } = readAnswer(await client.untilEnd());
  assert.deepEqual([informational.length, final.body], [0, 'hello']);
});

test('an endpoint that answers before the body: the answer goes out, the connection is closed', async (t) => {
  const early = 'HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno';
  const { host, client, upstream } = await openSite(t, weft, answerWith(early));
  client.send(request('POST /', host, ...EXPECT));
  const { final, rest } = readAnswer(await client.untilEnd());
  assert.deepEqual([final.start, final.body, rest], ['413', 'no', '']);
  client.close();
  assert.equal(upstream.connections[0]?.received, '');
});

test("an endpoint's own 100 is swallowed", async (t) => {
  const { host, client } = await openSite(t, weft, answerWith(`HTTP/1.1 100 Continue\r\n\r\n${OK}`));
  client.send(request('GET /', host));
  const { informational, final, rest } = readAnswer(await client.until('the answer', answered));
  assert.deepEqual([informational.length, final.body, rest], [0, 'ok', '']);
});

test('103 is relayed, each, with its end-to-end fields; not to an HTTP/1.0 client', async (t) => {
  const hints = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nConnection: x-hop\r\nX-Hop: 1\r\n\r\n';
  const { host, client } = await openSite(t, weft, async (connection) => {
    for (let head = await connection.head(); head !== null; head = await connection.head()) {
      connection.send(hints);
      await sleep(20);
      connection.send(hints);
      connection.send(OK);
    }
  });
  client.send(request('GET /', host));
  const { informational, final } = readAnswer(await client.until('the answer', answered));
  assert.deepEqual([informational.map(({ start }) => start), final.body], [['103', '103'], 'ok']);
  assert.equal(fieldOf(informational[0]!, 'link'), '</a.css>');
  assert.doesNotMatch(client.received, /x-hop/i);
  client.received = '';
  client.send(`GET / HTTP/1.0\r\nHost: ${host}\r\n\r\n`);
  const old = readAnswer(await client.untilEnd());
  assert.deepEqual([old.informational.length, old.final.body], [0, 'ok']);
});

test('1xx responses without end are a 502', async (t) => {
  const { host, client, upstream } = await openSite(t, weft, async (connection) => {
    await connection.head();
    for (let i = 0; i < 100 && !connection.ended; i++) {
      connection.send('HTTP/1.1 103 Early Hints\r\n\r\n');
      await sleep(1);
    }
  });
  client.send(request('GET /', host));
  const { informational, final } = readAnswer(await client.until('the answer', answered));
  assert.deepEqual([informational.length, final.start], [8, '502']);
  assert.equal(await weft.metric('limits/informational'), 1);
  await client.until("the upstream's end", () => upstream.connections[0]?.ended === true);
});
