/**
 * Row 34 of the hostile-inputs table: work that serves no request has a bound. The attacker's connection ends with
 * ENHANCE_YOUR_CALM, its counter rises, and another client's request passes all the while.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as code from '../core/http2/error-codes.ts';
import { FRAME_GOAWAY } from '../core/http2/frame-types.ts';
import { assertNoFault, eventually } from './support/http1-site.ts';
import { type Http2Client, requestFields } from './support/http2/client.ts';
import * as send from './support/http2/frames.ts';
import type { Http2Peer } from './support/http2/peer.ts';
import { endAll, hold, openHttp2Client, openHttp2Site } from './support/http2/site.ts';
import { Http2Upstream } from './support/http2/upstream.ts';
import { Weft } from './support/weft.ts';

const { continuation, data, frame, headers, headersOf, ping, priority, rst, settings, windowUpdate } = send;

/** Small enough to be reached at once. The time in which they are given back is longer than the test. */
const BOUNDS = {
  WEFT_H2_BUDGET_REFILL_MS: 3_600_000,
  WEFT_H2_PEER_RESETS: 50,
  WEFT_H2_PROVOKED_RESETS: 40,
  WEFT_H2_PINGS: 30,
  WEFT_H2_SETTINGS: 20,
  WEFT_H2_PRIORITIES: 60,
  WEFT_H2_EMPTY_FRAMES: 25,
  WEFT_H2_TINY_WINDOW_UPDATES: 70,
  WEFT_H2_IGNORED_FRAMES: 35,
  WEFT_H2_CONTINUATIONS: 8,
};

let weft: Weft;
let silent: Http2Upstream;
let good: Http2Upstream;
before(async () => {
  silent = await Http2Upstream.start(hold);
  good = await Http2Upstream.start();
  const env = Object.fromEntries(Object.entries(BOUNDS).map(([name, value]) => [name, String(value)]));
  weft = await Weft.start({ protocol: 'h2', env, disco: { silent: [silent.disco], good: [good.disco] } });
});
after(() =>
  endAll(
    () => weft.stop(),
    () => silent.stop(),
    () => good.stop(),
    () => assertNoFault(weft),
  ),
);

/** A flood: `max` times the frames are allowed, once more they are not. */
interface Flood {
  readonly name: string;
  readonly metric: string;
  readonly max: number;
  /** What comes before it. */
  readonly before?: (peer: Http2Peer) => readonly send.Sendable[];
  /** @param n from 0 */
  readonly frames: (n: number) => readonly send.Sendable[];
}

const stream = (n: number) => 2 * n + 1;
const open = (id: number) => headers(id, requestFields('silent', { method: 'POST' }));
const get = (id: number) => headers(id, requestFields('silent'), { endStream: true });

const FLOODS: readonly Flood[] = [
  {
    name: 'Rapid Reset',
    metric: 'h2_peer_resets',
    max: BOUNDS.WEFT_H2_PEER_RESETS,
    frames: (n) => [get(stream(n)), rst(stream(n), code.CANCEL)],
  },
  {
    name: 'MadeYouReset, by windows of 0',
    metric: 'h2_provoked_resets',
    max: BOUNDS.WEFT_H2_PROVOKED_RESETS,
    frames: (n) => [get(stream(n)), windowUpdate(stream(n), 0)],
  },
  {
    name: 'MadeYouReset, by malformed heads',
    metric: 'h2_provoked_resets',
    max: BOUNDS.WEFT_H2_PROVOKED_RESETS,
    frames: (n) => [headers(stream(n), requestFields('silent', { fields: { connection: 'x' } }), { endStream: true })],
  },
  {
    name: 'MadeYouReset, by frames behind the end',
    metric: 'h2_provoked_resets',
    max: BOUNDS.WEFT_H2_PROVOKED_RESETS,
    frames: (n) => [get(stream(n)), data(stream(n), 'x')],
  },
  { name: 'PING', metric: 'h2_pings', max: BOUNDS.WEFT_H2_PINGS, frames: () => [ping()] },
  {
    name: 'SETTINGS',
    metric: 'h2_settings',
    // The one that every connection begins with counts.
    max: BOUNDS.WEFT_H2_SETTINGS - 1,
    frames: (n) => [settings({ INITIAL_WINDOW_SIZE: 60_000 + n })],
  },
  { name: 'PRIORITY', metric: 'h2_priorities', max: BOUNDS.WEFT_H2_PRIORITIES, frames: (n) => [priority(stream(n))] },
  {
    name: 'empty DATA',
    metric: 'h2_empty_frames',
    max: BOUNDS.WEFT_H2_EMPTY_FRAMES,
    before: () => [open(1)],
    frames: () => [data(1, '')],
  },
  {
    name: 'DATA of padding alone',
    metric: 'h2_empty_frames',
    max: BOUNDS.WEFT_H2_EMPTY_FRAMES,
    before: () => [open(1)],
    frames: () => [data(1, '', { padding: 255 })],
  },
  {
    name: 'tiny WINDOW_UPDATEs',
    metric: 'h2_tiny_window_updates',
    max: BOUNDS.WEFT_H2_TINY_WINDOW_UPDATES,
    before: () => [open(1)],
    frames: (n) => [windowUpdate(n % 2, 1)],
  },
  {
    name: 'unknown frames',
    metric: 'h2_ignored_frames',
    max: BOUNDS.WEFT_H2_IGNORED_FRAMES,
    frames: (n) => [frame(0x20 + (n % 100), 0, n % 3, 'x')],
  },
  {
    name: 'frames for streams that are gone',
    metric: 'h2_ignored_frames',
    max: BOUNDS.WEFT_H2_IGNORED_FRAMES,
    before: () => [open(1), rst(1, code.CANCEL)],
    frames: () => [windowUpdate(1, 1000)],
  },
];

