/**
 * `npm run bench:peers -- MODE`: Weft side by side with nginx, HAProxy and nghttpx, in one run, on one machine.
 *
 *     core 0     the proxy whose turn it is; the others are started, and idle
 *     core 1     wrk or h2load, and nginx as the upstream
 *
 * The rounds are interleaved, so that what else happens on the machine meets all of them alike.
 */
import { parseArgs } from 'node:util';
import { BenchError, runMain } from '../support/bench-error.ts';
import { markdownTable, median } from '../support/figures.ts';
import { latencyAt, saturate } from '../support/load.ts';
import { cpuMicros, residentBytes } from '../support/process-figures.ts';
import { type Cores, coresFor, Processes } from '../support/processes.ts';
import { requireTools } from '../support/tools.ts';
import { startUpstream } from '../support/upstream.ts';
import { idleBytes } from './idle.ts';
import { PROXIES, type RunningProxy, WEFT } from './peers.ts';

/** Bytes of the answer by mode. */
const MODES: Readonly<Record<string, number>> = { h1: 12, 'h1-1k': 1024, 'h1-1m': 1024 * 1024, idle: 12 };
const CONNECTIONS = 64;
const WARM_UP_SECONDS = 3;

const USAGE = `usage: npm run bench:peers -- [${Object.keys(MODES).join('|')}] [options]
  --rounds N       rounds, interleaved                     (5)
  --seconds N      seconds a round                         (4)
  --rate N         requests a second for the latencies, 0 for none; by default 5000, in h1-1m 200
  --only A,B       these proxies alone: ${Object.keys(PROXIES).join(', ')}
  --limit R        fail when weft / best peer is over R
WEFT_BENCH_ROOT names another checkout of Weft to measure.`;

interface Options {
  readonly mode: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly rate: number;
  readonly only: readonly string[];
  readonly limit: number;
}

function readOptions(): Options {
  const text = { type: 'string' } as const;
  const options = { rounds: text, seconds: text, rate: text, only: text, limit: text };
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    const mode = positionals[0] ?? 'h1';
    const read = {
      mode,
      rounds: Number(values.rounds ?? 5),
      seconds: Number(values.seconds ?? 4),
      rate: Number(values.rate ?? (mode === 'h1-1m' ? 200 : 5000)),
      only: values.only?.split(',') ?? Object.keys(PROXIES),
      limit: Number(values.limit ?? Number.POSITIVE_INFINITY),
    };
    const known = mode in MODES && read.only.every((name) => name in PROXIES) && positionals.length <= 1;
    if (!known || !(read.rounds >= 1 && read.seconds >= 1 && read.rate >= 0 && read.limit > 0)) throw new Error();
    return read;
  } catch {
    throw new BenchError(USAGE);
  }
}

/** One proxy's figures. */
interface Figures {
  readonly proxy: RunningProxy;
  readonly costs: number[];
  readonly rates: number[];
  errors: number;
}

async function measureRound(figures: Figures, options: Options, cores: Cores): Promise<void> {
  const { pid, port } = figures.proxy;
  const before = cpuMicros(pid);
  const result = await saturate({ cores: cores.load, port, seconds: options.seconds, connections: CONNECTIONS });
  figures.costs.push((cpuMicros(pid) - before) / result.requests);
  figures.rates.push(result.requestsPerSecond);
  figures.errors += result.errors;
}

async function measureCost(proxies: readonly RunningProxy[], options: Options, processes: Processes, cores: Cores) {
  const all = proxies.map((proxy): Figures => ({ proxy, costs: [], rates: [], errors: 0 }));
  for (const { proxy } of all) {
    await saturate({ cores: cores.load, port: proxy.port, seconds: WARM_UP_SECONDS, connections: CONNECTIONS });
  }
  for (let round = 0; round < options.rounds; round++) {
    for (const figures of all) await measureRound(figures, options, cores);
  }
  const rows: string[][] = [];
  for (const { proxy, costs, rates, errors } of all) {
    const latency =
      options.rate === 0
        ? null
        : await latencyAt(processes, cores.load, proxy.port, options.rate, Math.max(3, options.seconds));
    rows.push([
      proxy.name,
      median(costs).toFixed(2),
      Math.min(...costs).toFixed(2),
      Math.max(...costs).toFixed(2),
      median(rates).toFixed(0),
      ...(latency === null
        ? ['', '', '']
        : [latency.p50, latency.p99, latency.p999].map((micros) => micros.toFixed(0))),
      (residentBytes(proxy.pid) / 1e6).toFixed(0),
      String(errors),
    ]);
  }
  const head = ['proxy', 'CPU us/request', 'min', 'max', 'requests/s', 'p50 us', 'p99 us', 'p99.9 us', 'MB', 'errors'];
  process.stdout.write(`${markdownTable(head, rows)}\n`);
  if (options.rate > 0) process.stdout.write(`Latencies at ${options.rate} requests a second.\n`);
  const failed = all.filter(({ errors }) => errors > 0).map(({ proxy }) => proxy.name);
  if (failed.length > 0) throw new BenchError(`Requests failed at ${failed.join(', ')}.`);
  return new Map(all.map(({ proxy, costs }) => [proxy.name, median(costs)]));
}

async function measureIdle(proxies: readonly RunningProxy[], cores: Cores) {
  const bytes = new Map<string, number>();
  for (const proxy of proxies) bytes.set(proxy.name, await idleBytes(proxy, cores));
  const rows = [...bytes].map(([name, value]) => [name, value.toFixed(0)]);
  process.stdout.write(`${markdownTable(['proxy', 'bytes per idle connection'], rows)}\n`);
  return bytes;
}

function compare(figures: ReadonlyMap<string, number>, { mode, limit }: Options): void {
  const weft = figures.get(WEFT);
  const peers = [...figures].filter(([name]) => name !== WEFT).toSorted((a, b) => a[1] - b[1]);
  const best = peers[0];
  if (weft === undefined || best === undefined) return;
  const ratio = weft / Math.max(best[1], 1e-3);
  process.stdout.write(`${mode}: weft / ${best[0]} = ${ratio.toFixed(2)}\n`);
  if (ratio > limit) throw new BenchError(`The limit is ${limit}.`);
}

await runMain(async () => {
  const options = readOptions();
  requireTools(['nginx', 'haproxy', 'nghttpx', 'h2load', 'wrk', 'taskset']);
  const cores = coresFor(1);
  const processes = new Processes();
  try {
    const upstreamPort = await startUpstream(processes, cores.load, { bytes: MODES[options.mode] as number });
    const proxies: RunningProxy[] = [];
    for (const name of options.only) {
      proxies.push(await (PROXIES[name] as (typeof PROXIES)[string])(processes, cores.proxy, upstreamPort));
    }
    const idle = options.mode === 'idle';
    compare(await (idle ? measureIdle(proxies, cores) : measureCost(proxies, options, processes, cores)), options);
  } finally {
    await processes.stop();
  }
});
