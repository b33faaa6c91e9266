/**
 * TCP sockets, non-blocking from birth.
 *
 * Calls answer a non-negative result or the negated errno (`-EAGAIN`), as the kernel itself does: no exception is
 * made on the data path. A file descriptor belongs to the object that got it here, which closes it once.
 */
import {
  ADDRESS_WORDS,
  FAMILY_IPV4,
  FAMILY_IPV6,
  FAMILY_NONE,
  formatIp,
  parseIp,
} from '../../core/shared/endpoint-address.ts';
import { declare, lastErrno } from './ffi.ts';
import type { KernelMemory } from './memory.ts';

const cSocket = declare('int socket(int domain, int type, int protocol)');
const cBind = declare('int bind(int fd, uint64_t address, uint32_t length)');
const cListen = declare('int listen(int fd, int backlog)');
const cAccept4 = declare('int accept4(int fd, uint64_t address, uint64_t length, int flags)');
const cConnect = declare('int connect(int fd, uint64_t address, uint32_t length)');
const cSetsockopt = declare('int setsockopt(int fd, int level, int name, uint64_t value, uint32_t length)');
const cGetsockopt = declare('int getsockopt(int fd, int level, int name, uint64_t value, uint64_t length)');
const cGetpeername = declare('int getpeername(int fd, uint64_t address, uint64_t length)');
const cGetsockname = declare('int getsockname(int fd, uint64_t address, uint64_t length)');
const cShutdown = declare('int shutdown(int fd, int how)');
const cClose = declare('int close(int fd)');
const cRecv = declare('int recv(int fd, uint64_t buffer, uint64_t length, int flags)');
const cSend = declare('int send(int fd, uint64_t buffer, uint64_t length, int flags)');
const cWritev = declare('int writev(int fd, uint64_t vectors, int count)');

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM_NONBLOCK_CLOEXEC = 1 | 0x800 | 0x80000;
const SOCK_NONBLOCK_CLOEXEC = 0x800 | 0x80000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_ERROR = 4;
const SO_KEEPALIVE = 9;
const SO_LINGER = 13;
const SO_REUSEPORT = 15;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
const SHUT_RD = 0;
const SHUT_WR = 1;
const MSG_NOSIGNAL = 0x4000;

/** Where things lie in the scratch area. */
const OPTION_AT = 0;
const LENGTH_AT = 8;
const ADDRESS_AT = 64;
const VECTORS_AT = 256;

/** Length of the largest socket address stored, an IPv6 one. */
export const SOCKET_ADDRESS_BYTES = 28;

/** An IP address and port in text, for logs and messages. */
export interface SocketName {
  readonly ip: string;
  readonly port: number;
}

/** Options of a listening socket. */
export interface ListenOptions {
  readonly reusePort: boolean;
  readonly reuseAddress: boolean;
  readonly noDelay: boolean;
  readonly keepAlive: boolean;
  readonly backlog: number;
}

/** TCP calls over one thread's memory. */
export class Sockets {
  readonly #memory: KernelMemory;
  readonly #base: number;

  constructor(memory: KernelMemory) {
    this.#memory = memory;
    this.#base = memory.base;
  }

