/**
 * Fail-fast: an endpoint that could not be connected to is left alone until a connection comes about (spec 05 section 4;
 * Finagle's FailFastFactory).
 *
 *        a connect fails: marked_dead + 1             the next pause, exponential jitter 1 s .. 32 s
 *     Ok --------------------------------> marked ----------.
 *      ^                                    |  ^            |
 *      |  any connect: marked_available + 1 |  '-- fails ---' re-connect, by the worker that has marked
 *      '------------------------------------'
 *
 * A marked endpoint is Busy, and what is sent to it for want of others fails at once. The mark is a bit of the status word, for
 * all workers; what belongs to it is in the row's line of breakers. The worker whose connect has failed owns the re-connects
 * (docs/decisions/who-reconnects.md). Should it not get to them, whoever next looks takes the mark off (EndpointCells.status).
 */
import {
  BREAKER_DOWN_SINCE_TICKS,
  BREAKER_DOWN_STAMP_TICKS,
  BREAKER_DOWN_TRIES,
  BREAKER_DOWN_WAIT_MS,
  type EndpointRegion,
  ROW_SHIFT,
  ROW_STATUS,
} from '../shared/endpoint-region.ts';
import { hasFailedFast, withFailFast } from '../shared/status-word.ts';

const ATTEMPTS_MAX = 8;

/** Who is told of marks. */
export interface FailFastEvents {
  /** A connect to an endpoint has failed. */
  onMarkedUnreachable(row: number): void;
  /** A connection to it has come about again. */
  onMarkedAvailable(row: number): void;
}

/** The marks of one client's endpoints, as one worker sees them. */
export class FailFast {
  private readonly words: Int32Array<SharedArrayBuffer>;
  private readonly rowsAt: number;
  private readonly breakersAt: number;
  private readonly events: FailFastEvents;

  constructor(region: EndpointRegion, events: FailFastEvents) {
    this.words = region.words;
    this.rowsAt = region.rowsAt;
    this.breakersAt = region.breakersAt;
    this.events = events;
  }

  /** Whether a request to the endpoint fails at once. */
  isMarked(row: number): boolean {
    return hasFailedFast(this.words[this.statusAt(row)] as number);
  }

  /**
   * A connect has failed.
   *
   * @param waitMs until the first re-connect has ended, one way or the other
   * @returns whether the caller owns the re-connects
   */
  onConnectFailed(row: number, nowTicks: number, waitMs: number): boolean {
    const statusAt = this.statusAt(row);
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      const word = this.words[statusAt] as number;
      if (hasFailedFast(word)) return false;
      // Before the mark: whoever sees it must not find what belonged to one before.
      this.words[this.lineAt(row) + BREAKER_DOWN_SINCE_TICKS] = nowTicks;
      this.note(row, nowTicks, waitMs, 0);
      if (Atomics.compareExchange(this.words, statusAt, word, withFailFast(word, true)) !== word) continue;
      this.events.onMarkedUnreachable(row);
      return true;
    }
    return false;
  }

  /** The owner's re-connect has failed. @param tries how many have @param waitMs as in {@link onConnectFailed} */
  onReconnectFailed(row: number, nowTicks: number, waitMs: number, tries: number): void {
    if (this.isMarked(row)) this.note(row, nowTicks, waitMs, tries);
  }

  /** A connection to the endpoint has come about, whoever made it. */
  onConnected(row: number): void {
    const statusAt = this.statusAt(row);
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      const word = this.words[statusAt] as number;
      if (!hasFailedFast(word)) return;
      if (Atomics.compareExchange(this.words, statusAt, word, withFailFast(word, false)) !== word) continue;
      this.events.onMarkedAvailable(row);
      return;
    }
  }

  private note(row: number, nowTicks: number, waitMs: number, tries: number): void {
    const at = this.lineAt(row);
    this.words[at + BREAKER_DOWN_STAMP_TICKS] = nowTicks;
    this.words[at + BREAKER_DOWN_WAIT_MS] = waitMs;
    this.words[at + BREAKER_DOWN_TRIES] = tries;
  }

  private statusAt(row: number): number {
    return this.rowsAt + (row << ROW_SHIFT) + ROW_STATUS;
  }

  private lineAt(row: number): number {
    return this.breakersAt + (row << ROW_SHIFT);
  }
}
