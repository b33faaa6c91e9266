/** Copies of the parts of a head, and the lines that Weft adds. Shared by the writers of both directions. */
import type { ParsedHead } from '../../core/http1/parsed-head.ts';

/** Below this a loop beats the engine's call into memmove (docs/decisions/hot-path.md). */
const LOOP_BYTES_MAX = 64;

/** Copies `bytes[from, to)` to a place that does not overlap it. @returns the end of the copy */
export function copyBytes(bytes: Uint8Array, at: number, from: number, to: number): number {
  const byteLength = to - from;
  if (byteLength > LOOP_BYTES_MAX) {
    bytes.copyWithin(at, from, to);
    return at + byteLength;
  }
  for (let i = 0; i < byteLength; i++) bytes[at + i] = bytes[from + i] as number;
  return at + byteLength;
}

/** Copies a prepared piece. @returns the end of the copy */
export function copyPiece(bytes: Uint8Array, at: number, piece: Uint8Array, byteLength: number): number {
  for (let i = 0; i < byteLength; i++) bytes[at + i] = piece[i] as number;
  return at + byteLength;
}

/** A prepared piece from text of one byte a character. */
export function piece(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}

/** The line that a proxy adds (RFC 9110 section 7.6.3), with the pseudonym that Linkerd's users look for. */
export const VIA_LINE = piece('via: 1.1 linkerd\r\n');
/** The same behind values that were there before. */
export const VIA_SUFFIX = piece(', 1.1 linkerd\r\n');
/** Where in front of its line's end Weft's entry has the minor version of the message that it stands for. */
export const VIA_MINOR_BACK = '1 linkerd\r\n'.length;
export const VIA_START = piece('via: ');
export const CONNECTION_CLOSE = piece('connection: close\r\n');
export const CONNECTION_KEEP_ALIVE = piece('connection: keep-alive\r\n');
export const CONNECTION_UPGRADE = piece('connection: upgrade\r\n');

/** The offset of the first field line, or of the empty line where there is none. */
export function fieldsStart(head: ParsedHead, headEnd: number): number {
  return head.fieldCount > 0 ? (head.fields[0] as number) : headEnd - 2;
}
