/**
 * Finds fields and names in the encoder's own dynamic table, and remembers which fields were met before.
 *
 *     heads[hash % buckets] -> newest entry with it -> next[its slot] -> an older one -> ... -> one that is gone: the end
 *
 * Entries leave the table in the order in which they came, so a chain is ordered by age and ends at the first entry that
 * is gone: nothing has to be taken out of a chain. Links are entry numbers plus one, modulo 2^32; a link that is older
 * than the table reaches is no link.
 */
import type { DynamicTable } from './dynamic-table.ts';
import { STATIC_ENTRIES } from './static-table.ts';
import { equalText, hashText } from './text.ts';

const BUCKETS = 64;
/** Chains longer than this come of colliding hashes alone, which nobody needs found. */
const STEPS_MAX = 8;
/** Fields remembered as met; a newer one takes the place of an older one. */
const MET = 128;
const NAME_SEED = 64;

/** An index over one table. The table's text and the fields asked for lie in the same memory. */
export class TableIndex {
  readonly #table: DynamicTable;
  readonly #view: DataView;
  readonly #fieldHeads = new Int32Array(BUCKETS);
  readonly #nameHeads = new Int32Array(BUCKETS);
  readonly #fieldNext: Int32Array;
  readonly #nameNext: Int32Array;
  readonly #met = new Int32Array(MET);

  constructor(table: DynamicTable) {
    this.#table = table;
    this.#view = table.view;
    this.#fieldNext = new Int32Array(table.slots);
    this.#nameNext = new Int32Array(table.slots);
  }

  /** Forgets what was met, for another connection. */
  reset(): void {
    this.#met.fill(0);
  }

  /** The hash of a name. @param nameIndex the static table's index of the name, which stands for it; or 0 */
  hashName(nameIndex: number, at: number, end: number): number {
    return nameIndex > 0 ? nameIndex : hashText(this.#view, at, end, NAME_SEED);
  }

  /** The hash of a field. */
  hashField(nameHash: number, valueAt: number, valueEnd: number): number {
    return hashText(this.#view, valueAt, valueEnd, nameHash);
  }

  /** Whether a field with this hash was met of late; from now on it was. */
  meet(fieldHash: number): boolean {
    const place = fieldHash & (MET - 1);
    const met = this.#met[place] === fieldHash;
    this.#met[place] = fieldHash;
    return met;
  }

  /** HPACK's index of the newest entry with this name and value; 0 when none is found. */
  findField(
    fieldHash: number,
    nameIndex: number,
    nameAt: number,
    nameEnd: number,
    valueAt: number,
    valueEnd: number,
  ): number {
    const table = this.#table;
    const valueBytes = valueEnd - valueAt;
    let link = this.#fieldHeads[fieldHash & (BUCKETS - 1)]!;
    for (let step = 0; step < STEPS_MAX; step++) {
      const age = (table.inserted - link) | 0;
      if (age < 0 || age >= table.count) return 0;
      const entry = table.entryAt(age);
      if (table.valueBytes(entry) === valueBytes && this.#isNamed(entry, nameIndex, nameAt, nameEnd)) {
        const value = table.textAt(entry) + table.nameBytes(entry);
        if (equalText(this.#view, valueAt, this.#view, value, valueBytes)) return STATIC_ENTRIES + 1 + age;
      }
      link = this.#fieldNext[table.slotOf(link - 1)]!;
    }
    return 0;
  }

  /** HPACK's index of the newest entry with this name, which is not in the static table; 0 when none is found. */
  findName(nameHash: number, nameAt: number, nameEnd: number): number {
    const table = this.#table;
    let link = this.#nameHeads[nameHash & (BUCKETS - 1)]!;
    for (let step = 0; step < STEPS_MAX; step++) {
      const age = (table.inserted - link) | 0;
      if (age < 0 || age >= table.count) return 0;
      if (this.#isNamed(table.entryAt(age), 0, nameAt, nameEnd)) return STATIC_ENTRIES + 1 + age;
      link = this.#nameNext[table.slotOf(link - 1)]!;
    }
    return 0;
  }

  /** Enters the table's newest entry. */
  add(fieldHash: number, nameHash: number): void {
    const link = this.#table.inserted;
    const slot = this.#table.slotOf(link - 1);
    const field = fieldHash & (BUCKETS - 1);
    const name = nameHash & (BUCKETS - 1);
    this.#fieldNext[slot] = this.#fieldHeads[field]!;
    this.#nameNext[slot] = this.#nameHeads[name]!;
    this.#fieldHeads[field] = link;
    this.#nameHeads[name] = link;
  }

  #isNamed(entry: number, nameIndex: number, nameAt: number, nameEnd: number): boolean {
    const table = this.#table;
    if (table.nameIndex(entry) !== nameIndex) return false;
    if (nameIndex > 0) return true;
    const nameBytes = nameEnd - nameAt;
    if (table.nameBytes(entry) !== nameBytes) return false;
    return equalText(this.#view, nameAt, this.#view, table.textAt(entry), nameBytes);
  }
}
