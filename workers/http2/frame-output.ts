/**
 * The way out of an HTTP/2 connection: what all streams have to say in a tick is gathered and leaves in one system call.
 *
 *     gathered:  | HEADERS 1 | DATA 1 | WINDOW_UPDATE 0 | HEADERS 3 | ...      small frames, written where they leave from
 *     run:       | DATA 5 | DATA 5 | DATA 5 |                                  large DATA, as received: headers rewritten in place
 *
 * A run lies in the read buffer. DATA frames that lie one behind the other become one run, which goes out, behind what was
 * gathered before it, when a frame comes that does not continue it, and before the buffer is used again.
 *
 * Between two ticks a connection owns no block: what the socket does not take is queued by `Connection`.
 */
import {
  GOAWAY_FIXED_BYTES,
  PING_BYTES,
  SMALL_FRAME_BYTES,
  writeGoaway,
  writePing,
  writePingAck,
  writeRstStream,
  writeSettingsAck,
  writeWindowUpdate,
} from '../../core/http2/control-frames.ts';
import { SendWindow } from '../../core/http2/flow-control.ts';
import { FRAME_HEADER_BYTES, writeFrameHeader } from '../../core/http2/frame.ts';
import { FLAG_END_HEADERS, FLAG_END_STREAM } from '../../core/http2/frame-flags.ts';
import { FRAME_CONTINUATION, FRAME_DATA, FRAME_HEADERS } from '../../core/http2/frame-types.ts';
import { copyText } from '../../core/http2/hpack/text.ts';
import { PeerSettings } from '../../core/http2/settings.ts';
import { copyPiece, type Piece, viewOf } from '../http1/field-lines.ts';
import { NO_BLOCK } from '../net/blocks.ts';
import { Connection, type Gathering } from '../net/connection.ts';
import type { Net } from '../net/net.ts';

/** Content up to this size is copied: a system call of its own, or a longer vector, costs more. */
const COPIED_BYTES_MAX = 2048;
const GOAWAY_TEXT_MAX = 200;
/** HPACK's dynamic table size update to 0 (RFC 7541 section 6.3). */
const TABLE_SIZE_ZERO = 0x20;

/** A connection of either side, as far as sending goes. */
export abstract class FrameOutput extends Connection implements Gathering {
  /** What the peer has told of itself. */
  readonly peer: PeerSettings;
  readonly sendWindow = new SendWindow();
  private gatherAt = NO_BLOCK;
  private gatherEnd = NO_BLOCK;
  private gathering = false;
  /** No block was left for a frame: the peer has missed something, and the connection is of no use. */
  private starved = false;
  private tableLeft = false;
  private tablePrefix = 0;
  private runAt = 0;
  private runEnd = 0;

  constructor(net: Net, worker: number, fd: number, scope: number, peerIsServer: boolean) {
    super(net, worker, fd, scope);
    this.peer = new PeerSettings(peerIsServer);
    this.sendWindow.reset(this.peer.initialWindowBytes);
  }

  /** Writes what is due at the end of a tick: window updates. */
  protected abstract writeDue(): void;
  /** A DATA frame with content goes out. */
  protected abstract onDataSent(): void;

  // ---- gathering -----------------------------------------------------------------------------------------------

  /** Room for a frame of at most so many bytes, behind what is gathered. {@link commit} must follow. @returns its offset */
  protected reserve(byteLength: number): number {
    if (this.runEnd > 0) this.flushRun();
    this.gatherSoon();
    if (this.gatherAt !== NO_BLOCK && this.gatherEnd + byteLength > this.gatherAt + this.net.blocks.blockBytes) {
      this.sendGathered();
    }
    // Either of the two sends may have ended the connection.
    if (this.closed) return this.net.wasteAt;
    if (this.gatherAt === NO_BLOCK) {
      this.gatherAt = this.net.blocks.take();
      this.gatherEnd = this.gatherAt;
      this.starved ||= this.gatherAt === NO_BLOCK;
    }
    return this.gatherAt === NO_BLOCK ? this.net.wasteAt : this.gatherEnd;
  }

  /** What was written in reserved room ends at `end`. */
  protected commit(end: number): void {
    if (this.gatherAt !== NO_BLOCK) this.gatherEnd = end;
  }

  /** Has {@link flushGathered} called at the end of this tick. */
  protected gatherSoon(): void {
    if (this.gathering || this.closed) return;
    this.gathering = true;
    this.net.gather(this);
  }

