/** Field sections for tests: made by hand, as the HPACK decoder makes them, with other text around. */
import { fieldToken, TOKEN_NONE } from '../http1/tokens.ts';
import { FieldSection } from './field-section.ts';
import type { Field } from './hostile-head.ts';
import { staticName } from './hpack/static-table.ts';

const TEXT_AT = 37;
const TEXT_BYTES = 4096;

/** An empty section in memory that is full of something else. */
export function emptySection(headerCountMax = 100): FieldSection {
  const bytes = new Uint8Array(TEXT_AT + TEXT_BYTES + 64).fill(0x41);
  return new FieldSection(bytes, TEXT_AT, TEXT_BYTES, headerCountMax);
}

/** Fills a section with fields, one character for each byte. */
export function fillSection(section: FieldSection, fields: readonly Field[]): FieldSection {
  section.begin();
  const { bytes, view } = section;
  for (const [name, value] of fields) {
    const at = section.textEnd;
    for (const [i, char] of [...name, ...value].entries()) bytes[at + i] = char.charCodeAt(0);
    const nameEnd = at + name.length;
    const token = name === '' ? TOKEN_NONE : Math.max(TOKEN_NONE, fieldToken(bytes, view, at, nameEnd));
    section.add(name.length, value.length, token, staticName(bytes, view, at, nameEnd), false);
  }
  return section;
}

/** The text between two offsets of a section, one character for each byte. */
export function textOf(section: FieldSection, start: number, end: number): string {
  return String.fromCharCode(...section.bytes.subarray(start, end));
}
