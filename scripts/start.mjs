/**
 * `npm start`: Weft and the services of examples/hello, ready to be tried. Sets the checkout up, starts both as
 * processes of their own, waits until a request has gone both hops, says what to type, and on Ctrl-C stops all.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureReady, ROOT, runScript, SetupError } from './setup.mjs';

const IP = '127.0.0.1';
const PROXY_PORT = 4140;
/** Who listens where, as in examples/hello. */
const PORTS = { 'the proxy': PROXY_PORT, 'its admin server': 9990, hello: 7777, world: 7778, 'world-v2': 7779 };
const PROGRAMS = {
  Weft: ['bin/weft', 'examples/hello/linkerd.yaml'],
  'The demo services': ['dist/examples/hello/services.js'],
};

const READY_TIMEOUT_MS = 30_000;
const POLL_MS = 100;
/** Longer than Weft's own drain time, see `shutdownGraceMs`. */
const STOP_TIMEOUT_MS = 12_000;

const TEXT = `
Weft is up, with two services behind it: hello, which asks world through the mesh, and world.

  As a proxy:                  curl -x http://127.0.0.1:4140 http://hello/
  By the Host header:          curl -H 'Host: hello' http://127.0.0.1:4140/
  Another world for one call:  curl -H 'Host: hello' -H 'l5d-dtab: /svc/world => /svc/world-v2' http://127.0.0.1:4140/
  A name nobody has:           curl -i -H 'Host: nobody' http://127.0.0.1:4140/

  Metrics:                     http://127.0.0.1:9990/admin/metrics.json?pretty=true
  For Prometheus:              http://127.0.0.1:9990/admin/metrics/prometheus
  How a name resolves:         curl 'http://127.0.0.1:9990/delegator.json?namespace=hello&path=/svc/hello'
  The configuration:           examples/hello/linkerd.yaml; the services' addresses: examples/hello/disco/

Ctrl-C stops it all.
`;

/** @typedef {{name: string, child: import('node:child_process').ChildProcess}} Running */

/**
 * Refuses to start beside something that has one of the ports.
 *
 * @throws SetupError
 */
async function requireFreePorts() {
  for (const [name, port] of Object.entries(PORTS)) {
    const probe = createServer().listen(port, IP);
    try {
      await once(probe, 'listening');
    } catch (error) {
      const { code } = /** @type {NodeJS.ErrnoException} */ (error);
      if (code !== 'EADDRINUSE') throw error;
      throw new SetupError(`Port ${port}, which ${name} needs, is in use. Stop what listens there, then try again.`);
    }
    await new Promise((resolve) => probe.close(resolve));
  }
}

/** The answer of `hello` through the proxy, '' while there is none. */
function askHello() {
  return new Promise((/** @type {(text: string) => void} */ resolve) => {
    const request = get({ host: IP, port: PROXY_PORT, headers: { host: 'hello' }, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      response.on('error', () => resolve(''));
      response.on('end', () => resolve(response.statusCode === 200 ? text : ''));
    });
    request.setTimeout(READY_TIMEOUT_MS / 2, () => request.destroy());
    request.on('error', () => resolve(''));
  });
}

/**
 * @param {Running[]} running
 * @param {AbortSignal} stopped
 */
async function waitUntilReady(running, stopped) {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (!stopped.aborted && !(await askHello()).includes('world')) {
    if (running.some(({ child }) => hasEnded(child))) return;
    if (Date.now() > deadline) throw new SetupError(`No answer through both hops within ${READY_TIMEOUT_MS / 1000} s.`);
    await sleep(POLL_MS);
  }
}

/** @param {import('node:child_process').ChildProcess} child */
function hasEnded(child) {
  return child.exitCode !== null || child.signalCode !== null;
}

/**
 * Ends what still runs, by force when it takes too long.
 *
 * @param {Running[]} running
 */
async function stop(running) {
  await Promise.all(
    running.map(async ({ child }) => {
      if (hasEnded(child)) return;
      const force = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
      clearTimeout(force);
    }),
  );
}

await runScript(async () => {
  ensureReady();
  await requireFreePorts();
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stopping.abort());

  const running = Object.entries(PROGRAMS).map(([name, [program = '', ...args]]) => {
    // Detached, so that a terminal's Ctrl-C reaches this process alone, and the order of stopping is its own.
    const child = spawn(process.execPath, [join(ROOT, program), ...args], {
      cwd: ROOT,
      detached: true,
      stdio: ['ignore', 2, 2],
    });
    return { name, child };
  });
  const ended = running.map(async ({ name, child }) => {
    const [code, signal] = await once(child, 'exit');
    return `${name} ended (${signal ?? `exit status ${code}`}).`;
  });
  try {
    await waitUntilReady(running, stopping.signal);
    if (stopping.signal.aborted) return;
    if (!running.some(({ child }) => hasEnded(child))) process.stdout.write(TEXT);
    const interrupted = new Promise((resolve) => stopping.signal.addEventListener('abort', () => resolve(undefined)));
    const failure = await Promise.race([...ended, interrupted]);
    if (typeof failure === 'string' && !stopping.signal.aborted) throw new SetupError(failure);
  } finally {
    await stop(running);
  }
});
