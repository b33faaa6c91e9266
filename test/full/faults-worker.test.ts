/** Worker threads die under load, in a Weft of this process: what they held is lost, nothing else, and soon all is as before. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
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

test('workers die one after the other under load: each is replaced, and nothing is left of the dead', async () => {
  const endpoints = await startEndpoints();
  mkdirSync(join(directory, 'disco'));
  const port = await freePort();
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
  const limits = readLimits({});
  const supervisor = new Supervisor(loadConfig(config, 'test', { limits }), WORKERS, limits, createLog('OFF'));
  await supervisor.start();
  const metric = (...path: string[]) => {
    const found = supervisor.metrics.tree().find(['rt', 'test', ...path])?.metric;
    return found !== undefined && found.kind !== 'stat' ? found.read() : 0;
  };
  await until('it serves', () => answers(port));
  const quiet = () => [0, 1].every((worker) => supervisor.connectionsOf(worker) === 0);
  // The endpoints close what is idle for two seconds: then only what Weft needs is open.
  const settled = () => quiet() && metric('client', '#/io.l5d.fs/web', 'connections') === 0;
  await until('it rests', settled);
  const before = openDescriptors().length;

  const seconds = DEATHS + 2;
  const wrk = promisify(execFile)('wrk', [`-c${CONNECTIONS}`, '-t1', `-d${seconds}s`, `http://${IP}:${port}/`]);
  await sleep(500);
  for (let i = 0; i < DEATHS; i++) {
    const worker = i % WORKERS;
    assert.ok(supervisor.terminateWorker(worker));
    await until('it is gone', () => !supervisor.terminateWorker(worker), REPLACED_MS);
    await until('another serves', () => answers(port), REPLACED_MS);
    await until('its successor holds connections', () => {
      const connections = supervisor.connectionsOf(worker);
      return connections > 0 && connections <= CONNECTIONS;
    });
    await sleep(300);
  }
  const { stdout } = await wrk;
  assert.doesNotMatch(stdout, /Non-2xx/, 'a request that is answered is answered well');
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(stdout) ?? [];
  const [, connect = 0, read = 0, write = 0, timeout = 0] = errors.map(Number);
  assert.deepEqual([connect, timeout], [0, 0], stdout);
  assert.ok(read + write <= DEATHS * CONNECTIONS, stdout);

  await until('it rests', settled);
  assert.equal(supervisor.requestsUnderWay(0), 0);
  assert.equal(metric('server', `${IP}/${port}`, 'pending'), 0);
  assert.equal(metric('service', 'svc/web', 'pending'), 0);
  assert.equal(metric('client', '#/io.l5d.fs/web', 'pending'), 0);
  await until(`at most ${before} descriptors are open`, () => openDescriptors().length <= before);
  await supervisor.stop(GRACE_MS);
});
