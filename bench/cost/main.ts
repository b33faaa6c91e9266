/**
 * `npm run bench:cost`: what a request costs as a mesh grows: names, endpoints, dentries, connections, workers. Prints
 * the table of docs/performance.md.
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

const ROUNDS = 3;
const CLOSING_SECONDS = 1;
const BIND_TIMEOUT_MS = 120_000;

interface Row {
  readonly row: Case;
  readonly costs: readonly number[];
  readonly requestsPerSecond: number;
  readonly residentMB: number;
  readonly errors: number;
}

/** Loads until every name is bound and (nearly) every endpoint connected. */
async function warmUp(row: Case, load: Omit<LoadOptions, 'seconds'>, adminPort: number): Promise<void> {
  const startMs = performance.now();
  await saturate({ ...load, seconds: Math.max(row.endpoints, row.connections) >= 10_000 ? 8 : 4 });
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

async function measure(row: Case, seconds: number): Promise<Row> {
  const cores = coresFor(row.workers);
  const processes = new Processes();
  try {
    const upstreamPort = await startUpstream(processes, cores.load, { bytes: 12 });
    const weft = await startWeft(processes, settingsOf(row, cores.proxy, upstreamPort));
    const script = processes.write('requests.lua', requestsScript(row));
    const load = { cores: cores.load, port: weft.port, connections: row.connections, script };
    await warmUp(row, load, weft.adminPort);
    const opening = row.connections >= 10_000 ? 5 : 2;
    const loading = saturate({ ...load, seconds: opening + ROUNDS * seconds + CLOSING_SECONDS });
    await sleep(opening * 1000);
    const rounds: Sample[] = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push(await sample(weft.pid, upstreamPort, seconds));
    const { errors } = await loading;
    const residentMB = residentBytes(weft.pid) / 1e6;
    const costs = rounds.map(({ cpuMicrosPerRequest }) => cpuMicrosPerRequest);
    return { row, costs, requestsPerSecond: median(rounds.map((one) => one.requestsPerSecond)), residentMB, errors };
  } finally {
    await processes.stop();
  }
}

function print(rows: readonly Row[]): void {
  const base = median(rows[0]?.costs ?? []);
  const cells = rows.map(({ row, costs, requestsPerSecond, residentMB, errors }) => [
    row.varied,
    ...[row.names, row.endpoints, row.dentries, row.connections, row.workers].map(String),
    median(costs).toFixed(2),
    `${Math.min(...costs).toFixed(2)} to ${Math.max(...costs).toFixed(2)}`,
    (median(costs) / base).toFixed(2),
    requestsPerSecond.toFixed(0),
    residentMB.toFixed(0),
    String(errors),
  ]);
  const varied = ['varied', 'names', 'endpoints a name', 'dentries', 'connections', 'workers'];
  const found = ['CPU us/request', 'min to max', 'to base', 'requests/s', 'MB', 'errors'];
  process.stdout.write(`${markdownTable([...varied, ...found], cells)}\n`);
}

await runMain(async () => {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '4' }, only: { type: 'string' } } });
  const seconds = Number(values.seconds);
  if (!(seconds >= 1)) throw new BenchError('usage: npm run bench:cost -- [--seconds N] [--only WORD]');
  requireTools(['nginx', 'wrk', 'taskset']);
  const only = values.only;
  const cases = CASES.filter(({ varied }) => only === undefined || varied.includes(only));
  const rows: Row[] = [];
  for (const row of cases) {
    process.stderr.write(`${row.varied} ...\n`);
    rows.push(await measure(row, seconds));
  }
  print(rows);
  const failed = rows.filter(({ errors }) => errors > 0).map(({ row }) => row.varied);
  if (failed.length > 0) throw new BenchError(`Requests failed with ${failed.join(', ')}.`);
});
