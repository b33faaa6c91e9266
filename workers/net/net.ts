/**
 * What every connection of a worker shares: the kernel's doors, the loop, and the memory that bytes pass through.
 *
 *     shared read buffer:   | headroom | bytes of one recv, behind what was kept of the last ... |
 *
 * All connections read into the one buffer, one after the other, and leave it empty: what is not dealt with in the
 * same tick is copied to blocks. The headroom in front lets a response head grow where it lies, so that head and body
 * leave in one send without a copy.
 */
import type { LimitValues } from '../../core/limits.ts';
import type { FdOwners } from '../../core/shared/fd-owners.ts';
import type { StatsWriter } from '../../core/shared/stats-writer.ts';
import type { KernelMemory } from '../os/memory.ts';
import type { Sockets } from '../os/sockets.ts';
import type { Reactor } from '../reactor/reactor.ts';
import { Blocks, NO_BLOCK } from './blocks.ts';
import { ByteQueue } from './byte-queue.ts';

const QUEUES_KEPT_MAX = 256;
/** Blocks kept resident when nobody needs them. */
const WARM_BLOCKS = 64;
const SMALL_BLOCK_BYTES = 1024;

/** A worker's networking: one object, handed to each connection. */
export class Net {
  readonly memory: KernelMemory;
  readonly bytes: Uint8Array;
  readonly sockets: Sockets;
  readonly reactor: Reactor;
  readonly limits: LimitValues;
  readonly fds: FdOwners;
  readonly stats: StatsWriter;
  /** Where a recv writes when nothing was kept from before. */
  readonly readAt: number;
  /** The most that a recv takes, whatever was kept. */
  readonly readBytes: number;
  /** Bytes free in front of readAt. */
  readonly headroomBytes: number;
  /** For heads and queues. */
  readonly blocks: Blocks;
  /** For request heads of the usual size. */
  readonly smallBlocks: Blocks;
  readonly #queues: ByteQueue[] = [];

  /**
   * @param headBytesMax the largest head of any router: a block and the headroom each hold one, with what Weft adds
   */
  constructor(
    memory: KernelMemory,
    sockets: Sockets,
    reactor: Reactor,
    limits: LimitValues,
    fds: FdOwners,
    stats: StatsWriter,
    headBytesMax: number,
  ) {
    this.memory = memory;
    this.bytes = memory.bytes;
    this.sockets = sockets;
    this.reactor = reactor;
    this.limits = limits;
    this.fds = fds;
    this.stats = stats;
    this.headroomBytes = Math.ceil(headBytesMax / 4096) * 4096;
    this.readBytes = Math.max(limits.readBufferBytes, 2 * this.headroomBytes);
    // Behind the shared bytes there is room for what a connection kept (at most a head) in front of the next recv.
    this.readAt = memory.reserve(this.headroomBytes + this.readBytes + this.headroomBytes) + this.headroomBytes;
    const left = memory.availableBytes - 65536;
    this.smallBlocks = new Blocks(memory, Math.floor(left / 8), SMALL_BLOCK_BYTES);
    this.blocks = new Blocks(memory, Math.floor(left / 8) * 7, this.headroomBytes);
  }

  /** An empty queue. */
  takeQueue(): ByteQueue {
    return this.#queues.pop() ?? new ByteQueue(this.memory, this.blocks);
  }

  /** Gives a queue back; what it held is dropped. */
  giveQueue(queue: ByteQueue): void {
    queue.clear();
    if (this.#queues.length < QUEUES_KEPT_MAX) this.#queues.push(queue);
  }

  /** A block of at least `byteLength` bytes. @returns its offset, or {@link NO_BLOCK} when there is none (so large) */
  takeBlock(byteLength: number): number {
    if (byteLength <= SMALL_BLOCK_BYTES) return this.smallBlocks.take();
    return byteLength <= this.blocks.blockBytes ? this.blocks.take() : NO_BLOCK;
  }

  /** Gives back what {@link takeBlock} gave for `byteLength` bytes. */
  giveBlock(block: number, byteLength: number): void {
    if (byteLength <= SMALL_BLOCK_BYTES) this.smallBlocks.give(block);
    else this.blocks.give(block);
  }

  /** Housekeeping, about once a second. */
  trim(): void {
    this.blocks.trim(WARM_BLOCKS);
  }
}
