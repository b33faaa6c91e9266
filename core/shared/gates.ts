/**
 * Requests under way per server, over all workers: what `maxConcurrentRequests` bounds.
 *
 *     Int32 cells:   totals, one a server | worker 0's part of each | worker 1's part of each | ...
 *
 * Each worker keeps its own part beside the shared total, so that what a dead worker held can be given back.
 */

/** The cells over shared memory. */
export class Gates {
  readonly #cells: Int32Array;
  readonly #servers: number;

  /** @param servers as given to {@link allocate} */
  constructor(shared: SharedArrayBuffer, servers: number) {
    this.#cells = new Int32Array(shared);
    this.#servers = servers;
  }

  static allocate(workers: number, servers: number): SharedArrayBuffer {
    return new SharedArrayBuffer((workers + 1) * servers * Int32Array.BYTES_PER_ELEMENT);
  }

  /** Requests under way at a server. */
  underWay(server: number): number {
    return Atomics.load(this.#cells, server);
  }

  /** A request wants to go on. @returns whether it may: then {@link leave} must follow */
  enter(server: number, worker: number, requestsMax: number): boolean {
    if (Atomics.add(this.#cells, server, 1) >= requestsMax) {
      Atomics.sub(this.#cells, server, 1);
      return false;
    }
    this.#addOwn(server, worker, 1);
    return true;
  }

  /** A request under way has ended. */
  leave(server: number, worker: number): void {
    this.#addOwn(server, worker, -1);
    Atomics.sub(this.#cells, server, 1);
  }

  /** A worker is dead: what it had under way is over. */
  forgetWorker(worker: number): void {
    for (let server = 0; server < this.#servers; server++) {
      const at = this.#servers * (1 + worker) + server;
      Atomics.sub(this.#cells, server, this.#cells[at] as number);
      this.#cells[at] = 0;
    }
  }

  #addOwn(server: number, worker: number, change: number): void {
    const at = this.#servers * (1 + worker) + server;
    this.#cells[at] = (this.#cells[at] as number) + change;
  }
}
