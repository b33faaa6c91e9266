/**
 * The head of a request that waits for its name to be bound. Its block cannot be decoded a second time, since the compression
 * state has moved on: so what it was decoded to is kept, and put back.
 */
import { FIELD_STRIDE } from '../../core/http1/parsed-head.ts';
import type { FieldSection } from '../../core/http2/field-section.ts';

/** A copy of a field section. */
export class ParkedHead {
  readonly #text: Uint8Array;
  readonly #fields: Int32Array;
  readonly #first: Int32Array;
  readonly #neverIndexed: Uint8Array;
  readonly #nameIndex: Uint8Array;
  readonly #seen: number;
  readonly #repeated: number;
  readonly #listBytes: number;

  constructor(section: FieldSection) {
    const { bytes, textAt, textEnd, fieldCount } = section;
    this.#text = bytes.slice(textAt, textEnd);
    this.#fields = section.fields.slice(0, fieldCount * FIELD_STRIDE);
    this.#first = section.first.slice();
    this.#neverIndexed = section.neverIndexed.slice(0, fieldCount);
    this.#nameIndex = section.nameIndex.slice(0, fieldCount);
    this.#seen = section.seen;
    this.#repeated = section.repeated;
    this.#listBytes = section.listBytes;
  }

  /** Puts the fields back. @param section the one that they were taken from: offsets are into its text */
  restore(section: FieldSection): void {
    section.begin();
    section.bytes.set(this.#text, section.textAt);
    section.textEnd = section.textAt + this.#text.length;
    section.fields.set(this.#fields);
    section.first.set(this.#first);
    section.neverIndexed.set(this.#neverIndexed);
    section.nameIndex.set(this.#nameIndex);
    section.fieldCount = this.#nameIndex.length;
    section.seen = this.#seen;
    section.repeated = this.#repeated;
    section.listBytes = this.#listBytes;
  }
}
