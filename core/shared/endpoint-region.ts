/**
 * The shared memory in which endpoints live: who they are (written by the supervisor) and how loaded they are (written
 * by every worker), so that each balancer sees the load of the whole node and no request takes a lock.
 *
 * One SharedArrayBuffer of Int32 words; every part starts on a 64-byte cache line:
 *
 *     +--------------------+ 0
 *     | header             |  capacities, epoch
 *     +--------------------+ seenAt     one line a worker: the epoch up to which it has forgotten what was retired
 *     | seen epochs        |
 *     +--------------------+ tablesAt   two words a client: generation, list
 *     | tables             |----+       list: block index | LIST_PENDING | LIST_NEG | LIST_CLOSED
 *     +--------------------+    |
 *     | rows               |<-+ |       one line an endpoint of a client, below
 *     +--------------------+  | |
 *     | breakers           |  | |       one more line for each row: what its breakers seldom need
 *     +--------------------+  | |
 *     | own pending        |  | |       workers x rows: each worker's part of a row's pending, written by it alone
 *     +--------------------+  | |
 *     | lists              |<-|-+       blocks of rows by weight class, see endpoint-block.ts
 *     +--------------------+--+
 *
 * A row, a word each (written by: S supervisor, before the row is listed; W any worker, atomically):
 *
 *      0 generation S   1 client S   2 family S    3 port S      4..7 address S   8 weight S (Float32 bits)
 *      9 status W      10 pending W 11 cost us W  12 stamp W (ticks)
 *     13 tally W       14 last backoff ms W       15 success rate W              (13..15: failure accrual's)
 *
 * The status is a word of its own making: status-word.ts. The line of breakers:
 *
 *      0 since W        1 stamp W    2 full W      3..7 recent stamps W           (successRateWindowed)
 *      8 down since W   9 stamp W   10 wait ms W  11 tries W                      (fail-fast)
 *
 *
 * How a set changes. The supervisor never alters a block that a table points to. It writes a new block, stores its
 * index, then the table's next generation, then the next epoch. A worker compares generations at each pick; when they
 * differ it copies the block. What the new set no longer needs is retired under that epoch and reused only when each
 * living worker has acknowledged it and, for rows, when no request is pending on it:
 *
 *              publish            acknowledged by all         pending = 0
 *     listed ----------> retired ---------------------> unseen ----------> free ----> listed (generation + 1)
 */
import { ADDRESS_WORDS, formatIp } from './endpoint-address.ts';

/** Words of a row as a shift: row r starts at `rowsAt + (r << ROW_SHIFT)`. */
export const ROW_SHIFT = 4;
/** How often this row has been given to an endpoint. */
export const ROW_GENERATION = 0;
/** The client whose endpoint this is. */
export const ROW_CLIENT = 1;
/** Address family, see endpoint-address.ts; {@link ROW_ADDRESS} for its words. */
export const ROW_FAMILY = 2;
/** TCP port, host order. */
export const ROW_PORT = 3;
/** First of the four address words. */
export const ROW_ADDRESS = 4;
/** Weight, as the bits of a Float32. */
export const ROW_WEIGHT = 8;
/** {@link STATUS_OPEN}, {@link STATUS_BUSY} or {@link STATUS_CLOSED}, and what lies behind it: status-word.ts. */
export const ROW_STATUS = 9;
/** Sessions acquired and not yet released, by all workers. */
export const ROW_PENDING = 10;
/** Peak EWMA of the response time in microseconds as of the stamp; 0 means never observed. */
export const ROW_COST_MICROS = 11;
/** When the cost was last brought up to date, in ticks. */
export const ROW_STAMP_TICKS = 12;
/** What failure accrual counts: failures in a row, or results since its beginning. 0: nothing since. */
export const ROW_TALLY = 13;
/** The last time for which failure accrual found the endpoint dead. */
export const ROW_BACKOFF_MS = 14;
/** Moving average of success, in units of 2^-30. */
export const ROW_SUCCESS_RATE = 15;

