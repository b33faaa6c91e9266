/**
 * Field sections to header blocks (RFC 7541), for one direction of one connection, field by field from where the text
 * lies:
 *
 *     begin -> (indexed | status | staticField | field)* -> end        the block is sent
 *                          |                         \
 *                          v no room                  \-> abandon      it is not
 *                       ERR_ROOM: the table is put right, nothing is sent
 *
 * A field comes out as
 *
 *     never-indexed literal    when it came so, or is a secret (policy.ts)
 *     index                    when the static table or ours has it
 *     literal, to be indexed   when it is met again: fields that no message repeats leave the table alone, and blocks made
 *                              of known fields and such literals change nothing
 *     literal                  otherwise
 *
 * A block that is not sent, but whose fields went into the table, is undone by emptying the table on both sides at the
 * start of the next one (RFC 7541 section 4.2): rare enough to be worth no more.
 */
import { ZERO } from '../../http1/ascii.ts';
import { FIELD_OVERHEAD_BYTES } from '../field-section.ts';
import { DynamicTable, TABLE_BYTES_DEFAULT } from './dynamic-table.ts';
import { ERR_ROOM } from './errors.ts';
import { encodeHuffman, huffmanLength } from './huffman.ts';
import { integerBytes, writeInteger } from './integer.ts';
import { POLICY_INDEX, POLICY_NEVER, policyOfOther, policyOfStatic } from './policy.ts';
import { copyStatic, INDEX_STATUS, staticField, staticName, staticNameBytes, staticToken } from './static-table.ts';
import { TableIndex } from './table-index.ts';
import { copyText } from './text.ts';

const INDEXED = 0x80;
const INDEXED_MAX = 0x7f;
const INDEXING = 0x40;
const INDEXING_MAX = 0x3f;
const SIZE = 0x20;
const SIZE_MAX = 0x1f;
const NEVER = 0x10;
const PLAIN = 0x00;
const LITERAL_MAX = 0x0f;
const HUFFMAN = 0x80;
const STRING_MAX = 0x7f;
const STATUS_BYTES = 3;
const NO_SIZE = -1;

/** Status codes that the static table has, by their index. */
const STATIC_STATUSES: readonly number[] = [200, 204, 206, 304, 400, 404, 500];
const statusIndex = new Uint8Array(1000);
for (const [place, status] of STATIC_STATUSES.entries()) statusIndex[status] = INDEX_STATUS + place;

/** Writes the header blocks of one connection, which must be sent in the order in which they are written. */
export class HpackEncoder {
  readonly table: DynamicTable;
  readonly #index: TableIndex;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #huffman: boolean;
  /** Where the next byte of the block goes; ERR_ROOM once there is none. */
  #at = 0;
  #limit = 0;
  /** Sizes to be announced by the next block: the smallest, then the final one; NO_SIZE for none. */
  #smallest = NO_SIZE;
  #final = NO_SIZE;
  /** The last block begun announces sizes, or has put fields into the table. */
  #hasChanged = false;

  /**
   * @param memory holds the table's text, the fields to be written and the blocks written
   * @param tableAt where in it `DynamicTable.regionBytes(tableBytesMax)` are the table's
   * @param tableBytesMax the largest table that is kept, whatever the peer allows
   * @param huffman whether strings are compressed where that makes them shorter; off, they cost less time and more bytes
   */
  constructor(memory: Uint8Array, tableAt: number, tableBytesMax: number, huffman: boolean) {
    this.table = new DynamicTable(memory, tableAt, tableBytesMax);
    this.#index = new TableIndex(this.table);
    this.#bytes = memory;
    this.#view = this.table.view;
    this.#huffman = huffman;
    this.#announceOwnSize();
  }

  /** Makes it fit for another connection. */
  reset(): void {
    this.table.reset();
    this.#index.reset();
    this.#at = 0;
    this.#hasChanged = false;
    this.#smallest = NO_SIZE;
    this.#final = NO_SIZE;
    this.#announceOwnSize();
  }

  /** Where the next byte goes, or ERR_ROOM. */
  get at(): number {
    return this.#at;
  }

  /**
   * The peer's SETTINGS_HEADER_TABLE_SIZE has come, which is acknowledged before the next block is sent. Not within a
   * block.
   */
  limitTableSize(bytes: number): void {
    const size = Math.min(bytes, this.table.capacity);
    if (size === this.table.maxSize) return;
    this.table.resize(size);
    this.#announce(size);
  }

