/**
 * Content of an HTTP/2 message on an HTTP/1 connection: as it is where the head gave its length, in chunks where it did not
 * (RFC 9112 section 7.1).
 *
 *     length      | content | content |
 *     chunked     5 CRLF | content | CRLF ... 0 CRLF CRLF
 */
import type { Connection } from '../net/connection.ts';
import type { Outlet } from '../net/sink.ts';
import type { Compression } from './compression.ts';
import { copyPiece, piece } from './field-lines.ts';

const CRLF = piece('\r\n');
const LAST_CHUNK = piece('0\r\n\r\n');

/** How content is framed. */
export const CONTENT = { plain: 0, chunked: 1, withheld: 2 } as const;

/** The outlet of one connection. */
export class ContentOutlet implements Outlet {
  /** One of {@link CONTENT}. */
  framing: number = CONTENT.plain;
  /** What content goes through, whatever the framing; null for nothing. */
  compression: Compression | null = null;
  readonly #connection: Connection;
  readonly #scratchAt: number;

  /** @param scratchAt an area for a chunk's first line */
  constructor(connection: Connection, scratchAt: number) {
    this.#connection = connection;
    this.#scratchAt = scratchAt;
  }

  sendContent(at: number, byteLength: number, endStream: boolean, _inPlace: boolean): number {
    const connection = this.#connection;
    if (this.framing === CONTENT.withheld || connection.closed) return byteLength;
    if (this.compression !== null) {
      this.#compress(this.compression, at, byteLength, endStream);
    } else if (this.framing === CONTENT.plain) {
      if (byteLength > 0) connection.write(at, byteLength);
    } else {
      this.#writeChunk(at, byteLength);
      if (endStream && !connection.closed) this.#writePiece(LAST_CHUNK);
    }
    // What the socket does not take holds back the one who sends; all of it is taken when that has drained.
    return connection.outputBytes < connection.net.limits.pendingBytesMax ? byteLength : 0;
  }

  /** The message ends without further content. */
  end(): void {
    if (this.compression !== null) this.compression.finish();
    else if (this.framing === CONTENT.chunked && !this.#connection.closed) this.#writePiece(LAST_CHUNK);
  }

  #compress(compression: Compression, at: number, byteLength: number, endStream: boolean): void {
    if (byteLength > 0 && !compression.write(at, byteLength)) return;
    if (endStream) compression.finish();
    else compression.flush();
  }

  #writeChunk(at: number, byteLength: number): void {
    if (byteLength === 0) return;
    const connection = this.#connection;
    const size = piece(`${byteLength.toString(16)}\r\n`);
    copyPiece(connection.net.bytes, this.#scratchAt, size);
    if (!connection.writeTwo(this.#scratchAt, size.byteLength, at, byteLength)) return;
    this.#writePiece(CRLF);
  }

  #writePiece(prepared: ReturnType<typeof piece>): void {
    copyPiece(this.#connection.net.bytes, this.#scratchAt, prepared);
    this.#connection.write(this.#scratchAt, prepared.byteLength);
  }
}
