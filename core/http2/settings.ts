/**
 * SETTINGS (RFC 9113 section 6.5): what the peer wants, kept as numbers, and what we tell it.
 *
 *       0 1         2 3 4 5
 *     | identifier | value   | identifier | value | ...       the last value of an identifier counts
 */
import { FRAME_HEADER_BYTES, readUint32, UINT31_MAX, writeFrameHeader, writeUint32 } from './frame.ts';
import { FRAME_SETTINGS } from './frame-types.ts';
import {
  ERR_ENABLE_CONNECT_PROTOCOL,
  ERR_ENABLE_PUSH,
  ERR_ENABLE_PUSH_BY_SERVER,
  ERR_INITIAL_WINDOW,
  ERR_MAX_FRAME_SIZE,
  ERR_NO_PRIORITIES,
} from './protocol-errors.ts';
import {
  SETTING_ENABLE_CONNECT_PROTOCOL,
  SETTING_ENABLE_PUSH,
  SETTING_HEADER_TABLE_SIZE,
  SETTING_INITIAL_WINDOW_SIZE,
  SETTING_MAX_CONCURRENT_STREAMS,
  SETTING_MAX_FRAME_SIZE,
  SETTING_MAX_HEADER_LIST_SIZE,
  SETTING_NO_RFC7540_PRIORITIES,
} from './setting-ids.ts';

/** Bytes of one setting. */
export const SETTING_BYTES = 6;
/** Payload of a frame that every peer takes: the initial SETTINGS_MAX_FRAME_SIZE. */
export const MAX_FRAME_BYTES_INITIAL = 16384;
/** The largest SETTINGS_MAX_FRAME_SIZE. */
export const MAX_FRAME_BYTES_LARGEST = 16777215;
/** The initial SETTINGS_INITIAL_WINDOW_SIZE, and the window of every connection at its beginning. */
export const WINDOW_BYTES_INITIAL = 65535;
/** The initial SETTINGS_HEADER_TABLE_SIZE. */
export const HEADER_TABLE_BYTES_INITIAL = 4096;
/** The value of a setting that bounds nothing: the largest that the wire can hold. */
export const UNBOUNDED = 0xffffffff;

/** What a peer has told us; before its first SETTINGS the initial values of section 6.5.2. */
export class PeerSettings {
  headerTableBytes: number = HEADER_TABLE_BYTES_INITIAL;
  /**
   * The lowest SETTINGS_HEADER_TABLE_SIZE among those of the last frame, else the value in force: our encoder has to say
   * that it went down to it before it says that it is up again (RFC 7541 section 4.2).
   */
  headerTableBytesLowest: number = HEADER_TABLE_BYTES_INITIAL;
  enablePush = true;
  /** Streams that we may have open; {@link UNBOUNDED} without a bound. */
  maxConcurrentStreams: number = UNBOUNDED;
  initialWindowBytes: number = WINDOW_BYTES_INITIAL;
  /** What the last frame added to `initialWindowBytes`, for the send window of every stream (section 6.9.2). */
  initialWindowDelta = 0;
  maxFrameBytes: number = MAX_FRAME_BYTES_INITIAL;
  maxHeaderListBytes: number = UNBOUNDED;
  enableConnectProtocol = false;
  noRfc7540Priorities = false;
  readonly #peerIsServer: boolean;

  /** @param peerIsServer a server may not ask for pushes */
  constructor(peerIsServer: boolean) {
    this.#peerIsServer = peerIsServer;
  }

  /**
   * Takes over the settings of a payload `bytes[start, end)`, whose length FrameRules has checked.
   *
   * @returns 0, or a connection error of section 6.5.2; then the settings are not to be used any more
   */
  apply(bytes: Uint8Array, start: number, end: number): number {
    const windowBefore = this.initialWindowBytes;
    this.headerTableBytesLowest = UNBOUNDED;
    for (let at = start; at + SETTING_BYTES <= end; at += SETTING_BYTES) {
      const error = this.#applyOne((bytes[at]! << 8) | bytes[at + 1]!, readUint32(bytes, at + 2));
      if (error !== 0) return error;
    }
    this.headerTableBytesLowest = Math.min(this.headerTableBytesLowest, this.headerTableBytes);
    this.initialWindowDelta = this.initialWindowBytes - windowBefore;
    return 0;
  }

