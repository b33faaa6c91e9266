/**
 * What the balancers promise, in virtual time over thousands of requests. Shares are compared with an even one; the
 * seeds are fixed, and the bounds leave room around what ten seeds gave.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type SimulatedEndpoint, type Simulation, type SimulationResult, simulate } from './simulator.ts';
import { BALANCERS } from './test-balancers.ts';

const FAST_MS = 20;
const SLOW_MS = 100 * FAST_MS;

const base = {
  clients: 2,
  requestsPerSecond: 100,
  durationMs: 120_000,
} satisfies Partial<Simulation>;

/** Responds in half to one and a half times the mean, however much it has to do. */
function steady(meanMs: number, fails = false): SimulatedEndpoint {
  return { serviceMicros: (_now, _inProgress, random) => meanMs * 1000 * (0.5 + random.unit()), fails };
}

/** Shares its capacity among what is in progress. */
function shared(meanMs: number): SimulatedEndpoint {
  return {
    serviceMicros: (_now, inProgress, random) => (inProgress + 1) * meanMs * 1000 * (0.5 + random.unit()),
    fails: false,
  };
}

function withFour(first: SimulatedEndpoint, others: SimulatedEndpoint): readonly SimulatedEndpoint[] {
  return [first, others, others, others, others];
}

function shareOfFirst({ requests, latenciesMicros }: SimulationResult): number {
  return (requests[0] as number) / latenciesMicros.length;
}

function shareWithin(result: SimulationResult, limitMs: number): number {
  return result.latenciesMicros.filter((micros) => micros < limitMs * 1000).length / result.latenciesMicros.length;
}

interface Expectation {
  readonly title: string;
  readonly kind: 'p2c' | 'ewma';
  readonly endpoints: readonly SimulatedEndpoint[];
  readonly failurePenaltyMs?: number;
  readonly requestsPerSecond?: number;
  /** Bounds of the first of five endpoints' share of the requests. */
  readonly share: readonly [number, number];
  /** Least share of requests answered within a second. */
  readonly withinSecond: number;
}

const oneSlow = withFour(steady(SLOW_MS), steady(FAST_MS));
const oneDoubleSpeed = withFour(shared(5), shared(10));
const oneFailsFast = withFour(steady(0.5, true), steady(FAST_MS));

const expectations: readonly Expectation[] = [
  { title: 'one slow of five', kind: 'p2c', endpoints: oneSlow, share: [0.004, 0.015], withinSecond: 0.985 },
  { title: 'one slow of five', kind: 'ewma', endpoints: oneSlow, share: [0.0001, 0.001], withinSecond: 0.999 },
  {
    title: 'one of twice the speed',
    kind: 'p2c',
    endpoints: oneDoubleSpeed,
    requestsPerSecond: 200,
    share: [0.24, 0.34],
    withinSecond: 1,
  },
  {
    title: 'one of twice the speed',
    kind: 'ewma',
    endpoints: oneDoubleSpeed,
    requestsPerSecond: 200,
    share: [0.28, 0.36],
    withinSecond: 1,
  },
  { title: 'one fails fast', kind: 'p2c', endpoints: oneFailsFast, share: [0.27, 0.35], withinSecond: 1 },
  { title: 'one fails fast', kind: 'ewma', endpoints: oneFailsFast, share: [0.36, 0.41], withinSecond: 1 },
  {
    title: 'one fails fast, with a penalty',
    kind: 'ewma',
    endpoints: oneFailsFast,
    failurePenaltyMs: 1000,
    share: [0.00001, 0.001],
    withinSecond: 1,
  },
];

function penalised(kind: 'p2c' | 'ewma', failurePenaltyMs = 0) {
  return kind === 'ewma' ? { ...BALANCERS.ewma, failurePenaltyMs } : BALANCERS.p2c;
}

for (const { title, kind, share, withinSecond, failurePenaltyMs, ...scenario } of expectations) {
  test(`${kind}, ${title}: it gets ${share[0] * 100} to ${share[1] * 100} % of the requests`, () => {
    for (const seed of [1, 2, 3]) {
      const result = simulate({ ...base, loadBalancer: penalised(kind, failurePenaltyMs), seed, ...scenario });
      const first = shareOfFirst(result);
      assert.ok(first >= share[0] && first <= share[1], `seed ${seed}: share ${first}`);
      assert.ok(shareWithin(result, 1000) >= withinSecond, `seed ${seed}: ${shareWithin(result, 1000)} within 1 s`);
      assert.equal(result.failures, scenario.endpoints[0]?.fails ? result.requests[0] : 0);
      assert.equal(result.pendingLeft, 0);
    }
  });
}

test('cold start: all endpoints are tried at once, and none is overrun', () => {
  for (const kind of ['p2c', 'ewma'] as const) {
    const endpoints = Array.from({ length: 10 }, () => steady(FAST_MS));
    const { requests } = simulate({ ...base, loadBalancer: BALANCERS[kind], seed: 1, endpoints, durationMs: 2000 });
    const mean = requests.reduce((sum, count) => sum + count, 0) / endpoints.length;
    assert.ok(
      requests.every((count) => count > mean / 2 && count < mean * 1.5),
      `${kind}: ${requests}`,
    );
  }
});

test('cold start: while the first requests of an endpoint are out, ewma sends it no more', () => {
  const warmingUp: SimulatedEndpoint = { serviceMicros: () => 1_000_000, fails: false };
  for (const seed of [1, 2, 3]) {
    const endpoints = withFour(warmingUp, steady(FAST_MS));
    const { requests } = simulate({ ...base, loadBalancer: BALANCERS.ewma, seed, endpoints, durationMs: 900 });
    assert.ok((requests[0] as number) <= 2, `seed ${seed}: ${requests}`);
    assert.ok((requests[1] as number) > 20, `seed ${seed}: ${requests}`);
  }
});

test('an endpoint that was slow for a while gets its share back as its peak decays', () => {
  const recovering: SimulatedEndpoint = {
    serviceMicros: (now) => (now < 10e6 ? SLOW_MS : FAST_MS) * 1000,
    fails: false,
  };
  for (const seed of [1, 2, 3]) {
    const endpoints = withFour(recovering, steady(FAST_MS));
    const short = shareOfFirst(
      simulate({ ...base, loadBalancer: BALANCERS.ewma, seed, endpoints, durationMs: 30_000 }),
    );
    const long = shareOfFirst(
      simulate({ ...base, loadBalancer: BALANCERS.ewma, seed, endpoints, durationMs: 240_000 }),
    );
    assert.ok(short < 0.01, `seed ${seed}: ${short} while the peak of ${SLOW_MS} ms lasts`);
    assert.ok(long > 0.1, `seed ${seed}: ${long} after it`);
  }
});

test('equal scenarios give equal results', () => {
  const scenario = { ...base, loadBalancer: BALANCERS.ewma, seed: 5, endpoints: oneSlow, durationMs: 5000 } as const;
  assert.deepEqual(simulate(scenario), simulate(scenario));
});
