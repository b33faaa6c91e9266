/**
 * Writes put off to the end of the tick, so that the kernel's send path, by far the longest stretch of code that a request
 * runs through, runs for all of them in a row and stays in the caches, and so that what the worker itself does between two
 * receives stays there too.
 *
 *     tick:   receive, work | receive, work | receive, work | ... | send send send ...
 *
 *     entry   connection | at | byteLength        the bytes stay where they are until the flush
 *
 * What is put off must therefore lie still: a request's head does (its block is kept until a response begins), and a
 * response in the read buffer does because the next receive goes behind it (`Net.hold`).
 */
import type { Connection } from './connection.ts';

const ENTRIES_MAX = 512;

/** The writes of one tick. */
export class Outbox {
  readonly #connections: (Connection | null)[] = new Array<Connection | null>(ENTRIES_MAX).fill(null);
  readonly #ats = new Int32Array(ENTRIES_MAX);
  readonly #byteLengths = new Int32Array(ENTRIES_MAX);
  #count = 0;
  /** The first entry that is not sent: a flush within a flush goes on from there. */
  #next = 0;

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  get isFull(): boolean {
    return this.#count === ENTRIES_MAX;
  }

  /** Puts a write off. The outbox must not be full. */
  push(connection: Connection, at: number, byteLength: number): void {
    const entry = this.#count++;
    this.#connections[entry] = connection;
    this.#ats[entry] = at;
    this.#byteLengths[entry] = byteLength;
  }

  /** Sends everything, in order. */
  flush(): void {
    while (this.#next < this.#count) {
      const entry = this.#next++;
      const connection = this.#connections[entry] as Connection;
      this.#connections[entry] = null;
      try {
        connection.sendPending(this.#ats[entry] as number, this.#byteLengths[entry] as number);
      } catch (error) {
        connection.net.reactor.end(connection, error);
      }
    }
    this.#count = 0;
    this.#next = 0;
  }
}
