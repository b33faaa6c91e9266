/**
 * A TCP connection in the reactor: what the HTTP/1 and HTTP/2 connections of both sides have in common.
 *
 * Reading is edge-triggered: `readable` remembers that the kernel may hold bytes, whatever the protocol above wants of
 * them at the moment. Not reading is how backpressure is passed on. Writing tries the socket at once; what it does not
 * take waits in `output`, and the protocol is told when that has drained.
 *
 *     open --close()--> closed        the descriptor goes at the end of the tick
 *       \--reset()----> closed        the same, with a TCP reset
 */

import { COUNTER } from '../../core/shared/stats.ts';
import { EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT, EPOLLRDHUP } from '../os/epoll.ts';
import { EAGAIN } from '../os/errno.ts';
import type { Ready } from '../reactor/reactor.ts';
import { Timer } from '../reactor/timer-wheel.ts';
import type { ByteQueue } from './byte-queue.ts';
import type { Net } from './net.ts';
import type { Sink } from './sink.ts';

/** Whoever gathers what it sends until the end of the tick. */
export interface Gathering {
  /** The end of the tick. */
  flushGathered(): void;
  /** What it sends straight out of the read buffer is to go now. */
  flushRun(): void;
  onFault(error: unknown): void;
}

/** A message that is larger gains nothing from waiting for others. */
const HELD_BYTES_MAX = 4096;

/** A connection of either side. */
export abstract class Connection extends Timer implements Ready, Sink {
  readonly net: Net;
  readonly worker: number;
  fd: number;
  /** Metric scope that bytes are counted in. */
  readonly scope: number;
  closed = false;
  /** The kernel may hold bytes, or the end of the stream, that were not received yet. */
  readable = false;
  /** The peer has ended its stream (or reset it): a recv will say so after the last byte. */
  peerEnding = false;
  /** The connection is gone both ways. */
  hungUp = false;
  /** Bytes the socket did not take. Null while there are none. */
  output: ByteQueue | null = null;
  /** Writes of this connection that wait for the end of the tick. */
  protected pendingWrites = 0;
  /** A message of it waits in the inbox. */
  undelivered = false;
  /** Bytes received and kept: an incomplete head, or what follows the current message. Null while there are none. */
  kept: ByteQueue | null = null;

  constructor(net: Net, worker: number, fd: number, scope: number) {
    super();
    this.net = net;
    this.worker = worker;
    this.fd = fd;
    this.scope = scope;
  }

  /** The socket may be read, or its end was noticed: read as far as the protocol wants. */
  protected abstract onReadable(): void;
  /** Bytes `[at, end)` of the read buffer, received in this tick, are to be dealt with. */
  abstract onReceived(at: number, end: number): void;
  /** Everything queued has been sent. */
  protected abstract onDrained(): void;
  /** Bytes begin to wait for the socket, or it took some of those that wait. */
  protected onBacklog(): void {}
  /** A write failed: the peer is gone. */
  protected abstract onBroken(errno: number): void;
  abstract onFault(error: unknown): void;
  /** It has ended: called once, also when what was still to be sent has failed in the middle of {@link close}. */
  protected onClosed(): void {}

