/**
 * The loop of a worker: waits for readiness, lets each ready object act, then runs what they put off, the timers, and
 * closes what was ended.
 *
 *       +--> wait (epoll) -> clock -> for each ready fd: its object's onReady
 *       |                                  |
 *       |        deferred work, timers <---+
 *       +------- writes put off are sent, then descriptors of ended objects are closed
 *
 * Descriptors are closed last, so that no number is given out again while events of its former owner are in hand.
 * The loop never returns to Node's own event loop while the worker lives.
 */
import { TICK_MICROS } from '../../core/shared/endpoint-region.ts';
import type { FdOwners } from '../../core/shared/fd-owners.ts';
import type { Epoll } from '../os/epoll.ts';
import type { Sockets } from '../os/sockets.ts';
import { TICK_MS, type Timer, TimerWheel } from './timer-wheel.ts';

/** Longest sleep: an idle worker still looks at its state once a second. */
const SLEEP_TICKS_MAX = 1000 / TICK_MS;
/** A tenth of a second. */
const TENTH_MICROS = 100_000;
/** Times below this cannot have wrapped a 32-bit count of microseconds. */
const UNWRAPPED_TICKS = 1_000_000 / TICK_MS;

/** An object that owns a descriptor in the reactor. */
export interface Ready {
  /** @param events mask of EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLHUP, EPOLLERR */
  onReady(events: number): void;
  /** Ends the object after an exception in one of its handlers. */
  onFault(error: unknown): void;
}

/** Work put off to the end of the tick. */
export interface Deferred {
  runDeferred(): void;
}

/** Reads a monotonic clock. @returns microseconds from any fixed point */
export type ClockMicros = () => number;

/** The event loop of one worker thread. */
export class Reactor {
  /**
   * The clock, read once a turn: microseconds, wrapped to 32 bits so that they stay small integers, which no call has to
   * box. Only differences mean something; {@link elapsedMicros} takes them.
   */
  nowMicros = 0;
  /** The clock shared with other workers, in the units of the endpoint table's stamps, wrapped to 32 bits. */
  nowStamp = 0;
  /** The same clock in tenths of a second, which do not wrap: what budgets go by. */
  nowTenths = 0;
  /** Ticks of the timer wheel since the worker started. */
  nowTick = 0;
  readonly timers: TimerWheel;
  /** Deals with what this tick's events have brought. */
  onEventsTaken: () => void = () => {};
  /** Sends what was put off to the end of the tick. */
  onTurnEnd: () => void = () => {};
  /** Whether so much is under way that it pays to look again a moment later, for several events at once. */
  beforeWait: (events: number) => void = () => {};
  readonly #epoll: Epoll;
  readonly #sockets: Sockets;
  readonly #clock: ClockMicros;
  readonly #fds: FdOwners;
  readonly #originMicros: number;
  readonly #onFault: (error: unknown) => void;
  readonly #owners: (Ready | undefined)[] = [];
  #deferred: Deferred[] = [];
  #running: Deferred[] = [];
  readonly #doomed: number[] = [];
  /** Events of the last turn. */
  #events = 0;
  #stopped = false;

  /**
   * @param onFault told of every exception in a handler, before the handler's object is ended
   */
  constructor(epoll: Epoll, sockets: Sockets, clock: ClockMicros, fds: FdOwners, onFault: (error: unknown) => void) {
    this.#epoll = epoll;
    this.#sockets = sockets;
    this.#clock = clock;
    this.#originMicros = clock();
    this.#fds = fds;
    this.#onFault = onFault;
    this.timers = new TimerWheel(0, (timer, error) => this.end(timer, error));
  }

  /**
   * Microseconds since a moment of this worker.
   *
   * @param sinceMicros {@link nowMicros} at that moment
   * @param sinceTick {@link nowTick} at that moment: the wrapped clock alone would take an hour for a moment
   */
  elapsedMicros(sinceMicros: number, sinceTick: number): number {
    const ticks = this.nowTick - sinceTick;
    return ticks < UNWRAPPED_TICKS ? (this.nowMicros - sinceMicros) | 0 : ticks * TICK_MS * 1000;
  }

