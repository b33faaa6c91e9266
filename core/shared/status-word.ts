/**
 * The status of an endpoint and what lies behind it, in one word of its row: every transition is one compare-and-swap,
 * so all workers agree on one status, and an endpoint is marked dead once a node and not once a worker.
 *
 *      31                 10 9           5  4           3     2  1      0
 *     +---------------------+-------------+-----------+---------+--------+
 *     | due (x 16.4 ms)     | backoffs    | fail-fast | accrual | status |
 *     +---------------------+-------------+-----------+---------+--------+
 *
 *     status      what balancers compare: Open or Busy, the worse of the two marks below (spec 05 section 3)
 *     accrual     a state of failure accrual (core/resilience/failure-accrual/): Dead and ProbeClosed are Busy
 *     fail-fast   a connect has failed, and none has come about since: Busy
 *     backoffs    how often in a row accrual has found the endpoint dead, at most 31
 *     due         when Dead or ProbeClosed is over; wraps every 19 hours
 *
 * A healthy endpoint's word is 0. No timer ends a death: whoever looks at a word that is due writes ProbeOpen in its place.
 */
import { TICK_MICROS } from './endpoint-region.ts';

/** Where an endpoint stands with failure accrual (spec 05 section 5.1). The odd ones are Busy. */
export const ACCRUAL = { alive: 0, dead: 1, probeOpen: 2, probeClosed: 3 } as const;

/** The bits that hold one of the STATUS_ values. */
export const STATUS_MASK = 3;

/** The most that {@link backoffsOf} counts. */
export const BACKOFFS_MAX = 31;

/** Longer deaths are cut to this: half a day, so that what is due is told from what will be, on a clock of 19 hours. */
export const DUE_MS_MAX = 12 * 3600 * 1000;

const ACCRUAL_SHIFT = 2;
const FAIL_FAST_SHIFT = 4;
const FAIL_FAST = 1 << FAIL_FAST_SHIFT;
const BACKOFFS_SHIFT = 5;
const DUE_SHIFT = 10;
/** Of a clock in ticks. */
const DUE_DROPPED_BITS = 10;
const DUE_MASK = 0x3fffff;
/** How far the clock of the one who looks may lag behind the writer's. */
const LAG_MS_MAX = 60_000;
/** Moments that lie ahead by at most this, in units of `due`; all others, 7 hours of them, are past. */
const AHEAD_MAX = Math.ceil(((DUE_MS_MAX + LAG_MS_MAX) * 1000) / TICK_MICROS / 2 ** DUE_DROPPED_BITS) + 2;

/** The state of failure accrual in a word: one of {@link ACCRUAL}. */
export function accrualOf(word: number): number {
  return (word >> ACCRUAL_SHIFT) & 3;
}

/** How often in a row the endpoint has been found dead. */
export function backoffsOf(word: number): number {
  return (word >> BACKOFFS_SHIFT) & BACKOFFS_MAX;
}

/** Whether a connect has failed and none has come about since. */
export function hasFailedFast(word: number): boolean {
  return (word & FAIL_FAST) !== 0;
}

/** `word` with the fail-fast mark set or taken off. */
export function withFailFast(word: number, marked: boolean): number {
  return withStatus(marked ? word | FAIL_FAST : word & ~FAIL_FAST);
}

/** `word` with another state of failure accrual, the rest as it was. */
export function withAccrual(word: number, state: number): number {
  return withStatus((word & ~(3 << ACCRUAL_SHIFT)) | (state << ACCRUAL_SHIFT));
}

/**
 * `word` with a state that ends by itself.
 *
 * @param state Dead or ProbeClosed
 * @param backoffs as {@link backoffsOf} will give it; the word counts to {@link BACKOFFS_MAX}
 * @param nowTicks the clock of endpoint-region.ts, wrapped
 * @param lastsMs how long from now; at most {@link DUE_MS_MAX} counts
 */
export function withAccrualUntil(
  word: number,
  state: number,
  backoffs: number,
  nowTicks: number,
  lastsMs: number,
): number {
  const ticks = Math.ceil((Math.min(lastsMs, DUE_MS_MAX) * 1000) / TICK_MICROS);
  // Rounded up: a death is never shorter than it should be.
  const due = ((nowTicks >>> DUE_DROPPED_BITS) + Math.ceil(ticks / 2 ** DUE_DROPPED_BITS) + 1) & DUE_MASK;
  const counted = Math.min(backoffs, BACKOFFS_MAX);
  return withStatus((due << DUE_SHIFT) | (counted << BACKOFFS_SHIFT) | (state << ACCRUAL_SHIFT) | (word & FAIL_FAST));
}

/** The word of an endpoint that accrual has nothing against. */
export function revived(word: number): number {
  return withStatus(word & FAIL_FAST);
}

/** Whether Dead or ProbeClosed is over. */
export function isDue(word: number, nowTicks: number): boolean {
  if ((accrualOf(word) & 1) === 0) return false;
  const ahead = ((word >>> DUE_SHIFT) - (nowTicks >>> DUE_DROPPED_BITS)) & DUE_MASK;
  return ahead === 0 || ahead > AHEAD_MAX;
}

function withStatus(word: number): number {
  const busy = ((word >> ACCRUAL_SHIFT) | (word >> FAIL_FAST_SHIFT)) & 1;
  return (word & ~STATUS_MASK) | busy;
}
