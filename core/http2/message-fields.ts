/**
 * The rules that hold for every field of a message (RFC 9113 sections 8.2 and 8.3, hostile-inputs row 30). HTTP/2 can carry
 * bytes that HTTP/1 takes for delimiters: a CR LF in a value is one value here and two lines there, so a section with
 * anything that HTTP/1 could not carry is refused as a whole.
 *
 *     :method  :path  :authority ...   accept  cookie  cookie ...
 *     pseudo: token HOP_NAMED          token as in HTTP/1
 *     |<-------- pseudo ----------->|  ^ firstRegular
 *
 * The HPACK decoder has told each field's token and `nameIndex` (see `FieldSection.add`). A pseudo-header field gets the
 * token of fields that are not to be forwarded: an HTTP/1 writer that knows nothing of them leaves them out.
 */
import { asciiBytes, CHAR_CLASS, COLON, equalsIgnoreCase, HTAB, SP, TOKEN_CHAR } from '../http1/ascii.ts';
import { FIELD_NAME_END, FIELD_STRIDE, FIELD_TOKEN, FIELD_VALUE_END, FIELD_VALUE_START } from '../http1/parsed-head.ts';
import { skipValue } from '../http1/scan.ts';
import {
  TOKEN_CONNECTION,
  TOKEN_HOP_NAMED,
  TOKEN_KEEP_ALIVE,
  TOKEN_LOOKALIKE,
  TOKEN_NONE,
  TOKEN_PROXY_CONNECTION,
  TOKEN_TE,
  TOKEN_TRANSFER_ENCODING,
  TOKEN_UPGRADE,
} from '../http1/tokens.ts';
import type { FieldSection } from './field-section.ts';
import {
  ERR_CONNECTION_FIELD,
  ERR_FIELD_NAME,
  ERR_FIELD_NAME_CASE,
  ERR_FIELD_VALUE,
  ERR_FIELD_VALUE_SPACE,
  ERR_FIELDS_TOO_LARGE,
  ERR_LOOKALIKE,
  ERR_PSEUDO_IN_TRAILERS,
  ERR_PSEUDO_LATE,
  ERR_PSEUDO_REPEATED,
  ERR_PSEUDO_UNKNOWN,
  ERR_TE,
} from './message-errors.ts';
import { PSEUDO_UNKNOWN, pseudoField } from './pseudo-fields.ts';

const CONNECTION_FIELDS =
  (1 << TOKEN_CONNECTION) |
  (1 << TOKEN_KEEP_ALIVE) |
  (1 << TOKEN_PROXY_CONNECTION) |
  (1 << TOKEN_TRANSFER_ENCODING) |
  (1 << TOKEN_UPGRADE);
const HOP_BIT = 1 << TOKEN_HOP_NAMED;
const TRAILERS = asciiBytes('trailers');
/** Of Cookie in HPACK's static table. */
const COOKIE_NAME_INDEX = 32;

/**
 * Checks all fields of a section and sets `firstRegular`, `pseudo`, `cookies` and `firstCookie`; once after each decoding.
 *
 * @param allowed bit `1 << PSEUDO_*` for each pseudo-header field that may be there; 0 for a trailer section
 * @returns 0 or an error of `message-errors.ts`
 */
export function checkFields(section: FieldSection, allowed: number): number {
  if (section.overflowed) return ERR_FIELDS_TOO_LARGE;
  const { bytes, view, fields, fieldCount } = section;
  section.pseudo.fill(-1);
  section.cookies = 0;
  section.firstRegular = fieldCount;
  for (let index = 0, at = 0; index < fieldCount; index++, at += FIELD_STRIDE) {
    const nameStart = fields[at]!;
    const valueStart = fields[at + FIELD_VALUE_START]!;
    const valueEnd = fields[at + FIELD_VALUE_END]!;
    if (skipValue(bytes, view, valueStart, valueEnd) !== valueEnd) return ERR_FIELD_VALUE;
    if (valueEnd > valueStart && (isBlank(bytes[valueStart]!) || isBlank(bytes[valueEnd - 1]!))) {
      return ERR_FIELD_VALUE_SPACE;
    }
    const isPseudo = fields[at + FIELD_NAME_END]! > nameStart && bytes[nameStart] === COLON;
    const error = isPseudo ? checkPseudo(section, index, allowed) : checkRegular(section, index);
    if (error !== 0) return error;
  }
  return 0;
}

function checkPseudo(section: FieldSection, index: number, allowed: number): number {
  if (allowed === 0) return ERR_PSEUDO_IN_TRAILERS;
  if (section.firstRegular < index) return ERR_PSEUDO_LATE;
  const field = pseudoField(section.nameIndex[index]!);
  if (field === PSEUDO_UNKNOWN || ((1 << field) & allowed) === 0) return ERR_PSEUDO_UNKNOWN;
  if (section.pseudo[field]! >= 0) return ERR_PSEUDO_REPEATED;
  section.pseudo[field] = index;
  section.fields[index * FIELD_STRIDE + FIELD_TOKEN] = TOKEN_HOP_NAMED;
  if ((section.seen & HOP_BIT) === 0) section.first[TOKEN_HOP_NAMED] = index;
  section.seen |= HOP_BIT;
  return 0;
}

function checkRegular(section: FieldSection, index: number): number {
  if (section.firstRegular > index) section.firstRegular = index;
  const { bytes, fields } = section;
  const at = index * FIELD_STRIDE;
  const nameIndex = section.nameIndex[index]!;
  if (nameIndex === 0) {
    const error = checkName(bytes, fields[at]!, fields[at + FIELD_NAME_END]!);
    if (error !== 0) return error;
  } else if (nameIndex === COOKIE_NAME_INDEX) {
    if (section.cookies++ === 0) section.firstCookie = index;
  }
  const token = fields[at + FIELD_TOKEN]!;
  if (token === TOKEN_NONE) return 0;
  if (token === TOKEN_LOOKALIKE) return ERR_LOOKALIKE;
  if (((1 << token) & CONNECTION_FIELDS) !== 0) return ERR_CONNECTION_FIELD;
  if (token !== TOKEN_TE) return 0;
  return equalsIgnoreCase(bytes, fields[at + FIELD_VALUE_START]!, fields[at + FIELD_VALUE_END]!, TRAILERS) ? 0 : ERR_TE;
}

/** A token without upper-case letters; any name of HPACK's static table is one. */
function checkName(bytes: Uint8Array, start: number, end: number): number {
  if (start === end) return ERR_FIELD_NAME;
  for (let pos = start; pos < end; pos++) {
    const byte = bytes[pos]!;
    if ((CHAR_CLASS[byte]! & TOKEN_CHAR) === 0) return ERR_FIELD_NAME;
    if (byte >= 0x41 && byte <= 0x5a) return ERR_FIELD_NAME_CASE;
  }
  return 0;
}

function isBlank(byte: number): boolean {
  return byte === SP || byte === HTAB;
}