  #applyOne(id: number, value: number): number {
    switch (id) {
      case SETTING_HEADER_TABLE_SIZE:
        this.headerTableBytes = value;
        this.headerTableBytesLowest = Math.min(this.headerTableBytesLowest, value);
        return 0;
      case SETTING_ENABLE_PUSH:
        if (value > 1) return ERR_ENABLE_PUSH;
        if (value === 1 && this.#peerIsServer) return ERR_ENABLE_PUSH_BY_SERVER;
        this.enablePush = value === 1;
        return 0;
      case SETTING_MAX_CONCURRENT_STREAMS:
        this.maxConcurrentStreams = value;
        return 0;
      case SETTING_INITIAL_WINDOW_SIZE:
        if (value > UINT31_MAX) return ERR_INITIAL_WINDOW;
        this.initialWindowBytes = value;
        return 0;
      case SETTING_MAX_FRAME_SIZE:
        if (value < MAX_FRAME_BYTES_INITIAL || value > MAX_FRAME_BYTES_LARGEST) return ERR_MAX_FRAME_SIZE;
        this.maxFrameBytes = value;
        return 0;
      case SETTING_MAX_HEADER_LIST_SIZE:
        this.maxHeaderListBytes = value;
        return 0;
      case SETTING_ENABLE_CONNECT_PROTOCOL:
        if (value > 1) return ERR_ENABLE_CONNECT_PROTOCOL;
        this.enableConnectProtocol = value === 1;
        return 0;
      case SETTING_NO_RFC7540_PRIORITIES:
        if (value > 1) return ERR_NO_PRIORITIES;
        this.noRfc7540Priorities = value === 1;
        return 0;
      default:
        return 0;
    }
  }
}

/** What we announce. */
export interface OwnSettings {
  /** We are the client: pushes are turned down. A server does not send that setting. */
  readonly isClient: boolean;
  readonly headerTableBytes: number;
  /** {@link UNBOUNDED} to leave it out, as a client does. */
  readonly maxConcurrentStreams: number;
  readonly initialWindowBytes: number;
  readonly maxFrameBytes: number;
  /** {@link UNBOUNDED} to leave it out. */
  readonly maxHeaderListBytes: number;
}

/** The most bytes that {@link writeSettings} writes. */
export const SETTINGS_FRAME_BYTES_MAX: number = FRAME_HEADER_BYTES + 6 * SETTING_BYTES;

/** Writes a SETTINGS frame with all that differs from the initial values. @returns the offset past it */
export function writeSettings(bytes: Uint8Array, at: number, own: OwnSettings): number {
  const start = at + FRAME_HEADER_BYTES;
  let end = start;
  if (own.isClient) end = writeSetting(bytes, end, SETTING_ENABLE_PUSH, 0, 1);
  end = writeSetting(bytes, end, SETTING_HEADER_TABLE_SIZE, own.headerTableBytes, HEADER_TABLE_BYTES_INITIAL);
  end = writeSetting(bytes, end, SETTING_MAX_CONCURRENT_STREAMS, own.maxConcurrentStreams, UNBOUNDED);
  end = writeSetting(bytes, end, SETTING_INITIAL_WINDOW_SIZE, own.initialWindowBytes, WINDOW_BYTES_INITIAL);
  end = writeSetting(bytes, end, SETTING_MAX_FRAME_SIZE, own.maxFrameBytes, MAX_FRAME_BYTES_INITIAL);
  end = writeSetting(bytes, end, SETTING_MAX_HEADER_LIST_SIZE, own.maxHeaderListBytes, UNBOUNDED);
  writeFrameHeader(bytes, at, end - start, FRAME_SETTINGS, 0, 0);
  return end;
}

function writeSetting(bytes: Uint8Array, at: number, id: number, value: number, initial: number): number {
  if (value === initial) return at;
  bytes[at] = id >>> 8;
  bytes[at + 1] = id;
  return writeUint32(bytes, at + 2, value);
}
