/** Keys that all failure accrual kinds but `none` have (spec 02 section 7.5). */
import { backoff } from '../backoff.ts';
import { optional } from '../schema.ts';

/** The shape of those keys. */
export const common = {
  /** How long a dead endpoint is left alone; undefined: equal jitter from 5 s to 300 s. */
  backoff: optional(backoff),
};
