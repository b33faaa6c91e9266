/** Finds fields by their names, for names that are asked for too seldom to be tokens of the parser's (tokens.ts). */
import { equalsIgnoreCase } from './ascii.ts';
import { FIELD_NAME_END, FIELD_NAME_START, FIELD_STRIDE, type ParsedHead } from './parsed-head.ts';

/** There is no such field. */
export const NO_FIELD = -1;

/**
 * Where in `head.fields` the next field of a name stands. O(fields).
 *
 * @param name in lower case, as {@link equalsIgnoreCase} takes it
 * @param from where to begin: a place in `head.fields`
 * @returns {@link NO_FIELD} when there is none
 */
export function findField(bytes: Uint8Array, head: ParsedHead, name: Uint8Array, from = 0): number {
  const { fields, fieldCount } = head;
  for (let at = from; at < fieldCount * FIELD_STRIDE; at += FIELD_STRIDE) {
    if (equalsIgnoreCase(bytes, fields[at + FIELD_NAME_START]!, fields[at + FIELD_NAME_END]!, name)) return at;
  }
  return NO_FIELD;
}
