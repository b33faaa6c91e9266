/**
 * `npm run bench:cost`: what a request costs as a mesh grows: names, endpoints, dentries, connections, workers. Prints
 * the table of docs/performance.md. Beside it, what HAProxy costs with as many sockets: see haproxy.ts.
 *
 * With 2 workers on a machine of 2 cores, load and upstream share the workers' cores: that row's CPU time is right,
 * its requests a second are not.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { BenchError, runMain } from '../support/bench-error.ts';
import { markdownTable, median } from '../support/figures.ts';
import { type LoadOptions, saturate } from '../support/load.ts';
import { cpuMicros, residentBytes } from '../support/process-figures.ts';
import { coresFor, IP, Processes } from '../support/processes.ts';
import { requireTools } from '../support/tools.ts';
import { requestsAnswered, startUpstream } from '../support/upstream.ts';
import { startWeft } from '../support/weft.ts';
import { CASES, type Case, requestsScript, settingsOf } from './cases.ts';
import { startHaproxy } from './haproxy.ts';

const ROUNDS = 3;
const CLOSING_SECONDS = 1;
const BIND_TIMEOUT_MS = 300_000;

/** What one proxy costs in one case. */
interface Figures {
  readonly costs: readonly number[];
  readonly requestsPerSecond: number;
  readonly residentMB: number;
  readonly errors: number;
}

interface Row {
  readonly row: Case;
  readonly weft: Figures;
  readonly haproxy: Figures | undefined;
}

type Load = Omit<LoadOptions, 'seconds'>;

function warmUpSeconds(row: Case): number {
  return Math.max(row.endpoints, row.connections) >= 10_000 ? 8 : 4;
}

/** Loads until every name is bound and (nearly) every endpoint connected. */
async function warmUp(row: Case, load: Load, adminPort: number): Promise<void> {
  const startMs = performance.now();
  await saturate({ ...load, seconds: warmUpSeconds(row) });
  for (;;) {
    const bound = await boundNames(adminPort);
    const elapsedMs = performance.now() - startMs;
    if (bound >= row.names) return;
    if (elapsedMs > BIND_TIMEOUT_MS) {
      throw new BenchError(`only ${bound} of ${row.names} names are bound after ${(elapsedMs / 1000).toFixed(0)} s`);
    }
    await saturate({ ...load, seconds: 2 });
  }
}

async function boundNames(adminPort: number): Promise<number> {
  const response = await fetch(`http://${IP}:${adminPort}/admin/metrics.json`);
  const metrics = (await response.json()) as Record<string, number>;
  return metrics['rt/bench/bindcache/path/misses'] ?? 0;
}

interface Sample {
  readonly cpuMicrosPerRequest: number;
  readonly requestsPerSecond: number;
}

/** One round in the middle of a load. The upstream's own count of requests neither waits for wrk nor costs Weft anything. */
async function sample(pid: number, upstreamPort: number, seconds: number): Promise<Sample> {
  const requestsBefore = await requestsAnswered(upstreamPort);
  const microsBefore = cpuMicros(pid);
  const startMs = performance.now();
  await sleep(seconds * 1000);
  const micros = cpuMicros(pid) - microsBefore;
  const elapsedMs = performance.now() - startMs;
  // The two status requests themselves: the first of them is counted by the second.
  const requests = (await requestsAnswered(upstreamPort)) - requestsBefore - 1;
  return { cpuMicrosPerRequest: micros / requests, requestsPerSecond: (1000 * requests) / elapsedMs };
}

