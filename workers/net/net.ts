/**
 * What every connection of a worker shares: the kernel's doors, the loop, and the memory that bytes pass through.
 *
 *     shared read buffer:   | headroom | held | gap | bytes of one recv, behind what was kept of the last ... |
 *                                             ^ floor  ^ readAt
 *
 * All connections read into the one buffer, one after the other. What is not dealt with in the same tick is copied to
 * blocks; what waits in the outbox is held, and the next recv goes behind it. The space in front of a recv lets a response
 * head grow where it lies, so that head and body leave in one send without a copy.
 */
import type { CountedLimitName, LimitValues } from '../../core/limits.ts';
import type { FdOwners } from '../../core/shared/fd-owners.ts';
import { LIMIT_COUNTER, LIMITS_SCOPE } from '../../core/shared/stats.ts';
import type { StatsWriter } from '../../core/shared/stats-writer.ts';
import type { KernelMemory } from '../os/memory.ts';
import type { Sockets } from '../os/sockets.ts';
import type { Reactor } from '../reactor/reactor.ts';
import { Blocks, NO_BLOCK } from './blocks.ts';
import { ByteQueue } from './byte-queue.ts';
import type { Connection, Gathering } from './connection.ts';
import { Inbox } from './inbox.ts';
import { Outbox } from './outbox.ts';

/** What little things reserve after the blocks have theirs. */
export const LATER_BYTES = 65_536;

