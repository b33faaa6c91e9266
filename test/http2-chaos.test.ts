/**
 * Clients and endpoints that do everything at once and give up at every stage: who is served is served right, and when all
 * is over nothing is left behind, neither a stream, nor a place under a bound, nor a connection. Repeated with the seed that
 * it prints.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as code from '../core/http2/error-codes.ts';
import { assertNoFault, eventually } from './support/http1-site.ts';
import { seededRandom } from './support/http1-wire.ts';
import { Http2Client } from './support/http2/client.ts';
import { data, goaway, headers, rst, windowUpdate } from './support/http2/frames.ts';
import { endAll, hold } from './support/http2/site.ts';
import { echo, echoed, Http2Upstream, type StreamScript, type UpstreamStream } from './support/http2/upstream.ts';
import { Weft } from './support/weft.ts';

const CLIENTS = 4;
const ACTIONS = 250;
const AT_ONCE = 8;
const GATE = CLIENTS * AT_ONCE;
const WINDOW_BYTES = 65_535;
const STINGY = { settings: { INITIAL_WINDOW_SIZE: 0 }, automatic: { windows: false } };
/** Within one window, and larger than what is copied. */
const MEDIUM = Buffer.from(Array.from({ length: 60_000 }, (_, i) => (i * 7 + (i >> 9)) & 255));
const LARGE = Buffer.alloc(150_000, 'chaos ');

/** What an endpoint does with a request, by its field `x-do`. */
const TAME = ['echo', 'echo', 'echo', 'large', 'reset', 'half', 'hang', 'refuse', 'early'] as const;
const WILD = [...TAME, 'goaway', 'drop'] as const;
type Deed = (typeof WILD)[number] | 'medium';
/** When a client gives up. */
const LEAVES = ['never', 'never', 'never', 'at once', 'at the head'] as const;

const random = seededRandom();
let weft: Weft;
let tame: Http2Upstream;
let wild: Http2Upstream;
let silent: Http2Upstream;

before(async () => {
  tame = await Http2Upstream.start(act);
  wild = await Http2Upstream.start(act);
  silent = await Http2Upstream.start(hold);
  weft = await Weft.start({
    protocol: 'h2',
    disco: { tame: [tame.disco], wild: [wild.disco], silent: [silent.disco] },
    server: `    maxConcurrentRequests: ${GATE}`,
    env: { WEFT_H2_PEER_RESETS: '1000000' },
  });
});
after(() =>
  endAll(
    () => weft.stop(),
    () => tame.stop(),
    () => wild.stop(),
    () => silent.stop(),
    () => assertNoFault(weft),
  ),
);

const DEEDS: Readonly<Record<Deed, StreamScript>> = {
  echo,
  medium: (stream) => stream.respond({ body: MEDIUM }),
  large: (stream) => stream.respond({ body: LARGE, trailers: { 'x-sum': 'large' } }),
  reset: (stream) => stream.reset(code.INTERNAL_ERROR),
  half: (stream) => {
    stream.send(headers(stream.id, { ':status': '200' }));
    stream.data('half of');
    stream.reset(code.CANCEL);
  },
  hang: () => {},
  refuse: (stream) => stream.reset(code.REFUSED_STREAM),
  early: (stream) => stream.respond({ status: 403 }),
  goaway: (stream) => stream.send(goaway(stream.id, code.NO_ERROR)),
  drop: (stream) => void stream.connection.socket.resetAndDestroy(),
};

function act(stream: Parameters<StreamScript>[0]): ReturnType<StreamScript> {
  return DEEDS[stream.request.value('x-do') as Deed](stream);
}

function pick<T>(items: readonly T[]): T {
  return items[random.below(items.length)] as T;
}

