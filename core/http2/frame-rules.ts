/**
 * Whether a frame may come as its header says, before anything of its payload is looked at (RFC 9113 sections 3.4, 4.2
 * and 6.1 to 6.10; hostile-inputs rows 29, 32 and 33). What a frame means for its stream is `stream-state.ts`'s.
 *
 *     start --SETTINGS--> between blocks --HEADERS without END_HEADERS--> within the block of stream s
 *                           ^                                              |  CONTINUATION of s, and nothing else
 *                           +---------------- END_HEADERS -----------------+
 *
 * The payload of DATA and HEADERS, of which only the content is wanted:
 *
 *     | Pad Length | dependency, weight | content ...... | padding |
 *       PADDED: 1    PRIORITY: 5          contentBytes
 *     |<-- contentOffset ------------->|
 */
import type { FrameHeader } from './frame.ts';
import { FLAG_ACK, FLAG_END_HEADERS, FLAG_PADDED, FLAG_PRIORITY } from './frame-flags.ts';
import {
  FRAME_CONTINUATION,
  FRAME_DATA,
  FRAME_GOAWAY,
  FRAME_HEADERS,
  FRAME_PING,
  FRAME_PRIORITY,
  FRAME_PUSH_PROMISE,
  FRAME_RST_STREAM,
  FRAME_SETTINGS,
  FRAME_WINDOW_UPDATE,
} from './frame-types.ts';
import {
  ERR_BLOCK_INTERRUPTED,
  ERR_CONTINUATION_ALONE,
  ERR_DATA_ON_ZERO,
  ERR_DATA_PADDING,
  ERR_FIRST_FRAME,
  ERR_FRAME_TOO_LARGE,
  ERR_FRAME_TOO_SHORT,
  ERR_GOAWAY_ON_STREAM,
  ERR_HEADERS_ON_ZERO,
  ERR_HEADERS_PADDING,
  ERR_PING_ON_STREAM,
  ERR_PING_SIZE,
  ERR_PRIORITY_ON_ZERO,
  ERR_PRIORITY_SIZE,
  ERR_PUSH_PROMISE,
  ERR_RST_ON_ZERO,
  ERR_RST_SIZE,
  ERR_SETTINGS_ACK_SIZE,
  ERR_SETTINGS_ON_STREAM,
  ERR_SETTINGS_SIZE,
  ERR_STREAM_WINDOW_UPDATE_ZERO,
  ERR_WINDOW_UPDATE_SIZE,
  ERR_WINDOW_UPDATE_ZERO,
} from './protocol-errors.ts';
import { SETTING_BYTES } from './settings.ts';

/** Bytes of the deprecated priority in HEADERS and of the payload of PRIORITY. */
const PRIORITY_BYTES = 5;

/** The rules as they stand in one direction of one connection: one object for each peer. */
export class FrameRules {
  /** Where the content of the frame last given to {@link locateContent} begins, from the first byte of its payload. */
  contentOffset = 0;
  /** And how long it is. The rest of the payload is overhead, which counts for flow control all the same. */
  contentBytes = 0;
  /** The stream whose field block is not complete; 0 when none is. */
  blockStreamId = 0;
  readonly #maxFrameBytes: number;
  #settingsSeen = false;

