/**
 * Header blocks that refer to no dynamic table and change none (RFC 7541 section 6.2.2): names out of the static table,
 * values written out. Such a block means the same on every connection at any time, so that what was made for one request
 * can be sent again for another, wherever that goes. HAProxy's encoder is built on the same bargain: some bytes more on the
 * wire for no state at all.
 *
 *     1.......   index of a static field                        :method GET, :status 200
 *     0000....   index of a static name, value                  content-type: application/grpc
 *     00000000   name, value                                    l5d-reqid: 0123...
 *     0001....   as the two above, never to be indexed          authorization: ...
 *
 * Strings are not compressed by Huffman's code. Each function writes at `at` and returns the offset past what it wrote; the
 * caller has made sure of {@link FIELD_CODING_BYTES_MAX} on top of the text.
 */
import { writeInteger } from './integer.ts';
import { POLICY_NEVER, policyOfStatic } from './policy.ts';
import { copyText } from './text.ts';

/** What a field takes on top of its text at most: an index, and two lengths below 2^21. */
export const FIELD_CODING_BYTES_MAX = 9;

const INDEXED = 0x80;
const NEVER = 0x10;
const PLAIN = 0x00;
const LITERAL_MAX = 0x0f;
const STRING_MAX = 0x7f;

/** Writes a field of the static table. @param index of it, such as INDEX_METHOD_GET */
export function writeStaticField(bytes: Uint8Array, at: number, index: number): number {
  bytes[at] = INDEXED | index;
  return at + 1;
}

/**
 * Writes a field whose name the static table has.
 *
 * @param nameIndex the first index with the name
 * @param neverIndexed it came as a literal never to be indexed, and has to stay one (RFC 7541 section 6.2.3)
 */
export function writeStaticName(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  nameIndex: number,
  valueAt: number,
  valueEnd: number,
  neverIndexed: boolean,
): number {
  const secret = neverIndexed || policyOfStatic(nameIndex, valueEnd - valueAt) === POLICY_NEVER;
  const to = writeInteger(bytes, at, nameIndex, LITERAL_MAX, secret ? NEVER : PLAIN);
  return writeText(bytes, view, to, valueAt, valueEnd);
}

/** Writes a field with its name, which is in lower case. @param neverIndexed as above */
export function writeNamed(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  nameAt: number,
  nameEnd: number,
  valueAt: number,
  valueEnd: number,
  neverIndexed: boolean,
): number {
  bytes[at] = neverIndexed ? NEVER : PLAIN;
  return writeText(bytes, view, writeText(bytes, view, at + 1, nameAt, nameEnd), valueAt, valueEnd);
}

/** Writes a string that lies elsewhere in the same bytes. */
function writeText(bytes: Uint8Array, view: DataView, to: number, at: number, end: number): number {
  const length = end - at;
  const text = length < STRING_MAX ? to + 1 : writeInteger(bytes, to, length, STRING_MAX, 0);
  if (length < STRING_MAX) bytes[to] = length;
  copyText(bytes, view, text, bytes, view, at, length);
  return text + length;
}

/** A whole field as bytes, for what is prepared once. @param name in lower case, both of one byte a character */
export function literalField(name: string, value: string): Uint8Array {
  const bytes = new Uint8Array(name.length + value.length + FIELD_CODING_BYTES_MAX);
  let at = 1;
  for (const text of [name, value]) {
    at = writeInteger(bytes, at, text.length, STRING_MAX, 0);
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
  }
  return bytes.subarray(0, at);
}