/** One request, from its beginning to whatever ends it. */
async function ask(client: Http2Client, host: string, deeds: readonly Deed[]): Promise<void> {
  const deed = pick(deeds);
  const leaves = deed === 'hang' || deed === 'goaway' ? 'at once' : pick(LEAVES);
  const bodyBytes = random.unit() < 0.3 ? random.below(100_000) : 0;
  const id = client.begin(host, { method: 'POST', open: true, fields: { 'x-do': deed } });
  if (leaves === 'at once') {
    if (random.unit() < 0.5) await client.roundTrip();
    client.send(rst(id, code.CANCEL));
    return;
  }
  const sent = client.sendBody(id, Buffer.alloc(bodyBytes, 'x'));
  const message = await client.head(id);
  if (leaves === 'at the head' && !message.over) {
    client.send(rst(id, code.CANCEL));
    // The windows of a stream that is gone open no more.
    void sent.catch(() => {});
    return;
  }
  await client.message(id);
  if (host !== 'tame') return;
  const what = `${deed}: ${message.summary}`;
  if (message.cut) await client.until(what, () => false);
  if (deed === 'echo') assert.equal(echoed(message).bodyBytes, bodyBytes, what);
  else if (deed === 'large')
    assert.deepEqual([message.bodyBytes, message.trailer('x-sum')], [LARGE.length, 'large'], what);
  else if (deed === 'early') assert.equal(message.status, 403, what);
  else assert.deepEqual([message.resetCode !== undefined, message.ended], [true, false], what);
}

/** One client's requests, some at a time. */
async function run(client: Http2Client): Promise<void> {
  let left = ACTIONS;
  const worker = async () => {
    while (left-- > 0) {
      if (random.unit() < 0.7) await ask(client, 'tame', TAME);
      else await ask(client, 'wild', WILD);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** What is under way, by the gauges that say so. */
async function underWay(): Promise<Record<string, number>> {
  const entries = Object.entries(await weft.metrics());
  return Object.fromEntries(
    entries.filter(([name, value]) => /\/(pending|load|open_streams)$/.test(name) && value !== 0),
  );
}

test('frames stay whole when an endpoint breaks while bytes go to it, and others wait for the client', async (t) => {
  const client = await Http2Client.open(weft.port, STINGY);
  t.after(() => client.close());
  client.send(windowUpdate(0, 100_000_000));
  for (let i = 0; i < 20; i++) {
    const waiting = client.begin('tame', { fields: { 'x-do': 'medium', 'x-n': String(i) } });
    const broken = client.begin('silent', { method: 'POST', open: true });
    const stream = await silent.stream(i);
    const { connection } = stream;
    await tameSent(String(i));
    // In one tick: content for the endpoint, whose reset is on its way, and room for what waits.
    client.send(windowUpdate(broken, 1000), data(broken, 'x'.repeat(16_000)), windowUpdate(waiting, MEDIUM.length));
    connection.socket.resetAndDestroy();
    assert.ok((await client.message(waiting)).bytes.equals(MEDIUM));
    const failed = await client.message(broken);
    assert.equal(failed.status, 502, failed.summary);
  }
});

/** Waits until the tame endpoint has answered a request in full, and Weft has it. */
async function tameSent(n: string): Promise<void> {
  await eventually(`request ${n}`, () => tame.streams.some(({ request }) => request.value('x-n') === n));
  const stream = tame.streams.find(({ request }) => request.value('x-n') === n);
  const { connection, id } = stream as UpstreamStream;
  await connection.until('a body', () => connection.windows.of(id) === WINDOW_BYTES - MEDIUM.length);
  await connection.roundTrip();
}

async function nothingUnderWay(): Promise<void> {
  let left: Record<string, number> = {};
  await eventually('nothing is under way', async () => {
    left = await underWay();
    return Object.keys(left).length === 0;
  }).catch(() => assert.deepEqual(left, {}, 'still under way'));
}

test('everything at once, and nothing is left of it', async () => {
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => Http2Client.open(weft.port)));
  await Promise.all(clients.map(run));
  await Promise.all(clients.map((client) => client.roundTrip()));
  await nothingUnderWay();
  // Connections end with streams on them, too.
  for (const client of clients) for (let i = 0; i < AT_ONCE; i++) client.begin('silent');
  for (const client of clients) {
    await client.roundTrip();
    client.socket.resetAndDestroy();
    assert.equal(client.fault, undefined);
  }
  await nothingUnderWay();
  const connections = () => weft.metric(`server/127.0.0.1/${weft.port}/connections`);
  await eventually('no connection is left', async () => (await connections()) === 0);
});

test('every place under maxConcurrentRequests is free again', async () => {
  const client = await Http2Client.open(weft.port);
  const before = silent.streams.length;
  const ids = Array.from({ length: GATE }, () => client.begin('silent'));
  const streams = await Promise.all(ids.map((_, i) => silent.stream(before + i)));
  assert.equal((await client.ask('silent')).resetCode, code.REFUSED_STREAM, 'one more');
  for (const stream of streams) await stream.respond();
  for (const id of ids) assert.equal((await client.message(id)).status, 200);
  client.close();
});
