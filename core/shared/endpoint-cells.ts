/**
 * The live load of endpoints: how many sessions are out and how long responses take (Finagle's peak EWMA, spec 05
 * section 3.1), kept by all workers in shared cells without a lock.
 *
 * Cost and stamp are two cells, so an observation takes two steps, each a compare-and-swap:
 *
 *     1. claim the time since the last observation:  stamp --CAS--> now      won: w = e^(-elapsed/tau)   lost: w = 1
 *     2. apply it:                                   cost  --CAS--> rtt > cost ? rtt : cost*w + rtt*(1-w)
 *
 * Every stretch of time thus decays the cost exactly once, whoever gets there first, and between the steps others see
 * a cost that is at most not yet decayed. Both loops are bounded: one that keeps losing leaves its observation out,
 * as the winners' are as good.
 *
 * The cost is whole microseconds, and on a busy endpoint a step decays it by far less than one: rounding to nearest
 * would freeze it and rounding down would melt it. So it is rounded up or down at random, in proportion to the
 * fraction: right on average, at any rate of requests. 0 stays reserved for "never observed".
 *
 * Reads are plain: an aligned 32-bit read never tears, a compare-and-swap checks what it was based on, and Atomics.load
 * is a call of 10 ns in V8 where a plain read takes one.
 */
import type { Random } from '../balance/random.ts';
import {
  BREAKER_DOWN_STAMP_TICKS,
  BREAKER_DOWN_WAIT_MS,
  type EndpointRegion,
  ROW_COST_MICROS,
  ROW_PENDING,
  ROW_SHIFT,
  ROW_STAMP_TICKS,
  ROW_STATUS,
  STATUS_OPEN,
  TICK_MICROS,
} from './endpoint-region.ts';
import { ACCRUAL, hasFailedFast, isDue, STATUS_MASK, withAccrual, withFailFast } from './status-word.ts';

/** Load added to an endpoint that has requests out and no response yet: Finagle's (2^63−1) >> 16 ns, 39 hours. */
export const PENALTY_MICROS = Number((2n ** 63n - 1n) >> 16n) / 1000;

/** Largest cost a cell holds: 35 minutes. */
export const COST_MICROS_MAX = 2 ** 31 - 1;

const ATTEMPTS_MAX = 8;

/** How far a worker's clock may lag behind a stamp before the difference reads as a long time: 67 s, the rest of 19 h ahead. */
const LAG_TICKS_MAX = 2 ** 22;

/** The owner of a fail-fast mark that is later than this is not there any more. */
const OWNER_LATE_MS = 10_000;

/** What a client's `loadBalancer` configuration says about load. */
export interface LoadOptions {
  /** Time constant of the decay (`decayTimeMs`, Linkerd's default 10 000). */
  readonly decayTimeMs: number;
  /** A failed response counts as at least this slow; 0 for Linkerd's plain behaviour, which takes fast failures for speed. */
  readonly failurePenaltyMs: number;
}

/**
 * Ticks from a stamp to now. Stamps wrap: an endpoint that rested a multiple of 19 hours looks freshly used.
 *
 * @returns 0 when the stamp is ahead, as another worker's clock may be
 */
export function elapsedTicks(nowTicks: number, stampTicks: number): number {
  return Math.max(((nowTicks - stampTicks + LAG_TICKS_MAX) >>> 0) - LAG_TICKS_MAX, 0);
}

/**
 * Takes the time since a shared stamp for the caller alone: the first of the two steps above.
 *
 * @returns ticks; 0 when another worker has taken them
 */
export function claimElapsedTicks(words: Int32Array<SharedArrayBuffer>, stampAt: number, nowTicks: number): number {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const stamp = words[stampAt] as number;
    const elapsed = elapsedTicks(nowTicks, stamp);
    if (elapsed === 0) return 0;
    if (Atomics.compareExchange(words, stampAt, stamp, nowTicks | 0) === stamp) return elapsed;
  }
  return 0;
}

/** One client's view of the load cells, in one worker. Times come in ticks of {@link TICK_MICROS}, wrapped to Int32. */
export class EndpointCells {
  private readonly words: Int32Array<SharedArrayBuffer>;
  private readonly rowsAt: number;
  private readonly breakersAt: number;
  private readonly ownPendingAt: number;
  private readonly ownPendingStride: number;
  private readonly decayPerTick: number;
  private readonly failurePenaltyMicros: number;
  private readonly random: Random;

  /**
   * @param random rounds costs, see the head of this file
   * @throws RangeError when the decay time is not positive or the penalty negative
   */
  constructor(region: EndpointRegion, options: LoadOptions, random: Random) {
    if (!(options.decayTimeMs > 0)) throw new RangeError(`decayTimeMs: ${options.decayTimeMs}`);
    if (!(options.failurePenaltyMs >= 0)) throw new RangeError(`failurePenaltyMs: ${options.failurePenaltyMs}`);
    this.words = region.words;
    this.rowsAt = region.rowsAt;
    this.breakersAt = region.breakersAt;
    this.ownPendingAt = region.ownPendingAt;
    this.ownPendingStride = region.ownPendingStride;
    this.decayPerTick = -TICK_MICROS / (options.decayTimeMs * 1000);
    this.failurePenaltyMicros = options.failurePenaltyMs * 1000;
    this.random = random;
  }

  /** A session on the endpoint was acquired. */
  start(row: number, worker: number): void {
    this.addOwnPending(row, worker, 1);
    Atomics.add(this.words, this.at(row) + ROW_PENDING, 1);
  }

