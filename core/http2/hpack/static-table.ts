/**
 * The static table (RFC 7541 appendix A), and looking names and values up in it.
 *
 *     index 1 .. 61      text: | :authority | :methodGET | :methodPOST | ... | www-authenticate |
 *                              ^ textStart[1]          each entry its name, then its value
 *
 * Entries of one name are neighbours, so a name is found by a perfect hash (as in `core/http1/tokens.ts`) and its value
 * by looking along them. The tables are built when the module is loaded.
 */
import { asciiBytes } from '../../http1/ascii.ts';
import { fieldToken, TOKEN_NONE } from '../../http1/tokens.ts';
import { copyText, equalText } from './text.ts';

/** Entries of the static table; the dynamic one begins at the index after. */
export const STATIC_ENTRIES = 61;

export const INDEX_AUTHORITY = 1;
export const INDEX_METHOD_GET = 2;
export const INDEX_METHOD_POST = 3;
export const INDEX_PATH = 4;
export const INDEX_SCHEME_HTTP = 6;
export const INDEX_SCHEME_HTTPS = 7;
export const INDEX_STATUS = 8;

/** Names and values; an index's place is its number minus one. */
export const STATIC_FIELDS: readonly (readonly [string, string])[] = [
  [':authority', ''],
  [':method', 'GET'],
  [':method', 'POST'],
  [':path', '/'],
  [':path', '/index.html'],
  [':scheme', 'http'],
  [':scheme', 'https'],
  [':status', '200'],
  [':status', '204'],
  [':status', '206'],
  [':status', '304'],
  [':status', '400'],
  [':status', '404'],
  [':status', '500'],
  ['accept-charset', ''],
  ['accept-encoding', 'gzip, deflate'],
  ['accept-language', ''],
  ['accept-ranges', ''],
  ['accept', ''],
  ['access-control-allow-origin', ''],
  ['age', ''],
  ['allow', ''],
  ['authorization', ''],
  ['cache-control', ''],
  ['content-disposition', ''],
  ['content-encoding', ''],
  ['content-language', ''],
  ['content-length', ''],
  ['content-location', ''],
  ['content-range', ''],
  ['content-type', ''],
  ['cookie', ''],
  ['date', ''],
  ['etag', ''],
  ['expect', ''],
  ['expires', ''],
  ['from', ''],
  ['host', ''],
  ['if-match', ''],
  ['if-modified-since', ''],
  ['if-none-match', ''],
  ['if-range', ''],
  ['if-unmodified-since', ''],
  ['last-modified', ''],
  ['link', ''],
  ['location', ''],
  ['max-forwards', ''],
  ['proxy-authenticate', ''],
  ['proxy-authorization', ''],
  ['range', ''],
  ['referer', ''],
  ['refresh', ''],
  ['retry-after', ''],
  ['server', ''],
  ['set-cookie', ''],
  ['strict-transport-security', ''],
  ['transfer-encoding', ''],
  ['user-agent', ''],
  ['vary', ''],
  ['via', ''],
  ['www-authenticate', ''],
];

/** All names and values in a row. */
const text: Uint8Array = asciiBytes(STATIC_FIELDS.map((field) => field.join('')).join(''));
const textView: DataView = new DataView(text.buffer);
/** Where in `text` an index's name begins; its value follows. */
const textStart: Int32Array = new Int32Array(STATIC_ENTRIES + 1);
const nameLength: Uint8Array = new Uint8Array(STATIC_ENTRIES + 1);
const valueLength: Uint8Array = new Uint8Array(STATIC_ENTRIES + 1);
const nameToken: Int8Array = new Int8Array(STATIC_ENTRIES + 1);
/** The first and the last index with the same name. */
const nameFirst: Uint8Array = new Uint8Array(STATIC_ENTRIES + 1);
const nameLast: Uint8Array = new Uint8Array(STATIC_ENTRIES + 1);

const SLOT_BITS = 7;
/** Found by trying random odd numbers until no two names met; of no meaning otherwise. */
const MULTIPLIER = 0x3ad450c3;
/** Per slot of the hash, the first index of the name there; 0 for none. */
const slotIndex = new Uint8Array(1 << SLOT_BITS);

function slotOf(bytes: Uint8Array, view: DataView, at: number, length: number): number {
  if (length < 4) return Math.imul(bytes[at]! * 31 + bytes[at + length - 1]!, MULTIPLIER) >>> (32 - SLOT_BITS);
  const words = Math.imul(view.getInt32(at), 31) + view.getInt32(at + length - 4);
  return Math.imul(words + (length << 8) + bytes[at + (length >> 1)]!, MULTIPLIER) >>> (32 - SLOT_BITS);
}

function addEntry(index: number, at: number, name: string, value: string): void {
  textStart[index] = at;
  nameLength[index] = name.length;
  valueLength[index] = value.length;
  const first = STATIC_FIELDS.findIndex(([other]) => other === name) + 1;
  nameFirst[index] = first;
  nameLast[first] = index;
  nameToken[index] = Math.max(TOKEN_NONE, fieldToken(text, textView, at, at + name.length));
  if (first !== index) return;
  const slot = slotOf(text, textView, at, name.length);
  if (slotIndex[slot] !== 0) throw new Error(`field name ${name} collides: choose another MULTIPLIER`);
  slotIndex[slot] = index;
}

let textAt = 0;
for (const [place, [name, value]] of STATIC_FIELDS.entries()) {
  addEntry(place + 1, textAt, name, value);
  textAt += name.length + value.length;
}

// Functions, not tables, are what other files use: a table that is imported is looked up in its module at each use, which
// was measured to cost half as much again as the use.

/** Bytes of an index's name. */
export function staticNameBytes(index: number): number {
  return nameLength[index]!;
}

/** Bytes of an index's value. */
export function staticValueBytes(index: number): number {
  return valueLength[index]!;
}

/** The token of an index's name, as `fieldToken` gives it. */
export function staticToken(index: number): number {
  return nameToken[index]!;
}

/** The first index with the same name: what names the name. */
export function staticNameIndex(index: number): number {
  return nameFirst[index]!;
}

/** Copies the first `length` bytes of an index's name and value. @param toView over the same bytes as `to` */
export function copyStatic(to: Uint8Array, toView: DataView, toAt: number, index: number, length: number): void {
  copyText(to, toView, toAt, text, textView, textStart[index]!, length);
}

/**
 * The first index whose name is `bytes[at, end)`, in lower case as HTTP/2 has names; 0 when there is none.
 *
 * @param view over the same bytes as `bytes`, offsets alike
 */
export function staticName(bytes: Uint8Array, view: DataView, at: number, end: number): number {
  const length = end - at;
  if (length === 0) return 0;
  const index = slotIndex[slotOf(bytes, view, at, length)]!;
  if (index === 0 || nameLength[index] !== length) return 0;
  return equalText(view, at, textView, textStart[index]!, length) ? index : 0;
}

/**
 * The index with the name of `nameIndex` and the value `[at, end)`; 0 when there is none.
 *
 * @param nameIndex the first index with the name
 */
export function staticField(nameIndex: number, view: DataView, at: number, end: number): number {
  const length = end - at;
  const last = nameLast[nameIndex]!;
  for (let index = nameIndex; index <= last; index++) {
    const valueAt = textStart[index]! + nameLength[index]!;
    if (valueLength[index] === length && equalText(view, at, textView, valueAt, length)) return index;
  }
  return 0;
}
