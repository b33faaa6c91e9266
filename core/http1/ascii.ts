/**
 * What every byte may be in an HTTP/1 head, as one 256-entry table, so that a scanner asks one question a byte.
 *
 *     bit   7   6   5   4        3      2        1       0
 *           -   -   -   scheme   host   target   value   token
 */

/** RFC 9110 section 5.6.2 `tchar`: methods, field names, list tokens. */
export const TOKEN_CHAR = 1;
/** RFC 9110 section 5.5: SP, HTAB, visible ASCII and obs-text; what a field value or reason phrase may hold. */
export const VALUE_CHAR = 2;
/** Visible ASCII without `#`: a fragment is no part of any request target (RFC 9112 section 3.2). */
export const TARGET_CHAR = 4;
/** RFC 3986 `reg-name`: unreserved, sub-delims and `%`. */
export const HOST_CHAR = 8;
/** Letters, digits and `+-.`: what a URI scheme may hold after its first letter. */
export const SCHEME_CHAR = 16;

/** The classes of each byte, see the drawing above. */
export const CHAR_CLASS: Uint8Array = buildClasses();

/** The value of each hexadecimal digit, 255 for every other byte. */
export const HEX_VALUE: Uint8Array = buildHexValues();

export const HTAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const COMMA = 0x2c;
export const SLASH = 0x2f;
export const ZERO = 0x30;
export const NINE = 0x39;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;

/** The bytes of a text that is known to be ASCII. */
export function asciiBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/**
 * Whether the bytes from `start` spell `name`, letters in either case.
 *
 * `name` is lower-case letters, digits and `-`. The bytes compared must hold no control characters: without those,
 * setting bit 0x20 maps upper-case letters to lower-case and nothing else onto a letter, digit or `-`.
 */
export function equalsIgnoreCase(bytes: Uint8Array, start: number, end: number, name: Uint8Array): boolean {
  if (end - start !== name.length) return false;
  for (let i = 0; i < name.length; i++) {
    if ((bytes[start + i]! | 0x20) !== name[i]) return false;
  }
  return true;
}

function buildClasses(): Uint8Array {
  const classes = new Uint8Array(256);
  const add = (chars: string, bit: number): void => {
    for (const byte of asciiBytes(chars)) classes[byte]! |= bit;
  };
  const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
  const digits = '0123456789';
  add(`${letters}${digits}!#$%&'*+-.^_\`|~`, TOKEN_CHAR);
  add(`${letters}${digits}-._~!$&'()*+,;=%`, HOST_CHAR);
  add(`${letters}${digits}+-.`, SCHEME_CHAR);
  add('\t ', VALUE_CHAR);
  for (let byte = 0x21; byte < 0x7f; byte++) classes[byte]! |= VALUE_CHAR | TARGET_CHAR;
  for (let byte = 0x80; byte < 0x100; byte++) classes[byte]! |= VALUE_CHAR;
  classes[0x23]! &= ~TARGET_CHAR;
  return classes;
}

function buildHexValues(): Uint8Array {
  const values = new Uint8Array(256).fill(255);
  for (let value = 0; value < 16; value++) {
    const digit = value.toString(16);
    values[digit.charCodeAt(0)] = value;
    values[digit.toUpperCase().charCodeAt(0)] = value;
  }
  return values;
}
