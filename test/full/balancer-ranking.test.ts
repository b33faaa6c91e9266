/**
 * The simulator's scenarios (core/balance/simulator.test.ts) over real sockets: the balancers come out in the same order. What
 * is compared is how many requests an endpoint got, not how long they took, and where the simulator has them far apart.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import generate from '../../loadtest/generator/open-loop.ts';
import { freePort, IP, Weft } from '../support/weft.ts';
import { type ScenarioBehaviour, ScenarioUpstream } from './support/scenario-upstream.ts';

const ENDPOINTS = 5;
const BREAKER = '{kind: io.l5d.consecutiveFailures, failures: 5, backoff: {kind: constant, ms: 500}}';

/** Routers by label: each has a balancer of its own. */
const CLIENTS = {
  p2c: '{failureAccrual: {kind: none}, loadBalancer: {kind: p2c}}',
  ewma: '{failureAccrual: {kind: none}, loadBalancer: {kind: ewma, failurePenaltyMs: 0}}',
  penalising: '{failureAccrual: {kind: none}, loadBalancer: {kind: ewma}}',
  heap: '{failureAccrual: {kind: none}, loadBalancer: {kind: heap}}',
  roundRobin: '{failureAccrual: {kind: none}, loadBalancer: {kind: roundRobin}}',
  aperture: '{failureAccrual: {kind: none}, loadBalancer: {kind: aperture, smoothWindowMs: 500}}',
  'p2c-breaker': `{failureAccrual: ${BREAKER}, loadBalancer: {kind: p2c}}`,
  'roundRobin-breaker': `{failureAccrual: ${BREAKER}, loadBalancer: {kind: roundRobin}}`,
} as const;
type Label = keyof typeof CLIENTS;
const LABELS = Object.keys(CLIENTS) as Label[];

const ports = new Map<Label, number>();
let weft: Weft;

before(async () => {
  const routers: string[] = [];
  for (const label of LABELS) {
    ports.set(label, await freePort());
    const servers = `servers: [{ip: ${IP}, port: ${ports.get(label)}}]`;
    const dtab = 'dtab: /svc => /#/io.l5d.fs';
    routers.push(`- {protocol: http, label: ${label}, ${dtab}, client: ${CLIENTS[label]}, ${servers}}`);
  }
  weft = await Weft.start({ env: { WEFT_WORKERS: '2' }, more: routers.join('\n') });
});

after(() => weft.stop());

/** What became of the first of five endpoints. */
interface Outcome {
  /** Its share of the requests. */
  readonly share: number;
  /** Requests that failed, of all. */
  readonly failed: number;
  /** Requests by endpoint. */
  readonly requests: readonly number[];
}

interface Load {
  readonly ratePerSecond: number;
  readonly durationMs: number;
}

const never = () => false;

/** Sends so many requests through each of some balancers at once, each to endpoints of its own. */
async function run<L extends Label>(
  scenario: string,
  labels: readonly L[],
  first: () => ScenarioBehaviour,
  others: ScenarioBehaviour,
  { ratePerSecond, durationMs }: Load,
): Promise<Record<L, Outcome>> {
  const outcomes = labels.map(async (label): Promise<[L, Outcome]> => {
    const behaviours = Array.from({ length: ENDPOINTS }, (_, index) => (index === 0 ? first() : others));
    const upstreams = await Promise.all(behaviours.map((behaviour) => ScenarioUpstream.start(behaviour)));
    const host = `${scenario}-${label}`;
    weft.disco(
      host,
      upstreams.map((upstream) => upstream.disco),
    );
    const port = ports.get(label) as number;
    await generate({ port, host, ratePerSecond, durationMs, connectionsMax: 200, timeoutMs: 30_000, phase: 0 });
    await Promise.all(upstreams.map((upstream) => upstream.stop()));
    const requests = upstreams.map((upstream) => upstream.requests);
    const total = requests.reduce((sum, count) => sum + count, 0);
    const failed = upstreams.reduce((sum, { failures }) => sum + failures, 0);
    return [label, { share: (requests[0] as number) / total, failed: failed / total, requests }];
  });
  return Object.fromEntries(await Promise.all(outcomes)) as Record<L, Outcome>;
}

