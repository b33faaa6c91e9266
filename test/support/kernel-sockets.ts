/** TCP connections as the kernel has them (/proc/net/tcp): what has arrived at a process that is not reading. */
import { readFileSync } from 'node:fs';

/** Its peer has ended its stream, in order. */
export const CLOSE_WAIT = '08';

/** One end of a connection of the loopback network. */
export interface TcpEnd {
  /** Two hexadecimal digits, as in {@link CLOSE_WAIT}. */
  readonly state: string;
  /** Bytes received and not read; the end of the stream counts as one. */
  readonly unreadBytes: number;
}

/** @returns the end with these ports, its own and its peer's; undefined when there is none (any more) */
export function tcpEnd(port: number, peerPort: number): TcpEnd | undefined {
  const [own, peer] = [port, peerPort].map((each) => `:${each.toString(16).toUpperCase().padStart(4, '0')}`);
  for (const line of readFileSync('/proc/net/tcp', 'latin1').split('\n')) {
    const [, local, remote, state = '', queues = ''] = line.trim().split(/\s+/);
    if (local?.endsWith(own ?? '') !== true || remote?.endsWith(peer ?? '') !== true) continue;
    return { state, unreadBytes: Number.parseInt(queues.split(':')[1] ?? '', 16) };
  }
  return undefined;
}
