/**
 * What an outage costs with a breaker, under each balancer, in virtual time: an endpoint of two is down for ten minutes and then
 * up again, four workers send.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type SimulatedEndpoint, simulate } from '../../balance/simulator.ts';
import { BALANCERS } from '../../balance/test-balancers.ts';
import { configOf } from './test-breakers.ts';

const DOWN_MS = 600_000;
const UP_MS = 600_000;
const WORKERS = 4;
const REQUESTS_PER_SECOND = 10;
const SERVICE_MICROS = 20_000;
/** Until the fifth failure is known others may be out, hardly more than one for each worker. */
const UNDER_WAY_MAX = 2 * WORKERS;

const well: SimulatedEndpoint = { serviceMicros: () => SERVICE_MICROS, fails: () => false };
const down: SimulatedEndpoint = {
  serviceMicros: () => SERVICE_MICROS,
  fails: (nowMicros) => nowMicros < DOWN_MS * 1000,
};

/** An aperture of one would never meet the endpoint that is down, or none but that. */
const balancers = [
  BALANCERS.p2c,
  BALANCERS.ewma,
  { ...BALANCERS.aperture, minAperture: 2 },
  BALANCERS.heap,
  BALANCERS.roundRobin,
];

for (const loadBalancer of balancers) {
  test(`${loadBalancer.kind}: ten minutes of outage cost five requests and a probe for each backoff; then it is used again`, () => {
    for (const seed of [1, 2, 3]) {
      const { requests, failures } = simulate({
        loadBalancer,
        failureAccrual: configOf('io.l5d.consecutiveFailures', { failures: 5 }),
        endpoints: [down, well],
        clients: WORKERS,
        requestsPerSecond: REQUESTS_PER_SECOND,
        durationMs: DOWN_MS + UP_MS,
        seed,
      });
      // Deaths of 5 s, then of 5 to 10, 10 to 20 ... 160 to 300: six to eight of them begin within ten minutes.
      assert.ok(failures >= 5 + 5 && failures <= 5 + 8 + UNDER_WAY_MAX, `seed ${seed}: ${failures} failed`);
      // The last probe fails before its end, and the next comes after 300 s at most: half of what comes then is its share.
      const answered = (requests[0] as number) - failures;
      const shareMin = (0.4 * WORKERS * REQUESTS_PER_SECOND * (UP_MS - 310_000)) / 1000;
      assert.ok(answered >= shareMin, `seed ${seed}: ${answered} answered, of ${requests}`);
    }
  });
}

test('without a breaker the outage costs a share of all requests', () => {
  const { failures } = simulate({
    loadBalancer: BALANCERS.p2c,
    endpoints: [down, well],
    clients: WORKERS,
    requestsPerSecond: REQUESTS_PER_SECOND,
    durationMs: DOWN_MS,
    seed: 1,
  });
  assert.ok(failures > 0.3 * WORKERS * REQUESTS_PER_SECOND * (DOWN_MS / 1000), `${failures}`);
});
