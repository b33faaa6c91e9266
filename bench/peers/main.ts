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
import { latencyAt } from '../support/h2load.ts';
import { cpuMicros, residentBytes } from '../support/process-figures.ts';
import { type Cores, coresFor, Processes } from '../support/processes.ts';
import { requireTools } from '../support/tools.ts';
import { startUpstream } from '../support/upstream.ts';
import { idleBytes } from './idle.ts';
import { MODES, type Mode, saturateMode } from './modes.ts';
import { PROXIES, type RunningProxy, type StartProxy, WEFT } from './peers.ts';

const SATURATED_WARM_UP_SECONDS = 3;

const USAGE = `usage: npm run bench:peers -- [${Object.keys(MODES).join('|')}] [options]
  --rounds N       rounds, interleaved                     (5)
  --seconds N      seconds a round                         (4)
  --rate N         requests a second for the latencies, 0 for none; by default 5000, of 1 MiB 200 (h1) or 50
  --warm-up N      seconds at that rate before the latencies count (10)
  --only A,B       these proxies alone: ${Object.keys(PROXIES).join(', ')}
  --limit R        fail when weft / best peer is over R
WEFT_BENCH_ROOT names another checkout of Weft to measure.`;

interface Options {
  readonly name: string;
  readonly mode: Mode;
  readonly rounds: number;
  readonly seconds: number;
  readonly rate: number;
  readonly warmUp: number;
  readonly only: readonly string[];
  readonly limit: number;
}

function readOptions(): Options {
  const text = { type: 'string' } as const;
  const options = { rounds: text, seconds: text, rate: text, 'warm-up': text, only: text, limit: text };
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    const name = positionals[0] ?? 'h1';
    const mode = MODES[name];
    if (mode === undefined) throw new Error();
    const read = {
      name,
      mode,
      rounds: Number(values.rounds ?? 5),
      seconds: Number(values.seconds ?? 4),
      rate: Number(values.rate ?? mode.ratePerSecond),
      warmUp: Number(values['warm-up'] ?? 10),
      only: values.only?.split(',') ?? Object.keys(PROXIES),
      limit: Number(values.limit ?? Number.POSITIVE_INFINITY),
    };
    const known = read.only.every((proxy) => proxy in PROXIES) && positionals.length <= 1;
    const inRange = read.rounds >= 1 && read.seconds >= 1 && read.rate >= 0 && read.warmUp >= 0 && read.limit > 0;
    if (!known || !inRange) throw new Error();
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

/** What all measurements of a run share. */
interface Run extends Options {
  readonly processes: Processes;
  readonly cores: Cores;
}

async function measureRound(figures: Figures, run: Run): Promise<void> {
  const { pid, port } = figures.proxy;
  const before = cpuMicros(pid);
  const result = await saturateMode(run.processes, run.mode, { cores: run.cores.load, port, seconds: run.seconds });
  figures.costs.push((cpuMicros(pid) - before) / result.requests);
  figures.rates.push(result.requestsPerSecond);
  figures.errors += result.errors;
}

/** Percentiles as they are printed, empty when none are wanted. */
async function measureLatency(figures: Figures, run: Run): Promise<string[]> {
  const { mode, rate, warmUp, seconds, cores, processes } = run;
  if (rate === 0) return ['', '', ''];
  const latency = await latencyAt(processes, {
    ...{ cores: cores.load, port: figures.proxy.port, protocol: mode.protocol, paths: mode.paths },
    ...{ ratePerSecond: rate, warmUpSeconds: warmUp, seconds: Math.max(3, seconds) },
  });
  figures.errors += latency.errors;
  return [latency.p50, latency.p99, latency.p999].map((micros) => micros.toFixed(0));
}

async function measureCost(proxies: readonly RunningProxy[], run: Run) {
  const all = proxies.map((proxy): Figures => ({ proxy, costs: [], rates: [], errors: 0 }));
  for (const figures of all) {
    const load = { cores: run.cores.load, port: figures.proxy.port, seconds: SATURATED_WARM_UP_SECONDS };
    figures.errors += (await saturateMode(run.processes, run.mode, load)).errors;
  }
  for (let round = 0; round < run.rounds; round++) {
    for (const figures of all) await measureRound(figures, run);
  }
  const rows: string[][] = [];
  for (const figures of all) {
    const latencies = await measureLatency(figures, run);
    const { proxy, costs, rates, errors } = figures;
    rows.push([
      proxy.name,
      median(costs).toFixed(2),
      Math.min(...costs).toFixed(2),
      Math.max(...costs).toFixed(2),
      median(rates).toFixed(0),
      ...latencies,
      (residentBytes(proxy.pid) / 1e6).toFixed(0),
      String(errors),
    ]);
  }
  const head = ['proxy', 'CPU us/request', 'min', 'max', 'requests/s', 'p50 us', 'p99 us', 'p99.9 us', 'MB', 'errors'];
  process.stdout.write(`${markdownTable(head, rows)}\n`);
  if (run.rate > 0) {
    process.stdout.write(`Latencies at ${run.rate} requests a second, after ${run.warmUp} s at that rate.\n`);
  }
  const failed = all.filter(({ errors }) => errors > 0).map(({ proxy }) => proxy.name);
  if (failed.length > 0) throw new BenchError(`Answers other than 2xx at ${failed.join(', ')}.`);
  return new Map(all.map(({ proxy, costs }) => [proxy.name, median(costs)]));
}

async function measureIdle(proxies: readonly RunningProxy[], cores: Cores) {
  const bytes = new Map<string, number>();
  for (const proxy of proxies) bytes.set(proxy.name, await idleBytes(proxy, cores));
  const rows = [...bytes].map(([name, value]) => [name, value.toFixed(0)]);
  process.stdout.write(`${markdownTable(['proxy', 'bytes per idle connection'], rows)}\n`);
  return bytes;
}

function compare(figures: ReadonlyMap<string, number>, { name, limit }: Options): void {
  const weft = figures.get(WEFT);
  const peers = [...figures].filter(([proxy]) => proxy !== WEFT).toSorted((a, b) => a[1] - b[1]);
  const best = peers[0];
  if (weft === undefined || best === undefined) return;
  const ratio = weft / Math.max(best[1], 1e-3);
  process.stdout.write(`${name}: weft / ${best[0]} = ${ratio.toFixed(2)}\n`);
  if (ratio > limit) throw new BenchError(`The limit is ${limit}.`);
}

await runMain(async () => {
  const options = readOptions();
  requireTools(['nginx', 'haproxy', 'nghttpx', 'h2load', 'wrk', 'taskset']);
  const cores = coresFor(1);
  const processes = new Processes();
  try {
    const { bytes, protocol } = options.mode;
    const upstreamPort = await startUpstream(processes, cores.load, { bytes, protocol });
    const proxies: RunningProxy[] = [];
    for (const name of options.only) {
      const start = PROXIES[name] as StartProxy;
      proxies.push(await start(processes, { cores: cores.proxy, upstreamPort, protocol }));
    }
    const run = { ...options, processes, cores };
    compare(await (options.name === 'idle' ? measureIdle(proxies, cores) : measureCost(proxies, run)), options);
  } finally {
    await processes.stop();
  }
});
