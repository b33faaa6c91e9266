/** Conversations cut into pieces, as the network might: whole, byte by byte, at random places. */
import type { Random } from '../../../core/balance/random.ts';
import { type Cut, cutUp } from '../http1-wire.ts';
import type { Http2Peer } from './peer.ts';

/** Sends bytes in pieces, each in a tick of its own. */
export function sendCut(peer: Http2Peer, bytes: Buffer, cut: Cut, random: Random): Promise<void> {
  const pieces = cutUp(bytes.toString('latin1'), cut, random);
  return peer.writePieces(pieces.map((piece) => Buffer.from(piece, 'latin1')));
}