  /**
   * Begins a block at `at`; at most the bytes up to `limit` may be written. Sizes to be announced come first.
   *
   * @returns the offset past what is written, or ERR_ROOM
   */
  begin(at: number, limit: number): number {
    this.#at = at;
    this.#limit = limit;
    this.#hasChanged = this.#final !== NO_SIZE;
    if (!this.#hasChanged) return at;
    if (this.#smallest < this.#final) this.#writeInteger(this.#smallest, SIZE_MAX, SIZE);
    return this.#writeInteger(this.#final, SIZE_MAX, SIZE);
  }

  /** Ends the block. @returns the offset past it, or ERR_ROOM: there is no block to be sent */
  end(): number {
    if (this.#at < 0) return this.#at;
    this.#smallest = NO_SIZE;
    this.#final = NO_SIZE;
    return this.#at;
  }

  /**
   * The last block begun will not be sent, whether it was ended or not. What it did to the table is undone, by way of
   * the next block.
   */
  abandon(): void {
    if (!this.#hasChanged) return;
    this.#hasChanged = false;
    const size = this.table.maxSize;
    this.table.resize(0);
    this.table.resize(size);
    this.#smallest = 0;
    this.#final = size;
  }

  /** Writes an entry of the static table, such as INDEX_METHOD_GET. @returns the offset past it, or ERR_ROOM */
  indexed(index: number): number {
    if (this.#at < 0) return this.#at;
    if (this.#at >= this.#limit) return this.#refuse();
    this.#bytes[this.#at++] = INDEXED | index;
    return this.#at;
  }

  /** Writes `:status`. @param code 100 to 999 @returns the offset past it, or ERR_ROOM */
  status(code: number): number {
    const index = statusIndex[code]!;
    if (index !== 0) return this.indexed(index);
    if (this.#at < 0) return this.#at;
    if (this.#at + 2 + STATUS_BYTES > this.#limit) return this.#refuse();
    const bytes = this.#bytes;
    const at = this.#at;
    const tens = Math.floor(code / 10);
    const hundreds = Math.floor(tens / 10);
    bytes[at] = PLAIN | INDEX_STATUS;
    bytes[at + 1] = STATUS_BYTES;
    bytes[at + 2] = ZERO + hundreds;
    bytes[at + 3] = ZERO + tens - hundreds * 10;
    bytes[at + 4] = ZERO + code - tens * 10;
    this.#at = at + 2 + STATUS_BYTES;
    return this.#at;
  }

  /**
   * Writes a field whose name the static table has.
   *
   * @param nameIndex the first index with the name (`staticNameIndex`, `FieldSection.nameIndex`)
   * @param neverIndexed it came as a literal never to be indexed, and has to stay one (RFC 7541 section 6.2.3)
   * @returns the offset past it, or ERR_ROOM
   */
  staticField(nameIndex: number, valueAt: number, valueEnd: number, neverIndexed = false): number {
    if (this.#at < 0) return this.#at;
    const policy = neverIndexed ? POLICY_NEVER : policyOfStatic(nameIndex, valueEnd - valueAt);
    if (policy === POLICY_NEVER) return this.#literal(nameIndex, LITERAL_MAX, NEVER, 0, 0, valueAt, valueEnd);
    const index = staticField(nameIndex, this.#view, valueAt, valueEnd);
    if (index !== 0) return this.indexed(index);
    if (policy !== POLICY_INDEX) return this.#literal(nameIndex, LITERAL_MAX, PLAIN, 0, 0, valueAt, valueEnd);
    return this.#indexable(nameIndex, 0, 0, valueAt, valueEnd, staticToken(nameIndex));
  }

  /**
   * Writes a field.
   *
   * @param nameAt the name, in lower case (RFC 9113 section 8.2.1)
   * @param token of the name
   * @param neverIndexed it came as a literal never to be indexed, and has to stay one (RFC 7541 section 6.2.3)
   * @returns the offset past it, or ERR_ROOM
   */
  field(
    nameAt: number,
    nameEnd: number,
    valueAt: number,
    valueEnd: number,
    token: number,
    neverIndexed: boolean,
  ): number {
    if (this.#at < 0) return this.#at;
    const nameIndex = staticName(this.#bytes, this.#view, nameAt, nameEnd);
    if (nameIndex > 0) return this.staticField(nameIndex, valueAt, valueEnd, neverIndexed);
    const policy = neverIndexed ? POLICY_NEVER : policyOfOther(this.#view, nameAt, nameEnd, token);
    if (policy === POLICY_INDEX) return this.#indexable(0, nameAt, nameEnd, valueAt, valueEnd, token);
    const index = this.#index.findName(this.#index.hashName(0, nameAt, nameEnd), nameAt, nameEnd);
    const flags = policy === POLICY_NEVER ? NEVER : PLAIN;
    return this.#literal(index, LITERAL_MAX, flags, nameAt, nameEnd, valueAt, valueEnd);
  }

  /** Writes a field that the static table has not, and that may go into ours. @param nameIndex of the static table, or 0 */
  #indexable(
    nameIndex: number,
    nameAt: number,
    nameEnd: number,
    valueAt: number,
    valueEnd: number,
    token: number,
  ): number {
    const index = this.#index;
    const nameBytes = nameIndex > 0 ? staticNameBytes(nameIndex) : nameEnd - nameAt;
    const valueBytes = valueEnd - valueAt;
    const nameHash = index.hashName(nameIndex, nameAt, nameEnd);
    if ((nameBytes + valueBytes + FIELD_OVERHEAD_BYTES) * 4 > this.table.maxSize * 3) {
      const name = nameIndex > 0 ? nameIndex : index.findName(nameHash, nameAt, nameEnd);
      return this.#literal(name, LITERAL_MAX, PLAIN, nameAt, nameEnd, valueAt, valueEnd);
    }
    const fieldHash = index.hashField(nameHash, valueAt, valueEnd);
    const found = index.findField(fieldHash, nameIndex, nameAt, nameEnd, valueAt, valueEnd);
    if (found > 0) return this.#writeInteger(found, INDEXED_MAX, INDEXED);
    const name = nameIndex > 0 ? nameIndex : index.findName(nameHash, nameAt, nameEnd);
    if (!index.meet(fieldHash)) return this.#literal(name, LITERAL_MAX, PLAIN, nameAt, nameEnd, valueAt, valueEnd);

    const at = this.#literal(name, INDEXING_MAX, INDEXING, nameAt, nameEnd, valueAt, valueEnd);
    if (at < 0) return at;
    this.#insert(nameIndex, nameAt, nameBytes, valueAt, valueBytes, token);
    index.add(fieldHash, nameHash);
    return at;
  }

  /** Puts a field that was just written into the table, which has room for it. */
  #insert(
    nameIndex: number,
    nameAt: number,
    nameBytes: number,
    valueAt: number,
    valueBytes: number,
    token: number,
  ): void {
    const bytes = this.#bytes;
    const view = this.#view;
    const text = this.table.claim(nameBytes, valueBytes, token, nameIndex);
    if (nameIndex > 0) copyStatic(bytes, view, text, nameIndex, nameBytes);
    else copyText(bytes, view, text, bytes, view, nameAt, nameBytes);
    copyText(bytes, view, text + nameBytes, bytes, view, valueAt, valueBytes);
    this.#hasChanged = true;
  }

  /** Writes a literal. @param name the index of its name, or 0: the name is written out */
  #literal(
    name: number,
    prefixMax: number,
    flags: number,
    nameAt: number,
    nameEnd: number,
    valueAt: number,
    valueEnd: number,
  ): number {
    const nameBytes = name > 0 ? 0 : this.#codedBytes(nameAt, nameEnd);
    const valueBytes = this.#codedBytes(valueAt, valueEnd);
    let needed = integerBytes(name, prefixMax) + integerBytes(valueBytes, STRING_MAX) + valueBytes;
    if (name === 0) needed += integerBytes(nameBytes, STRING_MAX) + nameBytes;
    if (this.#at + needed > this.#limit) return this.#refuse();
    let at = writeInteger(this.#bytes, this.#at, name, prefixMax, flags);
    if (name === 0) at = this.#writeString(at, nameAt, nameEnd, nameBytes);
    this.#at = this.#writeString(at, valueAt, valueEnd, valueBytes);
    return this.#at;
  }

  /** Bytes of a string as it will be written, without its length. */
  #codedBytes(at: number, end: number): number {
    return this.#huffman ? Math.min(end - at, huffmanLength(this.#bytes, at, end)) : end - at;
  }

  /** Writes a string (section 5.2). @param coded what {@link HpackEncoder.#codedBytes} says @returns the offset past it */
  #writeString(to: number, at: number, end: number, coded: number): number {
    const bytes = this.#bytes;
    if (coded < end - at) {
      return encodeHuffman(bytes, at, end, bytes, this.#view, writeInteger(bytes, to, coded, STRING_MAX, HUFFMAN));
    }
    const text = writeInteger(bytes, to, coded, STRING_MAX, 0);
    copyText(bytes, this.#view, text, bytes, this.#view, at, coded);
    return text + coded;
  }

  #writeInteger(value: number, prefixMax: number, flags: number): number {
    if (this.#at < 0 || this.#at + integerBytes(value, prefixMax) > this.#limit) return this.#refuse();
    this.#at = writeInteger(this.#bytes, this.#at, value, prefixMax, flags);
    return this.#at;
  }

  #refuse(): number {
    this.#at = ERR_ROOM;
    this.abandon();
    return ERR_ROOM;
  }

  /** The table size that the peer assumes at first is not ours. */
  #announceOwnSize(): void {
    if (this.table.maxSize < TABLE_BYTES_DEFAULT) this.#announce(this.table.maxSize);
  }

  #announce(size: number): void {
    this.#smallest = this.#smallest === NO_SIZE ? size : Math.min(this.#smallest, size);
    this.#final = size;
  }
}
