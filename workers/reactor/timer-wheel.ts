/**
 * Timeouts in constant time: a hashed wheel (Varghese and Lauck, 1987, scheme 6) with lazy re-arming.
 *
 *     slot      0    1    2   ...  SLOTS-1          one slot per tick (10 ms), wrapping
 *               |    |    |
 *             timer  .  timer <-> timer             intrusive, doubly linked
 *
 * Precision is given up on purpose: a proxy's timeouts are a hundred ticks and more. In return a busy connection moves
 * its deadline by one store: the timer stays where it is linked and, when its slot comes up, looks at its deadline and
 * links itself again. Only a deadline earlier than the linked slot moves the timer.
 */

/** Milliseconds per tick. Ticks are small integers for 248 days and exact long after. */
export const TICK_MS = 10;
const SLOTS = 1024;
const SLOT_MASK = SLOTS - 1;

/** A deadline that never comes. */
export const NEVER = 0x7fffffff;

/** Whole ticks that cover a time. */
export function ticksOf(timeMs: number): number {
  return Math.ceil(timeMs / TICK_MS);
}

/** Something with a deadline. Connections extend it: a timer costs no object of its own. */
export abstract class Timer {
  deadlineTick = NEVER;
  /** The tick of the slot this timer is linked into; NEVER when it is not linked. */
  linkedTick = NEVER;
  timerNext: Timer | null = null;
  timerPrevious: Timer | null = null;

  /** Called once when the deadline has passed; the timer is disarmed by then. */
  abstract onDeadline(): void;
}

/** The timers of one thread. */
export class TimerWheel {
  readonly #slots: (Timer | null)[] = new Array<Timer | null>(SLOTS).fill(null);
  /** The next tick to look at. */
  #cursor: number;
  #linkedCount = 0;
  readonly #onFault: (timer: Timer, error: unknown) => void;

  /** @param onFault told of what a timer's handler threw; the other timers go on */
  constructor(nowTick: number, onFault: (timer: Timer, error: unknown) => void) {
    this.#cursor = nowTick;
    this.#onFault = onFault;
  }

  /** Timers linked, armed or not yet noticed to be disarmed. */
  get linkedCount(): number {
    return this.#linkedCount;
  }

  /** Sets a timer's deadline, replacing an earlier one. */
  arm(timer: Timer, deadlineTick: number): void {
    timer.deadlineTick = deadlineTick;
    if (timer.linkedTick <= deadlineTick) return;
    if (timer.linkedTick !== NEVER) this.#unlink(timer);
    this.#link(timer, deadlineTick);
  }

  /** Forgets a timer's deadline. */
  disarm(timer: Timer): void {
    timer.deadlineTick = NEVER;
  }

  /** Takes a timer out for good, so that the wheel holds no reference to it. */
  remove(timer: Timer): void {
    timer.deadlineTick = NEVER;
    if (timer.linkedTick !== NEVER) this.#unlink(timer);
  }

  /**
   * Ticks from now until the wheel next has something to look at, at most `boundTicks`.
   */
  ticksUntilNext(nowTick: number, boundTicks: number): number {
    if (this.#linkedCount === 0) return boundTicks;
    const last = Math.min(nowTick + boundTicks, this.#cursor + SLOTS);
    for (let tick = this.#cursor; tick < last; tick++) {
      if (this.#slots[tick & SLOT_MASK] !== null) return Math.max(0, tick - nowTick);
    }
    return boundTicks;
  }

  /** Calls every timer whose deadline is at or before `nowTick`. */
  advance(nowTick: number): void {
    if (this.#linkedCount === 0) {
      this.#cursor = nowTick + 1;
      return;
    }
    // After a long sleep one round over the slots sees everything.
    if (nowTick - this.#cursor >= SLOTS) this.#cursor = nowTick - SLOTS + 1;
    while (this.#cursor <= nowTick) {
      const slot = this.#cursor & SLOT_MASK;
      this.#cursor++;
      this.#runSlot(slot, nowTick);
    }
  }

  #runSlot(slot: number, nowTick: number): void {
    let timer = this.#slots[slot] as Timer | null;
    this.#slots[slot] = null;
    while (timer !== null) {
      const next: Timer | null = timer.timerNext;
      timer.timerNext = null;
      timer.timerPrevious = null;
      timer.linkedTick = NEVER;
      this.#linkedCount--;
      // The rest of the chain keeps a head that unlinking can find while handlers run.
      if (next !== null) next.timerPrevious = null;
      this.#slots[slot] = next;
      if (timer.deadlineTick <= nowTick) {
        timer.deadlineTick = NEVER;
        this.#fire(timer);
      } else if (timer.deadlineTick !== NEVER) {
        this.#pending.push(timer);
      }
      timer = this.#slots[slot] as Timer | null;
    }
    for (const later of this.#pending) if (later.linkedTick === NEVER) this.#link(later, later.deadlineTick);
    this.#pending.length = 0;
  }

  #fire(timer: Timer): void {
    try {
      timer.onDeadline();
    } catch (error) {
      this.#onFault(timer, error);
    }
  }

  /** Timers of the slot at hand that were moved on: linked after the walk, lest a full turn links them into it again. */
  readonly #pending: Timer[] = [];

  #link(timer: Timer, deadlineTick: number): void {
    if (deadlineTick === NEVER) return;
    // A far deadline is looked at once a turn; a past one at the next tick.
    const tick = Math.min(Math.max(deadlineTick, this.#cursor), this.#cursor + SLOTS - 1);
    const slot = tick & SLOT_MASK;
    const head = this.#slots[slot] as Timer | null;
    timer.linkedTick = tick;
    timer.timerNext = head;
    timer.timerPrevious = null;
    if (head !== null) head.timerPrevious = timer;
    this.#slots[slot] = timer;
    this.#linkedCount++;
  }

  #unlink(timer: Timer): void {
    const { timerNext, timerPrevious } = timer;
    if (timerNext !== null) timerNext.timerPrevious = timerPrevious;
    if (timerPrevious !== null) timerPrevious.timerNext = timerNext;
    else this.#slots[timer.linkedTick & SLOT_MASK] = timerNext;
    timer.timerNext = null;
    timer.timerPrevious = null;
    timer.linkedTick = NEVER;
    this.#linkedCount--;
  }
}
