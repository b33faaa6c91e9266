/**
 * A moment in nanoseconds since the epoch, as Java's `long` has it, in two numbers: one would round the time of day to a quarter
 * of a microsecond, and a BigInt would be an object for each request.
 *
 *     1700000000123000007  =  1700000000123 ms  +  7 ns        nanos is from 0 to 999999, also before the epoch
 */
const NANOS_PER_MS = 1_000_000;
/** 2^63 - 1 and -2^63. */
const MAX = { ms: 9_223_372_036_854, nanos: 775_807 };
const MIN = { ms: -9_223_372_036_855, nanos: 224_192 };
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
/** Digits of nanoseconds within a millisecond. */
const NANO_DIGITS = 6;
const DIGITS_MAX = 19;
/** Digits of milliseconds that are written at a time, and those in front of them. */
const LOW_DIGITS = 6;

/** Digits that {@link EpochNanos.write} writes. */
export const EPOCH_NANOS_BYTES = DIGITS_MAX;

/** See the head of this file. */
export class EpochNanos {
  ms = 0;
  nanos = 0;

  /** Takes over another moment. */
  set(other: { readonly ms: number; readonly nanos: number }): void {
    this.ms = other.ms;
    this.nanos = other.nanos;
  }

  /** Takes a time in whole milliseconds. */
  setMs(ms: number): void {
    this.ms = ms;
    this.nanos = 0;
  }

  isBefore(other: { readonly ms: number; readonly nanos: number }): boolean {
    return this.ms < other.ms || (this.ms === other.ms && this.nanos < other.nanos);
  }

  /** Reads a decimal number of at most 19 digits. @returns false when `bytes[from, to)` is none that fits into a `long` */
  read(bytes: Uint8Array, from: number, to: number): boolean {
    const negative = from < to && bytes[from] === MINUS;
    const start = negative ? from + 1 : from;
    if (start >= to || to - start > DIGITS_MAX) return false;
    const split = Math.max(start, to - NANO_DIGITS);
    let ms = 0;
    let nanos = 0;
    for (let i = start; i < to; i++) {
      const byte = bytes[i] as number;
      if (byte < ZERO || byte > NINE) return false;
      if (i < split) ms = ms * 10 + byte - ZERO;
      else nanos = nanos * 10 + byte - ZERO;
    }
    this.ms = negative ? -ms - (nanos > 0 ? 1 : 0) : ms;
    this.nanos = negative && nanos > 0 ? NANOS_PER_MS - nanos : nanos;
    // -0 would be written as another number than 0.
    if (this.ms === 0) this.ms = 0;
    return !this.isBefore(MIN) && !(this.ms > MAX.ms || (this.ms === MAX.ms && this.nanos > MAX.nanos));
  }

  /** Writes 19 digits, with zeros in front; a moment before the epoch as the epoch. @returns the end */
  write(bytes: Uint8Array, at: number): number {
    const ms = Math.max(0, this.ms);
    // In parts that are small integers: a division of one is a multiplication.
    const high = Math.floor(ms / 10 ** LOW_DIGITS);
    let end = writeDigits(bytes, at, DIGITS_MAX - NANO_DIGITS - LOW_DIGITS, high);
    end = writeDigits(bytes, end, LOW_DIGITS, ms - high * 10 ** LOW_DIGITS);
    return writeDigits(bytes, end, NANO_DIGITS, this.ms < 0 ? 0 : this.nanos);
  }

  /** As a decimal number. */
  toString(): string {
    return String(BigInt(this.ms) * BigInt(NANOS_PER_MS) + BigInt(this.nanos));
  }
}

/** @param value below 2^31 */
function writeDigits(bytes: Uint8Array, at: number, digits: number, value: number): number {
  let rest = value | 0;
  for (let i = at + digits - 1; i >= at; i--) {
    const tenth = (rest / 10) | 0;
    bytes[i] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
  return at + digits;
}
