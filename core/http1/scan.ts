/**
 * Skipping what is allowed, four bytes at a time: names and values are most of a head's bytes, and a table look-up a
 * byte was measured at three times this cost.
 *
 *     word       x = bytes[pos .. pos+3], little-endian
 *     below n    (x - nnnnnnnn) & ~x                       has the top bit in a byte below n
 *     equal n    (y - 01010101) & ~y, y = x ^ nnnnnnnn     has it in a byte equal to n
 *
 * A borrow can raise a false bit only above a true one, so the lowest bit set is always exact.
 */
import { CHAR_CLASS, COLON, HTAB, SP, TOKEN_CHAR, VALUE_CHAR } from './ascii.ts';

const TOP_BITS = 0x80808080;

/**
 * The offset of the first byte in `[pos, stop)` that a field value may not hold, or `stop`.
 *
 * @param view over the same bytes as `bytes`, offsets alike
 */
export function skipValue(bytes: Uint8Array, view: DataView, start: number, stop: number): number {
  let pos = start;
  while (pos + 4 <= stop) {
    const word = view.getInt32(pos, true);
    const del = word ^ 0x7f7f7f7f;
    const wrong = (((word - 0x20202020) & ~word) | ((del - 0x01010101) & ~del)) & TOP_BITS;
    if (wrong === 0) {
      pos += 4;
    } else {
      pos += (31 - Math.clz32(wrong & -wrong)) >> 3;
      if (bytes[pos] !== HTAB) return pos;
      pos++;
    }
  }
  while (pos < stop && (CHAR_CLASS[bytes[pos]!]! & VALUE_CHAR) !== 0) pos++;
  return pos;
}

/**
 * The offset of the first colon, space or control character in `[pos, stop)`, or `stop`: where a field name ends, if all
 * before it are token characters.
 *
 * @param view over the same bytes as `bytes`, offsets alike
 */
export function skipName(bytes: Uint8Array, view: DataView, start: number, stop: number): number {
  let pos = start;
  while (pos + 4 <= stop) {
    const word = view.getInt32(pos, true);
    const colon = word ^ 0x3a3a3a3a;
    const ends = (((word - 0x21212121) & ~word) | ((colon - 0x01010101) & ~colon)) & TOP_BITS;
    if (ends !== 0) return pos + ((31 - Math.clz32(ends & -ends)) >> 3);
    pos += 4;
  }
  while (pos < stop && bytes[pos]! > SP && bytes[pos] !== COLON) pos++;
  return pos;
}

/** Whether `bytes[start, end)` holds token characters only (RFC 9110 section 5.6.2). */
export function isToken(bytes: Uint8Array, start: number, end: number): boolean {
  for (let pos = start; pos < end; pos++) {
    if ((CHAR_CLASS[bytes[pos]!]! & TOKEN_CHAR) === 0) return false;
  }
  return true;
}
