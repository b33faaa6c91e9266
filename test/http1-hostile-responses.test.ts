/** Every hostile response of core/http1/hostile.ts from a scripted upstream through a real Weft, whole and cut. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { HOSTILE_MESSAGES } from '../core/http1/hostile.ts';
import type { Accepted, HostileMessage } from '../core/http1/hostile-message.ts';
import { assertNoFault, eventually, request, serverMetric } from './support/http1-site.ts';
import {
  type Answered,
  answered,
  CUTS,
  type Cut,
  cutUp,
  fieldOf,
  inParallel,
  namesOf,
  readAnswer,
  readFirst,
  seededRandom,
  sendPieces,
} from './support/http1-wire.ts';
import { RawClient } from './support/raw-client.ts';
import { ScriptedUpstream, type UpstreamConnection } from './support/scripted-upstream.ts';
import { Weft } from './support/weft.ts';

const AT_ONCE = 16;
const RESPONSES = HOSTILE_MESSAGES.filter(({ side }) => side === 'response');

/** One message, cut in one way. */
interface Case {
  readonly what: string;
  readonly message: HostileMessage;
  readonly cut: Cut;
  /** The upstream's connection that carried it. */
  connection?: UpstreamConnection;
}

const CASES: readonly Case[] = RESPONSES.flatMap((message) =>
  CUTS.map((cut) => ({ what: `row ${message.row}: ${message.name} (${cut})`, message, cut })),
);

/**
 * Entries that are not the last response on their connection: the codec takes 1xx as a message of its own.
 * What the client gets: a status, after so many informational responses.
 */
const INFORMATIONAL = new Map<string, { readonly status: string; readonly informational: number }>([
  ['100 with a length', { status: '502', informational: 0 }],
  ['103 in front', { status: '200', informational: 1 }],
  ['101 that nobody asked for', { status: '502', informational: 0 }],
]);

const random = seededRandom();
let weft: Weft;
let upstream: ScriptedUpstream;

before(async () => {
  upstream = await ScriptedUpstream.start(serve);
  weft = await Weft.start({
    disco: { web: [upstream.disco] },
    router: '  identifier: {kind: io.l5d.static, path: /web}',
  });
});

after(async () => {
  await upstream.stop();
  await weft.stop();
});

/** Sends the case that the request names. */
async function serve(connection: UpstreamConnection): Promise<void> {
  for (let head = await connection.head(); head !== null; head = await connection.head()) {
    const number = /x-case: (\d+)/i.exec(head)?.[1];
    if (number === undefined) {
      connection.send('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ngood');
      continue;
    }
    const served = CASES[Number(number)] as Case;
    served.connection = connection;
    const { message, cut } = served;
    await sendPieces((piece) => connection.send(piece), cutUp(message.text, cut, random));
    const { expect } = message;
    const untilClose = expect.verdict === 'accepted' && expect.framing === 'untilClose';
    if (untilClose || expect.verdict === 'incomplete' || message.name === '103 in front') connection.end();
  }
}

/** Sends the request of a case. @returns the client when the answer is whole or the connection over */
async function ask(asked: Case): Promise<RawClient> {
  const { message, what } = asked;
  const method = message.requestMethod;
  const target = method === 'CONNECT' ? 'a:1' : '/';
  const client = await RawClient.open(weft.port);
  client.send(request(`${method} ${target}`, 'a', `X-Case: ${CASES.indexOf(asked)}`));
  await client.until(what, (received) => client.ended || answered(received, method));
  return client;
}

async function assertGoodWorks(what: string): Promise<void> {
  const client = await RawClient.open(weft.port);
  client.send(request('GET /', 'a'));
  const received = await client.until(`a good request after ${what}`, answered);
  const { final, rest } = readAnswer(received);
  assert.deepEqual([final.start, final.body, rest], ['200', 'good', ''], what);
  client.close();
}

function assertBadGateway(what: string, { final, rest }: Answered): void {
  assert.equal(final.start, '502', what);
  assert.ok(fieldOf(final, 'l5d-err') !== undefined, `${what}: no l5d-err`);
  assert.equal(rest, '', what);
}

async function refuse(refused: Case): Promise<void> {
  const { what, message } = refused;
  const client = await ask(refused);
  const headIsFine = readFirst(message.text, 'response', message.requestMethod).start !== '';
  const answer = readAnswer(client.received, message.requestMethod, client.ended);
  if (headIsFine) {
    assert.ok(client.ended, `${what}: not ended`);
    assert.notEqual(answer.final.verdict, 'accepted', `${what}: looks whole`);
  } else {
    assertBadGateway(what, answer);
  }
  client.close();
  await eventually(`${what}: the upstream's connection is closed`, () => refused.connection?.ended === true);
  await assertGoodWorks(what);
}

