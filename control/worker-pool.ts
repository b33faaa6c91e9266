/**
 * The worker threads: a Piscina pool with one never-ending task per thread, kept by a thread of its own (worker-starter.ts).
 *
 *     start --thread dies--> ended, an error --> onDeath(worker) --> start again, after a pause that grows while it
 *        \--drained--> ended                                         keeps dying at once
 *
 * The listening sockets are the supervisor's: while a worker is away, connections queue in the kernel.
 */
import { setFlagsFromString } from 'node:v8';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { FromWorker, ToWorker, WorkerStart } from '../workers/messages.ts';
import { createWakeup, type Mapping, ring, unmap } from '../workers/os/index.ts';
import type { FromStarter, StarterData, ToStarter } from './worker-starter.ts';

const RESTART_PAUSE_MS = 100;
const RESTART_PAUSE_MAX_MS = 5000;
/**
 * Old space of a worker before its first full collection. V8 would put that off until there are some hundred MiB: what
 * ended connections leave behind is little, and would grow for hours.
 */
const FIRST_COLLECTION_MB = 10;
/** A worker that served this long has not died of its start. */
const SETTLED_MS = 1000;

/**
 * How long to wait before a dead worker's successor starts: not at all, unless it would be a loop of starts and deaths.
 *
 * @param previousMs the pause before the one that has died, 0 for the first
 * @param servedMs how long that one has served
 */
export function restartPauseMs(previousMs: number, servedMs: number): number {
  if (servedMs >= SETTLED_MS) return 0;
  return Math.min(previousMs * 2 + RESTART_PAUSE_MS, RESTART_PAUSE_MAX_MS);
}

/** What the pool tells its owner. */
export interface PoolEvents {
  onMessage(worker: number, message: FromWorker): void;
  /** A thread is gone; its shared state is to be put in order before the next start. */
  onDeath(worker: number, error: unknown): void;
  /** A dead worker's successor serves. @param afterMs time since the death */
  onReplaced(worker: number, afterMs: number): void;
  /** Builds the start of a worker, apart from what the pool knows itself. */
  startOf(worker: number): Omit<WorkerStart, 'worker' | 'workers' | 'wakeups' | 'port'>;
}

interface Slot {
  port: MessagePort | null;
  /** Of the thread that serves; -1 while none does. */
  threadId: number;
  memory: Mapping | null;
  /** Since when it serves; meaningless while none does. */
  servedSinceMs: number;
  /** When the one before it died; 0 for the first. */
  diedMs: number;
  pauseMs: number;
  /** Called when the worker serves for the first time, in its first life or a later one. */
  onServing: () => void;
  /** Called when its thread has ended, by itself or not. */
  onEnded: () => void;
}

/** The workers of the process. */
export class WorkerPool {
  readonly workers: number;
  readonly wakeups: readonly number[];
  readonly #events: PoolEvents;
  readonly #starter: Worker;
  readonly #slots: Slot[];
  readonly #ended: Promise<void>[] = [];
  #draining = false;
  #deaths = 0;

