/**
 * The way into an HTTP/2 connection: bytes to frames, and frames to whoever they are for.
 *
 *     read buffer:  | HEADERS | DATA 16 KiB ............ | DATA, its first half |      of one recv
 *                                                                               | its second half | WINDOW_UPDATE |
 *
 * DATA are passed on piece by piece as they lie, whether their frame is complete or not: each piece gets a frame header of
 * its own in front, where its former one or nothing of use lies. Of every other frame the incomplete rest is kept until
 * more comes.
 */

import { INCOMPLETE } from '../../core/http1/errors.ts';
import { AbuseBudget, SPEND_EMPTY_FRAME } from '../../core/http2/abuse-budget.ts';
import { FieldBlockBudget } from '../../core/http2/field-block-budget.ts';
import { ReceiveWindow, receiveData, receiveIgnoredData } from '../../core/http2/flow-control.ts';
import { FRAME_HEADER_BYTES, FrameHeader, readUint31 } from '../../core/http2/frame.ts';
import { FLAG_END_HEADERS, FLAG_END_STREAM, FLAG_PADDED, FLAG_PRIORITY } from '../../core/http2/frame-flags.ts';
import { FrameRules, isPadded } from '../../core/http2/frame-rules.ts';
import { FRAME_CONTINUATION, FRAME_DATA, FRAME_HEADERS } from '../../core/http2/frame-types.ts';
import type { HpackDecoder } from '../../core/http2/hpack/decoder.ts';
import { afterData } from '../../core/http2/message-sequence.ts';
import { ERR_FRAME_TOO_LARGE, ERR_SELF_DEPENDENCY, isConnectionError } from '../../core/http2/protocol-errors.ts';
import { isIgnored, receiveEvent, stateOf, transition } from '../../core/http2/stream-state.ts';
import type { ByteQueue } from '../net/byte-queue.ts';
import { TICK_MS } from '../reactor/timer-wheel.ts';
import type { Http2Endpoint } from './endpoint.ts';
import { FrameOutput } from './frame-output.ts';
import type { Http2Stream } from './http2-stream.ts';

/** One frame is read at a time. */
const header = new FrameHeader();
const PADDED_BYTES = 1;

/** A connection of either side, as far as receiving goes. */
export abstract class FrameIntake extends FrameOutput {
  readonly endpoint: Http2Endpoint;
  readonly receiveWindow = new ReceiveWindow();
  protected readonly decoder: HpackDecoder;
  protected readonly rules: FrameRules;
  protected readonly budget: AbuseBudget;
  private readonly blockBudget: FieldBlockBudget;
  /** The stream whose DATA come in; null while none do, or while they are dropped. */
  private dataStream: Http2Stream | null = null;
  /** What is still to come of the DATA frame at hand: content, then padding. */
  private contentLeft = 0;
  private paddingLeft = 0;
  private dataEnds = false;
  /** Fragments of a field block whose end has not come. */
  private fragments: ByteQueue | null = null;
  private blockEndsStream = false;
  private blockDependsOnItself = false;

  constructor(endpoint: Http2Endpoint, worker: number, fd: number, scope: number, peerIsServer: boolean) {
    super(endpoint.net, worker, fd, scope, peerIsServer);
    const { limits, reactor } = endpoint.net;
    this.endpoint = endpoint;
    this.decoder = endpoint.takeDecoder();
    this.rules = new FrameRules(endpoint.own.maxFrameBytes);
    this.budget = new AbuseBudget(endpoint.budgetBounds);
    this.budget.reset(reactor.nowTick * TICK_MS);
    this.blockBudget = new FieldBlockBudget(limits);
    this.receiveWindow.resetConnection(endpoint.connectionWindowBytes, endpoint.connectionGrantBytes);
  }

  /** The live stream of an id, null when there is none. */
  protected abstract find(id: number): Http2Stream | null;
  /** The state of a stream that is not alive. */
  protected abstract stateOfGone(id: number): number;
  /** A whole field block. It lies in the read buffer or in a scratch area, until the next frame. */
  protected abstract onBlock(id: number, at: number, end: number, endStream: boolean): void;
  /** Any other whole frame that the rules allow. */
  protected abstract onControl(frame: FrameHeader, at: number): void;
  /** The peer has broken the protocol. @param error of core/http2/protocol-errors.ts, of a stream or the connection */
  protected abstract onProtocolError(error: number, id: number): void;
  /** No further frames are wanted. */
  protected abstract get deaf(): boolean;

