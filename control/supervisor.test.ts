/**
 * A worker of a whole Weft in this process dies with requests under way: what it held is given back, its clients see an
 * end, the other worker's clients see nothing, and a successor serves.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { readLimits } from '../core/limits.ts';
import { NOISE_PERMILLE } from '../core/shared/worker-load.ts';
import { RawClient } from '../test/support/raw-client.ts';
import { ScriptedUpstream, type UpstreamConnection } from '../test/support/scripted-upstream.ts';
import { freePort, IP } from '../test/support/weft.ts';
import { loadConfig } from './config/load.ts';
import { createLog } from './log.ts';
import { Supervisor } from './supervisor.ts';

const WORKERS = 2;
const TIMEOUT_MS = 30_000;
const GRACE_MS = 200;
const CLIENTS = 12;
const REQUEST = 'GET / HTTP/1.1\r\nHost: web\r\n\r\n';
const HELD = 'GET /hold HTTP/1.1\r\nHost: web\r\n\r\n';
const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

/** An upstream that keeps requests for /hold waiting. */
class Holder {
  readonly held: UpstreamConnection[] = [];
  answered = 0;
  readonly upstream: ScriptedUpstream;

  private constructor(upstream: ScriptedUpstream) {
    this.upstream = upstream;
  }

  static async start(): Promise<Holder> {
    let holder: Holder | undefined;
    const upstream = await ScriptedUpstream.start(async (connection) => {
      for (let head = await connection.head(); head !== null; head = await connection.head()) {
        if (head.startsWith('GET /hold')) holder?.held.push(connection);
        else {
          if (holder !== undefined) holder.answered++;
          connection.send(ANSWER);
        }
      }
    });
    holder = new Holder(upstream);
    return holder;
  }

  /** Answers everything that waits. */
  release(): void {
    for (const connection of this.held.splice(0)) connection.send(ANSWER);
  }
}

class Site {
  readonly supervisor: Supervisor;
  readonly port: number;
  readonly directory: string;

  private constructor(supervisor: Supervisor, port: number, directory: string) {
    this.supervisor = supervisor;
    this.port = port;
    this.directory = directory;
  }

  static async start(server = ''): Promise<Site> {
    const directory = mkdtempSync(join(tmpdir(), 'weft-supervisor-'));
    mkdirSync(join(directory, 'disco'));
    const port = await freePort();
    const config = `
namers: [{kind: io.l5d.fs, rootDir: ${directory}/disco}]
routers:
- protocol: http
  label: test
  dtab: /svc => /#/io.l5d.fs
  servers: [{ip: ${IP}, port: ${port}${server}}]
`;
    const limits = readLimits({});
    const supervisor = new Supervisor(loadConfig(config, 'test', { limits }), WORKERS, limits, createLog('OFF'));
    const site = new Site(supervisor, port, directory);
    await supervisor.start();
    return site;
  }

  disco(...upstreams: ScriptedUpstream[]): void {
    writeFileSync(join(this.directory, 'disco', 'web'), upstreams.map(({ disco }) => `${disco}\n`).join(''));
  }

  metric(name: string): number {
    return this.#read('rt', 'test', ...name.split(' '));
  }

  /** Worker threads that have died, and those that serve. */
  get workers(): number[] {
    return [this.#read('worker', 'deaths'), this.#read('worker', 'alive')];
  }

  #read(...path: string[]): number {
    const metric = this.supervisor.metrics.tree().find(path)?.metric;
    return metric?.kind === 'gauge' || metric?.kind === 'counter' ? metric.read() : Number.NaN;
  }

  get pending(): number[] {
    return [
      this.metric(`server ${IP}/${this.port} pending`),
      this.metric('service svc/web pending'),
      this.metric('client #/io.l5d.fs/web pending'),
      this.metric('client #/io.l5d.fs/web service svc/web pending'),
    ];
  }

  connections(): number[] {
    return Array.from({ length: WORKERS }, (_, worker) => this.supervisor.connectionsOf(worker));
  }

  /** Connects, sends a request, and leaves when it is answered. */
  async serves(): Promise<boolean> {
    const client = await RawClient.open(this.port);
    client.send(REQUEST);
    const text = await client.until('an answer or the end', (received) => received.includes('ok') || client.ended);
    client.close();
    return text.startsWith('HTTP/1.1 200');
  }
}

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + TIMEOUT_MS;
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, `in vain: ${what}`);
    await sleep(10);
  }
}

