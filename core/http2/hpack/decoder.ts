/**
 * Header blocks to field sections (RFC 7541 section 6), for one direction of one connection.
 *
 *     first byte   1.......  indexed field                    7-bit index
 *                  01......  literal, added to the table      6-bit index of the name, 0: the name follows
 *                  001.....  size of the table                5-bit size; at the start of a block alone
 *                  0001....  literal, never to be indexed     4-bit index of the name, 0: the name follows
 *                  0000....  literal, not added to the table  4-bit index of the name, 0: the name follows
 *
 * What the section has no room for is decoded all the same, because the table has to follow the peer's; only far more
 * than the section can hold is refused (`listBytesMax`).
 */
import { fieldToken, TOKEN_NONE } from '../../http1/tokens.ts';
import { FIELD_OVERHEAD_BYTES, type FieldSection } from '../field-section.ts';
import { DynamicTable, TABLE_BYTES_DEFAULT } from './dynamic-table.ts';
import {
  ERR_INDEX,
  ERR_LIST_BYTES,
  ERR_TABLE_SIZE,
  ERR_TABLE_SIZE_LATE,
  ERR_TABLE_SIZE_MISSING,
  ERR_TRUNCATED,
} from './errors.ts';
import { decodeHuffman } from './huffman.ts';
import { IntegerReader } from './integer.ts';
import {
  copyStatic,
  STATIC_ENTRIES,
  staticName,
  staticNameBytes,
  staticNameIndex,
  staticToken,
  staticValueBytes,
} from './static-table.ts';
import { copyText } from './text.ts';

const INDEXED = 0x80;
const INDEXED_MAX = 0x7f;
const INDEXING = 0x40;
const INDEXING_MAX = 0x3f;
const SIZE_MASK = 0xe0;
const SIZE = 0x20;
const SIZE_MAX = 0x1f;
const NEVER = 0x10;
const LITERAL_MAX = 0x0f;
const HUFFMAN = 0x80;
const STRING_MAX = 0x7f;
const NOTHING_REQUIRED = -1;

/** Decodes the header blocks of one connection, in the order in which they came. */
export class HpackDecoder {
  readonly table: DynamicTable;
  /** The last block left the table as it was: it meant what it would mean again, while `table.version` is the same. */
  stateless = true;
  /** The last block has a field or a name out of the dynamic table: it means something on this connection alone. */
  refersToTable = false;
  /** What the last block has put into the table, as the table counts it. */
  insertedBytes = 0;
  /** The last block began with a size for the table. */
  resized = false;
  readonly #listBytesMax: number;
  readonly #integer = new IntegerReader();
  /** What the peer may set the table's size to. */
  #sizeLimit: number = TABLE_BYTES_DEFAULT;
  /** What the next block must set it to at most, NOTHING_REQUIRED for nothing. */
  #sizeRequired = NOTHING_REQUIRED;
  #bytes: Uint8Array;
  #view: DataView;
  /** Past what was read last. */
  #pos = 0;

  /**
   * @param memory holds the table's text
   * @param tableAt where in it `DynamicTable.regionBytes(tableBytesMax)` are the table's
   * @param tableBytesMax the largest SETTINGS_HEADER_TABLE_SIZE that will be advertised; at least 4096, which holds until
   *   the peer has acknowledged another
   * @param listBytesMax bound on a section's size as `FieldSection.listBytes` counts it, far above what is stored
   * @throws RangeError when `tableBytesMax` is below 4096
   */
  constructor(memory: Uint8Array, tableAt: number, tableBytesMax: number, listBytesMax: number) {
    if (tableBytesMax < TABLE_BYTES_DEFAULT) throw new RangeError(`a table of ${tableBytesMax} bytes is too small`);
    this.table = new DynamicTable(memory, tableAt, tableBytesMax);
    this.#listBytesMax = listBytesMax;
    this.#bytes = memory;
    this.#view = this.table.view;
  }

