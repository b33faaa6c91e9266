/**
 * What is measured of the deadlines that requests bring along: `admission_control/deadline/*` of a server (spec 06 section 1.2).
 * Deadlines are advisory, as in Linkerd: a request whose deadline has passed is counted, and goes on.
 */
import type { ParsedHead } from '../../core/http1/parsed-head.ts';
import { TOKEN_L5D_CTX_DEADLINE } from '../../core/http1/tokens.ts';
import { Deadline } from '../../core/resilience/deadline.ts';
import { COUNTER, HISTOGRAM } from '../../core/shared/stats.ts';
import type { StatsWriter } from '../../core/shared/stats-writer.ts';
import { readDeadline } from '../http1/context-fields.ts';

const MICROS_PER_MS = 1000;
/** A client may write any time whatever; sums are to stay of use. */
const MEASURED_MS_MAX = 2147483647;

/** Measures the deadlines of one server's requests. */
export class DeadlineStats {
  readonly #stats: StatsWriter;
  readonly #scope: number;
  readonly #wallClockMs: () => number;
  readonly #deadline = new Deadline();

  /** @param wallClockMs reads milliseconds since the epoch */
  constructor(stats: StatsWriter, scope: number, wallClockMs: () => number) {
    this.#stats = stats;
    this.#scope = scope;
    this.#wallClockMs = wallClockMs;
  }

  /** Measures the deadline of the request whose head is at hand, if it has one. */
  measure(bytes: Uint8Array, head: ParsedHead): void {
    if ((head.seen & (1 << TOKEN_L5D_CTX_DEADLINE)) === 0 || !readDeadline(bytes, head, this.#deadline)) return;
    const remainingMs = this.#deadline.remainingMs(this.#wallClockMs());
    if (remainingMs >= 0) {
      this.#stats.recordLatency(this.#scope, HISTOGRAM.deadlineRemaining, microsOf(remainingMs));
      return;
    }
    this.#stats.increment(this.#scope, COUNTER.deadlineExceeded);
    this.#stats.recordLatency(this.#scope, HISTOGRAM.deadlineExceeded, microsOf(-remainingMs));
  }
}

function microsOf(ms: number): number {
  return Math.min(ms, MEASURED_MS_MAX) * MICROS_PER_MS;
}
