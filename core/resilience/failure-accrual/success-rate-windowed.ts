/**
 * `io.l5d.successRateWindowed`: too low a share of successes in the latest seconds, by an exponential moving average over
 * time. Nothing is too low before a whole window has passed since the first result, or with fewer than five results in it.
 *
 *     tally     0 none yet, 1..9 results, then 5..9 round and round: where the next goes among
 *     recent    when the last five came; the oldest of them says whether there were five in the window
 *
 * Finagle counts the five in slices of a fifth of the window; these are counted to the tick.
 */
import type { Random } from '../../balance/random.ts';
import { claimElapsedTicks, elapsedTicks } from '../../shared/endpoint-cells.ts';
import {
  BREAKER_FULL,
  BREAKER_RECENT_TICKS,
  BREAKER_SINCE_TICKS,
  BREAKER_STAMP_TICKS,
  type EndpointRegion,
  ROW_SHIFT,
  ROW_SUCCESS_RATE,
  ROW_TALLY,
  TICK_MICROS,
} from '../../shared/endpoint-region.ts';
import type { FailureAccrualPolicy } from './policy.ts';
import { mixResult } from './success-average.ts';

const RESULTS_MIN = 5;

/** Finagle's successRateWithinDuration. */
export class SuccessRateWindowed implements FailureAccrualPolicy {
  readonly quiet = false;
  private readonly words: Int32Array<SharedArrayBuffer>;
  private readonly rowsAt: number;
  private readonly breakersAt: number;
  private readonly successRate: number;
  private readonly windowTicks: number;
  private readonly random: Random;

  /**
   * @param successRate below this the endpoint is dead, from 0 to 1
   * @param windowMs at most 18 hours, as stamps wrap after 19
   * @param random rounds the average
   */
  constructor(region: EndpointRegion, successRate: number, windowMs: number, random: Random) {
    this.words = region.words;
    this.rowsAt = region.rowsAt;
    this.breakersAt = region.breakersAt;
    this.successRate = successRate;
    this.windowTicks = (windowMs * 1000) / TICK_MICROS;
    this.random = random;
  }

  recordSuccess(row: number, nowTicks: number): void {
    this.record(row, true, this.enter(row, nowTicks), nowTicks);
  }

  isDeadOnFailure(row: number, nowTicks: number): boolean {
    const place = this.enter(row, nowTicks);
    return this.record(row, false, place, nowTicks) < this.successRate && this.hasEnough(row, place, nowTicks);
  }

  reset(row: number): void {
    Atomics.store(this.words, this.rowsAt + (row << ROW_SHIFT) + ROW_TALLY, 0);
  }

  /** Notes that a result has come. @returns its place: the tally before it */
  private enter(row: number, nowTicks: number): number {
    const tallyAt = this.rowsAt + (row << ROW_SHIFT) + ROW_TALLY;
    const place = this.words[tallyAt] as number;
    // Who loses shares its place with another result of the same moment.
    Atomics.compareExchange(this.words, tallyAt, place, place === 2 * RESULTS_MIN - 1 ? RESULTS_MIN : place + 1);
    const at = this.breakersAt + (row << ROW_SHIFT);
    this.words[at + BREAKER_RECENT_TICKS + (place % RESULTS_MIN)] = nowTicks;
    return place;
  }

  private record(row: number, success: boolean, place: number, nowTicks: number): number {
    const rateAt = this.rowsAt + (row << ROW_SHIFT) + ROW_SUCCESS_RATE;
    const at = this.breakersAt + (row << ROW_SHIFT);
    if (place === 0) {
      this.words[at + BREAKER_SINCE_TICKS] = nowTicks;
      this.words[at + BREAKER_STAMP_TICKS] = nowTicks;
      this.words[at + BREAKER_FULL] = 0;
      return mixResult(this.words, rateAt, success, 0, this.random);
    }
    const elapsed = claimElapsedTicks(this.words, at + BREAKER_STAMP_TICKS, nowTicks);
    return mixResult(this.words, rateAt, success, Math.exp(-elapsed / this.windowTicks), this.random);
  }

  /** A whole window has been seen, and enough results in the one that ends now. */
  private hasEnough(row: number, place: number, nowTicks: number): boolean {
    const at = this.breakersAt + (row << ROW_SHIFT);
    if (this.words[at + BREAKER_FULL] === 0) {
      if (elapsedTicks(nowTicks, this.words[at + BREAKER_SINCE_TICKS] as number) < this.windowTicks) return false;
      // Remembered, as the stamp will look young again in 19 hours.
      this.words[at + BREAKER_FULL] = 1;
    }
    if (place < RESULTS_MIN - 1) return false;
    const fifthLast = this.words[at + BREAKER_RECENT_TICKS + ((place + 1) % RESULTS_MIN)] as number;
    return elapsedTicks(nowTicks, fifthLast) <= this.windowTicks;
  }
}
