/** Each bound that is met shows in its counter: an operator who sees one rise knows which flag to look at. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertNoFault, eventually, openClient, openSite, request } from './support/http1-site.ts';
import { answered, readAnswer } from './support/http1-wire.ts';
import { RawClient } from './support/raw-client.ts';
import { answerWith, type UpstreamConnection } from './support/scripted-upstream.ts';
import { Weft } from './support/weft.ts';

const SMALLEST = 16;
const LARGE_BODY_BYTES = 20_000_000;
const CROWD = 30;
const HANDOVER_CROWD = 300;
const EMPTY = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';

let weft: Weft;

before(async () => {
  weft = await Weft.start({
    admin: ', shutdownGraceMs: 100',
    env: {
      WEFT_ROUTES_MAX: String(SMALLEST),
      WEFT_CLIENTS_MAX: String(SMALLEST),
      WEFT_PARKED_REQUESTS: '1',
      WEFT_FS_FILE_BYTES: '1024',
      WEFT_BINDING_LOOKUPS: '100',
      WEFT_ARENA_BYTES: '16777216',
      WEFT_PENDING_BYTES: '16777216',
    },
  });
});

after(async () => {
  assertNoFault(weft);
  await weft.stop();
});

async function answerTo(text: string): Promise<string> {
  const client = await RawClient.open(weft.port);
  client.send(text);
  const received = await client.until('an answer', answered);
  client.close();
  return readAnswer(received).final.start;
}

function count(limit: string): Promise<number> {
  return weft.metric(`limits/${limit}`);
}

const MALFORMED: readonly (readonly [limit: string, status: string, text: string])[] = [
  ['header_count', '431', request('GET /', 'site0', ...Array.from({ length: 101 }, (_, i) => `x-${i}: 1`))],
  [
    'chunk_line_bytes',
    '400',
    `${request('POST /', 'site0', 'Transfer-Encoding: chunked')}5;${'e'.repeat(2000)}\r\nhello\r\n0\r\n\r\n`,
  ],
  [
    'trailer_bytes',
    '431',
    `${request('POST /', 'site0', 'Transfer-Encoding: chunked')}0\r\nx: ${'t'.repeat(9000)}\r\n\r\n`,
  ],
];

test('bounds on messages', async (t) => {
  const { host } = await openSite(t, weft, async (connection: UpstreamConnection) => {
    await connection.head();
  });
  assert.equal(host, 'site0');
  for (const [limit, status, text] of MALFORMED) {
    assert.equal(await count(limit), 0, limit);
    assert.equal(await answerTo(text), status, limit);
    assert.equal(await count(limit), 1, limit);
  }
});

test('a disco file that is too large', async () => {
  weft.disco('large', Array(200).fill('127.0.0.1 8080'));
  assert.equal(await answerTo(request('GET /', 'large')), '502');
  assert.ok((await count('fs_file_bytes')) > 0);
});

test('a dtab that multiplies without end', async () => {
  const dtab = '/svc/many => /svc/many & /svc/many';
  assert.equal(await answerTo(request('GET /', 'many', `l5d-dtab: ${dtab}`)), '502');
  assert.ok((await count('binding_lookups')) > 0);
});

test('more requests wait for a binding than may', async (t) => {
  let crowd = 0;
  await eventually('one too many waits', async () => {
    const clients = await Promise.all(Array.from({ length: CROWD }, () => openClient(t, weft)));
    for (const client of clients) client.send(request('GET /', `nobody-${crowd++}`));
    await Promise.all(clients.map((client) => client.until('an answer', answered)));
    return (await count('parked_requests')) > 0;
  });
  assert.ok((await count('routes')) > 0, 'and the table of routes was full meanwhile');
});

test('more bound names than endpoint tables', async (t) => {
  const hosts: string[] = [];
  for (let i = 0; i <= SMALLEST; i++) {
    const site = await openSite(t, weft, answerWith(EMPTY));
    hosts.push(site.host);
  }
  const statuses: string[] = [];
  for (const host of hosts) statuses.push(await answerTo(request('GET /', host)));
  assert.ok(statuses.includes('200') && statuses.includes('502'), statuses.join());
  assert.ok((await count('clients')) > 0);
});

test('more accepted connections are under way to another worker than may be', async (t) => {
  const crowded = await Weft.start({ env: { WEFT_WORKERS: '2', WEFT_HANDOVER_MAX: '16' } });
  t.after(() => crowded.stop());
  const { host } = await openSite(t, crowded, answerWith(EMPTY));
  await eventually('a worker has too many to hand over', async () => {
    // They queue while Weft sleeps. The first of the workers to wake finds the other with nothing, and hands it every second.
    crowded.child.kill('SIGSTOP');
    const clients = await Promise.all(Array.from({ length: HANDOVER_CROWD }, () => RawClient.open(crowded.port)));
    crowded.child.kill('SIGCONT');
    for (const client of clients) client.send(request('GET /', host));
    for (const client of clients) await client.until('an answer', answered);
    for (const client of clients) client.close();
    return (await crowded.metric('limits/handover')) > 0;
  });
});

test('bytes that wait for clients who do not read: of one, and in all', async (t) => {
  const { host } = await openSite(t, weft, async (connection) => {
    while ((await connection.head()) !== null) {
      connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${LARGE_BODY_BYTES}\r\n\r\n${'x'.repeat(LARGE_BODY_BYTES)}`);
    }
  });
  const clients = [await openClient(t, weft), await openClient(t, weft)];
  for (const client of clients) {
    client.socket.pause();
    client.send(request('GET /', host));
  }
  await eventually('the memory for it is used up', async () => (await count('arena_exhausted')) > 0);
});

test('bytes that wait for one client who does not read', async (t) => {
  const small = await Weft.start({ env: { WEFT_PENDING_BYTES: '16384' }, admin: ', shutdownGraceMs: 100' });
  t.after(() => small.stop());
  const { host, client } = await openSite(t, small, async (connection) => {
    await connection.head();
    connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${LARGE_BODY_BYTES}\r\n\r\n${'x'.repeat(LARGE_BODY_BYTES)}`);
  });
  client.socket.pause();
  client.send(request('GET /', host));
  await eventually('it shows', async () => (await small.metric('limits/pending_bytes')) > 0);
});
