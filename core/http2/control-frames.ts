/**
 * The small frames that are written whole (RFC 9113 sections 6.4, 6.5, 6.7 to 6.9). Each function writes header and
 * payload from `at` and returns the offset past them.
 *
 *     RST_STREAM      9 + 4    error code
 *     SETTINGS ack    9
 *     PING            9 + 8    opaque
 *     GOAWAY          9 + 8    last stream id, error code, debug text
 *     WINDOW_UPDATE   9 + 4    increment
 *
 * SETTINGS with values are written by `settings.ts`.
 */
import { FRAME_HEADER_BYTES, writeFrameHeader, writeUint32 } from './frame.ts';
import { FLAG_ACK } from './frame-flags.ts';
import { FRAME_GOAWAY, FRAME_PING, FRAME_RST_STREAM, FRAME_SETTINGS, FRAME_WINDOW_UPDATE } from './frame-types.ts';

/** Bytes of the payload of PING. */
export const PING_BYTES = 8;
/** Bytes of a whole RST_STREAM or WINDOW_UPDATE. */
export const SMALL_FRAME_BYTES = FRAME_HEADER_BYTES + 4;
/** Bytes of the payload of GOAWAY before its debug text. */
export const GOAWAY_FIXED_BYTES = 8;

const QUESTION = 0x3f;

/** @param code one of `error-codes.ts` */
export function writeRstStream(bytes: Uint8Array, at: number, streamId: number, code: number): number {
  return writeUint32(bytes, writeFrameHeader(bytes, at, 4, FRAME_RST_STREAM, 0, streamId), code);
}

/** The answer to the peer's SETTINGS, due as soon as they are in force (section 6.5.3). */
export function writeSettingsAck(bytes: Uint8Array, at: number): number {
  return writeFrameHeader(bytes, at, 0, FRAME_SETTINGS, FLAG_ACK, 0);
}

/** A PING with 64 bits that come back as they are, as two numbers of 32. */
export function writePing(bytes: Uint8Array, at: number, high: number, low: number): number {
  return writeUint32(bytes, writeUint32(bytes, writeFrameHeader(bytes, at, PING_BYTES, FRAME_PING, 0, 0), high), low);
}

/** The answer to a PING whose payload lies at `payloadAt` of the same array, not within what is written. */
export function writePingAck(bytes: Uint8Array, at: number, payloadAt: number): number {
  const to = writeFrameHeader(bytes, at, PING_BYTES, FRAME_PING, FLAG_ACK, 0);
  for (let i = 0; i < PING_BYTES; i++) bytes[to + i] = bytes[payloadAt + i]!;
  return to + PING_BYTES;
}

/**
 * @param lastStreamId the highest stream of the peer on which anything was done (section 6.8)
 * @param text why, for whoever reads the peer's log: ASCII, anything else becomes `?`
 */
export function writeGoaway(bytes: Uint8Array, at: number, lastStreamId: number, code: number, text: string): number {
  const to = writeFrameHeader(bytes, at, GOAWAY_FIXED_BYTES + text.length, FRAME_GOAWAY, 0, 0);
  const debugAt = writeUint32(bytes, writeUint32(bytes, to, lastStreamId), code);
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    bytes[debugAt + i] = char < 0x20 || char > 0x7e ? QUESTION : char;
  }
  return debugAt + text.length;
}

/** @param streamId 0 for the connection @param increment 1 to 2^31-1 */
export function writeWindowUpdate(bytes: Uint8Array, at: number, streamId: number, increment: number): number {
  return writeUint32(bytes, writeFrameHeader(bytes, at, 4, FRAME_WINDOW_UPDATE, 0, streamId), increment);
}
