/** Higher and higher rates: up to which one the latencies stay what they are. */
import { startWeft } from '../../bench/support/weft.ts';
import type { LoadResult } from '../generator/generator.ts';
import { Upstreams } from '../upstreams/upstreams.ts';
import { HOST, latencyTable, type Scenario } from './scenario.ts';

/** Doubled from step to step. */
const FIRST_RATE_PER_SECOND = 500;
const STEPS = 6;
const CONNECTIONS_MAX = 1000;
const TIMEOUT_MS = 10_000;
const WARM_UP_MS = 3000;

/** The seconds are those of one step. */
export const ramp: Scenario = {
  description: `${STEPS} steps, each at twice the rate of the one before`,
  async run({ processes, cores, generator, external, seconds, ratePerSecond = FIRST_RATE_PER_SECOND }) {
    const upstreams = await Upstreams.start(5, 0);
    try {
      const endpoints = upstreams.ports.map((port) => `127.0.0.1 ${port}`);
      const weft = await startWeft(processes, { cores, disco: { [HOST]: endpoints } });
      const load = { port: weft.port, host: HOST, connectionsMax: CONNECTIONS_MAX, timeoutMs: TIMEOUT_MS };
      await generator.run({ ...load, ratePerSecond, durationMs: WARM_UP_MS });
      const results: [string, LoadResult][] = [];
      for (let step = 0; step < STEPS; step++) {
        const rate = ratePerSecond * 2 ** step;
        results.push([String(rate), await generator.run({ ...load, ratePerSecond: rate, durationMs: seconds * 1000 })]);
      }
      const topRate = ratePerSecond * 2 ** (STEPS - 1);
      const said = await external.run('ramp', `http://127.0.0.1:${weft.port}/`, topRate, seconds);
      return `Upstreams: ${upstreams.kind}\n\n${latencyTable('requests/s', results)}\n${said}`;
    } finally {
      await upstreams.stop();
    }
  },
};
