/**
 * Endpoints fail half of their requests: what clients see of it, with and without retries, and how many requests reach the
 * endpoints for each of the clients'. The balancer is p2c, which does not look at failures. One failing endpoint is hidden; when
 * all of them fail, retries must not double the load: their budget (20 % of the requests, and 10 a second) bounds it.
 */
import { markdownTable } from '../../bench/support/figures.ts';
import { startWeft } from '../../bench/support/weft.ts';
import type { LoadResult } from '../generator/generator.ts';
import { Upstreams } from '../upstreams/upstreams.ts';
import { HOST, type Scenario, type World } from './scenario.ts';

const ENDPOINTS = 5;
const DELAY_MS = 5;
const FAIL_SHARE = 0.5;
const RATE_PER_SECOND = 500;
const WARM_UP_MS = 2000;
const CONNECTIONS_MAX = 500;
const TIMEOUT_MS = 5000;

const RETRIES = '  service: {responseClassifier: {kind: io.l5d.http.retryableRead5XX}}';
const NO_BREAKER = '    failureAccrual: {kind: none}';
const BREAKER =
  '    failureAccrual: {kind: io.l5d.successRate, successRate: 0.9, requests: 20, backoff: {kind: constant, ms: 10000}}';

/** Of how many endpoints fail, and what the router says of service and client. */
const CASES: readonly (readonly [name: string, failing: number, service: string, client: string])[] = [
  ['one fails, no retries', 1, '', NO_BREAKER],
  ['one fails, retries', 1, RETRIES, NO_BREAKER],
  ['one fails, retries and successRate 0.9', 1, RETRIES, BREAKER],
  ['all fail, no retries', ENDPOINTS, '', NO_BREAKER],
  ['all fail, retries', ENDPOINTS, RETRIES, NO_BREAKER],
];

/** What Weft has counted. */
interface Counts {
  readonly requests: number;
  readonly attempts: number;
  readonly retries: number;
  readonly refused: number;
}

/** Each case in turn, with a Weft and upstreams of its own. */
export const failingEndpoint: Scenario = {
  description: `one of ${ENDPOINTS} endpoints, then all, fail half of their requests, with and without retries`,
  async run(world) {
    const rows: string[][] = [];
    for (const each of CASES) rows.push(row(each[0], ...(await measure(world, each))));
    const { seconds, ratePerSecond = RATE_PER_SECOND } = world;
    const head = [`${ratePerSecond} requests/s, ${seconds} s`, 'requests', 'success', 'p50 ms', 'p99 ms'];
    return markdownTable([...head, 'attempts a request', 'retries', 'budget exhausted'], rows);
  },
};

function row(name: string, result: LoadResult, counts: Counts): string[] {
  const millis = (percentile: number) => (result.corrected.getValueAtPercentile(percentile) / 1000).toFixed(1);
  return [
    name,
    String(result.planned),
    `${((100 * result.succeeded) / result.planned).toFixed(2)} %`,
    millis(50),
    millis(99),
    (counts.attempts / counts.requests).toFixed(3),
    String(counts.retries),
    String(counts.refused),
  ];
}

async function measure(
  world: World,
  [name, failing, service, client]: (typeof CASES)[number],
): Promise<[LoadResult, Counts]> {
  const { processes, cores, generator, seconds, ratePerSecond = RATE_PER_SECOND } = world;
  const upstreams = await Upstreams.start(ENDPOINTS, DELAY_MS);
  try {
    process.stderr.write(`${name}; upstreams: ${upstreams.kind}\n`);
    const endpoints = upstreams.ports.map((port) => `127.0.0.1 ${port}`);
    const disco = { [HOST]: endpoints };
    const weft = await startWeft(processes, { cores, balancer: 'p2c', router: service, client, disco });
    const load = { port: weft.port, host: HOST, ratePerSecond, connectionsMax: CONNECTIONS_MAX, timeoutMs: TIMEOUT_MS };
    await generator.run({ ...load, durationMs: WARM_UP_MS });
    for (let upstream = 0; upstream < failing; upstream++) upstreams.setFailures(upstream, FAIL_SHARE);
    const before = await countsOf(weft.adminPort);
    const result = await generator.run({ ...load, durationMs: seconds * 1000 });
    const after = await countsOf(weft.adminPort);
    await processes.end(weft.pid);
    return [result, difference(after, before)];
  } finally {
    await upstreams.stop();
  }
}

async function countsOf(adminPort: number): Promise<Counts> {
  const response = await fetch(`http://127.0.0.1:${adminPort}/admin/metrics.json`);
  const metrics = (await response.json()) as Readonly<Record<string, number>>;
  const service = (name: string) => metrics[`rt/bench/service/svc/${HOST}/${name}`] ?? 0;
  return {
    requests: service('requests'),
    attempts: metrics[`rt/bench/client/#/io.l5d.fs/${HOST}/requests`] ?? 0,
    retries: service('retries/total'),
    refused: service('retries/budget_exhausted'),
  };
}

function difference(after: Counts, before: Counts): Counts {
  return {
    requests: after.requests - before.requests,
    attempts: after.attempts - before.attempts,
    retries: after.retries - before.retries,
    refused: after.refused - before.refused,
  };
}
