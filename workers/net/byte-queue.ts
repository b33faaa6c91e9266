/**
 * Bytes in waiting, first in first out, in a chain of blocks:
 *
 *     head                      tail
 *     +------+-------+    +------+-------+
 *     | next | bytes |--->|  0   | bytes |        next: one word at the start of the block
 *     +------+-------+    +------+-------+
 *              ^ readAt            ^ writeAt
 */
import type { KernelMemory } from '../os/memory.ts';
import { type Blocks, NO_BLOCK } from './blocks.ts';

/** A whole line: copies between places a few bytes apart modulo a page are an order slower (measured on AMD, `rep movsb`). */
const HEADER_BYTES = 64;

/** A queue of bytes over a pool of blocks; holds no block while it is empty. */
export class ByteQueue {
  byteLength = 0;
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #blocks: Blocks;
  #head = NO_BLOCK;
  #tail = NO_BLOCK;
  #readAt = 0;
  #writeAt = 0;
  /** Of the bytes that {@link nextSpan} has shown last: where they begin, and the block that they lie in. */
  spanAt = 0;
  #spanBlock = NO_BLOCK;

  constructor(memory: KernelMemory, blocks: Blocks) {
    this.#bytes = memory.bytes;
    this.#words = memory.words;
    this.#blocks = blocks;
  }

  /** Offset of the first bytes. */
  get frontAt(): number {
    return this.#readAt;
  }

  /** Bytes that lie together at {@link frontAt}. */
  get frontBytes(): number {
    return (this.#head === this.#tail ? this.#writeAt : this.#head + this.#blocks.blockBytes) - this.#readAt;
  }

  /** Copies bytes to the end. @returns false when no block is left: the queue then holds a part, and its owner must end */
  append(at: number, byteLength: number): boolean {
    let from = at;
    let left = byteLength;
    while (left > 0) {
      if (this.#tail === NO_BLOCK || this.#writeAt === this.#tail + this.#blocks.blockBytes) {
        if (!this.#grow()) return false;
      }
      const n = Math.min(left, this.#tail + this.#blocks.blockBytes - this.#writeAt);
      this.#bytes.copyWithin(this.#writeAt, from, from + n);
      this.#writeAt += n;
      this.byteLength += n;
      from += n;
      left -= n;
    }
    return true;
  }

  /** Drops bytes from the front. */
  consume(byteLength: number): void {
    let left = byteLength;
    this.byteLength -= byteLength;
    while (left > 0) {
      const n = Math.min(left, this.frontBytes);
      this.#readAt += n;
      left -= n;
      if (this.frontBytes === 0) this.#dropFront();
    }
  }

  /** Begins to look at all that is there, without taking it: {@link nextSpan} goes on. Nothing may be taken meanwhile. */
  rewind(): void {
    this.#spanBlock = NO_BLOCK;
  }

  /** @returns how many of the next bytes lie together at {@link spanAt}; 0 behind the last */
  nextSpan(): number {
    if (this.#spanBlock === this.#tail) return 0;
    const isFirst = this.#spanBlock === NO_BLOCK;
    const block = isFirst ? this.#head : (this.#words[this.#spanBlock >> 2] as number);
    this.#spanBlock = block;
    this.spanAt = isFirst ? this.#readAt : block + HEADER_BYTES;
    return (block === this.#tail ? this.#writeAt : block + this.#blocks.blockBytes) - this.spanAt;
  }

  /** Moves at most `byteLength` bytes to `at`. @returns how many */
  moveTo(at: number, byteLength: number): number {
    const total = Math.min(byteLength, this.byteLength);
    let to = at;
    let left = total;
    while (left > 0) {
      const n = Math.min(left, this.frontBytes);
      this.#bytes.copyWithin(to, this.#readAt, this.#readAt + n);
      this.consume(n);
      to += n;
      left -= n;
    }
    return total;
  }

  /** Drops everything. */
  clear(): void {
    while (this.#head !== NO_BLOCK) this.#dropFront();
    this.byteLength = 0;
  }

  #grow(): boolean {
    const block = this.#blocks.take();
    if (block === NO_BLOCK) return false;
    this.#words[block >> 2] = NO_BLOCK;
    if (this.#tail === NO_BLOCK) {
      this.#head = block;
      this.#readAt = block + HEADER_BYTES;
    } else {
      this.#words[this.#tail >> 2] = block;
    }
    this.#tail = block;
    this.#writeAt = block + HEADER_BYTES;
    return true;
  }

  #dropFront(): void {
    const block = this.#head;
    if (block === this.#tail) {
      this.#head = NO_BLOCK;
      this.#tail = NO_BLOCK;
    } else {
      this.#head = this.#words[block >> 2] as number;
      this.#readAt = this.#head + HEADER_BYTES;
    }
    this.#blocks.give(block);
  }
}
