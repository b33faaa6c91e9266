/**
 * Nack admission: a client whose endpoints say of most requests that they are overloaded (nacks) keeps some to itself, so that
 * they can recover (spec 05 section 7.1; Finagle's NackAdmissionFilter).
 *
 *     accept rate   moving average over two minutes: 1 for a response, 0 for a nack
 *     from 0.5 on   every request goes out
 *     below         a request is dropped with the chance 1 - 2 rate, at most 0.75: some have to find out how it is now
 *
 * With fewer than five requests a second there is no overload to speak of: nacks then count as responses, which also lets the
 * rate recover.
 *
 * Each worker has its own for each client. A rate that all share would be a cell that every response of every worker writes;
 * and each worker sees a fair sample of its client's responses. So the five requests a second are a worker's.
 */
import type { Random } from '../balance/random.ts';
import { elapsedTicks } from '../shared/endpoint-cells.ts';
import { TICK_MICROS } from '../shared/endpoint-region.ts';

const WINDOW_TICKS = (120 * 1e6) / TICK_MICROS;
const SECOND_TICKS = 1e6 / TICK_MICROS;
const REQUESTS_MIN = 5;
const ACCEPT_RATE_MIN = 0.5;
const DROP_CHANCE_MAX = 0.75;
/** So near to 1 that it is. */
const EVERY = 1 - 1e-9;

/** What one worker knows of a client's nacks. Times come in ticks of endpoint-region.ts. */
export class NackAdmission {
  #acceptRate = 1;
  #stampTicks = 0;
  /** When the latest requests came. */
  readonly #recentTicks = new Int32Array(REQUESTS_MIN);
  #requests = 0;
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** The moving average of accepted requests, from 0 to 1. */
  get acceptRate(): number {
    return this.#acceptRate;
  }

  /** A request is about to go out. @returns false when it is to be dropped */
  admits(nowTicks: number): boolean {
    this.#recentTicks[this.#requests % REQUESTS_MIN] = nowTicks;
    this.#requests = this.#requests === 2 * REQUESTS_MIN - 1 ? REQUESTS_MIN : this.#requests + 1;
    if (this.#acceptRate >= ACCEPT_RATE_MIN) return true;
    const chance = Math.min(DROP_CHANCE_MAX, 1 - this.#acceptRate / ACCEPT_RATE_MIN);
    return this.#random.unit() >= chance;
  }

  /** An endpoint has responded, whatever it said. */
  onAccepted(nowTicks: number): void {
    if (this.#acceptRate === 1) this.#stampTicks = nowTicks;
    else this.#update(1, nowTicks);
  }

  /** An endpoint has said that it did not look at a request. */
  onNack(nowTicks: number): void {
    if (this.#isBusy(nowTicks)) this.#update(0, nowTicks);
    else this.onAccepted(nowTicks);
  }

  /** Five requests have come in the last second. */
  #isBusy(nowTicks: number): boolean {
    if (this.#requests < REQUESTS_MIN) return false;
    const fifthLast = this.#recentTicks[this.#requests % REQUESTS_MIN] as number;
    return elapsedTicks(nowTicks, fifthLast) < SECOND_TICKS;
  }

  #update(accepted: number, nowTicks: number): void {
    const keep = Math.exp(-elapsedTicks(nowTicks, this.#stampTicks) / WINDOW_TICKS);
    const rate = accepted * (1 - keep) + this.#acceptRate * keep;
    this.#acceptRate = rate > EVERY ? 1 : rate;
    this.#stampTicks = nowTicks;
  }
}
