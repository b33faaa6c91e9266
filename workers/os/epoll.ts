/**
 * Readiness: epoll(7), edge-triggered, each descriptor registered once for reading and writing.
 *
 * The kernel writes `struct epoll_event` rows that are read in place. The row is packed on x86-64 and aligned elsewhere:
 *
 *     x86-64   | events u32 | fd u32 | unused u32 |              12 bytes
 *     others   | events u32 | hole u32 | fd u32 | unused u32 |   16 bytes
 */
import { EINTR, SystemCallError } from './errno.ts';
import { declare, lastErrno } from './ffi.ts';
import type { KernelMemory } from './memory.ts';

const cEpollCreate1 = declare('int epoll_create1(int flags)');
const cEpollCtl = declare('int epoll_ctl(int epfd, int operation, int fd, uint64_t event)');
const cEpollWait = declare('int epoll_wait(int epfd, uint64_t events, int count, int timeout)');

export const EPOLLIN = 0x1;
export const EPOLLOUT = 0x4;
export const EPOLLERR = 0x8;
export const EPOLLHUP = 0x10;
export const EPOLLRDHUP = 0x2000;
const EPOLLET = 1 << 31;

const CTL_ADD = 1;
const CTL_DEL = 2;
const CLOEXEC = 0x80000;

const PACKED = process.arch === 'x64';
const ROW_WORDS = PACKED ? 3 : 4;
const FD_WORD = PACKED ? 1 : 2;

/** An epoll set and its result rows. */
export class Epoll {
  readonly fd: number;
  readonly #memory: KernelMemory;
  readonly #words: Int32Array;
  readonly #rowsAt: number;
  readonly #rowsWord: number;
  readonly #rowsMax: number;
  readonly #eventAt: number;

  constructor(memory: KernelMemory, rowsMax: number) {
    this.#memory = memory;
    this.#words = memory.words;
    this.#rowsMax = rowsMax;
    this.#rowsAt = memory.reserve(rowsMax * ROW_WORDS * 4);
    this.#rowsWord = this.#rowsAt >> 2;
    this.#eventAt = memory.reserve(16);
    this.fd = cEpollCreate1(CLOEXEC);
    if (this.fd < 0) throw new SystemCallError('epoll_create1', lastErrno(), '');
  }

  /** Watches a descriptor for everything, edge-triggered. @returns 0 or a negated errno */
  add(fd: number): number {
    return this.#control(CTL_ADD, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
  }

  /** Watches a descriptor for readability, level-triggered: listeners and wake-ups. @returns 0 or a negated errno */
  addLevel(fd: number): number {
    return this.#control(CTL_ADD, fd, EPOLLIN);
  }

  /** Stops watching; closing a descriptor does it too. */
  remove(fd: number): void {
    this.#control(CTL_DEL, fd, 0);
  }

  /**
   * Blocks until something is ready.
   * @param timeoutMs -1 for ever
   * @returns the number of rows, 0 after the timeout or a signal
   */
  wait(timeoutMs: number): number {
    const n = cEpollWait(this.fd, this.#memory.base + this.#rowsAt, this.#rowsMax, timeoutMs);
    if (n >= 0) return n;
    const errno = lastErrno();
    if (errno === EINTR) return 0;
    throw new SystemCallError('epoll_wait', errno, '');
  }

  /** Events of row i. */
  eventsOf(row: number): number {
    return this.#words[this.#rowsWord + row * ROW_WORDS] as number;
  }

  /** Descriptor of row i. */
  fdOf(row: number): number {
    return this.#words[this.#rowsWord + row * ROW_WORDS + FD_WORD] as number;
  }

  #control(operation: number, fd: number, events: number): number {
    const word = this.#eventAt >> 2;
    this.#words[word] = events;
    this.#words[word + FD_WORD] = fd;
    this.#words[word + FD_WORD + 1] = 0;
    return cEpollCtl(this.fd, operation, fd, this.#memory.base + this.#eventAt) < 0 ? -lastErrno() : 0;
  }
}
