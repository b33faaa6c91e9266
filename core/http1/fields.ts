/**
 * Field lines (RFC 9112 section 5), of heads and trailers alike: syntax alone, one pass, the hottest loop of the codec.
 * What the fields mean together is judged when the section is complete (`framing.ts`).
 *
 *             tchar        OWS         field-vchar SP HTAB
 *            +-----+      +---+             +-----+
 *            v     |      v   |             v     |
 *     line -> name -> ':' -> (space) -> value ------> CR -> LF -> line
 *       |                                                          ^
 *       +--> CR -> LF: the section ends       anything else: an error, reported at the byte that is wrong
 */
import { COLON, CR, HTAB, LF, SP } from './ascii.ts';
import {
  ERR_BARE_CR,
  ERR_BARE_LF,
  ERR_FIELD_COUNT,
  ERR_FIELD_NAME,
  ERR_FIELD_VALUE,
  ERR_LEADING_SPACE,
  ERR_LOOKALIKE,
  ERR_SPACE_BEFORE_COLON,
  INCOMPLETE,
} from './errors.ts';
import { FIELD_STRIDE, type ParsedHead } from './parsed-head.ts';
import { isToken, skipName, skipValue } from './scan.ts';
import { fieldToken, TOKEN_LOOKALIKE, TOKEN_NONE, TOKEN_UNKNOWN } from './tokens.ts';

/**
 * Parses field lines up to and with the empty line into `fieldCount`, `fields`, `seen`, `repeated` and `first`.
 *
 * @param bytesMax bound on the section, the empty line included
 * @param tooLarge the error when it is met
 * @returns the offset past the empty line, INCOMPLETE or an error
 */
export function parseFields(
  head: ParsedHead,
  bytes: Uint8Array,
  start: number,
  end: number,
  bytesMax: number,
  tooLarge: number,
): number {
  const stop = Math.min(end, start + bytesMax);
  const ranOut = end - start >= bytesMax ? tooLarge : INCOMPLETE;
  const fields = head.fields;
  const view = head.view;
  const room = fields.length;
  let count = 0;
  let at = 0;
  let seen = 0;
  let repeated = 0;
  let pos = start;
  while (pos < stop) {
    const nameStart = pos;
    pos = skipName(bytes, view, pos, stop);
    const nameEnd = pos;
    let token = nameEnd > nameStart ? fieldToken(bytes, view, nameStart, nameEnd) : TOKEN_NONE;
    if (token === TOKEN_UNKNOWN) {
      if (!isToken(bytes, nameStart, nameEnd)) return ERR_FIELD_NAME;
      token = TOKEN_NONE;
    }
    if (pos === stop) return ranOut;
    if (bytes[pos] !== COLON || nameEnd === nameStart) {
      if (bytes[pos] !== CR || nameEnd !== nameStart) return nameError(bytes[pos]!, nameEnd === nameStart);
      if (pos + 1 === stop) return ranOut;
      if (bytes[pos + 1] !== LF) return ERR_BARE_CR;
      head.fieldCount = count;
      head.seen = seen;
      head.repeated = repeated;
      return pos + 2;
    }
    if (at === room) return ERR_FIELD_COUNT;
    do pos++;
    while (pos < stop && (bytes[pos] === SP || bytes[pos] === HTAB));
    const valueStart = pos;
    pos = skipValue(bytes, view, pos, stop);
    if (pos === stop) return ranOut;
    if (bytes[pos] !== CR) return bytes[pos] === LF ? ERR_BARE_LF : ERR_FIELD_VALUE;
    let valueEnd = pos;
    while (valueEnd > valueStart && (bytes[valueEnd - 1] === SP || bytes[valueEnd - 1] === HTAB)) valueEnd--;
    if (pos + 1 === stop) return ranOut;
    if (bytes[pos + 1] !== LF) return ERR_BARE_CR;
    pos += 2;

    if (token !== TOKEN_NONE) {
      if (token === TOKEN_LOOKALIKE) return ERR_LOOKALIKE;
      const bit = 1 << token;
      if ((seen & bit) === 0) head.first[token] = count;
      repeated |= seen & bit;
      seen |= bit;
    }
    fields[at] = nameStart;
    fields[at + 1] = nameEnd;
    fields[at + 2] = valueStart;
    fields[at + 3] = valueEnd;
    fields[at + 4] = token;
    at += FIELD_STRIDE;
    count++;
  }
  return ranOut;
}

/** The error for a byte, not a colon, that ends a field name. */
function nameError(byte: number, nameIsEmpty: boolean): number {
  if (byte === SP || byte === HTAB) return nameIsEmpty ? ERR_LEADING_SPACE : ERR_SPACE_BEFORE_COLON;
  return byte === LF ? ERR_BARE_LF : ERR_FIELD_NAME;
}
