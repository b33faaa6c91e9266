/**
 * The binding caches over a running Weft (spec 05 section 1 and vector 23): what makes room, what is used once, what expires,
 * and what the counters say of it. One router for each bound.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, get } from './support/exchange.ts';
import { eventually, openClient, request } from './support/http1-site.ts';
import { Http2Client } from './support/http2/client.ts';
import { hold } from './support/http2/site.ts';
import { Http2Upstream } from './support/http2/upstream.ts';
import { ScriptedUpstream } from './support/scripted-upstream.ts';
import { freePort, IP, Weft } from './support/weft.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** `bindingCache` by router label. */
const CACHES = {
  wide: '{}',
  paths: '{paths: 1}',
  trees: '{trees: 1}',
  bounds: '{bounds: 1}',
  clients: '{clients: 1}',
  ttl: '{idleTtlSecs: 1}',
  many: '{idleTtlSecs: 1}',
} as const;

type Label = keyof typeof CACHES | 'h2';

/** Answers at once, but for the target /slow: that is answered when {@link release} is called. */
let upstream: ScriptedUpstream;
/** Holds every stream. */
let upstream2: Http2Upstream;
let weft: Weft;
const ports = new Map<Label, number>();
const held: (() => void)[] = [];

before(async () => {
  upstream = await ScriptedUpstream.start(async (connection) => {
    for (let head = await connection.head(); head !== null; head = await connection.head()) {
      if (head.startsWith('GET /slow ')) held.push(() => connection.send(OK));
      else connection.send(OK);
    }
  });
  const routers: string[] = [];
  for (const [label, cache] of Object.entries(CACHES) as [Label, string][]) {
    const port = await freePort();
    ports.set(label, port);
    const dtab = '/svc => /#/io.l5d.fs ; /svc/twin => /#/io.l5d.fs/one';
    routers.push(
      `- {protocol: http, label: ${label}, dtab: "${dtab}", bindingCache: ${cache}, servers: [{ip: ${IP}, port: ${port}}]}`,
    );
  }
  const endpoint = [upstream.disco];
  const h2 = await freePort();
  ports.set('h2', h2);
  upstream2 = await Http2Upstream.start(hold);
  routers.push(
    `- {protocol: h2, label: h2, dtab: "/svc => /$/inet/127.1/${upstream2.port}", bindingCache: {paths: 1}, servers: [{ip: ${IP}, port: ${h2}}]}`,
  );
  weft = await Weft.start({
    disco: { one: endpoint, two: endpoint, three: endpoint },
    more: routers.join('\n'),
    env: { WEFT_BINDINGS_MAX: '64' },
  });
});

after(async () => {
  await weft.stop();
  await upstream.stop();
  await upstream2.stop();
});

function port(label: Label): number {
  return ports.get(label) as number;
}

async function askAll(label: Label, ...hosts: readonly string[]): Promise<void> {
  for (const host of hosts) assert.equal((await ask(port(label), get(host))).status, 200, host);
}

/** Counters of a router's caches that are not 0. */
async function counters(label: Label): Promise<Record<string, number>> {
  const prefix = `rt/${label}/bindcache/`;
  const all = Object.entries(await weft.metrics()).filter(([name, value]) => name.startsWith(prefix) && value !== 0);
  return Object.fromEntries(all.map(([name, value]) => [name.slice(prefix.length), value]));
}

test('every counter is there from the start', async () => {
  const names = Object.keys(await weft.metrics()).filter((name) => name.startsWith('rt/wide/bindcache/'));
  assert.equal(names.length, 16, names.join());
});

test('names that end alike share what is behind them', async () => {
  await askAll('wide', 'one', 'two', 'twin', 'one');
  assert.deepEqual(await counters('wide'), {
    'path/misses': 3,
    'tree/misses': 2,
    'bound/misses': 2,
    'client/misses': 2,
  });
});

/** Router, cache that has no room. */
const FULL: readonly (readonly [label: Label, cache: string])[] = [
  ['paths', 'path'],
  ['trees', 'tree'],
  ['bounds', 'bound'],
  ['clients', 'client'],
];

for (const [label, cache] of FULL) {
  test(`${label}: 1, two idle names in turn evict each other (vector 23)`, async () => {
    await askAll(label, 'one', 'two', 'one', 'two');
    await eventually('three evictions', async () => (await counters(label))[`${cache}/evicts`] === 3);
    const { 'path/misses': misses, [`${cache}/oneshots`]: oneshots } = await counters(label);
    assert.deepEqual([misses, oneshots], [4, undefined]);
  });

  test(`${label}: 1, with both in use the second is used once, and served meanwhile (vector 23)`, async (t) => {
    const client = await openClient(t, { port: port(label) } as Weft);
    client.send(request('GET /slow', 'one'));
    await eventually('the slow request', () => held.length === 1);
    const before = await counters(label);
    await askAll(label, 'two', 'three', 'two');
    await eventually('three one-offs', async () => (await counters(label))[`${cache}/oneshots`] === 3);
    assert.equal((await counters(label))[`${cache}/evicts`] ?? 0, before[`${cache}/evicts`] ?? 0);
    held.splice(0).forEach((release) => {
      release();
    });
    await client.until('the slow answer', (received) => received.endsWith('ok'));
    await askAll(label, 'two');
    await eventually('an eviction', async () => {
      const { [`${cache}/evicts`]: evicts = 0 } = await counters(label);
      return evicts === (before[`${cache}/evicts`] ?? 0) + 1;
    });
  });
}

test('what is idle for long expires, but for what was used last', async () => {
  await askAll('ttl', 'one', 'two');
  await eventually('one left', async () => {
    const { 'path/expires': path = 0, 'client/expires': client = 0 } = await counters('ttl');
    return path === 1 && client === 1;
  });
  const all = Object.keys(await weft.metrics()).filter((name) =>
    /^rt\/ttl\/(?:client|service)\/.*requests$/.test(name),
  );
  assert.ok(all.length > 0 && all.every((name) => name.includes('two')), all.join());
  assert.deepEqual(await counters('ttl'), {
    'path/misses': 2,
    'tree/misses': 2,
    'bound/misses': 2,
    'client/misses': 2,
    'path/expires': 1,
    'tree/expires': 1,
    'bound/expires': 1,
    'client/expires': 1,
  });
});

test('over HTTP/2, a name for which there is no room is used once, while the other is in use', async (t) => {
  const client = await Http2Client.open(port('h2'));
  t.after(() => client.close());
  const first = client.begin('one');
  await eventually('the first stream', () => upstream2.streams.length === 1);
  const second = client.begin('two');
  await eventually('the second stream', () => upstream2.streams.length === 2);
  for (const stream of upstream2.streams) stream.respond();
  for (const id of [second, first]) assert.equal((await client.message(id)).status, 200);
  await eventually('the one-off', async () => (await counters('h2'))['path/oneshots'] === 1);
});

test('a name that the node had no room for is asked for again, and has it once others have expired', async () => {
  const names = Array.from({ length: 64 }, (_, index) => `crowd${index}`);
  // Names without endpoints are names: what is bound at one time is bounded all the same.
  for (const name of names) await ask(port('many'), get(name));
  const refused = await ask(port('wide'), get('three'));
  assert.deepEqual([refused.status, refused.body], [502, 'too many names are bound at one time']);
  await eventually('room', async () => (await ask(port('wide'), get('three'))).status === 200);
});
