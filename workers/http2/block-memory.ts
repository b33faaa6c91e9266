/**
 * Header blocks met before, with what was made of them: one that comes again, byte for byte, and means the same, is neither
 * decoded nor judged nor coded anew (design.md section 4).
 *
 *     a block of                                         means the same
 *     static fields and literals alone ................. always, on every connection
 *     fields of the dynamic table, and no insertion .... on this connection, until its table changes
 *
 *     block --hash--> slot    seen once: its hash alone     seen twice: remembered, if the slot is free
 *
 * A block of the first sort may insert its literals into the table. It can be recognised all the same: what it would have
 * inserted is made up for before the next block is decoded that is not recognised (`SkippedBlocks`).
 */
import type { HpackDecoder } from '../../core/http2/hpack/decoder.ts';
import { equalText } from '../../core/http2/hpack/text.ts';
import { viewOf } from '../http1/field-lines.ts';

/** Times that a block must come, its slot's owner not once between, to take that slot: two in turn would cost a copy each. */
const CONTESTS = 8;
/** Longer blocks are not remembered: comparing and keeping them costs more than it is worth. */
const BLOCK_BYTES_MAX = 1024;
const MULTIPLIER = 0x9e3779b1;
const RING_LENGTH_MIN = 8;

/** A block, kept for comparison, and when it means what it meant. */
export class KnownBlock {
  readonly bytes: Uint8Array;
  readonly endStream: boolean;
  /** The decoder whose table it depends on, in this version; null for a block that means the same everywhere. */
  readonly decoder: HpackDecoder | null;
  readonly version: number;
  /** What it puts into the table. */
  readonly insertedBytes: number;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, endStream: boolean, decoder: HpackDecoder) {
    this.bytes = bytes;
    this.endStream = endStream;
    this.decoder = decoder.refersToTable ? decoder : null;
    this.version = decoder.table.version;
    this.insertedBytes = decoder.insertedBytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Whether it is all of `[at, end)`. */
  matches(view: DataView, at: number, end: number): boolean {
    return end - at === this.bytes.length && equalText(view, at, this.#view, 0, end - at);
  }
}

/** Whether a block that was just decoded may be remembered at all. */
export function isMemorable(decoder: HpackDecoder): boolean {
  return !decoder.resized && !(decoder.refersToTable && decoder.insertedBytes > 0);
}

/** What is remembered of a block. */
export interface Remembered {
  readonly block: KnownBlock;
}

/** Blocks and what was made of them. */
export class BlockMemory<T extends Remembered> {
  readonly #entries: (T | null)[];
  readonly #mask: number;
  /** The block that came last to each slot without being known, and how often in a row. */
  readonly #hashes: Int32Array;
  readonly #rows: Uint8Array;
  /** Of the block last looked for; 0 for one that cannot be remembered. */
  #hash = 0;
  #ownHash = 0;
  /** The block last looked for has been here before: it is worth being remembered. */
  recurring = false;

  /** @param slots a power of two */
  constructor(slots: number) {
    this.#entries = new Array<T | null>(slots).fill(null);
    this.#mask = slots - 1;
    this.#hashes = new Int32Array(slots);
    this.#rows = new Uint8Array(slots);
  }

  /**
   * Looks for a block.
   *
   * @param decoder of its connection
   * @param seed of its connection: blocks that look alike mean something else on another
   * @param current the decoder's table is what the peer takes it for: nothing is to be made up for
   */
  find(
    bytes: Uint8Array,
    at: number,
    end: number,
    endStream: boolean,
    decoder: HpackDecoder,
    seed: number,
    current: boolean,
  ): T | null {
    this.recurring = false;
    this.#hash = 0;
    if (end - at > BLOCK_BYTES_MAX || decoder.resizeIsDue) return null;
    const view = viewOf(bytes);
    const hash = hashBlock(bytes, view, at, end);
    const ownHash = Math.imul(hash ^ seed, MULTIPLIER);
    const own = this.#entries[(ownHash >>> 8) & this.#mask] as T | null;
    if (own !== null && current && own.block.decoder === decoder && own.block.version === decoder.table.version) {
      if (own.block.endStream === endStream && own.block.matches(view, at, end)) return this.#met(own, hash);
    }
    const shared = this.#entries[(hash >>> 8) & this.#mask] as T | null;
    if (shared !== null && shared.block.decoder === null && shared.block.endStream === endStream) {
      if (shared.block.matches(view, at, end)) return this.#met(shared, hash);
    }
    this.#hash = hash;
    this.#ownHash = ownHash;
    const row = (hash >>> 8) & this.#mask;
    const inRow = this.#hashes[row] === hash ? Math.min((this.#rows[row] as number) + 1, CONTESTS) : 1;
    this.#hashes[row] = hash;
    this.#rows[row] = inRow;
    this.recurring = inRow >= 2;
    return null;
  }

  #met(entry: T, hash: number): T {
    this.#rows[(hash >>> 8) & this.#mask] = 0;
    return entry;
  }

  /** Whether there is a place for the block last looked for, which was decoded in the meantime. */
  admits(decoder: HpackDecoder): boolean {
    if (this.#hash === 0 || !isMemorable(decoder)) return false;
    const there = this.#entries[this.#slotFor(decoder)] as T | null;
    if (there === null) return true;
    const { block } = there;
    const stale = block.decoder !== null && block.version !== block.decoder.table.version;
    return stale || (this.#rows[(this.#hash >>> 8) & this.#mask] as number) >= CONTESTS;
  }

  /** Remembers what was made of the block last looked for. {@link admits} was asked. */
  remember(entry: T, decoder: HpackDecoder): void {
    this.#entries[this.#slotFor(decoder)] = entry;
  }

  /** Forgets what no longer holds. */
  forget(entry: T): void {
    const place = this.#entries.indexOf(entry);
    if (place >= 0) this.#entries[place] = null;
  }

  #slotFor(decoder: HpackDecoder): number {
    return ((decoder.refersToTable ? this.#ownHash : this.#hash) >>> 8) & this.#mask;
  }
}

/**
 * Blocks that were recognised and not decoded, although they change the table: the last ones, as many as fill it, in a ring
 * (an array that is shifted takes new memory for it again and again).
 */
export class SkippedBlocks {
  /** Its length is a power of two; empty until the first block comes. */
  #ring: (KnownBlock | null)[] = [];
  #first = 0;
  #count = 0;
  #insertedBytes = 0;

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** @param tableBytes size of the table: what was put in before so much else is out again */
  add(block: KnownBlock, tableBytes: number): void {
    if (this.#count === this.#ring.length) this.#grow();
    const ring = this.#ring;
    const mask = ring.length - 1;
    ring[(this.#first + this.#count++) & mask] = block;
    this.#insertedBytes += block.insertedBytes;
    // The last one stays, also where the table holds nothing at all.
    while (this.#count > 1) {
      const oldestBytes = (ring[this.#first] as KnownBlock).insertedBytes;
      if (this.#insertedBytes - oldestBytes < tableBytes) return;
      this.#insertedBytes -= oldestBytes;
      ring[this.#first] = null;
      this.#first = (this.#first + 1) & mask;
      this.#count--;
    }
  }

  /** Hands them over in order, and forgets them. */
  takeAll(): KnownBlock[] {
    const blocks = this.#inOrder();
    this.#ring = [];
    this.#first = 0;
    this.#count = 0;
    this.#insertedBytes = 0;
    return blocks;
  }

  #inOrder(): KnownBlock[] {
    const mask = this.#ring.length - 1;
    return Array.from({ length: this.#count }, (_, i) => this.#ring[(this.#first + i) & mask] as KnownBlock);
  }

  #grow(): void {
    const ring: (KnownBlock | null)[] = this.#inOrder();
    const length = Math.max(RING_LENGTH_MIN, 2 * this.#ring.length);
    while (ring.length < length) ring.push(null);
    this.#ring = ring;
    this.#first = 0;
  }
}

function hashBlock(bytes: Uint8Array, view: DataView, at: number, end: number): number {
  let hash = end - at;
  let i = at;
  for (; i + 4 <= end; i += 4) {
    hash = Math.imul(hash ^ view.getInt32(i, true), MULTIPLIER);
    hash ^= hash >>> 15;
  }
  for (; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), MULTIPLIER);
  hash ^= hash >>> 13;
  return hash === 0 ? 1 : hash;
}
