/**
 * Header blocks (RFC 7541) written the way a test asks for. Weft's own encoder decides by itself what goes into its table;
 * a test has to be able to say it.
 *
 *     literal   every name and value written out, nothing indexed
 *     static    what the static table has by its index, the rest written out
 *     dynamic   what is not in a table yet is put into it
 *
 * A field that must never be indexed is a literal of that kind in all three.
 */

import { FIELD_OVERHEAD_BYTES } from '../../../core/http2/field-section.ts';
import { encodeHuffman, huffmanLength } from '../../../core/http2/hpack/huffman.ts';
import { integerBytes, writeInteger } from '../../../core/http2/hpack/integer.ts';
import { STATIC_ENTRIES, STATIC_FIELDS } from '../../../core/http2/hpack/static-table.ts';
import { HEADER_TABLE_BYTES_INITIAL } from '../../../core/http2/settings.ts';
import type { Field } from './frames.ts';

/** See above. */
export const BLOCK_CODINGS = ['literal', 'static', 'dynamic'] as const;
export type BlockCoding = (typeof BLOCK_CODINGS)[number];

/** Flags and prefix of each representation (RFC 7541 section 6). */
const INDEXED = { flags: 0x80, prefixMax: 0x7f };
const INDEXING = { flags: 0x40, prefixMax: 0x3f };
const SIZE = { flags: 0x20, prefixMax: 0x1f };
const NEVER = { flags: 0x10, prefixMax: 0x0f };
const PLAIN = { flags: 0x00, prefixMax: 0x0f };
const HUFFMAN = { flags: 0x80, prefixMax: 0x7f };
const RAW = { flags: 0x00, prefixMax: 0x7f };

type Representation = typeof INDEXED;

/** Writes the blocks of one connection, which must be sent in the order in which they are written. */
export class BlockWriter {
  /** The newest first. */
  readonly #table: Field[] = [];
  #tableBytes = 0;
  #tableBytesMax = HEADER_TABLE_BYTES_INITIAL;
  #resized = false;

  /** The peer's SETTINGS_HEADER_TABLE_SIZE has come: the next block says that it is obeyed. */
  limitTable(bytes: number): void {
    const size = Math.min(bytes, HEADER_TABLE_BYTES_INITIAL);
    if (size === this.#tableBytesMax) return;
    this.#tableBytesMax = size;
    this.#resized = true;
    this.#evict(0);
  }

  /** Writes a block. */
  write(fields: readonly Field[], coding: BlockCoding = 'static', huffman = true): Uint8Array {
    const parts: Uint8Array[] = [];
    if (this.#resized) parts.push(integer(this.#tableBytesMax, SIZE));
    this.#resized = false;
    for (const field of fields) parts.push(...this.#field(field, coding, huffman));
    return Buffer.concat(parts);
  }

  #field(field: Field, coding: BlockCoding, huffman: boolean): Uint8Array[] {
    const [name, value, never = false] = field;
    const entries: readonly Field[] = [...STATIC_FIELDS, ...(coding === 'dynamic' ? this.#table : [])];
    const known = coding === 'literal' ? [] : entries;
    const nameIndex = known.findIndex((entry) => entry[0] === name) + 1;
    const literal = (kind: Representation) => [
      integer(nameIndex, kind),
      ...(nameIndex === 0 ? string(name, huffman) : []),
      ...string(value, huffman),
    ];
    if (never) return literal(NEVER);
    const index = known.findIndex((entry) => entry[0] === name && entry[1] === value) + 1;
    if (index > 0) return [integer(index, INDEXED)];
    if (coding !== 'dynamic') return literal(PLAIN);
    const written = literal(INDEXING);
    this.#insert([name, value]);
    return written;
  }

  #insert(field: Field): void {
    const bytes = sizeOf(field);
    this.#evict(bytes);
    if (bytes > this.#tableBytesMax) return;
    this.#table.unshift(field);
    this.#tableBytes += bytes;
  }

  #evict(neededBytes: number): void {
    while (this.#table.length > 0 && this.#tableBytes + neededBytes > this.#tableBytesMax) {
      this.#tableBytes -= sizeOf(this.#table.pop() as Field);
    }
  }
}

/** An entry of the dynamic table. @param age 0 for the newest */
export function indexedField(age: number): Uint8Array {
  return integer(STATIC_ENTRIES + 1 + age, INDEXED);
}

function sizeOf([name, value]: Field): number {
  return name.length + value.length + FIELD_OVERHEAD_BYTES;
}

function integer(value: number, { flags, prefixMax }: Representation): Uint8Array {
  const bytes = Buffer.alloc(integerBytes(value, prefixMax));
  writeInteger(bytes, 0, value, prefixMax, flags);
  return bytes;
}

function string(text: string, huffman: boolean): Uint8Array[] {
  const bytes = Buffer.from(text, 'latin1');
  if (!huffman) return [integer(bytes.length, RAW), bytes];
  const coded = new Uint8Array(huffmanLength(bytes, 0, bytes.length));
  // Whole words are written, so there is room for one more.
  const room = new Uint8Array(coded.length + 4);
  const view = new DataView(room.buffer);
  encodeHuffman(bytes, 0, bytes.length, room, view, 0);
  return [integer(coded.length, HUFFMAN), room.subarray(0, coded.length)];
}
