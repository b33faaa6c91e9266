/**
 * The bytes that a client sends first (RFC 9113 section 3.4): an HTTP/1 server would refuse them, so a server that reads
 * them knows what is spoken.
 *
 *     P R I SP * SP H T T P / 2 . 0 CR LF CR LF S M CR LF CR LF   then SETTINGS
 */
import { asciiBytes } from '../http1/ascii.ts';
import { INCOMPLETE } from '../http1/errors.ts';
import { ERR_PREFACE, ERR_PREFACE_TEXT } from './protocol-errors.ts';

/** The preface. */
export const PREFACE: Uint8Array = asciiBytes('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/**
 * Compares `bytes[start, end)` with the preface.
 *
 * @returns the offset past it; INCOMPLETE while all bytes there are agree; ERR_PREFACE_TEXT when the first that differs
 *   is visible ASCII (the peer speaks HTTP/1 and reads a plain 400), else ERR_PREFACE
 */
export function readPreface(bytes: Uint8Array, start: number, end: number): number {
  const there = Math.min(end - start, PREFACE.length);
  for (let i = 0; i < there; i++) {
    const byte = bytes[start + i]!;
    if (byte !== PREFACE[i]) return byte >= 0x20 && byte < 0x7f ? ERR_PREFACE_TEXT : ERR_PREFACE;
  }
  return there < PREFACE.length ? INCOMPLETE : start + there;
}

/** Writes the preface. @returns the offset past it */
export function writePreface(bytes: Uint8Array, at: number): number {
  bytes.set(PREFACE, at);
  return at + PREFACE.length;
}
