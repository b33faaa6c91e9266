/** Retries of HTTP/1 in the awkward places: bodies in pieces, unions, pipelines, pauses, clients that leave, connections that close. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, get } from './support/exchange.ts';
import { assertNoFault, eventually, openClient, openSite, request } from './support/http1-site.ts';
import { answered, readAnswer } from './support/http1-wire.ts';
import { metricsUntil } from './support/metrics.ts';
import { answerWith, ScriptedUpstream, type UpstreamConnection } from './support/scripted-upstream.ts';
import { Weft } from './support/weft.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const ERROR = 'HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n';
const PAUSE_MS = 100;

let weft: Weft;

before(async () => {
  weft = await Weft.start({
    router: `  dtab: |
    /svc => /#/io.l5d.fs ;
    /svc/union => 0.5 * /#/io.l5d.fs/bad & 0.5 * /#/io.l5d.fs/good-one-of-another-length ;
  client: {failureAccrual: {kind: none}}
  service:
    kind: io.l5d.static
    configs:
    - {prefix: /svc, responseClassifier: {kind: io.l5d.http.retryableAll5XX}}
    - {prefix: /svc/paused, retries: {backoff: {kind: constant, ms: ${PAUSE_MS}}}}`,
  });
});

after(async () => {
  assertNoFault(weft);
  await weft.stop();
});

/** Nothing is left of anything: what began has ended. */
async function assertAtRest(): Promise<void> {
  await metricsUntil(weft, (metrics) => {
    for (const [name, value] of Object.entries(metrics)) {
      if (/^rt\/.*\/(pending|loadbalancer\/load)$/.test(name)) assert.equal(value, 0, name);
    }
  });
}

test('a body that comes in pieces is sent again from its beginning, and goes on where it was', async (t) => {
  const bodies: string[] = [];
  const { host, client, upstream } = await openSite(t, weft, async (connection) => {
    await connection.head();
    if (connection.index === 0) {
      await connection.bytes(3);
      connection.send(ERROR);
      return;
    }
    bodies.push(await connection.bytes(9));
    connection.send(OK);
  });
  client.send(`${request('POST /', host, 'Content-Length: 9')}one`);
  await eventually('the second attempt', () => upstream.connections.length === 2);
  client.send('two');
  await sleep(20);
  client.send('six');
  assert.equal(readAnswer(await client.until('the answer', answered)).final.body, 'ok');
  assert.deepEqual(bodies, ['onetwosix']);
  client.received = '';
  client.send(request('GET /', host));
  await eventually('the connection goes on', () => upstream.connections.length === 2);
});

test('Expect: 100-continue is answered once, however often the request is sent', async (t) => {
  const { host, client } = await openSite(t, weft, async (connection) => {
    await connection.head();
    await connection.bytes(2);
    connection.send(connection.index === 0 ? ERROR.replace('0\r\n\r\n', '2\r\nConnection: close\r\n\r\nno') : OK);
  });
  client.send(request('PUT /', host, 'Content-Length: 2', 'Expect: 100-continue'));
  await client.until('100', (text) => text.includes('100 Continue'));
  client.send('hi');
  const received = await client.until('the answer', (text) => text.endsWith('ok'));
  assert.equal(received.split('100 Continue').length, 2);
  assert.equal(received.match(/HTTP\/1\.1 /g)?.length, 2);
});

test('a union: another branch is drawn, and its endpoint is told its own name', async (t) => {
  const heads: string[] = [];
  const bad = await ScriptedUpstream.start(answerWith(ERROR));
  const good = await ScriptedUpstream.start(async (connection) => {
    for (let head = await connection.head(); head !== null; head = await connection.head()) {
      heads.push(head + (await connection.bytes(4)));
      connection.send(OK);
    }
  });
  t.after(() => Promise.all([bad.stop(), good.stop()]));
  weft.disco('bad', [bad.disco]);
  weft.disco('good-one-of-another-length', [good.disco]);
  for (let i = 0; i < 12; i++) {
    const text = `POST /${i} HTTP/1.1\r\nHost: union\r\nVia: 1.1 a\r\nContent-Length: 4\r\n\r\nbody`;
    assert.equal((await ask(weft.port, text)).status, 200);
  }
  assert.equal(heads.length, 12);
  for (const [i, head] of heads.entries()) {
    assert.ok(head.startsWith(`POST /${i} HTTP/1.1\r\n`), head);
    assert.match(
      head,
      /\r\nl5d-dst-client: \/#\/io\.l5d\.fs\/good-one-of-another-length\r\nvia: 1\.1 a, 1\.1 linkerd\r\n/,
    );
    assert.ok(!head.includes('fs/bad') && head.endsWith('\r\n\r\nbody'), head);
  }
  await metricsUntil(weft, (metrics) => assert.ok((metrics['rt/test/service/svc/union/retries/total'] ?? 0) > 0));
});