  /** Makes it fit for another connection. */
  reset(): void {
    this.table.reset();
    this.stateless = true;
    this.#sizeLimit = TABLE_BYTES_DEFAULT;
    this.#sizeRequired = NOTHING_REQUIRED;
  }

  /**
   * The peer has acknowledged our SETTINGS_HEADER_TABLE_SIZE. When the table is larger, its next block must begin with a
   * smaller size (RFC 7541 section 4.2).
   *
   * @param bytes at most the constructor's `tableBytesMax`
   */
  limitTableSize(bytes: number): void {
    this.#sizeLimit = bytes;
    const required = this.#sizeRequired;
    if (bytes < (required === NOTHING_REQUIRED ? this.table.maxSize : required)) this.#sizeRequired = bytes;
  }

  /** The next block must begin with a size: one that does not is refused, whatever else it says. */
  get resizeIsDue(): boolean {
    return this.#sizeRequired !== NOTHING_REQUIRED;
  }

  /**
   * Decodes a whole header block, HEADERS and CONTINUATION put together, into a section, which is emptied first.
   *
   * @returns 0, or one of `errors.ts`, after which neither the section nor the table is of use
   */
  decode(bytes: Uint8Array, at: number, end: number, section: FieldSection): number {
    if (bytes !== this.#bytes) this.#look(bytes);
    section.begin();
    this.stateless = true;
    this.refersToTable = false;
    this.insertedBytes = 0;
    this.resized = false;
    let pos = this.#resize(at, end);
    while (pos >= 0 && pos < end) {
      const first = bytes[pos]!;
      if (first >= INDEXED) pos = this.#indexed(pos, end, section);
      else pos = (first & SIZE_MASK) === SIZE ? ERR_TABLE_SIZE_LATE : this.#literal(pos, end, section);
      if (section.listBytes > this.#listBytesMax) return pos < 0 ? pos : ERR_LIST_BYTES;
    }
    return pos < 0 ? pos : 0;
  }

  #look(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Obeys the sizes at the start of a block (section 6.3). @returns the offset past them, or an error */
  #resize(at: number, end: number): number {
    let pos = at;
    while (pos < end && (this.#bytes[pos]! & SIZE_MASK) === SIZE) {
      const size = this.#integer.read(this.#bytes, pos, end, SIZE_MAX);
      if (size < 0) return size;
      if (size > this.#sizeLimit) return ERR_TABLE_SIZE;
      if (this.#sizeRequired !== NOTHING_REQUIRED && size > this.#sizeRequired) return ERR_TABLE_SIZE_MISSING;
      this.#sizeRequired = NOTHING_REQUIRED;
      this.stateless = false;
      this.resized = true;
      this.table.resize(size);
      pos = this.#integer.end;
    }
    return this.#sizeRequired === NOTHING_REQUIRED ? pos : ERR_TABLE_SIZE_MISSING;
  }

  /** An indexed field (section 6.1). @returns the offset past it, or an error */
  #indexed(at: number, end: number, section: FieldSection): number {
    const index = this.#readIndex(at, end, INDEXED_MAX);
    if (index <= 0) return index < 0 ? index : ERR_INDEX;
    if (index <= STATIC_ENTRIES) {
      const nameBytes = staticNameBytes(index);
      const valueBytes = staticValueBytes(index);
      if (count(section, nameBytes, valueBytes)) {
        const { bytes, view, textEnd } = section;
        copyStatic(bytes, view, textEnd, index, nameBytes + valueBytes);
        section.add(nameBytes, valueBytes, staticToken(index), staticNameIndex(index), false);
      }
      return this.#pos;
    }
    const table = this.table;
    const age = index - STATIC_ENTRIES - 1;
    if (age >= table.count) return ERR_INDEX;
    this.refersToTable = true;
    const entry = table.entryAt(age);
    const nameBytes = table.nameBytes(entry);
    const valueBytes = table.valueBytes(entry);
    if (count(section, nameBytes, valueBytes)) {
      const { bytes, view, textEnd } = section;
      copyText(bytes, view, textEnd, table.bytes, table.view, table.textAt(entry), nameBytes + valueBytes);
      section.add(nameBytes, valueBytes, table.token(entry), table.nameIndex(entry), false);
    }
    return this.#pos;
  }

  /** A literal field (section 6.2). @returns the offset past it, or an error */
  #literal(at: number, end: number, section: FieldSection): number {
    const first = this.#bytes[at]!;
    const indexing = (first & INDEXING) !== 0;
    const index = this.#readIndex(at, end, indexing ? INDEXING_MAX : LITERAL_MAX);
    if (index < 0) return index;
    const table = this.table;
    if (index > STATIC_ENTRIES + table.count) return ERR_INDEX;
    if (index > STATIC_ENTRIES) this.refersToTable = true;
    const { bytes, view, textEnd } = section;
    const room = section.overflowed || section.fieldCount === section.neverIndexed.length ? textEnd : section.textMax;
    const nameAt = this.#pos;
    const nameEnd = this.#putName(index, nameAt, end, bytes, view, textEnd, room);
    if (nameEnd < 0) return nameEnd;
    const valueAt = this.#pos;
    const valueEnd = this.#putString(valueAt, end, bytes, view, nameEnd, room);
    if (valueEnd < 0) return valueEnd;
    const pos = this.#pos;

    const nameBytes = nameEnd - textEnd;
    const valueBytes = valueEnd - nameEnd;
    if (count(section, nameBytes, valueBytes)) {
      const nameIndex = this.#nameIndex(index, bytes, view, textEnd, nameEnd);
      const token = this.#token(index, nameIndex, bytes, view, textEnd, nameEnd);
      section.add(nameBytes, valueBytes, token, nameIndex, !indexing && (first & NEVER) !== 0);
      if (indexing) table.insert(bytes, view, textEnd, nameBytes, nameEnd, valueBytes, token, nameIndex);
    } else if (indexing) {
      this.#insertUnstored(index, nameAt, nameBytes, valueAt, valueBytes, end);
    }
    if (indexing) {
      this.stateless = false;
      this.insertedBytes += nameBytes + valueBytes + FIELD_OVERHEAD_BYTES;
    }
    return pos;
  }

  /** Inserts a field that the section has no room for, decoding it once more, into the table's own memory. */
  #insertUnstored(
    index: number,
    nameAt: number,
    nameBytes: number,
    valueAt: number,
    valueBytes: number,
    end: number,
  ): void {
    const table = this.table;
    const { bytes, view } = table;
    // The entry that has the name may have to go for the one that refers to it; its text outlasts the claim.
    const named = index > STATIC_ENTRIES ? table.entryAt(index - STATIC_ENTRIES - 1) : -1;
    const namedText = named < 0 ? -1 : table.textAt(named);
    const knownIndex = index === 0 ? 0 : this.#nameIndex(index, bytes, view, 0, 0);
    const knownToken = index === 0 ? TOKEN_NONE : this.#token(index, knownIndex, bytes, view, 0, 0);
    const text = table.claim(nameBytes, valueBytes, knownToken, knownIndex);
    if (text < 0) return;
    const valueText = text + nameBytes;
    if (namedText >= 0) bytes.copyWithin(text, namedText, namedText + nameBytes);
    else this.#putName(index, nameAt, end, bytes, view, text, valueText);
    this.#putString(valueAt, end, bytes, view, valueText, valueText + valueBytes);
    if (index !== 0) return;
    const nameIndex = staticName(bytes, view, text, valueText);
    table.describe(table.entryAt(0), this.#token(0, nameIndex, bytes, view, text, valueText), nameIndex);
  }

  /** An index with its prefix, and `#pos` past it; or an error. */
  #readIndex(at: number, end: number, prefixMax: number): number {
    const index = this.#bytes[at]! & prefixMax;
    if (index < prefixMax) {
      this.#pos = at + 1;
      return index;
    }
    const read = this.#integer.read(this.#bytes, at, end, prefixMax);
    this.#pos = this.#integer.end;
    return read;
  }

  /**
   * Puts a literal's name to `[to, toMax)`, if it has room there.
   *
   * @param index of the name, valid; 0 when the name is the string at `at`, and `#pos` goes past it
   * @returns where the name ends or would end; or an error
   */
  #putName(
    index: number,
    at: number,
    end: number,
    bytes: Uint8Array,
    view: DataView,
    to: number,
    toMax: number,
  ): number {
    if (index === 0) return this.#putString(at, end, bytes, view, to, toMax);
    if (index <= STATIC_ENTRIES) {
      const nameBytes = staticNameBytes(index);
      if (to + nameBytes <= toMax) {
        copyStatic(bytes, view, to, index, nameBytes);
      }
      return to + nameBytes;
    }
    const table = this.table;
    const entry = table.entryAt(index - STATIC_ENTRIES - 1);
    const nameBytes = table.nameBytes(entry);
    if (to + nameBytes <= toMax) {
      copyText(bytes, view, to, table.bytes, table.view, table.textAt(entry), nameBytes);
    }
    return to + nameBytes;
  }