  /** The end of the tick: everything goes out. */
  flushGathered(): void {
    if (this.closed) {
      this.gathering = false;
      return;
    }
    this.writeDue();
    if (this.runEnd > 0) this.flushRun();
    this.sendGathered();
    this.gathering = false;
    if (this.gatherAt !== NO_BLOCK) this.net.blocks.give(this.gatherAt);
    this.gatherAt = NO_BLOCK;
    this.gatherEnd = NO_BLOCK;
    if (this.starved && !this.closed) this.onBroken(0);
  }

  private sendGathered(): void {
    const { gatherAt, gatherEnd } = this;
    this.gatherEnd = gatherAt;
    if (gatherEnd > gatherAt && !this.closed) this.write(gatherAt, gatherEnd - gatherAt);
  }

  /** Sends bytes of the read buffer, behind what is gathered: at once, or with those that lie behind them. */
  private addToRun(at: number, end: number): void {
    if (this.runEnd === at) {
      this.runEnd = end;
      return;
    }
    if (this.runEnd > 0) this.flushRun();
    this.net.startRun(this);
    this.gatherSoon();
    this.runAt = at;
    this.runEnd = end;
  }

  /** Sends the run, because something else has to follow it or its bytes are about to be overwritten. */
  flushRun(): void {
    const { runAt, runEnd, gatherAt, gatherEnd } = this;
    this.runEnd = 0;
    this.net.endRun(this);
    if (runEnd === 0 || this.closed) return;
    this.gatherEnd = gatherAt;
    if (gatherEnd > gatherAt) this.writeTwo(gatherAt, gatherEnd - gatherAt, runAt, runEnd - runAt);
    else this.write(runAt, runEnd - runAt);
  }

  // ---- DATA ----------------------------------------------------------------------------------------------------

  /** Content of a stream that may go out now: while the socket does not take what there is, none. */
  sendableBytes(stream: SendWindow, wantedBytes: number): number {
    if (this.outputBytes >= this.net.limits.pendingBytesMax) return 0;
    const most = Math.min(wantedBytes, this.sendWindow.available, stream.available);
    return most > 0 ? most : 0;
  }

  /**
   * Writes content as DATA frames.
   *
   * @param byteLength at most what {@link sendableBytes} said; 0 only with `endStream`
   * @param inPlace the nine bytes in front of the content may be overwritten, and it stays where it is until
   *   {@link flushRun}; otherwise the content has left its place when this returns
   */
  writeData(
    id: number,
    stream: SendWindow,
    at: number,
    byteLength: number,
    endStream: boolean,
    inPlace: boolean,
  ): void {
    this.sendWindow.consume(byteLength);
    stream.consume(byteLength);
    const { maxFrameBytes } = this.peer;
    let from = at;
    let left = byteLength;
    while (left > maxFrameBytes) {
      this.writeDataFrame(id, from, maxFrameBytes, false, inPlace && from === at);
      from += maxFrameBytes;
      left -= maxFrameBytes;
    }
    this.writeDataFrame(id, from, left, endStream, inPlace && from === at);
    if (!inPlace && this.runEnd > 0) this.flushRun();
    if (byteLength > 0) this.onDataSent();
  }

  private writeDataFrame(id: number, at: number, byteLength: number, endStream: boolean, inPlace: boolean): void {
    const { bytes } = this.net;
    const flags = endStream ? FLAG_END_STREAM : 0;
    if (byteLength <= COPIED_BYTES_MAX) {
      const to = writeFrameHeader(
        bytes,
        this.reserve(FRAME_HEADER_BYTES + byteLength),
        byteLength,
        FRAME_DATA,
        flags,
        id,
      );
      const view = viewOf(bytes);
      copyText(bytes, view, to, bytes, view, at, byteLength);
      this.commit(to + byteLength);
      return;
    }
    if (inPlace) {
      writeFrameHeader(bytes, at - FRAME_HEADER_BYTES, byteLength, FRAME_DATA, flags, id);
      this.addToRun(at - FRAME_HEADER_BYTES, at + byteLength);
      return;
    }
    // Another connection's run goes out first. What that brings about (it may fail, and streams of this one with it) has to
    // be said before the header is written: nothing may come between it and its content.
    this.net.startRun(this);
    this.commit(writeFrameHeader(bytes, this.reserve(FRAME_HEADER_BYTES), byteLength, FRAME_DATA, flags, id));
    this.addToRun(at, at + byteLength);
  }

  // ---- HEADERS -------------------------------------------------------------------------------------------------