/** Loads a proxy that is warm. */
async function measureWarm(
  row: Case,
  load: Load,
  pid: number,
  upstreamPort: number,
  seconds: number,
): Promise<Figures> {
  const opening = row.connections >= 10_000 ? 5 : 2;
  const sampling = async () => {
    const samples: Sample[] = [];
    await sleep(opening * 1000);
    while (samples.length < ROUNDS) samples.push(await sample(pid, upstreamPort, seconds));
    return samples;
  };
  const loading = saturate({ ...load, seconds: opening + ROUNDS * seconds + CLOSING_SECONDS });
  const [{ errors }, rounds] = await Promise.all([loading, sampling()]);
  const residentMB = residentBytes(pid) / 1e6;
  const costs = rounds.map(({ cpuMicrosPerRequest }) => cpuMicrosPerRequest);
  return { costs, requestsPerSecond: median(rounds.map((one) => one.requestsPerSecond)), residentMB, errors };
}

/** Measures a case: Weft, then HAProxy on the same cores, before the same upstream. */
async function measure(row: Case, seconds: number): Promise<Row> {
  const cores = coresFor(row.workers);
  const processes = new Processes();
  const script = processes.write('requests.lua', requestsScript(row));
  const loadOf = (port: number): Load => ({ cores: cores.load, port, connections: row.connections, script });
  try {
    const upstreamPort = await startUpstream(processes, cores.load, { bytes: 12 });
    const { pid, port, adminPort } = await startWeft(processes, settingsOf(row, cores.proxy, upstreamPort));
    const load = loadOf(port);
    await warmUp(row, load, adminPort);
    const weft = await measureWarm(row, load, pid, upstreamPort, seconds);
    await processes.end(pid);
    if (!row.haproxy) return { row, weft, haproxy: undefined };
    const peer = await startHaproxy(processes, cores.proxy, row, upstreamPort);
    const peerLoad = loadOf(peer.port);
    await saturate({ ...peerLoad, seconds: warmUpSeconds(row) });
    return { row, weft, haproxy: await measureWarm(row, peerLoad, peer.pid, upstreamPort, seconds) };
  } finally {
    await processes.stop();
  }
}

/** Median cost, and how it stands to the base case's. */
function costCells(figures: Figures | undefined, base: Figures | undefined): string[] {
  if (figures === undefined) return ['', ''];
  const cost = median(figures.costs);
  return [cost.toFixed(2), (cost / median(base?.costs ?? [])).toFixed(2)];
}

function print(rows: readonly Row[]): void {
  const [base] = rows;
  const cells = rows.map(({ row, weft, haproxy }) => [
    row.varied,
    ...[row.names, row.endpoints, row.dentries, row.connections, row.workers].map(String),
    `${Math.min(...weft.costs).toFixed(2)} to ${Math.max(...weft.costs).toFixed(2)}`,
    ...costCells(weft, base?.weft),
    ...costCells(haproxy, base?.haproxy),
    weft.requestsPerSecond.toFixed(0),
    weft.residentMB.toFixed(0),
    haproxy === undefined ? String(weft.errors) : `${weft.errors} and ${haproxy.errors}`,
  ]);
  const varied = ['varied', 'names', 'endpoints a name', 'dentries', 'connections', 'workers'];
  const found = ['min to max', 'CPU us/request', 'to base', 'HAProxy us', 'to base', 'requests/s', 'MB', 'errors'];
  process.stdout.write(`${markdownTable([...varied, ...found], cells)}\n`);
}

await runMain(async () => {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '4' }, only: { type: 'string' } } });
  const seconds = Number(values.seconds);
  if (!(seconds >= 1)) throw new BenchError('usage: npm run bench:cost -- [--seconds N] [--only WORD]');
  requireTools(['nginx', 'haproxy', 'wrk', 'taskset']);
  const only = values.only;
  const cases = CASES.filter(({ varied }) => only === undefined || varied.includes(only));
  const rows: Row[] = [];
  for (const row of cases) {
    process.stderr.write(`${row.varied} ...\n`);
    rows.push(await measure(row, seconds));
  }
  print(rows);
  const failed = rows
    .filter(({ weft, haproxy }) => weft.errors + (haproxy?.errors ?? 0) > 0)
    .map(({ row }) => row.varied);
  if (failed.length > 0) throw new BenchError(`Requests failed with ${failed.join(', ')}.`);
});
