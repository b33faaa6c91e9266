/** `io.l5d.consecutiveFailures`: so many failures with no success between them are too many. The tally counts them. */
import { type EndpointRegion, ROW_SHIFT, ROW_TALLY } from '../../shared/endpoint-region.ts';
import type { FailureAccrualPolicy } from './policy.ts';

/** Finagle's consecutiveFailures. */
export class ConsecutiveFailures implements FailureAccrualPolicy {
  readonly quiet = true;
  private readonly words: Int32Array<SharedArrayBuffer>;
  private readonly tallyAt: number;
  private readonly failures: number;

  /** @param failures how many are too many; 0 is as 1 */
  constructor(region: EndpointRegion, failures: number) {
    this.words = region.words;
    this.tallyAt = region.rowsAt + ROW_TALLY;
    this.failures = failures;
  }

  recordSuccess(row: number): void {
    const at = this.tallyAt + (row << ROW_SHIFT);
    if (this.words[at] !== 0) Atomics.store(this.words, at, 0);
  }

  isDeadOnFailure(row: number): boolean {
    return Atomics.add(this.words, this.tallyAt + (row << ROW_SHIFT), 1) + 1 >= this.failures;
  }

  reset(row: number): void {
    this.recordSuccess(row);
  }
}
