/** As many HTTP/1 requests as go, from the outside: wrk. For HTTP/2, and for a fixed rate, see h2load.ts. */
import { BenchError } from './bench-error.ts';
import { IP, runProgram } from './processes.ts';
import { toolPath } from './tools.ts';

/** What a load did. */
export interface LoadResult {
  /** Answered, with whatever status. */
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** Answers that are not 2xx (wrk does not tell 3xx from 2xx), and requests without an answer. */
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

/** As many requests as go, one at a time on each connection. @throws BenchError when none is answered */
export async function saturate(options: LoadOptions): Promise<LoadResult> {
  const { cores, port, seconds, connections, script } = options;
  const args = ['-t1', `-c${connections}`, `-d${seconds}`, '--timeout', '10', '-H', 'Host: web'];
  if (script !== undefined) args.push('-s', script);
  const output = await runProgram(cores, toolPath('wrk'), [...args, `http://${IP}:${port}/`]);
  return answered(readWrk(output));
}

/** Reads what wrk says at its end. */
export function readWrk(output: string): LoadResult {
  const number = (pattern: RegExp) => Number(pattern.exec(output)?.[1] ?? 0);
  const socketErrors =
    /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(output)?.slice(1) ?? [];
  return {
    requests: number(/(\d+) requests in/),
    requestsPerSecond: number(/Requests\/sec:\s+([\d.]+)/),
    errors: socketErrors.map(Number).reduce((sum, count) => sum + count, number(/Non-2xx or 3xx responses: (\d+)/)),
  };
}

/** A load that nobody answers is no measurement. @throws BenchError */
export function answered(result: LoadResult): LoadResult {
  if (result.requests === 0) throw new BenchError('No request was answered.');
  return result;
}
