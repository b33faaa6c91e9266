/**
 * Compression of response bodies on their way to a client of HTTP/1 (`compressionLevel`, spec 03 section 5.7). A compressed
 * body is a sink in front of the client's connection:
 *
 *     endpoint --data of its body--> Compression --chunks--> client's connection
 *                                         |
 *                                       zlib (workers/os/zlib.ts)
 *
 *     area:   | size line | up to 16 KiB of output | CRLF, last chunk |       one of a worker: a write sends it or copies it
 *
 * At the end of each batch that an endpoint sent, zlib is flushed: what is there goes out, so an event is not held back. The
 * states are large; a worker has so many of them at most, and with all of them in use responses go as they are.
 */
import { CODING_DEFLATE, CODING_GZIP, isCodable } from '../../core/http1/content-coding.ts';
import type { ParsedHead } from '../../core/http1/parsed-head.ts';
import type { Connection } from '../net/connection.ts';
import type { Net } from '../net/net.ts';
import type { Sink } from '../net/sink.ts';
import type { KernelMemory } from '../os/memory.ts';
import { Deflate, Z_FINISH, Z_NO_FLUSH, Z_SYNC_FLUSH } from '../os/zlib.ts';
import { copyPiece, piece } from './field-lines.ts';

const OUTPUT_BYTES = 16384;
/** In front of the output, for a chunk's size line, and behind it. */
const MARGIN_BYTES = 32;
/** Level -1: textual types alone, and at this level. */
const DEFAULT_LEVEL = 6;
const LEVELS = 10;
/** States that are kept when nobody needs them. */
const WARM_STATES = 8;

const CRLF = piece('\r\n');
const LAST_CHUNK = piece('0\r\n\r\n');
const HEX = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));

/** One body that is being compressed. */
export class Compression implements Sink {
  readonly deflate: Deflate;
  /** Coding and level as one number: which others it can stand in for. */
  readonly kind: number;
  /** Where its stream lies. */
  readonly slot: number;
  readonly #areaAt: number;
  #connection: Connection | null = null;
  /** The response's head, until it goes out in front of the first output. */
  #headAt = 0;
  #headBytes = 0;
  /** Something was taken since the last flush. */
  #dirty = false;
  /** Bytes of output in the area: of one body alone, because each batch ends with {@link flush} or {@link finish}. */
  #filled = 0;

  constructor(deflate: Deflate, kind: number, slot: number, areaAt: number) {
    this.deflate = deflate;
    this.kind = kind;
    this.slot = slot;
    this.#areaAt = areaAt;
  }

  /** Begins a body for a connection. */
  begin(connection: Connection): void {
    this.#connection = connection;
    this.#headBytes = 0;
    this.#dirty = false;
    this.#filled = 0;
  }

  /** Forgets the connection. */
  end(): void {
    this.#connection = null;
  }

  /** The head that goes in front; its bytes lie still until the next {@link flush} or {@link finish}. */
  precede(headAt: number, headBytes: number): void {
    this.#headAt = headAt;
    this.#headBytes = headBytes;
  }

  get closed(): boolean {
    return this.#connection === null || this.#connection.closed;
  }

  get outputBytes(): number {
    return this.#connection === null ? 0 : this.#connection.outputBytes;
  }

  write(at: number, byteLength: number): boolean {
    if (this.closed) return false;
    this.deflate.feed(at, byteLength);
    this.#dirty = true;
    return this.#run(Z_NO_FLUSH);
  }

  writeReceived(at: number, byteLength: number): boolean {
    return this.write(at, byteLength);
  }

