/**
 * What a failure accrual policy is asked (spec 05 section 5.3; Finagle's FailureAccrualPolicy): whether this failure is one
 * too many. When and for how long the endpoint is left alone is the state machine's business, failure-accrual.ts.
 *
 * A policy has no state of its own, for all workers have theirs together: it lives in the endpoint's row. Policies are
 * called from several threads at once.
 */

/** Judges the endpoints of a client, in one worker. */
export interface FailureAccrualPolicy {
  /** A success says nothing as long as the row's tally is 0. */
  readonly quiet: boolean;
  /** A request to the endpoint has succeeded. */
  recordSuccess(row: number, nowTicks: number): void;
  /** A request has failed. @returns whether the endpoint is to be left alone */
  isDeadOnFailure(row: number, nowTicks: number): boolean;
  /** The endpoint is back: what was before is forgotten. */
  reset(row: number): void;
}