  /** Watches a connected or connecting descriptor, edge-triggered. @returns 0 or a negated errno */
  add(fd: number, owner: Ready): number {
    this.#owners[fd] = owner;
    return this.#epoll.add(fd);
  }

  /** Watches a listener or wake-up, level-triggered. @returns 0 or a negated errno */
  addLevel(fd: number, owner: Ready): number {
    this.#owners[fd] = owner;
    return this.#epoll.addLevel(fd);
  }

  /** Stops watching without closing. */
  remove(fd: number): void {
    this.#owners[fd] = undefined;
    this.#epoll.remove(fd);
  }

  /** Stops watching and closes at the end of the tick. */
  close(fd: number): void {
    this.#owners[fd] = undefined;
    this.#doomed.push(fd);
  }

  /** Closes at once what waits to be closed: when descriptors have run out. Events of theirs in hand find no owner. */
  closeNow(): void {
    this.#closeDoomed();
  }

  /** Runs something at the end of this tick. */
  defer(work: Deferred): void {
    this.#deferred.push(work);
  }

  /** Makes {@link run} return after this tick. */
  stop(): void {
    this.#stopped = true;
  }

  /** Turns until stopped. */
  run(): void {
    while (!this.#stopped) this.turn(SLEEP_TICKS_MAX);
  }

  /** One turn of the loop. @param sleepTicksMax bound of the wait */
  turn(sleepTicksMax: number): void {
    if (this.#deferred.length === 0) this.beforeWait(this.#events);
    const sleepTicks = this.#deferred.length > 0 ? 0 : this.timers.ticksUntilNext(this.nowTick, sleepTicksMax);
    const count = this.#epoll.wait(sleepTicks * TICK_MS);
    this.#events = count;
    this.#readClock();
    let row = 0;
    while (row < count) row = this.#dispatch(row, count);
    this.onEventsTaken();
    this.#runDeferred();
    this.timers.advance(this.nowTick);
    this.onTurnEnd();
    this.#closeDoomed();
  }

  #readClock(): void {
    const micros = this.#clock();
    this.nowMicros = micros | 0;
    this.nowStamp = (micros / TICK_MICROS) | 0;
    this.nowTenths = Math.floor(micros / TENTH_MICROS);
    this.nowTick = Math.floor((micros - this.#originMicros) / (TICK_MS * 1000));
  }

  /** Serves rows from `row` on. @returns the row to go on with: after an exception, the one behind its cause */
  #dispatch(row: number, count: number): number {
    const epoll = this.#epoll;
    const owners = this.#owners;
    let at = row;
    try {
      for (; at < count; at++) {
        const owner = owners[epoll.fdOf(at)];
        if (owner !== undefined) owner.onReady(epoll.eventsOf(at));
      }
    } catch (error) {
      this.end(owners[epoll.fdOf(at)], error);
      at++;
    }
    return at;
  }

  /** One batch: what it puts off in turn waits for the next turn, behind the descriptors that are ready by then. */
  #runDeferred(): void {
    const batch = this.#deferred;
    if (batch.length === 0) return;
    this.#deferred = this.#running;
    this.#running = batch;
    for (let i = 0; i < batch.length; i++) this.#runOne(batch[i] as Deferred);
    batch.length = 0;
  }

  #runOne(work: Deferred): void {
    try {
      work.runDeferred();
    } catch (error) {
      this.end(work, error);
    }
  }

  /** Ends whose handler threw. That may throw in turn, of the same cause: the loop goes on all the same. */
  end(owner: Ready | Deferred | Timer | undefined, error: unknown): void {
    this.#onFault(error);
    if (owner === undefined || !('onFault' in owner)) return;
    try {
      owner.onFault(error);
    } catch (second) {
      this.#onFault(second);
    }
  }

  #closeDoomed(): void {
    const doomed = this.#doomed;
    // Setting the length of an array is a call into the runtime, even where it changes nothing.
    if (doomed.length === 0) return;
    for (let i = 0; i < doomed.length; i++) {
      const fd = doomed[i] as number;
      // Not earlier: should this thread die with the descriptor open, the supervisor closes it.
      this.#fds.drop(fd);
      this.#sockets.close(fd);
    }
    doomed.length = 0;
  }
}