/** When the window began, in ticks. Words of a row's second line, at `breakersAt + (row << ROW_SHIFT)`. */
export const BREAKER_SINCE_TICKS = 0;
/** When the moving average was last brought up to date, in ticks. */
export const BREAKER_STAMP_TICKS = 1;
/** 1 once a whole window has been seen. */
export const BREAKER_FULL = 2;
/** First of five: when the latest results came, in ticks. */
export const BREAKER_RECENT_TICKS = 3;
/** When fail-fast has marked the endpoint, in ticks. */
export const BREAKER_DOWN_SINCE_TICKS = 8;
/** When its owner last did something about it, in ticks. */
export const BREAKER_DOWN_STAMP_TICKS = 9;
/** How long from then the next thing may take. */
export const BREAKER_DOWN_WAIT_MS = 10;
/** Re-connects that have failed. */
export const BREAKER_DOWN_TRIES = 11;

/** Status of an endpoint, best first (spec 05 section 3). */
export const STATUS_OPEN = 0;
/** Marked dead by failure accrual or fail-fast: picked only when nothing better is found. */
export const STATUS_BUSY = 1;
/** Closed for good. */
export const STATUS_CLOSED = 2;

/** Words of a table header: {@link TABLE_GENERATION}, {@link TABLE_LIST}. */
export const TABLE_SHIFT = 1;
/** Rises with each change, and never starts over, not even for a client id that is used again. */
export const TABLE_GENERATION = 0;
/** Index of the block in force, or one of the LIST_ states. */
export const TABLE_LIST = 1;
/** No address set yet. */
export const LIST_PENDING = 0;
/** The name is bound to nothing (Addr.Neg). */
export const LIST_NEG = -1;
/** The client is closed: its table must be dropped. */
export const LIST_CLOSED = -2;

/** The unit of time stamps: 16 us, so that 32 bits span 19 hours. */
export const TICK_MICROS = 16;

const LINE_WORDS = 16;
const HEADER_WORKERS = 0;
const HEADER_CLIENTS = 1;
const HEADER_ROWS = 2;
const HEADER_EPOCH = 3;

/** What a region has room for. */
export interface EndpointCapacity {
  readonly workers: number;
  readonly clients: number;
  readonly rows: number;
}

/** An endpoint as an address set gives it. */
export interface EndpointAddress {
  readonly ip: string;
  readonly port: number;
  /** Share of traffic relative to the set's others (spec 05 section 2.1): finite and not negative. */
  readonly weight: number;
}

/** Views of one thread on the shared endpoint memory. Each thread makes its own from the same buffer. */
export class EndpointRegion {
  readonly buffer: SharedArrayBuffer;
  readonly capacity: EndpointCapacity;
  readonly words: Int32Array<SharedArrayBuffer>;
  /** The same memory, for weights. */
  readonly floats: Float32Array<SharedArrayBuffer>;
  readonly tablesAt: number;
  readonly rowsAt: number;
  readonly breakersAt: number;
  readonly ownPendingAt: number;
  /** Words from one worker's own-pending cells to the next one's. */
  readonly ownPendingStride: number;
  readonly listsAt: number;
  /** A power of two. */
  readonly listWords: number;
  /** This thread's scratch, a byte a row, zero between uses. */
  readonly marks: Uint8Array;

  /** @param buffer from {@link createEndpointBuffer} */
  constructor(buffer: SharedArrayBuffer) {
    const words = new Int32Array(buffer);
    const capacity = {
      workers: words[HEADER_WORKERS] as number,
      clients: words[HEADER_CLIENTS] as number,
      rows: words[HEADER_ROWS] as number,
    };
    const layout = layOut(capacity);
    this.buffer = buffer;
    this.capacity = capacity;
    this.words = words;
    this.floats = new Float32Array(buffer);
    this.tablesAt = layout.tablesAt;
    this.rowsAt = layout.rowsAt;
    this.breakersAt = layout.breakersAt;
    this.ownPendingAt = layout.ownPendingAt;
    this.ownPendingStride = layout.ownPendingStride;
    this.listsAt = layout.listsAt;
    this.listWords = layout.listWords;
    this.marks = new Uint8Array(capacity.rows);
  }

