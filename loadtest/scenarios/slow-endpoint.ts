/**
 * One of five endpoints becomes a hundred times slower while the rate stays: what each balancer makes of it. The scenario
 * of Buoyant's "Beyond Round Robin", with the change in the middle of the traffic.
 */
import { startWeft } from '../../bench/support/weft.ts';
import type { LoadResult } from '../generator/generator.ts';
import { Upstreams } from '../upstreams/upstreams.ts';
import { HOST, latencyTable, type Scenario, type World } from './scenario.ts';

const ENDPOINTS = 5;
const DELAY_MS = 20;
const SLOW_DELAY_MS = 100 * DELAY_MS;
const RATE_PER_SECOND = 1000;
/** With all endpoints fast: the balancers know them before one changes. */
const WARM_UP_MS = 5000;
const CONNECTIONS_MAX = 2000;
const TIMEOUT_MS = 10_000;

/** Each balancer in turn, with a Weft and upstreams of its own. */
export const slowEndpoint: Scenario = {
  description: `one of ${ENDPOINTS} endpoints goes from ${DELAY_MS} ms to ${SLOW_DELAY_MS} ms, for p2c and ewma`,
  async run(world) {
    const results: [string, LoadResult][] = [];
    const said: string[] = [];
    for (const balancer of ['p2c', 'ewma']) {
      const measured = await measure(world, balancer);
      results.push([balancer, measured.result]);
      said.push(measured.said);
    }
    const { seconds, ratePerSecond = RATE_PER_SECOND } = world;
    const title = `${ratePerSecond} requests/s, ${seconds} s`;
    return `${latencyTable(title, results)}\n${said.join('\n')}`;
  },
};

async function measure(world: World, balancer: string): Promise<{ result: LoadResult; said: string }> {
  const { processes, cores, generator, external, seconds, ratePerSecond = RATE_PER_SECOND } = world;
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
    upstreams.setDelay(0, SLOW_DELAY_MS);
    const result = await generator.run({ ...load, durationMs: seconds * 1000 });
    const said = await external.run('slow-endpoint', `http://127.0.0.1:${weft.port}/`, ratePerSecond, seconds);
    await processes.end(weft.pid);
    return { result, said };
  } finally {
    await upstreams.stop();
  }
}
