/**
 * Frames that are about the connection and its streams, not about messages: settings, pings, windows, resets (RFC 9113
 * sections 6.3 to 6.9). Each is judged by the state of its stream, and paid for from the peer's budget.
 */
import {
  SPEND_IGNORED_FRAME,
  SPEND_PEER_RESET,
  SPEND_PING,
  SPEND_PRIORITY,
  SPEND_SETTINGS,
  SPEND_TINY_WINDOW_UPDATE,
  settingsCost,
  TINY_WINDOW_UPDATE_BYTES,
} from '../../core/http2/abuse-budget.ts';
import { type FrameHeader, readUint31, readUint32 } from '../../core/http2/frame.ts';
import { FLAG_ACK } from '../../core/http2/frame-flags.ts';
import { checkIncrement } from '../../core/http2/frame-rules.ts';
import {
  FRAME_GOAWAY,
  FRAME_PING,
  FRAME_PRIORITY,
  FRAME_RST_STREAM,
  FRAME_SETTINGS,
  FRAME_WINDOW_UPDATE,
} from '../../core/http2/frame-types.ts';
import { ERR_SELF_DEPENDENCY, isConnectionError } from '../../core/http2/protocol-errors.ts';
import { HEADER_TABLE_BYTES_INITIAL } from '../../core/http2/settings.ts';
import { StreamIds } from '../../core/http2/stream-ids.ts';
import {
  isIgnored,
  RECV_PRIORITY,
  RECV_RST,
  RECV_WINDOW_UPDATE,
  RESET_BY_PEER,
  transition,
} from '../../core/http2/stream-state.ts';
import { COUNTER } from '../../core/shared/stats.ts';
import type { Http2Endpoint } from './endpoint.ts';
import { FrameIntake } from './frame-intake.ts';
import type { Http2Stream } from './http2-stream.ts';
import { StreamTable } from './stream-table.ts';

/** A connection of either side, as far as control frames go. */
export abstract class ControlIntake extends FrameIntake {
  protected readonly ids: StreamIds;
  protected readonly streams = new StreamTable<Http2Stream>();

  constructor(endpoint: Http2Endpoint, worker: number, fd: number, scope: number, peerIsServer: boolean) {
    super(endpoint, worker, fd, scope, peerIsServer);
    this.ids = new StreamIds(!peerIsServer);
  }

  /** The peer takes no further streams; those of ours above the last one were not looked at. */
  protected abstract onLeave(lastStreamId: number, code: number): void;
  /** The peer has answered a PING. */
  protected abstract onPingAnswered(): void;
  /** A stream has come to its end. */
  abstract streamEnded(stream: Http2Stream): void;
  /** Decodes what was recognised only, so that the table is what the peer takes it for. @returns false when that ended the connection */
  protected abstract catchUp(): boolean;
  /** There is a window, or room in the socket, again. */
  protected abstract pumpWaiting(): void;
  /** The peer's settings are in force, for the first time or anew. */
  protected onSettings(): void {}

  protected find(id: number): Http2Stream | null {
    return this.streams.get(id);
  }

  protected stateOfGone(id: number): number {
    return this.ids.stateOf(id);
  }

  protected onControl(frame: FrameHeader, at: number): void {
    switch (frame.type) {
      case FRAME_WINDOW_UPDATE:
        this.takeWindowUpdate(frame.streamId, readUint31(this.net.bytes, at));
        break;
      case FRAME_RST_STREAM:
        this.takeReset(frame.streamId, readUint32(this.net.bytes, at));
        break;
      case FRAME_SETTINGS:
        this.takeSettings(frame, at);
        break;
      case FRAME_PING:
        if ((frame.flags & FLAG_ACK) !== 0) this.onPingAnswered();
        else if (this.spend(SPEND_PING, 1)) this.writePingAnswer(at);
        break;
      case FRAME_GOAWAY:
        this.takeGoaway(readUint31(this.net.bytes, at), readUint32(this.net.bytes, at + 4));
        break;
      case FRAME_PRIORITY:
        this.takePriority(frame.streamId, readUint31(this.net.bytes, at));
        break;
      default:
        this.spend(SPEND_IGNORED_FRAME, 1);
    }
  }

