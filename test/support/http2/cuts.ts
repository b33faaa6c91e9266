/** Conversations cut into pieces, as the network might: whole, byte by byte, at random places. */
import type { Random } from '../../../core/balance/random.ts';
import { type Cut, cutUp } from '../http1-wire.ts';
import type { Http2Peer } from './peer.ts';

/** Sends bytes in pieces, each in a tick of its own. */
export function sendCut(peer: Http2Peer, bytes: Buffer, cut: Cut, random: Random): Promise<void> {
  const pieces = cutUp(bytes.toString('latin1'), cut, random);
  return peer.writePieces(pieces.map((piece) => Buffer.from(piece, 'latin1')));
}

/** An entry of one of the lists of hostile things. */
export interface Entry {
  /** Of the hostile-inputs table. */
  readonly row: number;
  readonly name: string;
  readonly side?: string;
}

/** Runs an entry, whose name a failure then tells. */
export async function named<E extends Entry>(
  entry: E,
  cut: Cut,
  run: (entry: E, cut: Cut, what: string) => Promise<void>,
): Promise<void> {
  const what = [`row ${entry.row}`, entry.side ?? 'frames', `${entry.name} (${cut})`].join(', ');
  try {
    await run(entry, cut, what);
  } catch (error) {
    if (error instanceof Error && !error.message.startsWith(what)) error.message = `${what}: ${error.message}`;
    throw error;
  }
}