  /** The epoch in force: rises by one, wrapping, with each change of any table. */
  epoch(): number {
    return Atomics.load(this.words, HEADER_EPOCH);
  }

  /**
   * Supervisor: ends an epoch.
   *
   * @returns the new one
   */
  advanceEpoch(): number {
    return (Atomics.add(this.words, HEADER_EPOCH, 1) + 1) | 0;
  }

  /**
   * Worker: says that it holds nothing retired up to an epoch. The order that makes this true: read {@link epoch},
   * take in all control messages, refresh all tables, acknowledge the epoch read.
   */
  acknowledge(worker: number, epoch: number): void {
    Atomics.store(this.words, this.seenAt(worker), epoch);
  }

  /** Whether a worker has acknowledged an epoch or a later one (wrap-safe). */
  hasSeen(worker: number, epoch: number): boolean {
    return ((Atomics.load(this.words, this.seenAt(worker)) - epoch) | 0) >= 0;
  }

  /** The address and weight in a row, for connecting, logs and explanations. */
  describe(row: number): EndpointAddress {
    const at = this.rowsAt + (row << ROW_SHIFT);
    return {
      ip: formatIp(this.words[at + ROW_FAMILY] as number, this.words, at + ROW_ADDRESS),
      port: this.words[at + ROW_PORT] as number,
      weight: this.floats[at + ROW_WEIGHT] as number,
    };
  }

  private seenAt(worker: number): number {
    if (!(worker >= 0 && worker < this.capacity.workers)) throw new RangeError(`no worker ${worker}`);
    return LINE_WORDS + worker * LINE_WORDS;
  }
}

/**
 * Allocates the shared memory, zeroed: no clients, no endpoints, epoch 0.
 *
 * @throws RangeError when a capacity is not a positive whole number
 */
export function createEndpointBuffer(capacity: EndpointCapacity): SharedArrayBuffer {
  for (const [name, value] of Object.entries(capacity)) {
    if (!Number.isInteger(value) || value < 1) throw new RangeError(`${name}: ${value} is no capacity`);
  }
  const layout = layOut(capacity);
  const buffer = new SharedArrayBuffer((layout.listsAt + layout.listWords) * Int32Array.BYTES_PER_ELEMENT);
  const words = new Int32Array(buffer);
  words[HEADER_WORKERS] = capacity.workers;
  words[HEADER_CLIENTS] = capacity.clients;
  words[HEADER_ROWS] = capacity.rows;
  return buffer;
}

function layOut(capacity: EndpointCapacity) {
  const line = (words: number) => Math.ceil(words / LINE_WORDS) * LINE_WORDS;
  const tablesAt = LINE_WORDS + capacity.workers * LINE_WORDS;
  const rowsAt = tablesAt + line(capacity.clients << TABLE_SHIFT);
  const breakersAt = rowsAt + (capacity.rows << ROW_SHIFT);
  const ownPendingAt = breakersAt + (capacity.rows << ROW_SHIFT);
  const ownPendingStride = line(capacity.rows);
  const listsAt = ownPendingAt + capacity.workers * ownPendingStride;
  // An endpoint takes at most five words (a weight class of its own) and a block at most doubles that by rounding;
  // a client takes at least one smallest block. The next power of two leaves room for sets under replacement.
  const listWords = 2 ** Math.ceil(Math.log2(12 * capacity.rows + LINE_WORDS * capacity.clients));
  return { tablesAt, rowsAt, breakersAt, ownPendingAt, ownPendingStride, listsAt, listWords };
}

if (ROW_ADDRESS + ADDRESS_WORDS > ROW_WEIGHT) throw new Error('row layout: the address overlaps the weight');
