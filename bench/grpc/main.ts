/**
 * `npm run bench:grpc`: unary gRPC calls through Weft, nghttpx and HAProxy, in one run, on one machine.
 *
 *     core 0     the proxy whose turn it is; the others are started, and idle
 *     core 1     ghz, and grpc-go's interop server
 *
 * The rounds are interleaved, so that what else happens on the machine meets all of them alike. ghz and the server take more
 * time a call than a proxy does: calls a second say what the whole path carries, CPU a call what the proxy costs.
 */
import { parseArgs } from 'node:util';
import { type GoTool, goTool } from '../../test/full/support/go-tools.ts';
import { PROXIES, type RunningProxy, type StartProxy } from '../peers/peers.ts';
import { BenchError, runMain } from '../support/bench-error.ts';
import { markdownTable, median } from '../support/figures.ts';
import { cpuMicros, residentBytes } from '../support/process-figures.ts';
import { type Cores, coresFor, freePort, Processes } from '../support/processes.ts';
import { requireTools } from '../support/tools.ts';
import { type GhzOptions, runGhz } from './ghz.ts';

const WARM_UP_SECONDS = 3;

const USAGE = `usage: npm run bench:grpc -- [options]
  --rounds N        rounds, interleaved                    (3)
  --seconds N       seconds a round                        (4)
  --rate N          calls a second for the latencies       (1000)
  --connections N   connections of ghz                     (4)
  --concurrency N   calls at a time, over all connections  (64)
  --bytes N         payload of a call and of its answer    (128)
  --only A,B        these alone: ${Object.keys(PROXIES).join(', ')}  (weft,nghttpx,haproxy)`;

/** Numbers among the options, with their defaults. */
const DEFAULTS = { rounds: 3, seconds: 4, rate: 1000, connections: 4, concurrency: 64, bytes: 128 };

type Options = typeof DEFAULTS & { readonly only: readonly string[] };

function readOptions(): Options {
  const text = { type: 'string' } as const;
  const numbers = Object.fromEntries(Object.keys(DEFAULTS).map((name) => [name, text]));
  try {
    const { values } = parseArgs({ options: { ...numbers, only: text } }) as { values: Record<string, string> };
    const { only = 'weft,nghttpx,haproxy', ...given } = values;
    const read = { ...DEFAULTS, only: only.split(',') };
    for (const name of Object.keys(given) as (keyof typeof DEFAULTS)[]) read[name] = Number(given[name]);
    const inRange = (Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[]).every((name) => read[name] >= 1);
    if (!inRange || !read.only.every((name) => name in PROXIES)) throw new Error();
    return read;
  } catch {
    throw new BenchError(USAGE);
  }
}

/** @throws BenchError when it has not been built */
function requireGoTool(name: GoTool): string {
  try {
    return goTool(name);
  } catch (error) {
    throw new BenchError((error as Error).message);
  }
}

interface Figures {
  readonly proxy: RunningProxy;
  /** CPU microseconds a call, by round. */
  readonly costs: number[];
  readonly rates: number[];
  errors: number;
}

type Load = Omit<GhzOptions, 'port' | 'seconds'>;

async function measureRound(figures: Figures, load: Load, seconds: number): Promise<void> {
  const { pid, port } = figures.proxy;
  const before = cpuMicros(pid);
  const result = await runGhz({ ...load, port, seconds });
  figures.costs.push((cpuMicros(pid) - before) / result.requests);
  figures.rates.push(result.requestsPerSecond);
  figures.errors += result.errors;
}

async function measureLatency(figures: Figures, load: Load, options: Options): Promise<string[]> {
  const result = await runGhz({ ...load, port: figures.proxy.port, seconds: options.seconds, rate: options.rate });
  figures.errors += result.errors;
  return [result.p50Micros, result.p99Micros].map((micros) => micros.toFixed(0));
}

async function measure(proxies: readonly RunningProxy[], load: Load, options: Options): Promise<void> {
  const all = proxies.map((proxy): Figures => ({ proxy, costs: [], rates: [], errors: 0 }));
  for (const { proxy } of all) await runGhz({ ...load, port: proxy.port, seconds: WARM_UP_SECONDS });
  for (let round = 0; round < options.rounds; round++) {
    for (const figures of all) await measureRound(figures, load, options.seconds);
  }
  const rows: string[][] = [];
  for (const figures of all) {
    const latencies = await measureLatency(figures, load, options);
    const { proxy, costs, rates, errors } = figures;
    const cost = [median(costs), Math.min(...costs), Math.max(...costs)].map((micros) => micros.toFixed(1));
    const megabytes = (residentBytes(proxy.pid) / 1e6).toFixed(0);
    rows.push([proxy.name, ...cost, median(rates).toFixed(0), ...latencies, megabytes, String(errors)]);
  }
  const head = ['proxy', 'CPU us/call', 'min', 'max', 'calls/s', 'p50 us', 'p99 us', 'MB', 'errors'];
  process.stdout.write(`${markdownTable(head, rows)}\nLatencies at ${options.rate} calls a second.\n`);
  const failed = all.filter(({ errors }) => errors > 0).map(({ proxy }) => proxy.name);
  if (failed.length > 0) throw new BenchError(`Calls failed at ${failed.join(', ')}.`);
}

async function startProxies(processes: Processes, cores: Cores, only: readonly string[]): Promise<RunningProxy[]> {
  const upstreamPort = await freePort();
  processes.start(cores.load, requireGoTool('interop-server'), [`--port=${upstreamPort}`]);
  await processes.waitForPort(upstreamPort);
  const proxies: RunningProxy[] = [];
  for (const name of only) {
    const start = PROXIES[name] as StartProxy;
    proxies.push(await start(processes, { cores: cores.proxy, upstreamPort, protocol: 'h2' }));
  }
  return proxies;
}

await runMain(async () => {
  const options = readOptions();
  requireTools(['nginx', 'haproxy', 'nghttpx', 'taskset']);
  const ghz = requireGoTool('ghz');
  const cores = coresFor(1);
  const { connections, concurrency, bytes } = options;
  const processes = new Processes();
  try {
    const proxies = await startProxies(processes, cores, options.only);
    await measure(proxies, { ghz, cores: cores.load, connections, concurrency, bytes }, options);
  } finally {
    await processes.stop();
  }
});
