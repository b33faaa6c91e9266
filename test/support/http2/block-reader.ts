/** Header blocks (RFC 7541) of one direction of a connection, put together from HEADERS and CONTINUATION and decoded. */
import { FLAG_END_HEADERS } from '../../../core/http2/frame-flags.ts';
import { FRAME_HEADERS } from '../../../core/http2/frame-types.ts';
import { TestDecoder } from '../../../core/http2/hpack/test-codec.ts';
import { contentOf, hasFlag, type Received } from './received.ts';

/** Far above what Weft sends; and the largest table that a test may announce. */
const BOUNDS = { listBytesMax: 1 << 22, textBytesMax: 1 << 17, fieldCountMax: 1000, tableBytesMax: 16_384 };

/** Reads the blocks in the order in which they come. */
export class BlockReader {
  readonly #decoder = new TestDecoder(BOUNDS);
  #head: Received | undefined = undefined;
  #fragments: Buffer[] = [];

  /** The other side has acknowledged a SETTINGS_HEADER_TABLE_SIZE of ours. */
  limitTable(bytes: number): void {
    this.#decoder.decoder.limitTableSize(bytes);
  }

  /**
   * Adds HEADERS or CONTINUATION.
   *
   * @returns the HEADERS of the block, with its fields, once it is whole
   * @throws RangeError when it does not decode
   */
  add(frame: Received): Received | undefined {
    if (frame.type === FRAME_HEADERS) {
      this.#head = frame;
      this.#fragments = [];
    }
    this.#fragments.push(contentOf(frame));
    if (this.#head === undefined || !hasFlag(frame, FLAG_END_HEADERS)) return undefined;
    const error = this.#decoder.decode(Buffer.concat(this.#fragments));
    if (error !== 0 || this.#decoder.section.overflowed) throw new RangeError(`a header block: error ${error}`);
    this.#head.fields = this.#decoder.fields;
    return this.#head;
  }
}
