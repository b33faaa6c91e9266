/**
 * Rows 28 to 35 of the hostile-inputs table from the client's side: hostile frames and heads against a real Weft, whole and
 * cut. Each is answered as it has to be, reaches no endpoint where it may not, and harms nobody else.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as code from '../core/http2/error-codes.ts';
import { FRAME_GOAWAY } from '../core/http2/frame-types.ts';
import { GET, type HeadFacts, type HostileHead } from '../core/http2/hostile-head.ts';
import { HOSTILE_HEADS } from '../core/http2/hostile-heads.ts';
import { PREFACE } from '../core/http2/preface.ts';
import { assertNoFault } from './support/http1-site.ts';
import { CUTS, type Cut, inParallel, seededRandom } from './support/http1-wire.ts';
import { Http2Client } from './support/http2/client.ts';
import { named, sendCut } from './support/http2/cuts.ts';
import { headers, rst, settings } from './support/http2/frames.ts';
import {
  ANSWERING,
  CLIENT_CONVERSATIONS,
  type Conversation,
  type Outcome,
  SILENT,
} from './support/http2/hostile-conversations.ts';
import type { Message } from './support/http2/message.ts';
import { endAll, hold } from './support/http2/site.ts';
import { Http2Upstream } from './support/http2/upstream.ts';
import { freePort, IP, Weft } from './support/weft.ts';

const AT_ONCE = 8;
/** A stream that no conversation uses. */
const NEXT_STREAM = 101;
const METHOD = ':method';

const random = seededRandom();
let weft: Weft;
let silent: Http2Upstream;
let answering: Http2Upstream;
let headsPort: number;

before(async () => {
  silent = await Http2Upstream.start(hold);
  answering = await Http2Upstream.start();
  headsPort = await freePort();
  weft = await Weft.start({
    protocol: 'h2',
    disco: { [SILENT]: [silent.disco], [ANSWERING]: [answering.disco] },
    more: `- {protocol: h2, label: heads, dtab: /svc => /#/io.l5d.fs, identifier: {kind: io.l5d.static, path: /${SILENT}}, servers: [{ip: ${IP}, port: ${headsPort}}]}`,
  });
});

after(() =>
  endAll(
    () => weft.stop(),
    () => silent.stop(),
    () => answering.stop(),
  ),
);

/** Runs something on a connection of its own, and closes it. */
async function withClient(
  port: number,
  silentStart: boolean,
  act: (client: Http2Client) => Promise<void>,
): Promise<void> {
  const client = await Http2Client.open(port, { silent: silentStart });
  try {
    await act(client);
  } finally {
    client.socket.destroy();
  }
  client.close();
}

async function assertGoodWorks(what: string): Promise<void> {
  await withClient(weft.port, false, async (client) => {
    assert.equal((await client.ask(ANSWERING)).status, 200, `a good request after ${what}`);
  });
}

/** A request on the same connection is answered. */
async function assertGoesOn(client: Http2Client, what: string): Promise<void> {
  client.send(
    headers(NEXT_STREAM, [...GET.slice(0, 2), [':authority', ANSWERING], [':path', '/']], { endStream: true }),
  );
  assert.equal((await client.message(NEXT_STREAM)).status, 200, `the connection goes on after ${what}`);
  assert.equal(client.log.filter(({ type }) => type === FRAME_GOAWAY).length, 0, what);
}

async function assertOutcome(client: Http2Client, outcome: Outcome, what: string): Promise<void> {
  if (outcome === 'nothing') return assertGoesOn(client, what);
  if ('goaway' in outcome) {
    const ending = await client.goaway();
    assert.equal(ending.code, outcome.goaway, `${what}: ${ending.text}`);
    await client.closed();
    return;
  }
  const message = await client.message(outcome.stream);
  if ('reset' in outcome) assert.deepEqual([message.resetCode, message.fields.length], [outcome.reset, 0], what);
  else assert.equal(message.status, outcome.status, what);
  await assertGoesOn(client, what);
}

async function converse({ frames, outcome, bare = false }: Conversation, cut: Cut, what: string): Promise<void> {
  await withClient(weft.port, true, async (client) => {
    const bytes = client.encode(...(bare ? [] : [PREFACE, settings({})]), ...frames);
    await sendCut(client, bytes, cut, random);
    await assertOutcome(client, outcome, what);
  });
  await assertGoodWorks(what);
}

describe('hostile frames', () => {
  for (const row of new Set(CLIENT_CONVERSATIONS.map((each) => each.row))) {
    const conversations = CLIENT_CONVERSATIONS.filter((each) => each.row === row);
    test(`row ${row}: ${conversations.length} conversations, whole and cut`, async () => {
      const cases = conversations.flatMap((conversation) => CUTS.map((cut) => ({ conversation, cut })));
      await inParallel(cases, AT_ONCE, ({ conversation, cut }) => named(conversation, cut, converse));
    });
  }
});

