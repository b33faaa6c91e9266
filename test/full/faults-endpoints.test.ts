/** Endpoints fail under load: what can be sent elsewhere is, and the others do not notice. */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RawClient } from '../support/raw-client.ts';
import { freePort, IP, Weft, type WeftOptions } from '../support/weft.ts';
import { LoadGenerator, type LoadOptions } from './support/load-generator.ts';
import { whileStill } from './support/still.ts';
import { Upstream } from './support/upstream.ts';

const CONNECTIONS = 24;
const SOME_REQUESTS = 1500;
const TIMEOUT_MS = 30_000;
const CLIENT = 'client/#/io.l5d.fs/web';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function startUpstreams(count: number): Promise<Upstream[]> {
  const upstreams = await Promise.all(Array.from({ length: count }, () => Upstream.start()));
  for (const upstream of upstreams) ends.push(() => upstream.kill());
  return upstreams;
}

async function startWeft(options: WeftOptions): Promise<Weft> {
  const weft = await Weft.start(options);
  ends.push(() => weft.stop());
  return weft;
}

function load(weft: Weft, options: Partial<LoadOptions> = {}): LoadGenerator {
  const generator = new LoadGenerator({ port: weft.port, connections: CONNECTIONS, ...options });
  ends.push(() => generator.stop());
  return generator;
}

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + TIMEOUT_MS;
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, `in vain: ${what}`);
    await sleep(10);
  }
}

/**
 * Kills an endpoint while Weft is held still, so that what is on its way to the endpoint arrives and is counted.
 *
 * @returns requests that may not be sent again, at most: those on connections that never carried an answer
 */
async function killAndCount(victim: Upstream, weft: Weft): Promise<number> {
  victim.behaviour = 'stall';
  return await whileStill(weft.child, async () => {
    const lost = victim.unansweredCount;
    await victim.kill();
    return lost;
  });
}

test('an endpoint of three is killed under load and comes back: no request is lost that could be sent again', async () => {
  const upstreams = await startUpstreams(3);
  const [victim] = upstreams as [Upstream];
  for (const upstream of upstreams) upstream.delayMs = 2;
  const weft = await startWeft({ disco: { web: upstreams.map(({ disco }) => disco) } });
  const generator = load(weft);
  await generator.more(SOME_REQUESTS);
  assert.equal(generator.errorCount, 0, generator.report);

  const lost = await killAndCount(victim, weft);
  await generator.more(SOME_REQUESTS);
  assert.ok(generator.errorCount <= lost, `${lost} could not be repeated; ${generator.report}`);
  assert.ok((await weft.metric(`${CLIENT}/retries/requeues`)) > 0, 'requests were sent again');

  const errors = generator.errorCount;
  const revived = await Upstream.start(victim.port);
  ends.push(() => revived.kill());
  await until('the endpoint is used again', () => revived.answered > 20);
  assert.equal(generator.errorCount, errors, generator.report);
});

test('an endpoint of three refuses from the start: no request is lost', async () => {
  const upstreams = await startUpstreams(2);
  const nobody = await freePort();
  const weft = await startWeft({ disco: { web: [...upstreams.map(({ disco }) => disco), `${IP} ${nobody}`] } });
  const generator = load(weft);
  await generator.more(SOME_REQUESTS);
  await generator.stop();
  assert.equal(generator.errorCount, 0, generator.report);
  assert.ok((await weft.metric(`${CLIENT}/retries/requeues`)) > 0);
  assert.ok((await weft.metric(`${CLIENT}/service_creation/failures/connect_refused`)) > 0);
});

test('all endpoints but one refuse from the start: it serves alone, and no request is lost', async () => {
  const [alone] = (await startUpstreams(1)) as [Upstream];
  // It is always the busier one: what is down has no load.
  alone.delayMs = 5;
  const refusing = [await freePort(), await freePort(), await freePort()].map((port) => `${IP} ${port}`);
  const weft = await startWeft({ disco: { web: [...refusing, alone.disco] } });
  const generator = load(weft);
  await generator.more(SOME_REQUESTS);
  await generator.stop();
  assert.equal(generator.errorCount, 0, generator.report);
});

test('all endpoints refuse, under load: every request is answered 502, and 200 when they are back', async () => {
  const port = await freePort();
  const weft = await startWeft({ disco: { web: [`${IP} ${port}`] } });
  const generator = load(weft, { pauseMs: 10 });
  await until('requests fail', () => generator.errorCount >= 200);
  assert.deepEqual([...generator.errors.keys()], ['HTTP/1.1 502 Bad Gateway']);
  assert.ok((await weft.metric('service/svc/web/failures/connect_refused')) >= 200);
  const upstream = await Upstream.start(port);
  ends.push(() => upstream.kill());
  await generator.more(1);
  const errors = generator.errorCount;
  await generator.more(SOME_REQUESTS);
  assert.equal(generator.errorCount - errors, 0, generator.report);
});

