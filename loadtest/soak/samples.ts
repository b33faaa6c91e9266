/** What a Weft holds, second by second, and whether it holds more at the end. */
import { readdirSync, readFileSync } from 'node:fs';
import { IP, type Weft } from '../../test/support/weft.ts';

const ROW_EVERY_S = 5;
/** As a scraper would: all metrics cost the supervisor some megabytes of garbage, which is not what is looked for. */
const SCRAPE_EVERY_S = 15;
const MIB = 1024 * 1024;
/** What memory may differ by: so much, or this share of what it was. */
const MEMORY_MARGIN_MIB = 8;
const MEMORY_MARGIN_SHARE = 0.05;
/** Connections to endpoints come and go with restarts. */
const DESCRIPTORS_MARGIN = 32;

/** What Weft holds at one moment. */
interface Sample {
  readonly second: number;
  readonly residentMiB: number;
  readonly heapMiB: number;
  readonly descriptors: number;
  readonly metrics: number;
  readonly requests: number;
  readonly pending: number;
}

/** Seconds from one to another, the first not included. */
export interface Window {
  readonly afterS: number;
  readonly untilS: number;
}

/** A look a second. */
export class Samples {
  readonly #weft: Weft;
  readonly #samples: Sample[] = [];

  constructor(weft: Weft) {
    this.#weft = weft;
    row(['second', 'RSS MiB', 'heap MiB', 'fds', 'metrics', 'requests', 'pending', 'served', 'failed', 'refused']);
  }

  /** Seconds looked at. */
  get count(): number {
    return this.#samples.length;
  }

  /** Looks, and prints a row now and then. @param traffic requests served, failed, refused */
  async look(traffic: readonly number[]): Promise<void> {
    const sample = await look(this.#weft, this.count + 1, this.#samples.at(-1)?.metrics ?? 0);
    this.#samples.push(sample);
    if (sample.second % ROW_EVERY_S !== 0) return;
    const { second, residentMiB, heapMiB, descriptors, metrics, requests, pending } = sample;
    row([second, residentMiB, heapMiB, descriptors, metrics, requests, pending, ...traffic]);
  }

  /** @returns what has grown too much from one window to another, in words */
  judge(first: Window, last: Window): string[] {
    const grown: string[] = [];
    const compare = (what: string, value: (sample: Sample) => number, marginOf: (before: number) => number) => {
      const [before, after] = [first, last].map((window) => median(this.#within(window).map(value))) as [
        number,
        number,
      ];
      const margin = marginOf(before);
      row([what, 'first', before, 'last', after, 'margin', margin]);
      if (!(after <= before + margin)) grown.push(`${what} grew from ${before.toFixed(1)} to ${after.toFixed(1)}`);
    };
    const memory = (before: number) => Math.max(MEMORY_MARGIN_MIB, before * MEMORY_MARGIN_SHARE);
    compare('RSS MiB', ({ residentMiB }) => residentMiB, memory);
    compare('heap MiB', ({ heapMiB }) => heapMiB, memory);
    compare(
      'descriptors',
      ({ descriptors }) => descriptors,
      () => DESCRIPTORS_MARGIN,
    );
    return grown;
  }

  #within({ afterS, untilS }: Window): Sample[] {
    return this.#samples.filter(({ second }) => second > afterS && second <= untilS);
  }
}

/** The metrics below a path, by their names there. */
async function metricsBelow(weft: Weft, path: string): Promise<Record<string, number>> {
  const response = await fetch(`http://${IP}:${weft.adminPort}/admin/metrics.json?q=${path}`);
  return (await response.json()) as Record<string, number>;
}

async function look(weft: Weft, second: number, metricsBefore: number): Promise<Sample> {
  const pid = weft.child.pid as number;
  const resident = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) / 1024;
  const server = `${IP}/${weft.port}`;
  const servers = await metricsBelow(weft, 'rt/test/server');
  const { used = Number.NaN } = await metricsBelow(weft, 'jvm/mem/heap');
  const scrape = second % SCRAPE_EVERY_S === 0;
  return {
    second,
    residentMiB: resident,
    heapMiB: used / MIB,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    metrics: scrape ? Object.keys(await weft.metrics()).length : metricsBefore,
    requests: servers[`${server}/requests`] ?? Number.NaN,
    pending: servers[`${server}/pending`] ?? Number.NaN,
  };
}

function row(cells: readonly (string | number)[]): void {
  const text = cells.map((cell) => (typeof cell === 'number' ? cell.toFixed(Number.isInteger(cell) ? 0 : 1) : cell));
  process.stdout.write(`${text.map((cell) => cell.padStart(11)).join('')}\n`);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