  /** The reactor's call. */
  onReady(events: number): void {
    if ((events & EPOLLOUT) !== 0 && this.onWritable()) return;
    if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) === 0) return;
    this.readable = true;
    if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) !== 0) this.peerEnding = true;
    if ((events & (EPOLLHUP | EPOLLERR)) !== 0) this.hungUp = true;
    this.onReadable();
  }

  /** The socket takes bytes again. @returns whether the connection ended */
  protected onWritable(): boolean {
    if (this.output !== null) this.#flush(this.output);
    return this.closed;
  }

  /** Bytes waiting for the socket. */
  get outputBytes(): number {
    return this.output === null ? 0 : this.output.byteLength;
  }

  /**
   * Receives behind what was kept, at the shared read buffer.
   *
   * @param bytesMax the most to take
   * @param at where the bytes go
   * @returns the end of the bytes at `at`, or -1: nothing to read, 0 is never an end
   */
  protected receive(bytesMax: number, at = this.net.readAt): number {
    const { net } = this;
    // What is to be sent straight out of the read buffer, by whomever, goes before that is written to.
    net.flushRun();
    const keptBytes = this.kept === null ? 0 : this.kept.byteLength;
    const n = net.sockets.receive(this.fd, at + keptBytes, bytesMax);
    if (n > 0) {
      net.stats.add(this.scope, COUNTER.receivedBytes, n);
      // A short read has drained the socket, unless the peer's end stands behind it.
      if (n < bytesMax && !this.peerEnding) this.readable = false;
      if (keptBytes > 0) this.#restoreKept(at, keptBytes);
      return at + keptBytes + n;
    }
    this.readable = false;
    if (n === -EAGAIN) return -1;
    this.onEnd(n === 0 ? 0 : -n);
    return -1;
  }

  /**
   * Puts what was received off until this tick's events have all been taken: see inbox.ts.
   * @returns false when it is to be dealt with at once: there is more to receive, or it is large
   */
  protected deliverLater(at: number, end: number): boolean {
    if (this.readable || end - at > HELD_BYTES_MAX) return false;
    this.undelivered = true;
    this.net.deliverLater(this, at, end);
    return true;
  }

  /** The peer's stream is over. @param errno 0 for an orderly end */
  protected abstract onEnd(errno: number): void;

  #restoreKept(at: number, byteLength: number): void {
    const kept = this.kept as ByteQueue;
    kept.moveTo(at, byteLength);
    this.kept = null;
    this.net.giveQueue(kept);
  }

  /**
   * Moves what was kept to the shared read buffer, without receiving.
   * @returns the end of the bytes at `net.readAt`
   */
  protected restore(): number {
    const byteLength = this.kept === null ? 0 : this.kept.byteLength;
    if (byteLength > 0) this.#restoreKept(this.net.readAt, byteLength);
    return this.net.readAt + byteLength;
  }

  /** Keeps bytes for later. @returns false when the worker's memory is used up */
  protected keep(at: number, byteLength: number): boolean {
    if (byteLength === 0) return true;
    if (this.kept === null) this.kept = this.net.takeQueue();
    return this.kept.append(at, byteLength);
  }

  /** Drops what was kept. */
  protected dropKept(): void {
    if (this.kept === null) return;
    this.net.giveQueue(this.kept);
    this.kept = null;
  }

  /**
   * Sends bytes at the end of the tick, together with everybody else's: the usual way of whatever lies still until then.
   * @returns as {@link write}; a failure that shows only later ends the connection by the usual way
   */
  writeLater(at: number, byteLength: number): boolean {
    if (this.output !== null || !this.net.sendLater(this, at, byteLength)) return this.write(at, byteLength);
    this.pendingWrites++;
    return true;
  }

  /** Sends bytes of the read buffer: few of them at the end of the tick, held until then, many at once. @returns as {@link write} */
  writeReceived(at: number, byteLength: number): boolean {
    if (byteLength > HELD_BYTES_MAX || this.output !== null || !this.net.sendLater(this, at, byteLength)) {
      return this.write(at, byteLength);
    }
    this.pendingWrites++;
    this.net.hold(at + byteLength);
    return true;
  }

  /** The outbox's call: the end of the tick has come for one write. */
  sendPending(at: number, byteLength: number): void {
    this.pendingWrites--;
    if (!this.closed) this.send(at, byteLength);
  }

  /** Sends bytes or queues what the socket does not take. @returns false when the connection ended over it */
  write(at: number, byteLength: number): boolean {
    if (this.pendingWrites > 0) this.flushPending();
    if (this.closed) return false;
    return this.send(at, byteLength);
  }

  private send(at: number, byteLength: number): boolean {
    const { net } = this;
    net.stats.add(this.scope, COUNTER.sentBytes, byteLength);
    if (this.output !== null) return this.#queue(at, byteLength);
    const n = net.sockets.send(this.fd, at, byteLength);
    if (n === byteLength) return true;
    if (n < 0 && n !== -EAGAIN) {
      this.onBroken(-n);
      return false;
    }
    const sent = Math.max(n, 0);
    return this.#queue(at + sent, byteLength - sent);
  }

  /** Sends two pieces in one system call, or queues what the socket does not take. @returns as {@link write} */
  writeTwo(at: number, byteLength: number, secondAt: number, secondBytes: number): boolean {
    if (secondBytes === 0) return this.write(at, byteLength);
    if (this.pendingWrites > 0) this.flushPending();
    if (this.closed) return false;
    this.net.stats.add(this.scope, COUNTER.sentBytes, byteLength + secondBytes);
    if (this.output !== null) return this.#queue(at, byteLength) && this.#queue(secondAt, secondBytes);
    const n = this.net.sockets.sendTwo(this.fd, at, byteLength, secondAt, secondBytes);
    if (n === byteLength + secondBytes) return true;
    if (n < 0 && n !== -EAGAIN) {
      this.onBroken(-n);
      return false;
    }
    const sent = Math.max(n, 0);
    if (sent >= byteLength) return this.#queue(secondAt + sent - byteLength, byteLength + secondBytes - sent);
    return this.#queue(at + sent, byteLength - sent) && this.#queue(secondAt, secondBytes);
  }

  #queue(at: number, byteLength: number): boolean {
    if (this.output === null) {
      this.output = this.net.takeQueue();
      this.onBacklog();
    }
    const { output } = this;
    const { pendingBytesMax } = this.net.limits;
    const before = output.byteLength;
    if (output.append(at, byteLength)) {
      if (before < pendingBytesMax && output.byteLength >= pendingBytesMax) this.net.limitMet('pendingBytesMax');
      return true;
    }
    this.onBroken(0);
    return false;
  }

  #flush(output: ByteQueue): void {
    while (output.byteLength > 0) {
      const size = output.frontBytes;
      const n = this.net.sockets.send(this.fd, output.frontAt, size);
      if (n < 0) {
        if (n !== -EAGAIN) this.onBroken(-n);
        return;
      }
      output.consume(n);
      this.onBacklog();
      if (n < size) return;
    }
    this.output = null;
    this.net.giveQueue(output);
    this.onDrained();
  }

  /** Sets the time after which {@link onDeadline} is called. */
  protected armIn(ticks: number): void {
    const { timers, nowTick } = this.net.reactor;
    timers.arm(this, nowTick + ticks);
  }

  /** What was put off goes out now: something else has to follow it. */
  protected flushPending(): void {
    if (this.pendingWrites > 0) this.net.flush();
  }

  /** Ends the connection in order: what the kernel has taken will be sent. */
  close(): void {
    this.flushPending();
    if (this.closed) return;
    this.closed = true;
    const { net } = this;
    net.reactor.timers.remove(this);
    this.dropKept();
    if (this.output !== null) net.giveQueue(this.output);
    this.output = null;
    net.reactor.close(this.fd);
    this.onClosed();
  }

  /** Ends the connection so that the peer sees an abort: a truncated message must not look complete. */
  reset(): void {
    if (this.closed) return;
    // What was put off dies with the connection.
    this.pendingWrites = 0;
    this.net.sockets.resetOnClose(this.fd);
    this.close();
  }
}