  /** Deals with bytes of the read buffer: whole frames, and what there is of a DATA frame. */
  protected takeFrames(from: number, end: number): void {
    let at = from;
    while (at < end && !this.deaf) {
      const next = this.contentLeft + this.paddingLeft > 0 ? this.takeContent(at, end) : this.takeFrame(at, end);
      if (next === INCOMPLETE) break;
      at = next;
    }
    // What was passed on straight out of the read buffer goes before that is used again.
    this.net.flushRun();
    if (at < end && !this.deaf && !this.keep(at, end - at)) this.onBroken(0);
  }

  /** @returns the offset past the frame (of DATA: past what precedes its content), or INCOMPLETE */
  private takeFrame(at: number, end: number): number {
    const { bytes } = this.net;
    const payload = header.read(bytes, at, end);
    if (payload === INCOMPLETE) return INCOMPLETE;
    const isData = header.type === FRAME_DATA;
    // DATA go on as they come; of all others the whole has to fit into the read buffer.
    if (
      header.length > this.endpoint.own.maxFrameBytes ||
      (!isData && header.length > this.net.readBytes - FRAME_HEADER_BYTES)
    ) {
      this.onProtocolError(ERR_FRAME_TOO_LARGE, 0);
      return end;
    }
    const needed = isData ? (isPadded(header) && header.length > 0 ? PADDED_BYTES : 0) : header.length;
    if (end - payload < needed) return INCOMPLETE;
    const error = this.rules.check(header);
    if (error !== 0) {
      this.onProtocolError(error, header.streamId);
      // A stream error leaves the connection as it was: the frame is passed over.
      return isData ? end : payload + header.length;
    }
    if (isData) return this.beginData(payload);
    const { length } = header;
    if (header.type === FRAME_HEADERS) this.takeHeaders(payload);
    else if (header.type === FRAME_CONTINUATION) this.takeContinuation(payload);
    else this.onControl(header, payload);
    return payload + length;
  }

  // ---- DATA ----------------------------------------------------------------------------------------------------

  private beginData(payload: number): number {
    const { rules } = this;
    const error = rules.locateContent(header, this.net.bytes[payload] as number);
    if (error !== 0) {
      this.onProtocolError(error, header.streamId);
      return payload;
    }
    const { length, streamId } = header;
    const { contentOffset, contentBytes } = rules;
    this.contentLeft = contentBytes;
    this.paddingLeft = length - contentOffset - contentBytes;
    this.dataEnds = (header.flags & FLAG_END_STREAM) !== 0;
    if (contentBytes === 0 && !this.dataEnds && !this.spend(SPEND_EMPTY_FRAME, 1)) return payload;
    this.dataStream = this.find(streamId);
    if (this.dataStream === null) this.dropData(streamId, length);
    else this.admitData(this.dataStream, length, contentBytes);
    if (contentBytes === 0 && this.dataStream !== null) this.passOn(this.dataStream, payload + contentOffset, 0);
    return payload + contentOffset;
  }

  /** Counts the frame against windows and length, all at once. An error leaves no stream to pass it on to. */
  private admitData(stream: Http2Stream, payloadBytes: number, contentBytes: number): void {
    const next = transition(stream.state, receiveEvent(false, this.dataEnds));
    let error = next < 0 ? next : receiveData(this.receiveWindow, stream.receiveWindow, payloadBytes, contentBytes);
    // What waits for a slow reader is the stream's alone to hold back: others share the connection.
    if (error === 0) this.receiveWindow.credit(contentBytes);
    else if (next < 0 && !isConnectionError(error)) this.countDropped(payloadBytes);
    if (error === 0) {
      const phase = afterData(stream.phase, this.dataEnds);
      error = phase < 0 ? phase : stream.bodyLength.data(contentBytes, this.dataEnds);
    }
    this.grantConnection();
    if (error === 0) return;
    this.dataStream = null;
    this.onProtocolError(error, stream.id);
  }

  /** DATA of a stream that is gone. */
  private dropData(id: number, payloadBytes: number): void {
    const next = transition(this.stateOfGone(id), receiveEvent(false, this.dataEnds));
    if (next < 0) {
      if (!isConnectionError(next)) this.countDropped(payloadBytes);
      this.onProtocolError(next, id);
      return;
    }
    if (isIgnored(next)) this.countDropped(payloadBytes);
  }

  private countDropped(payloadBytes: number): void {
    const error = receiveIgnoredData(this.receiveWindow, payloadBytes);
    if (error !== 0) this.onProtocolError(error, 0);
    else this.grantConnection();
  }

