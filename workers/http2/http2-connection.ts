/**
 * What both sides of HTTP/2 have in common above the frames: settings, pings, windows, the table of live streams, and how a
 * connection comes to its end (RFC 9113 sections 5 to 7).
 *
 *     OPEN --GOAWAY sent or received--> LEAVING --no stream left--> LINGER --peer's end, or time--> closed
 *       \--the peer breaks the protocol: GOAWAY with the error, every stream lost------^
 *
 * A close over unread bytes makes the kernel send a reset, which may overtake what was sent before: so the last state reads
 * and drops what comes.
 */
import { BUDGET_LIMITS, budgetOfError, SPEND_PROVOKED_RESET } from '../../core/http2/abuse-budget.ts';
import { ENHANCE_YOUR_CALM } from '../../core/http2/error-codes.ts';
import { fieldBlockLimit } from '../../core/http2/field-block-budget.ts';
import type { HpackDecoder } from '../../core/http2/hpack/decoder.ts';
import { ERR_LIST_BYTES } from '../../core/http2/hpack/errors.ts';
import {
  ERR_BLOCK_BYTES,
  ERR_BLOCK_FRAMES,
  ERR_COMPRESSION,
  ERR_LIST_TOO_LARGE,
  errorCode,
  errorText,
  isConnectionError,
} from '../../core/http2/protocol-errors.ts';
import { SETTINGS_FRAME_BYTES_MAX, writeSettings } from '../../core/http2/settings.ts';
import { isEnded, RESET_BY_PEER, RESET_BY_US, stateOf } from '../../core/http2/stream-state.ts';
import { COUNTER } from '../../core/shared/stats.ts';
import type { Patience } from '../net/patience.ts';
import { NEVER, ticksOf } from '../reactor/timer-wheel.ts';
import { type KnownBlock, SkippedBlocks } from './block-memory.ts';
import { ControlIntake } from './control-intake.ts';
import type { Http2Stream } from './http2-stream.ts';

export const OPEN = 0;
/** No new streams: those that are open may finish. */
export const LEAVING = 1;
/** Nothing more is sent or looked at. */
export const LINGER = 2;

const LINGER_MS = 2000;

/** Connections that there have been. */
let connections = 0;

/** A connection of either side. */
export abstract class Http2Connection extends ControlIntake {
  protected phase = OPEN;
  /** How long the peer is borne with. */
  abstract readonly patience: Patience;
  /** Content of all streams that waits here. */
  queuedBytes = 0;
  /** Streams that have something to send, in the order in which they will. */
  private waiting: Http2Stream[] = [];
  /** Tells blocks of this connection from those of others that look alike. */
  protected readonly seed = Math.imul(++connections, 0x9e3779b1);
  private readonly skipped = new SkippedBlocks();
  /** Streams whose peers are to be granted more at the end of the tick. */
  private readonly granting: Http2Stream[] = [];

  /** Every stream has ended, and no further one will come. */
  protected abstract onLastStreamEnded(): void;

  get windowBytes(): number {
    return this.endpoint.windowBytes;
  }

  get grantBytes(): number {
    return this.endpoint.grantBytes;
  }

  protected get deaf(): boolean {
    return this.phase === LINGER || this.closed;
  }

  /** Our settings, and the window of the connection: what a connection begins with. */
  protected writeOwnSettings(): void {
    this.commit(writeSettings(this.net.bytes, this.reserve(SETTINGS_FRAME_BYTES_MAX), this.endpoint.own));
    const increment = this.receiveWindow.grant();
    if (increment > 0) this.writeWindow(0, increment);
  }

  // ---- reading -------------------------------------------------------------------------------------------------

