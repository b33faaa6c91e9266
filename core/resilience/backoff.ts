/**
 * How long to wait before the next try: the sequences of durations that retries, breakers and re-connects follow (spec 05
 * section 5.4; Finagle's Backoff). A step is a function of two numbers, its index and the duration before it, so the place in
 * a sequence can live in shared cells and any worker can take the next step.
 *
 *     constant               d, d, d ...
 *     decorrelated           min, then U(d, min(3 d, max)): never decreases, tends to max        "jittered" in configurations
 *     equal jitter           start, then h + U(0, h) with h = start 2^(k-1); from max on: max
 *     exponential jitter     start, then U(0, d 2^k); once d 2^k reaches max: max
 *
 * k counts the durations given so far. All are whole milliseconds, and no drawn one is 0: a wait of nothing would double to
 * nothing for ever.
 */
import type { BackoffConfig } from '../config/types.ts';

/** The form of a sequence. */
export type BackoffShape = 'constant' | 'decorrelated' | 'equalJitter' | 'exponentialJitter';

/** A sequence of durations, in milliseconds; endless. Immutable. */
export class Backoff {
  readonly shape: BackoffShape;
  /** The first duration. */
  readonly startMs: number;
  /** No duration is longer. */
  readonly maxMs: number;

  /**
   * @param startMs whole; from 0 for a constant, from 1 for others
   * @param maxMs at least `startMs`
   * @throws RangeError for other times
   */
  constructor(shape: BackoffShape, startMs: number, maxMs: number) {
    if (!(startMs >= (shape === 'constant' ? 0 : 1))) throw new RangeError(`startMs: ${startMs}`);
    if (!(maxMs >= startMs)) throw new RangeError(`maxMs: ${maxMs}`);
    this.shape = shape;
    this.startMs = startMs;
    this.maxMs = maxMs;
  }

  /**
   * The duration of a step, in milliseconds. Takes and makes no state.
   *
   * @param index durations given before this one
   * @param previousMs the last of them; of no meaning at index 0
   * @param unit a random number in [0, 1)
   */
  stepMs(index: number, previousMs: number, unit: number): number {
    if (index === 0 || this.shape === 'constant') return this.startMs;
    if (previousMs >= this.maxMs) return this.maxMs;
    switch (this.shape) {
      case 'decorrelated':
        return Math.floor(previousMs + unit * (Math.min(3 * previousMs, this.maxMs) - previousMs));
      case 'equalJitter': {
        const half = this.startMs * 2 ** (index - 1);
        return Math.min(Math.floor(half + unit * half), this.maxMs);
      }
      case 'exponentialJitter': {
        const bound = previousMs * 2 ** index;
        return bound >= this.maxMs ? this.maxMs : Math.max(Math.floor(unit * bound), 1);
      }
    }
  }
}

/** Failure accrual's default: equal jitter from 5 s to 300 s (spec 02 section 7.5). */
export const ACCRUAL_BACKOFF = new Backoff('equalJitter', 5000, 300_000);

/** Fail-fast's: exponential jitter from 1 s to 32 s (spec 05 section 4). */
export const FAIL_FAST_BACKOFF = new Backoff('exponentialJitter', 1000, 32_000);

/** The sequence that a configuration's `backoff` describes. */
export function backoffOf(config: BackoffConfig): Backoff {
  return config.kind === 'constant'
    ? new Backoff('constant', config.ms, config.ms)
    : new Backoff('decorrelated', config.minMs, config.maxMs);
}
