/** What a thread asks of the kernel for itself: wake-ups between threads (eventfd(2)) and its place (sched_setaffinity(2)). */
import { SystemCallError } from './errno.ts';
import { declare, lastErrno } from './ffi.ts';
import type { KernelMemory } from './memory.ts';

const cEventfd = declare('int eventfd(uint32_t initial, int flags)');
const cEventfdWrite = declare('int eventfd_write(int fd, uint64_t value)');
const cRead = declare('int read(int fd, uint64_t buffer, uint64_t length)');
const cClose = declare('int close(int fd)');
const cSchedSetaffinity = declare('int sched_setaffinity(int pid, uint64_t length, uint64_t mask)');
const cSchedGetaffinity = declare('int sched_getaffinity(int pid, uint64_t length, uint64_t mask)');

const cUsleep = declare('int usleep(uint32_t micros)');
const cPrctl = declare('int prctl(int option, uint64_t a, uint64_t b, uint64_t c, uint64_t d)');
const cClockGettime = declare('int clock_gettime(int clock, uint64_t time)');

const PR_SET_TIMERSLACK = 29;
const CLOCK_THREAD_CPUTIME_ID = 3;
const EFD_NONBLOCK_CLOEXEC = 0x80800;
const MASK_BYTES = 128;

/** A wake-up that any thread of the process can ring. @returns its descriptor */
export function createWakeup(): number {
  const fd = cEventfd(0, EFD_NONBLOCK_CLOEXEC);
  if (fd < 0) throw new SystemCallError('eventfd', lastErrno(), '');
  return fd;
}

/** Rings a wake-up: the thread that watches it returns from its wait. */
export function ring(wakeupFd: number): void {
  cEventfdWrite(wakeupFd, 1);
}

/** Silences a wake-up that has been answered. */
export function silence(wakeupFd: number, memory: KernelMemory): void {
  cRead(wakeupFd, memory.base, 8);
}

/** Closes a descriptor that no object owns any more: what a dead thread left behind. */
export function closeDescriptor(fd: number): void {
  cClose(fd);
}

/** Processor time that the calling thread has used since it began, in microseconds. */
export function threadMicros(memory: KernelMemory): number {
  cClockGettime(CLOCK_THREAD_CPUTIME_ID, memory.base);
  const { words } = memory;
  // struct timespec: seconds and nanoseconds, 64 bits each; the seconds of a thread's life fit in 32.
  return (words[0] as number) * 1e6 + (words[2] as number) / 1000;
}

/** Lets the calling thread's short sleeps end when they are over, and not up to 50 us later (prctl(2), PR_SET_TIMERSLACK). */
export function sharpenSleep(): void {
  cPrctl(PR_SET_TIMERSLACK, 1000, 0, 0, 0);
}

/** Sleeps. */
export function nap(micros: number): void {
  cUsleep(micros);
}

/** Keeps the calling thread on the n-th of the cores it may use. @returns the core, or -1 when the kernel refuses */
export function pinThread(n: number, memory: KernelMemory): number {
  const bytes = memory.bytes;
  bytes.fill(0, 0, MASK_BYTES);
  if (cSchedGetaffinity(0, MASK_BYTES, memory.base) < 0) return -1;
  const allowed: number[] = [];
  for (let core = 0; core < MASK_BYTES * 8; core++) {
    if (((bytes[core >> 3] as number) >> (core & 7)) & 1) allowed.push(core);
  }
  const core = allowed[n % allowed.length] as number;
  bytes.fill(0, 0, MASK_BYTES);
  bytes[core >> 3] = 1 << (core & 7);
  return cSchedSetaffinity(0, MASK_BYTES, memory.base) < 0 ? -1 : core;
}
