/**
 * A worker's networking for tests, without a kernel behind it: sockets that take and give what a test says, and a loop that
 * is turned by hand.
 *
 *     test --give--> input of a socket --receive--> connection --send--> output of a socket --sentBy--> test
 */
import { type LimitValues, readLimits } from '../../core/limits.ts';
import { FdOwners } from '../../core/shared/fd-owners.ts';
import { slabBytes } from '../../core/shared/stats.ts';
import { StatsReader } from '../../core/shared/stats-reader.ts';
import { StatsWriter } from '../../core/shared/stats-writer.ts';
import type { Epoll } from '../os/epoll.ts';
import { EAGAIN } from '../os/errno.ts';
import { KernelMemory } from '../os/memory.ts';
import { Sockets } from '../os/sockets.ts';
import { Reactor } from '../reactor/reactor.ts';
import { Net } from './net.ts';

const MEMORY_BYTES = 4 * 1024 * 1024;
const HEAD_BYTES_MAX = 16384 + 4096;
const READ_BUFFER_BYTES = 65536;
/** For what tests put into memory. */
const AREA_BYTES = 262144;
/** For the field sections of endpoints. */
const LATER_BYTES = 524288;
const SCOPES_MAX = 8;

/** Sockets that are lists of bytes. */
export class FakeSockets extends Sockets {
  /** What the socket takes of each send from now on, in turn; of any further send, everything. 0: it is full. */
  takes: number[] = [];
  /** Sends fail with this; 0 for none. */
  sendErrno = 0;
  /** How connects begin: 0 for at once, or an errno such as EINPROGRESS. */
  connectErrno = 0;
  /** What each system call that sends was given, and what it answered. */
  readonly sends: { readonly fd: number; readonly offered: number; readonly taken: number }[] = [];
  /** Descriptors that were to be reset, to be half-closed, and that were closed. */
  readonly resets: number[] = [];
  readonly halfClosed: number[] = [];
  readonly closed: number[] = [];
  readonly #bytes: Uint8Array;
  #nextFd = 5000;
  readonly #sent = new Map<number, number[]>();
  readonly #input = new Map<number, Uint8Array>();
  /** How the input of a socket ends: 0 for an orderly end, or an errno. */
  readonly #ends = new Map<number, number>();

  constructor(memory: KernelMemory) {
    super(memory);
    this.#bytes = memory.bytes;
  }

  /** All that a socket has taken, since it was last asked for. */
  sentBy(fd: number): Uint8Array {
    const sent = Uint8Array.from(this.#sent.get(fd) ?? []);
    this.#sent.delete(fd);
    return sent;
  }

  /** Puts bytes where the next receive finds them. */
  give(fd: number, bytes: Uint8Array): void {
    this.#input.set(fd, Uint8Array.from([...(this.#input.get(fd) ?? []), ...bytes]));
  }

  /** The peer's stream ends, behind what was given. */
  endInput(fd: number, errno: number): void {
    this.#ends.set(fd, errno);
  }

  override receive(fd: number, at: number, byteLength: number): number {
    const input = this.#input.get(fd) ?? new Uint8Array(0);
    const end = this.#ends.get(fd);
    if (input.length === 0) return end === undefined ? -EAGAIN : -end;
    const part = input.subarray(0, byteLength);
    this.#bytes.set(part, at);
    this.#input.set(fd, input.slice(part.length));
    return part.length;
  }

  override send(fd: number, at: number, byteLength: number): number {
    return this.#take(fd, [...this.#bytes.subarray(at, at + byteLength)]);
  }

  override sendTwo(fd: number, at: number, byteLength: number, secondAt: number, secondByteLength: number): number {
    const first = this.#bytes.subarray(at, at + byteLength);
    return this.#take(fd, [...first, ...this.#bytes.subarray(secondAt, secondAt + secondByteLength)]);
  }

  #take(fd: number, bytes: readonly number[]): number {
    if (this.sendErrno !== 0) return -this.sendErrno;
    const taken = Math.min(bytes.length, this.takes.shift() ?? bytes.length);
    const sent = this.#sent.get(fd) ?? [];
    for (let i = 0; i < taken; i++) sent.push(bytes[i] as number);
    this.#sent.set(fd, sent);
    this.sends.push({ fd, offered: bytes.length, taken });
    return taken === 0 ? -EAGAIN : taken;
  }

