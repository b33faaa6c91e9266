// k6's side of the scenario "ramp": the rate doubles in six steps up to RATE. loadtest/README.md has the command.
import http from 'k6/http';
import { check } from 'k6';

const seconds = Number(__ENV.SECONDS || 5);
const topRate = Number(__ENV.RATE || 16000);
const steps = [32, 16, 8, 4, 2, 1].map((part) => Math.round(topRate / part));

export const options = {
  summaryTrendStats: ['min', 'med', 'p(90)', 'p(95)', 'p(99)', 'p(99.9)', 'max'],
  scenarios: {
    load: {
      executor: 'ramping-arrival-rate',
      startRate: steps[0],
      timeUnit: '1s',
      preAllocatedVUs: 200,
      maxVUs: 1000,
      // Up at once, then level.
      stages: steps.flatMap((target) => [
        { target, duration: '0s' },
        { target, duration: `${seconds}s` },
      ]),
    },
  },
};

export default function () {
  const response = http.get(__ENV.TARGET, { headers: { Host: 'web' }, timeout: '10s' });
  check(response, { 'status is 200': ({ status }) => status === 200 });
}