/** Sends a head on stream 1, and for a trailer section a request before it. */
async function sendHead(client: Http2Client, { side, fields, endStream }: HostileHead, cut: Cut): Promise<void> {
  const block = { huffman: random.unit() < 0.5, endStream } as const;
  const request = side === 'trailers' ? [headers(1, [[METHOD, 'POST'], ...GET.slice(1)])] : [];
  const bytes = client.encode(PREFACE, settings({}), ...request, headers(1, fields, block));
  await sendCut(client, bytes, cut, random);
}

/** What a refused head is answered. */
function assertRefused(message: Message, { status }: HostileHead, what: string): void {
  if (status === 400) assert.deepEqual([message.resetCode, message.fields.length], [code.PROTOCOL_ERROR, 0], what);
  else assert.equal(message.status, status, what);
}

async function refuse(head: HostileHead, cut: Cut, what: string): Promise<void> {
  await withClient(headsPort, true, async (client) => {
    await sendHead(client, head, cut);
    assertRefused(await client.message(1), head, what);
    await client.roundTrip();
  });
}

function assertForwarded(message: Message, { side, fields }: HostileHead, facts: HeadFacts, what: string): void {
  if (side === 'trailers') {
    // `trailer` announces trailers, and is none.
    const withheld = new Set(['trailer', ...(facts.withheld ?? [])]);
    const expected = fields.filter(([name]) => !withheld.has(name));
    const told = (message.trailers ?? []).map(([name, value]) => [name, value]);
    assert.deepEqual(
      told,
      expected.map(([name, value]) => [name, value]),
      what,
    );
    return;
  }
  if (facts.method !== undefined) assert.equal(message.value(METHOD), facts.method, what);
  if (facts.scheme !== undefined && facts.scheme !== '') assert.equal(message.value(':scheme'), facts.scheme, what);
  if (facts.target !== undefined && facts.target !== '') assert.equal(message.value(':path'), facts.target, what);
  if (facts.cookies !== undefined) assert.equal(message.values('cookie').length, facts.cookies, what);
  if (facts.authority !== undefined) {
    const authority = message.value(':authority') ?? message.value('host');
    assert.equal(authority, facts.authority, what);
  }
  const regular = fields.filter(([name]) => !name.startsWith(':') && name !== 'host');
  for (const [name, value] of regular) assert.ok(message.values(name).includes(value), `${what}: ${name} is kept`);
}

async function accept(head: HostileHead, cut: Cut, what: string): Promise<void> {
  await withClient(headsPort, true, async (client) => {
    const index = silent.streams.length;
    await sendHead(client, head, cut);
    const stream = await silent.stream(index);
    if (head.side === 'trailers') await stream.whole();
    assertForwarded(stream.request, head, head.expect as HeadFacts, what);
    client.send(rst(1, code.CANCEL));
    await stream.connection.until(what, () => stream.request.resetCode !== undefined);
  });
}

/** Weft has no CONNECT over HTTP/2 to forward; whatever it makes of one is not the business of this list. */
const isConnect = ({ fields }: HostileHead) => fields.some(([name, value]) => name === METHOD && value === 'CONNECT');

describe('hostile heads', () => {
  const heads = HOSTILE_HEADS.filter((head) => head.side !== 'response' && !isConnect(head));
  const isRefused = ({ expect }: HostileHead) => typeof expect === 'string';

  test('a request head that is refused reaches no endpoint', async () => {
    const refused = heads.filter((head) => head.side === 'request' && isRefused(head));
    assert.ok(refused.length > 100);
    const before = silent.streams.length;
    const cases = refused.flatMap((head) => CUTS.map((cut) => ({ head, cut })));
    await inParallel(cases, AT_ONCE, ({ head, cut }) => named(head, cut, refuse));
    assert.equal(silent.streams.length, before);
    await assertGoodWorks('hostile heads');
  });

  test('trailers that are refused end the request, which is never whole at its endpoint', async () => {
    const refused = heads.filter((head) => head.side === 'trailers' && isRefused(head));
    assert.ok(refused.length > 40);
    const before = silent.streams.length;
    const cases = refused.flatMap((head) => CUTS.map((cut) => ({ head, cut })));
    await inParallel(cases, AT_ONCE, ({ head, cut }) => named(head, cut, refuse));
    for (const { request, connection } of silent.streams.slice(before)) {
      await connection.until('the reset', () => request.resetCode !== undefined);
      assert.deepEqual([request.ended, request.trailers], [false, undefined]);
    }
  });

  test('what is accepted arrives as it was meant', async () => {
    const accepted = heads.filter((head) => !isRefused(head));
    assert.ok(accepted.length > 20);
    for (const head of accepted) for (const cut of CUTS) await named(head, cut, accept);
  });
});

test('Weft has logged no error', () => assertNoFault(weft));