  /** Receives as long as there is something, and the peer takes what it is sent. */
  protected readFrames(): void {
    const { net } = this;
    while (this.readable && !this.closed && this.outputBytes < net.limits.pendingBytesMax) {
      if (this.phase === LINGER) {
        if (this.receive(net.readBytes, net.wasteAt) < 0) return;
        continue;
      }
      const at = net.readAt;
      const keptBytes = this.kept === null ? 0 : this.kept.byteLength;
      const end = this.receive(net.readBytes - keptBytes);
      if (end < 0) return;
      this.takeReceived(at, end);
    }
  }

  /** Bytes of the read buffer are to be dealt with. */
  protected abstract takeReceived(at: number, end: number): void;

  onReceived(at: number, end: number): void {
    this.takeReceived(at, end);
  }

  protected onReadable(): void {
    this.readFrames();
  }

  // ---- field blocks --------------------------------------------------------------------------------------------

  /** A block was recognised: it is as good as decoded. */
  protected skip(block: KnownBlock): void {
    if (block.insertedBytes > 0) this.skipped.add(block, this.decoder.table.maxSize);
  }

  /** The decoder of what the peer sends. */
  get decoderInUse(): HpackDecoder {
    return this.decoder;
  }

  /** The decoder's table is what the peer takes it for. */
  protected get current(): boolean {
    return this.skipped.isEmpty;
  }

  /** Decodes a block into the endpoint's section. @returns false when that ended the connection */
  protected decode(at: number, end: number): boolean {
    return this.catchUp() && this.decodeOne(this.net.bytes, at, end);
  }

  protected catchUp(): boolean {
    if (this.skipped.isEmpty) return true;
    for (const { bytes } of this.skipped.takeAll()) if (!this.decodeOne(bytes, 0, bytes.length)) return false;
    return true;
  }

  private decodeOne(bytes: Uint8Array, at: number, end: number): boolean {
    const error = this.decoder.decode(bytes, at, end, this.endpoint.section);
    if (error === 0) return true;
    this.onProtocolError(error === ERR_LIST_BYTES ? ERR_LIST_TOO_LARGE : ERR_COMPRESSION, 0);
    return false;
  }

  // ---- sending -------------------------------------------------------------------------------------------------

  /** A stream has content that cannot go out yet. */
  wait(stream: Http2Stream): void {
    if (stream.waits) return;
    stream.waits = true;
    this.waiting.push(stream);
  }

  /** Whether so much more content may be queued. */
  admitsQueued(byteLength: number): boolean {
    if (this.queuedBytes + byteLength <= this.net.limits.h2QueuedBytesMax) return true;
    this.net.limitMet('h2QueuedBytesMax');
    return false;
  }

  /** A stream's peer is to be granted what it is owed, at the end of the tick. */
  grantSoon(stream: Http2Stream): void {
    if (stream.grants) return;
    stream.grants = true;
    this.granting.push(stream);
    this.gatherSoon();
  }

  protected writeDue(): void {
    for (let i = 0; i < this.granting.length; i++) {
      const stream = this.granting[i] as Http2Stream;
      if (!stream.grants || !stream.isOf(this)) continue;
      stream.grants = false;
      this.writeWindow(stream.id, stream.receiveWindow.grant());
    }
    if (this.granting.length > 0) this.granting.length = 0;
  }

  /** Gives every stream that waits its turn: there is a window, or room in the socket, again. */
  protected pumpWaiting(): void {
    const { waiting } = this;
    if (waiting.length === 0) return;
    this.waiting = [];
    for (const stream of waiting) {
      if (!stream.waits || !stream.isOf(this)) continue;
      stream.waits = false;
      stream.pump();
    }
  }

  protected onDrained(): void {
    this.pumpWaiting();
    if (this.closed) return;
    if (this.phase === LINGER) this.halfClose();
    else if (this.readable) this.readFrames();
  }

  // ---- streams -------------------------------------------------------------------------------------------------

