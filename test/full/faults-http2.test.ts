/**
 * Faults under a load of HTTP/2 streams: what is lost is what had begun to be answered, or what may not be sent twice and
 * had reached the dead; everything else is served, also what a GOAWAY has left behind.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as http2 from 'node:http2';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertNoFault, eventually } from '../support/http1-site.ts';
import { metricsUntil } from '../support/metrics.ts';
import { RawClient } from '../support/raw-client.ts';
import { IP, Weft, type WeftOptions } from '../support/weft.ts';
import { ANSWER_BYTES, Http2Endpoint } from './support/http2-endpoint.ts';
import { exchange, Http2Load, type LoadRequest } from './support/http2-load.ts';
import { Http2Nginx, type NginxOptions } from './support/http2-nginx.ts';
import { whileStill } from './support/still.ts';

const CONNECTIONS = 4;
const STREAMS = 16;
const SOME_REQUESTS = 1500;
const RESTARTS = 5;
const GOAWAY_EVERY = 50;
const DRAINED = 100;
const CLIENT = 'client/#/io.l5d.fs/web';

const GET = { method: 'GET', path: '/' } as const;
const SLOW = { method: 'GET', path: '/slow' } as const;
const POST = { method: 'POST', path: '/' } as const;
const MIX: readonly LoadRequest[] = [GET, SLOW, POST];
/** For endpoints that take a second for one that is slow. */
const FEW_SLOW: readonly LoadRequest[] = [SLOW, ...Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? GET : POST))];
const STORMY = { requestsPerConnection: GOAWAY_EVERY };

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function startEndpoint(port = 0): Promise<Http2Endpoint> {
  const endpoint = await Http2Endpoint.start(port);
  ends.push(() => endpoint.kill());
  return endpoint;
}

async function startNginx(options: NginxOptions = {}): Promise<Http2Nginx> {
  const nginx = await Http2Nginx.start(options);
  ends.push(() => nginx.kill());
  return nginx;
}

async function startWeft(endpoints: readonly { readonly disco: string }[], options: WeftOptions = {}): Promise<Weft> {
  const disco = { web: endpoints.map((endpoint) => endpoint.disco) };
  const weft = await Weft.start({ ...options, protocol: 'h2', disco });
  ends.push(() => weft.stop());
  return weft;
}

function load(weft: Weft, requests: readonly LoadRequest[] = MIX, options: { pauseMs?: number } = {}): Http2Load {
  const generator = new Http2Load({
    port: weft.port,
    connections: CONNECTIONS,
    streams: STREAMS,
    request: (n) => requests[n % requests.length] as LoadRequest,
    bodyBytes: ANSWER_BYTES,
    ...options,
  });
  ends.push(() => generator.stop());
  return generator;
}

/** Nothing is counted as under way, and no handler has thrown. */
async function assertSettled(weft: Weft): Promise<void> {
  await metricsUntil(weft, (metrics) => {
    for (const [name, value] of Object.entries(metrics)) {
      if (name.endsWith('/pending') || name.endsWith('/stream/open_streams')) assert.equal(value, 0, name);
    }
  });
  assertNoFault(weft);
}

test('one of two endpoints is killed mid-stream and comes back: lost is what had begun or may not be repeated', async () => {
  const [victim, other] = [await startEndpoint(), await startEndpoint()];
  // So slow that both hold some of every kind all the time.
  victim.delayMs = 50;
  other.delayMs = 50;
  const weft = await startWeft([victim, other]);
  const generator = load(weft);
  await generator.more(SOME_REQUESTS / 3);
  assert.equal(generator.errorCount, 0, generator.report);

  await eventually('some of every kind are with the victim', () => {
    return (
      victim.openCount('GET /', false) > 1 &&
      victim.openCount('GET /slow', true) > 1 &&
      victim.openCount('POST /', false) > 1
    );
  });
  victim.stalled = true;
  // What it has sent arrives.
  await sleep(100);
  const { begun, unrepeatable, repeatable } = await whileStill(weft.child, async () => {
    const counts = {
      begun: victim.openCount('GET /slow', true),
      unrepeatable: victim.openCount('POST /', false),
      repeatable: victim.openCount('GET /', false) + victim.openCount('GET /slow', false),
    };
    await victim.kill();
    return counts;
  });
  assert.ok(begun > 0 && unrepeatable > 0 && repeatable > 0, `${begun}, ${unrepeatable}, ${repeatable}`);
  await generator.more(SOME_REQUESTS / 3);
  const lost = {
    get: generator.errorsOf('GET /'),
    slow: generator.errorsOf('GET /slow'),
    post: generator.errorsOf('POST /'),
  };
  assert.deepEqual(lost, { get: 0, slow: begun, post: unrepeatable }, generator.report);
  assert.equal(generator.goaways, 0, "clients' connections are not touched");
  assert.equal(await weft.metric(`${CLIENT}/failures/upstream_truncated`), begun);
  assert.equal(await weft.metric(`${CLIENT}/failures`), begun + unrepeatable);
  assert.ok((await weft.metric(`${CLIENT}/retries/requeues`)) >= repeatable);

  const revived = await startEndpoint(victim.port);
  await eventually('it is used again', () => revived.answered > 20);
  await generator.more(SOME_REQUESTS / 3);
  assert.equal(generator.errorCount, begun + unrepeatable, generator.report);
  await generator.stop();
  await assertSettled(weft);
});

