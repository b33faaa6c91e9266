/**
 * Content codings of responses (RFC 9110 sections 8.4 and 12.5.3): which of those that Weft can make a client takes, which
 * responses may be coded on their way, and what their heads have to say then.
 *
 *     request     Accept-Encoding: br, gzip;q=0.8   --acceptedCoding--> gzip
 *     response    text/html, not coded yet, ...     --isCodable--> yes
 *                 etag: "x"   accept-ranges: bytes  --claimFields--> neither goes on as it is
 */
import { asciiBytes } from './ascii.ts';
import { findField } from './field-lookup.ts';
import { METHOD_HEAD, METHOD_TRACE } from './methods.ts';
import {
  BODY_NONE,
  FIELD_STRIDE,
  FIELD_TOKEN,
  FIELD_VALUE_END,
  FIELD_VALUE_START,
  type ParsedHead,
} from './parsed-head.ts';
import { TOKEN_ACCEPT_ENCODING, TOKEN_HOP_NAMED, TOKEN_TRAILER } from './tokens.ts';

export const CODING_NONE = 0;
export const CODING_GZIP = 1;
/** The zlib format, which HTTP calls deflate. */
export const CODING_DEFLATE = 2;

/** What a coding is called in fields. */
export const CODING_NAMES = ['identity', 'gzip', 'deflate'] as const;

/** Shorter bodies of known length do not get smaller. */
const CODABLE_BYTES_MIN = 64;

