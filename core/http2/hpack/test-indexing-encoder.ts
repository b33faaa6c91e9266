/**
 * An encoder for tests that puts every field into its table at once, as many peers do and ours does not (policy.ts): plainly
 * written, with lists.
 */
import { INTEGER_BYTES_MAX, writeInteger } from './integer.ts';
import { STATIC_FIELDS } from './static-table.ts';
import { bytesOf, type TestField } from './test-codec.ts';

/** The encoder of one connection. */
export class IndexingEncoder {
  #table: TestField[] = [];
  #maxSize = 4096;
  #sizes: number[] = [];

  /** Changes the table's size; the next block says so. */
  limitTableSize(bytes: number): void {
    this.#sizes.push(bytes);
    this.#maxSize = bytes;
    this.#evict();
  }

  /** Encodes a section. @param anew refer to nothing in the table, and put all of it in once more */
  encode(fields: readonly TestField[], anew = false): Uint8Array {
    const smallest = Math.min(...this.#sizes);
    const announced = this.#sizes.length === 0 ? [] : [...new Set([smallest, this.#maxSize])];
    this.#sizes = [];
    return Uint8Array.from([
      ...announced.flatMap((size) => integer(size, 0x1f, 0x20)),
      ...fields.flatMap((field) => this.#field(field, anew)),
    ]);
  }

  #field([name, value, never]: TestField, anew: boolean): number[] {
    const all = anew ? STATIC_FIELDS : [...STATIC_FIELDS, ...this.#table];
    const nameIndex = all.findIndex(([other]) => other === name) + 1;
    const literal = [...(nameIndex === 0 ? string(name) : []), ...string(value)];
    if (never) return [...integer(nameIndex, 0x0f, 0x10), ...literal];
    const index = all.findIndex(([otherName, otherValue]) => otherName === name && otherValue === value) + 1;
    if (index > 0) return integer(index, 0x7f, 0x80);
    this.#table.unshift([name, value]);
    this.#evict();
    return [...integer(nameIndex, 0x3f, 0x40), ...literal];
  }

  #evict(): void {
    const size = () => this.#table.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
    while (size() > this.#maxSize) this.#table.pop();
  }
}

function integer(value: number, prefixMax: number, flags: number): number[] {
  const bytes = new Uint8Array(INTEGER_BYTES_MAX);
  return [...bytes.subarray(0, writeInteger(bytes, 0, value, prefixMax, flags))];
}

function string(text: string): number[] {
  return [...integer(text.length, 0x7f, 0), ...bytesOf(text)];
}
