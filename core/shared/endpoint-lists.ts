/**
 * Allocates the immutable endpoint lists of all clients from one span of words: a buddy system, because sets of very
 * different sizes come and go for months and freed small blocks must become large ones again.
 *
 *     order 3   [               0               ]
 *     order 2   [       0       |       4       ]      the buddy of block b of order k is b xor 2^k:
 *     order 1   [   0   |   2   |   4   |   6   ]      two free buddies merge into their parent
 *
 * Kept by the supervisor alone, in its own heap.
 */

const SMALLEST_ORDER = 4;

/** The free blocks of a span. */
export class ListSpace {
  private readonly freeByOrder: Set<number>[];
  private free: number;

  /** @param words the span's size, a power of two of at least 16 */
  constructor(words: number) {
    const top = Math.log2(words);
    if (!Number.isInteger(top) || top < SMALLEST_ORDER) throw new RangeError(`${words} is no size of a list space`);
    this.freeByOrder = Array.from({ length: top + 1 }, () => new Set<number>());
    this.freeByOrder[top]?.add(0);
    this.free = words;
  }

  /** Words in free blocks. */
  get freeWords(): number {
    return this.free;
  }

  /**
   * Takes a block. O(log n).
   *
   * @param words how many are needed
   * @returns the block's offset in the span, or -1 when no free block is large enough
   */
  allocate(words: number): number {
    const order = orderOf(words);
    let found = order;
    while (found < this.freeByOrder.length && this.blocks(found).size === 0) found += 1;
    if (found >= this.freeByOrder.length) return -1;
    const [offset] = this.blocks(found);
    if (offset === undefined) throw new Error('a set of size above zero has no element');
    this.blocks(found).delete(offset);
    while (found > order) {
      found -= 1;
      this.blocks(found).add(offset + 2 ** found);
    }
    this.free -= 2 ** order;
    return offset;
  }

  /**
   * Gives a block back. O(log n).
   *
   * @param offset as {@link allocate} returned it
   * @param words as they were asked for
   */
  release(offset: number, words: number): void {
    let order = orderOf(words);
    let start = offset;
    this.free += 2 ** order;
    while (this.blocks(order).delete(start ^ (2 ** order))) {
      start = Math.min(start, start ^ (2 ** order));
      order += 1;
    }
    this.blocks(order).add(start);
  }

  private blocks(order: number): Set<number> {
    const blocks = this.freeByOrder[order];
    if (blocks === undefined) throw new RangeError(`no blocks of order ${order}`);
    return blocks;
  }
}

function orderOf(words: number): number {
  return Math.max(SMALLEST_ORDER, Math.ceil(Math.log2(words)));
}
