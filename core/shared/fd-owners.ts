/**
 * Which worker owns which file descriptor of the process.
 *
 *     Int32 cells, index = fd:   0 nobody   w + 1 worker w   -(w + 1) on its way to worker w
 *
 * All threads share one descriptor table, so a connection accepted by one worker can be served by another; and when a
 * worker dies, nobody closes what it held. The supervisor does, by this table. What was on its way to the dead worker
 * stays open: the successor finds it in the same ring.
 */
const FDS_MAX = 1 << 20;

/** The table over shared memory. */
export class FdOwners {
  readonly #cells: Int32Array;

  constructor(shared: SharedArrayBuffer) {
    this.#cells = new Int32Array(shared);
  }

  /** Memory for the table: reserved whole, backed by the kernel only where touched. */
  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer(FDS_MAX * 4);
  }

  /** Notes an owner. Only the owner of a descriptor writes its cell, so plain stores do. */
  take(fd: number, worker: number): void {
    this.#cells[fd] = worker + 1;
  }

  /** Notes that a descriptor is about to be sent to another worker, who will take it. */
  handOver(fd: number, worker: number): void {
    this.#cells[fd] = -(worker + 1);
  }

  /** Notes that a descriptor is about to be closed. */
  drop(fd: number): void {
    this.#cells[fd] = 0;
  }

  /** Takes every descriptor of a worker off the table. */
  takeAllOf(worker: number): number[] {
    const fds: number[] = [];
    for (let fd = 0; fd < this.#cells.length; fd++) {
      if (this.#cells[fd] === worker + 1) {
        fds.push(fd);
        this.#cells[fd] = 0;
      }
    }
    return fds;
  }
}