  /** @param maxFrameBytes the SETTINGS_MAX_FRAME_SIZE that we announce: 2^14 before it is acknowledged, and kept so */
  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /**
   * Judges the next frame by its header and moves on in the drawing above; to be called once for each frame.
   *
   * A frame that is too large ends the connection whatever its type: the peer does not hold to the size that it was
   * told, and reading over its payload would be work without a bound.
   *
   * @returns 0 when the frame may come (an unknown type is then to be read over), or an error of `protocol-errors.ts`
   */
  check(header: FrameHeader): number {
    if (header.length > this.#maxFrameBytes) return ERR_FRAME_TOO_LARGE;
    if (!this.#settingsSeen) {
      if (header.type !== FRAME_SETTINGS || (header.flags & FLAG_ACK) !== 0) return ERR_FIRST_FRAME;
      this.#settingsSeen = true;
    }
    if (this.blockStreamId !== 0) return this.#checkWithinBlock(header);
    switch (header.type) {
      case FRAME_DATA:
        return checkData(header);
      case FRAME_HEADERS:
        return this.#checkHeaders(header);
      case FRAME_PRIORITY:
        if (header.streamId === 0) return ERR_PRIORITY_ON_ZERO;
        return header.length === PRIORITY_BYTES ? 0 : ERR_PRIORITY_SIZE;
      case FRAME_RST_STREAM:
        if (header.streamId === 0) return ERR_RST_ON_ZERO;
        return header.length === 4 ? 0 : ERR_RST_SIZE;
      case FRAME_SETTINGS:
        return checkSettings(header);
      case FRAME_PUSH_PROMISE:
        return ERR_PUSH_PROMISE;
      case FRAME_PING:
        if (header.streamId !== 0) return ERR_PING_ON_STREAM;
        return header.length === 8 ? 0 : ERR_PING_SIZE;
      case FRAME_GOAWAY:
        if (header.streamId !== 0) return ERR_GOAWAY_ON_STREAM;
        return header.length >= 8 ? 0 : ERR_FRAME_TOO_SHORT;
      case FRAME_WINDOW_UPDATE:
        return header.length === 4 ? 0 : ERR_WINDOW_UPDATE_SIZE;
      case FRAME_CONTINUATION:
        return ERR_CONTINUATION_ALONE;
      default:
        return 0;
    }
  }

  /**
   * Finds the content of a DATA, HEADERS or CONTINUATION frame that passed {@link check} and sets `contentOffset` and
   * `contentBytes`.
   *
   * @param padLength the first byte of the payload; of no account when the frame is not PADDED
   * @returns 0, or the error of padding that is longer than what is left for it
   */
  locateContent(header: FrameHeader, padLength: number): number {
    const overhead = overheadBytes(header);
    const padding = isPadded(header) ? padLength : 0;
    const content = header.length - overhead - padding;
    if (content < 0) return header.type === FRAME_DATA ? ERR_DATA_PADDING : ERR_HEADERS_PADDING;
    this.contentOffset = overhead;
    this.contentBytes = content;
    return 0;
  }

  #checkWithinBlock(header: FrameHeader): number {
    if (header.type !== FRAME_CONTINUATION || header.streamId !== this.blockStreamId) return ERR_BLOCK_INTERRUPTED;
    if ((header.flags & FLAG_END_HEADERS) !== 0) this.blockStreamId = 0;
    return 0;
  }

  #checkHeaders(header: FrameHeader): number {
    if (header.streamId === 0) return ERR_HEADERS_ON_ZERO;
    if (header.length < overheadBytes(header)) return ERR_FRAME_TOO_SHORT;
    if ((header.flags & FLAG_END_HEADERS) === 0) this.blockStreamId = header.streamId;
    return 0;
  }
}

/** Whether the first byte of the payload is a Pad Length: {@link FrameRules.locateContent} needs it. */
export function isPadded(header: FrameHeader): boolean {
  return (header.flags & FLAG_PADDED) !== 0 && (header.type === FRAME_DATA || header.type === FRAME_HEADERS);
}

/** Judges the increment of a WINDOW_UPDATE (section 6.9). @returns 0 or an error */
export function checkIncrement(streamId: number, increment: number): number {
  if (increment !== 0) return 0;
  return streamId === 0 ? ERR_WINDOW_UPDATE_ZERO : ERR_STREAM_WINDOW_UPDATE_ZERO;
}

function checkData(header: FrameHeader): number {
  if (header.streamId === 0) return ERR_DATA_ON_ZERO;
  return header.length < overheadBytes(header) ? ERR_FRAME_TOO_SHORT : 0;
}

function checkSettings(header: FrameHeader): number {
  if (header.streamId !== 0) return ERR_SETTINGS_ON_STREAM;
  if ((header.flags & FLAG_ACK) !== 0) return header.length === 0 ? 0 : ERR_SETTINGS_ACK_SIZE;
  return header.length % SETTING_BYTES === 0 ? 0 : ERR_SETTINGS_SIZE;
}

/** Bytes before the content. */
function overheadBytes(header: FrameHeader): number {
  const priority = header.type === FRAME_HEADERS && (header.flags & FLAG_PRIORITY) !== 0 ? PRIORITY_BYTES : 0;
  return (isPadded(header) ? 1 : 0) + priority;
}
