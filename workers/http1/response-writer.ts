/**
 * The response head as it goes to the client, rewritten where it lies: Weft's lines go between the status line and the
 * first field, so the head grows to the left, into the read buffer's headroom, and stays in one piece with the body.
 *
 *     before      |                      | HTTP/1.1 200 OK | server: x | content-length: 2 |  | ok
 *     after       | HTTP/1.1 200 OK | l5d-success-class: 1.0 | via: 1.1 linkerd | server: x | ...  | ok
 *                 ^ head                                                ^ does not move
 *
 * A line that has to go (connection, say) is closed over by moving the lines in front of it to the right.
 */
import type { HeadParser } from '../../core/http1/head.ts';
import { FIELD_NAME_END, FIELD_STRIDE, FIELD_TOKEN } from '../../core/http1/parsed-head.ts';
import {
  TOKEN_CONTENT_LENGTH,
  TOKEN_L5D_ERR,
  TOKEN_TRANSFER_ENCODING,
  TOKEN_UPGRADE,
  TOKEN_VIA,
} from '../../core/http1/tokens.ts';
import {
  CONNECTION_CLOSE,
  CONNECTION_KEEP_ALIVE,
  CONNECTION_UPGRADE,
  copyPiece,
  fieldsStart,
  Piece,
  piece,
  VIA_LINE,
  VIA_MINOR_BACK,
} from './field-lines.ts';
import { HOP_BY_HOP, OF_PROXY, REPLACED_IN_RESPONSE, startsWithL5d } from './forwarded-fields.ts';
import { writeVia } from './request-writer.ts';

const DROPPED = REPLACED_IN_RESPONSE | HOP_BY_HOP | OF_PROXY;

const SUCCESS = piece('l5d-success-class: 1.0\r\nvia: 1.1 linkerd\r\n');
const FAILURE = piece('l5d-success-class: 0.0\r\nvia: 1.1 linkerd\r\n');
const MINOR_VERSION_AT = 'HTTP/1.'.length;

/** What happens to the connection after a response. */
export const AFTER = {
  /** Says nothing: HTTP/1.1 keeps a connection. */
  keep: 0,
  close: 1,
  /** For an HTTP/1.0 client, which has to be told. */
  keepAlive: 2,
  upgrade: 3,
  /** Keeps the connection behind a body that is withheld. */
  empty: 4,
} as const;

/** Nothing to be added. */
export const NO_LINES = new Piece(new Uint8Array(0));

/** Lines by {@link AFTER}. */
const AFTER_LINES = [
  NO_LINES,
  CONNECTION_CLOSE,
  CONNECTION_KEEP_ALIVE,
  CONNECTION_UPGRADE,
  piece('content-length: 0\r\n'),
] as const;

/** How a response head is rewritten. */
export interface ResponseHeadOptions {
  /** One of {@link AFTER}. */
  after: number;
  success: boolean;
  /** The client is not to see `l5d-*` fields. */
  clearContext: boolean;
  /** The body goes on without chunk framing. */
  dropTransferEncoding: boolean;
  dropContentLength: boolean;
  /** Further lines, prepared for this response. */
  more: Piece;
}

/**
 * Rewrites the response head in `parser`'s hands.
 *
 * @param start the head's first byte; what lies before it, down to the buffer's headroom, is overwritten
 * @param headEnd behind the head's last CRLF: does not move
 * @param joined an area for the joined `via` line, at least as large as a head
 * @returns where the head now begins
 */
export function rewriteResponseHead(
  bytes: Uint8Array,
  start: number,
  headEnd: number,
  parser: HeadParser,
  options: ResponseHeadOptions,
  joined: number,
): number {
  const fieldsAt = fieldsStart(parser, headEnd);
  const viaSeen = (parser.seen & (1 << TOKEN_VIA)) !== 0;
  // The values of a via that was there are read before anything moves.
  const joinedEnd = viaSeen ? writeVia(bytes, joined, parser) : joined;
  if (viaSeen && parser.versionMinor === 0) bytes[joinedEnd - VIA_MINOR_BACK] = 0x30;
  const added = options.success ? SUCCESS : FAILURE;
  const addedBytes = options.clearContext ? 0 : viaSeen ? added.byteLength - VIA_LINE.byteLength : added.byteLength;
  const viaOnly = options.clearContext && !viaSeen ? VIA_LINE.byteLength : 0;
  const after = AFTER_LINES[options.after] as Piece;
  const fieldsFrom = closeOver(bytes, fieldsAt, headEnd, parser, options);

  const statusLineBytes = fieldsAt - start;
  const head =
    fieldsFrom -
    statusLineBytes -
    addedBytes -
    viaOnly -
    (joinedEnd - joined) -
    after.byteLength -
    options.more.byteLength;
  bytes.copyWithin(head, start, fieldsAt);
  bytes[head + MINOR_VERSION_AT] = 0x31;
  let end = added.write(bytes, head + statusLineBytes, addedBytes);
  end = VIA_LINE.write(bytes, end, viaOnly);
  if (!viaSeen && parser.versionMinor === 0) bytes[end - VIA_MINOR_BACK] = 0x30;
  if (viaSeen) {
    bytes.copyWithin(end, joined, joinedEnd);
    end += joinedEnd - joined;
  }
  copyPiece(bytes, copyPiece(bytes, end, after), options.more);
  return head;
}

/** Moves the kept field lines to the right, over those that go. @returns where the first of them now begins */
function closeOver(
  bytes: Uint8Array,
  fieldsAt: number,
  headEnd: number,
  parser: HeadParser,
  options: ResponseHeadOptions,
): number {
  let dropped = DROPPED;
  if (options.after === AFTER.upgrade) dropped &= ~(1 << TOKEN_UPGRADE);
  if (options.dropTransferEncoding) dropped |= 1 << TOKEN_TRANSFER_ENCODING;
  if (options.dropContentLength) dropped |= 1 << TOKEN_CONTENT_LENGTH;
  if (options.clearContext) dropped |= 1 << TOKEN_L5D_ERR;
  if ((parser.seen & dropped) === 0 && !options.clearContext) return fieldsAt;
  const { fields } = parser;
  let runEnd = headEnd - 2;
  let lineEnd = runEnd;
  let shift = 0;
  for (let i = parser.fieldCount - 1; i >= 0; i--) {
    const field = i * FIELD_STRIDE;
    const lineAt = fields[field] as number;
    const drop =
      (dropped & (1 << (fields[field + FIELD_TOKEN] as number))) !== 0 ||
      (options.clearContext && startsWithL5d(bytes, lineAt, fields[field + FIELD_NAME_END] as number));
    if (drop) {
      if (shift > 0 && runEnd > lineEnd) bytes.copyWithin(lineEnd + shift, lineEnd, runEnd);
      shift += lineEnd - lineAt;
      runEnd = lineAt;
    }
    lineEnd = lineAt;
  }
  if (shift > 0 && runEnd > fieldsAt) bytes.copyWithin(fieldsAt + shift, fieldsAt, runEnd);
  return fieldsAt + shift;
}
