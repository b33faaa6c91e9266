/** Every hostile request of core/http1/hostile.ts against a real Weft, whole and cut, with an upstream that sees what passes. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { HOSTILE_MESSAGES } from '../core/http1/hostile.ts';
import type { Accepted, HostileMessage, Refused } from '../core/http1/hostile-message.ts';
import type { MessageRecord } from '../core/http1/message-reader.ts';
import { assertNoFault, eventually, request, serverMetric } from './support/http1-site.ts';
import {
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
const REQUESTS = HOSTILE_MESSAGES.filter(({ side }) => side === 'request');
const GOOD = request('GET /good', 'good');
/** Row 22: what makes the bytes behind the message a whole request. */
const COMPLETIONS = new Map([
  [3, ' / HTTP/1.1\r\nHost: a\r\n\r\n'],
  [16, 'Host: a\r\n\r\n'],
]);

const random = seededRandom();
/** All requests that reached the upstream, in order. */
const seen: MessageRecord[] = [];
let weft: Weft;
let upstream: ScriptedUpstream;

before(async () => {
  upstream = await ScriptedUpstream.start(record);
  weft = await Weft.start({
    disco: { web: [upstream.disco] },
    router: '  identifier: {kind: io.l5d.static, path: /web}',
  });
});

after(async () => {
  await upstream.stop();
  await weft.stop();
});

/** Takes whole requests, notes them, and refuses upgrades and tunnels. */
async function record(connection: UpstreamConnection): Promise<void> {
  let lookedAt = 0;
  while (!connection.ended) {
    if (connection.received.length === lookedAt) {
      await sleep(1);
      continue;
    }
    lookedAt = connection.received.length;
    const message = readFirst(connection.received, 'request');
    if (message.verdict === 'incomplete') continue;
    seen.push(message);
    await connection.bytes(message.consumed);
    lookedAt = 0;
    const refusal = message.start.startsWith('CONNECT') || fieldOf(message, 'upgrade') !== undefined;
    connection.send(
      `HTTP/1.1 ${refusal ? '403 No' : '200 OK'}\r\ncontent-length: 2\r\n\r\n${message.start.startsWith('HEAD') ? '' : 'ok'}`,
    );
  }
}

function title({ row, name }: HostileMessage, cut: Cut): string {
  return `row ${row}: ${name} (${cut})`;
}

async function assertGoodWorks(what: string): Promise<void> {
  const client = await RawClient.open(weft.port);
  client.send(GOOD);
  const received = await client.until(`a good request after ${what}`, answered);
  assert.equal(readAnswer(received).final.start, '200', what);
  client.close();
}

async function refuse(message: HostileMessage, cut: Cut): Promise<void> {
  const what = title(message, cut);
  const { status } = message.expect as Refused;
  const client = await RawClient.open(weft.port);
  await sendPieces((piece) => client.send(piece), cutUp(message.text, cut, random));
  const received = await client.untilEnd();
  assert.ok(!client.reset, `${what}: the answer was overtaken by a reset`);
  const { final, rest } = readAnswer(received);
  assert.equal(final.start, String(status), `${what}: ${received}`);
  assert.equal(fieldOf(final, 'connection'), 'close', what);
  assert.equal(rest, '', what);
  client.close();
  await assertGoodWorks(what);
}

/** The reason that is counted. Linkerd counts a request without Host as not identified. */
function reasonOf({ name, expect }: HostileMessage): string {
  return name.startsWith('no Host') ? 'unidentified' : (expect as Refused).reason;
}

async function failuresByReason(messages: readonly HostileMessage[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const reason of new Set(messages.map(reasonOf))) counts[reason] = await serverMetric(weft, `failures/${reason}`);
  return counts;
}