test('pipelined requests keep their order while the first of them is tried again', async (t) => {
  let requests = 0;
  const { host, client } = await openSite(t, weft, async (connection) => {
    for (let head = await connection.head(); head !== null; head = await connection.head()) {
      requests++;
      const name = head.split(' ')[1] ?? '';
      connection.send(
        name === '/a' && requests < 3 ? ERROR : `HTTP/1.1 200 OK\r\nContent-Length: ${name.length}\r\n\r\n${name}`,
      );
    }
  });
  client.send(['/a', '/b', '/c'].map((path) => request(`GET ${path}`, host)).join(''));
  const received = await client.until('all answers', (text) => text.endsWith('/c'));
  assert.deepEqual(received.match(/(?<=\r\n\r\n)\/[abc]/g), ['/a', '/b', '/c']);
  assert.equal(requests, 5);
});

test('a response that is dropped and has not come whole costs its connection, and nothing of it is seen', async (t) => {
  const { host, client, upstream } = await openSite(t, weft, async (connection) => {
    await connection.head();
    connection.send(connection.index === 0 ? 'HTTP/1.1 500 X\r\nContent-Length: 100000\r\n\r\nsecret' : OK);
  });
  client.send(request('GET /', host));
  const received = await client.until('the answer', answered);
  assert.equal(readAnswer(received).final.body, 'ok');
  assert.ok(!received.includes('secret'));
  await eventually('the first connection ends', () => upstream.connections[0]?.ended === true);
});

test('between two attempts there is the pause that is configured', async (t) => {
  const timesMs: number[] = [];
  const upstream = await ScriptedUpstream.start(async (connection) => {
    while ((await connection.head()) !== null) {
      timesMs.push(performance.now());
      connection.send(timesMs.length < 3 ? ERROR : OK);
    }
  });
  t.after(() => upstream.stop());
  weft.disco('paused', [upstream.disco]);
  assert.equal((await ask(weft.port, get('paused'))).status, 200);
  const [first = 0, second = 0, third = 0] = timesMs;
  // A tick of the timer wheel may begin before the request.
  assert.ok(second - first >= PAUSE_MS - 15 && third - second >= PAUSE_MS - 15, `${timesMs}`);
});

test('a client that leaves while its request pauses: no further attempt', async (t) => {
  let requests = 0;
  const upstream = await ScriptedUpstream.start(async (connection) => {
    while ((await connection.head()) !== null) {
      requests++;
      connection.send(ERROR);
    }
  });
  t.after(() => upstream.stop());
  weft.disco('paused', [upstream.disco]);
  const client = await openClient(t, weft);
  client.send(request('GET /', 'paused'));
  await eventually('the first attempt', () => requests === 1);
  client.socket.resetAndDestroy();
  await assertAtRest();
  const seen = requests;
  await sleep(3 * PAUSE_MS);
  assert.equal(requests, seen);
});

const CLOSING: readonly (readonly [method: string, body: string])[] = [
  ['GET', ''],
  ['PUT', 'kept'],
  ['DELETE', ''],
];

for (const [method, body] of CLOSING) {
  test(`a kept-alive connection that closes under a ${method}: sent again`, async (t) => {
    const bodies: string[] = [];
    const { host, client } = await openSite(t, weft, async (connection: UpstreamConnection) => {
      await connection.head();
      if (connection.index === 0) {
        connection.send(OK);
        await connection.head();
        connection.end();
        return;
      }
      bodies.push(await connection.bytes(body.length));
      connection.send(OK);
    });
    client.send(request('GET /', host));
    await client.until('the first answer', answered);
    client.received = '';
    client.send(request(`${method} /`, host, `Content-Length: ${body.length}`) + body);
    assert.equal(readAnswer(await client.until('the second', answered)).final.start, '200');
    assert.deepEqual(bodies, [body]);
  });
}

test('an endpoint that is gone is no end: retries find one that serves', async (t) => {
  const dead = await ScriptedUpstream.start(answerWith(OK));
  const { disco } = dead;
  await dead.stop();
  const { host, client, upstream } = await openSite(t, weft, answerWith(OK));
  weft.disco(host, [disco, upstream.disco]);
  for (let i = 0; i < 10; i++) {
    client.received = '';
    client.send(request('POST /', host, 'Content-Length: 0'));
    assert.equal(readAnswer(await client.until('an answer', answered)).final.start, '200');
  }
  await assertAtRest();
});

test('workers share a budget: forty requests on connections of their own are granted what one worker would be', async (t) => {
  const shared = await Weft.start({
    env: { WEFT_WORKERS: '2' },
    router: `  client: {failureAccrual: {kind: none}}
  service: {responseClassifier: {kind: io.l5d.http.retryableAll5XX}}`,
  });
  t.after(() => shared.stop());
  let requests = 0;
  const upstream = await ScriptedUpstream.start(async (connection) => {
    while ((await connection.head()) !== null) {
      requests++;
      connection.send(ERROR);
    }
  });
  t.after(() => upstream.stop());
  shared.disco('web', [upstream.disco]);
  const answers = await Promise.all(Array.from({ length: 40 }, () => ask(shared.port, get('web'))));
  assert.ok(answers.every(({ status }) => status === 500));
  // The reserve of ten seconds, and one retry for every five requests.
  assert.equal(requests, 40 + 100 + 40 / 5);
  await metricsUntil(shared, (metrics) => {
    assert.equal(metrics['rt/test/service/svc/web/retries/total'], 108);
    assert.equal(metrics['rt/test/service/svc/web/retries/budget'], 0);
  });
});
