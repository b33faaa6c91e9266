/**
 * What the streams of both sides have in common: their windows, and content on its way through.
 *
 *     received:   DATA --> this (source) --> outlet.sendContent --> taken(n): the peer may send n more
 *     sent:       sendContent --> window and socket have room?  yes: a DATA frame, taken at once
 *                                                               no:  queue --WINDOW_UPDATE, drained--> DATA frame, taken
 *
 * So what waits here is never more than the receive window of the stream that it came from: a reader that is slow holds
 * back the one who writes to it, and nobody else (RFC 9113 section 5.2).
 */
import { BodyLength } from '../../core/http2/body-length.ts';
import { CANCEL } from '../../core/http2/error-codes.ts';
import { ReceiveWindow, SendWindow } from '../../core/http2/flow-control.ts';
import { AWAIT_HEAD, COMPLETE } from '../../core/http2/message-sequence.ts';
import {
  canReceive,
  canSend,
  IDLE_OWN,
  isEnded,
  SEND_DATA_END,
  SEND_HEADERS,
  SEND_HEADERS_END,
  SEND_RST,
  transition,
} from '../../core/http2/stream-state.ts';
import type { Piece } from '../http1/field-lines.ts';
import type { ByteQueue } from '../net/byte-queue.ts';
import type { BodySource, Outlet, Sink } from '../net/sink.ts';
import { NEVER, Timer } from '../reactor/timer-wheel.ts';
import type { Http2Connection } from './http2-connection.ts';

/** A stream of either side. */
export abstract class Http2Stream extends Timer implements Outlet, BodySource, Sink {
  id = 0;
  /** One of the states of core/http2/stream-state.ts. */
  state = 0;
  /** Of the message that is received: one of core/http2/message-sequence.ts. */
  phase = AWAIT_HEAD;
  readonly bodyLength = new BodyLength();
  readonly sendWindow = new SendWindow();
  readonly receiveWindow = new ReceiveWindow();
  /** In its connection's list of streams that have something to send. */
  waits = false;
  /** In its connection's list of streams whose peer is to be granted more. */
  grants = false;
  protected link: Http2Connection;
  /** Content that waits for a window or the socket. Null while there is none. */
  protected queue: ByteQueue | null = null;
  /** The message ends behind the queue: with nothing, or with these trailers. */
  private queueEnds = false;
  private queuedTrailers: Uint8Array | null = null;

  constructor(link: Http2Connection) {
    super();
    this.link = link;
  }

  /** Content of the message received, as it lies in the read buffer. */
  abstract receiveContent(at: number, byteLength: number, endStream: boolean): void;
  /** The peer has reset the stream. @param code as it sent it */
  abstract onReset(code: number): void;
  /** The stream has come to its end, and is no longer in its connection's table. */
  abstract onEnded(): void;
  /** The stream is to be ended for an error of the peer's. @param error of core/http2/protocol-errors.ts */
  abstract onStreamError(error: number): void;
  /** Its connection ends under it. */
  abstract onConnectionLost(errno: number): void;
  /** Whoever feeds this stream with content. */
  protected abstract get source(): BodySource | null;
  /** The receiver has taken nothing for too long. */
  abstract onStalled(): void;

  /** Begins anew. @param state the first state @param endStream the message received is its head alone */
  protected begin(link: Http2Connection, id: number, state: number): void {
    this.link = link;
    this.id = id;
    this.state = state;
    this.phase = AWAIT_HEAD;
    this.sendWindow.reset(link.peer.initialWindowBytes);
    this.receiveWindow.reset(link.windowBytes, link.grantBytes);
    this.queueEnds = false;
    this.queuedTrailers = null;
  }

  /** Whether it is a stream of this connection: it may have been of others before. */
  isOf(link: Http2Connection): boolean {
    return this.link === link;
  }

  get isEnded(): boolean {
    return isEnded(this.state);
  }

  // ---- sending -------------------------------------------------------------------------------------------------

  get closed(): boolean {
    return !canSend(this.state);
  }

  get outputBytes(): number {
    return this.queue === null ? 0 : this.queue.byteLength;
  }

  /** Sends a header block as the head of a message, or as informational head. */
  sendBlock(at: number, byteLength: number, endStream: boolean): void {
    if (!canSend(this.state) && this.state !== IDLE_OWN) return;
    this.link.writeBlock(this.id, at, byteLength, endStream);
    this.moveOn(endStream ? SEND_HEADERS_END : SEND_HEADERS);
  }

  /** Sends a header block that was prepared. Nothing waits before it. */
  protected sendPiece(block: Piece, endStream: boolean): void {
    this.link.writePiece(this.id, block, endStream);
    this.moveOn(endStream ? SEND_HEADERS_END : SEND_HEADERS);
  }

  /** Sends a header block as trailers, behind everything that waits. */
  sendTrailers(at: number, byteLength: number): void {
    if (!canSend(this.state)) return;
    if (this.queue === null) {
      this.link.writeBlock(this.id, at, byteLength, true);
      this.moveOn(SEND_HEADERS_END);
      return;
    }
    this.queueEnds = true;
    this.queuedTrailers = this.link.net.bytes.slice(at, at + byteLength);
  }

  sendContent(at: number, byteLength: number, endStream: boolean, inPlace: boolean): number {
    // What comes for a stream that is over is as good as sent.
    if (!canSend(this.state)) return byteLength;
    const { link } = this;
    let sent = 0;
    if (this.queue === null) {
      sent = link.sendableBytes(this.sendWindow, byteLength);
      if (sent === byteLength) {
        if (sent > 0 || endStream) link.writeData(this.id, this.sendWindow, at, sent, endStream, inPlace);
        if (endStream) this.moveOn(SEND_DATA_END);
        return sent;
      }
      if (sent > 0) link.writeData(this.id, this.sendWindow, at, sent, false, inPlace);
    }
    this.enqueue(at + sent, byteLength - sent);
    this.queueEnds ||= endStream;
    return sent;
  }

