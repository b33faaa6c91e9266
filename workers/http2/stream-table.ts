/**
 * The live streams of a connection by their ids: open addressing with linear probing, half full at most, so that a
 * look-up is a multiplication and a compare, and neither adding nor removing makes garbage (a Map of V8's is built anew after
 * so many deletions).
 *
 *     ids      [ 0 | 7 | 1 | 0 | 9 | 0 | ... ]      0: free
 *     streams  [   | a | b |   | c |   | ... ]
 */

/** What the table holds. */
export interface Identified {
  readonly id: number;
}

const SLOTS_MIN = 16;
const MULTIPLIER = 0x9e3779b1;

/** Streams by id. */
export class StreamTable<T extends Identified> {
  size = 0;
  #ids = new Int32Array(SLOTS_MIN);
  #streams: (T | null)[] = new Array<T | null>(SLOTS_MIN).fill(null);
  #mask = SLOTS_MIN - 1;
  #shift = 32 - Math.log2(SLOTS_MIN);

  /** @returns the stream, null when there is none of this id */
  get(id: number): T | null {
    const ids = this.#ids;
    const mask = this.#mask;
    for (let slot = Math.imul(id, MULTIPLIER) >>> this.#shift; ; slot = (slot + 1) & mask) {
      const there = ids[slot] as number;
      if (there === id) return this.#streams[slot] as T;
      if (there === 0) return null;
    }
  }

  /** Adds a stream whose id, not 0, is not in the table. */
  add(stream: T): void {
    if (this.size * 2 >= this.#ids.length) this.#grow();
    this.#place(stream);
    this.size++;
  }

  /** Takes a stream out, if it is there. */
  remove(stream: T): void {
    let hole = this.#home(stream.id);
    while (this.#streams[hole] !== stream) {
      if (this.#ids[hole] === 0) return;
      hole = (hole + 1) & this.#mask;
    }
    this.size--;
    // What stands behind the hole and belongs at or before it moves up, or look-ups would stop at the hole.
    for (let slot = (hole + 1) & this.#mask; this.#ids[slot] !== 0; slot = (slot + 1) & this.#mask) {
      const id = this.#ids[slot] as number;
      if (((slot - this.#home(id)) & this.#mask) < ((slot - hole) & this.#mask)) continue;
      this.#ids[hole] = id;
      this.#streams[hole] = this.#streams[slot] as T;
      hole = slot;
    }
    this.#ids[hole] = 0;
    this.#streams[hole] = null;
  }

  /** All streams, as they are now. */
  all(): T[] {
    return this.#streams.filter((stream): stream is T => stream !== null);
  }

  #home(id: number): number {
    return Math.imul(id, MULTIPLIER) >>> this.#shift;
  }

  #place(stream: T): void {
    let slot = this.#home(stream.id);
    while (this.#ids[slot] !== 0) slot = (slot + 1) & this.#mask;
    this.#ids[slot] = stream.id;
    this.#streams[slot] = stream;
  }

  #grow(): void {
    const streams = this.all();
    this.#mask = this.#mask * 2 + 1;
    this.#shift--;
    this.#ids = new Int32Array(this.#mask + 1);
    this.#streams = new Array<T | null>(this.#mask + 1).fill(null);
    for (const stream of streams) this.#place(stream);
  }
}
