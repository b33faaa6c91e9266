/**
 * Writes put off to the end of a tick: all sent, in order, each once, whatever a connection does when its turn comes. The last
 * tests stop a real Weft while events pile up, so that they come in one tick: there a flush happens in the middle of something.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { eventually, openSite, request, type Site } from '../../test/support/http1-site.ts';
import { answered, readAnswer } from '../../test/support/http1-wire.ts';
import { CLOSE_WAIT, tcpEnd } from '../../test/support/kernel-sockets.ts';
import type { UpstreamConnection } from '../../test/support/scripted-upstream.ts';
import { threadsOf } from '../../test/support/threads.ts';
import { Weft } from '../../test/support/weft.ts';
import type { Connection } from './connection.ts';
import { Outbox } from './outbox.ts';

const ENTRIES_MAX = 512;

/** An outbox, and what was sent. */
class Harness {
  readonly outbox = new Outbox();
  readonly calls: string[] = [];
  readonly ended: string[] = [];

  /** Puts a write off. @param act what the connection does when it is sent */
  push(name: string, at: number, byteLength: number, act: () => void = () => {}): void {
    const sendPending = (from: number, length: number) => {
      this.calls.push(`${name} ${from}+${length}`);
      act();
    };
    const end = (_owner: unknown, error: Error) => this.ended.push(`${name}: ${error.message}`);
    this.outbox.push({ sendPending, net: { reactor: { end } } } as unknown as Connection, at, byteLength);
  }
}

test('writes leave in order, once, each with its bytes', () => {
  const harness = new Harness();
  assert.ok(harness.outbox.isEmpty);
  harness.push('a', 100, 7);
  harness.push('b', 300, 1);
  harness.push('a', 107, 3);
  assert.deepEqual([harness.outbox.isEmpty, harness.calls], [false, []]);
  harness.outbox.flush();
  assert.deepEqual(harness.calls, ['a 100+7', 'b 300+1', 'a 107+3']);
  assert.ok(harness.outbox.isEmpty);
  harness.outbox.flush();
  assert.equal(harness.calls.length, 3);
});

test('a send that throws ends its connection, the others are sent', () => {
  const harness = new Harness();
  const fail = () => {
    throw new Error('a fault');
  };
  harness.push('a', 1, 1, fail);
  harness.push('b', 2, 1);
  harness.push('c', 3, 1, fail);
  harness.outbox.flush();
  assert.deepEqual(harness.calls, ['a 1+1', 'b 2+1', 'c 3+1']);
  assert.deepEqual(harness.ended, ['a: a fault', 'c: a fault']);
  assert.ok(harness.outbox.isEmpty);
});

test('a write that a send puts off leaves in the same flush, behind the others', () => {
  const harness = new Harness();
  harness.push('a', 1, 1, () => harness.push('answer', 9, 1));
  harness.push('b', 2, 1);
  harness.outbox.flush();
  assert.deepEqual(harness.calls, ['a 1+1', 'b 2+1', 'answer 9+1']);
  assert.ok(harness.outbox.isEmpty);
});

test('a flush within a flush sends the rest; the outer one sends nothing twice', () => {
  const harness = new Harness();
  harness.push('a', 1, 1, () => {
    harness.outbox.flush();
    assert.deepEqual(harness.calls, ['a 1+1', 'b 2+1', 'c 3+1']);
    harness.push('late', 4, 1);
  });
  harness.push('b', 2, 1);
  harness.push('c', 3, 1);
  harness.outbox.flush();
  assert.deepEqual(harness.calls, ['a 1+1', 'b 2+1', 'c 3+1', 'late 4+1']);
  assert.deepEqual([harness.ended, harness.outbox.isEmpty], [[], true]);
});

test('it says when it is full, and takes as much again after a flush', () => {
  const harness = new Harness();
  for (let round = 1; round <= 2; round++) {
    for (let i = 0; i < ENTRIES_MAX; i++) {
      assert.ok(!harness.outbox.isFull);
      harness.push(`${i}`, i, 1);
    }
    assert.ok(harness.outbox.isFull);
    harness.outbox.flush();
    assert.ok(!harness.outbox.isFull);
    assert.equal(harness.calls.length, round * ENTRIES_MAX);
    assert.equal(harness.calls.at(-1), `${ENTRIES_MAX - 1} ${ENTRIES_MAX - 1}+1`);
  }
});

test('it stays full until the flush of a full one is over: a send puts nothing on top', () => {
  const harness = new Harness();
  const seen: boolean[] = [];
  for (let i = 0; i < ENTRIES_MAX; i++) harness.push(`${i}`, i, 1, () => seen.push(harness.outbox.isFull));
  harness.outbox.flush();
  assert.ok(seen.length === ENTRIES_MAX && seen.every(Boolean));
});

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/**
 * Starts a Weft that takes so many events a tick, with clients whose connection to their endpoint is made.
 *
 * @param attempts 1: what could not be sent fails; otherwise it is sent on another connection
 */
async function startTicking(
  t: TestContext,
  events: number,
  count: number,
  attempts = 1,
): Promise<{ weft: Weft; sites: Site[] }> {
  const env = { WEFT_EPOLL_EVENTS: String(events), WEFT_ACQUISITION_ATTEMPTS: String(attempts) };
  const weft = await Weft.start({ env });
  t.after(() => weft.stop());
  // Answers the first request alone: what follows is for the test to answer.
  const answerFirst = async (connection: UpstreamConnection) => {
    await connection.head();
    connection.send(OK);
  };
  const sites: Site[] = [];
  for (let i = 0; i < count; i++) {
    const site = await openSite(t, weft, answerFirst);
    site.client.send(request('GET /', site.host));
    await site.client.until('the first answer', answered);
    site.client.received = '';
    sites.push(site);
  }
  return { weft, sites };
}

