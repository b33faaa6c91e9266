/**
 * The memory of one thread that the kernel may read and write.
 *
 * Everything that goes through a system call lies here, and the rest of Weft names it by its offset: outside this
 * folder there are no addresses. It is mapped once and not unmapped while the thread lives (a view of unmapped memory is a crash), and
 * reserved without being committed: the kernel backs a page when it is first touched.
 *
 *     0            SCRATCH_BYTES                        byteLength
 *     | scratch    | regions handed out by reserve() ...|
 *
 * The scratch area serves single calls: socket addresses, options, vectors.
 */

import { SystemCallError } from './errno.ts';
import { declare, lastErrno, viewMemory } from './ffi.ts';

const mmap = declare('int64_t mmap(uint64_t address, uint64_t length, int protection, int flags, int fd, int64_t at)');
const munmap = declare('int munmap(uint64_t address, uint64_t length)');
const madvise = declare('int madvise(uint64_t address, uint64_t length, int advice)');

const PROT_READ_WRITE = 3;
const MAP_PRIVATE_ANONYMOUS_NORESERVE = 0x4022;
/** Of x86-64 alone; 0 elsewhere. */
const MAP_32BIT = process.arch === 'x64' ? 0x40 : 0;
const MADV_DONTNEED = 4;
const SCRATCH_BYTES = 4096;

/** A stretch of mapped memory, named so that another thread can give it back. */
export interface Mapping {
  readonly base: number;
  readonly byteLength: number;
}

/** Gives the memory of a dead thread back to the kernel. */
export function unmap({ base, byteLength }: Mapping): void {
  munmap(base, byteLength);
}

/**
 * Maps memory, below 2 GiB while there is room: such an address is a small integer to V8, and a call that takes one does not
 * have to box it (16 bytes of garbage a call). Elsewhere it works as well.
 */
function mapLow(byteLength: number): number {
  const flags = MAP_PRIVATE_ANONYMOUS_NORESERVE | MAP_32BIT;
  const low = mmap(0, byteLength, PROT_READ_WRITE, flags, -1, 0);
  return low > 0 ? low : mmap(0, byteLength, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS_NORESERVE, -1, 0);
}

/** A thread's kernel-visible memory. */
export class KernelMemory {
  /** The whole of it as bytes; every offset in Weft's data plane is an index into this. */
  readonly bytes: Uint8Array;
  /** The same as 32-bit words; index = offset / 4. */
  readonly words: Int32Array;
  /** Address of offset 0: for the files of this folder only. */
  readonly base: number;
  readonly byteLength: number;
  #reservedBytes = SCRATCH_BYTES;

  /**
   * @param byteLength address space to reserve, rounded up to whole pages
   * @throws SystemCallError when the kernel refuses
   */
  constructor(byteLength: number) {
    this.byteLength = Math.ceil(byteLength / 4096) * 4096;
    this.base = mapLow(this.byteLength);
    if (this.base <= 0) throw new SystemCallError('mmap', lastErrno(), `${this.byteLength} bytes`);
    const buffer = viewMemory(this.base, this.byteLength);
    this.bytes = new Uint8Array(buffer);
    this.words = new Int32Array(buffer);
  }

  /**
   * Takes a region for good.
   *
   * @returns its offset, a multiple of 64
   * @throws RangeError when the memory is used up: sizes are computed at start, so this is a wrong setting
   */
  reserve(byteLength: number): number {
    const at = Math.ceil(this.#reservedBytes / 64) * 64;
    if (at + byteLength > this.byteLength) {
      throw new RangeError(
        `WEFT_ARENA_BYTES=${this.byteLength} is too small: ${at + byteLength} bytes are needed to start`,
      );
    }
    this.#reservedBytes = at + byteLength;
    return at;
  }

  /** What {@link unmap} needs. */
  get mapping(): Mapping {
    return { base: this.base, byteLength: this.byteLength };
  }

  /** Bytes that {@link reserve} has not handed out yet. */
  get availableBytes(): number {
    return this.byteLength - Math.ceil(this.#reservedBytes / 64) * 64;
  }

  /** Gives the pages of a region back to the kernel; they read as zeros afterwards. Both ends page-aligned. */
  release(at: number, byteLength: number): void {
    madvise(this.base + at, byteLength, MADV_DONTNEED);
  }
}
