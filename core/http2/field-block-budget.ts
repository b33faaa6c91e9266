/**
 * Bounds on one field block (RFC 9113 section 10.5.1, hostile-inputs row 34): HEADERS and its CONTINUATIONs are collected
 * before they can be decoded, and nothing in the protocol says how many there may be.
 *
 *     HEADERS (fragment) CONTINUATION (fragment) CONTINUATION (fragment, END_HEADERS)
 *                        |<---- at most h2ContinuationsMax ------->|
 *              at most h2FieldBlockBytesMax in all fragments
 */
import type { CountedLimitName } from '../limits.ts';
import { ERR_BLOCK_BYTES, ERR_BLOCK_FRAMES } from './protocol-errors.ts';

/** The bounds, by their names in core/limits.ts. */
export interface FieldBlockLimits {
  readonly h2ContinuationsMax: number;
  readonly h2FieldBlockBytesMax: number;
}

/** The field block that comes in on one connection. */
export class FieldBlockBudget {
  /** Bytes of the fragments so far. */
  bytes = 0;
  #continuations = 0;
  readonly #limits: FieldBlockLimits;

  constructor(limits: FieldBlockLimits) {
    this.#limits = limits;
  }

  /** HEADERS came. @param fragmentBytes without padding and priority @returns 0 or an error that ends the connection */
  begin(fragmentBytes: number): number {
    this.bytes = 0;
    this.#continuations = 0;
    return this.#add(fragmentBytes);
  }

  /** CONTINUATION came. @returns 0 or an error that ends the connection */
  addContinuation(fragmentBytes: number): number {
    if (++this.#continuations > this.#limits.h2ContinuationsMax) return ERR_BLOCK_FRAMES;
    return this.#add(fragmentBytes);
  }

  #add(fragmentBytes: number): number {
    this.bytes += fragmentBytes;
    return this.bytes > this.#limits.h2FieldBlockBytesMax ? ERR_BLOCK_BYTES : 0;
  }
}

/** The bound that an error of this file is about: its counter rises. */
export function fieldBlockLimit(error: number): CountedLimitName {
  return error === ERR_BLOCK_FRAMES ? 'h2ContinuationsMax' : 'h2FieldBlockBytesMax';
}