  /**
   * A session was released. Must pair with {@link start} in the same worker.
   *
   * @param rttMicros from acquisition to release
   * @param failed whether the response (or its absence) classifies as a failure
   */
  finish(row: number, worker: number, rttMicros: number, nowTicks: number, failed: boolean): void {
    this.addOwnPending(row, worker, -1);
    Atomics.sub(this.words, this.at(row) + ROW_PENDING, 1);
    this.observe(row, failed ? Math.max(rttMicros, this.failurePenaltyMicros) : rttMicros, nowTicks);
  }

  /** A session was released that says nothing of the endpoint: it was never used, or its client left. Pairs with {@link start}. */
  abandon(row: number, worker: number): void {
    this.addOwnPending(row, worker, -1);
    Atomics.sub(this.words, this.at(row) + ROW_PENDING, 1);
  }

  /** Sessions out on the endpoint, from all workers: the load of p2c. */
  pending(row: number): number {
    return this.words[this.at(row) + ROW_PENDING] as number;
  }

  /** Ticks since a request to the endpoint last ended, from any worker. */
  restedTicks(row: number, nowTicks: number): number {
    return elapsedTicks(nowTicks, this.words[this.at(row) + ROW_STAMP_TICKS] as number);
  }

  /**
   * The load of ewma: cost decayed to now, times pending + 1. Writes nothing. An endpoint never observed has load 0
   * while idle (so it is tried) and {@link PENALTY_MICROS} while its first requests are out (so it is let be).
   */
  peakEwma(row: number, nowTicks: number): number {
    const at = this.at(row);
    const costMicros = this.words[at + ROW_COST_MICROS] as number;
    const pending = this.words[at + ROW_PENDING] as number;
    if (costMicros === 0) return pending === 0 ? 0 : PENALTY_MICROS + pending;
    const elapsed = elapsedTicks(nowTicks, this.words[at + ROW_STAMP_TICKS] as number);
    return costMicros * this.decay(elapsed) * (pending + 1);
  }

  /**
   * The row with the lower {@link peakEwma}, a of equals. Both sides divided by the decay they share, one exponential
   * is left, and none when the one that rested longer had the lower load anyway.
   */
  lighterByEwma(a: number, b: number, nowTicks: number): number {
    const { words } = this;
    const atA = this.at(a);
    const atB = this.at(b);
    const costA = words[atA + ROW_COST_MICROS] as number;
    const costB = words[atB + ROW_COST_MICROS] as number;
    if (costA === 0 || costB === 0) return this.peakEwma(a, nowTicks) <= this.peakEwma(b, nowTicks) ? a : b;
    const loadA = costA * ((words[atA + ROW_PENDING] as number) + 1);
    const loadB = costB * ((words[atB + ROW_PENDING] as number) + 1);
    const restA = elapsedTicks(nowTicks, words[atA + ROW_STAMP_TICKS] as number);
    const restB = elapsedTicks(nowTicks, words[atB + ROW_STAMP_TICKS] as number);
    if (restA >= restB) return loadA <= loadB || loadA * this.decay(restA - restB) <= loadB ? a : b;
    return loadB < loadA || loadB * this.decay(restB - restA) < loadA ? b : a;
  }

  /** One of the STATUS_ values, as of now: a death that is over is not there any more. */
  status(row: number, nowTicks: number): number {
    const statusAt = this.at(row) + ROW_STATUS;
    const word = this.words[statusAt] as number;
    if ((word & STATUS_MASK) === STATUS_OPEN) return STATUS_OPEN;
    let next = word;
    if (isDue(word, nowTicks)) next = withAccrual(next, ACCRUAL.probeOpen);
    if (hasFailedFast(word) && this.isUnattended(row, nowTicks)) next = withFailFast(next, false);
    // Whoever changed the word meanwhile has seen the same, or what came of it.
    if (next !== word) Atomics.compareExchange(this.words, statusAt, word, next);
    return (this.words[statusAt] as number) & STATUS_MASK;
  }

  /** Fail-fast's mark has lost its owner: the worker has died, or has no use for the endpoint any more. */
  private isUnattended(row: number, nowTicks: number): boolean {
    const at = this.breakersAt + (row << ROW_SHIFT);
    const waitMs = (this.words[at + BREAKER_DOWN_WAIT_MS] as number) + OWNER_LATE_MS;
    const elapsed = elapsedTicks(nowTicks, this.words[at + BREAKER_DOWN_STAMP_TICKS] as number);
    return elapsed > (waitMs * 1000) / TICK_MICROS;
  }

  /** Sets a bare status for all workers. */
  setStatus(row: number, status: number): void {
    Atomics.store(this.words, this.at(row) + ROW_STATUS, status);
  }

  private observe(row: number, rttMicros: number, nowTicks: number): void {
    const rtt = Math.min(Math.max(rttMicros, 1), COST_MICROS_MAX);
    const costAt = this.at(row) + ROW_COST_MICROS;
    const weight = this.decay(claimElapsedTicks(this.words, this.at(row) + ROW_STAMP_TICKS, nowTicks));
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      const cost = this.words[costAt] as number;
      const exact = rtt > cost ? rtt : cost * weight + rtt * (1 - weight);
      const next = Math.min(Math.floor(exact + this.random.unit()), COST_MICROS_MAX);
      if (next === cost || Atomics.compareExchange(this.words, costAt, cost, next) === cost) return;
    }
  }

  private decay(elapsed: number): number {
    return elapsed === 0 ? 1 : Math.exp(elapsed * this.decayPerTick);
  }

  private addOwnPending(row: number, worker: number, change: number): void {
    const at = this.ownPendingAt + worker * this.ownPendingStride + row;
    this.words[at] = (this.words[at] as number) + change;
  }

  private at(row: number): number {
    return this.rowsAt + (row << ROW_SHIFT);
  }
}
