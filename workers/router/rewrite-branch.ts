/**
 * A request that is sent again may be drawn for another branch of its union, whose endpoints are told another name: the
 * branch's lines in the head that is kept are replaced.
 *
 *     GET / HTTP/1.1 ... | l5d-dst-service ... l5d-dst-client ... | via ... l5d-ctx-trace ... | content
 *                          the last place where the old branch's lines stand: what a client sent comes before them
 */
import { type Piece, VIA_LINE } from '../http1/field-lines.ts';
import { VIA } from '../http2/prepared-fields.ts';
import { NO_BLOCK } from '../net/blocks.ts';
import type { Net } from '../net/net.ts';
import type { Exchange } from './exchange.ts';
import type { RouteBranch } from './routes.ts';

/**
 * Replaces one branch's lines by another's, in the head and before the content that are kept. Both branches' clients must
 * speak the same protocol.
 *
 * @returns false when no block is left
 */
export function rewriteBranch(net: Net, exchange: Exchange, before: RouteBranch, after: RouteBranch): boolean {
  if (before.client.speaksHttp2) {
    return replace(net, exchange, bytesOf(before.fields, VIA), bytesOf(after.fields, VIA));
  }
  return replace(net, exchange, bytesOf(before.headers, VIA_LINE), bytesOf(after.headers, VIA_LINE));
}

/** Without `via`, which joins what a client has sent. */
function bytesOf(piece: Piece, via: Piece): Uint8Array {
  const bytes = new Uint8Array(piece.byteLength);
  piece.write(bytes, 0, piece.byteLength);
  return bytes.subarray(0, piece.byteLength - via.byteLength);
}

function replace(net: Net, exchange: Exchange, old: Uint8Array, fresh: Uint8Array): boolean {
  const { bytes } = net;
  const { headAt, headBytes, headCapacity } = exchange;
  const at = Buffer.from(bytes.buffer, bytes.byteOffset + headAt, headBytes).lastIndexOf(old);
  if (at < 0) throw new Error('a head without the lines of its branch');
  const room = net.blockCapacity(headCapacity);
  // Content that has no room behind the head is kept elsewhere.
  const contentBytes = headBytes + exchange.bodyBytes <= room ? exchange.bodyBytes : 0;
  const growth = fresh.length - old.length;
  const needed = headBytes + growth + Math.max(contentBytes, exchange.bodyRoom);
  let to = headAt;
  if (needed > room) {
    const capacity = Math.max(needed, headCapacity + growth);
    to = net.takeBlock(capacity);
    if (to === NO_BLOCK) return false;
    bytes.copyWithin(to, headAt, headAt + at);
    exchange.headCapacity = capacity;
  }
  const end = headBytes + contentBytes;
  bytes.copyWithin(to + at + fresh.length, headAt + at + old.length, headAt + end);
  bytes.set(fresh, to + at);
  if (to !== headAt) net.giveBlock(headAt, headCapacity);
  exchange.headAt = to;
  exchange.headBytes = headBytes + growth;
  return true;
}
