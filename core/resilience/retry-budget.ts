/**
 * How many retries are affordable: Finagle's token bucket (spec 05 section 6.1), as arithmetic. Requests put tokens in, each
 * retry takes some out, and both are forgotten after `ttlSecs`, so that the bucket is a bound on the last so many seconds:
 *
 *     available = reserve + deposits of the last ttlSecs - withdrawals of the last ttlSecs
 *
 *     percentCanRetry p     deposit    cost of a retry      reserve
 *     > 0                   1000       floor(1000 / p)      minRetriesPerSec * ttlSecs retries
 *     0                     0          1                    the same
 *
 * Time goes in ten slices: what a slice holds is forgotten as a whole. Where the tokens are counted, by all workers of the
 * node, says core/shared/retry-budgets.ts.
 */

import type { BudgetConfig } from '../config/types.ts';

/** Slices that a budget's time is cut into. */
export const SLICES = 10;
const DEPOSIT = 1000;

/** What a budget's parameters come to. */
export class BudgetTerms {
  /** Tokens that a retry takes. */
  readonly cost: number;
  /** Length of a slice, in tenths of a second. */
  readonly sliceTenths: number;
  readonly #deposit: number;
  readonly #reserve: number;

  constructor({ ttlSecs, minRetriesPerSec, percentCanRetry }: BudgetConfig) {
    this.#deposit = percentCanRetry > 0 ? DEPOSIT : 0;
    this.cost = percentCanRetry > 0 ? Math.floor(DEPOSIT / percentCanRetry) : 1;
    this.#reserve = minRetriesPerSec * ttlSecs * this.cost;
    // A tenth of so many seconds is so many tenths of one.
    this.sliceTenths = ttlSecs;
  }

  /** The slice of a time. @param nowTenths on a clock that all who share the budget read, in tenths of a second */
  sliceOf(nowTenths: number): number {
    return Math.floor(nowTenths / this.sliceTenths);
  }

  /**
   * Retries that are affordable.
   *
   * @param deposits requests counted in the live slices
   * @param withdrawals retries taken in them
   */
  balance(deposits: number, withdrawals: number): number {
    return Math.max(0, Math.floor((this.#reserve + deposits * this.#deposit) / this.cost) - withdrawals);
  }
}