function assertForwarded(what: string, message: HostileMessage, { informational, final, rest }: Answered): void {
  const expect = message.expect as Accepted;
  assert.deepEqual([final.verdict, informational.length, rest], ['accepted', 0, ''], what);
  assert.equal(final.framing, expect.framing, what);
  assert.equal(final.body, expect.body, what);
  const fields = namesOf(final.fields);
  const trailers = namesOf(final.trailers);
  for (const name of expect.withheld ?? []) assert.ok(!fields.includes(name), `${what}: ${name} was forwarded`);
  for (const name of expect.withheldTrailers ?? [])
    assert.ok(!trailers.includes(name), `${what}: ${name} was forwarded`);
  for (const name of expect.forwarded ?? []) {
    assert.ok(fields.includes(name) || trailers.includes(name), `${what}: ${name} was dropped`);
  }
  const noFraming = final.start === '204' || (message.requestMethod === 'CONNECT' && final.start === '200');
  if (noFraming) {
    for (const name of ['content-length', 'transfer-encoding']) assert.ok(!fields.includes(name), `${what}: ${name}`);
  }
}

async function accept(accepted: Case): Promise<void> {
  const { what, message } = accepted;
  const expect = message.expect as Accepted;
  const client = await ask(accepted);
  if (expect.framing === 'untilClose') await client.untilEnd();
  assert.ok(!client.reset, `${what}: reset`);
  if (message.requestMethod === 'CONNECT' && expect.rest > 0) {
    const tail = message.text.slice(-expect.rest);
    await client.until(`${what}: bytes through the tunnel`, (received) => received.endsWith(`\r\n\r\n${tail}`));
    client.received = client.received.slice(0, -tail.length);
  }
  assertForwarded(what, message, readAnswer(client.received, message.requestMethod, client.ended));
  client.close();
  if (expect.rest > 0 || expect.persistent === false) {
    await eventually(`${what}: the upstream's connection is closed`, () => accepted.connection?.ended === true);
  }
  await assertGoodWorks(what);
}

describe('hostile responses', () => {
  const accepted = CASES.filter(({ message: { expect } }) => expect.verdict === 'accepted');

  test('what is malformed is a 502, or an aborted response when its head has gone out', async () => {
    const refused = CASES.filter(({ message: { expect } }) => expect.verdict === 'refused');
    assert.ok(refused.length > 300);
    const counted = await serverMetric(weft, 'failures/upstream_malformed');
    await inParallel(refused, AT_ONCE, refuse);
    assert.equal(await serverMetric(weft, 'failures/upstream_malformed'), counted + refused.length);
  });

  test('what is accepted arrives as it was meant, and nothing behind it', async () => {
    const messages = accepted.filter(({ message }) => !INFORMATIONAL.has(message.name));
    assert.ok(messages.length > 100);
    const surplus = ({ message: { expect } }: Case) => expect.verdict === 'accepted' && expect.rest > 0;
    await inParallel(
      messages.filter((each) => !surplus(each)),
      AT_ONCE,
      accept,
    );
    // One by one: surplus that comes in a later packet than its response may meet the next request on the connection.
    await inParallel(messages.filter(surplus), 1, accept);
  });

  test('1xx responses are no final ones', async () => {
    const messages = accepted.filter(({ message }) => INFORMATIONAL.has(message.name));
    assert.equal(messages.length, INFORMATIONAL.size * CUTS.length);
    await inParallel(messages, 1, async (asked) => {
      const client = await ask(asked);
      const { status, informational } = INFORMATIONAL.get(asked.message.name)!;
      if (status === '200') await client.untilEnd();
      const answer = readAnswer(client.received, 'GET', client.ended);
      assert.deepEqual([answer.final.start, answer.informational.length], [status, informational], asked.what);
      client.close();
      await assertGoodWorks(asked.what);
    });
  });

  test('row 25: what is cut short does not look whole', async () => {
    const cut = CASES.filter(({ message: { expect } }) => expect.verdict === 'incomplete');
    assert.ok(cut.length > 10);
    await inParallel(cut, AT_ONCE, async (asked) => {
      const client = await ask(asked);
      const answer = readAnswer(client.received, 'GET', client.ended);
      if (asked.message.name === 'cut in the head') assertBadGateway(asked.what, answer);
      else {
        assert.ok(client.ended, `${asked.what}: not ended`);
        assert.notEqual(answer.final.verdict, 'accepted', asked.what);
      }
      client.close();
      await assertGoodWorks(asked.what);
    });
    const truncated = cut.filter(({ message }) => message.name !== 'cut in the head').length;
    assert.equal(await serverMetric(weft, 'failures/upstream_truncated'), truncated);
  });

  test('Weft has logged no error', () => assertNoFault(weft));
});
