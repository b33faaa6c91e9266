/**
 * `npm run loadtest [SCENARIO]`: starts upstreams, Weft and the load generator, and prints a table of round trips.
 *
 *     generator threads (open loop) --> Weft, on core 0 --> upstreams (a process of their own)
 *
 * k6 and wrk2 run the same scenario afterwards, where they are installed.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { BenchError, runMain } from '../bench/support/bench-error.ts';
import { coresFor, Processes } from '../bench/support/processes.ts';
import { requireTools } from '../bench/support/tools.ts';
import { ExternalTools } from './external-tools.ts';
import { Generator } from './generator/generator.ts';
import { degradingEndpoint } from './scenarios/degrading-endpoint.ts';
import { failingEndpoint } from './scenarios/failing-endpoint.ts';
import { ramp } from './scenarios/ramp.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { slowEndpoint } from './scenarios/slow-endpoint.ts';
import { steady } from './scenarios/steady.ts';

const SCENARIOS: Readonly<Record<string, { readonly scenario: Scenario; readonly seconds: number }>> = {
  steady: { scenario: steady, seconds: 20 },
  'slow-endpoint': { scenario: slowEndpoint, seconds: 30 },
  'degrading-endpoint': { scenario: degradingEndpoint, seconds: 40 },
  'failing-endpoint': { scenario: failingEndpoint, seconds: 15 },
  ramp: { scenario: ramp, seconds: 5 },
};

const USAGE = `usage: npm run loadtest -- [SCENARIO] [--seconds N] [--rate N]
${Object.entries(SCENARIOS)
  .map(([name, { scenario }]) => `  ${name.padEnd(18)} ${scenario.description}`)
  .join('\n')}`;

function readOptions() {
  try {
    const options = { seconds: { type: 'string' }, rate: { type: 'string' } } as const;
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    const name = positionals[0] ?? 'steady';
    const chosen = SCENARIOS[name];
    const seconds = Number(values.seconds ?? chosen?.seconds);
    const ratePerSecond = values.rate === undefined ? undefined : Number(values.rate);
    if (chosen === undefined || positionals.length > 1 || !(seconds > 0) || !((ratePerSecond ?? 1) > 0))
      throw new Error();
    return { name, scenario: chosen.scenario, seconds, ratePerSecond };
  } catch {
    throw new BenchError(USAGE);
  }
}

await runMain(async () => {
  const { name, scenario, seconds, ratePerSecond } = readOptions();
  requireTools(['taskset']);
  const { proxy, load } = coresFor(1);
  const processes = new Processes();
  const generator = new Generator(Math.max(1, availableParallelism() - 1));
  const external = new ExternalTools(load);
  process.stdout.write(`${name}: ${scenario.description}\n`);
  process.stdout.write(`k6, wrk2 in addition: ${external.names.join(', ') || 'neither is installed'}\n\n`);
  try {
    const table = await scenario.run({ processes, cores: proxy, generator, external, seconds, ratePerSecond });
    process.stdout.write(`${table}\n`);
  } finally {
    await generator.stop();
    await processes.stop();
  }
});
