/** Which policy and which backoff a configuration means (spec 02 section 7.5). */
import type { Random } from '../../balance/random.ts';
import type { FailureAccrualConfig } from '../../config/types.ts';
import type { EndpointRegion } from '../../shared/endpoint-region.ts';
import { ACCRUAL_BACKOFF, backoffOf } from '../backoff.ts';
import { ConsecutiveFailures } from './consecutive-failures.ts';
import { FailureAccrual, type FailureAccrualEvents } from './failure-accrual.ts';
import type { FailureAccrualPolicy } from './policy.ts';
import { SuccessRate } from './success-rate.ts';
import { SuccessRateWindowed } from './success-rate-windowed.ts';

/** The breakers of a client in one worker; null for `none`. */
export function createFailureAccrual(
  config: FailureAccrualConfig,
  region: EndpointRegion,
  random: Random,
  events: FailureAccrualEvents,
): FailureAccrual | null {
  if (config.kind === 'none') return null;
  const backoff = config.backoff === undefined ? ACCRUAL_BACKOFF : backoffOf(config.backoff);
  return new FailureAccrual(region, policyOf(config, region, random), backoff, random, events);
}

function policyOf(
  config: Exclude<FailureAccrualConfig, { readonly kind: 'none' }>,
  region: EndpointRegion,
  random: Random,
): FailureAccrualPolicy {
  switch (config.kind) {
    case 'io.l5d.consecutiveFailures':
      return new ConsecutiveFailures(region, config.failures);
    case 'io.l5d.successRate':
      return new SuccessRate(region, config.successRate, config.requests, random);
    case 'io.l5d.successRateWindowed':
      return new SuccessRateWindowed(region, config.successRate, config.window * 1000, random);
  }
}
