/**
 * What the balancers promise, in virtual time over thousands of requests. Shares are compared with an even one; the
 * seeds are fixed, and the bounds leave room around what six seeds gave.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FailureAccrualConfig, LoadBalancerConfig } from '../config/types.ts';
import { type SimulatedEndpoint, type Simulation, type SimulationResult, simulate } from './simulator.ts';
import { BALANCERS } from './test-balancers.ts';

const FAST_MS = 20;
const SLOW_MS = 100 * FAST_MS;
const SEEDS = [1, 2];
/** How long the flapping endpoint is up, and then down. */
const FLAP_MICROS = 10e6;

const base = { clients: 2, requestsPerSecond: 100, durationMs: 120_000 } satisfies Partial<Simulation>;

const breaker: FailureAccrualConfig = {
  kind: 'io.l5d.consecutiveFailures',
  failures: 5,
  backoff: { kind: 'constant', ms: 1000, experimental: false },
  experimental: false,
};

const { p2c, ewma, aperture, heap, roundRobin } = BALANCERS;
/** As Weft's default: a failure counts for a slow response. */
const penalising = { ...ewma, failurePenaltyMs: 1000 };

const never = () => false;

/** Responds in half to one and a half times the mean, however much it has to do. */
function steady(meanMs: number, fails: SimulatedEndpoint['fails'] = never): SimulatedEndpoint {
  return { serviceMicros: (_now, _inProgress, random) => meanMs * 1000 * (0.5 + random.unit()), fails };
}

/** Shares its capacity among what is in progress. */
function shared(meanMs: number): SimulatedEndpoint {
  return {
    serviceMicros: (_now, inProgress, random) => (inProgress + 1) * meanMs * 1000 * (0.5 + random.unit()),
    fails: never,
  };
}

const isDown = (nowMicros: number) => Math.floor(nowMicros / FLAP_MICROS) % 2 === 1;

/** Well for a while, then failing at once for as long, and so on. */
const flapping: SimulatedEndpoint = {
  serviceMicros: (now, _inProgress, random) => (isDown(now) ? 500 : FAST_MS * 1000) * (0.5 + random.unit()),
  fails: isDown,
};

function withFour(first: SimulatedEndpoint, others: SimulatedEndpoint): readonly SimulatedEndpoint[] {
  return [first, others, others, others, others];
}

function equal(count: number): readonly SimulatedEndpoint[] {
  return Array.from({ length: count }, () => steady(FAST_MS));
}

function shareOfFirst({ requests, latenciesMicros }: SimulationResult): number {
  return (requests[0] as number) / latenciesMicros.length;
}

function shareWithin(result: SimulationResult, limitMs: number): number {
  return result.latenciesMicros.filter((micros) => micros < limitMs * 1000).length / result.latenciesMicros.length;
}

function quantileMs({ latenciesMicros }: SimulationResult, quantile: number): number {
  return (latenciesMicros[Math.floor(latenciesMicros.length * quantile)] as number) / 1000;
}

type Range = readonly [from: number, to: number];

interface Scenario extends Pick<Simulation, 'endpoints' | 'failureAccrual'> {
  readonly title: string;
  readonly requestsPerSecond?: number;
  /** For each balancer the bounds of the first of five endpoints' share of the requests, and of the 99th percentile. */
  readonly expected: readonly (readonly [balancer: LoadBalancerConfig, share: Range, p99Ms: Range])[];
}