/** Something that happens to Weft, and how the kernel shows at Weft's end that it has. */
interface Event {
  act(): void;
  arrived(): boolean;
}

function fromClient(weft: Weft, { client }: Site, text: string): Event {
  const end = () => tcpEnd(weft.port, client.socket.localPort ?? 0);
  return { act: () => client.send(text), arrived: () => (end()?.unreadBytes ?? 0) >= text.length };
}

/** @param ended whether the stream ends behind the text */
function fromEndpoint(site: Site, text: string, ended = false): Event {
  const { socket } = endpointOf(site);
  const end = () => tcpEnd(socket.remotePort ?? 0, site.upstream.port);
  const act = () => (ended ? socket.end(text, 'latin1') : socket.write(text, 'latin1'));
  const arrived = () => (end()?.unreadBytes ?? 0) >= text.length && (!ended || end()?.state === CLOSE_WAIT);
  return { act, arrived };
}

function resetByEndpoint(site: Site): Event {
  const connection = endpointOf(site);
  const port = connection.socket.remotePort ?? 0;
  return { act: () => connection.reset(), arrived: () => tcpEnd(port, site.upstream.port) === undefined };
}

/** Lets things happen, in this order, while Weft sleeps: it meets them all at once. */
async function meetAtOnce(weft: Weft, events: readonly Event[]): Promise<void> {
  weft.child.kill('SIGSTOP');
  try {
    const threads = () => threadsOf(weft.child.pid as number);
    await eventually('Weft sleeps', () => threads().every(({ state }) => state === 'T'));
    for (const { act, arrived } of events) {
      act();
      await eventually('it has arrived', arrived);
    }
  } finally {
    weft.child.kill('SIGCONT');
  }
}

function endpointOf(site: Site): UpstreamConnection {
  return site.upstream.connections[0] ?? assert.fail('nobody has connected');
}

test('a send that fails, while another answer is about to be written: each client gets its own', async (t) => {
  const { weft, sites } = await startTicking(t, 2, 2);
  const [refused, failed] = sites as [Site, Site];
  // The second request is refused as soon as the first is answered, in the same tick.
  refused.client.send(`${request('GET /', refused.host)}NONSENSE\r\n\r\n`);
  await endpointOf(refused).head();
  await meetAtOnce(weft, [
    fromEndpoint(refused, OK),
    fromClient(weft, failed, request('POST /', failed.host, 'Content-Length: 0')),
    // Too late for the tick: what is put off for this connection cannot be sent.
    resetByEndpoint(failed),
  ]);
  const { rest, final } = readAnswer(await refused.client.untilEnd());
  assert.deepEqual([final.start, final.body], ['200', 'ok']);
  assert.equal(readAnswer(rest, 'GET', true).final.start, '400', rest);
  assert.equal(readAnswer(await failed.client.until('a failure', answered)).final.start, '502');
});

test('a send that fails, while a response is in hand: nothing is received on top of that', async (t) => {
  const { weft, sites } = await startTicking(t, 3, 3);
  const [held, failed, large] = sites as [Site, Site, Site];
  held.client.send(request('GET /', held.host));
  large.client.send(request('GET /', large.host));
  for (const site of [held, large]) await endpointOf(site).head();
  const body = 'b'.repeat(20_000);
  const head = `HTTP/1.1 200 OK\r\nVia: 1.1 a\r\nX-A: ${'a'.repeat(300)}\r\nContent-Length: ${body.length}\r\n\r\n`;
  const last = request('POST /', failed.host, 'Content-Length: 0', 'Connection: close');
  await meetAtOnce(weft, [
    fromEndpoint(held, OK, true),
    fromClient(weft, failed, last + 'junk'.repeat(15_000)),
    fromEndpoint(large, head + body),
    resetByEndpoint(failed),
  ]);
  assert.equal(readAnswer(await held.client.until('its answer', answered)).final.body, 'ok');
  assert.equal(readAnswer(await failed.client.until('a failure', answered)).final.start, '502');
  const received = await large.client.until('its answer', (text) => text.length >= body.length + 100);
  assert.ok(!received.includes('junk'), `one client gets what another has sent: ${received.slice(0, 100)}`);
  assert.equal(readAnswer(received).final.body, body);
});

test('a request that could not be sent goes out on another connection, whatever its method, and its body with it', async (t) => {
  const { weft, sites } = await startTicking(t, 2, 1, 2);
  const [site] = sites as [Site];
  site.client.received = '';
  await meetAtOnce(weft, [
    fromClient(weft, site, `${request('POST /', site.host, 'Content-Length: 4')}body`),
    resetByEndpoint(site),
  ]);
  assert.equal(readAnswer(await site.client.until('an answer', answered)).final.start, '200');
  const second = site.upstream.connections[1] ?? assert.fail('no second connection');
  assert.equal(await second.bytes(4), 'body');
});

test('many clients in one tick: each gets its own answer', async (t) => {
  const { weft, sites } = await startTicking(t, 512, 60);
  const bodies = sites.map((_, i) => `${i}:`.repeat(1 + i * i));
  for (let round = 0; round < 3; round++) {
    for (const site of sites) site.client.received = '';
    await meetAtOnce(
      weft,
      sites.map((site) => fromClient(weft, site, request('GET /', site.host))),
    );
    for (const site of sites) await endpointOf(site).head();
    const answers = bodies.map((body) => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    await meetAtOnce(
      weft,
      sites.map((site, i) => fromEndpoint(site, answers[i] ?? '')),
    );
    for (const [i, site] of sites.entries()) {
      assert.equal(readAnswer(await site.client.until(`answer ${i}`, answered)).final.body, bodies[i]);
    }
  }
});
