/**
 * Copying, comparing and hashing short text by 32-bit words: header names and values are mostly below a hundred bytes,
 * where a call of the engine's own `copyWithin` costs more than the copy.
 *
 *     a length that is no multiple of four:   | word | word | word |
 *                                                       | word |      the last one overlaps the one before
 */

/** From here on the engine's copy is the faster one. */
const LONG_BYTES = 256;
/** Bytes at either end of a long text that its hash depends on. */
const HASHED_END_BYTES = 32;
const MULTIPLIER = 0x9e3779b1;

/** Copies `length` bytes; the stretches do not overlap. Each view is over the same bytes as its array, offsets alike. */
export function copyText(
  to: Uint8Array,
  toView: DataView,
  toAt: number,
  from: Uint8Array,
  fromView: DataView,
  fromAt: number,
  length: number,
): void {
  if (length < 4) {
    for (let i = 0; i < length; i++) to[toAt + i] = from[fromAt + i]!;
    return;
  }
  if (length >= LONG_BYTES && to === from) {
    to.copyWithin(toAt, fromAt, fromAt + length);
    return;
  }
  const last = length - 4;
  for (let i = 0; i < last; i += 4) toView.setInt32(toAt + i, fromView.getInt32(fromAt + i, true), true);
  toView.setInt32(toAt + last, fromView.getInt32(fromAt + last, true), true);
}

/** Whether two stretches of `length` bytes are equal. */
export function equalText(a: DataView, aAt: number, b: DataView, bAt: number, length: number): boolean {
  if (length < 4) {
    for (let i = 0; i < length; i++) if (a.getUint8(aAt + i) !== b.getUint8(bAt + i)) return false;
    return true;
  }
  const last = length - 4;
  for (let i = 0; i < last; i += 4) if (a.getInt32(aAt + i, true) !== b.getInt32(bAt + i, true)) return false;
  return a.getInt32(aAt + last, true) === b.getInt32(bAt + last, true);
}

/**
 * A 32-bit hash of `[at, end)`, different for different seeds. Of a long text only the ends count: whoever finds
 * something by it compares the whole.
 */
export function hashText(view: DataView, at: number, end: number, seed: number): number {
  const length = end - at;
  let hash = Math.imul(seed ^ length, MULTIPLIER);
  if (length < 4) {
    for (let i = at; i < end; i++) hash = Math.imul(hash ^ view.getUint8(i), MULTIPLIER);
    return hash ^ (hash >>> 15);
  }
  const last = end - 4;
  let i = at;
  if (length > 2 * HASHED_END_BYTES) {
    for (const stop = at + HASHED_END_BYTES; i < stop; i += 4) hash = mix(hash ^ view.getInt32(i, true));
    i = end - HASHED_END_BYTES;
  }
  for (; i < last; i += 4) hash = mix(hash ^ view.getInt32(i, true));
  hash = mix(hash ^ view.getInt32(last, true));
  return hash ^ (hash >>> 15);
}

function mix(hash: number): number {
  const product = Math.imul(hash, MULTIPLIER);
  return product ^ (product >>> 13);
}