function assertOrder(what: string, ...ascending: readonly number[]): void {
  const sorted = [...ascending].sort((left, right) => left - right);
  assert.deepEqual(ascending, sorted, what);
}

test('one slow of five: peak EWMA sends it least, then least loaded, and round robin its even share', async () => {
  const load = { ratePerSecond: 40, durationMs: 6000 };
  const slow = () => ({ delayMs: () => 500, fails: never });
  const labels = ['p2c', 'ewma', 'heap', 'roundRobin'] as const;
  const { p2c, ewma, heap, roundRobin } = await run('slow', labels, slow, { delayMs: () => 10, fails: never }, load);
  const shares = JSON.stringify({ p2c, ewma, heap, roundRobin });
  assertOrder(shares, ewma.share * 1.5, p2c.share, roundRobin.share / 2);
  assertOrder(shares, ewma.share * 1.5, heap.share, roundRobin.share / 2);
  assert.ok(Math.abs(roundRobin.share - 0.2) < 0.02, shares);
});

test('one of twice the speed: whoever knows the load sends it more than its even share', async () => {
  const load = { ratePerSecond: 120, durationMs: 8000 };
  const shared = (ms: number) => ({ delayMs: (inProgress: number) => (inProgress + 1) * ms, fails: never });
  const labels = ['p2c', 'ewma', 'heap', 'roundRobin'] as const;
  const { p2c, ewma, heap, roundRobin } = await run('double', labels, () => shared(16), shared(32), load);
  const shares = JSON.stringify({ p2c, ewma, heap, roundRobin });
  assert.ok(Math.abs(roundRobin.share - 0.2) < 0.02, shares);
  for (const { share } of [p2c, ewma, heap]) assert.ok(share > roundRobin.share, shares);
});

test('fast failures attract who takes them for speed, and nobody who charges for them or has a breaker', async () => {
  const load = { ratePerSecond: 40, durationMs: 8000 };
  const failing = () => ({ delayMs: () => 0, fails: () => true });
  const labels = ['p2c', 'ewma', 'penalising', 'heap', 'roundRobin', 'p2c-breaker', 'roundRobin-breaker'] as const;
  const found = await run('fails', labels, failing, { delayMs: () => 100, fails: never }, load);
  const shares = JSON.stringify(found);
  for (const label of ['p2c', 'ewma', 'heap'] as const) {
    assertOrder(shares, found.roundRobin.failed, found[label].failed);
  }
  for (const label of ['penalising', 'p2c-breaker', 'roundRobin-breaker'] as const) {
    assertOrder(shares, found[label].failed, found.roundRobin.failed / 2);
  }
  assert.ok(found.penalising.failed > 0 && found['p2c-breaker'].failed > 0, shares);
});

test('an endpoint that flaps fails fewer requests with a breaker', async () => {
  const load = { ratePerSecond: 80, durationMs: 8000 };
  const flapping = () => {
    const startMs = performance.now();
    return { delayMs: () => 5, fails: () => Math.floor((performance.now() - startMs) / 2000) % 2 === 1 };
  };
  const labels = ['p2c', 'roundRobin', 'p2c-breaker', 'roundRobin-breaker'] as const;
  const found = await run('flaps', labels, flapping, { delayMs: () => 20, fails: never }, load);
  const shares = JSON.stringify(found);
  assertOrder(shares, found['p2c-breaker'].failed, found.p2c.failed / 1.2);
  assertOrder(shares, found['roundRobin-breaker'].failed, found.roundRobin.failed / 1.2);
  assert.ok(found['roundRobin-breaker'].failed > 0, shares);
});

test('cold start: every balancer tries all endpoints at once, but for an aperture, which begins with one', async () => {
  const load = { ratePerSecond: 40, durationMs: 2500 };
  const labels = ['p2c', 'ewma', 'heap', 'roundRobin', 'aperture'] as const;
  const alike = { delayMs: () => 10, fails: never };
  const { aperture, ...others } = await run('cold', labels, () => alike, alike, load);
  const counts = JSON.stringify({ aperture, ...others });
  for (const { requests } of Object.values(others)) assert.ok(Math.min(...requests) > 0, counts);
  const widest = Math.max(...aperture.requests);
  assert.ok(widest > Math.max(...others.roundRobin.requests) * 2, counts);
});
