/**
 * Rows 29 to 35 of the hostile-inputs table from the upstream's side: what a broken endpoint sends is never passed on as
 * whole, costs its client one failed request, and other clients nothing.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { FRAME_GOAWAY } from '../core/http2/frame-types.ts';
import type { HeadFacts, HostileHead } from '../core/http2/hostile-head.ts';
import { HOSTILE_HEADS } from '../core/http2/hostile-heads.ts';
import { assertNoFault } from './support/http1-site.ts';
import { CUTS, type Cut, inParallel, seededRandom } from './support/http1-wire.ts';
import { Http2Client } from './support/http2/client.ts';
import { type Entry, named, sendCut } from './support/http2/cuts.ts';
import { data, headers, type Sendable } from './support/http2/frames.ts';
import { HOSTILE_ENDINGS, HOSTILE_RESPONSES, type HostileResponse } from './support/http2/hostile-responses.ts';
import type { Message } from './support/http2/message.ts';
import { endAll, hold } from './support/http2/site.ts';
import { Http2Upstream, type UpstreamStream } from './support/http2/upstream.ts';
import { IP, Weft } from './support/weft.ts';

const random = seededRandom();
let weft: Weft;
let hostile: Http2Upstream;
let good: Http2Upstream;
/** One for what is provoked, one that must not notice. */
let client: Http2Client;
let bystander: Http2Client;

before(async () => {
  hostile = await Http2Upstream.start(hold);
  good = await Http2Upstream.start();
  weft = await Weft.start({
    protocol: 'h2',
    disco: { hostile: [hostile.disco], good: [good.disco] },
    env: { WEFT_H2_PROVOKED_RESETS: '100000', WEFT_H2_PINGS: '100000' },
  });
  client = await Http2Client.open(weft.port);
  bystander = await Http2Client.open(weft.port);
});

after(() =>
  endAll(
    () => client.close(),
    () => bystander.close(),
    () => weft.stop(),
    () => hostile.stop(),
    () => good.stop(),
  ),
);

/** Asks the hostile endpoint, and sends what it says. */
async function provoke(
  frames: (id: number) => readonly Sendable[],
  cut: Cut,
  method = 'GET',
): Promise<{ id: number; stream: UpstreamStream }> {
  const index = hostile.streams.length;
  const id = client.begin('hostile', { method });
  const stream = await hostile.stream(index);
  await sendCut(stream.connection, stream.connection.encode(...frames(stream.id)), cut, random);
  return { id, stream };
}

/** Runs entries one after the other, each whole and cut: they share connections. */
function each<E extends Entry>(entries: readonly E[], run: (entry: E, cut: Cut, what: string) => Promise<void>) {
  const cases = entries.flatMap((entry) => CUTS.map((cut) => ({ entry, cut })));
  return inParallel(cases, 1, ({ entry, cut }) => named(entry, cut, run));
}

/** The client's connection, and that of another, serve on. */
async function assertOthersServe(what: string): Promise<void> {
  const answers = await Promise.all([client.ask('good'), bystander.ask('good')]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200],
    what,
  );
  assert.equal(
    client.log.some(({ type }) => type === FRAME_GOAWAY),
    false,
    what,
  );
}

/** A response that failed: 502 before its head, a reset behind it. */
function assertFailed(response: Message, what: string): void {
  if (response.status === 502) assert.ok(response.ended && response.value('l5d-err') !== undefined, what);
  else assert.ok(response.resetCode !== undefined && !response.ended, `${what}: ${response.summary}`);
}

async function converse({ frames, outcome }: HostileResponse, cut: Cut, what: string): Promise<void> {
  const { id, stream } = await provoke(frames, cut);
  if (outcome === 'nothing') {
    await stream.respond({ body: 'fine' });
    assert.equal((await client.message(id)).body, 'fine', what);
  } else if ('goaway' in outcome) {
    const ending = await stream.connection.goaway();
    assert.equal(ending.code, outcome.goaway, `${what}: ${ending.text}`);
    await stream.connection.closed();
    assertFailed(await client.message(id), what);
  } else {
    await stream.connection.until(what, () => stream.request.resetCode !== undefined);
    assert.equal(stream.request.resetCode, outcome.reset, what);
    assertFailed(await client.message(id), what);
    await stream.connection.roundTrip();
  }
  await assertOthersServe(what);
}

