/**
 * `io.l5d.successRate`: too low a share of successes among the latest requests, by an exponential moving average over the
 * requests' count. The tally counts results up to the window; before it is full nothing is too low.
 */
import type { Random } from '../../balance/random.ts';
import { type EndpointRegion, ROW_SHIFT, ROW_SUCCESS_RATE, ROW_TALLY } from '../../shared/endpoint-region.ts';
import type { FailureAccrualPolicy } from './policy.ts';
import { mixResult } from './success-average.ts';

/** Finagle's successRate. */
export class SuccessRate implements FailureAccrualPolicy {
  readonly quiet = false;
  private readonly words: Int32Array<SharedArrayBuffer>;
  private readonly rowsAt: number;
  private readonly successRate: number;
  private readonly requests: number;
  private readonly keep: number;
  private readonly random: Random;

  /**
   * @param successRate below this the endpoint is dead, from 0 to 1
   * @param requests the window
   * @param random rounds the average
   */
  constructor(region: EndpointRegion, successRate: number, requests: number, random: Random) {
    this.words = region.words;
    this.rowsAt = region.rowsAt;
    this.successRate = successRate;
    this.requests = requests;
    this.keep = Math.exp(-1 / requests);
    this.random = random;
  }

  recordSuccess(row: number): void {
    this.record(row, true);
  }

  isDeadOnFailure(row: number): boolean {
    return this.record(row, false) < this.successRate && this.isFull(row);
  }

  reset(row: number): void {
    Atomics.store(this.words, this.rowsAt + (row << ROW_SHIFT) + ROW_TALLY, 0);
  }

  private record(row: number, success: boolean): number {
    const at = this.rowsAt + (row << ROW_SHIFT);
    const first = !this.isFull(row) && Atomics.add(this.words, at + ROW_TALLY, 1) === 0;
    return mixResult(this.words, at + ROW_SUCCESS_RATE, success, first ? 0 : this.keep, this.random);
  }

  private isFull(row: number): boolean {
    return (this.words[this.rowsAt + (row << ROW_SHIFT) + ROW_TALLY] as number) >= this.requests;
  }
}
