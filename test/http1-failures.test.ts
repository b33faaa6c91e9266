/** Ends that come too early, at either side and at every stage, and bytes that belong to nothing. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertNoFault, eventually, openClient, openSite, request, serverMetric } from './support/http1-site.ts';
import { answered, fieldOf, readAnswer } from './support/http1-wire.ts';
import type { UpstreamConnection } from './support/scripted-upstream.ts';
import { freePort, IP, Weft } from './support/weft.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

let weft: Weft;
before(async () => {
  weft = await Weft.start();
});
after(async () => {
  assertNoFault(weft);
  await weft.stop();
});

/** Does something that has to be counted once as a failure. */
async function counted(reason: string, act: () => Promise<void>): Promise<void> {
  const before = await serverMetric(weft, `failures/${reason}`);
  await act();
  await eventually(`failures/${reason}`, async () => (await serverMetric(weft, `failures/${reason}`)) === before + 1);
}

test('a client that is gone while its request is under way: the endpoint is told', async (t) => {
  for (const [name, text] of [
    ['within the body', (host: string) => `${request('POST /', host, 'Content-Length: 10')}hello`],
    ['while the answer is due', (host: string) => request('GET /', host)],
  ] as const) {
    const { host, client, upstream } = await openSite(t, weft, async (connection) => {
      await connection.head();
    });
    client.send(text(host));
    await eventually(`${name}: the request arrives`, () => upstream.connections.length === 1);
    await counted('client_closed', async () => {
      client.socket.resetAndDestroy();
      await eventually(`${name}: the endpoint's connection ends`, () => upstream.connections[0]?.ended === true);
    });
  }
});

test('a client that ends its side within the body', async (t) => {
  const { host, client, upstream } = await openSite(t, weft, async (connection) => {
    await connection.head();
  });
  client.send(`${request('POST /', host, 'Content-Length: 10')}hello`);
  await counted('client_closed', async () => {
    client.socket.end();
    await eventually("the endpoint's connection ends", () => upstream.connections[0]?.ended === true);
  });
  assert.ok(!answered(client.received));
});

test('a client that is gone within the response', async (t) => {
  const { host, client, upstream } = await openSite(t, weft, async (connection) => {
    await connection.head();
    connection.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello');
  });
  client.send(request('GET /', host));
  await client.until('half an answer', (text) => text.endsWith('hello'));
  client.socket.resetAndDestroy();
  await eventually("the endpoint's connection ends", () => upstream.connections[0]?.ended === true);
});

const LOST: readonly (readonly [name: string, reason: string, act: (connection: UpstreamConnection) => void])[] = [
  ['closes before a response', 'upstream_closed', (connection) => connection.end()],
  ['resets before a response', 'upstream_reset', (connection) => connection.reset()],
];

for (const [name, reason, act] of LOST) {
  test(`an endpoint that ${name}: 502, and not sent again on a first use`, async (t) => {
    const { host, client, upstream } = await openSite(t, weft, async (connection) => {
      await connection.head();
      act(connection);
    });
    await counted(reason, async () => {
      client.send(request('GET /', host));
      const { final } = readAnswer(await client.until('the answer', answered));
      assert.equal(final.start, '502');
      assert.match(fieldOf(final, 'l5d-err') ?? '', /ended\+before\+its\+response/);
    });
    assert.equal(upstream.connections.length, 1);
  });
}

const HEADS = {
  length: 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n',
  chunked: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n',
  close: 'HTTP/1.1 200 OK\r\n\r\n',
};

for (const [framing, head] of Object.entries(HEADS)) {
  for (const end of ['closes', 'resets'] as const) {
    if (framing === 'close' && end === 'closes') continue;
    test(`an endpoint that ${end} within a response (${framing}): the client's is aborted`, async (t) => {
      const { host, client } = await openSite(t, weft, async (connection) => {
        await connection.head();
        connection.send(`${head}hello`);
        await sleep(50);
        if (end === 'closes') connection.end();
        else connection.reset();
      });
      await counted('upstream_truncated', async () => {
        client.send(request('GET /', host));
        await client.untilEnd();
      });
      assert.ok(client.received.endsWith('hello'));
      assert.ok(!answered(client.received));
    });
  }
}

test('a response before the request has ended goes out; neither connection is used again', async (t) => {
  const { host, client, upstream } = await openSite(t, weft, async (connection) => {
    await connection.head();
    connection.send(OK);
  });
  client.send(`${request('POST /', host, 'Content-Length: 100')}hello`);
  const { final, rest } = readAnswer(await client.untilEnd());
  assert.deepEqual([final.start, final.body, rest], ['200', 'ok', '']);
  await eventually("the endpoint's connection ends", () => upstream.connections[0]?.ended === true);
});

test('an endpoint that answers and closes while the client still sends: the answer counts', async (t) => {
  const { host, client } = await openSite(t, weft, async (connection) => {
    await connection.head();
    connection.send('HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno');
    connection.end();
    connection.socket.resume();
  });
  client.send(request('POST /', host, 'Content-Length: 3000000'));
  for (let i = 0; i < 30; i++) {
    client.send('x'.repeat(100_000));
    await sleep(2);
  }
  const { final } = readAnswer(await client.untilEnd());
  assert.deepEqual([final.start, final.body], ['413', 'no']);
});

const SURPLUS: readonly (readonly [name: string, send: (connection: UpstreamConnection) => Promise<void>])[] = [
  [
    'in the same packet',
    async (connection) => connection.send(`${OK}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`),
  ],
  [
    'a moment later',
    async (connection) => {
      connection.send(OK);
      await sleep(50);
      connection.send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil');
    },
  ],
];

for (const [name, send] of SURPLUS) {
  test(`row 24: a second response that nobody asked for, ${name}, is never paired`, async (t) => {
    const { host, client, upstream } = await openSite(t, weft, async (connection) => {
      await connection.head();
      if (connection.index === 0) await send(connection);
      else connection.send(OK);
    });
    client.send(request('GET /', host));
    await client.until('the answer', answered);
    await eventually("the endpoint's connection ends", () => upstream.connections[0]?.ended === true);
    const second = await openClient(t, weft);
    second.send(request('GET /', host));
    const { final, rest } = readAnswer(await second.until('the answer', answered));
    assert.deepEqual([final.body, rest], ['ok', '']);
    assert.ok(answered(client.received) && readAnswer(client.received).rest === '');
    assert.equal(upstream.connections.length, 2);
  });
}

test('an endpoint that refuses connections: 502 that names it', async (t) => {
  const port = await freePort();
  weft.disco('refusing', [`${IP} ${port}`]);
  const client = await openClient(t, weft);
  await counted('connect_refused', async () => {
    client.send(request('GET /', 'refusing'));
    const { final } = readAnswer(await client.until('the answer', answered));
    assert.equal(final.start, '502');
    assert.match(final.body, new RegExp(`Unable to establish connection to ${IP}:${port}`));
    assert.equal(fieldOf(final, 'l5d-retryable'), 'true');
  });
});
