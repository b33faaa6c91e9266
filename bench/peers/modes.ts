/** What is measured in `npm run bench:peers -- MODE`: a protocol, a size of answer, the paths that are asked for. */
import { saturateHttp2 } from '../support/h2load.ts';
import { type LoadResult, saturate } from '../support/load.ts';
import type { Processes } from '../support/processes.ts';
import type { Protocol } from '../support/weft.ts';

const MIB = 1024 * 1024;
const HTTP1_CONNECTIONS = 64;
const VARIED_PATHS = 64;

/** One mode. */
export interface Mode {
  readonly protocol: Protocol;
  /** Bytes of an answer's body. */
  readonly bytes: number;
  readonly paths: readonly string[];
  /** Requests a second for the latencies, unless told otherwise. */
  readonly ratePerSecond: number;
}

function mode(protocol: Protocol, bytes: number, ratePerSecond: number, paths: readonly string[] = ['/']): Mode {
  return { protocol, bytes, ratePerSecond, paths };
}

const variedPaths = Array.from({ length: VARIED_PATHS }, (_, index) => `/p${index}`);

/** All of them, by name. `idle` has no latencies: it counts bytes. */
export const MODES: Readonly<Record<string, Mode>> = {
  h1: mode('http', 12, 5000),
  'h1-1k': mode('http', 1024, 5000),
  'h1-1m': mode('http', MIB, 200),
  h2: mode('h2', 12, 5000),
  'h2-vary': mode('h2', 12, 5000, variedPaths),
  'h2-1m': mode('h2', MIB, 50),
  idle: mode('http', 12, 0),
};

/** As many of the mode's requests as go. */
export function saturateMode(
  processes: Processes,
  { protocol, paths }: Mode,
  load: { readonly cores: string; readonly port: number; readonly seconds: number },
): Promise<LoadResult> {
  return protocol === 'h2'
    ? saturateHttp2(processes, { ...load, paths })
    : saturate({ ...load, connections: HTTP1_CONNECTIONS });
}