  /** A stream has come to its end: its id is remembered, nothing else. */
  streamEnded(stream: Http2Stream): void {
    this.streams.remove(stream);
    this.ids.ended(stream.id, stream.state);
    this.dropStreamData(stream);
    stream.waits = false;
    stream.grants = false;
    this.net.stats.add(this.scope, COUNTER.openStreams, -1);
    if (stream.state === RESET_BY_US) this.net.stats.increment(this.scope, COUNTER.localResets);
    if (this.streams.size === 0 && this.phase === LEAVING) this.onLastStreamEnded();
    stream.onEnded();
  }

  /** Ends a stream, or the connection, for an error of the peer's. */
  failStream(error: number, id: number): void {
    this.onProtocolError(error, id);
  }

  protected addStream(stream: Http2Stream): void {
    this.streams.add(stream);
    this.net.stats.add(this.scope, COUNTER.openStreams, 1);
  }

  // ---- errors and the end --------------------------------------------------------------------------------------

  protected onProtocolError(error: number, id: number): void {
    if (this.deaf) return;
    if (isConnectionError(error)) {
      this.countLimit(error);
      this.onBadPeer(error);
      this.endWith(errorCode(error), errorText(error));
      return;
    }
    const stream = this.find(id);
    if (stream !== null) stream.onStreamError(error);
    else if (!isEnded(this.stateOfGone(id)) || stateOf(this.stateOfGone(id)) !== RESET_BY_US) {
      this.writeReset(id, errorCode(error));
      this.ids.ended(id, RESET_BY_US);
    }
    this.spend(SPEND_PROVOKED_RESET, 1);
  }

  /** The peer has broken the protocol, which ends the connection. */
  protected abstract onBadPeer(error: number): void;

  private countLimit(error: number): void {
    if (errorCode(error) !== ENHANCE_YOUR_CALM) return;
    const budget = budgetOfError(error);
    if (budget >= 0) this.net.limitMet(BUDGET_LIMITS[budget] as (typeof BUDGET_LIMITS)[number]);
    else if (error === ERR_BLOCK_BYTES || error === ERR_BLOCK_FRAMES) this.net.limitMet(fieldBlockLimit(error));
    else this.net.limitMet('h2HeaderListBytes');
  }

  /** Ends the connection with a last word; every stream is lost. */
  protected endWith(code: number, text: string): void {
    if (this.deaf) return;
    this.writeLeave(this.ids.highestPeer, code, text);
    this.linger(0);
  }

  /** Says that nothing more comes, once everything has gone out, and waits for the peer's end. */
  protected linger(errno: number): void {
    this.lose(errno);
    this.dropKept();
    this.armIn(ticksOf(LINGER_MS));
    this.flushGathered();
    if (this.closed) return;
    if (this.output === null) this.halfClose();
  }

  private halfClose(): void {
    this.net.sockets.shutdownWrite(this.fd);
    if (this.peerEnding) this.readable = true;
    if (this.readable) this.readFrames();
  }

  /** The connection is gone: nobody may be given to it any more, its own streams least of all. */
  protected lose(errno: number): void {
    if (this.phase === LINGER) return;
    this.phase = LINGER;
    this.loseStreams(errno);
  }

  /** Tells every stream that its connection is gone. */
  private loseStreams(errno: number): void {
    for (const stream of this.streams.all()) {
      this.streams.remove(stream);
      this.net.stats.add(this.scope, COUNTER.openStreams, -1);
      stream.waits = false;
      stream.grants = false;
      stream.state = RESET_BY_PEER;
      stream.onConnectionLost(errno);
      stream.onEnded();
    }
    this.waiting.length = 0;
    this.granting.length = 0;
  }

  protected onEnd(errno: number): void {
    this.lose(errno);
    this.close();
  }

  protected onBroken(errno: number): void {
    this.lose(errno);
    this.reset();
  }

  onFault(_error: unknown): void {
    this.lose(0);
    this.reset();
  }

  override close(): void {
    if (this.closed) return;
    // First: what is gathered goes out in closing, and that may fail in turn.
    this.lose(0);
    super.close();
    this.deadlineTick = NEVER;
  }
}
