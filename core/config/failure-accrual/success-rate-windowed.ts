/** Failure accrual by the share of successes in the latest seconds (spec 02 section 7.5, spec 05 section 5.3). */
import { kind } from '../kinds.ts';
import { int, share } from '../scalars.ts';
import { required } from '../schema.ts';
import { common } from './common.ts';

/** Stamps of the shared endpoint table wrap after 19 hours. */
const WINDOW_SECS_MAX = 18 * 3600;

/** `io.l5d.successRateWindowed`. */
export const successRateWindowed = kind('io.l5d.successRateWindowed', {
  ...common,
  /** Below this share an endpoint is dead. */
  successRate: required(share),
  /** Seconds. */
  window: required(int(1, WINDOW_SECS_MAX)),
});
