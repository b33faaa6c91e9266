/** What a scenario gets to work with, and the table that all of them print. */

import { markdownTable } from '../../bench/support/figures.ts';
import type { Processes } from '../../bench/support/processes.ts';
import type { ExternalTools } from '../external-tools.ts';
import type { Generator, LoadResult } from '../generator/generator.ts';

/** The name that the load is for. */
export const HOST = 'web';

/** What a scenario works with. */
export interface World {
  readonly processes: Processes;
  /** Cores for Weft. Generator and upstreams have all of them: they wait rather than compute. */
  readonly cores: string;
  readonly generator: Generator;
  readonly external: ExternalTools;
  readonly seconds: number;
  /** Requests a second; undefined: the scenario's own. */
  readonly ratePerSecond: number | undefined;
}

/** A way of loading Weft. */
export interface Scenario {
  readonly description: string;
  /** @returns its table, as Markdown */
  run(world: World): Promise<string>;
}

const PERCENTILES = [50, 90, 95, 99, 99.9, 100] as const;

/** Milliseconds, as round as they deserve. */
function millis(micros: number): string {
  return (micros / 1000).toFixed(micros < 100_000 ? 1 : 0);
}

function share(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(2)} %`;
}

/** The table of some results: a row each. */
export function latencyTable(title: string, results: readonly (readonly [name: string, result: LoadResult])[]): string {
  const head = [
    title,
    'requests',
    ...PERCENTILES.map((percentile) => (percentile === 100 ? 'max' : `p${percentile} ms`)),
    'p99 from sending',
    'success',
    'success in 1 s',
  ];
  const rows = results.map(([name, { planned, succeeded, succeededWithinSecond, corrected, fromSending }]) => [
    name,
    String(planned),
    ...PERCENTILES.map((percentile) => millis(corrected.getValueAtPercentile(percentile))),
    millis(fromSending.getValueAtPercentile(99)),
    share(succeeded, planned),
    share(succeededWithinSecond, planned),
  ]);
  return markdownTable(head, rows);
}