  /**
   * Puts the string at `at` (section 5.2) to `[to, toMax)`, if it has room there, and sets `#pos` past it.
   *
   * @returns where its text ends or would end; or an error
   */
  #putString(at: number, end: number, bytes: Uint8Array, view: DataView, to: number, toMax: number): number {
    if (at >= end) return ERR_TRUNCATED;
    const first = this.#bytes[at]!;
    let length = first & STRING_MAX;
    let pos = at + 1;
    if (length === STRING_MAX) {
      length = this.#integer.read(this.#bytes, at, end, STRING_MAX);
      if (length < 0) return length;
      pos = this.#integer.end;
    }
    const stop = pos + length;
    if (stop > end) return ERR_TRUNCATED;
    this.#pos = stop;
    if ((first & HUFFMAN) !== 0) return decodeHuffman(this.#bytes, pos, stop, bytes, to, toMax);
    if (to + length <= toMax) copyText(bytes, view, to, this.#bytes, this.#view, pos, length);
    return to + length;
  }

  /** The static table's first index with a literal's name, which lies at `[at, end)` when `index` is 0; or 0. */
  #nameIndex(index: number, bytes: Uint8Array, view: DataView, at: number, end: number): number {
    if (index === 0) return staticName(bytes, view, at, end);
    if (index <= STATIC_ENTRIES) return staticNameIndex(index);
    return this.table.nameIndex(this.table.entryAt(index - STATIC_ENTRIES - 1));
  }

  /** The token of a literal's name, which lies at `[at, end)` when `index` is 0. */
  #token(index: number, nameIndex: number, bytes: Uint8Array, view: DataView, at: number, end: number): number {
    if (nameIndex > 0) return staticToken(nameIndex);
    if (index > STATIC_ENTRIES) {
      return this.table.token(this.table.entryAt(index - STATIC_ENTRIES - 1));
    }
    return end > at ? Math.max(TOKEN_NONE, fieldToken(bytes, view, at, end)) : TOKEN_NONE;
  }
}

/** Counts a field for its section. @returns whether it has room there; once one has not, none has */
function count(section: FieldSection, nameBytes: number, valueBytes: number): boolean {
  const textBytes = nameBytes + valueBytes;
  section.listBytes += textBytes + FIELD_OVERHEAD_BYTES;
  if (section.overflowed) return false;
  if (section.fieldCount < section.neverIndexed.length && section.textEnd + textBytes <= section.textMax) return true;
  section.overflowed = true;
  return false;
}
