/** Failure accrual by the share of successes among the latest requests (spec 02 section 7.5, spec 05 section 5.3). */
import { kind } from '../kinds.ts';
import { int, share } from '../scalars.ts';
import { required } from '../schema.ts';
import { common } from './common.ts';

/** `io.l5d.successRate`. */
export const successRate = kind('io.l5d.successRate', {
  ...common,
  /** Below this share an endpoint is dead. */
  successRate: required(share),
  /** The window, and how many must have been seen before any verdict. */
  requests: required(int(1)),
});
