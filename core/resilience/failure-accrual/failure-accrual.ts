/**
 * Failure accrual: a breaker for each endpoint, one for the whole node (spec 05 section 5; Finagle's FailureAccrualFactory).
 *
 *                 the policy says dead: removals + 1
 *        Alive ------------------------------------------> Dead <---.
 *          ^                                                |       | failure, the policy says dead again:
 *          |                                          due   |       | the next backoff
 *          | success: revivals + 1                          v       |
 *          '----------------- ProbeClosed <----------- ProbeOpen    |
 *                              |  |  |   next request: probes + 1   |
 *                              |  |  '------------------------------'
 *                              |  '-> ProbeOpen: the result says nothing, or the policy does not say dead
 *                              '----> ProbeOpen: no result in time
 *
 * Alive and ProbeOpen are Open, Dead and ProbeClosed are Busy: balancers turn to others as long as there are any, and nothing
 * is refused or cut off. The first result decides, whichever request it is of. There are no timers: Dead ends when somebody
 * looks (EndpointCells.status). Unlike Finagle's, ProbeClosed ends too: a probe that never comes back, or whose worker has died,
 * does not keep its endpoint out for ever.
 *
 * Any worker makes any transition, each by one compare-and-swap of the status word (core/shared/status-word.ts); who wins
 * counts it. So of several workers that find an endpoint dead at once, one marks it, and the backoff moves one step.
 */
import type { Random } from '../../balance/random.ts';
import { type EndpointRegion, ROW_BACKOFF_MS, ROW_SHIFT, ROW_STATUS, ROW_TALLY } from '../../shared/endpoint-region.ts';
import { ACCRUAL, accrualOf, backoffsOf, revived, withAccrual, withAccrualUntil } from '../../shared/status-word.ts';
import type { Backoff } from '../backoff.ts';
import type { FailureAccrualPolicy } from './policy.ts';

const ATTEMPTS_MAX = 8;

/** A probe has at least this long until another may be sent, however short the backoff. */
export const PROBE_MS_MIN = 5000;

/** Who is told of transitions. Nothing is told while endpoints are well. */
export interface FailureAccrualEvents {
  /** An endpoint is left alone for a time. @param removed it was alive: it has not been dead before its probe */
  onMarkedDead(row: number, forMs: number, removed: boolean): void;
  /** A request goes out to find out whether a dead endpoint is well again. */
  onProbe(row: number): void;
  /** It is. */
  onRevived(row: number): void;
}

/** The breakers of one client's endpoints, as one worker sees them. */
export class FailureAccrual {
  private readonly words: Int32Array<SharedArrayBuffer>;
  private readonly rowsAt: number;
  private readonly policy: FailureAccrualPolicy;
  /** A success changes nothing for an endpoint whose word and tally are 0. */
  private readonly quiet: boolean;
  private readonly backoff: Backoff;
  private readonly random: Random;
  private readonly events: FailureAccrualEvents;

  constructor(
    region: EndpointRegion,
    policy: FailureAccrualPolicy,
    backoff: Backoff,
    random: Random,
    events: FailureAccrualEvents,
  ) {
    this.words = region.words;
    this.rowsAt = region.rowsAt;
    this.policy = policy;
    this.quiet = policy.quiet;
    this.backoff = backoff;
    this.random = random;
    this.events = events;
  }

  /** A request goes to the endpoint. The first after a death is the probe; others keep away until its result is there. */
  admit(row: number, nowTicks: number): void {
    const at = this.at(row);
    const word = this.words[at + ROW_STATUS] as number;
    if (word === 0 || accrualOf(word) !== ACCRUAL.probeOpen) return;
    const patienceMs = Math.max(this.words[at + ROW_BACKOFF_MS] as number, PROBE_MS_MIN);
    const next = withAccrualUntil(word, ACCRUAL.probeClosed, backoffsOf(word), nowTicks, patienceMs);
    if (this.swap(at, word, next)) this.events.onProbe(row);
  }

  /** Whether the endpoint waits for the result of its probe. */
  isProbing(row: number): boolean {
    const word = this.words[this.at(row) + ROW_STATUS] as number;
    return word !== 0 && accrualOf(word) === ACCRUAL.probeClosed;
  }

  /** A request to the endpoint has succeeded, by its service's classifier. */
  onSuccess(row: number, nowTicks: number): void {
    const at = this.at(row);
    if (this.quiet && ((this.words[at + ROW_STATUS] as number) | (this.words[at + ROW_TALLY] as number)) === 0) return;
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      const word = this.words[at + ROW_STATUS] as number;
      if (accrualOf(word) !== ACCRUAL.probeClosed) break;
      // Before the word says so: a failure of the next moment must not find the old tally.
      this.policy.reset(row);
      if (!this.swap(at, word, revived(word))) continue;
      this.events.onRevived(row);
      break;
    }
    this.policy.recordSuccess(row, nowTicks);
  }

  /** A request to the endpoint has failed, by its service's classifier, or no connection to it came about. */
  onFailure(row: number, nowTicks: number): void {
    const at = this.at(row);
    const state = accrualOf(this.words[at + ROW_STATUS] as number);
    if (state === ACCRUAL.dead || state === ACCRUAL.probeOpen) return;
    const dead = this.policy.isDeadOnFailure(row, nowTicks);
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      const word = this.words[at + ROW_STATUS] as number;
      const before = accrualOf(word);
      if (before === ACCRUAL.dead || before === ACCRUAL.probeOpen) return;
      if (dead) {
        if (this.markDead(row, at, word, nowTicks)) return;
      } else if (before === ACCRUAL.alive || this.swap(at, word, withAccrual(word, ACCRUAL.probeOpen))) {
        return;
      }
    }
  }

  /** A request to the endpoint has ended in a way that says nothing of it: its client has left. */
  onIgnored(row: number): void {
    const at = this.at(row);
    const word = this.words[at + ROW_STATUS] as number;
    if (word !== 0 && accrualOf(word) === ACCRUAL.probeClosed)
      this.swap(at, word, withAccrual(word, ACCRUAL.probeOpen));
  }

  private markDead(row: number, at: number, word: number, nowTicks: number): boolean {
    const backoffs = backoffsOf(word);
    const forMs = this.backoff.stepMs(backoffs, this.words[at + ROW_BACKOFF_MS] as number, this.random.unit());
    if (!this.swap(at, word, withAccrualUntil(word, ACCRUAL.dead, backoffs + 1, nowTicks, forMs))) return false;
    this.words[at + ROW_BACKOFF_MS] = forMs;
    this.events.onMarkedDead(row, forMs, accrualOf(word) === ACCRUAL.alive);
    return true;
  }

  private swap(at: number, from: number, to: number): boolean {
    return Atomics.compareExchange(this.words, at + ROW_STATUS, from, to) === from;
  }

  private at(row: number): number {
    return this.rowsAt + (row << ROW_SHIFT);
  }
}
