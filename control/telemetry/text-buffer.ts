/**
 * Text that grows outside the heap. The metrics of 10,000 names are 70 MB of text in a million pieces: as strings in an
 * array they would take ten times that, which the process then keeps.
 */
const FIRST_BYTES = 16_384;
/** Characters gathered before they are written: a write costs more than a concatenation. */
const PENDING_CHARS = 4096;
/** Bytes that a UTF-16 unit takes at most as UTF-8. */
const UTF8_BYTES_MAX = 3;
/** A buffer up to this size is kept for the next text: a scrape each second would leave one for the collector each time. */
const SPARE_BYTES_MAX = 8 * 1024 * 1024;

const NOTHING = Buffer.alloc(0);

let spare: Buffer<ArrayBuffer> | undefined;

function takeSpare(): Buffer<ArrayBuffer> {
  const bytes = spare ?? Buffer.allocUnsafeSlow(FIRST_BYTES);
  spare = undefined;
  return bytes;
}

/** Gathers text piece by piece. */
export class TextBuffer {
  #bytes = NOTHING;
  #end = 0;
  #pending = '';

  /** Appends text. Whatever is one character has to come in one piece. */
  add(text: string): void {
    this.#pending += text;
    if (this.#pending.length >= PENDING_CHARS) this.#write();
  }

  /** The text. The buffer is empty then. */
  take(): string {
    this.#write();
    const text = this.#bytes.toString('utf8', 0, this.#end);
    if (this.#bytes.length <= SPARE_BYTES_MAX) spare = this.#bytes;
    this.#bytes = NOTHING;
    this.#end = 0;
    return text;
  }

  #write(): void {
    if (this.#bytes.length === 0) this.#bytes = takeSpare();
    const needed = this.#end + this.#pending.length * UTF8_BYTES_MAX;
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length));
      this.#bytes.copy(larger, 0, 0, this.#end);
      this.#bytes = larger;
    }
    this.#end += this.#bytes.write(this.#pending, this.#end);
    this.#pending = '';
  }
}
