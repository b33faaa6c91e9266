/**
 * The times of an exchange, on its one timer:
 *
 *     open -------------------------- total time-out ------------------------------> head taken
 *       acquisition --> session -- attempt time-out --> head        acquisition --> session ...
 *                                                       pause (backoff)
 *
 *     deadline = the earliest of the four           none of them set: the timer is never touched
 *
 * A timer is armed and disarmed by a store or two (reactor/timer-wheel.ts); one that is armed a second time before it has
 * fired stays where it is linked.
 */
import type { Reactor } from '../reactor/reactor.ts';
import { NEVER, TICK_MS, ticksOf } from '../reactor/timer-wheel.ts';
import type { Exchange } from './exchange.ts';

/** What an exchange's time has run out for. */
export const DUE = { nothing: 0, total: 1, attempt: 2, pause: 3, acquisition: 4 } as const;

/** Sets the timers of exchanges. */
export class Deadlines {
  readonly #reactor: Reactor;

  constructor(reactor: Reactor) {
    this.#reactor = reactor;
  }

  /** The request has so long for everything. @param timeoutMs 0 for no bound @param sinceTick when it came */
  beginTotal(exchange: Exchange, timeoutMs: number, sinceTick: number): void {
    if (timeoutMs === 0) return;
    exchange.totalTick = sinceTick + ticksOf(timeoutMs);
    this.#arm(exchange);
  }

  /** The attempt has so long for a session, over all endpoints that it tries; what it has already stays as it is. */
  beginAcquisition(exchange: Exchange, timeoutMs: number): void {
    if (exchange.acquisitionEndTick !== NEVER) return;
    exchange.acquisitionEndTick = this.#reactor.nowTick + ticksOf(timeoutMs);
    this.#arm(exchange);
  }

  /** The attempt has a session, or will have none. */
  endAcquisition(exchange: Exchange): void {
    if (exchange.acquisitionEndTick === NEVER) return;
    exchange.acquisitionEndTick = NEVER;
    this.#arm(exchange);
  }

  /** The attempt has so long until the head of its response. @param timeoutMs 0 for no bound */
  beginAttempt(exchange: Exchange, timeoutMs: number): void {
    if (timeoutMs === 0) return;
    exchange.attemptEndTick = this.#reactor.nowTick + ticksOf(timeoutMs);
    this.#arm(exchange);
  }

  /** The attempt at hand is over, or its head has come. */
  endAttempt(exchange: Exchange): void {
    this.endAcquisition(exchange);
    if (exchange.attemptEndTick === NEVER) return;
    exchange.attemptEndTick = NEVER;
    this.#arm(exchange);
  }

  /** Nothing happens for so long. */
  pause(exchange: Exchange, pauseMs: number): void {
    exchange.resumeTick = this.#reactor.nowTick + ticksOf(pauseMs);
    this.#arm(exchange);
  }

  /** No time bounds the exchange any more. */
  end(exchange: Exchange): void {
    if (exchange.deadlineTick === NEVER) return;
    clear(exchange);
    this.#reactor.timers.disarm(exchange);
  }

  /** Takes what is due off the timer. @returns one of {@link DUE}, the most final first */
  takeDue(exchange: Exchange): number {
    const { nowTick } = this.#reactor;
    if (exchange.totalTick <= nowTick) {
      clear(exchange);
      return DUE.total;
    }
    let due: number = DUE.nothing;
    if (exchange.attemptEndTick <= nowTick) {
      exchange.attemptEndTick = NEVER;
      due = DUE.attempt;
    } else if (exchange.acquisitionEndTick <= nowTick) {
      exchange.acquisitionEndTick = NEVER;
      due = DUE.acquisition;
    } else if (exchange.resumeTick <= nowTick) {
      exchange.resumeTick = NEVER;
      due = DUE.pause;
    }
    this.#arm(exchange);
    return due;
  }

  /** Milliseconds that an attempt which begins now has, as its endpoint may be told; Infinity without a bound. */
  remainingMs(exchange: Exchange, attemptTimeoutMs: number): number {
    const attemptMs = attemptTimeoutMs === 0 ? Number.POSITIVE_INFINITY : attemptTimeoutMs;
    if (exchange.totalTick === NEVER) return attemptMs;
    return Math.min(attemptMs, Math.max(0, exchange.totalTick - this.#reactor.nowTick) * TICK_MS);
  }

  #arm(exchange: Exchange): void {
    const { totalTick, acquisitionEndTick, attemptEndTick, resumeTick } = exchange;
    const tick = Math.min(totalTick, acquisitionEndTick, attemptEndTick, resumeTick);
    if (tick === NEVER) this.#reactor.timers.disarm(exchange);
    else this.#reactor.timers.arm(exchange, tick);
  }
}

function clear(exchange: Exchange): void {
  exchange.totalTick = NEVER;
  exchange.acquisitionEndTick = NEVER;
  exchange.attemptEndTick = NEVER;
  exchange.resumeTick = NEVER;
}
