/** errno values (asm-generic, the same on x86-64 and arm64) and their names for logs. Source: errno(3). */

export const EINTR = 4;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const ENFILE = 23;
export const EMFILE = 24;
export const EPIPE = 32;
export const EADDRINUSE = 98;
export const EADDRNOTAVAIL = 99;
export const ENOBUFS = 105;
export const ECONNABORTED = 103;
export const ECONNRESET = 104;
export const ETIMEDOUT = 110;
export const ECONNREFUSED = 111;
export const EHOSTUNREACH = 113;
export const EINPROGRESS = 115;

const NAMES = new Map<number, string>([
  [1, 'EPERM'],
  [9, 'EBADF'],
  [EAGAIN, 'EAGAIN'],
  [ENOMEM, 'ENOMEM'],
  [13, 'EACCES'],
  [22, 'EINVAL'],
  [ENFILE, 'ENFILE'],
  [EMFILE, 'EMFILE'],
  [EPIPE, 'EPIPE'],
  [97, 'EAFNOSUPPORT'],
  [EADDRINUSE, 'EADDRINUSE'],
  [EADDRNOTAVAIL, 'EADDRNOTAVAIL'],
  [100, 'ENETDOWN'],
  [101, 'ENETUNREACH'],
  [ECONNABORTED, 'ECONNABORTED'],
  [ECONNRESET, 'ECONNRESET'],
  [ENOBUFS, 'ENOBUFS'],
  [107, 'ENOTCONN'],
  [ETIMEDOUT, 'ETIMEDOUT'],
  [ECONNREFUSED, 'ECONNREFUSED'],
  [EHOSTUNREACH, 'EHOSTUNREACH'],
  [EINPROGRESS, 'EINPROGRESS'],
]);

/** `ECONNREFUSED` for 111, `errno 77` for one without a name here. */
export function errnoName(errno: number): string {
  return NAMES.get(errno) ?? `errno ${errno}`;
}

/** A system call that failed where no connection is at hand to carry the error: start-up, mostly. */
export class SystemCallError extends Error {
  readonly code: string;
  readonly errno: number;

  constructor(call: string, errno: number, detail: string) {
    super(`${call}: ${errnoName(errno)}${detail === '' ? '' : ` (${detail})`}`);
    this.code = errnoName(errno);
    this.errno = errno;
  }
}
