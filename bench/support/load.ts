/** Load from the outside: as much as goes (wrk), or a fixed rate with every latency kept (h2load). */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { IP, type Processes, runProgram } from './processes.ts';
import { toolPath } from './tools.ts';

const FIXED_RATE_CLIENTS = 32;

/** What wrk did. */
export interface LoadResult {
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** Responses that are not 2xx or 3xx, and socket errors. */
  readonly errors: number;
}

/** What wrk is to do. */
export interface LoadOptions {
  readonly cores: string;
  readonly port: number;
  readonly seconds: number;
  readonly connections: number;
  /** Path of a Lua script that makes the requests. */
  readonly script?: string;
}

/** As many requests as go, one at a time on each connection. */
export async function saturate(options: LoadOptions): Promise<LoadResult> {
  const { cores, port, seconds, connections, script } = options;
  const args = ['-t1', `-c${connections}`, `-d${seconds}`, '--timeout', '10', '-H', 'Host: web'];
  if (script !== undefined) args.push('-s', script);
  const output = await runProgram(cores, toolPath('wrk'), [...args, `http://${IP}:${port}/`]);
  const number = (pattern: RegExp) => Number(pattern.exec(output)?.[1] ?? 0);
  const socketErrors =
    /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(output)?.slice(1) ?? [];
  return {
    requests: number(/(\d+) requests in/),
    requestsPerSecond: number(/Requests\/sec:\s+([\d.]+)/),
    errors: socketErrors.map(Number).reduce((sum, count) => sum + count, number(/Non-2xx or 3xx responses: (\d+)/)),
  };
}

/** Latency percentiles in microseconds. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

/** Percentiles at a fixed rate, over 32 connections. @returns null when nothing was answered */
export async function latencyAt(
  processes: Processes,
  cores: string,
  port: number,
  ratePerSecond: number,
  seconds: number,
): Promise<Latency | null> {
  const log = join(processes.directory, 'latencies');
  rmSync(log, { force: true });
  await runProgram(cores, toolPath('h2load'), [
    ...['--h1', '-t1', `-c${FIXED_RATE_CLIENTS}`, '-m1', `--rps=${ratePerSecond / FIXED_RATE_CLIENTS}`],
    ...['-D', String(seconds), `--log-file=${log}`, `--connect-to=${IP}:${port}`, `http://web:${port}/`],
  ]);
  if (!existsSync(log)) return null;
  const lines = readFileSync(log, 'latin1').trim().split('\n');
  const micros = Float64Array.from(lines, (line) => Number(line.split('\t')[2])).sort();
  const at = (quantile: number) => micros[Math.floor(micros.length * quantile)] ?? 0;
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999) };
}
