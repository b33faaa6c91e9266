/**
 * What one worker has of one endpoint: where it is, and the way to a connection. How connections are shared out is the
 * protocol's: connection-pool.ts (one exchange each), stream-pool.ts (many).
 */
import type { ClientStack } from './client-stack.ts';
import type { Exchange } from './exchange.ts';

/** How an acquisition went. */
export const ACQUIRED = { ready: 0, later: 1, exhausted: 2, noSocket: 3 } as const;

/** An endpoint as its row of the shared table has it. */
export interface EndpointAddress {
  /** Row of the shared endpoint table. */
  readonly row: number;
  readonly ipv6: boolean;
  readonly port: number;
  /** The IP address in network byte order, as in a socket address. */
  readonly ip: Int32Array;
  /** `ip:port`, for messages. */
  readonly name: string;
}

/** One worker's connections to one endpoint. */
export abstract class EndpointPool {
  readonly client: ClientStack;
  readonly row: number;
  readonly name: string;
  readonly address: EndpointAddress;
  retired = false;

  constructor(client: ClientStack, address: EndpointAddress) {
    this.client = client;
    this.row = address.row;
    this.name = address.name;
    this.address = address;
  }

  /** A connection has come about. */
  onConnected(): void {
    // A retired pool's row may be another endpoint's by now.
    if (!this.retired) this.client.onConnected(this.row);
  }

  /** Finds or makes a connection for an exchange. @returns one of {@link ACQUIRED} */
  abstract acquire(exchange: Exchange): number;
  /** Begins a connection ahead of need, unless there is one. */
  abstract prepare(): void;
  /** Takes an exchange out of the queue of waiters, when its client is gone. */
  abstract forget(exchange: Exchange): void;
  /** The endpoint has left: nothing new is started here. */
  abstract retire(): void;
  /** Ends connections that have been idle since before a tick. */
  abstract expire(beforeTick: number): void;
  /** Ends the connection that has been idle longest, to free its descriptor. @returns whether there was one */
  abstract evictIdle(): boolean;
}