  /**
   * Receives into memory.
   * @returns bytes received, 0 at the peer's end of stream, or a negated errno
   */
  receive(fd: number, at: number, byteLength: number): number {
    const n = cRecv(fd, this.#base + at, byteLength, 0);
    return n < 0 ? -lastErrno() : n;
  }

  /** Sends from memory. @returns bytes taken by the socket (possibly fewer), or a negated errno */
  send(fd: number, at: number, byteLength: number): number {
    const n = cSend(fd, this.#base + at, byteLength, MSG_NOSIGNAL);
    return n < 0 ? -lastErrno() : n;
  }

  /** Sends two pieces in one call. @returns as {@link send}, counted over both */
  sendTwo(fd: number, at: number, byteLength: number, secondAt: number, secondByteLength: number): number {
    const words = this.#memory.words;
    const vector = VECTORS_AT >> 2;
    const first = this.#base + at;
    const second = this.#base + secondAt;
    // A store into an Int32Array keeps the low 32 bits of any exact number (ECMA-262 ToInt32).
    words[vector] = first;
    words[vector + 1] = first / 4294967296;
    words[vector + 2] = byteLength;
    words[vector + 3] = 0;
    words[vector + 4] = second;
    words[vector + 5] = second / 4294967296;
    words[vector + 6] = secondByteLength;
    words[vector + 7] = 0;
    const n = cWritev(fd, this.#base + VECTORS_AT, 2);
    return n < 0 ? -lastErrno() : n;
  }

  /**
   * A listening socket.
   * @returns its descriptor or a negated errno
   */
  listen(ip: string, port: number, options: ListenOptions): number {
    const fd = cSocket(ip.includes(':') ? AF_INET6 : AF_INET, SOCK_STREAM_NONBLOCK_CLOEXEC, 0);
    if (fd < 0) return -lastErrno();
    if (options.reuseAddress) this.#setOption(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (options.reusePort) this.#setOption(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (ip.includes(':')) this.#setOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    // Linux hands these two down to accepted sockets: one call here instead of two per connection.
    if (options.noDelay) this.#setOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (options.keepAlive) this.#setOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    const length = this.#writeAddressText(ip, port);
    if (cBind(fd, this.#base + ADDRESS_AT, length) < 0 || cListen(fd, options.backlog) < 0) {
      const errno = lastErrno();
      cClose(fd);
      return -errno;
    }
    return fd;
  }

  /** Takes a connection off a listening socket's queue. @returns its descriptor or a negated errno */
  accept(listenFd: number): number {
    const fd = cAccept4(listenFd, 0, 0, SOCK_NONBLOCK_CLOEXEC);
    return fd < 0 ? -lastErrno() : fd;
  }

  /** A socket for {@link connect}. @returns its descriptor or a negated errno */
  openStream(ipv6: boolean, noDelay: boolean, keepAlive: boolean): number {
    const fd = cSocket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM_NONBLOCK_CLOEXEC, 0);
    if (fd < 0) return -lastErrno();
    if (noDelay) this.#setOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (keepAlive) this.#setOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    return fd;
  }

  /** Starts connecting. @param words the address, as in a row of the endpoint table. @returns 0, or `-EINPROGRESS`, or another negated errno */
  connect(fd: number, ipv6: boolean, port: number, words: Int32Array, wordsAt: number): number {
    const length = this.#writeAddress(ipv6, port, words, wordsAt);
    return cConnect(fd, this.#base + ADDRESS_AT, length) < 0 ? -lastErrno() : 0;
  }

  /** The pending error of a socket: how a non-blocking connect ended. @returns an errno, 0 for none */
  takeError(fd: number): number {
    const words = this.#memory.words;
    words[OPTION_AT >> 2] = 0;
    words[LENGTH_AT >> 2] = 4;
    cGetsockopt(fd, SOL_SOCKET, SO_ERROR, this.#base + OPTION_AT, this.#base + LENGTH_AT);
    return words[OPTION_AT >> 2] as number;
  }

  /** Says to the peer that nothing more will be sent. */
  shutdownWrite(fd: number): void {
    cShutdown(fd, SHUT_WR);
  }

  /** Lets a listening socket take no more connections, in all threads: clients are refused and look elsewhere. */
  stopListening(fd: number): void {
    cShutdown(fd, SHUT_RD);
  }

  /** Closes a descriptor. */
  close(fd: number): void {
    cClose(fd);
  }

  /** Makes the close that follows send a reset, so that the peer sees an abort and not an end of stream. */
  resetOnClose(fd: number): void {
    const words = this.#memory.words;
    words[OPTION_AT >> 2] = 1;
    words[(OPTION_AT >> 2) + 1] = 0;
    cSetsockopt(fd, SOL_SOCKET, SO_LINGER, this.#base + OPTION_AT, 8);
  }

  /**
   * The peer's address as words, as core/shared/endpoint-address.ts has it.
   * @returns its family, FAMILY_NONE when the socket is not connected any more
   */
  peerAddress(fd: number, words: Int32Array, at: number): number {
    this.#memory.words[LENGTH_AT >> 2] = SOCKET_ADDRESS_BYTES;
    if (cGetpeername(fd, this.#base + ADDRESS_AT, this.#base + LENGTH_AT) < 0) return FAMILY_NONE;
    return this.#readWords(words, at);
  }

  /** The peer's address, null when the socket is not connected any more. */
  peerName(fd: number): SocketName | null {
    this.#memory.words[LENGTH_AT >> 2] = SOCKET_ADDRESS_BYTES;
    const failed = cGetpeername(fd, this.#base + ADDRESS_AT, this.#base + LENGTH_AT) < 0;
    return failed ? null : this.#readAddress();
  }

  /** The socket's own address: which port the kernel gave to a listener on port 0. */
  localName(fd: number): SocketName | null {
    this.#memory.words[LENGTH_AT >> 2] = SOCKET_ADDRESS_BYTES;
    const failed = cGetsockname(fd, this.#base + ADDRESS_AT, this.#base + LENGTH_AT) < 0;
    return failed ? null : this.#readAddress();
  }

  #writeAddressText(ip: string, port: number): number {
    const address = new Int32Array(ADDRESS_WORDS);
    const family = parseIp(ip, address);
    return this.#writeAddress(family === FAMILY_IPV6, port, address, 0);
  }

  /** Writes a `sockaddr_in` or `sockaddr_in6`. @param words the address as core/shared/endpoint-address.ts has it */
  #writeAddress(ipv6: boolean, port: number, words: Int32Array, wordsAt: number): number {
    const bytes = this.#memory.bytes;
    bytes.fill(0, ADDRESS_AT, ADDRESS_AT + SOCKET_ADDRESS_BYTES);
    bytes[ADDRESS_AT] = ipv6 ? AF_INET6 : AF_INET;
    bytes[ADDRESS_AT + 2] = port >> 8;
    bytes[ADDRESS_AT + 3] = port;
    const at = ADDRESS_AT + (ipv6 ? 8 : 4);
    for (let i = 0; i < (ipv6 ? 16 : 4); i++) {
      bytes[at + i] = (words[wordsAt + (i >> 2)] as number) >>> (24 - 8 * (i & 3));
    }
    return ipv6 ? SOCKET_ADDRESS_BYTES : 16;
  }

  #readAddress(): SocketName {
    const bytes = this.#memory.bytes;
    const port = ((bytes[ADDRESS_AT + 2] as number) << 8) | (bytes[ADDRESS_AT + 3] as number);
    const words = new Int32Array(ADDRESS_WORDS);
    return { ip: formatIp(this.#readWords(words, 0), words, 0), port };
  }

  /** Reads the address at {@link ADDRESS_AT}. @returns its family */
  #readWords(words: Int32Array, wordsAt: number): number {
    const bytes = this.#memory.bytes;
    const ipv6 = bytes[ADDRESS_AT] === AF_INET6;
    const at = ADDRESS_AT + (ipv6 ? 8 : 4);
    words.fill(0, wordsAt, wordsAt + ADDRESS_WORDS);
    for (let i = 0; i < (ipv6 ? 16 : 4); i++) {
      const word = wordsAt + (i >> 2);
      words[word] = ((words[word] as number) << 8) | (bytes[at + i] as number);
    }
    return ipv6 ? FAMILY_IPV6 : FAMILY_IPV4;
  }

  #setOption(fd: number, level: number, name: number, value: number): void {
    this.#memory.words[OPTION_AT >> 2] = value;
    cSetsockopt(fd, level, name, this.#base + OPTION_AT, 4);
  }
}
