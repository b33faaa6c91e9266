/**
 * Budgets for what a peer can make us do without asking for anything (RFC 9113 section 10.5, hostile-inputs row 34):
 * Rapid Reset, MadeYouReset, and floods of small frames. One object for each connection.
 *
 *     spent   0 ............................................. bound
 *             <-- time: bound / refill a millisecond
 *             <-- work: an answered stream, a DATA frame sent
 *                      an unasked frame: 1, or what it costs -->   beyond: ENHANCE_YOUR_CALM
 *
 * What grows with honest use has to shrink with it: a busy connection of a multiplexing proxy cancels a thousand streams
 * in the time in which a slow one has ten. So useful work gives back what such work brings along, and only what is out of
 * proportion adds up. The clock is passed in; a reading that does not move on is no time.
 */
import type { CountedLimitName, LimitValues } from '../limits.ts';
import {
  ERR_EMPTY_FRAMES,
  ERR_IGNORED_FRAMES,
  ERR_PEER_RESETS,
  ERR_PINGS,
  ERR_PRIORITIES,
  ERR_PROVOKED_RESETS,
  ERR_SETTINGS,
  ERR_TINY_WINDOW_UPDATES,
} from './protocol-errors.ts';
import { SETTING_BYTES } from './settings.ts';

/** The peer has reset a stream that was not answered. */
export const SPEND_PEER_RESET = 0;
/** We have reset a stream for an error of the peer: its work may be under way as well. */
export const SPEND_PROVOKED_RESET = 1;
/** A PING, which is answered. */
export const SPEND_PING = 2;
/** A SETTINGS, which is answered; see {@link settingsCost}. */
export const SPEND_SETTINGS = 3;
export const SPEND_PRIORITY = 4;
/** DATA, HEADERS or CONTINUATION without content and without END_STREAM or END_HEADERS, however much padding they have. */
export const SPEND_EMPTY_FRAME = 5;
/** A WINDOW_UPDATE of less than TINY_WINDOW_UPDATE_BYTES. */
export const SPEND_TINY_WINDOW_UPDATE = 6;
/** A frame of unknown type, or one that is IGNORED and not DATA (of which the window bounds the number). */
export const SPEND_IGNORED_FRAME = 7;
/** Number of budgets. */
export const BUDGETS = 8;

/** Increments below are tiny. Linkerd's own client sends them from 655 bytes on, with the smallest window there is. */
export const TINY_WINDOW_UPDATE_BYTES = 512;

/** Entries of a SETTINGS frame that cost as much as one frame. */
const SETTINGS_ENTRIES_FREE = 32;

/** The bound of each budget: its name in core/limits.ts, whose counter rises when the budget is overspent. */
export const BUDGET_LIMITS: readonly CountedLimitName[] = [
  'h2PeerResetsMax',
  'h2ProvokedResetsMax',
  'h2PingsMax',
  'h2SettingsMax',
  'h2PrioritiesMax',
  'h2EmptyFramesMax',
  'h2TinyWindowUpdatesMax',
  'h2IgnoredFramesMax',
];

const ERRORS: readonly number[] = [
  ERR_PEER_RESETS,
  ERR_PROVOKED_RESETS,
  ERR_PINGS,
  ERR_SETTINGS,
  ERR_PRIORITIES,
  ERR_EMPTY_FRAMES,
  ERR_TINY_WINDOW_UPDATES,
  ERR_IGNORED_FRAMES,
];

/** The bounds of all budgets, made once for all connections. */
export class BudgetBounds {
  /** By `SPEND_*`. */
  readonly max: Float64Array;
  /** By `SPEND_*`: what time gives back, each millisecond. */
  readonly refillPerMs: Float64Array;

  constructor(limits: LimitValues) {
    this.max = Float64Array.from(BUDGET_LIMITS, (name) => limits[name]);
    this.refillPerMs = this.max.map((max) => max / limits.h2BudgetRefillMs);
  }
}

/** What a connection has spent. */
export class AbuseBudget {
  readonly #bounds: BudgetBounds;
  readonly #spent: Float64Array = new Float64Array(BUDGETS);
  #nowMs = 0;

  constructor(bounds: BudgetBounds) {
    this.#bounds = bounds;
  }

  /** Begins anew, for another connection. */
  reset(nowMs: number): void {
    this.#spent.fill(0);
    this.#nowMs = nowMs;
  }

  /**
   * Spends from a budget.
   *
   * @param budget one of `SPEND_*`
   * @param nowMs the tick's clock, in milliseconds
   * @returns 0, or the error of the budget: the connection is to be ended, and the counter of BUDGET_LIMITS to rise
   */
  spend(budget: number, cost: number, nowMs: number): number {
    if (nowMs > this.#nowMs) this.#refill(nowMs);
    const spent = this.#spent[budget]! + cost;
    this.#spent[budget] = spent;
    return spent > this.#bounds.max[budget]! ? ERRORS[budget]! : 0;
  }

  /** A stream was answered in full. */
  earnAnswer(): void {
    this.#earn(SPEND_PEER_RESET, 1);
    this.#earn(SPEND_PRIORITY, 2);
    this.#earn(SPEND_IGNORED_FRAME, 2);
  }

  /** A DATA frame with content was sent: the peer may update two windows for it, and measure the round trip. */
  earnData(): void {
    this.#earn(SPEND_PING, 1);
    this.#earn(SPEND_TINY_WINDOW_UPDATE, 2);
  }

  /** What is spent of a budget, for tests and for the admin pages. */
  spent(budget: number): number {
    return this.#spent[budget]!;
  }

  #earn(budget: number, worth: number): void {
    this.#spent[budget] = Math.max(0, this.#spent[budget]! - worth);
  }

  #refill(nowMs: number): void {
    const elapsed = nowMs - this.#nowMs;
    this.#nowMs = nowMs;
    const { refillPerMs } = this.#bounds;
    for (let budget = 0; budget < BUDGETS; budget++) this.#earn(budget, elapsed * refillPerMs[budget]!);
  }
}

/** What a SETTINGS frame costs: no peer needs more than a few entries. @param length of its payload */
export function settingsCost(length: number): number {
  return 1 + Math.floor(length / (SETTING_BYTES * SETTINGS_ENTRIES_FREE));
}

/** The budget that an error is about, by `SPEND_*`; -1 for any other error. */
export function budgetOfError(error: number): number {
  return ERRORS.indexOf(error);
}