  write(at: number, byteLength: number): boolean {
    this.sendContent(at, byteLength, false, false);
    return !this.closed;
  }

  writeReceived(at: number, byteLength: number): boolean {
    return this.write(at, byteLength);
  }

  private enqueue(at: number, byteLength: number): void {
    const { link } = this;
    if (this.queue === null) {
      this.queue = link.net.takeQueue();
      this.armStallTimer();
    }
    link.wait(this);
    const { queue } = this;
    const before = queue.byteLength;
    const whole = link.admitsQueued(byteLength) && queue.append(at, byteLength);
    // Of what is not queued whole a part may be.
    link.queuedBytes += queue.byteLength - before;
    if (!whole) this.onStalled();
  }

  /** Sends what waits, as far as it may go now. */
  pump(): void {
    const { queue, link } = this;
    if (queue === null) return;
    let taken = 0;
    while (queue.byteLength > 0) {
      const sendable = link.sendableBytes(this.sendWindow, queue.frontBytes);
      if (sendable === 0) break;
      const last = sendable === queue.byteLength && this.queueEnds && this.queuedTrailers === null;
      link.writeData(this.id, this.sendWindow, queue.frontAt, sendable, last, false);
      if (this.queue !== queue) return;
      queue.consume(sendable);
      taken += sendable;
    }
    link.queuedBytes -= taken;
    if (queue.byteLength === 0) this.endQueue();
    else if (taken > 0) this.armStallTimer();
    if (taken > 0) this.source?.taken(taken);
    if (this.queue !== null) link.wait(this);
  }

  private endQueue(): void {
    this.dropQueue();
    if (!this.queueEnds) return;
    const trailers = this.queuedTrailers;
    if (trailers === null) {
      this.moveOn(SEND_DATA_END);
    } else {
      this.queuedTrailers = null;
      const { net } = this.link;
      net.bytes.set(trailers, net.wasteAt);
      this.link.writeBlock(this.id, net.wasteAt, trailers.length, true);
      this.moveOn(SEND_HEADERS_END);
    }
    this.onQueueSent();
  }

  /** What waited has gone out, and the message with it. */
  protected onQueueSent(): void {}

  protected dropQueue(): void {
    if (this.queue === null) return;
    this.link.queuedBytes -= this.queue.byteLength;
    this.link.net.giveQueue(this.queue);
    this.queue = null;
    this.disarmStallTimer();
  }

  /** Ends the stream with an error. @param code one of core/http2/error-codes.ts */
  sendReset(code: number): void {
    if (isEnded(this.state)) return;
    this.dropQueue();
    this.link.writeReset(this.id, code);
    this.moveOn(SEND_RST);
  }

  /** Ends the stream because nobody needs it any more. */
  cancelStream(): void {
    this.sendReset(CANCEL);
  }

  /** Takes the next state; a stream that has come to its end leaves its connection. */
  protected moveOn(event: number): void {
    this.state = transition(this.state, event);
    if (isEnded(this.state)) this.link.streamEnded(this);
  }

  // ---- receiving -----------------------------------------------------------------------------------------------

  /** The whole message has been received. */
  get received(): boolean {
    return this.phase === COMPLETE;
  }

  /** Passes content on. @param outlet null while nobody is there to take it */
  protected forward(outlet: Outlet, at: number, byteLength: number, endStream: boolean): void {
    const taken = outlet.sendContent(at, byteLength, endStream, true);
    if (taken > 0) this.taken(taken);
  }

  taken(byteLength: number): void {
    const { receiveWindow } = this;
    // What is sent a second time was taken before.
    receiveWindow.credit(Math.min(byteLength, receiveWindow.held));
    if (receiveWindow.grantIsDue && canReceive(this.state)) this.link.grantSoon(this);
  }

  // ---- time ----------------------------------------------------------------------------------------------------

  /** The receiver takes nothing at the moment: it has so long to take some. */
  protected armStallTimer(): void {
    this.stallTick = this.link.net.reactor.nowTick + this.link.patience.writeTicks;
    this.armTimer();
  }

  private disarmStallTimer(): void {
    this.stallTick = NEVER;
    this.armTimer();
  }

  /** When the receiver is given up. */
  protected stallTick = NEVER;
  /** When the exchange is given up: a time for its binding, or its deadline. */
  protected limitTick = NEVER;

  protected armTimer(): void {
    const tick = Math.min(this.stallTick, this.limitTick);
    const { timers } = this.link.net.reactor;
    if (tick === NEVER) this.deadlineTick = NEVER;
    else timers.arm(this, tick);
  }

  onDeadline(): void {
    const { nowTick } = this.link.net.reactor;
    if (this.stallTick <= nowTick) {
      this.stallTick = NEVER;
      this.link.patience.writeEnded(this.link.net);
      this.onStalled();
      return;
    }
    if (this.limitTick <= nowTick) {
      this.limitTick = NEVER;
      this.onTimeLimit();
      return;
    }
    this.armTimer();
  }

  /** The time of {@link limitTick} has come. */
  protected abstract onTimeLimit(): void;

  /** Forgets what the stream held; it leaves the timers. */
  protected letGo(): void {
    this.dropQueue();
    this.stallTick = NEVER;
    this.limitTick = NEVER;
    if (this.linkedTick !== NEVER) this.link.net.reactor.timers.remove(this);
  }
}