/** Refuses all in all ways. @returns what the upstream saw of them */
async function refuseAll(messages: readonly HostileMessage[]): Promise<void> {
  const before = await failuresByReason(messages);
  const cases = messages.flatMap((message) => CUTS.map((cut) => ({ message, cut })));
  const first = seen.length;
  await inParallel(cases, AT_ONCE, ({ message, cut }) => refuse(message, cut));
  const passed = seen.slice(first).filter(({ start }) => start !== 'GET /good');
  assert.deepEqual(passed, [], 'requests that reached the upstream');
  const expected = { ...before };
  for (const { message } of cases) expected[reasonOf(message)] = (expected[reasonOf(message)] ?? 0) + 1;
  assert.deepEqual(await failuresByReason(messages), expected, 'failures by reason');
}

function assertForwarded(what: string, expect: Accepted, message: MessageRecord): void {
  assert.equal(message.verdict, 'accepted', what);
  assert.equal(message.framing, expect.framing, what);
  assert.equal(message.body, expect.body, what);
  const fields = namesOf(message.fields);
  const trailers = namesOf(message.trailers);
  for (const name of expect.withheld ?? []) assert.ok(!fields.includes(name), `${what}: ${name} was forwarded`);
  for (const name of expect.withheldTrailers ?? [])
    assert.ok(!trailers.includes(name), `${what}: ${name} was forwarded`);
  for (const name of expect.forwarded ?? []) {
    const told = name === 'l5d-dtab' ? 'l5d-ctx-dtab' : name;
    assert.ok(fields.includes(told) || trailers.includes(told), `${what}: ${name} was dropped`);
  }
  for (const name of ['keep-alive', 'expect', 'te'])
    assert.ok(!fields.includes(name), `${what}: ${name} was forwarded`);
}

async function accept(message: HostileMessage, cut: Cut): Promise<void> {
  const what = title(message, cut);
  const expect = message.expect as Accepted;
  const method = message.text.trimStart().slice(0, message.text.trimStart().indexOf(' '));
  const first = seen.length;
  const client = await RawClient.open(weft.port);
  await sendPieces((piece) => client.send(piece), cutUp(message.text, cut, random));
  await client.until(what, (received) => answered(received, method));
  assert.equal(seen.length, first + 1, what);
  assertForwarded(what, expect, seen[first] as MessageRecord);
  assert.ok(
    upstream.connections.every(({ received }) => received === ''),
    `${what}: bytes behind the request`,
  );
  assert.equal(readAnswer(client.received, method).final.start, message.row === 21 ? '403' : '200', what);
  const mustClose = expect.persistent === false || message.row === 21;
  if (mustClose) {
    await client.untilEnd();
    assert.equal(readAnswer(client.received, method).rest, '', what);
  } else {
    client.send(expect.rest === 0 ? GOOD : (COMPLETIONS.get(expect.rest) as string));
    await client.until(`${what}, the next`, (received) => answered(readAnswer(received, method).rest));
    assert.equal(seen.length, first + 2, what);
  }
  client.close();
}

describe('hostile requests', () => {
  const refused = REQUESTS.filter(({ expect }) => expect.verdict === 'refused');
  const headIsFine = (message: HostileMessage) => readFirst(message.text, 'request').start !== '';

  test('a head that is refused reaches no upstream', async () => {
    const messages = refused.filter((message) => !headIsFine(message));
    assert.ok(messages.length > 100);
    await refuseAll(messages);
    for (const { received } of upstream.connections) assert.equal(received, '', 'a part was forwarded');
  });

  test('a body that is refused is never whole at the upstream, and its connection ends', async () => {
    const messages = refused.filter(headIsFine);
    assert.ok(messages.length > 30);
    await refuseAll(messages);
    await eventually('the upstream connections of broken requests are closed', () =>
      upstream.connections.every(({ received, ended }) => received === '' || ended),
    );
    const parts = upstream.connections.filter(({ received }) => received !== '');
    for (const { received } of parts) assert.notEqual(readFirst(received, 'request').verdict, 'accepted', received);
  });

  test('what is accepted arrives as it was meant, and nothing behind it', async () => {
    const messages = REQUESTS.filter(({ expect }) => expect.verdict === 'accepted');
    assert.ok(messages.length > 40);
    for (const connection of upstream.connections) if (connection.ended) connection.received = '';
    for (const message of messages) for (const cut of CUTS) await accept(message, cut);
  });

  test('Weft has logged no error', () => assertNoFault(weft));
});
