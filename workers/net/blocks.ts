/**
 * Fixed-size pieces of a worker's kernel memory for what must outlive a tick: an incomplete head, a request kept until
 * its response begins, bytes a socket did not take. An idle connection owns none.
 *
 * Free blocks form a stack, so that the block used last, warm in cache, is the first to be used again. Fresh blocks
 * come from the region's untouched end; pages of long free ones go back to the kernel with {@link Blocks.trim}.
 */
import type { KernelMemory } from '../os/memory.ts';

/** Says that no block is left. */
export const NO_BLOCK = 0;

/** Blocks of one size. */
export class Blocks {
  readonly blockBytes: number;
  readonly #memory: KernelMemory;
  readonly #regionEnd: number;
  readonly #onExhausted: () => void;
  readonly #free: number[] = [];
  /** Blocks at the bottom of the stack whose pages went back and that nobody used since. */
  #trimmedCount = 0;
  #freshAt: number;
  /** Blocks in use. */
  usedCount = 0;

  /**
   * @param regionBytes address space for all blocks
   * @param blockBytes a multiple of the page size when {@link trim} is to be of use
   * @param onExhausted told each time that a block was asked for and none was left
   */
  constructor(memory: KernelMemory, regionBytes: number, blockBytes: number, onExhausted: () => void) {
    this.#onExhausted = onExhausted;
    this.#memory = memory;
    this.blockBytes = blockBytes;
    const at = memory.reserve(regionBytes + 4096);
    this.#freshAt = Math.ceil(at / 4096) * 4096;
    this.#regionEnd = at + regionBytes;
  }

  /** @returns the offset of a block, or {@link NO_BLOCK} */
  take(): number {
    const block = this.#free.pop();
    if (block !== undefined) {
      this.usedCount++;
      if (this.#free.length < this.#trimmedCount) this.#trimmedCount = this.#free.length;
      return block;
    }
    if (this.#freshAt + this.blockBytes > this.#regionEnd) {
      this.#onExhausted();
      return NO_BLOCK;
    }
    const fresh = this.#freshAt;
    this.#freshAt += this.blockBytes;
    this.usedCount++;
    return fresh;
  }

  /** Gives a block back. */
  give(block: number): void {
    this.#free.push(block);
    this.usedCount--;
  }

  /** Returns the pages of free blocks beyond `keep` to the kernel; the blocks stay usable. */
  trim(keep: number): void {
    const last = this.#free.length - keep;
    for (let i = this.#trimmedCount; i < last; i++) this.#memory.release(this.#free[i] as number, this.blockBytes);
    this.#trimmedCount = Math.max(this.#trimmedCount, last);
  }
}
