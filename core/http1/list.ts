/**
 * Comma-separated lists (RFC 9110 section 5.6.1) as a cursor over bytes: no element is copied, none becomes a string.
 * For lists of plain tokens (Connection, Transfer-Encoding): a quoted string is not understood as one element.
 */
import { COMMA, HTAB, SP } from './ascii.ts';

/** Walks a list: `open`, then `next` until it says false; the element is `bytes[start, end)`, possibly empty. */
export class ListCursor {
  start = 0;
  end = 0;
  #position = 0;
  #limit = 0;

  /** Begins a list in `bytes[start, end)`. */
  open(start: number, end: number): void {
    this.#position = start;
    this.#limit = end;
  }

  /** Moves to the next element; an empty value is one empty element. */
  next(bytes: Uint8Array): boolean {
    let position = this.#position;
    const limit = this.#limit;
    if (position > limit) return false;
    while (position < limit && isBlank(bytes[position]!)) position++;
    this.start = position;
    while (position < limit && bytes[position] !== COMMA) position++;
    this.#position = position + 1;
    let end = position;
    while (end > this.start && isBlank(bytes[end - 1]!)) end--;
    this.end = end;
    return true;
  }
}

function isBlank(byte: number): boolean {
  return byte === SP || byte === HTAB;
}
