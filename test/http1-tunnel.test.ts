/** Connections that become tunnels: Upgrade, as WebSocket uses it, and CONNECT. */
import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertNoFault, eventually, openSite as openHost, request, type Site } from './support/http1-site.ts';
import { answered, fieldOf, readAnswer, readFirst } from './support/http1-wire.ts';
import type { UpstreamConnection, UpstreamScript } from './support/scripted-upstream.ts';
import { Weft } from './support/weft.ts';

const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n';
const CONNECTED = 'HTTP/1.1 200 Connected\r\n\r\n';
const LARGE = 'tunnel bytes \x00\xff\r\n'.repeat(100_000);

let weft: Weft;
before(async () => {
  weft = await Weft.start();
});
after(async () => {
  assertNoFault(weft);
  await weft.stop();
});

/** The two ways into a tunnel: what is asked, what is granted. */
const WAYS = [
  {
    name: 'Upgrade',
    ask: (host: string) => request('GET /chat', host, 'Connection: Upgrade', 'Upgrade: websocket'),
    grant: SWITCH,
    status: '101',
  },
  {
    name: 'CONNECT',
    ask: (host: string) => `CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
    grant: CONNECTED,
    status: '200',
  },
] as const;

/** A site that is known by its port of CONNECT too. */
async function openSite(t: TestContext, script: UpstreamScript): Promise<Site> {
  const site = await openHost(t, weft, script);
  weft.disco(`${site.host}:443`, [site.upstream.disco]);
  return site;
}

/** Sends back what comes, and ends when the other side does. */
async function echo(connection: UpstreamConnection): Promise<void> {
  connection.socket.on('data', (text: string) => connection.socket.write(text, 'latin1'));
  connection.socket.on('end', () => connection.socket.end());
  connection.send(connection.received);
}

for (const { name, ask, grant, status } of WAYS) {
  const read = (text: string) => readAnswer(text, name === 'CONNECT' ? 'CONNECT' : 'GET');

  test(`${name}: bytes go both ways, any bytes, and many`, async (t) => {
    let head = '';
    const { host, client } = await openSite(t, async (connection) => {
      head = (await connection.head()) ?? '';
      connection.send(grant);
      await echo(connection);
    });
    client.send(ask(host));
    const { final } = read(await client.until('the grant', (text) => read(text).final.verdict === 'accepted'));
    assert.equal(final.start, status);
    const message = readFirst(head, 'request');
    if (name === 'Upgrade') {
      for (const side of [final, message]) {
        assert.equal(fieldOf(side, 'upgrade'), 'websocket');
        assert.match(fieldOf(side, 'connection') ?? '', /^upgrade$/i);
      }
    }
    client.received = '';
    client.send(LARGE);
    await client.until('the echo', (text) => text.length >= LARGE.length);
    assert.ok(client.received === LARGE);
    client.socket.end();
    await client.untilEnd();
  });

  test(`${name}: each side may end alone`, async (t) => {
    const { host, client, upstream } = await openSite(t, async (connection) => {
      await connection.head();
      connection.send(`${grant}first`);
      connection.end();
    });
    client.send(ask(host));
    const received = await client.untilEnd();
    assert.ok(received.endsWith('\r\n\r\nfirst'), received);
    client.send('after your end');
    await eventually('bytes behind the half-close', () => upstream.connections[0]?.received === 'after your end');
    client.socket.end();
    await eventually('the other end', () => upstream.connections[0]?.ended === true);
  });

  test(`${name}: a reset at one end reaches the other`, async (t) => {
    const { host, client } = await openSite(t, async (connection) => {
      await connection.head();
      connection.send(grant);
      await connection.bytes(4);
      connection.reset();
    });
    client.send(ask(host));
    await client.until('the grant', (text) => read(text).final.verdict === 'accepted');
    client.send('ping');
    await client.untilEnd();
  });

  test(`${name}: bytes that come early are held back until it is granted`, async (t) => {
    let early = 'not looked';
    const { host, client } = await openSite(t, async (connection) => {
      await connection.head();
      await sleep(100);
      early = connection.received;
      connection.send(grant);
      await echo(connection);
    });
    client.send(`${ask(host)}early`);
    client.send(' and earlier');
    await client.until('the echo', (text) => text.endsWith('early and earlier'));
    assert.equal(early, '');
  });

  test(`${name}: refused, what came early is thrown away with the connection`, async (t) => {
    const { host, client, upstream } = await openSite(t, async (connection) => {
      await connection.head();
      await sleep(50);
      connection.send('HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno');
      await connection.head();
    });
    client.send(`${ask(host)}${request('GET /smuggled', host)}`);
    const { final, rest } = read(await client.untilEnd());
    assert.deepEqual([final.start, final.body, rest], ['403', 'no', '']);
    assert.equal(fieldOf(final, 'connection'), 'close');
    assert.equal(upstream.connections[0]?.received, '');
  });

  test(`${name} to a name without endpoints: 502, and what came early is thrown away`, async (t) => {
    const { client } = await openSite(t, async () => {});
    client.send(`${ask('nobody')}${request('GET /smuggled', 'nobody')}`);
    const { final, rest } = read(await client.untilEnd());
    assert.deepEqual([final.start, rest], ['502', '']);
  });
}

test('an upgrade that is not taken leaves the connection as it is', async (t) => {
  const { host, client } = await openSite(t, async (connection) => {
    while ((await connection.head()) !== null) connection.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
  });
  for (let i = 0; i < 2; i++) {
    client.received = '';
    client.send(WAYS[0].ask(host));
    const { final } = readAnswer(await client.until('the answer', answered));
    assert.deepEqual([final.start, fieldOf(final, 'connection')], ['200', undefined]);
  }
});

test('an HTTP/1.0 client cannot upgrade', async (t) => {
  let head = '';
  const { host, client } = await openSite(t, async (connection) => {
    head = (await connection.head()) ?? '';
    connection.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
  });
  client.send(`GET / HTTP/1.0\r\nHost: ${host}\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n`);
  await client.untilEnd();
  assert.doesNotMatch(head, /^upgrade:/im);
});

test('a 101 that nobody asked for is a 502, and its connection is closed', async (t) => {
  const { host, client, upstream } = await openSite(t, async (connection) => {
    await connection.head();
    connection.send(SWITCH);
  });
  client.send(request('GET /', host));
  const { final } = readAnswer(await client.until('the answer', answered));
  assert.equal(final.start, '502');
  await eventually("the upstream's end", () => upstream.connections[0]?.ended === true);
});
