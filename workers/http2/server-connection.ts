/**
 * A client's HTTP/2 connection (RFC 9113 section 3.4 on): preface, then streams.
 *
 *     PREFACE --preface--> OPEN --GOAWAY (drain, age, idle)--> LEAVING --last stream ended--> LINGER --> closed
 *        \--text: a plain 400 of HTTP/1; anything else: closed
 *
 * A graceful GOAWAY comes twice: the first names no stream, so that what is on its way is still taken; the second, when the
 * client has answered a PING in between, or after a while, names the last that was.
 */

import { INCOMPLETE } from '../../core/http1/errors.ts';
import { SPEND_IGNORED_FRAME } from '../../core/http2/abuse-budget.ts';
import { ENHANCE_YOUR_CALM, NO_ERROR, REFUSED_STREAM } from '../../core/http2/error-codes.ts';
import { UINT31_MAX } from '../../core/http2/frame.ts';
import { readPreface } from '../../core/http2/preface.ts';
import { ERR_PREFACE_TEXT, errorCode, errorText } from '../../core/http2/protocol-errors.ts';
import { isIgnored, RESET_BY_US, receiveEvent, stateOf, transition } from '../../core/http2/stream-state.ts';
import { copyPiece, piece } from '../http1/field-lines.ts';
import type { ForwardedElement } from '../http1/forwarded-element.ts';
import type { Patience } from '../net/patience.ts';
import { NEVER, ticksOf } from '../reactor/timer-wheel.ts';
import { Http2Connection, LEAVING, LINGER, OPEN } from './http2-connection.ts';
import type { Http2Stream } from './http2-stream.ts';
import type { RememberedRequest } from './request-memory.ts';
import type { Http2Server } from './server.ts';
import type { Http2ServerStream } from './server-stream.ts';

const TEXT_ANSWER = piece(
  'HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: 33\r\nconnection: close\r\n\r\nthis port speaks HTTP/2 (h2) only',
);
/** A line of text that is longer than this is taken for no request. */
const FOREIGN_LINE_BYTES_MAX = 1024;
/** The client has so long to answer between the two GOAWAYs. */
const LEAVE_MS = 1000;
/** Ages differ by up to this part, so that connections which began together do not end together. */
const AGE_SPREAD = 0.1;

/** The server's side of HTTP/2. */
export class Http2ServerConnection extends Http2Connection {
  readonly server: Http2Server;
  readonly openedMicros: number;
  readonly openedTick: number;
  /** What is added to `Forwarded` of its requests; null for nothing. */
  readonly forwarded: ForwardedElement | null;
  /** Requests that were answered. */
  answered = 0;
  private prefaced = false;
  private leftForGood = false;
  readonly patience: Patience;
  private readonly ageTick: number;
  private idleSinceTick: number;
  private heardTick: number;

  constructor(server: Http2Server, worker: number, fd: number) {
    super(server.endpoint, worker, fd, server.scope, false);
    const { reactor } = server.net;
    this.server = server;
    this.forwarded = server.forwardedLabels === null ? null : server.forwardedLabels.of(server.net.sockets, fd);
    this.openedMicros = reactor.nowMicros;
    this.openedTick = reactor.nowTick;
    this.idleSinceTick = reactor.nowTick;
    this.heardTick = reactor.nowTick;
    this.patience = server.patience;
    const { lifeTicks } = server.patience;
    const spread = 1 + AGE_SPREAD * (2 * server.random.unit() - 1);
    this.ageTick = lifeTicks === NEVER ? NEVER : reactor.nowTick + Math.ceil(lifeTicks * spread);
  }

  /** Begins to wait for the client's preface. */
  open(): void {
    this.armIn(this.patience.headTicks);
  }

  // ---- receiving -----------------------------------------------------------------------------------------------

  protected takeReceived(at: number, end: number): void {
    this.heardTick = this.net.reactor.nowTick;
    let from = at;
    if (!this.prefaced) {
      from = readPreface(this.net.bytes, at, end);
      if (from === INCOMPLETE) {
        if (!this.keep(at, end - at)) this.onBroken(0);
        return;
      }
      if (from < 0) {
        this.refuseForeign(from, at, end);
        return;
      }
      this.prefaced = true;
      // Not before: whoever speaks HTTP/1 would see them in front of what it is told.
      this.writeOwnSettings();
      if (this.server.draining) this.leave();
      else this.armIdle();
    }
    if (from < end) this.takeFrames(from, end);
  }

  /** No HTTP/2 at all: whoever speaks HTTP/1 is told so in words that it understands (hostile-inputs row 28). */
  private refuseForeign(error: number, at: number, end: number): void {
    const text = error === ERR_PREFACE_TEXT ? Buffer.from(this.net.bytes.subarray(at, end)).toString('latin1') : '\n';
    if (!text.includes('\n') && text.length < FOREIGN_LINE_BYTES_MAX) {
      if (!this.keep(at, end - at)) this.onBroken(0);
      return;
    }
    this.server.countMalformed('unsupported_version');
    if (!/^[!-~]+ [!-~]+ HTTP\/1\.\d\r?\n/.test(text)) {
      this.writeOwnSettings();
      this.endWith(errorCode(error), errorText(error));
      return;
    }
    copyPiece(this.net.bytes, this.endpoint.scratchAt, TEXT_ANSWER);
    if (this.write(this.endpoint.scratchAt, TEXT_ANSWER.byteLength)) this.linger(0);
  }