/** Waits for a worker's death and its successor. */
async function replace(site: Site, worker: number): Promise<void> {
  assert.ok(site.supervisor.terminateWorker(worker));
  await until('the worker is gone', () => !site.supervisor.terminateWorker(worker));
  await until('its successor serves', () => site.connections()[worker]! < CLIENTS * 2);
}

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function start(server?: string): Promise<{ site: Site; holder: Holder }> {
  const holder = await Holder.start();
  ends.push(() => holder.upstream.stop());
  const site = await Site.start(server);
  ends.push(async () => {
    await site.supervisor.stop(GRACE_MS);
    rmSync(site.directory, { recursive: true });
  });
  site.disco(holder.upstream);
  return { site, holder };
}

async function hold(site: Site, holder: Holder): Promise<RawClient[]> {
  // A worker that compiles is busier than one that waits, and gets fewer connections, as it should.
  const isAtRest = (worker: number) => site.supervisor.busyOf(worker) <= NOISE_PERMILLE;
  await until('all workers are at rest', () => site.connections().every((_, worker) => isAtRest(worker)));
  const clients: RawClient[] = [];
  for (let i = 0; i < CLIENTS; i++) clients.push(await RawClient.open(site.port));
  for (const client of clients) client.send(HELD);
  await until('all requests are under way', () => holder.held.length === CLIENTS);
  return clients;
}

/** A connection is handed over when the other has two fewer. */
function assertSpread(site: Site): void {
  const [one = 0, other = 0] = site.connections();
  assert.equal(one + other, CLIENTS);
  assert.ok(Math.abs(one - other) <= 2, `${one} and ${other}`);
}

test('connections, places, pending requests and descriptors of a dead worker are given back', async () => {
  const { site, holder } = await start(', maxConcurrentRequests: 100');
  assert.ok(await site.serves());
  for (const { socket } of holder.upstream.connections) socket.destroy();
  await until('all is quiet', () => site.connections().every((count) => count === 0));
  const descriptors = openDescriptors();

  const clients = await hold(site, holder);
  assertSpread(site);
  const [lost = 0, kept = 0] = site.connections();
  assert.equal(site.supervisor.requestsUnderWay(0), CLIENTS);
  assert.deepEqual(site.pending, [CLIENTS, CLIENTS, CLIENTS, CLIENTS]);
  assert.deepEqual(site.workers, [0, WORKERS]);
  await replace(site, 0);
  await until('it is counted', () => site.workers.join() === `1,${WORKERS}`);
  await until('the clients of the dead worker see the end', () => {
    return clients.filter(({ ended }) => ended).length === lost;
  });
  assert.equal(site.supervisor.requestsUnderWay(0), kept);
  await until('the levels of the dead worker are forgotten', () => {
    return site.metric(`server ${IP}/${site.port} pending`) === kept;
  });

  holder.release();
  const survivors = clients.filter(({ ended }) => !ended);
  for (const client of survivors) await client.until('an answer', (received) => received.endsWith('ok'));
  for (const client of clients) client.close();
  assert.ok(await site.serves());
  await until('nothing is pending', () => site.pending.every((count) => count === 0));
  assert.equal(site.supervisor.requestsUnderWay(0), 0);
  await until('no worker holds a connection', () => site.connections().every((count) => count === 0));
  for (const { socket } of holder.upstream.connections) socket.destroy();
  await until('no descriptor is left over', () => openDescriptors() <= descriptors);
});

test('an endpoint that a dead worker had many requests out at is not taken for a loaded one', async () => {
  const { site, holder } = await start();
  const clients = await hold(site, holder);
  for (const worker of [0, 1]) await replace(site, worker);
  await until('all clients see the end', () => clients.every(({ ended }) => ended));
  const other = await Holder.start();
  ends.push(() => other.upstream.stop());
  site.disco(holder.upstream, other.upstream);
  await until('the new endpoint is asked', async () => {
    assert.ok(await site.serves());
    return other.answered > 0;
  });
  holder.answered = 0;
  for (let i = 0; i < 60; i++) assert.ok(await site.serves());
  assert.ok(holder.answered > 0, 'one of the two is never picked');
});

test('while a worker is away the other is handed all connections it accepts, and both after', async () => {
  const { site, holder } = await start();
  assert.ok(await site.serves());
  for (let round = 0; round < 3; round++) {
    assert.ok(site.supervisor.terminateWorker(round % WORKERS));
    const served = await Promise.all(Array.from({ length: 20 }, () => site.serves().catch(() => false)));
    // What the dead worker had accepted is lost; what it had not waits for its successor.
    assert.ok(served.filter(Boolean).length > 0);
    await until('its successor serves', () => site.connections().every((count) => count < CLIENTS * 2));
    const after = await Promise.all(Array.from({ length: 20 }, () => site.serves()));
    assert.ok(after.every(Boolean));
  }
  const clients = await hold(site, holder);
  assertSpread(site);
  holder.release();
  for (const client of clients) client.close();
  await until('no worker holds a connection', () => site.connections().every((count) => count === 0));
});
