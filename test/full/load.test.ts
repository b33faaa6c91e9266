/**
 * Weft between wrk and nginx, as bin/weft starts it: under load every request is answered, every one is counted, and
 * SIGTERM ends the process cleanly.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ROOT } from '../house/root.ts';
import { freePort } from '../support/weft.ts';

const IP = '127.0.0.1';
const CONNECTIONS = 32;
const READY_TIMEOUT_MS = 20_000;

const directory = mkdtempSync(join(tmpdir(), 'weft-load-'));
const children: ChildProcess[] = [];
after(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(directory, { recursive: true });
});

function write(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

function start(program: string, args: readonly string[]): ChildProcess {
  const child = spawn(program, args, { cwd: directory, stdio: ['ignore', 2, 2] });
  children.push(child);
  return child;
}

async function waitFor(url: string): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    const ok = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (ok) return;
    assert.ok(Date.now() < deadline, `${url} does not answer`);
    await sleep(50);
  }
}

async function metric(admin: number, name: string): Promise<number> {
  const response = await fetch(`http://${IP}:${admin}/admin/metrics.json`);
  const metrics = (await response.json()) as Record<string, number>;
  return metrics[name] ?? 0;
}

async function startNginx(port: number): Promise<void> {
  // Without a master: a worker that outlived its killed master would hold the pipes of the test runner open.
  const config = `daemon off; master_process off; error_log stderr; pid ${directory}/nginx.pid;
    events { worker_connections 1024; }
    http { access_log off; keepalive_requests 1000000; server { listen ${IP}:${port}; location / { return 200 "hello\\n"; } } }`;
  start('nginx', ['-p', directory, '-e', 'stderr', '-c', write('nginx.conf', config)]);
  await waitFor(`http://${IP}:${port}/`);
}

function startWeft(port: number, admin: number, upstream: number): ChildProcess {
  mkdirSync(join(directory, 'disco'));
  write('disco/web', `${IP} ${upstream}\n`);
  const config = {
    admin: { port: admin },
    namers: [{ kind: 'io.l5d.fs', rootDir: 'disco' }],
    routers: [
      {
        protocol: 'http',
        identifier: { kind: 'io.l5d.static', path: '/web' },
        dtab: '/svc => /#/io.l5d.fs;',
        servers: [{ port }],
      },
    ],
  };
  return start(process.execPath, [join(ROOT, 'bin', 'weft'), write('linkerd.json', JSON.stringify(config))]);
}

test('wrk through Weft to nginx: no request fails, and every one is counted', async () => {
  const [upstream, port, admin] = [await freePort(), await freePort(), await freePort()];
  await startNginx(upstream);
  const weft = startWeft(port, admin, upstream);
  await waitFor(`http://${IP}:${port}/`);

  const requests = `rt/http/server/${IP}/${port}/requests`;
  const before = await metric(admin, requests);
  const { stdout } = await promisify(execFile)('wrk', [`-c${CONNECTIONS}`, '-t1', '-d2s', `http://${IP}:${port}/`]);
  assert.doesNotMatch(stdout, /Non-2xx|Socket errors/);
  const sent = Number(/(\d+) requests in/.exec(stdout)?.[1]);
  assert.ok(sent > 0, stdout);
  // wrk leaves what is under way at its end: at most one request a connection.
  const counted = (await metric(admin, requests)) - before;
  assert.ok(counted >= sent && counted <= sent + CONNECTIONS, `wrk sent ${sent}, Weft counted ${counted}`);

  weft.kill('SIGTERM');
  const [status] = await once(weft, 'exit');
  assert.equal(status, 0);
});