  protected onBlock(id: number, at: number, end: number, endStream: boolean): void {
    const stream = this.find(id) as Http2ServerStream | null;
    if (stream !== null) {
      if (this.decode(at, end)) stream.receiveTrailers(this.endpoint.section, endStream);
      return;
    }
    const next = transition(this.stateOfGone(id), receiveEvent(true, endStream));
    if (next < 0) {
      this.onProtocolError(next, id);
      return;
    }
    if (isIgnored(next)) {
      // The compression state has to follow, whatever becomes of the fields.
      if (this.decode(at, end)) this.spend(SPEND_IGNORED_FRAME, 1);
      return;
    }
    const error = this.ids.openPeer(id);
    if (error !== 0) this.onProtocolError(error, id);
    else this.openStream(id, stateOf(next), at, end, endStream);
  }

  private openStream(id: number, state: number, at: number, end: number, endStream: boolean): void {
    const { server } = this;
    if (this.streams.size >= server.config.maxConcurrentStreamsPerConnection) {
      if (!this.decode(at, end)) return;
      this.refuse(id);
      return;
    }
    const { memory } = server;
    const known = server.remembers
      ? memory.find(this.net.bytes, at, end, endStream, this.decoder, this.seed, this.current)
      : null;
    if (known !== null && this.openKnown(known, id, state, endStream)) return;
    const recurring = known === null && server.remembers && memory.recurring;
    if (!this.decode(at, end)) return;
    const block = recurring && memory.admits(this.decoder) ? this.net.bytes.slice(at, end) : null;
    const stream = server.takeStream(this);
    stream.open(this, id, state);
    this.addStream(stream);
    stream.receiveHead(this.endpoint.section, endStream, block);
  }

  /** @returns false when what was remembered holds no more */
  private openKnown(known: RememberedRequest, id: number, state: number, endStream: boolean): boolean {
    const { server } = this;
    if (known.route.branches !== known.branches || !known.route.cached) {
      server.memory.forget(known);
      return false;
    }
    this.skip(known.block);
    const stream = server.takeStream(this);
    stream.open(this, id, state);
    this.addStream(stream);
    stream.receiveRemembered(known, endStream);
    return true;
  }

  private refuse(id: number): void {
    this.writeReset(id, REFUSED_STREAM);
    this.ids.ended(id, RESET_BY_US);
  }

  // ---- streams -------------------------------------------------------------------------------------------------

  override streamEnded(stream: Http2Stream): void {
    super.streamEnded(stream);
    if (this.streams.size > 0) return;
    this.idleSinceTick = this.net.reactor.nowTick;
    if (this.phase === OPEN) this.armIdle();
  }

  /** A request was answered in full. */
  onAnswered(): void {
    this.answered++;
    this.budget.earnAnswer();
  }

  // ---- leaving -------------------------------------------------------------------------------------------------

  /** Nothing new is wanted of the client, which learns of it before it may send more. */
  leave(): void {
    if (this.phase !== OPEN) return;
    if (!this.prefaced) {
      this.close();
      return;
    }
    this.phase = LEAVING;
    this.writeLeave(UINT31_MAX, NO_ERROR, 'leaving');
    this.writePingQuestion(0, 0);
    this.armIn(ticksOf(LEAVE_MS));
  }

  /** The client knows, or has had its time: what it sends from now on is not taken. */
  leaveForGood(): void {
    if (this.phase !== LEAVING || this.leftForGood) return;
    this.leftForGood = true;
    this.ids.acceptedMax = this.ids.highestPeer;
    this.writeLeave(this.ids.highestPeer, NO_ERROR, 'leaving');
    if (this.streams.size === 0) this.onLastStreamEnded();
  }

  protected onPingAnswered(): void {
    this.leaveForGood();
  }

  protected onLastStreamEnded(): void {
    if (this.leftForGood && this.phase === LEAVING) this.linger(0);
  }

  /** The client opens no more streams than it has. */
  protected onLeave(_lastStreamId: number, _code: number): void {
    if (this.phase === OPEN) {
      this.phase = LEAVING;
      this.leftForGood = true;
    }
    if (this.streams.size === 0) this.onLastStreamEnded();
  }

  protected onBadPeer(error: number): void {
    if ((-error & 0xf) !== ENHANCE_YOUR_CALM) this.server.countMalformed('bad_request');
  }

  // ---- time ----------------------------------------------------------------------------------------------------

  /** When the connection has been idle for too long, or its client silent with a request half told. */
  private get waitEndTick(): number {
    const { restTicks, readTicks } = this.patience;
    if (this.streams.size === 0) return restTicks === NEVER ? NEVER : this.idleSinceTick + restTicks;
    return readTicks === NEVER ? NEVER : this.heardTick + readTicks;
  }

  private armIdle(): void {
    const tick = Math.min(this.waitEndTick, this.ageTick);
    if (tick === NEVER) this.deadlineTick = NEVER;
    else this.net.reactor.timers.arm(this, tick);
  }

  onDeadline(): void {
    const { nowTick } = this.net.reactor;
    if (!this.prefaced || this.phase === LINGER) {
      if (!this.prefaced) this.patience.readEnded(this.net, 'headerTimeoutMs');
      this.close();
      return;
    }
    if (this.phase === LEAVING) {
      this.leaveForGood();
      return;
    }
    const isOver = nowTick >= this.waitEndTick;
    if (nowTick >= this.ageTick || (isOver && this.streams.size === 0)) {
      this.leave();
      return;
    }
    if (isOver && this.owesContent) {
      this.endWith(NO_ERROR, 'nothing has come of a request in time');
      return;
    }
    // Whoever owes nothing may be silent while it waits for its responses.
    if (isOver) this.heardTick = nowTick;
    this.armIdle();
  }

  /** A stream's request has not come whole, and it is not us who holds it back. */
  private get owesContent(): boolean {
    return this.streams.all().some((stream) => !stream.received && stream.receiveWindow.held === 0);
  }

  protected override onClosed(): void {
    super.onClosed();
    this.server.connectionEnded(this);
  }
}