  private grantConnection(): void {
    if (this.receiveWindow.grantIsDue) this.writeWindow(0, this.receiveWindow.grant());
  }

  private takeContent(at: number, end: number): number {
    const n = Math.min(this.contentLeft, end - at);
    this.contentLeft -= n;
    if (n > 0 && this.dataStream !== null) this.passOn(this.dataStream, at, n);
    if (this.contentLeft > 0) return at + n;
    const padding = Math.min(this.paddingLeft, end - at - n);
    this.paddingLeft -= padding;
    return at + n + padding;
  }

  private passOn(stream: Http2Stream, at: number, byteLength: number): void {
    const ends = this.dataEnds && this.contentLeft === 0;
    if (ends) {
      stream.state = stateOf(transition(stream.state, receiveEvent(false, true)));
      stream.phase = afterData(stream.phase, true);
    } else {
      stream.phase = afterData(stream.phase, false);
    }
    if (this.contentLeft === 0) this.dataStream = null;
    stream.receiveContent(at, byteLength, ends);
  }

  /** A stream leaves: what is still to come of its DATA frame is dropped. */
  protected dropStreamData(stream: Http2Stream): void {
    if (this.dataStream === stream) this.dataStream = null;
  }

  // ---- field blocks --------------------------------------------------------------------------------------------

  private takeHeaders(payload: number): void {
    const { rules } = this;
    const { bytes } = this.net;
    const { streamId, flags } = header;
    const error = rules.locateContent(header, bytes[payload] as number) || this.blockBudget.begin(rules.contentBytes);
    if (error !== 0) {
      this.onProtocolError(error, streamId);
      return;
    }
    const at = payload + rules.contentOffset;
    const end = at + rules.contentBytes;
    const complete = (flags & FLAG_END_HEADERS) !== 0;
    const endStream = (flags & FLAG_END_STREAM) !== 0;
    this.blockDependsOnItself =
      (flags & FLAG_PRIORITY) !== 0 &&
      readUint31(bytes, payload + ((flags & FLAG_PADDED) !== 0 ? PADDED_BYTES : 0)) === streamId;
    if (complete) {
      this.endBlock(streamId, at, end, endStream);
      return;
    }
    if (rules.contentBytes === 0 && !this.spend(SPEND_EMPTY_FRAME, 1)) return;
    this.blockEndsStream = endStream;
    this.addFragment(at, end);
  }

  /** @param id of a stream that is only now there to be reset, should it depend on itself */
  private endBlock(id: number, at: number, end: number, endStream: boolean): void {
    this.onBlock(id, at, end, endStream);
    if (this.blockDependsOnItself && !this.deaf) this.onProtocolError(ERR_SELF_DEPENDENCY, id);
  }

  private takeContinuation(payload: number): void {
    const { streamId, flags, length } = header;
    const error = this.blockBudget.addContinuation(length);
    if (error !== 0) {
      this.onProtocolError(error, streamId);
      return;
    }
    const complete = (flags & FLAG_END_HEADERS) !== 0;
    if (length === 0 && !complete && !this.spend(SPEND_EMPTY_FRAME, 1)) return;
    if (!this.addFragment(payload, payload + length) || !complete) return;
    const fragments = this.fragments as ByteQueue;
    const at = this.net.wasteAt;
    const byteLength = fragments.moveTo(at, fragments.byteLength);
    this.dropFragments();
    this.endBlock(streamId, at, at + byteLength, this.blockEndsStream);
  }

  private addFragment(at: number, end: number): boolean {
    if (this.fragments === null) this.fragments = this.net.takeQueue();
    if (this.fragments.append(at, end - at)) return true;
    this.onBroken(0);
    return false;
  }

  private dropFragments(): void {
    if (this.fragments !== null) this.net.giveQueue(this.fragments);
    this.fragments = null;
  }

  // ---- what the peer may make us do ------------------------------------------------------------------------------

  /** Spends from a budget of the peer's. @returns false when that ends the connection */
  protected spend(budget: number, cost: number): boolean {
    const error = this.budget.spend(budget, cost, this.net.reactor.nowTick * TICK_MS);
    if (error !== 0) this.onProtocolError(error, 0);
    return error === 0;
  }

  protected onDataSent(): void {
    this.budget.earnData();
  }

  protected override onClosed(): void {
    super.onClosed();
    this.dropFragments();
    this.dataStream = null;
    this.endpoint.giveDecoder(this.decoder);
  }
}
