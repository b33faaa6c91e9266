/**
 * How busy each worker is, in cells that all threads see: what an accepted connection is placed by. Connections alone do not
 * tell: one of HTTP/2 may carry a thousand streams, and another none.
 *
 *     Int32 cells:   connections by worker | busy by worker | measured by worker
 *                    held now                 permille of a    connections held when
 *                                             core, lately     that was measured
 *
 * A worker measures what it uses about once a second. What has come since is reckoned with the average of what is known, so
 * that a burst of connections does not all go to whoever was idle at the last look:
 *
 *     expected = busy + (connections - measured) * sum of busy / sum of measured
 */

/** Parts of a cell block. */
const CONNECTIONS = 0;
const BUSY = 1;
const MEASURED = 2;
const PARTS = 3;

/** A connection about which nothing is known yet counts as so many permille of a core. */
const UNKNOWN_PERMILLE = 1;
/** Differences below this are noise: connections decide. */
export const NOISE_PERMILLE = 50;

/** The cells, over shared memory. */
export class WorkerLoad {
  readonly workers: number;
  readonly #cells: Int32Array;

  constructor(shared: SharedArrayBuffer) {
    this.#cells = new Int32Array(shared);
    this.workers = this.#cells.length / PARTS;
  }

  static allocate(workers: number): SharedArrayBuffer {
    return new SharedArrayBuffer(workers * PARTS * Int32Array.BYTES_PER_ELEMENT);
  }

  /** Connections that a worker holds or has been handed. */
  connections(worker: number): number {
    return Atomics.load(this.#cells, this.#at(CONNECTIONS, worker));
  }

  /** A worker gets a connection. */
  add(worker: number): void {
    Atomics.add(this.#cells, this.#at(CONNECTIONS, worker), 1);
  }

  /** One of its connections has ended, or goes elsewhere. */
  remove(worker: number): void {
    Atomics.sub(this.#cells, this.#at(CONNECTIONS, worker), 1);
  }

  /** A worker begins anew, or is away: nothing is known of what it uses. */
  reset(worker: number, connections: number): void {
    Atomics.store(this.#cells, this.#at(CONNECTIONS, worker), connections);
    Atomics.store(this.#cells, this.#at(BUSY, worker), 0);
    Atomics.store(this.#cells, this.#at(MEASURED, worker), 0);
  }

  /** A worker has measured itself. @param permille of one core that it has used since the last time */
  measure(worker: number, permille: number): void {
    Atomics.store(this.#cells, this.#at(BUSY, worker), Math.round(permille));
    Atomics.store(this.#cells, this.#at(MEASURED, worker), this.connections(worker));
  }

  /** Permille of a core that a worker used when it last measured itself. */
  busy(worker: number): number {
    return Atomics.load(this.#cells, this.#at(BUSY, worker));
  }

  /**
   * The worker that an accepted connection should go to: the least busy one, of equally busy ones that with the fewest
   * connections, and `self` when there is nothing to be gained by the way.
   */
  place(self: number): number {
    const each = this.#eachPermille();
    let target = self;
    for (let worker = 0; worker < this.workers; worker++) {
      if (worker !== self && this.#isLighter(worker, target, target === self, each)) target = worker;
    }
    return target;
  }

  /** @param isOwn the other is whoever asks: one connection more than another is balance already */
  #isLighter(worker: number, other: number, isOwn: boolean, each: number): boolean {
    const difference = this.#expected(other, each) - this.#expected(worker, each);
    if (Math.abs(difference) > NOISE_PERMILLE) return difference > 0;
    return this.connections(worker) < this.connections(other) - (isOwn ? 1 : 0);
  }

  #expected(worker: number, each: number): number {
    const since = this.connections(worker) - Atomics.load(this.#cells, this.#at(MEASURED, worker));
    return this.busy(worker) + since * each;
  }

  /** What a connection uses, on the average of all that were there at the last look. */
  #eachPermille(): number {
    let busy = 0;
    let measured = 0;
    for (let worker = 0; worker < this.workers; worker++) {
      busy += this.busy(worker);
      measured += Atomics.load(this.#cells, this.#at(MEASURED, worker));
    }
    return measured === 0 ? UNKNOWN_PERMILLE : Math.max(UNKNOWN_PERMILLE, busy / measured);
  }

  #at(part: number, worker: number): number {
    return part * this.workers + worker;
  }
}
