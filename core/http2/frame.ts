/**
 * The header of a frame (RFC 9113 section 4.1), read where it lies and written where it lies: that is how DATA is
 * forwarded without being copied.
 *
 *       0 1 2     3      4       5 6 7 8                9 ...
 *     | length | type | flags | R + stream id (31 bit) | payload, `length` bytes |
 */
import { INCOMPLETE } from '../http1/errors.ts';

/** Bytes of a frame header. */
export const FRAME_HEADER_BYTES = 9;
/** The largest `length` that the header can hold. */
export const FRAME_LENGTH_MAX = 0xffffff;
/** The largest stream id, window and window increment. */
export const UINT31_MAX = 0x7fffffff;

/** A frame header, read in place of the one before. */
export class FrameHeader {
  /** Bytes of the payload. */
  length = 0;
  /** One of `FRAME_*`, or any other byte. */
  type = 0;
  /** `FLAG_*` bits and any others. */
  flags = 0;
  /** 0 for the connection; the reserved bit is left out (section 4.1: ignored). */
  streamId = 0;

  /**
   * Reads the header at `start`.
   *
   * @returns the offset of the payload, or INCOMPLETE when `end` comes first; then nothing is changed
   */
  read(bytes: Uint8Array, start: number, end: number): number {
    if (end - start < FRAME_HEADER_BYTES) return INCOMPLETE;
    this.length = (bytes[start]! << 16) | (bytes[start + 1]! << 8) | bytes[start + 2]!;
    this.type = bytes[start + 3]!;
    this.flags = bytes[start + 4]!;
    this.streamId = readUint31(bytes, start + 5);
    return start + FRAME_HEADER_BYTES;
  }
}

/**
 * Writes a frame header at `at`.
 *
 * @param length bytes of the payload, at most FRAME_LENGTH_MAX and what the peer takes
 * @returns the offset of the payload
 */
export function writeFrameHeader(
  bytes: Uint8Array,
  at: number,
  length: number,
  type: number,
  flags: number,
  streamId: number,
): number {
  bytes[at] = length >>> 16;
  bytes[at + 1] = length >>> 8;
  bytes[at + 2] = length;
  bytes[at + 3] = type;
  bytes[at + 4] = flags;
  writeUint32(bytes, at + 5, streamId);
  return at + FRAME_HEADER_BYTES;
}

/** The 31-bit number at `at`: a stream id, or the increment of a WINDOW_UPDATE; the reserved top bit is ignored. */
export function readUint31(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! & 0x7f) << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

/** The unsigned 32-bit number at `at`: an error code, or the value of a setting. */
export function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/** Writes an unsigned 32-bit number. @returns the offset past it */
export function writeUint32(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
  return at + 4;
}
