/** Ids as hexadecimal digits, two a byte. */
import { writeWord } from './field-lines.ts';

/** A byte as two digits, the first in the low half. */
const DIGITS = Uint16Array.from({ length: 256 }, (_, byte) => {
  const digits = Buffer.from(byte.toString(16).padStart(2, '0'));
  return (digits[0] as number) | ((digits[1] as number) << 8);
});

const VALUES = new Int8Array(256).fill(-1);
for (let value = 0; value < 16; value++) {
  const digit = value.toString(16);
  VALUES[digit.charCodeAt(0)] = value;
  VALUES[digit.toUpperCase().charCodeAt(0)] = value;
}

/** Writes 32 bits as eight digits. @returns the end */
export function writeHex(bytes: Uint8Array, at: number, word: number): number {
  writeWord(bytes, at, (DIGITS[word >>> 24] as number) | ((DIGITS[(word >>> 16) & 255] as number) << 16));
  writeWord(bytes, at + 4, (DIGITS[(word >>> 8) & 255] as number) | ((DIGITS[word & 255] as number) << 16));
  return at + 8;
}

/**
 * Reads digits into `wordCount` words, the last digit lowest; missing ones are zeros.
 *
 * @param wordAt of the first, highest word
 * @returns false when there are none, too many, or others than digits: the words are then of no meaning
 */
export function readHex(
  bytes: Uint8Array,
  from: number,
  to: number,
  words: Int32Array,
  wordAt: number,
  wordCount: number,
): boolean {
  const digits = to - from;
  if (digits === 0 || digits > 8 * wordCount) return false;
  words.fill(0, wordAt, wordAt + wordCount);
  for (let i = 0; i < digits; i++) {
    const value = VALUES[bytes[from + i] as number] as number;
    if (value < 0) return false;
    const place = digits - 1 - i;
    const word = wordAt + wordCount - 1 - (place >> 3);
    words[word] = (words[word] as number) | (value << (4 * (place & 7)));
  }
  return true;
}
