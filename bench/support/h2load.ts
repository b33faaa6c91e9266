/** Load by h2load: as many HTTP/2 requests as go, or a fixed rate of either protocol with every latency kept. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { BenchError } from './bench-error.ts';
import { answered, type LoadResult } from './load.ts';
import { IP, type Processes, runProgram } from './processes.ts';
import { toolPath } from './tools.ts';

/** As many streams as go: 8 connections with 32 each. */
const SATURATING_CONNECTIONS = 8;
const SATURATING_STREAMS = 32;
const FIXED_RATE_CLIENTS = 32;
/** HTTP/2 streams of one of these clients. */
const FIXED_RATE_STREAMS = 8;
/** With fewer answers than this share of what was to be asked, the latencies are not those of the rate. */
const RATE_SHARE_MIN = 0.95;

/** Runs h2load with one thread against a port. @returns what it has printed */
function runH2load(cores: string, port: number, args: readonly string[]): Promise<string> {
  return runProgram(cores, toolPath('h2load'), ['-t1', `--connect-to=${IP}:${port}`, ...args]);
}

/** The arguments by which h2load asks for some paths in turn. The Host that it sends is `web:PORT`, never `web` alone. */
function askFor(processes: Processes, port: number, paths: readonly string[]): string[] {
  const uris = paths.map((path) => `http://web:${port}${path}`);
  return ['-i', processes.write('uris', `${uris.join('\n')}\n`)];
}

/** As many requests as go. */
export interface SaturatingLoad {
  readonly cores: string;
  readonly port: number;
  readonly seconds: number;
  /** Asked for in turn. */
  readonly paths: readonly string[];
}

/** As many HTTP/2 requests as go, over a few connections with many streams. @throws BenchError when none is answered */
export async function saturateHttp2(processes: Processes, options: SaturatingLoad): Promise<LoadResult> {
  const { cores, port, seconds, paths } = options;
  const output = await runH2load(cores, port, [
    ...[`-c${SATURATING_CONNECTIONS}`, `-m${SATURATING_STREAMS}`, `-D${seconds}`],
    ...askFor(processes, port, paths),
  ]);
  return answered(readCounts(output));
}

/** Reads what h2load says at its end. */
export function readCounts(output: string): LoadResult {
  const number = (pattern: RegExp) => Number(pattern.exec(output)?.[1] ?? 0);
  return {
    requests: number(/(\d+) done/),
    requestsPerSecond: number(/finished in \S+, ([\d.]+) req\/s/),
    // What failed has a status of 4xx or 5xx, or none at all; 3xx is a success to h2load.
    errors: number(/(\d+) failed/) + number(/(\d+) 3xx/),
  };
}

/** Latency percentiles in microseconds. */
export interface Latency {
  readonly requests: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  /** Answers that are not 2xx: latencies of something else. */
  readonly errors: number;
}

/** A load at a fixed rate. */
export interface FixedRate {
  readonly cores: string;
  readonly port: number;
  readonly protocol: 'http' | 'h2';
  readonly paths: readonly string[];
  readonly ratePerSecond: number;
  /** Time at the rate, on the same connections, before anything is kept. */
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

/** Percentiles at a fixed rate, over 32 connections. @throws BenchError when the rate is not reached */
export async function latencyAt(processes: Processes, load: FixedRate): Promise<Latency> {
  const { cores, port, protocol, paths, ratePerSecond, warmUpSeconds, seconds } = load;
  const log = join(processes.directory, 'latencies');
  rmSync(log, { force: true });
  await runH2load(cores, port, [
    ...(protocol === 'h2' ? [`-m${FIXED_RATE_STREAMS}`] : ['--h1', '-m1']),
    ...[`-c${FIXED_RATE_CLIENTS}`, `--rps=${ratePerSecond / FIXED_RATE_CLIENTS}`],
    ...[`--warm-up-time=${warmUpSeconds}`, `-D${seconds}`, `--log-file=${log}`],
    ...askFor(processes, port, paths),
  ]);
  const latency = readLatencies(existsSync(log) ? readFileSync(log, 'latin1') : '');
  if (latency.requests < ratePerSecond * seconds * RATE_SHARE_MIN) {
    const reached = Math.round(latency.requests / seconds);
    throw new BenchError(
      `${reached} requests a second were answered where ${ratePerSecond} were to be asked (--rate).`,
    );
  }
  return latency;
}

/** Reads h2load's log: a line an answer, its columns the start, the status and the microseconds that it took. */
export function readLatencies(log: string): Latency {
  const rows = log.split('\n').map((line) => line.split('\t'));
  const answers = rows.filter(({ length }) => length >= 3);
  const micros = Float64Array.from(answers, ([, , duration]) => Number(duration)).sort();
  const at = (quantile: number) => micros[Math.floor(micros.length * quantile)] ?? 0;
  const errors = answers.filter(([, status]) => !/^2\d\d$/.test(status ?? '')).length;
  return { requests: micros.length, p50: at(0.5), p99: at(0.99), p999: at(0.999), errors };
}