const ELEMENT = /^([!#$%&'*+.^_`|~0-9a-z-]+)[ \t]*(?:;[ \t]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?$/;

/**
 * The coding that a client takes best, of those that Weft can make.
 *
 * @param value of `Accept-Encoding`, several joined by commas; elements that are none are left out
 */
export function acceptedCoding(value: string): number {
  let [gzip, deflate, identity, others] = [-1, -1, -1, -1];
  for (const part of value.toLowerCase().split(',')) {
    const [, coding, quality = '1'] = ELEMENT.exec(part.trim()) ?? [];
    const weight = Number(quality);
    if (coding === 'gzip' || coding === 'x-gzip') gzip = Math.max(gzip, weight);
    else if (coding === 'deflate') deflate = weight;
    else if (coding === 'identity') identity = weight;
    else if (coding === '*') others = weight;
  }
  if (gzip < 0) gzip = others;
  if (deflate < 0) deflate = others;
  // What is not coded is always taken, but seldom preferred: only where it is said to be.
  const best = Math.max(gzip, deflate);
  if (best <= 0 || identity > best) return CODING_NONE;
  return gzip >= deflate ? CODING_GZIP : CODING_DEFLATE;
}

/** Remembers what a client's fields meant: browsers send the same ones with every request. */
export class AcceptedCodings {
  readonly #value = new Uint8Array(128);
  #valueBytes = -1;
  #coding = CODING_NONE;

  /** The coding for the response to this request; CODING_NONE where its client asks that nobody transforms it, or to be shown it. */
  of(bytes: Uint8Array, head: ParsedHead): number {
    const { seen, repeated, fields, first } = head;
    if ((seen & (1 << TOKEN_ACCEPT_ENCODING)) === 0 || head.method === METHOD_TRACE) return CODING_NONE;
    const place = (first[TOKEN_ACCEPT_ENCODING] as number) * FIELD_STRIDE;
    const from = fields[place + FIELD_VALUE_START] as number;
    const to = fields[place + FIELD_VALUE_END] as number;
    const single = (repeated & (1 << TOKEN_ACCEPT_ENCODING)) === 0;
    let coding = single && this.#matches(bytes, from, to) ? this.#coding : -1;
    if (coding < 0) {
      coding = acceptedCoding(joinedValues(bytes, head));
      if (single && to - from <= this.#value.length) {
        for (let i = from; i < to; i++) this.#value[i - from] = bytes[i] as number;
        this.#valueBytes = to - from;
        this.#coding = coding;
      }
    }
    return coding !== CODING_NONE && forbidsTransform(bytes, head) ? CODING_NONE : coding;
  }

  #matches(bytes: Uint8Array, from: number, to: number): boolean {
    if (to - from !== this.#valueBytes) return false;
    for (let i = from; i < to; i++) if (bytes[i] !== this.#value[i - from]) return false;
    return true;
  }
}

function joinedValues(bytes: Uint8Array, { fields, fieldCount }: ParsedHead): string {
  const values: string[] = [];
  for (let place = 0; place < fieldCount * FIELD_STRIDE; place += FIELD_STRIDE) {
    if (fields[place + FIELD_TOKEN] !== TOKEN_ACCEPT_ENCODING) continue;
    values.push(textOf(bytes, fields[place + FIELD_VALUE_START] as number, fields[place + FIELD_VALUE_END] as number));
  }
  return values.join(',');
}

function textOf(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let i = from; i < to; i++) text += String.fromCharCode(bytes[i] as number);
  return text;
}

const CACHE_CONTROL = asciiBytes('cache-control');
const NO_TRANSFORM = asciiBytes('no-transform');
const CONTENT_TYPE = asciiBytes('content-type');
const ETAG = asciiBytes('etag');
const ACCEPT_RANGES = asciiBytes('accept-ranges');
const VARY = asciiBytes('vary');
const ACCEPT_ENCODING = asciiBytes('accept-encoding');
const WEAK = asciiBytes('w/');
/** What is coded already, a part of a whole, or told by a sum over its bytes. */
const UNTOUCHABLE = ['content-encoding', 'content-range', 'content-md5', 'content-digest', 'repr-digest', 'digest'].map(
  asciiBytes,
);

const TEXT = asciiBytes('text/');
/** Finagle's list of what is text by another name. */
const TEXT_LIKE = [
  'image/svg+xml',
  'application/atom+xml',
  'application/javascript',
  'application/json',
  'application/rss+xml',
  'application/x-javascript',
  'application/xhtml+xml',
  'application/xml',
].map(asciiBytes);

/** Whether `bytes[from, to)` is a text that is given in lower case, whatever its letters' case. */
function isText(bytes: Uint8Array, from: number, to: number, lower: Uint8Array): boolean {
  return to - from === lower.length && beginsWith(bytes, from, to, lower);
}

function beginsWith(bytes: Uint8Array, from: number, to: number, lower: Uint8Array): boolean {
  if (to - from < lower.length) return false;
  for (let i = 0; i < lower.length; i++) {
    const byte = bytes[from + i] as number;
    if ((byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte) !== lower[i]) return false;
  }
  return true;
}

function holds(bytes: Uint8Array, from: number, to: number, lower: Uint8Array): boolean {
  for (let at = from; at + lower.length <= to; at++) if (beginsWith(bytes, at, to, lower)) return true;
  return false;
}

/** Whether some value of a field holds a word. */
function fieldHolds(bytes: Uint8Array, head: ParsedHead, name: Uint8Array, word: Uint8Array): boolean {
  const { fields } = head;
  for (let at = findField(bytes, head, name); at >= 0; at = findField(bytes, head, name, at + FIELD_STRIDE)) {
    const to = fields[at + FIELD_VALUE_END] as number;
    if (holds(bytes, fields[at + FIELD_VALUE_START] as number, to, word)) return true;
  }
  return false;
}

function forbidsTransform(bytes: Uint8Array, head: ParsedHead): boolean {
  return fieldHolds(bytes, head, CACHE_CONTROL, NO_TRANSFORM);
}

/** Whether the type of a response's content is text, parameters left out. */
function isTextual(bytes: Uint8Array, head: ParsedHead): boolean {
  const at = findField(bytes, head, CONTENT_TYPE);
  if (at < 0) return false;
  const from = head.fields[at + FIELD_VALUE_START] as number;
  let to = head.fields[at + FIELD_VALUE_END] as number;
  for (let i = from; i < to; i++) if (bytes[i] === 0x3b) to = i;
  while (to > from && ((bytes[to - 1] as number) === 0x20 || (bytes[to - 1] as number) === 0x09)) to--;
  if (beginsWith(bytes, from, to, TEXT)) return true;
  return TEXT_LIKE.some((type) => isText(bytes, from, to, type));
}

/**
 * Whether a final response may be coded on its way (RFC 9110 section 7.7, RFC 9111 section 5.2.2.6).
 *
 * @param method of the request: the head of an answer to HEAD is that of one to GET
 * @param textualOnly leave everything else as it is
 */
export function isCodable(bytes: Uint8Array, head: ParsedHead, method: number, textualOnly: boolean): boolean {
  const { status, contentLength, bodyKind } = head;
  if (status < 200 || status === 204 || status === 205 || status === 206 || status === 304) return false;
  if (bodyKind === BODY_NONE && method !== METHOD_HEAD) return false;
  if (contentLength >= 0 && contentLength < CODABLE_BYTES_MIN) return false;
  // Trailers that are announced would be lost.
  if ((head.seen & (1 << TOKEN_TRAILER)) !== 0) return false;
  if (textualOnly && !isTextual(bytes, head)) return false;
  if (UNTOUCHABLE.some((name) => findField(bytes, head, name) >= 0)) return false;
  return !forbidsTransform(bytes, head);
}

/**
 * Takes the fields out of a response's head that do not hold of its coded form: marks them as not to be forwarded.
 *
 * @returns what is to be said instead, as lines: the coding, that it was negotiated, and the entity tag, which is weak now,
 *   because two forms of one content share it (RFC 9110 section 8.8.1)
 */
export function claimFields(bytes: Uint8Array, head: ParsedHead, coding: number): string {
  const lines = [`content-encoding: ${CODING_NAMES[coding]}\r\n`];
  if (!fieldHolds(bytes, head, VARY, ACCEPT_ENCODING)) lines.push('vary: accept-encoding\r\n');
  // Ranges are ranges of the bytes as the origin has them.
  drop(head, findField(bytes, head, ACCEPT_RANGES));
  return lines.join('') + claimEntityTag(bytes, head);
}

/** Makes the entity tag weak: of a coded response, and of the 304 that confirms one. @returns its line, '' when it stays */
export function claimEntityTag(bytes: Uint8Array, head: ParsedHead): string {
  const at = findField(bytes, head, ETAG);
  if (at < 0) return '';
  const from = head.fields[at + FIELD_VALUE_START] as number;
  const to = head.fields[at + FIELD_VALUE_END] as number;
  if (beginsWith(bytes, from, to, WEAK) || from === to) return '';
  drop(head, at);
  return `etag: W/${textOf(bytes, from, to)}\r\n`;
}

function drop(head: ParsedHead, place: number): void {
  if (place < 0) return;
  head.fields[place + FIELD_TOKEN] = TOKEN_HOP_NAMED;
  head.seen |= 1 << TOKEN_HOP_NAMED;
}
