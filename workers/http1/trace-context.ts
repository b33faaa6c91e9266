/**
 * The trace that a request belongs to, and the span of it that goes to an endpoint: what every propagator carries, whatever
 * fields it writes it into.
 *
 *     words, 4 bytes each, the high half of each number first
 *
 *       0 1        2 3          4 5         6 7        8 9
 *     | span id  | parent id  | trace id  | flags    | high half of a 128-bit trace id |
 *
 * An endpoint gets a child span: a new span id whose parent is this request's own span. Without a context the request
 * starts a trace: trace, parent and span are then one random id.
 */
import type { Random } from '../../core/balance/random.ts';

/** Where the numbers lie. */
export const SPAN = 0;
export const PARENT = 2;
export const TRACE = 4;
export const FLAGS = 6;
export const TRACE_HIGH = 8;

/** Bits of the flags, all in their low word. */
export const DEBUG = 1;
export const SAMPLING_KNOWN = 2;
export const SAMPLED = 4;
const DECIDED = DEBUG | SAMPLING_KNOWN;

/** The context of the request at hand. */
export class TraceContext {
  /** See the drawing above. */
  readonly words = new Int32Array(10);
  /** The trace id has 128 bits. */
  wide = false;
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Starts a trace. */
  start(): void {
    const { words } = this;
    const high = this.#random.nextInt32();
    const low = this.#random.nextInt32();
    words[TRACE] = high;
    words[TRACE + 1] = low;
    words[PARENT] = high;
    words[PARENT + 1] = low;
    words[FLAGS] = 0;
    words[FLAGS + 1] = 0;
    this.wide = false;
    this.#newSpan();
  }

  /** Goes on with the trace whose span, the caller's, is in the words: the parent of this hop's own. */
  goOn(wide: boolean): void {
    const { words } = this;
    words[PARENT] = words[SPAN] as number;
    words[PARENT + 1] = words[SPAN + 1] as number;
    this.wide = wide;
    this.#newSpan();
  }

  #newSpan(): void {
    this.words[SPAN] = this.#random.nextInt32();
    this.words[SPAN + 1] = this.#random.nextInt32();
  }

  /** Decides whether the trace is sampled, if that is open. @param rate the share of traces that are; negative leaves it open */
  decide(rate: number): void {
    const { words } = this;
    const flags = words[FLAGS + 1] as number;
    if (rate < 0 || (flags & DECIDED) !== 0) return;
    words[FLAGS + 1] = flags | SAMPLING_KNOWN | (this.#isSampled(rate) ? SAMPLED : 0);
  }

  /** By the trace id, so that every hop that is asked with one rate decides alike. */
  #isSampled(rate: number): boolean {
    const traceId = (this.words[TRACE] as number) * 2 ** 32 + ((this.words[TRACE + 1] as number) >>> 0);
    return rate >= 1 || Math.abs(traceId) < rate * 2 ** 63;
  }
}
