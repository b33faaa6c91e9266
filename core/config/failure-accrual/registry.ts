/** The failure accrual kinds (spec 02 section 7.5). A new kind is a file beside this one and a line in this list. */
import { kinds } from '../kinds.ts';
import { consecutiveFailures } from './consecutive-failures.ts';
import { none } from './none.ts';
import { successRate } from './success-rate.ts';
import { successRateWindowed } from './success-rate-windowed.ts';

/** Reads a client's `failureAccrual`. */
export const failureAccrual = kinds('failureAccrual kind', [
  consecutiveFailures,
  successRate,
  successRateWindowed,
  none,
]);
