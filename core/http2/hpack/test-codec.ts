/**
 * The decoder and the encoder in terms of strings, for tests: their memory with canaries around every region, blocks at the
 * very end of the memory (whatever reads past a block reads past everything), and sections read back as lists.
 */
import { FIELD_STRIDE } from '../../http1/parsed-head.ts';
import { fieldToken, TOKEN_NONE } from '../../http1/tokens.ts';
import { FieldSection } from '../field-section.ts';
import { HpackDecoder } from './decoder.ts';
import { DynamicTable } from './dynamic-table.ts';
import { HpackEncoder } from './encoder.ts';

/** Name, value, and whether it must never be indexed. */
export type TestField = readonly [name: string, value: string, never?: boolean];

const CANARY = 0xa5;
const GAP = 64;
const BLOCK_BYTES_MAX = 128 * 1024;

/** A text's ISO-8859-1 bytes. */
export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** The text of `bytes[at, end)` as ISO-8859-1. */
export function textOf(bytes: Uint8Array, at: number, end: number): string {
  let text = '';
  for (const byte of bytes.subarray(at, end)) text += String.fromCharCode(byte);
  return text;
}

/** The bytes that hexadecimal digits spell, blanks left aside. */
export function hexBytes(hex: string): Uint8Array {
  const pairs = hex.replaceAll(/\s/g, '').match(/../g) ?? [];
  return Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16));
}

/** Lower-case hexadecimal digits. */
export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The fields of a section. */
export function fieldsOf(section: FieldSection): TestField[] {
  const list: TestField[] = [];
  for (let i = 0; i < section.fieldCount; i++) {
    const [nameAt = 0, nameEnd, valueAt = 0, valueEnd = 0] = section.fields.subarray(i * FIELD_STRIDE);
    const name = textOf(section.bytes, nameAt, nameEnd ?? 0);
    const value = textOf(section.bytes, valueAt, valueEnd);
    list.push(section.neverIndexed[i] === 1 ? [name, value, true] : [name, value]);
  }
  return list;
}

/** The fields as Node tells them, which names the never-indexed ones: all of a name are, when one is. */
export function byName(fields: readonly TestField[]): TestField[] {
  const never = new Set(fields.filter(([, , isNever]) => isNever).map(([name]) => name));
  return fields.map(([name, value]): TestField => (never.has(name) ? [name, value, true] : [name, value]));
}

/** A table's entries, the newest first. */
export function entriesOf(table: DynamicTable): TestField[] {
  const list: TestField[] = [];
  for (let age = 0; age < table.count; age++) {
    const entry = table.entryAt(age);
    const text = table.textAt(entry);
    const value = text + table.nameBytes(entry);
    const end = value + table.valueBytes(entry);
    list.push([textOf(table.bytes, text, value), textOf(table.bytes, value, end)]);
  }
  return list;
}

/** Bounds of a decoder under test. */
export interface TestDecoderOptions {
  readonly tableBytesMax?: number;
  readonly listBytesMax?: number;
  readonly textBytesMax?: number;
  readonly fieldCountMax?: number;
}

/** A decoder with a section of its own. */
export class TestDecoder {
  readonly decoder: HpackDecoder;
  readonly section: FieldSection;
  readonly #memory: Uint8Array;
  readonly #gaps: readonly number[];

  constructor({
    tableBytesMax = 4096,
    listBytesMax = 1 << 20,
    textBytesMax = 65536,
    fieldCountMax = 200,
  }: TestDecoderOptions = {}) {
    const tableAt = GAP;
    const sectionAt = tableAt + DynamicTable.regionBytes(tableBytesMax) + GAP;
    const blocksAt = sectionAt + textBytesMax + GAP;
    this.#gaps = [0, sectionAt - GAP, blocksAt - GAP];
    this.#memory = new Uint8Array(blocksAt + BLOCK_BYTES_MAX);
    for (const gap of this.#gaps) this.#memory.fill(CANARY, gap, gap + GAP);
    this.decoder = new HpackDecoder(this.#memory, tableAt, tableBytesMax, listBytesMax);
    this.section = new FieldSection(this.#memory, sectionAt, textBytesMax, fieldCountMax);
  }

  /** Decodes a block into `section`. @returns what `HpackDecoder.decode` does @throws when it wrote out of bounds */
  decode(block: Uint8Array): number {
    const at = this.#memory.length - block.length;
    this.#memory.set(block, at);
    const result = this.decoder.decode(this.#memory, at, this.#memory.length, this.section);
    for (const gap of this.#gaps) {
      if (this.#memory.subarray(gap, gap + GAP).some((byte) => byte !== CANARY)) throw new Error('canary overwritten');
    }
    return result;
  }

  /** The last block's fields. */
  get fields(): TestField[] {
    return fieldsOf(this.section);
  }
}

/** An encoder. */
export class TestEncoder {
  readonly encoder: HpackEncoder;
  readonly #memory: Uint8Array;
  readonly #textAt: number;
  readonly #blockAt: number;

  constructor(tableBytesMax = 4096, huffman = true) {
    this.#textAt = GAP + DynamicTable.regionBytes(tableBytesMax) + GAP;
    this.#blockAt = this.#textAt + BLOCK_BYTES_MAX;
    this.#memory = new Uint8Array(this.#blockAt + BLOCK_BYTES_MAX).fill(CANARY);
    this.encoder = new HpackEncoder(this.#memory, GAP, tableBytesMax, huffman);
  }

  /** Encodes a section. @param bytesMax bound on the block @returns the block, or undefined when it would not fit */
  encode(fields: readonly TestField[], bytesMax: number = BLOCK_BYTES_MAX - GAP): Uint8Array | undefined {
    const memory = this.#memory;
    const limit = this.#blockAt + bytesMax;
    memory.fill(CANARY, limit, limit + GAP);
    this.encoder.begin(this.#blockAt, limit);
    for (const [name, value, never = false] of fields) {
      const nameEnd = this.#textAt + name.length;
      memory.set(bytesOf(name), this.#textAt);
      memory.set(bytesOf(value), nameEnd);
      const view = this.encoder.table.view;
      const token = name === '' ? TOKEN_NONE : Math.max(TOKEN_NONE, fieldToken(memory, view, this.#textAt, nameEnd));
      this.encoder.field(this.#textAt, nameEnd, nameEnd, nameEnd + value.length, token, never);
    }
    const end = this.encoder.end();
    if (memory.subarray(limit, limit + GAP).some((byte) => byte !== CANARY)) throw new Error('wrote past the bound');
    return end < 0 ? undefined : memory.slice(this.#blockAt, end);
  }
}
