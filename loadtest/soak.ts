/**
 * `npm run soak [-- MINUTES]`: mixed traffic through a real Weft while names, endpoints and clients come and go, and every
 * second a look at what it holds. What only grows is a leak: the run fails when the last minute's descriptors or resident
 * memory exceed those of the first minute after the warm-up by more than a margin. A name's latency stats exist from the
 * end of the first stats window on, so that is made short: the warm-up is over when every kind of state is there.
 *
 *     warm-up 30 s | first minute | ... | last minute
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { LoadGenerator } from '../test/full/support/load-generator.ts';
import { Upstream } from '../test/full/support/upstream.ts';
import { IP, Weft } from '../test/support/weft.ts';

const DEFAULT_MINUTES = 10;
const WARM_UP_S = 30;
const WINDOW_S = 60;
const ENDPOINTS = 4;
/** Names that dtab overrides make up, over and over: more than the route table holds. */
const OVERRIDE_NAMES = 400;
const DISCO_REWRITES_PER_S = 10;
const RESTART_EVERY_S = 5;
const STATS_WINDOW_MS = 10_000;
const ROW_EVERY_S = 5;
/** As a scraper would: all metrics cost the supervisor some megabytes of garbage, which is not what is looked for. */
const SCRAPE_EVERY_S = 15;
const DESCRIPTORS_MARGIN = 32;
const RESIDENT_MARGIN_MIB = 24;
const MIB = 1024 * 1024;

/** What Weft holds at one moment. */
interface Sample {
  readonly second: number;
  readonly residentMiB: number;
  readonly heapMiB: number;
  readonly descriptors: number;
  readonly metrics: number;
  readonly requests: number;
  readonly pending: number;
}

/** One kind of traffic, and the only answers that are not 200 which it may get. */
interface Traffic {
  readonly name: string;
  readonly load: LoadGenerator;
  readonly expected: RegExp;
}

const BODY = 'x'.repeat(3000);
const CHUNKED_BODY = `${'200\r\n'}${'y'.repeat(512)}\r\n`.repeat(6).concat('0\r\n\r\n');

function random(below: number): number {
  return Math.floor(Math.random() * below);
}

/** Requests that must all succeed, except those that an endpoint's end cuts off. */
const REQUESTS: readonly ((n: number) => string)[] = [
  () => 'GET / HTTP/1.1\r\nHost: web\r\n\r\n',
  (n) => `GET /${n}?q=${'z'.repeat(n % 200)} HTTP/1.1\r\nHost: web\r\nAccept: */*\r\nCookie: a=${n}\r\n\r\n`,
  () => `POST / HTTP/1.1\r\nHost: web\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
  () => `POST / HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\n\r\n${CHUNKED_BODY}`,
  () => 'GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n',
  () => {
    const name = `override-${random(OVERRIDE_NAMES)}`;
    return `GET / HTTP/1.1\r\nHost: ${name}\r\nl5d-dtab: /svc/${name} => /svc/web\r\n\r\n`;
  },
];

function startTraffic(port: number): Traffic[] {
  const load = (connections: number, pauseMs: number, request: (n: number) => string) =>
    new LoadGenerator({ port, connections, pauseMs, request });
  const mixed = (n: number) => (REQUESTS[n % REQUESTS.length] as (n: number) => string)(n);
  const missing = () => `GET / HTTP/1.1\r\nHost: missing-${random(1000)}\r\n\r\n`;
  const broken = (n: number) => (n % 2 === 0 ? 'GET  / HTTP/1.1\r\nHost: web\r\n\r\n' : 'GET / HTTP/1.1\r\n\r\n');
  return [
    { name: 'mixed', load: load(24, 10, mixed), expected: /^HTTP\/1\.1 502 |^closed$/ },
    { name: 'unknown names', load: load(4, 40, missing), expected: /^HTTP\/1\.1 502 / },
    { name: 'malformed', load: load(2, 40, broken), expected: /^HTTP\/1\.1 400 |^closed$/ },
  ];
}

/** Rewrites the endpoints of the name and restarts one now and then, until told to end. */
class Churn {
  readonly upstreams: Upstream[] = [];
  restarts = 0;
  rewrites = 0;
  #stopped = false;
  #running: Promise<void>[] = [];

  async open(): Promise<string[]> {
    for (let i = 0; i < ENDPOINTS; i++) this.upstreams.push(await Upstream.start());
    return this.upstreams.map(({ disco }) => disco);
  }

  start(weft: Weft): void {
    this.#running = [this.#rewrite(weft), this.#restart()];
  }

  async #rewrite(weft: Weft): Promise<void> {
    while (!this.#stopped) {
      const lines = this.upstreams.map(({ disco }) => disco);
      // Never none, never always the same.
      weft.disco('web', this.rewrites % 2 === 0 ? lines : lines.slice(random(ENDPOINTS - 1)));
      this.rewrites++;
      await sleep(1000 / DISCO_REWRITES_PER_S);
    }
  }

  async #restart(): Promise<void> {
    for (let waited = 0; !this.#stopped; waited++) {
      await sleep(1000);
      if (waited % RESTART_EVERY_S !== RESTART_EVERY_S - 1) continue;
      const index = random(ENDPOINTS);
      const { port } = this.upstreams[index] as Upstream;
      await this.upstreams[index]?.kill();
      await sleep(200);
      this.upstreams[index] = await Upstream.start(port);
      this.restarts++;
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
  }
}

/** The metrics below a path, by their names there. */
async function metricsBelow(weft: Weft, path: string): Promise<Record<string, number>> {
  const response = await fetch(`http://${IP}:${weft.adminPort}/admin/metrics.json?q=${path}`);
  return (await response.json()) as Record<string, number>;
}

