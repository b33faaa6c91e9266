/** Worker threads die under load, in a Weft of this process: what they held is lost, nothing else, and soon all is as before. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { freePort, IP } from '../support/weft.ts';
import { openDescriptors, until, WorkerSite } from './support/worker-site.ts';

const WORKERS = 2;
const ENDPOINTS = 3;
const DEATHS = 6;
const CONNECTIONS = 32;
const GRACE_MS = 500;
/** wrk ends when it is told to; this only bounds a test that fails. */
const WRK_SECONDS = 60;
/** Requests that the survivor answers before the next death, at least. */
const REQUESTS_BETWEEN = 500;

const directory = mkdtempSync(join(tmpdir(), 'weft-deaths-'));
const children: ChildProcess[] = [];
after(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(directory, { recursive: true });
});

/** An nginx that listens on several ports: as many endpoints. */
async function startEndpoints(): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < ENDPOINTS) ports.push(await freePort());
  const path = join(directory, 'nginx.conf');
  const listens = ports.map((port) => `listen ${IP}:${port};`).join(' ');
  writeFileSync(
    path,
    `daemon off; master_process off; error_log stderr; pid ${directory}/nginx.pid;
    events { worker_connections 1024; }
    http { access_log off; keepalive_requests 1000000; keepalive_timeout 2s; server { ${listens} location / { return 200 "hello\\n"; } } }`,
  );
  children.push(
    spawn('nginx', ['-p', directory, '-e', 'stderr', '-c', path], { cwd: directory, stdio: ['ignore', 2, 2] }),
  );
  for (const port of ports) await until('nginx listens', () => answers(port));
  return ports;
}

async function answers(port: number): Promise<boolean> {
  return fetch(`http://${IP}:${port}/`, { headers: { connection: 'close' } }).then(
    async (response) => (await response.text()) === 'hello\n',
    () => false,
  );
}

/** A load until it is told to end. @returns how to end it, for its report */
function startWrk(port: number): () => Promise<string> {
  const args = [`-c${CONNECTIONS}`, '-t1', `-d${WRK_SECONDS}s`, `http://${IP}:${port}/`];
  const child = spawn('wrk', args, { stdio: ['ignore', 'pipe', 2] });
  children.push(child);
  let report = '';
  child.stdout?.on('data', (text) => {
    report += text;
  });
  return async () => {
    child.kill('SIGINT');
    if (child.exitCode === null) await once(child, 'close');
    return report;
  };
}

test('workers die one after the other under load: each is replaced, and nothing is left of the dead', async (t) => {
  const endpoints = (await startEndpoints()).map((endpoint) => `${IP} ${endpoint}`);
  const options = { protocol: 'http', workers: WORKERS, port: await freePort(), endpoints, directory } as const;
  const site = new WorkerSite(options);
  const { supervisor, port } = site;
  await supervisor.start();
  await until('it serves', () => answers(port));
  await until('it rests', () => site.settled());
  const before = openDescriptors();

  const endLoad = startWrk(port);
  let held = 0;
  for (let i = 0; i < DEATHS; i++) {
    const requests = site.requests;
    await until('all connections are back', () => site.connections === CONNECTIONS);
    await until('all is as before', () => site.requests > requests + REQUESTS_BETWEEN);
    const replaced = await site.replace(i % WORKERS, CONNECTIONS);
    held += replaced.held;
    t.diagnostic(`worker ${i % WORKERS} held ${replaced.held} connections; replaced after ${replaced.ms} ms`);
    const connections = () => supervisor.connectionsOf(i % WORKERS);
    await until('its successor holds connections', () => connections() > 0 && connections() <= CONNECTIONS);
  }
  assert.deepEqual(site.reasons, new Array(DEATHS).fill('worker_died'));
  const report = await endLoad();
  assert.doesNotMatch(report, /Non-2xx/, 'a request that is answered is answered well');
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(report) ?? [];
  const [, connect = 0, read = 0, write = 0, timeout = 0] = errors.map(Number);
  assert.deepEqual([connect, timeout], [0, 0], report);
  assert.ok(read + write <= held, `the dead held ${held} connections; ${report}`);

  // The endpoints close what is idle for two seconds.
  await until('it rests', () => site.settled());
  site.assertIdle();
  await until(`at most ${before} descriptors are open`, () => openDescriptors() <= before);
  await supervisor.stop(GRACE_MS);
});
