/** Worker threads die under load, in a Weft of this process: what they held is lost, nothing else, and soon all is as before. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '../../control/config/load.ts';
import { createLog } from '../../control/log.ts';
import { Supervisor } from '../../control/supervisor.ts';
import { readLimits } from '../../core/limits.ts';
import { freePort, IP } from '../support/weft.ts';

const WORKERS = 2;
const ENDPOINTS = 3;
const DEATHS = 6;
const CONNECTIONS = 32;
const GRACE_MS = 500;
const TIMEOUT_MS = 30_000;
/** Time for a dead worker's successor to serve: a second, and as much again for a busy machine. */
const REPLACED_MS = 2000;
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

async function until(what: string, condition: () => boolean | Promise<boolean>, timeoutMs = TIMEOUT_MS): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, `in vain: ${what}`);
    await sleep(5);
  }
}

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

function openDescriptors(): string[] {
  return readdirSync('/proc/self/fd');
}

/** The Weft under test: this process's, because only its supervisor can end a worker. */
class Site {
  readonly port: number;
  readonly supervisor: Supervisor;
  /** Workers whose successors serve, in order. */
  readonly replaced: number[] = [];
  /** Reasons of what was logged as an error, in order. */
  readonly reasons: string[] = [];

  constructor(port: number, endpoints: readonly number[]) {
    this.port = port;
    mkdirSync(join(directory, 'disco'));
    writeFileSync(join(directory, 'disco', 'web'), endpoints.map((endpoint) => `${IP} ${endpoint}\n`).join(''));
    const config = `
namers: [{kind: io.l5d.fs, rootDir: ${directory}/disco}]
routers:
- protocol: http
  label: test
  identifier: {kind: io.l5d.static, path: /web}
  dtab: /svc => /#/io.l5d.fs
  servers: [{ip: ${IP}, port: ${port}, maxConcurrentRequests: 10000}]
`;
    const log = createLog('OFF');
    log.error = (fields: unknown) => {
      this.reasons.push((fields as { reason: string }).reason);
    };
    log.info = (fields: unknown, text?: string) => {
      if (text?.endsWith('serves again')) this.replaced.push((fields as { worker: number }).worker);
    };
    const limits = readLimits({});
    this.supervisor = new Supervisor(loadConfig(config, 'test', { limits }), WORKERS, limits, log);
  }

  metric(...path: string[]): number {
    const found = this.supervisor.metrics.tree().find(['rt', 'test', ...path])?.metric;
    return found !== undefined && found.kind !== 'stat' ? found.read() : 0;
  }

  get requests(): number {
    return this.metric('server', `${IP}/${this.port}`, 'requests');
  }

  get connections(): number {
    return [0, 1].reduce((sum, worker) => sum + this.supervisor.connectionsOf(worker), 0);
  }

  /** The endpoints close what is idle for two seconds: then only what Weft needs is open. */
  settled(): boolean {
    return this.connections === 0 && this.metric('client', '#/io.l5d.fs/web', 'connections') === 0;
  }

  /** Ends a worker. @returns connections that it held, and the time until its successor serves */
  async replace(worker: number): Promise<{ held: number; ms: number }> {
    const { supervisor } = this;
    const before = this.replaced.length;
    const held = supervisor.connectionsOf(worker);
    const from = performance.now();
    assert.ok(supervisor.terminateWorker(worker));
    await until('its death is known', () => supervisor.connectionsOf(worker) > CONNECTIONS);
    const requests = this.requests;
    await until('another serves', () => this.requests > requests);
    assert.equal(this.replaced.length, before, 'that was not its successor');
    await until('its successor serves', () => this.replaced.length > before, REPLACED_MS);
    assert.deepEqual(this.replaced.slice(before), [worker]);
    return { held, ms: Math.round(performance.now() - from) };
  }
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
  const site = new Site(await freePort(), await startEndpoints());
  const { supervisor, port } = site;
  await supervisor.start();
  await until('it serves', () => answers(port));
  await until('it rests', () => site.settled());
  const before = openDescriptors().length;

  const endLoad = startWrk(port);
  let held = 0;
  for (let i = 0; i < DEATHS; i++) {
    const requests = site.requests;
    await until('all connections are back', () => site.connections === CONNECTIONS);
    await until('all is as before', () => site.requests > requests + REQUESTS_BETWEEN);
    const replaced = await site.replace(i % WORKERS);
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

  await until('it rests', () => site.settled());
  assert.equal(supervisor.requestsUnderWay(0), 0);
  assert.equal(site.metric('server', `${IP}/${port}`, 'pending'), 0);
  assert.equal(site.metric('service', 'svc/web', 'pending'), 0);
  assert.equal(site.metric('client', '#/io.l5d.fs/web', 'pending'), 0);
  await until(`at most ${before} descriptors are open`, () => openDescriptors().length <= before);
  await supervisor.stop(GRACE_MS);
});
