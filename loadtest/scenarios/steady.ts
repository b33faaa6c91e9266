/** A constant rate on five equal endpoints: what Weft adds when all is well. */
import { startWeft } from '../../bench/support/weft.ts';
import { Upstreams } from '../upstreams/upstreams.ts';
import { HOST, latencyTable, type Scenario } from './scenario.ts';

const RATE_PER_SECOND = 2000;
const WARM_UP_MS = 3000;
const CONNECTIONS_MAX = 500;
const TIMEOUT_MS = 10_000;

/** Weft beside the upstream without it. */
export const steady: Scenario = {
  description: 'a constant rate on five equal endpoints, through Weft and past it',
  async run({ processes, cores, generator, external, seconds, ratePerSecond = RATE_PER_SECOND }) {
    const upstreams = await Upstreams.start(5, 0);
    try {
      const endpoints = upstreams.ports.map((port) => `127.0.0.1 ${port}`);
      const weft = await startWeft(processes, { cores, disco: { [HOST]: endpoints } });
      const load = { host: HOST, ratePerSecond, connectionsMax: CONNECTIONS_MAX, timeoutMs: TIMEOUT_MS };
      await generator.run({ ...load, port: weft.port, durationMs: WARM_UP_MS });
      const through = await generator.run({ ...load, port: weft.port, durationMs: seconds * 1000 });
      const past = await generator.run({ ...load, port: upstreams.ports[0] as number, durationMs: seconds * 1000 });
      const said = await external.run('steady', `http://127.0.0.1:${weft.port}/`, ratePerSecond, seconds);
      const table = latencyTable(`${ratePerSecond} requests/s`, [
        ['through Weft', through],
        ['one endpoint, without Weft', past],
      ]);
      return `Upstreams: ${upstreams.kind}\n\n${table}\n${said}`;
    } finally {
      await upstreams.stop();
    }
  },
};