const scenarios: readonly Scenario[] = [
  {
    // Least loaded keeps a request or two there; peak EWMA remembers; round robin sends a fifth of all.
    title: 'one slow of five',
    endpoints: withFour(steady(SLOW_MS), steady(FAST_MS)),
    expected: [
      [p2c, [0.004, 0.015], [25, 35]],
      [ewma, [0.0001, 0.001], [25, 35]],
      [aperture, [0, 0.015], [25, 35]],
      [heap, [0.003, 0.01], [25, 35]],
      [roundRobin, [0.199, 0.201], [2500, 3000]],
    ],
  },
  {
    // A third is its part by capacity.
    title: 'one of twice the speed',
    endpoints: withFour(shared(5), shared(10)),
    requestsPerSecond: 200,
    expected: [
      [p2c, [0.24, 0.3], [40, 60]],
      [ewma, [0.28, 0.34], [36, 53]],
      [aperture, [0.24, 0.3], [45, 70]],
      [heap, [0.27, 0.32], [28, 45]],
      [roundRobin, [0.199, 0.201], [65, 100]],
    ],
  },
  {
    // What is quickly done with a request has few, and gets more.
    title: 'one fails fast',
    endpoints: withFour(
      steady(0.5, () => true),
      steady(FAST_MS),
    ),
    expected: [
      [p2c, [0.28, 0.34], [25, 35]],
      [ewma, [0.37, 0.43], [25, 35]],
      [penalising, [0.00001, 0.001], [25, 35]],
      [heap, [0.41, 0.48], [25, 35]],
      [roundRobin, [0.199, 0.201], [25, 35]],
    ],
  },
  {
    title: 'one fails fast, with a breaker',
    failureAccrual: breaker,
    endpoints: withFour(
      steady(0.5, () => true),
      steady(FAST_MS),
    ),
    expected: [
      [p2c, [0.003, 0.008], [25, 35]],
      [ewma, [0.003, 0.008], [25, 35]],
      [penalising, [0.00001, 0.001], [25, 35]],
      [aperture, [0, 0.008], [25, 35]],
      [heap, [0.003, 0.008], [25, 35]],
      [roundRobin, [0.003, 0.008], [25, 35]],
    ],
  },
  {
    title: 'one flaps',
    endpoints: withFour(flapping, steady(FAST_MS)),
    expected: [
      [p2c, [0.23, 0.28], [25, 35]],
      [ewma, [0.27, 0.33], [25, 35]],
      [penalising, [0.01, 0.03], [25, 35]],
      [heap, [0.3, 0.35], [25, 35]],
      [roundRobin, [0.199, 0.201], [25, 35]],
    ],
  },
  {
    // It has its share while it is well: half of the time.
    title: 'one flaps, with a breaker',
    failureAccrual: breaker,
    endpoints: withFour(flapping, steady(FAST_MS)),
    expected: [
      [p2c, [0.08, 0.12], [25, 35]],
      [ewma, [0.08, 0.12], [25, 35]],
      [penalising, [0.01, 0.03], [25, 35]],
      [aperture, [0, 0.2], [25, 35]],
      [heap, [0.08, 0.12], [25, 35]],
      [roundRobin, [0.08, 0.12], [25, 35]],
    ],
  },
];

function nameOf(balancer: LoadBalancerConfig): string {
  return balancer === penalising ? 'ewma with a penalty' : balancer.kind;
}

function assertIn(value: number, [from, to]: Range, what: string): void {
  assert.ok(value >= from && value <= to, `${what} ${value} is not from ${from} to ${to}`);
}

for (const { title, expected, ...scenario } of scenarios) {
  for (const [loadBalancer, share, p99Ms] of expected) {
    test(`${title}: ${nameOf(loadBalancer)} sends it ${share[0] * 100} to ${share[1] * 100} % of the requests`, () => {
      for (const seed of SEEDS) {
        const result = simulate({ ...base, loadBalancer, seed, ...scenario });
        assertIn(shareOfFirst(result), share, `seed ${seed}: share`);
        assertIn(quantileMs(result, 0.99), p99Ms, `seed ${seed}: p99`);
        const failures = result.failures / result.latenciesMicros.length;
        // Most a flapping endpoint costs with a breaker: five requests each time it goes down, and a probe a second.
        if (scenario.failureAccrual !== undefined) assert.ok(failures < 0.008, `seed ${seed}: ${failures} failed`);
        assert.equal(result.pendingLeft, 0);
      }
    });
  }
}

test('a slow endpoint: success within a second is best with peak EWMA, and worst with round robin', () => {
  const endpoints = withFour(steady(SLOW_MS), steady(FAST_MS));
  for (const seed of SEEDS) {
    const [byEwma, byHeap, byRound] = [ewma, heap, roundRobin].map((loadBalancer) =>
      shareWithin(simulate({ ...base, loadBalancer, seed, endpoints }), 1000),
    ) as [number, number, number];
    assert.ok(byEwma > 0.999, `ewma ${byEwma}`);
    assert.ok(byHeap > 0.985 && byHeap < byEwma, `heap ${byHeap}`);
    assertIn(byRound, [0.79, 0.81], 'roundRobin');
  }
});