describe('hostile frames', () => {
  for (const row of new Set(HOSTILE_RESPONSES.map((each) => each.row))) {
    const responses = HOSTILE_RESPONSES.filter((each) => each.row === row);
    test(`row ${row}: ${responses.length} conversations, whole and cut`, async () => {
      await each(responses, converse);
    });
  }

  test('row 32: frames behind a whole response end the connection, and the response counts', async () => {
    for (const { name, frames, outcome } of HOSTILE_ENDINGS) {
      for (const cut of CUTS) {
        const { id, stream } = await provoke(frames, cut);
        const ending = await stream.connection.goaway();
        assert.deepEqual({ goaway: ending.code }, outcome, `${name} (${cut}): ${ending.text}`);
        const response = await client.message(id);
        assert.deepEqual([response.status, response.ended], [200, true], `${name} (${cut})`);
        await assertOthersServe(name);
      }
    }
  });
});

/** Frames of an entry of the list of heads. */
function framesOf({ side, fields, endStream }: HostileHead): (id: number) => readonly Sendable[] {
  const block = { huffman: random.unit() < 0.5, endStream };
  return (id) => [...(side === 'trailers' ? [headers(id, { ':status': '200' })] : []), headers(id, fields, block)];
}

async function refuse(head: HostileHead, cut: Cut, what: string): Promise<void> {
  const { id, stream } = await provoke(framesOf(head), cut, head.requestMethod);
  const response = await client.message(id);
  assertFailed(response, what);
  if (head.side === 'response') assert.equal(response.status, 502, what);
  await stream.connection.roundTrip();
  await assertOthersServe(what);
}

async function accept(head: HostileHead, cut: Cut, what: string): Promise<void> {
  const facts = head.expect as HeadFacts;
  const { id, stream } = await provoke(framesOf(head), cut, head.requestMethod);
  if (!head.endStream && facts.body === 'none') stream.data('', true);
  const isInformational = head.name.endsWith('103');
  if (!head.endStream && facts.body !== 'none') stream.send(data(stream.id, '1234567', { endStream: true }));
  if (isInformational) await stream.respond();
  const response = await client.message(id);
  assert.equal(response.ended, true, `${what}: ${response.summary}`);
  if (facts.status !== undefined && !isInformational) assert.equal(response.status, facts.status, what);
  const told = head.side === 'trailers' ? (response.trailers ?? []) : response.fields;
  const withheld = new Set(facts.withheld);
  for (const [name, value] of isInformational ? [] : head.fields) {
    const isKept = told.some(([other, text]) => other === name && text === value);
    // `trailer` announces trailers, and is none; the class is Weft's own to tell.
    const isOwn = name === 'l5d-success-class' || (name === 'trailer' && head.side === 'trailers');
    if (!isOwn) assert.equal(isKept, !withheld.has(name), `${what}: ${name}`);
  }
}

describe('hostile heads', () => {
  const heads = HOSTILE_HEADS.filter(({ side, requestMethod }) => side !== 'request' && requestMethod !== 'CONNECT');
  const isRefused = ({ expect }: HostileHead) => typeof expect === 'string';

  for (const side of ['response', 'trailers'] as const) {
    test(`${side}: what is refused fails its request alone`, async () => {
      const refused = heads.filter((head) => head.side === side && isRefused(head));
      assert.ok(refused.length > 40);
      await each(refused, refuse);
    });

    test(`${side}: what is accepted arrives as it was meant`, async () => {
      const accepted = heads.filter((head) => head.side === side && !isRefused(head) && !head.name.endsWith('103'));
      assert.ok(accepted.length > 5);
      await each(accepted, accept);
    });
  }

  test('a section above its bound, and more fields than theirs: 502', async () => {
    const large = Array.from({ length: 5 }, (_, i) => [`x-${i}`, 'y'.repeat(4000)] as const);
    const many = Array.from({ length: 101 }, () => ['x', '1'] as const);
    for (const fields of [large, many]) {
      const frames = (id: number) => [headers(id, [[':status', '200'], ...fields], { endStream: true })];
      const { id } = await provoke(frames, 'whole');
      assert.equal((await client.message(id)).status, 502);
      await assertOthersServe('too many fields');
    }
  });
});

test('an endpoint that speaks HTTP/1: 502', async (t) => {
  const text = Buffer.from('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n');
  const http1 = await Http2Upstream.start(hold, { silent: true, connected: (connection) => connection.write(text) });
  t.after(() => http1.stop());
  weft.disco('http1', [http1.disco]);
  const response = await client.ask('http1');
  assert.equal(response.status, 502);
  assert.ok(response.value('l5d-err') !== undefined);
  await http1.connections[0]!.closed();
});

test('an endpoint whose first frame is not SETTINGS: 502', async (t) => {
  const other = await Http2Upstream.start(hold, {
    silent: true,
    connected: (connection) => connection.send(headers(1, { ':status': '200' }, { endStream: true })),
  });
  t.after(() => other.stop());
  weft.disco('unsettled', [`${IP} ${other.port}`]);
  assert.equal((await client.ask('unsettled')).status, 502);
});

test('Weft has logged no error', () => assertNoFault(weft));
