/**
 * Strings in the Huffman code of RFC 7541 section 5.2, both ways.
 *
 * Decoding goes from state to state of the code's tree, a byte at a time (`huffman-table.ts`):
 *
 *     state 0 --0x1d--> one symbol 'a', and 101 of the next one --0x17--> ... --last byte--> a state that may be the last
 */
import { ERR_HUFFMAN } from './errors.ts';
import {
  CODE_BITS,
  CODES,
  MAY_END,
  STEP_COUNT_MASK,
  STEP_COUNT_SHIFT,
  STEP_STATE_MASK,
  STEP_STATE_SHIFT,
  STEPS,
  SYMBOLS_PER_STEP,
} from './huffman-table.ts';

// What is imported is looked up in its module at each use, while what a file has itself becomes part of the machine code:
// with these, strings were measured to take half the time.
const steps = STEPS;
const mayEnd = MAY_END;
const codes = CODES;
const codeBits = CODE_BITS;
const countShift = STEP_COUNT_SHIFT;
const countMask = STEP_COUNT_MASK;
const stateShift = STEP_STATE_SHIFT;
const stateMask = STEP_STATE_MASK;
const symbolsPerStep = SYMBOLS_PER_STEP;

/**
 * Decodes `bytes[at, end)` to `out` from `outAt`. What lies at or past `outMax` is not written, but decoded and counted.
 *
 * @returns where the decoded text ends, or would end were there room; or ERR_HUFFMAN. Bytes between that offset and
 *   `outMax` may have been overwritten.
 */
export function decodeHuffman(
  bytes: Uint8Array,
  at: number,
  end: number,
  out: Uint8Array,
  outAt: number,
  outMax: number,
): number {
  const roomy = outMax - symbolsPerStep;
  let place = 0;
  let pos = at;
  let to = outAt;
  while (pos < end && to <= roomy) {
    const step = steps[place | bytes[pos++]!]!;
    out[to] = step;
    out[to + 1] = step >>> 8;
    to += (step >>> countShift) & countMask;
    place = (step >>> stateShift) & stateMask;
  }
  while (pos < end) {
    const step = steps[place | bytes[pos++]!]!;
    const count = (step >>> countShift) & countMask;
    if (count > 0 && to < outMax) out[to] = step;
    if (count > 1 && to + 1 < outMax) out[to + 1] = step >>> 8;
    to += count;
    place = (step >>> stateShift) & stateMask;
  }
  return mayEnd[place >>> 8] === 1 ? to : ERR_HUFFMAN;
}

/** Bytes that `bytes[at, end)` takes when encoded, padding included. */
export function huffmanLength(bytes: Uint8Array, at: number, end: number): number {
  let bits = 0;
  for (let pos = at; pos < end; pos++) bits += codeBits[bytes[pos]!]!;
  return (bits + 7) >>> 3;
}

/**
 * Encodes `bytes[at, end)` to `out` from `outAt`, where {@link huffmanLength} bytes must be free.
 *
 * @param outView over the same bytes as `out`, offsets alike
 * @returns the offset past it
 */
export function encodeHuffman(
  bytes: Uint8Array,
  at: number,
  end: number,
  out: Uint8Array,
  outView: DataView,
  outAt: number,
): number {
  let word = 0;
  let used = 0;
  let to = outAt;
  for (let pos = at; pos < end; pos++) {
    const symbol = bytes[pos]!;
    const code = codes[symbol]!;
    const bits = codeBits[symbol]!;
    word |= code >>> used;
    used += bits;
    if (used >= 32) {
      outView.setInt32(to, word);
      to += 4;
      used -= 32;
      // A shift by 32 would be one by 0.
      word = used === 0 ? 0 : code << (bits - used);
    }
  }
  if (used > 0) word |= -1 >>> used;
  for (; used > 0; used -= 8) {
    out[to++] = word >>> 24;
    word <<= 8;
  }
  return to;
}
