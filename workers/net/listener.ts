/**
 * Accepting: each worker has a listening socket of its own for each server (SO_REUSEPORT), and hands an accepted
 * connection on to a worker that has less to do, because the kernel spreads connections by hash and long-lived ones would
 * pile up on a core.
 *
 *     accept --> is another less busy, or as busy with fewer? --> ring[self][other] + wake-up
 *            \-> serve it here
 *
 * All threads share one descriptor table, so a connection travels as an integer.
 */
import { RingBuffer } from 'ringbuf.js';
import type { FdOwners } from '../../core/shared/fd-owners.ts';
import type { WorkerLoad } from '../../core/shared/worker-load.ts';
import { EMFILE, ENFILE, ENOBUFS, ENOMEM } from '../os/errno.ts';
import { ring } from '../os/thread.ts';
import type { Ready } from '../reactor/reactor.ts';
import { Timer, ticksOf } from '../reactor/timer-wheel.ts';
import type { Net } from './net.ts';

/** Connections accepted in one tick before other work gets its turn. */
const ACCEPTS_PER_TICK = 64;
const EXHAUSTED_PAUSE_MS = 50;

/** Takes up connections of one server. */
export interface Acceptor {
  accept(fd: number): void;
}

/** The way of accepted connections between workers. */
export class Handover {
  readonly #onFull: () => void;
  readonly #worker: number;
  readonly #load: WorkerLoad;
  readonly #wakeups: readonly number[];
  readonly #outgoing: readonly RingBuffer[];
  readonly #incoming: readonly RingBuffer[];
  readonly #pair = new Int32Array(2);

  /**
   * @param load how busy the workers are, shared by all
   * @param rings `[from][to]`, each a ring of pairs: listener, descriptor
   * @param onFull told when a ring has no room, and the connection stays here
   */
  constructor(
    worker: number,
    load: WorkerLoad,
    wakeups: readonly number[],
    rings: readonly (readonly SharedArrayBuffer[])[],
    onFull: () => void,
  ) {
    this.#onFull = onFull;
    this.#worker = worker;
    this.#load = load;
    this.#wakeups = wakeups;
    this.#outgoing = (rings[worker] as readonly SharedArrayBuffer[]).map((sab) => new RingBuffer(sab, Int32Array));
    this.#incoming = rings.map((row) => new RingBuffer(row[worker] as SharedArrayBuffer, Int32Array));
  }

  /** Counts a connection for the worker that shall have it, and sends it there. @returns whether it is another */
  place(listener: number, fd: number, fds: FdOwners): boolean {
    const target = this.#load.place(this.#worker);
    this.#load.add(target);
    if (target === this.#worker) return false;
    this.#pair[0] = listener;
    this.#pair[1] = fd;
    const outgoing = this.#outgoing[target] as RingBuffer;
    if (outgoing.availableWrite() < 2) {
      this.#onFull();
      this.#load.remove(target);
      this.#load.add(this.#worker);
      return false;
    }
    // Before it is sent: from then on it is no longer this worker's, should this thread die.
    fds.handOver(fd, target);
    outgoing.push(this.#pair);
    ring(this.#wakeups[target] as number);
    return true;
  }

  /** Takes what others have sent. */
  receive(take: (listener: number, fd: number) => void): void {
    for (const incoming of this.#incoming) {
      while (incoming.availableRead() >= 2) {
        incoming.pop(this.#pair);
        take(this.#pair[0] as number, this.#pair[1] as number);
      }
    }
  }
}

/** What bounds accepting. */
export interface AcceptBounds {
  /** Descriptors from this number on are left to others: the kernel gives out the lowest that is free. */
  readonly acceptBelowFd: number;
  /** Whether the worker holds all the connections it may. */
  full(): boolean;
  /** Descriptors are short: accepting pauses. */
  onShortage(): void;
}

/** One listening socket in one worker. */
export class Listener extends Timer implements Ready {
  readonly #net: Net;
  readonly #index: number;
  readonly #fd: number;
  readonly #acceptor: Acceptor;
  readonly #handover: Handover;
  readonly #worker: number;
  readonly #bounds: AcceptBounds;

  constructor(
    net: Net,
    worker: number,
    index: number,
    fd: number,
    acceptor: Acceptor,
    handover: Handover,
    bounds: AcceptBounds,
  ) {
    super();
    this.#net = net;
    this.#worker = worker;
    this.#index = index;
    this.#fd = fd;
    this.#acceptor = acceptor;
    this.#handover = handover;
    this.#bounds = bounds;
    net.reactor.addLevel(fd, this);
  }

  onReady(_events: number): void {
    const { sockets } = this.#net;
    for (let i = 0; i < ACCEPTS_PER_TICK; i++) {
      const fd = sockets.accept(this.#fd);
      if (fd < 0) {
        if (fd === -EMFILE || fd === -ENFILE || fd === -ENOBUFS || fd === -ENOMEM) this.#pause();
        return;
      }
      this.#place(fd);
      if (fd >= this.#bounds.acceptBelowFd) {
        this.#pause();
        return;
      }
    }
  }

  #place(fd: number): void {
    if (this.#bounds.full()) {
      this.#net.sockets.close(fd);
      return;
    }
    this.#net.fds.take(fd, this.#worker);
    if (!this.#handover.place(this.#index, fd, this.#net.fds)) this.#acceptor.accept(fd);
  }

  /** Descriptors are short: what is queued waits in the kernel, and the loop does not spin over it. */
  #pause(): void {
    const { reactor } = this.#net;
    this.#bounds.onShortage();
    reactor.remove(this.#fd);
    reactor.timers.arm(this, reactor.nowTick + ticksOf(EXHAUSTED_PAUSE_MS));
  }

  onDeadline(): void {
    this.#net.reactor.addLevel(this.#fd, this);
  }

  /** Accepts no more. The descriptor is the supervisor's to close. */
  stop(): void {
    this.#net.reactor.timers.remove(this);
    this.#net.reactor.remove(this.#fd);
    this.#net.sockets.stopListening(this.#fd);
  }

  onFault(_error: unknown): void {}
}
