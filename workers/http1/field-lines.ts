/** Copies of the parts of a head, and the lines that Weft adds. Shared by the writers of both directions. */
import type { ParsedHead } from '../../core/http1/parsed-head.ts';

/** From here on the engine's call into memmove beats a loop (docs/decisions/hot-path.md). */
const LOOP_BYTES_MAX = 256;

let viewedBytes = new Uint8Array(0) as Uint8Array;
let view: DataView = new DataView(new ArrayBuffer(0));

/** A view for reading and writing words at any offset. A thread has one memory: it is made once. */
export function viewOf(bytes: Uint8Array): DataView {
  if (bytes !== viewedBytes) {
    viewedBytes = bytes;
    view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  return view;
}

/** Copies `bytes[from, to)` to a place that does not overlap it, four bytes at a time. @returns the end of the copy */
export function copyBytes(bytes: Uint8Array, at: number, from: number, to: number): number {
  const end = at + to - from;
  if (to - from > LOOP_BYTES_MAX) {
    bytes.copyWithin(at, from, to);
    return end;
  }
  const words = viewOf(bytes);
  let target = at;
  let source = from;
  for (; source + 4 <= to; source += 4, target += 4) words.setInt32(target, words.getInt32(source, true), true);
  for (; source < to; source++, target++) bytes[target] = bytes[source] as number;
  return end;
}

/** Bytes prepared for being written often: as words, the last one filled up with zeros. */
export class Piece {
  readonly byteLength: number;
  readonly #words: Int32Array;

  constructor(bytes: Uint8Array) {
    this.byteLength = bytes.length;
    const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
    padded.set(bytes);
    const packed = new DataView(padded.buffer);
    this.#words = Int32Array.from({ length: padded.length / 4 }, (_, i) => packed.getInt32(4 * i, true));
  }

  /** Writes the first `byteLength` bytes, and not one more. @returns their end */
  write(bytes: Uint8Array, at: number, byteLength: number): number {
    const target = viewOf(bytes);
    const words = this.#words;
    const whole = byteLength >> 2;
    for (let i = 0; i < whole; i++) target.setInt32(at + 4 * i, words[i] as number, true);
    for (let i = whole << 2; i < byteLength; i++) bytes[at + i] = (words[whole] as number) >>> (8 * (i & 3));
    return at + byteLength;
  }
}

/** Writes a prepared piece. @returns its end */
export function copyPiece(bytes: Uint8Array, at: number, prepared: Piece): number {
  return prepared.write(bytes, at, prepared.byteLength);
}

/** Writes 32 bits as four bytes, the lowest first. */
export function writeWord(bytes: Uint8Array, at: number, word: number): void {
  viewOf(bytes).setInt32(at, word, true);
}

/** A prepared piece from text of one byte a character. */
export function piece(text: string): Piece {
  return new Piece(Buffer.from(text, 'latin1'));
}

/** The line that a proxy adds (RFC 9110 section 7.6.3), with the pseudonym that Linkerd's users look for. */
export const VIA_TEXT = 'via: 1.1 linkerd\r\n';
export const VIA_LINE = piece(VIA_TEXT);
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
