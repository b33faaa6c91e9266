/**
 * The dynamic table (RFC 7541 sections 2.3.2 and 4): a queue of fields, bounded by their size. The same for the decoder,
 * where it follows the peer's, and for the encoder, where the peer follows it.
 *
 *     text region, of twice the largest size:
 *
 *     | ......... | oldest | ... | newest | ......... |     a text that does not fit before the region's end goes to its
 *                 ^               ^writeAt                  start, so every entry is in one piece
 *
 *     | newest | ......... | oldest | ... | (too short) |
 *
 * Twice the largest size is always enough: what lies between is at most one entry at the end, and entries count 32 bytes
 * more than their text.
 *
 *     entries, a ring; entry n (counted from the first ever inserted) at (n % ring length) * ENTRY_STRIDE:
 *
 *       +0     +1          +2           +3      +4
 *     | text | nameBytes | valueBytes | token | nameIndex |        text: the name's offset, the value follows
 */
import { FIELD_OVERHEAD_BYTES } from '../field-section.ts';
import { copyText } from './text.ts';

const ENTRY_STRIDE = 5;
const ENTRY_TEXT = 0;
const ENTRY_NAME_BYTES = 1;
const ENTRY_VALUE_BYTES = 2;
const ENTRY_TOKEN = 3;
const ENTRY_NAME_INDEX = 4;

/** What both sides begin with (RFC 9113 section 6.5.2, SETTINGS_HEADER_TABLE_SIZE). */
export const TABLE_BYTES_DEFAULT = 4096;

/** One direction of one connection. */
export class DynamicTable {
  /** The memory that holds the text. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** The largest size that it can be given. */
  readonly capacity: number;
  /** Entries that it holds. */
  count = 0;
  /** Their size, 32 bytes on top of the text of each. */
  size = 0;
  /** The size that it may have at present. */
  maxSize: number;
  /** Entries ever inserted, modulo 2^32: the newest entry's number is one less. */
  inserted = 0;
  /**
   * Changes with every insertion, eviction and change of size, and takes no value twice: as long as it is the same, a
   * header block that does not change the table means the same.
   */
  version = 0;
  /** See the drawing above. */
  readonly #entries: Int32Array;
  readonly #mask: number;
  readonly #regionAt: number;
  readonly #regionEnd: number;
  #writeAt: number;

  /**
   * @param regionAt where in `bytes` {@link regionBytes} are its own
   * @param capacity the largest size that it can be given
   */
  constructor(bytes: Uint8Array, regionAt: number, capacity: number) {
    const slots = 2 ** Math.ceil(Math.log2(Math.max(1, Math.floor(capacity / FIELD_OVERHEAD_BYTES))));
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#entries = new Int32Array(slots * ENTRY_STRIDE);
    this.capacity = capacity;
    this.maxSize = Math.min(capacity, TABLE_BYTES_DEFAULT);
    this.#mask = slots - 1;
    this.#regionAt = regionAt;
    this.#regionEnd = regionAt + DynamicTable.regionBytes(capacity);
    this.#writeAt = regionAt;
  }

  /** Memory that a table needs for its text. */
  static regionBytes(capacity: number): number {
    return 2 * capacity;
  }

  /** Empties it, for another connection. */
  reset(): void {
    this.resize(0);
    this.maxSize = Math.min(this.capacity, TABLE_BYTES_DEFAULT);
  }

  /** Slots of the ring: more than entries that it can hold, a power of two. */
  get slots(): number {
    return this.#mask + 1;
  }

  /** The ring's slot of an entry, by its number. */
  slotOf(number: number): number {
    return number & this.#mask;
  }

  /**
   * What the methods below name an entry by, until the next insertion.
   *
   * @param age 0 for the newest, below `count`: HPACK's index less 62
   */
  entryAt(age: number): number {
    return ((this.inserted - 1 - age) & this.#mask) * ENTRY_STRIDE;
  }

  /** The offset of an entry's name, which its value follows. */
  textAt(entry: number): number {
    return this.#entries[entry + ENTRY_TEXT]!;
  }

  nameBytes(entry: number): number {
    return this.#entries[entry + ENTRY_NAME_BYTES]!;
  }

  valueBytes(entry: number): number {
    return this.#entries[entry + ENTRY_VALUE_BYTES]!;
  }

  /** The token of an entry's name. */
  token(entry: number): number {
    return this.#entries[entry + ENTRY_TOKEN]!;
  }

  /** The static table's first index with an entry's name, or 0. */
  nameIndex(entry: number): number {
    return this.#entries[entry + ENTRY_NAME_INDEX]!;
  }

  /** Sets the size that it may have (RFC 7541 section 4.3). @param maxSize at most `capacity` */
  resize(maxSize: number): void {
    this.version++;
    this.maxSize = maxSize;
    this.#evict(maxSize);
  }

  /**
   * Makes room for an entry and enters it as the newest, but for its text, which the caller has to write (RFC 7541
   * section 4.4). A text that was in the table until now is still where it was, but may overlap the new one.
   *
   * @returns the offset where the name and then the value belong, or -1: the entry is larger than the table, which it has
   *   emptied
   */
  claim(nameBytes: number, valueBytes: number, token: number, nameIndex: number): number {
    const textBytes = nameBytes + valueBytes;
    const size = textBytes + FIELD_OVERHEAD_BYTES;
    this.version++;
    this.#evict(this.maxSize - size);
    if (size > this.maxSize) return -1;
    if (this.count === 0) this.#writeAt = this.#regionAt;
    if (this.#writeAt + textBytes > this.#regionEnd) this.#writeAt = this.#regionAt;
    const text = this.#writeAt;
    const entry = (this.inserted & this.#mask) * ENTRY_STRIDE;
    const entries = this.#entries;
    entries[entry + ENTRY_TEXT] = text;
    entries[entry + ENTRY_NAME_BYTES] = nameBytes;
    entries[entry + ENTRY_VALUE_BYTES] = valueBytes;
    entries[entry + ENTRY_TOKEN] = token;
    entries[entry + ENTRY_NAME_INDEX] = nameIndex;
    this.inserted = (this.inserted + 1) | 0;
    this.count++;
    this.size += size;
    this.#writeAt = text + textBytes;
    return text;
  }

  /** Sets what was not known of a name when its entry was claimed. */
  describe(entry: number, token: number, nameIndex: number): void {
    this.#entries[entry + ENTRY_TOKEN] = token;
    this.#entries[entry + ENTRY_NAME_INDEX] = nameIndex;
  }

  /** Inserts a field whose name and value are copied from elsewhere; one that is too large empties the table. */
  insert(
    from: Uint8Array,
    fromView: DataView,
    nameAt: number,
    nameBytes: number,
    valueAt: number,
    valueBytes: number,
    token: number,
    nameIndex: number,
  ): void {
    const text = this.claim(nameBytes, valueBytes, token, nameIndex);
    if (text < 0) return;
    copyText(this.bytes, this.view, text, from, fromView, nameAt, nameBytes);
    copyText(this.bytes, this.view, text + nameBytes, from, fromView, valueAt, valueBytes);
  }

  /** Drops the oldest entries until the size is at most `size`, or none is left. */
  #evict(size: number): void {
    while (this.count > 0 && this.size > size) {
      const entry = this.entryAt(this.count - 1);
      this.size -= this.nameBytes(entry) + this.valueBytes(entry) + FIELD_OVERHEAD_BYTES;
      this.count--;
    }
  }
}
