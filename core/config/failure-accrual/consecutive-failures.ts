/** Failure accrual by failures in a row (spec 02 section 7.5, spec 05 section 5.3). */

import { kind } from '../kinds.ts';
import { int } from '../scalars.ts';
import type { Infer } from '../schema.ts';
import { required } from '../schema.ts';
import { common } from './common.ts';

/** `io.l5d.consecutiveFailures`. */
export const consecutiveFailures = kind('io.l5d.consecutiveFailures', {
  ...common,
  /** So many in a row mark an endpoint dead; 0 is as 1. */
  failures: required(int(0)),
});

/** What holds where a client says nothing. */
export const FIVE_IN_A_ROW: Infer<typeof consecutiveFailures.schema> = {
  kind: 'io.l5d.consecutiveFailures',
  backoff: undefined,
  failures: 5,
  experimental: false,
};