async function look(weft: Weft, second: number, metricsBefore: number): Promise<Sample> {
  const pid = weft.child.pid as number;
  const resident = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) / 1024;
  const server = `${IP}/${weft.port}`;
  const servers = await metricsBelow(weft, 'rt/test/server');
  const { used = Number.NaN } = await metricsBelow(weft, 'jvm/mem/heap');
  const scrape = second % SCRAPE_EVERY_S === 0;
  return {
    second,
    residentMiB: resident,
    heapMiB: used / MIB,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    metrics: scrape ? Object.keys(await weft.metrics()).length : metricsBefore,
    requests: servers[`${server}/requests`] ?? Number.NaN,
    pending: servers[`${server}/pending`] ?? Number.NaN,
  };
}

function row(cells: readonly (string | number)[]): void {
  const text = cells.map((cell) => (typeof cell === 'number' ? cell.toFixed(Number.isInteger(cell) ? 0 : 1) : cell));
  process.stdout.write(`${text.map((cell) => cell.padStart(11)).join('')}\n`);
}

function median(samples: readonly Sample[], value: (sample: Sample) => number): number {
  const sorted = samples.map(value).sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

/** @returns what has grown too much, in words */
function judge(samples: readonly Sample[], seconds: number): string[] {
  const window = Math.min(WINDOW_S, (seconds - WARM_UP_S) / 2);
  const first = samples.filter(({ second }) => second > WARM_UP_S && second <= WARM_UP_S + window);
  const last = samples.filter(({ second }) => second > seconds - window);
  const grown: string[] = [];
  const compare = (what: string, value: (sample: Sample) => number, margin: number) => {
    const [before, after] = [median(first, value), median(last, value)];
    row([what, 'first', before, 'last', after, 'margin', margin]);
    if (after > before + margin) grown.push(`${what} grew from ${before.toFixed(1)} to ${after.toFixed(1)}`);
  };
  compare('RSS MiB', ({ residentMiB }) => residentMiB, RESIDENT_MARGIN_MIB);
  compare('descriptors', ({ descriptors }) => descriptors, DESCRIPTORS_MARGIN);
  compare('heap MiB', ({ heapMiB }) => heapMiB, RESIDENT_MARGIN_MIB);
  return grown;
}

async function soak(seconds: number): Promise<string[]> {
  const churn = new Churn();
  const env = { WEFT_WORKERS: '2', WEFT_STATS_WINDOW_MS: String(STATS_WINDOW_MS) };
  const weft = await Weft.start({ disco: { web: await churn.open() }, env });
  const traffic = startTraffic(weft.port);
  churn.start(weft);
  const samples: Sample[] = [];
  row(['second', 'RSS MiB', 'heap MiB', 'fds', 'metrics', 'requests', 'pending', 'answered', 'errors']);
  const start = Date.now();
  while (samples.length < seconds) {
    await sleep(Math.max(0, start + (samples.length + 1) * 1000 - Date.now()));
    const sample = await look(weft, samples.length + 1, samples.at(-1)?.metrics ?? 0);
    samples.push(sample);
    if (sample.second % ROW_EVERY_S !== 0) continue;
    const answered = traffic.reduce((sum, { load }) => sum + load.answered, 0);
    const errors = traffic.reduce((sum, { load }) => sum + load.errorCount, 0);
    const { second, residentMiB, heapMiB, descriptors, metrics, requests, pending } = sample;
    row([second, residentMiB, heapMiB, descriptors, metrics, requests, pending, answered, errors]);
  }
  const wrong = judge(samples, seconds);
  await churn.stop();
  await Promise.all(traffic.map(({ load }) => load.stop()));
  for (const { name, load, expected } of traffic) {
    process.stdout.write(`${name}: ${load.report}\n`);
    const unexpected = [...load.errors.keys()].filter((kind) => !expected.test(kind));
    if (unexpected.length > 0) wrong.push(`${name}: ${unexpected.join(', ')}`);
  }
  process.stdout.write(`${churn.rewrites} rewrites, ${churn.restarts} restarts\n`);
  if (/worker_died|"level":50/.test(weft.log)) wrong.push(`logged: ${weft.log.slice(-2000)}`);
  const status = await weft.stop();
  if (status !== 0) wrong.push(`exit status ${status}`);
  for (const upstream of churn.upstreams) await upstream.kill();
  return wrong;
}

const minutes = Number(process.argv[2] ?? DEFAULT_MINUTES);
if (!(minutes >= 1)) {
  process.stderr.write('usage: npm run soak [-- MINUTES], at least 1\n');
  process.exit(2);
}
const wrong = await soak(Math.round(minutes * 60));
for (const text of wrong) process.stderr.write(`FAILED: ${text}\n`);
if (wrong.length === 0) process.stdout.write('nothing has leaked\n');
process.exitCode = wrong.length === 0 ? 0 : 1;
