/** ghz: unary calls to grpc-go's interop server, as many as go or at a fixed rate. */
import { join } from 'node:path';
import { ROOT } from '../../test/house/root.ts';
import { BenchError } from '../support/bench-error.ts';
import { IP, runProgram } from '../support/processes.ts';

const PROTO = join(ROOT, 'test', 'full', 'support', 'interop.proto');
const NANOS_PER_MICRO = 1000;

/** What ghz is to do. */
export interface GhzOptions {
  /** Its path. */
  readonly ghz: string;
  readonly cores: string;
  readonly port: number;
  readonly seconds: number;
  readonly connections: number;
  /** Calls under way at a time, over all connections. */
  readonly concurrency: number;
  /** Bytes of a call's payload, and of its answer's. */
  readonly bytes: number;
  /** Calls a second; as many as go unless given. */
  readonly rate?: number;
}

/** What it did. */
export interface GhzResult {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
  /** Calls whose status is not OK. */
  readonly errors: number;
}

/** Runs it. @throws BenchError when no call was answered */
export async function runGhz(options: GhzOptions): Promise<GhzResult> {
  const { ghz, cores, port, seconds, connections, concurrency, bytes, rate } = options;
  const data = { response_size: bytes, payload: { body: Buffer.alloc(bytes).toString('base64') } };
  const call = [`--proto=${PROTO}`, '--call=grpc.testing.TestService/UnaryCall', `--data=${JSON.stringify(data)}`];
  const load = [`--duration=${seconds}s`, '--duration-stop=wait', `--connections=${connections}`];
  const pace = rate === undefined ? [] : [`--rps=${rate}`];
  // Templates are for data that changes from call to call.
  const plain = ['--disable-template-functions', '--disable-template-data', '--insecure', '--format=json'];
  const target = ['--authority=web', `${IP}:${port}`];
  const args = [...call, ...load, `--concurrency=${concurrency}`, ...pace, ...plain, ...target];
  return readReport(await runProgram(cores, ghz, args));
}

/** What is read of ghz's report. */
interface Report {
  readonly count: number;
  readonly rps: number;
  readonly latencyDistribution: readonly { readonly percentage: number; readonly latency: number }[] | null;
  readonly statusCodeDistribution: { readonly OK?: number };
}

/** Reads the report in its JSON form. @throws BenchError when it says that no call was answered */
export function readReport(json: string): GhzResult {
  const { count, rps, latencyDistribution, statusCodeDistribution } = JSON.parse(json) as Report;
  const ok = statusCodeDistribution.OK ?? 0;
  if (ok === 0) throw new BenchError(`No call was answered OK: ${JSON.stringify(statusCodeDistribution)}`);
  const at = (percent: number) =>
    (latencyDistribution?.find(({ percentage }) => percentage === percent)?.latency ?? 0) / NANOS_PER_MICRO;
  return { requests: count, requestsPerSecond: rps, p50Micros: at(50), p99Micros: at(99), errors: count - ok };
}
