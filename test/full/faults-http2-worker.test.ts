/** Worker threads die under a load of HTTP/2 streams: the streams of their connections are lost, and nothing else. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { freePort } from '../support/weft.ts';
import { ANSWER_BYTES, Http2Endpoint } from './support/http2-endpoint.ts';
import { Http2Load } from './support/http2-load.ts';
import { openDescriptors, until, WorkerSite } from './support/worker-site.ts';

const WORKERS = 2;
const DEATHS = 4;
const CONNECTIONS = 16;
const STREAMS = 8;
const GRACE_MS = 500;
/** Requests that are answered before the next death, at least. */
const REQUESTS_BETWEEN = 500;

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

test('workers die one after the other under load: each is replaced, and nothing is left of the dead', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'weft-deaths-'));
  ends.push(async () => rmSync(directory, { recursive: true }));
  const endpoints = [await Http2Endpoint.start(), await Http2Endpoint.start()];
  for (const endpoint of endpoints) ends.push(() => endpoint.kill());
  const lines = endpoints.map(({ disco }) => disco);
  const port = await freePort();
  const site = new WorkerSite({ protocol: 'h2', workers: WORKERS, port, endpoints: lines, directory });
  await site.supervisor.start();
  ends.push(() => site.supervisor.stop(GRACE_MS));
  const rest = async () => {
    for (const endpoint of endpoints) endpoint.hangUp();
    await until('it rests', () => site.settled());
  };
  const request = (n: number) => ({ method: n % 3 === 0 ? 'POST' : 'GET', path: n % 3 === 1 ? '/slow' : '/' }) as const;
  const options = { port, connections: CONNECTIONS, streams: STREAMS, request, bodyBytes: ANSWER_BYTES };
  const first = new Http2Load(options);
  await first.more(REQUESTS_BETWEEN);
  await first.stop();
  await rest();
  const before = openDescriptors();

  const load = new Http2Load(options);
  ends.push(() => load.stop());
  let held = 0;
  for (let i = 0; i < DEATHS; i++) {
    await until('all connections are back', () => site.connections === CONNECTIONS);
    await load.more(REQUESTS_BETWEEN);
    const replaced = await site.replace(i % WORKERS, CONNECTIONS);
    held += replaced.held;
    t.diagnostic(`worker ${i % WORKERS} held ${replaced.held} connections; replaced after ${replaced.ms} ms`);
  }
  assert.deepEqual(site.reasons, new Array(DEATHS).fill('worker_died'));
  await load.more(REQUESTS_BETWEEN);
  await load.stop();
  assert.ok(load.errorCount <= held * STREAMS, `the dead held ${held} connections; ${load.report}`);
  assert.doesNotMatch(load.report, /status|silence/, 'what is answered is answered well');
  assert.equal(load.goaways, 0, 'the living turn nobody away');

  await rest();
  site.assertIdle();
  await until(`at most ${before} descriptors are open`, () => openDescriptors() <= before);
});
