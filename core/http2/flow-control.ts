/**
 * Flow-control windows (RFC 9113 sections 5.2 and 6.9): how many bytes of DATA payload, padding included, may be under way.
 *
 * A send window is one number. It may be negative after a SETTINGS change (6.9.2): then nothing is sent until updates
 * have brought it above zero.
 *
 * A receive window is three numbers that always add up to its size:
 *
 *     | available                | held                    | owed                  |   = size
 *       the peer may send it       came, not yet taken       taken, not yet told
 *           --- receive --->          --- credit --->            --- grant --->  WINDOW_UPDATE, available again
 *
 * Windows are coupled: what came from one connection counts as taken only when the other side's connection has taken it.
 * So a peer that does not read holds back the peer that sends, and the memory between them is bounded by the size.
 * DATA count against the windows of their stream and of their connection; the functions at the end keep the two in step.
 */
import { UINT31_MAX } from './frame.ts';
import {
  ERR_STREAM_WINDOW_EXCEEDED,
  ERR_STREAM_WINDOW_OVERFLOW,
  ERR_WINDOW_EXCEEDED,
  ERR_WINDOW_OVERFLOW,
  ERR_WINDOW_OVERFLOW_BY_SETTINGS,
} from './protocol-errors.ts';
import { WINDOW_BYTES_INITIAL } from './settings.ts';

/** What we may send. */
export class SendWindow {
  /** Bytes; may be negative. */
  available = 0;

  /** Begins anew. @param initialBytes the peer's SETTINGS_INITIAL_WINDOW_SIZE, or WINDOW_BYTES_INITIAL for a connection */
  reset(initialBytes: number): void {
    this.available = initialBytes;
  }

  /** Counts payload that was sent. @param bytes at most `available`, or 0 */
  consume(bytes: number): void {
    this.available -= bytes;
  }

  /** Takes a WINDOW_UPDATE whose increment is not 0. @returns 0 or an error (section 6.9.1) */
  update(increment: number, isConnection: boolean): number {
    if (this.available + increment > UINT31_MAX) return isConnection ? ERR_WINDOW_OVERFLOW : ERR_STREAM_WINDOW_OVERFLOW;
    this.available += increment;
    return 0;
  }

  /**
   * Takes the change of SETTINGS_INITIAL_WINDOW_SIZE; for windows of streams alone (section 6.9.2).
   *
   * @param delta `PeerSettings.initialWindowDelta`
   * @returns 0 or an error, which ends the connection
   */
  adjust(delta: number): number {
    if (this.available + delta > UINT31_MAX) return ERR_WINDOW_OVERFLOW_BY_SETTINGS;
    this.available += delta;
    return 0;
  }
}

/** What the peer may send; see the drawing above. */
export class ReceiveWindow {
  /** Bytes; negative while the peer does not yet hold to a lowered size. */
  available = 0;
  held = 0;
  owed = 0;
  #grantBytes = 1;

  /** The sum of the three parts. */
  get size(): number {
    return this.available + this.held + this.owed;
  }

  /**
   * Begins anew for a stream: the peer knows the size from our SETTINGS_INITIAL_WINDOW_SIZE.
   *
   * @param grantBytes see {@link grantThreshold}
   */
  reset(size: number, grantBytes: number): void {
    this.available = size;
    this.held = 0;
    this.owed = 0;
    this.#grantBytes = grantBytes;
  }

  /**
   * Begins anew for a connection. Its window is 65535 bytes whatever the settings say (section 6.9.2); the rest of `size` is
   * owed from the start, and a first WINDOW_UPDATE tells.
   *
   * @param size at least 65535
   */
  resetConnection(size: number, grantBytes: number): void {
    this.reset(WINDOW_BYTES_INITIAL, grantBytes);
    this.owed = size - WINDOW_BYTES_INITIAL;
  }

  /** Another size is in force, because the peer has acknowledged our SETTINGS. @param delta the new size less the old */
  resize(delta: number): void {
    this.available += delta;
  }

  /** Counts payload that came. @returns false, and nothing is counted, when it is more than the peer may send */
  receive(bytes: number): boolean {
    if (bytes > this.available && bytes > 0) return false;
    this.available -= bytes;
    this.held += bytes;
    return true;
  }

  /** Counts payload that was taken off our hands. @param bytes at most `held` */
  credit(bytes: number): void {
    this.held -= bytes;
    this.owed += bytes;
  }

  /** Whether a WINDOW_UPDATE is worth its bytes. */
  get grantIsDue(): boolean {
    return this.owed >= this.#grantBytes;
  }

  /** Gives back all that is owed. @returns the increment to send at once, 0 for none */
  grant(): number {
    const increment = this.owed;
    this.available += increment;
    this.owed = 0;
    return increment;
  }
}

/**
 * How much must be owed before a WINDOW_UPDATE is sent.
 *
 * @param ratio Linkerd's `windowUpdateRatio`, above 0 and below 1: the update is due when what the peer may still send,
 *   with what is held, is at most this part of the size
 * @returns bytes, at least 1
 */
export function grantThreshold(size: number, ratio: number): number {
  return Math.max(1, size - Math.floor(size * ratio));
}

/**
 * Counts a DATA frame that came for a live stream.
 *
 * @param payloadBytes the whole payload: content, Pad Length and padding
 * @param contentBytes the part of it that is held until {@link creditData}; the overhead is credited at once
 * @returns 0, or an error. After that of a stream the frame is to be dropped: the connection has its bytes back already
 */
export function receiveData(
  connection: ReceiveWindow,
  stream: ReceiveWindow,
  payloadBytes: number,
  contentBytes: number,
): number {
  if (!connection.receive(payloadBytes)) return ERR_WINDOW_EXCEEDED;
  if (!stream.receive(payloadBytes)) {
    connection.credit(payloadBytes);
    return ERR_STREAM_WINDOW_EXCEEDED;
  }
  connection.credit(payloadBytes - contentBytes);
  stream.credit(payloadBytes - contentBytes);
  return 0;
}

/** Counts a DATA frame that is dropped (IGNORED in `stream-state.ts`): the connection alone. @returns 0 or an error */
export function receiveIgnoredData(connection: ReceiveWindow, payloadBytes: number): number {
  if (!connection.receive(payloadBytes)) return ERR_WINDOW_EXCEEDED;
  connection.credit(payloadBytes);
  return 0;
}

/** The other side has taken content that {@link receiveData} had counted. @param bytes at most what the stream holds */
export function creditData(connection: ReceiveWindow, stream: ReceiveWindow, bytes: number): void {
  connection.credit(bytes);
  stream.credit(bytes);
}

/** The stream ends and what it holds is thrown away: the connection gets its bytes back, or it would shrink for ever. */
export function abandonData(connection: ReceiveWindow, stream: ReceiveWindow): void {
  creditData(connection, stream, stream.held);
}

/** How many bytes of DATA payload may go out now in one frame: 0 while either window is used up or negative. */
export function sendableData(
  connection: SendWindow,
  stream: SendWindow,
  wantedBytes: number,
  maxFrameBytes: number,
): number {
  return Math.max(0, Math.min(wantedBytes, maxFrameBytes, connection.available, stream.available));
}

/** Counts a DATA frame that goes out. @param payloadBytes at most what {@link sendableData} said */
export function consumeData(connection: SendWindow, stream: SendWindow, payloadBytes: number): void {
  connection.consume(payloadBytes);
  stream.consume(payloadBytes);
}