  override openStream(): number {
    return this.#nextFd++;
  }

  override connect(): number {
    return -this.connectErrno;
  }

  override takeError(): number {
    return 0;
  }

  override resetOnClose(fd: number): void {
    this.resets.push(fd);
  }

  override shutdownWrite(fd: number): void {
    this.halfClosed.push(fd);
  }

  override close(fd: number): void {
    this.closed.push(fd);
  }
}

/** What is ready, as a test has said. */
class FakeEpoll {
  readonly ready: (readonly [fd: number, events: number])[] = [];
  #rows: typeof this.ready = [];

  add(): number {
    return 0;
  }

  remove(): void {}

  wait(): number {
    this.#rows = this.ready.splice(0);
    return this.#rows.length;
  }

  fdOf(row: number): number {
    return this.#rows[row]?.[0] ?? -1;
  }

  eventsOf(row: number): number {
    return this.#rows[row]?.[1] ?? 0;
  }
}

/** One worker's networking. */
export class TestNet {
  readonly memory: KernelMemory;
  readonly sockets: FakeSockets;
  readonly reactor: Reactor;
  readonly net: Net;
  readonly stats: StatsReader;
  /** What handlers have thrown. */
  readonly faults: unknown[] = [];
  /** The clock. */
  nowMicros = 0;
  readonly #epoll = new FakeEpoll();
  #areaAt: number;
  readonly #areaEnd: number;

  /** @param limits other than the defaults @param memoryBytes as little as a test needs to use it up */
  constructor(limits: Partial<LimitValues> = {}, memoryBytes = MEMORY_BYTES, headBytesMax = HEAD_BYTES_MAX) {
    const fds = new FdOwners(FdOwners.allocate());
    const slabs = [0, 1].map(() => new SharedArrayBuffer(slabBytes({ scopesMax: SCOPES_MAX })));
    const [own, worker] = slabs as [SharedArrayBuffer, SharedArrayBuffer];
    this.memory = new KernelMemory(memoryBytes);
    this.#areaAt = this.memory.reserve(AREA_BYTES);
    this.#areaEnd = this.#areaAt + AREA_BYTES;
    this.sockets = new FakeSockets(this.memory);
    this.reactor = new Reactor(
      this.#epoll as unknown as Epoll,
      this.sockets,
      () => this.nowMicros,
      fds,
      (error) => this.faults.push(error),
    );
    const values = { ...readLimits({}), readBufferBytes: READ_BUFFER_BYTES, ...limits };
    this.net = new Net(
      this.memory,
      this.sockets,
      this.reactor,
      values,
      fds,
      new StatsWriter(worker),
      headBytesMax,
      LATER_BYTES,
    );
    this.stats = new StatsReader([own, worker]);
  }

  /** A descriptor is ready at the next turn. */
  ready(fd: number, events: number): void {
    this.#epoll.ready.push([fd, events]);
  }

  /** One turn of the loop, so much later. @throws what a handler has thrown */
  turn(elapsedMs = 0): void {
    this.nowMicros += elapsedMs * 1000;
    this.reactor.turn(0);
    const [fault] = this.faults.splice(0);
    if (fault !== undefined) throw fault;
  }

  /** Memory that nothing else uses. @returns its offset */
  take(byteLength: number): number {
    const at = this.#areaAt;
    this.#areaAt += Math.ceil(byteLength / 64) * 64;
    if (this.#areaAt > this.#areaEnd) throw new RangeError(`no ${byteLength} bytes are left for tests`);
    return at;
  }
}
