/**
 * Integers with a prefix (RFC 7541 section 5.1): small ones share a byte with the representation's flags.
 *
 *     prefix of 5 bits       0 1 2 3 4 5 6 7
 *     value < 31            |flags|  value  |
 *     value >= 31           |flags|1 1 1 1 1| |1| 7 low bits | |1| next 7 | ... |0| last 7 |
 */
import { ERR_INTEGER, ERR_TRUNCATED } from './errors.ts';

/** The largest value that is read. */
export const INTEGER_MAX = 0x7fffffff;
/** The most bytes that an integer up to {@link INTEGER_MAX} takes, the prefix included. */
export const INTEGER_BYTES_MAX = 6;

const CONTINUATION_BYTES_MAX = 5;

/** Reads integers; an object, because a read has two results. */
export class IntegerReader {
  /** The offset past the last integer read. */
  end = 0;

  /**
   * The value of the integer that begins with the prefix at `at`.
   *
   * @param prefixMax the prefix with all bits set, such as 0x7f for 7 bits
   * @returns 0 to {@link INTEGER_MAX}, or ERR_TRUNCATED or ERR_INTEGER
   */
  read(bytes: Uint8Array, at: number, end: number, prefixMax: number): number {
    if (at >= end) return ERR_TRUNCATED;
    let value = bytes[at]! & prefixMax;
    let pos = at + 1;
    if (value === prefixMax) {
      let unit = 1;
      let byte = 0x80;
      for (let i = 0; i < CONTINUATION_BYTES_MAX && byte >= 0x80; i++) {
        if (pos >= end) return ERR_TRUNCATED;
        byte = bytes[pos++]!;
        value += (byte & 0x7f) * unit;
        unit *= 128;
      }
      if (byte >= 0x80 || value > INTEGER_MAX) return ERR_INTEGER;
    }
    this.end = pos;
    return value;
  }
}

/** Bytes that an integer takes. */
export function integerBytes(value: number, prefixMax: number): number {
  if (value < prefixMax) return 1;
  let count = 2;
  for (let rest = (value - prefixMax) >>> 7; rest > 0; rest >>>= 7) count++;
  return count;
}

/**
 * Writes an integer.
 *
 * @param value 0 to {@link INTEGER_MAX}
 * @param flags what the first byte holds above the prefix
 * @returns the offset past it
 */
export function writeInteger(bytes: Uint8Array, at: number, value: number, prefixMax: number, flags: number): number {
  if (value < prefixMax) {
    bytes[at] = flags | value;
    return at + 1;
  }
  bytes[at] = flags | prefixMax;
  let pos = at + 1;
  let rest = value - prefixMax;
  for (; rest >= 0x80; rest >>>= 7) bytes[pos++] = 0x80 | (rest & 0x7f);
  bytes[pos] = rest;
  return pos + 1;
}