test(`one of two endpoints is restarted in order, ${RESTARTS} times: no request is lost`, async () => {
  const other = await startNginx();
  let victim = await startNginx();
  const weft = await startWeft([victim, other]);
  const generator = load(weft, FEW_SLOW);
  for (let i = 0; i < RESTARTS; i++) {
    const { port } = victim;
    await eventually('it is used', async () => (await victim.counts()).requests > 100);
    const { answered } = generator;
    await victim.retire();
    await eventually('the other serves alone', () => generator.answered > answered + 100);
    victim = await startNginx({ port });
  }
  await generator.stop();
  assert.equal(generator.errorCount, 0, generator.report);
  assert.equal(generator.goaways, 0, "clients' connections are not touched");
  await assertSettled(weft);
});

test(`endpoints that send GOAWAY every ${GOAWAY_EVERY} requests: no request is lost`, async () => {
  const endpoints = [await startNginx(STORMY), await startNginx(STORMY)];
  const weft = await startWeft(endpoints);
  const generator = load(weft, FEW_SLOW);
  await generator.more(2 * SOME_REQUESTS);
  await generator.stop();
  assert.equal(generator.errorCount, 0, generator.report);
  for (const endpoint of endpoints) {
    const { connections, requests } = await endpoint.counts();
    assert.ok(requests > SOME_REQUESTS / 2 && connections >= requests / GOAWAY_EVERY, `${connections}, ${requests}`);
  }
  assert.equal(generator.goaways, 0, "clients' connections are not touched");
  await assertSettled(weft);
});

test('an endpoint that resets every stream whose body it has answered unread: no request is lost', async () => {
  const endpoint = await startNginx();
  const weft = await startWeft([endpoint]);
  const generator = load(weft, [POST], { pauseMs: 0 });
  await generator.more(4 * SOME_REQUESTS);
  await generator.stop();
  assert.equal(generator.errorCount, 0, generator.report);
  assert.equal((await endpoint.counts()).connections, 1, 'all on one connection');
  await assertSettled(weft);
});

test(`SIGTERM with ${DRAINED} open streams: all of them are served to their end, and nobody else`, async () => {
  const endpoint = await startEndpoint();
  endpoint.delayMs = 1500;
  const weft = await startWeft([endpoint]);
  let heads = 0;
  let goaways = 0;
  const answers: Promise<string>[] = [];
  for (let connection = 0; connection < 2; connection++) {
    const session = http2.connect(`http://${IP}:${weft.port}`);
    session.on('goaway', () => goaways++);
    session.on('error', () => {});
    ends.push(async () => void session.destroy());
    for (let i = 0; i < DRAINED / 2; i++) answers.push(exchange(session, SLOW, ANSWER_BYTES, () => heads++));
  }
  await eventually('all have begun', () => heads === DRAINED);
  const ended = once(weft.child, 'exit');
  weft.child.kill('SIGTERM');
  await eventually('both connections are told', () => goaways >= 2);
  await assert.rejects(RawClient.open(weft.port), /ECONNREFUSED/);
  assert.deepEqual([...new Set(await Promise.all(answers))], [''], 'every answer is whole');
  assert.deepEqual(await ended, [0, null]);
});
