/**
 * Writing text into heads. Whatever comes from a configuration, a dtab or a decoded `%0d%0a` is asked first whether it
 * is safe: a CR, LF or NUL that got into a head would be a second head (hostile-inputs row 27, RFC 9112 section 11.1).
 */
import { CHAR_CLASS, HTAB, SP, TOKEN_CHAR, VALUE_CHAR, ZERO } from './ascii.ts';

const QUESTION = 0x3f;
const PLUS = '+';
/** What Java's URLEncoder leaves as it is: Linkerd's `l5d-err` is read by programs. */
const FORM_RAW = /[A-Za-z0-9.*_-]/;

/**
 * Writes a text as ISO-8859-1 from `at`, with `?` for every character outside it: cutting a character code to its
 * low byte would make a LF of U+560A.
 *
 * @returns the offset past it
 */
export function writeLatin1(bytes: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    bytes[at + i] = code > 0xff ? QUESTION : code;
  }
  return at + text.length;
}

/** Writes a whole number from 0 to 2^53 - 1 in decimal, without leading zeros. @returns the offset past it */
export function writeDecimal(bytes: Uint8Array, at: number, value: number): number {
  let digits = 1;
  for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) digits++;
  let rest = value;
  for (let pos = at + digits - 1; pos >= at; pos--) {
    const tenth = Math.floor(rest / 10);
    bytes[pos] = ZERO + (rest - tenth * 10);
    rest = tenth;
  }
  return at + digits;
}

/** Writes a whole number from 0 to 2^53 - 1 in lower-case hexadecimal, without leading zeros. @returns the offset past it */
export function writeHex(bytes: Uint8Array, at: number, value: number): number {
  let digits = 1;
  for (let rest = value; rest >= 16; rest = Math.floor(rest / 16)) digits++;
  let rest = value;
  for (let pos = at + digits - 1; pos >= at; pos--) {
    const digit = rest % 16;
    bytes[pos] = digit < 10 ? ZERO + digit : 0x57 + digit;
    rest = Math.floor(rest / 16);
  }
  return at + digits;
}

/** Whether a text can be written as a field value (RFC 9110 section 5.5): ISO-8859-1, no controls, no outer whitespace. */
export function isFieldValueSafe(text: string): boolean {
  return allOf(text, VALUE_CHAR) && !isBlank(text.charCodeAt(0)) && !isBlank(text.charCodeAt(text.length - 1));
}

/** Whether a text can be written as a field name: a token (RFC 9110 section 5.1). */
export function isFieldNameSafe(text: string): boolean {
  return text.length > 0 && allOf(text, TOKEN_CHAR);
}

/**
 * The value of `l5d-err` for a message (spec 03 section 4.3): form-url-encoded as ISO-8859-1.
 *
 * @param bytesMax bound on the result, which never ends within an escape
 */
export function formUrlEncodeLatin1(message: string, bytesMax: number): string {
  let encoded = '';
  for (const char of message) {
    const piece = encodeChar(char);
    if (encoded.length + piece.length > bytesMax) break;
    encoded += piece;
  }
  return encoded;
}

function encodeChar(char: string): string {
  if (char === ' ') return PLUS;
  if (FORM_RAW.test(char)) return char;
  const code = char.codePointAt(0)!;
  const byte = code > 0xff ? QUESTION : code;
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}

function allOf(text: string, charClass: number): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff || (CHAR_CLASS[code]! & charClass) === 0) return false;
  }
  return true;
}

function isBlank(code: number): boolean {
  return code === SP || code === HTAB;
}
