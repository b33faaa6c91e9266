/**
 * The head of an HTTP/1 message, parsed in one pass over bytes that nobody copies. It keeps nothing between calls: an
 * incomplete head is parsed again when more bytes have come, so the verdict cannot depend on how the bytes were cut.
 *
 *     start-line CRLF *( field-line CRLF ) CRLF
 *     |              ||                        |
 *     initialLineBytesMax      headBytesMax            Linkerd's maxInitialLineKB and maxHeadersKB
 */
import { parseTarget, takeHost } from './authority.ts';
import { markForbiddenTrailers, readConnection, readExpect } from './connection.ts';
import { ERR_HEAD_TOO_LARGE, ERR_TRAILERS_TOO_LARGE } from './errors.ts';
import { parseFields } from './fields.ts';
import { frameRequest, frameResponse } from './framing.ts';
import { ListCursor } from './list.ts';
import { BODY_UNTIL_CLOSE, ParsedHead } from './parsed-head.ts';
import { parseRequestLine, parseStatusLine, skipEmptyLines } from './start-line.ts';

/** Bounds on a head. */
export interface HeadLimits {
  /** Field lines of a head or trailer section. */
  readonly headerCountMax: number;
  /** Bytes of the field lines with the empty line that ends them; the start line is not counted, as in Linkerd. */
  readonly headBytesMax: number;
  /** Bytes of the start line with its CRLF. */
  readonly initialLineBytesMax: number;
  readonly leadingEmptyLinesMax: number;
  /** Bytes of a trailer section. */
  readonly trailerBytesMax: number;
}

/**
 * Parses heads into its own fields (see {@link ParsedHead}); one serves all connections of a thread, one after another.
 *
 * Every method returns the offset just past what it parsed, INCOMPLETE, or an error constant of `errors.ts`. Bytes at
 * and after `end` are not looked at. Fields are valid after an offset was returned, and only then.
 */
export class HeadParser extends ParsedHead {
  readonly #limits: HeadLimits;
  readonly #list = new ListCursor();
  #viewed: Uint8Array = new Uint8Array(0);

  constructor(limits: HeadLimits) {
    super(limits.headerCountMax);
    this.#limits = limits;
  }

  /** Parses a request's head in `bytes[start, end)`, leading empty lines skipped (RFC 9112 sections 2 to 6). */
  parseRequest(bytes: Uint8Array, start: number, end: number): number {
    if (bytes !== this.#viewed) this.#look(bytes);
    const limits = this.#limits;
    let pos = skipEmptyLines(bytes, start, end, limits.leadingEmptyLinesMax);
    if (pos < 0) return pos;
    pos = parseRequestLine(this, bytes, pos, end, limits.initialLineBytesMax);
    if (pos < 0) return pos;
    let error = parseTarget(this, bytes);
    if (error < 0) return error;
    pos = parseFields(this, bytes, pos, end, limits.headBytesMax, ERR_HEAD_TOO_LARGE);
    if (pos < 0) return pos;
    error = takeHost(this, bytes);
    if (error === 0) error = frameRequest(this, bytes, this.#list);
    if (error === 0) error = readConnection(this, bytes, this.#list);
    if (error === 0) error = readExpect(this, bytes);
    return error < 0 ? error : pos;
  }

  /**
   * Parses a response's head in `bytes[start, end)`.
   *
   * @param requestMethod the `METHOD_*` of the request that it answers: HEAD and CONNECT decide about the body
   */
  parseResponse(bytes: Uint8Array, start: number, end: number, requestMethod: number): number {
    if (bytes !== this.#viewed) this.#look(bytes);
    const limits = this.#limits;
    let pos = parseStatusLine(this, bytes, start, end, limits.initialLineBytesMax);
    if (pos < 0) return pos;
    pos = parseFields(this, bytes, pos, end, limits.headBytesMax, ERR_HEAD_TOO_LARGE);
    if (pos < 0) return pos;
    let error = frameResponse(this, bytes, this.#list, requestMethod);
    if (error === 0) error = readConnection(this, bytes, this.#list);
    if (this.bodyKind === BODY_UNTIL_CLOSE) this.persistent = false;
    return error < 0 ? error : pos;
  }

  /**
   * Parses a trailer section into `fieldCount`, `fields`, `seen`, `repeated` and `first`; what the head said about
   * framing and connection stays. Fields that may not be trailers are marked TOKEN_HOP_NAMED, for the forwarder to drop.
   */
  parseTrailers(bytes: Uint8Array, start: number, end: number): number {
    if (bytes !== this.#viewed) this.#look(bytes);
    const pos = parseFields(this, bytes, start, end, this.#limits.trailerBytesMax, ERR_TRAILERS_TOO_LARGE);
    if (pos >= 0) markForbiddenTrailers(this, bytes);
    return pos;
  }

  /** Once for each array; a worker has one, so this is no cost of a head. */
  #look(bytes: Uint8Array): void {
    this.#viewed = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
}
