/**
 * Messages received in this tick that wait to be dealt with, so that all receives of the tick run in a row, then all of
 * the worker's own code, then (see outbox.ts) all sends: each stays in the processor's caches while it runs.
 *
 *     tick:   receive receive receive ... | work work work ... | send send send ...
 *
 *     entry   connection | at | end       the bytes lie in the read buffer, each behind the one before
 *
 * Only what has drained its socket waits here: nothing else can happen to its connection until it is delivered, but that
 * it closes.
 */
import type { Connection } from './connection.ts';

const ENTRIES_MAX = 512;

/** The messages of one tick. */
export class Inbox {
  readonly #connections: (Connection | null)[] = new Array<Connection | null>(ENTRIES_MAX).fill(null);
  readonly #ats = new Int32Array(ENTRIES_MAX);
  readonly #ends = new Int32Array(ENTRIES_MAX);
  #count = 0;
  #next = 0;

  /** Nothing waits, nor is being delivered. */
  get isEmpty(): boolean {
    return this.#count === 0;
  }

  get isFull(): boolean {
    return this.#count === ENTRIES_MAX;
  }

  /** Puts bytes `[at, end)` of the read buffer off. The inbox must not be full. */
  push(connection: Connection, at: number, end: number): void {
    const entry = this.#count++;
    this.#connections[entry] = connection;
    this.#ats[entry] = at;
    this.#ends[entry] = end;
  }

  /** Hands everything over, in order. */
  deliver(): void {
    while (this.#next < this.#count) {
      const entry = this.#next++;
      const connection = this.#connections[entry] as Connection;
      this.#connections[entry] = null;
      connection.undelivered = false;
      if (connection.closed) continue;
      try {
        connection.onReceived(this.#ats[entry] as number, this.#ends[entry] as number);
      } catch (error) {
        connection.net.reactor.end(connection, error);
      }
    }
    this.#count = 0;
    this.#next = 0;
  }
}