test('an endpoint resets in the middle of a body: its client sees the truncation, others nothing', async () => {
  const [good, bad] = (await startUpstreams(2)) as [Upstream, Upstream];
  bad.behaviour = 'reset mid-body';
  const weft = await startWeft({ disco: { web: [good.disco], bad: [bad.disco] } });
  const generator = load(weft);
  for (let i = 0; i < 50; i++) {
    const client = await RawClient.open(weft.port);
    client.send('GET / HTTP/1.1\r\nHost: bad\r\n\r\n');
    const text = await client.untilEnd();
    // Either the head had gone out and the connection breaks, or it had not and the failure is said. (libuv shows a
    // reset as an end in order when bytes came along with it: RawClient.reset proves nothing here.)
    if (text.startsWith('HTTP/1.1 200')) assert.match(text, /content-length: 100000\r\n\r\nx{0,5000}$/i);
    else assert.match(text, /^HTTP\/1\.1 502 /);
    client.close();
  }
  await generator.more(SOME_REQUESTS);
  await generator.stop();
  assert.equal(generator.errorCount, 0, generator.report);
  const failures = await weft.metrics();
  const count = (code: string) => failures[`rt/test/client/#/io.l5d.fs/bad/failures${code}`] ?? 0;
  assert.equal(count(''), 50);
  assert.equal(count('/upstream_truncated') + count('/upstream_reset'), 50);
});

test('a stalled endpoint costs the requests it holds and no others, until it answers again', async () => {
  const upstreams = await startUpstreams(3);
  const [stalled] = upstreams as [Upstream];
  const weft = await startWeft({
    disco: { web: upstreams.map(({ disco }) => disco) },
    env: { WEFT_RESPONSE_TIMEOUT_MS: '300', WEFT_BODY_IDLE_TIMEOUT_MS: '300' },
  });
  const generator = load(weft);
  await generator.more(SOME_REQUESTS);
  assert.equal(generator.errorCount, 0, generator.report);
  for (const behaviour of ['stall', 'stall mid-body'] as const) {
    stalled.behaviour = behaviour;
    const answered = generator.answered;
    const errors = generator.errorCount;
    await until('requests time out', () => generator.errorCount > errors);
    await generator.more(SOME_REQUESTS);
    // Least loaded of two: what hangs at the endpoint keeps others away from it.
    const lost = generator.errorCount - errors;
    assert.ok(lost < (generator.answered - answered) / 10, generator.report);
    stalled.behaviour = 'answer';
    await until('all that it held are given up', () => generator.errorCount === stalled.stalled);
    await generator.more(SOME_REQUESTS);
    assert.equal(generator.errorCount, stalled.stalled, generator.report);
  }
  await generator.stop();
  assert.equal(await weft.metric(`${CLIENT}/failures/upstream_stalled`), stalled.stalled);
  assert.ok((await weft.metric('limits/response_timeout')) > 0);
  assert.ok((await weft.metric('limits/body_idle_timeout')) > 0);
  assert.equal(await weft.metric(`${CLIENT}/pending`), 0);
});

test('ten thousand endpoints come and go under load: no request is lost, and rows are free again', async () => {
  // One listener on all of 127/8: every address is an endpoint of its own.
  const upstream = await Upstream.start(0, '0.0.0.0');
  ends.push(() => upstream.kill());
  const line = (n: number) => `127.${1 + (n >> 16)}.${(n >> 8) & 255}.${n & 255} ${upstream.port}`;
  const set = (from: number, count: number) => Array.from({ length: count }, (_, i) => line(from + i));
  const weft = await startWeft({ disco: { web: set(1, 3) }, env: { WEFT_ENDPOINTS_MAX: '25000' } });
  const generator = load(weft);
  await generator.more(100);
  const size = 'client/#/io.l5d.fs/web/loadbalancer/size';
  for (let round = 0; round < 6; round++) {
    // A new ten thousand each time: more in all than there are rows.
    weft.disco('web', set(20_000 * round + 1, 10_000));
    await until('all of them are known', async () => (await weft.metric(size)) === 10_000);
    await generator.more(300);
    weft.disco('web', set(1, 3));
    await until('they are gone', async () => (await weft.metric(size)) === 3);
    await generator.more(300);
  }
  await generator.stop();
  assert.equal(generator.errorCount, 0, generator.report);
  assert.doesNotMatch(weft.log, /no room for/);
  await until('connections of endpoints that left are closed', () => upstream.connectionCount <= 3 * CONNECTIONS);
});