  /** What was written so far goes out. @returns false when the connection ended over it */
  flush(): boolean {
    if (this.closed) return false;
    if (this.#dirty) {
      this.#dirty = false;
      if (!this.#run(Z_SYNC_FLUSH)) return false;
    }
    return this.#headBytes === 0 || this.#emit(false);
  }

  /** The body is whole. @returns as {@link flush} */
  finish(): boolean {
    return !this.closed && this.#run(Z_FINISH);
  }

  #run(flush: number): boolean {
    const { deflate } = this;
    const at = this.#areaAt + MARGIN_BYTES;
    for (;;) {
      this.#filled += deflate.run(at + this.#filled, OUTPUT_BYTES - this.#filled, flush);
      if (this.#filled === OUTPUT_BYTES && !deflate.ended) {
        // There may be more to come, for which there is no room.
        if (!this.#emit(false)) return false;
        continue;
      }
      if (flush === Z_NO_FLUSH) return true;
      return this.#emit(deflate.ended);
    }
  }

  /** Sends the output as a chunk, with what goes in front of it and behind. @returns false when the connection ended over it */
  #emit(last: boolean): boolean {
    const connection = this.#connection as Connection;
    const { bytes } = connection.net;
    const byteLength = this.#filled;
    this.#filled = 0;
    const dataAt = this.#areaAt + MARGIN_BYTES;
    let at = dataAt;
    let end = dataAt + byteLength;
    if (byteLength > 0) {
      bytes[--at] = 10;
      bytes[--at] = 13;
      for (let left = byteLength; left > 0; left >>>= 4) bytes[--at] = HEX[left & 15] as number;
      end = copyPiece(bytes, end, CRLF);
    }
    if (last) end = copyPiece(bytes, end, LAST_CHUNK);
    const headBytes = this.#headBytes;
    this.#headBytes = 0;
    const sent =
      headBytes === 0 ? connection.write(at, end - at) : connection.writeTwo(this.#headAt, headBytes, at, end - at);
    return sent && !connection.closed;
  }
}

/** The compressions of a worker. */
export class Compressions {
  readonly #net: Net;
  readonly #memory: KernelMemory;
  readonly #areaAt: number;
  /** By coding and level. */
  readonly #free: Compression[][] = Array.from({ length: (CODING_DEFLATE + 1) * LEVELS }, () => []);
  #freeCount = 0;
  #openCount = 0;
  /** Memory of streams that were closed. */
  readonly #slots: number[];

  /** Bytes of memory for so many states. */
  static memoryBytes(statesMax: number): number {
    return statesMax * Deflate.streamBytes + OUTPUT_BYTES + 2 * MARGIN_BYTES;
  }

  /** @param at where {@link memoryBytes} are */
  constructor(net: Net, at: number) {
    const statesMax = net.limits.compressionStatesMax;
    this.#net = net;
    this.#memory = net.memory;
    this.#areaAt = at + statesMax * Deflate.streamBytes;
    this.#slots = Array.from({ length: statesMax }, (_, i) => at + (statesMax - 1 - i) * Deflate.streamBytes);
  }

  /** States in use. */
  get inUse(): number {
    return this.#openCount - this.#freeCount;
  }

  /**
   * A compression for the body behind this head, null when it is to go as it is.
   *
   * @param level as configured, -1 to 9
   */
  take(connection: Connection, head: ParsedHead, method: number, coding: number, level: number): Compression | null {
    if (!isCodable(this.#net.bytes, head, method, level < 0)) return null;
    const kind = coding * LEVELS + (level < 0 ? DEFAULT_LEVEL : level);
    const compression = this.#takeFree(kind) ?? this.#open(kind, coding);
    if (compression === null) {
      this.#net.limitMet('compressionStatesMax');
      return null;
    }
    compression.begin(connection);
    return compression;
  }

  #takeFree(kind: number): Compression | null {
    const free = this.#free[kind]?.pop();
    if (free === undefined) return null;
    this.#freeCount--;
    free.deflate.reset();
    return free;
  }

  #open(kind: number, coding: number): Compression | null {
    if (this.#slots.length === 0) this.#closeOther();
    const slot = this.#slots.pop();
    if (slot === undefined) return null;
    const deflate = new Deflate(this.#memory, slot);
    if (!deflate.open(coding === CODING_GZIP, kind % LEVELS)) {
      this.#slots.push(slot);
      return null;
    }
    this.#openCount++;
    return new Compression(deflate, kind, slot, this.#areaAt);
  }

  /** Makes room for one of a kind that there is none of. */
  #closeOther(): void {
    const other = this.#free.find((list) => list.length > 0)?.pop();
    if (other === undefined) return;
    this.#freeCount--;
    this.#close(other);
  }

  #close(compression: Compression): void {
    compression.deflate.close();
    this.#openCount--;
    this.#slots.push(compression.slot);
  }

  /** Takes a compression back, finished or not. */
  give(compression: Compression): void {
    compression.end();
    if (this.#freeCount >= WARM_STATES) {
      this.#close(compression);
      return;
    }
    this.#freeCount++;
    (this.#free[compression.kind] as Compression[]).push(compression);
  }
}
