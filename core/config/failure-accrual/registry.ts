/** The failure accrual kinds (spec 02 section 7.5). A new kind is a file beside this one and a line in this list. */
import { backoff } from '../backoff.ts';
import { kinds, laterKind } from '../kinds.ts';
import { keyShape, optional } from '../schema.ts';
import { none } from './none.ts';

/** Reads a client's `failureAccrual`. */
export const failureAccrual = kinds('failureAccrual kind', [
  none,
  laterKind('io.l5d.consecutiveFailures', { ...keyShape('failures'), backoff: optional(backoff) }),
  laterKind('io.l5d.successRate', { ...keyShape('successRate', 'requests'), backoff: optional(backoff) }),
  laterKind('io.l5d.successRateWindowed', { ...keyShape('successRate', 'window'), backoff: optional(backoff) }),
]);