  constructor(workers: number, events: PoolEvents) {
    this.workers = workers;
    this.#events = events;
    this.wakeups = Array.from({ length: workers }, createWakeup);
    this.#slots = Array.from({ length: workers }, () => ({
      port: null,
      threadId: -1,
      memory: null,
      servedSinceMs: 0,
      diedMs: 0,
      pauseMs: 0,
      onServing: () => {},
      onEnded: () => {},
    }));
    // No option of a worker's own says this; the heap of this thread is set up already and keeps what it has.
    setFlagsFromString(`--initial-old-space-size=${FIRST_COLLECTION_MB}`);
    const workerData: StarterData = { workers };
    this.#starter = new Worker(new URL('worker-starter.js', import.meta.url), { workerData });
    this.#starter.on('message', (message: FromStarter) => this.#onStarter(message));
  }

  /** Starts every worker. @returns when all of them serve */
  async start(): Promise<void> {
    const serving = this.#slots.map((slot, worker) => {
      return new Promise<void>((resolve) => {
        slot.onServing = resolve;
        this.#startWorker(worker);
      });
    });
    await Promise.all(serving);
  }

  /** Threads that have died since the start. */
  get deaths(): number {
    return this.#deaths;
  }

  /** How many workers serve now. */
  get serving(): number {
    return this.#slots.filter(({ threadId }) => threadId >= 0).length;
  }

  /** Workers that can be told something. */
  *alive(): Iterable<number> {
    for (const [worker, slot] of this.#slots.entries()) if (slot.port !== null) yield worker;
  }

  /** Sends a message; lost when the worker is dead, whose successor asks for what it needs. */
  send(worker: number, message: ToWorker): void {
    const { port } = this.#slots[worker] as Slot;
    if (port === null) return;
    port.postMessage(message);
    ring(this.wakeups[worker] as number);
  }

  /** Wakes every worker, to look at the endpoint tables. */
  ringAll(): void {
    for (const worker of this.alive()) ring(this.wakeups[worker] as number);
  }

  /** Lets requests under way finish. @returns when all workers have ended */
  async drain(graceMs: number): Promise<void> {
    this.#draining = true;
    for (const worker of this.alive()) this.send(worker, { type: 'drain', graceMs });
    await Promise.all(this.#ended);
    await this.#starter.terminate();
  }

  /** Ends a worker's thread where it stands, as a crash would; its successor follows. @returns false when it is not serving */
  terminate(worker: number): boolean {
    const { threadId } = this.#slots[worker] as Slot;
    if (threadId < 0) return false;
    this.#tell({ type: 'terminate', worker, threadId });
    return true;
  }

  #tell(message: ToStarter, ports: readonly MessagePort[] = []): void {
    this.#starter.postMessage(message, ports);
  }

  #onStarter(message: FromStarter): void {
    const slot = this.#slots[message.worker] as Slot;
    if (message.type === 'terminating') {
      // A thread that waits in the kernel notices when it is back in JavaScript.
      ring(this.wakeups[message.worker] as number);
      return;
    }
    if (message.error !== undefined) this.#died(message.worker, message.error);
    slot.onEnded();
  }

  #startWorker(worker: number): void {
    const slot = this.#slots[worker] as Slot;
    const { port1, port2 } = new MessageChannel();
    slot.port = port1;
    port1.on('message', (message: FromWorker) => {
      if (message.type !== 'serving') {
        this.#events.onMessage(worker, message);
        return;
      }
      slot.threadId = message.threadId;
      slot.servedSinceMs = Date.now();
      slot.memory = message.memory;
      slot.onServing();
      if (slot.diedMs !== 0) this.#events.onReplaced(worker, Date.now() - slot.diedMs);
    });
    const { workers, wakeups } = this;
    const start: WorkerStart = { ...this.#events.startOf(worker), worker, workers, wakeups, port: port2 };
    this.#ended[worker] = new Promise((resolve) => {
      slot.onEnded = resolve;
    });
    this.#tell({ type: 'start', start }, [port2]);
    // Connections may have been handed to it before it was there, or to the one before it.
    ring(wakeups[worker] as number);
  }

  #died(worker: number, error: unknown): void {
    const slot = this.#slots[worker] as Slot;
    slot.port?.close();
    slot.port = null;
    slot.diedMs = Date.now();
    const servedMs = slot.threadId < 0 ? 0 : slot.diedMs - slot.servedSinceMs;
    slot.threadId = -1;
    this.#deaths++;
    this.#events.onDeath(worker, error);
    if (slot.memory !== null) unmap(slot.memory);
    slot.memory = null;
    slot.pauseMs = restartPauseMs(slot.pauseMs, servedMs);
    setTimeout(() => {
      if (!this.#draining) this.#startWorker(worker);
    }, slot.pauseMs);
  }
}
