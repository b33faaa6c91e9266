// k6's side of the scenario "slow-endpoint": a constant arrival rate, an open loop. loadtest/README.md has the command.
import http from 'k6/http';
import { check } from 'k6';

const seconds = Number(__ENV.SECONDS || 30);
const rate = Number(__ENV.RATE || 1000);

export const options = {
  summaryTrendStats: ['min', 'med', 'p(90)', 'p(95)', 'p(99)', 'p(99.9)', 'max'],
  scenarios: {
    load: {
      executor: 'constant-arrival-rate',
      rate,
      timeUnit: '1s',
      duration: `${seconds}s`,
      preAllocatedVUs: 200,
      maxVUs: 2000,
    },
  },
};

export default function () {
  const response = http.get(__ENV.TARGET, { headers: { Host: 'web' }, timeout: '10s' });
  check(response, {
    'status is 200': ({ status }) => status === 200,
    'within a second': ({ timings }) => timings.duration <= 1000,
  });
}
