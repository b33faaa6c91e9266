/**
 * Skipping what is allowed, four bytes at a time: field values are most of a head's bytes, and a table look-up a byte
 * was measured at three times this cost.
 *
 *     word      x = bytes[pos .. pos+3], little-endian
 *     control   (x - 0x20202020) & ~x               has the top bit in a byte below 0x20
 *     DEL       (y - 0x01010101) & ~y, y = x ^ 7f7f7f7f    has it in a byte equal to 0x7f
 *
 * A borrow can raise a false bit only above a true one, so the lowest bit set is always exact.
 */
import { CHAR_CLASS, HTAB, VALUE_CHAR } from './ascii.ts';

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