  private takeWindowUpdate(id: number, increment: number): void {
    if (increment < TINY_WINDOW_UPDATE_BYTES && !this.spend(SPEND_TINY_WINDOW_UPDATE, 1)) return;
    const error = checkIncrement(id, increment);
    if (error !== 0 && isConnectionError(error)) {
      this.onProtocolError(error, id);
      return;
    }
    if (id === 0) {
      const overflow = this.sendWindow.update(increment, true);
      if (overflow !== 0) this.onProtocolError(overflow, 0);
      else this.pumpWaiting();
      return;
    }
    const stream = this.find(id);
    if (stream === null) {
      const next = transition(this.stateOfGone(id), RECV_WINDOW_UPDATE);
      if (next < 0) this.onProtocolError(next, id);
      else if (isIgnored(next)) this.spend(SPEND_IGNORED_FRAME, 1);
      return;
    }
    const failed = error || stream.sendWindow.update(increment, false);
    if (failed !== 0) this.onProtocolError(failed, id);
    else stream.pump();
  }

  private takeReset(id: number, code: number): void {
    const stream = this.find(id);
    const next = transition(stream === null ? this.stateOfGone(id) : stream.state, RECV_RST);
    if (next < 0) {
      this.onProtocolError(next, id);
      return;
    }
    if (stream === null) {
      this.spend(SPEND_IGNORED_FRAME, 1);
      return;
    }
    this.net.stats.increment(this.scope, COUNTER.remoteResets);
    stream.state = RESET_BY_PEER;
    stream.onReset(code);
    this.streamEnded(stream);
    if (!this.closed) this.spend(SPEND_PEER_RESET, 1);
  }

  private takeSettings(frame: FrameHeader, at: number): void {
    if ((frame.flags & FLAG_ACK) !== 0) {
      this.onSettingsAcknowledged();
      return;
    }
    if (!this.spend(SPEND_SETTINGS, settingsCost(frame.length))) return;
    const { peer } = this;
    const error = peer.apply(this.net.bytes, at, at + frame.length);
    if (error !== 0) {
      this.onProtocolError(error, 0);
      return;
    }
    this.writeSettingsAnswer();
    if (peer.headerTableBytesLowest < HEADER_TABLE_BYTES_INITIAL) this.leaveTable();
    if (peer.initialWindowDelta !== 0 && !this.adjustWindows(peer.initialWindowDelta)) return;
    this.onSettings();
    this.pumpWaiting();
  }

  /** The peer has taken over our settings. What it sent before did not have to obey them. */
  private onSettingsAcknowledged(): void {
    if (this.catchUp()) this.decoder.limitTableSize(this.endpoint.own.headerTableBytes);
  }

  private adjustWindows(delta: number): boolean {
    for (const stream of this.streams.all()) {
      const error = stream.sendWindow.adjust(delta);
      if (error === 0) continue;
      this.onProtocolError(error, 0);
      return false;
    }
    return true;
  }

  private takePriority(id: number, dependency: number): void {
    if (!this.spend(SPEND_PRIORITY, 1)) return;
    if (dependency === id) {
      this.onProtocolError(ERR_SELF_DEPENDENCY, id);
      return;
    }
    const next = this.find(id) === null ? transition(this.stateOfGone(id), RECV_PRIORITY) : 0;
    if (next < 0) this.onProtocolError(next, id);
  }

  private takeGoaway(lastStreamId: number, code: number): void {
    const error = this.ids.goawayReceived(lastStreamId);
    if (error !== 0) this.onProtocolError(error, 0);
    else this.onLeave(lastStreamId, code);
  }
}