test('cold start: all endpoints are tried at once, and none is overrun', () => {
  for (const loadBalancer of [p2c, ewma, heap, roundRobin]) {
    const { requests, peaks } = simulate({ ...base, loadBalancer, seed: 1, endpoints: equal(10), durationMs: 2000 });
    const mean = requests.reduce((sum, count) => sum + count, 0) / requests.length;
    assert.ok(
      requests.every((count) => count > mean / 2 && count < mean * 1.5),
      `${loadBalancer.kind}: ${requests}`,
    );
    assert.ok(
      peaks.every((peak) => peak <= 4),
      `${loadBalancer.kind}: ${peaks}`,
    );
  }
});

test('cold start: while the first requests of an endpoint are out, ewma sends it no more', () => {
  const warmingUp: SimulatedEndpoint = { serviceMicros: () => 1_000_000, fails: never };
  for (const seed of SEEDS) {
    const endpoints = withFour(warmingUp, steady(FAST_MS));
    const { requests } = simulate({ ...base, loadBalancer: ewma, seed, endpoints, durationMs: 900 });
    assert.ok((requests[0] as number) <= 2, `seed ${seed}: ${requests}`);
    assert.ok((requests[1] as number) > 20, `seed ${seed}: ${requests}`);
  }
});

test('an endpoint that was slow for a while gets its share back as its peak decays', () => {
  const recovering: SimulatedEndpoint = {
    serviceMicros: (now) => (now < 10e6 ? SLOW_MS : FAST_MS) * 1000,
    fails: never,
  };
  for (const seed of SEEDS) {
    const run = { ...base, loadBalancer: ewma, seed, endpoints: withFour(recovering, steady(FAST_MS)) };
    const short = shareOfFirst(simulate({ ...run, durationMs: 30_000 }));
    const long = shareOfFirst(simulate({ ...run, durationMs: 240_000 }));
    assert.ok(short < 0.01, `seed ${seed}: ${short} while the peak of ${SLOW_MS} ms lasts`);
    assert.ok(long > 0.1, `seed ${seed}: ${long} after it`);
  }
});

test('round robin is even to a request, and heap never has one more out than it must', () => {
  for (const seed of SEEDS) {
    const even = simulate({ ...base, loadBalancer: roundRobin, seed, endpoints: equal(20) });
    assert.ok(Math.max(...even.requests) - Math.min(...even.requests) <= 1, `${even.requests}`);
    const least = simulate({ ...base, loadBalancer: heap, seed, endpoints: equal(20) });
    // At most 15 of 20 are busy at a time with such traffic, so an idle one is always to be found.
    assert.deepEqual(new Set(least.peaks), new Set([1]));
  }
});

test('an aperture is as wide as its load needs, and no endpoint outside of it is asked for long', () => {
  for (const seed of SEEDS) {
    const widths = [100, 500].map((requestsPerSecond) => {
      const endpoints = equal(20);
      const { requests, window } = simulate({ ...base, loadBalancer: aperture, seed, endpoints, requestsPerSecond });
      const total = requests.reduce((sum, count) => sum + count, 0);
      assert.equal(requests.filter((count) => count > total / 1000).length, window, `seed ${seed}: ${requests}`);
      // So much is out on average: by Little's law, the rate of both clients times the mean response time.
      const load = (2 * requestsPerSecond * FAST_MS) / 1000;
      assert.ok(load / window > aperture.lowLoad && load / window < aperture.highLoad, `seed ${seed}: ${window} wide`);
      return window;
    });
    assert.ok((widths[1] as number) > 2 * (widths[0] as number), `seed ${seed}: ${widths}`);
  }
});

test('equal scenarios give equal results', () => {
  const endpoints = withFour(steady(SLOW_MS), steady(FAST_MS));
  const scenario = { ...base, loadBalancer: ewma, seed: 5, endpoints, durationMs: 5000 };
  assert.deepEqual(simulate(scenario), simulate(scenario));
});
