/**
 * What a worker says of a request for the access log (spec 06 section 9), on its way through a ring in shared memory to the
 * supervisor, which makes a line of it. Texts go whole, so records differ in length; all of one are pushed at once.
 *
 *     word  0          words of the record, this one included
 *           1          router
 *           2          seconds since the epoch at the response's head
 *           3          status
 *           4  5       Content-Length of the response, low half and high half; both -1 without one
 *           6          address family of the client: FAMILY_*
 *           7 .. 10    its address, as core/shared/endpoint-address.ts has it
 *           11         minor version of HTTP/1
 *           12         bytes of the method
 *           13         bytes of the authority
 *           14         bytes of the target
 *           15         bytes of Referer, -1 without one
 *           16         bytes of User-Agent, -1 without one
 *           17 ..      the texts in that order, without gaps; filled up to whole words
 */
import { FAMILY_NONE, formatIp } from './endpoint-address.ts';

export const RECORD_WORDS = 0;
export const RECORD_ROUTER = 1;
export const RECORD_SECONDS = 2;
export const RECORD_STATUS = 3;
export const RECORD_LENGTH = 4;
export const RECORD_FAMILY = 6;
export const RECORD_ADDRESS = 7;
export const RECORD_MINOR = 11;
export const RECORD_TEXTS = 12;
/** The first word of the texts. */
export const RECORD_TEXT_AT = 17;

/** A record, read. */
export interface AccessRecord {
  readonly router: number;
  readonly seconds: number;
  readonly status: number;
  /** -1 without one. */
  readonly contentLength: number;
  /** '' when it is not known any more. */
  readonly clientIp: string;
  readonly minorVersion: number;
  readonly method: string;
  readonly authority: string;
  readonly target: string;
  readonly referer: string | undefined;
  readonly userAgent: string | undefined;
}

/**
 * Reads the record at `words[at]`. Texts are read as Latin-1: one character a byte.
 *
 * @param latin1 makes a text of `bytes` of the array behind `words`
 */
export function readAccessRecord(
  words: Int32Array,
  at: number,
  latin1: (byteAt: number, byteEnd: number) => string,
): AccessRecord {
  const word = (index: number) => words[at + index] as number;
  let textAt = words.byteOffset + 4 * (at + RECORD_TEXT_AT);
  const text = (index: number): string | undefined => {
    const byteLength = word(RECORD_TEXTS + index);
    if (byteLength < 0) return undefined;
    textAt += byteLength;
    return latin1(textAt - byteLength, textAt);
  };
  const high = word(RECORD_LENGTH + 1);
  return {
    router: word(RECORD_ROUTER),
    seconds: word(RECORD_SECONDS) >>> 0,
    status: word(RECORD_STATUS),
    contentLength: high < 0 ? -1 : high * 2 ** 32 + (word(RECORD_LENGTH) >>> 0),
    clientIp: word(RECORD_FAMILY) === FAMILY_NONE ? '' : formatIp(word(RECORD_FAMILY), words, at + RECORD_ADDRESS),
    minorVersion: word(RECORD_MINOR),
    method: text(0) ?? '',
    authority: text(1) ?? '',
    target: text(2) ?? '',
    referer: text(3),
    userAgent: text(4),
  };
}
