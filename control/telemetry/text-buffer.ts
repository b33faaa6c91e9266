/**
 * Text that grows outside the heap. The metrics of 10,000 names are 70 MB of text in a million pieces: as strings in an
 * array they would take ten times that, which the process then keeps.
 */
const FIRST_BYTES = 16_384;
/** Characters gathered before they are written: a write costs more than a concatenation. */
const PENDING_CHARS = 4096;
/** Bytes that a UTF-16 unit takes at most as UTF-8. */
const UTF8_BYTES_MAX = 3;

/** Gathers text piece by piece. */
export class TextBuffer {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #end = 0;
  #pending = '';

  /** Appends text. Whatever is one character has to come in one piece. */
  add(text: string): void {
    this.#pending += text;
    if (this.#pending.length >= PENDING_CHARS) this.#write();
  }

  toString(): string {
    this.#write();
    return this.#bytes.toString('utf8', 0, this.#end);
  }

  #write(): void {
    const needed = this.#end + this.#pending.length * UTF8_BYTES_MAX;
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
      this.#bytes.copy(larger, 0, 0, this.#end);
      this.#bytes = larger;
    }
    this.#end += this.#bytes.write(this.#pending, this.#end);
    this.#pending = '';
  }
}