const QUEUES_KEPT_MAX = 256;
/** Blocks kept resident when nobody needs them. */
const WARM_BLOCKS = 64;
const SMALL_BLOCK_BYTES = 1024;
/** A page: what few keep for long goes back to the kernel. */
const KEPT_BLOCK_BYTES = 4096;
/** Bytes of responses that may wait in the read buffer for the end of the tick. */
const HELD_BYTES_MAX = 131072;
/** Space in front of a recv for what Weft adds to a usual response head; more is made by {@link Net.makeRoom}. */
const GROWTH_BYTES = 192;

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
  readAt: number;
  /** Where bytes are received that nobody wants: the read buffer may hold some that are wanted. */
  readonly wasteAt: number;
  /** The most that a recv takes, whatever was kept. */
  readonly readBytes: number;
  /** Room for a head, whatever is added to it. */
  readonly headroomBytes: number;
  /** For heads and queues. */
  readonly blocks: Blocks;
  /** For request heads of the usual size. */
  readonly smallBlocks: Blocks;
  /** Bytes that are kept free behind heads for content of requests that may be sent again. */
  keptBodyBytes = 0;
  /** For what is kept of requests that may be sent again, and of responses that are held: never more than h2KeptBytesMax. */
  readonly keptBlocks: Blocks;
  /** Exchanges of all routers that are under way. */
  underWay = 0;
  readonly #queues: ByteQueue[] = [];
  readonly #keptQueues: ByteQueue[] = [];
  readonly #inbox = new Inbox();
  /** Behind the last message that waits in the inbox. */
  #inboxEnd = 0;
  readonly #outbox = new Outbox();
  /** The first so many of these: an array that is emptied gives its memory away, and takes other for the next tick. */
  readonly #gathering: (Gathering | null)[] = [];
  #gatheringCount = 0;
  #runner: Gathering | null = null;
  readonly #firstReadAt: number;
  readonly #lastReadAt: number;
  /** Down to here the bytes in front of readAt may be overwritten. */
  #floor: number;

  /**
   * @param headBytesMax the largest head of any router: a block and the headroom each hold one, with what Weft adds
   * @param laterBytes of memory that others will still reserve: the rest is for blocks
   * @param keptBodyBytesMax the largest body that is kept behind a head
   */
  constructor(
    memory: KernelMemory,
    sockets: Sockets,
    reactor: Reactor,
    limits: LimitValues,
    fds: FdOwners,
    stats: StatsWriter,
    headBytesMax: number,
    laterBytes = LATER_BYTES,
    keptBodyBytesMax = 0,
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
    // Behind a recv there is room for what a connection kept (at most a head) in front of it.
    const oneReadBytes = this.readBytes + this.headroomBytes;
    const regionAt = memory.reserve(this.headroomBytes + HELD_BYTES_MAX + oneReadBytes);
    this.#floor = regionAt;
    this.#firstReadAt = regionAt + this.headroomBytes;
    this.#lastReadAt = this.#firstReadAt + HELD_BYTES_MAX;
    this.readAt = this.#firstReadAt;
    // A field block that came in several frames is put together here.
    this.wasteAt = memory.reserve(Math.max(oneReadBytes, limits.h2FieldBlockBytesMax));
    reactor.onEventsTaken = () => this.deliver();
    reactor.onTurnEnd = () => {
      // What deferred work has received would otherwise wait for the next turn.
      this.deliver();
      // What one of the two sends may end a connection, over which there is something to say by way of the other.
      do {
        this.flush();
        this.#flushGathered();
      } while (!this.#outbox.isEmpty);
    };
    const available = memory.availableBytes - laterBytes;
    const keptBytes = Math.min(limits.h2KeptBytesMax, Math.floor(available / 4));
    const left = available - keptBytes;
    const onExhausted = () => this.limitMet('arenaBytes');
    this.keptBlocks = new Blocks(memory, keptBytes, KEPT_BLOCK_BYTES, () => this.limitMet('h2KeptBytesMax'));
    this.smallBlocks = new Blocks(memory, Math.floor(left / 8), SMALL_BLOCK_BYTES, onExhausted);
    const blockBytes = Math.ceil((headBytesMax + keptBodyBytesMax) / 4096) * 4096;
    this.blocks = new Blocks(memory, Math.floor(left / 8) * 7, blockBytes, onExhausted);
  }

  /** Counts that a bound was met. */
  limitMet(name: CountedLimitName): void {
    this.stats.increment(LIMITS_SCOPE, LIMIT_COUNTER[name]);
  }

  /**
   * Puts a write off to the end of the tick. The bytes must lie still until then.
   * @returns false when there is no room: the caller writes at once
   */
  sendLater(connection: Connection, at: number, byteLength: number): boolean {
    if (this.#outbox.isFull) return false;
    this.#outbox.push(connection, at, byteLength);
    return true;
  }

  /** Bytes `[at, end)` of the read buffer are dealt with when this tick's events have all been taken. */
  deliverLater(connection: Connection, at: number, end: number): void {
    if (this.#inbox.isFull) this.deliver();
    this.#inbox.push(connection, at, end);
    this.readAt = (end + GROWTH_BYTES + 63) & ~63;
    this.#inboxEnd = this.readAt;
    if (this.readAt <= this.#lastReadAt && !this.#inbox.isFull) return;
    this.deliver();
    this.flush();
  }

  /** Deals with what was put off. */
  deliver(): void {
    if (!this.#inbox.isEmpty) this.#inbox.deliver();
  }

  /** Bytes of the read buffer up to `end` are in the outbox: the next recv goes behind them. */
  hold(end: number): void {
    if (end > this.#floor) this.#floor = end;
    const behind = (end + GROWTH_BYTES + 63) & ~63;
    if (behind <= this.readAt) return;
    this.readAt = behind;
    if (this.readAt > this.#lastReadAt) this.flush();
  }

  /** Makes sure that a head can grow to the left by so many bytes: at most as many as lie in front of every recv. */
  makeRoom(start: number, byteLength: number): void {
    if (start - byteLength < this.#floor) this.flush();
  }

  /** Sends what was put off. What is held is free then; a recv in hand stays where it is. */
  flush(): void {
    if (!this.#outbox.isEmpty) this.#outbox.flush();
    this.#floor = this.#firstReadAt - this.headroomBytes;
    this.readAt = this.#inbox.isEmpty ? this.#firstReadAt : this.#inboxEnd;
  }

  /** Has what a connection gathers flushed at the end of this tick. */
  gather(connection: Gathering): void {
    this.#gathering[this.#gatheringCount++] = connection;
  }

  #flushGathered(): void {
    const gathering = this.#gathering;
    // What ends over a flush may have something to say to others, which then stand at the end.
    for (let i = 0; i < this.#gatheringCount; i++) {
      const connection = gathering[i] as Gathering;
      gathering[i] = null;
      try {
        connection.flushGathered();
      } catch (error) {
        this.reactor.end(connection as Connection & Gathering, error);
      }
    }
    this.#gatheringCount = 0;
  }

  /** A connection begins to send straight out of the read buffer: another's bytes there go out first. */
  startRun(connection: Gathering): void {
    if (this.#runner !== null && this.#runner !== connection) this.#runner.flushRun();
    this.#runner = connection;
  }

  /** It has sent them. */
  endRun(connection: Gathering): void {
    if (this.#runner === connection) this.#runner = null;
  }

  /** Nothing in the read buffer is needed any more after this. */
  flushRun(): void {
    if (this.#runner !== null) this.#runner.flushRun();
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

  /** An empty queue for what may be sent again, or is held. Its appends fail when all of them keep too much together. */
  takeKeptQueue(): ByteQueue {
    return this.#keptQueues.pop() ?? new ByteQueue(this.memory, this.keptBlocks);
  }

  /** Gives such a queue back; what it held is dropped. */
  giveKeptQueue(queue: ByteQueue): void {
    queue.clear();
    if (this.#keptQueues.length < QUEUES_KEPT_MAX) this.#keptQueues.push(queue);
  }

  /** A block of at least `byteLength` bytes. @returns its offset, or {@link NO_BLOCK} when there is none (so large) */
  takeBlock(byteLength: number): number {
    if (byteLength <= SMALL_BLOCK_BYTES) return this.smallBlocks.take();
    return byteLength <= this.blocks.blockBytes ? this.blocks.take() : NO_BLOCK;
  }

  /** Bytes that the block has which {@link takeBlock} gave for `byteLength`. */
  blockCapacity(byteLength: number): number {
    return byteLength <= SMALL_BLOCK_BYTES ? SMALL_BLOCK_BYTES : this.blocks.blockBytes;
  }

  /**
   * Whether a request's content can be kept behind its head: both fit into a block, and not too much is kept already. The
   * caller takes so many bytes off {@link keptBodyBytes} when it keeps them no longer.
   */
  keepBody(headBytes: number, bodyBytes: number): boolean {
    if (headBytes + bodyBytes > this.blocks.blockBytes) return false;
    if (this.keptBodyBytes + bodyBytes > this.limits.keptBodyBytesMax) {
      this.limitMet('keptBodyBytesMax');
      return false;
    }
    this.keptBodyBytes += bodyBytes;
    return true;
  }

  /** Gives back what {@link takeBlock} gave for `byteLength` bytes. */
  giveBlock(block: number, byteLength: number): void {
    if (byteLength <= SMALL_BLOCK_BYTES) this.smallBlocks.give(block);
    else this.blocks.give(block);
  }

  /** Housekeeping, about once a second. */
  trim(): void {
    this.blocks.trim(WARM_BLOCKS);
    this.keptBlocks.trim(WARM_BLOCKS);
  }
}