async function assertCalm(attacker: Http2Client): Promise<void> {
  const ending = await attacker.goaway();
  assert.equal(ending.code, code.ENHANCE_YOUR_CALM, ending.text);
  await attacker.closed();
}

for (const { name, metric, max, before: first, frames } of FLOODS) {
  test(`${name}: up to the bound it is borne, beyond it ends the connection`, async (t) => {
    const bystander = await openHttp2Client(t, weft);
    const counted = await weft.metric(`limits/${metric}`);
    const attacker = await openHttp2Client(t, weft);
    if (first !== undefined) attacker.send(...first(attacker));
    // What the kit measures with is a PING too.
    const within = name === 'PING' ? max - 1 : max;
    for (let n = 0; n < within; n++) attacker.send(...frames(n));
    await attacker.roundTrip();
    assert.equal(
      attacker.log.some(({ type }) => type === FRAME_GOAWAY),
      false,
      `${max} are allowed`,
    );
    assert.equal(await weft.metric(`limits/${metric}`), counted);
    attacker.send(...frames(max));
    await assertCalm(attacker);
    await eventually(metric, async () => (await weft.metric(`limits/${metric}`)) === counted + 1);
    assert.equal((await bystander.ask('good')).status, 200);
  });

  test(`${name}, without end: another client is served meanwhile`, async (t) => {
    const bystander = await openHttp2Client(t, weft);
    const attacker = await openHttp2Client(t, weft);
    if (first !== undefined) attacker.send(...first(attacker));
    const bytes = Buffer.concat(Array.from({ length: 2000 }, (_, n) => attacker.encode(...frames(n))));
    attacker.write(bytes);
    const answers = Array.from({ length: 10 }, () => bystander.ask('good'));
    for (const { status } of await Promise.all(answers)) assert.equal(status, 200);
    await assertCalm(attacker);
  });
}

test('honest use in the same numbers is borne', async (t) => {
  const client = await openHttp2Client(t, weft);
  for (let i = 0; i < 3 * BOUNDS.WEFT_H2_PEER_RESETS; i++) {
    const answered = client.begin('good', { body: 'x' });
    const cancelled = client.begin('silent');
    client.send(rst(cancelled, code.CANCEL), priority(answered), windowUpdate(0, 1));
    assert.equal((await client.message(answered)).status, 200);
  }
});

test('a block of as many CONTINUATIONs as there may be is taken, one of more ends the connection', async (t) => {
  const max = BOUNDS.WEFT_H2_CONTINUATIONS;
  const client = await openHttp2Client(t, weft);
  const fragments = (count: number) => Array.from({ length: count }, () => 2);
  assert.equal((await client.ask('good', { block: { fragments: fragments(max) } })).status, 200);
  const counted = await weft.metric('limits/h2_continuations');
  client.begin('good', { block: { fragments: fragments(max + 1) } });
  await assertCalm(client);
  await eventually('the counter', async () => (await weft.metric('limits/h2_continuations')) === counted + 1);
});

test('a block without end ends the connection before it is kept', async (t) => {
  const bystander = await openHttp2Client(t, weft);
  for (const fragment of ['', '\0', 'x'.repeat(16_384)]) {
    const attacker = await openHttp2Client(t, weft);
    attacker.send(headersOf(1, '\x82', 0), ...Array.from({ length: 200 }, () => continuation(1, fragment)));
    await assertCalm(attacker);
    assert.equal((await bystander.ask('good')).status, 200);
  }
});

test('a reset stream keeps its place until its endpoint has been told', async (t) => {
  const { host, client, upstream } = await openHttp2Site(t, weft, hold);
  for (let i = 0; i < 20; i++) {
    const id = client.begin(host, { method: 'POST', open: true });
    client.send(rst(id, code.CANCEL));
  }
  await client.roundTrip();
  const answer = client.ask(host, { fields: { 'x-last': '1' } });
  await eventually('the last request', () => upstream.streams.some(({ request }) => request.value('x-last') === '1'));
  const last = upstream.streams.find(({ request }) => request.value('x-last') === '1');
  await last!.respond({ body: 'x' });
  assert.equal((await answer).body, 'x');
  for (const { connection, request } of upstream.streams) {
    await connection.until('every other is cancelled', () => request.ended || request.resetCode === code.CANCEL);
  }
});
