/**
 * One of ten endpoints becomes slower and slower at a constant rate and recovers at the same rate, under constant traffic:
 * round robin, least loaded and peak EWMA side by side, as a table and a plot in docs/.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { startWeft } from '../../bench/support/weft.ts';
import { ROOT } from '../../test/house/root.ts';
import type { LoadResult } from '../generator/generator.ts';
import { Upstreams } from '../upstreams/upstreams.ts';
import { type Curve, plotDegrading } from './degrading-plot.ts';
import { HOST, latencyTable, type Scenario, type World } from './scenario.ts';

const ENDPOINTS = 10;
const DELAY_MS = 20;
const WORST_DELAY_MS = 2000;
const RATE_PER_SECOND = 500;
/** With all endpoints alike: the balancers know them before one changes. */
const WARM_UP_MS = 4000;
const STEP_MS = 100;
const CONNECTIONS_MAX = 2000;
const TIMEOUT_MS = 10_000;

const BALANCERS = [
  ['roundRobin', 'round robin'],
  ['p2c', 'least loaded (p2c)'],
  ['ewma', 'peak EWMA'],
] as const;

const PAGE = join(ROOT, 'docs', 'degrading-endpoint.md');
const PLOT = join(ROOT, 'docs', 'degrading-endpoint.svg');

/** The delay of the endpoint at a moment: up to the worst in the first half, down again in the second. */
function delayAt(elapsedMs: number, durationMs: number): number {
  const share = 1 - Math.abs(Math.min(elapsedMs / durationMs, 1) * 2 - 1);
  return Math.round(DELAY_MS + share * (WORST_DELAY_MS - DELAY_MS));
}

/** Each balancer in turn, with a Weft and upstreams of its own. Writes {@link PAGE} and {@link PLOT}. */
export const degradingEndpoint: Scenario = {
  description: `one of ${ENDPOINTS} endpoints goes from ${DELAY_MS} to ${WORST_DELAY_MS} ms and back; writes docs/degrading-endpoint.md and .svg`,
  async run(world) {
    const { seconds, ratePerSecond = RATE_PER_SECOND } = world;
    const results: [string, LoadResult][] = [];
    let upstreams = '';
    for (const [kind, name] of BALANCERS) {
      const measured = await measure(world, kind);
      results.push([name, measured.result]);
      upstreams = measured.upstreams;
    }
    const table = latencyTable(`${ratePerSecond} requests/s, ${seconds} s`, results);
    const delays = Array.from({ length: seconds + 1 }, (_, second) => delayAt(second, seconds));
    writeFileSync(PLOT, plotDegrading(results.map(curveOf), delays));
    writeFileSync(PAGE, page(table, upstreams, seconds, ratePerSecond));
    return table;
  },
};

function curveOf([name, { corrected, bySecond }]: readonly [string, LoadResult]): Curve {
  return {
    name,
    p99Ms: bySecond.map((second) => second.getValueAtPercentile(99) / 1000),
    atPercentileMs: (percentile) => corrected.getValueAtPercentile(percentile) / 1000,
  };
}

async function measure(world: World, balancer: string): Promise<{ result: LoadResult; upstreams: string }> {
  const { processes, cores, generator, seconds, ratePerSecond = RATE_PER_SECOND } = world;
  const upstreams = await Upstreams.start(ENDPOINTS, DELAY_MS);
  try {
    process.stderr.write(`${balancer}; upstreams: ${upstreams.kind}\n`);
    const endpoints = upstreams.ports.map((port) => `127.0.0.1 ${port}`);
    const weft = await startWeft(processes, { cores, balancer, disco: { [HOST]: endpoints } });
    const load = {
      port: weft.port,
      host: HOST,
      ratePerSecond,
      connectionsMax: CONNECTIONS_MAX,
      timeoutMs: TIMEOUT_MS,
    };
    await generator.run({ ...load, durationMs: WARM_UP_MS });
    const durationMs = seconds * 1000;
    const startMs = performance.now();
    const timer = setInterval(() => upstreams.setDelay(0, delayAt(performance.now() - startMs, durationMs)), STEP_MS);
    const result = await generator.run({ ...load, durationMs });
    clearInterval(timer);
    await processes.end(weft.pid);
    return { result, upstreams: upstreams.kind };
  } finally {
    await upstreams.stop();
  }
}

function page(table: string, upstreams: string, seconds: number, ratePerSecond: number): string {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly version: string };
  return `# A degrading endpoint

<!-- Written by \`npm run loadtest -- degrading-endpoint\`. -->

Ten endpoints answer after ${DELAY_MS} ms, under a constant ${ratePerSecond} requests a second. Then one of them becomes slower at a
constant rate, until after ${seconds / 2} s it takes ${WORST_DELAY_MS} ms, and recovers at the same rate. No answer fails; what differs is how many
requests each balancer still sends there.

${table}

![p99 of each second, and latency by percentile, for each balancer](degrading-endpoint.svg)

Latencies are counted from the moment at which each request was due, which corrects for coordinated omission. Round robin sends
the slow endpoint a tenth of the traffic whatever it does. Least loaded (p2c) notices that requests pile up there, and keeps
sending it some. Peak EWMA remembers how long the last answers took, and tries again only as that memory decays.

Weft ${version}, one worker; Node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'}); upstreams over ${upstreams},
which share the cores with the load generator.
`;
}