  /** Writes a header block that lies elsewhere, as HEADERS and, when it is long, CONTINUATION. */
  writeBlock(id: number, blockAt: number, byteLength: number, endStream: boolean): void {
    const { bytes, blocks } = this.net;
    const most = Math.min(this.peer.maxFrameBytes, blocks.blockBytes - FRAME_HEADER_BYTES);
    const view = viewOf(bytes);
    let type = FRAME_HEADERS;
    let from = blockAt;
    let left = byteLength;
    let flags = endStream ? FLAG_END_STREAM : 0;
    let prefix = this.takeTablePrefix();
    for (;;) {
      const n = Math.min(left, most - prefix);
      left -= n;
      if (left === 0) flags |= FLAG_END_HEADERS;
      const at = this.reserve(FRAME_HEADER_BYTES + prefix + n);
      let to = writeFrameHeader(bytes, at, prefix + n, type, flags, id);
      if (prefix > 0) bytes[to++] = TABLE_SIZE_ZERO;
      copyText(bytes, view, to, bytes, view, from, n);
      this.commit(to + n);
      prefix = 0;
      if (left === 0) return;
      from += n;
      type = FRAME_CONTINUATION;
      flags = 0;
    }
  }

  /** Writes a header block that was prepared, and that any peer takes in one frame. */
  writePiece(id: number, block: Piece, endStream: boolean): void {
    const { bytes } = this.net;
    const prefix = this.takeTablePrefix();
    const byteLength = prefix + block.byteLength;
    const flags = endStream ? FLAG_END_HEADERS | FLAG_END_STREAM : FLAG_END_HEADERS;
    const at = this.reserve(FRAME_HEADER_BYTES + byteLength);
    const to = writeFrameHeader(bytes, at, byteLength, FRAME_HEADERS, flags, id);
    if (prefix > 0) bytes[to] = TABLE_SIZE_ZERO;
    this.commit(copyPiece(bytes, to + prefix, block));
  }

  /**
   * The peer's decoder has a smaller table than we may use: the next block has to say that we go down with it, although we
   * use none (RFC 9113 section 4.3.1, RFC 7541 section 4.2). Said once, of a size of 0, it holds for any size.
   */
  protected leaveTable(): void {
    if (this.tableLeft) return;
    this.tableLeft = true;
    this.tablePrefix = 1;
  }

  /** @returns bytes that the block at hand begins with on top of its own */
  private takeTablePrefix(): number {
    const { tablePrefix } = this;
    this.tablePrefix = 0;
    return tablePrefix;
  }

  // ---- control frames ------------------------------------------------------------------------------------------

  /** Ends a stream at once. @param code one of core/http2/error-codes.ts */
  writeReset(id: number, code: number): void {
    this.commit(writeRstStream(this.net.bytes, this.reserve(SMALL_FRAME_BYTES), id, code));
  }

  /** @param id of a stream, 0 for the connection */
  writeWindow(id: number, increment: number): void {
    this.commit(writeWindowUpdate(this.net.bytes, this.reserve(SMALL_FRAME_BYTES), id, increment));
  }

  protected writeSettingsAnswer(): void {
    this.commit(writeSettingsAck(this.net.bytes, this.reserve(FRAME_HEADER_BYTES)));
  }

  protected writePingQuestion(high: number, low: number): void {
    this.commit(writePing(this.net.bytes, this.reserve(FRAME_HEADER_BYTES + PING_BYTES), high, low));
  }

  protected writePingAnswer(payloadAt: number): void {
    this.commit(writePingAck(this.net.bytes, this.reserve(FRAME_HEADER_BYTES + PING_BYTES), payloadAt));
  }

  protected writeLeave(lastStreamId: number, code: number, text: string): void {
    const shown = text.slice(0, GOAWAY_TEXT_MAX);
    const at = this.reserve(FRAME_HEADER_BYTES + GOAWAY_FIXED_BYTES + shown.length);
    this.commit(writeGoaway(this.net.bytes, at, lastStreamId, code, shown));
  }

  override close(): void {
    if (this.closed) return;
    if (this.runEnd > 0) this.flushRun();
    this.sendGathered();
    super.close();
  }

  override reset(): void {
    if (this.closed) return;
    this.dropOutput();
    super.reset();
  }

  protected override onClosed(): void {
    super.onClosed();
    this.dropOutput();
  }

  private dropOutput(): void {
    this.runEnd = 0;
    this.net.endRun(this);
    if (this.gatherAt === NO_BLOCK) return;
    this.net.blocks.give(this.gatherAt);
    this.gatherAt = NO_BLOCK;
    this.gatherEnd = NO_BLOCK;
  }
}
