/**
 * The HTTP/2 connections of one worker to one endpoint, each shared by many streams (spec 03 section 7.1: one connection an
 * endpoint, and no more than are needed where the endpoint bounds the streams of one).
 *
 *     acquire --> the first connection with room for a stream ............. ready at once
 *             \-> the one that is being made, while it has room for more .. ready when connected
 *              \-> a new one, while there are fewer than the bound ........ ready when connected
 *               \-> the queue of waiters, while that is not full .......... ready when a stream ends
 *                \-> refused: pool_exhausted
 *
 * A connection that its endpoint leaves (GOAWAY) takes no more streams, and is replaced by the next request.
 */
import { COUNTER, LIMIT_COUNTER, LIMITS_SCOPE } from '../../core/shared/stats.ts';
import { ResponseMemory } from '../http2/response-memory.ts';
import type { ClientStack } from './client-stack.ts';
import { ACQUIRED, type EndpointAddress, EndpointPool } from './endpoint-pool.ts';
import type { Exchange } from './exchange.ts';

/** A connection as its pool sees it. */
export interface SharedConnection {
  /** Streams that may be opened now. */
  readonly room: number;
  /** Streams that are open, or wait for the connection to be made. */
  readonly load: number;
  /** The reactor's tick since which no stream has been open. */
  readonly idleSinceTick: number;
  /** Takes up an exchange: there is {@link room}. */
  assign(exchange: Exchange): void;
  /** Takes an exchange back that waits for the connection to be made. @returns whether it was there */
  forget(exchange: Exchange): boolean;
  /** Takes no more streams, and closes when the last has ended. */
  retire(): void;
}

/** Begins a connection. @returns null when no socket was to be had */
export type StreamConnector = (pool: StreamPool) => SharedConnection | null;

/** One worker's HTTP/2 connections to one endpoint. */
export class StreamPool extends EndpointPool {
  /** The response heads and trailers that this endpoint keeps sending. */
  readonly memory = new ResponseMemory();
  readonly #connect: StreamConnector;
  readonly #connectionsMax: number;
  readonly #connections: SharedConnection[] = [];
  readonly #waiting: Exchange[] = [];

  constructor(client: ClientStack, address: EndpointAddress, connectionsMax: number, connect: StreamConnector) {
    super(client, address);
    this.#connect = connect;
    this.#connectionsMax = connectionsMax;
  }

  acquire(exchange: Exchange): number {
    const connections = this.#connections;
    for (let i = 0; i < connections.length; i++) {
      const connection = connections[i] as SharedConnection;
      if (connection.room <= 0) continue;
      connection.assign(exchange);
      return ACQUIRED.ready;
    }
    const { client } = this;
    if (connections.length < this.#connectionsMax) {
      const connection = this.#open();
      if (connection !== null) {
        connection.assign(exchange);
        return ACQUIRED.later;
      }
      // No descriptor is left: a stream of the connections that are there will do, once it is free.
      if (connections.length === 0) return ACQUIRED.noSocket;
    } else {
      client.stats.increment(LIMITS_SCOPE, LIMIT_COUNTER.h2ConnectionsPerEndpointMax);
    }
    if (this.#waiting.length >= client.poolWaitersMax) {
      client.stats.increment(client.scope, COUNTER.poolNumTooManyWaiters);
      client.stats.increment(LIMITS_SCOPE, LIMIT_COUNTER.poolWaitersMax);
      return ACQUIRED.exhausted;
    }
    client.stats.increment(client.scope, COUNTER.poolNumWaited);
    client.stats.add(client.scope, COUNTER.poolWaiters, 1);
    this.#waiting.push(exchange);
    return ACQUIRED.later;
  }

  prepare(): void {
    if (this.#connections.length === 0 && !this.retired) this.#open();
  }

  #open(): SharedConnection | null {
    const connection = this.#connect(this);
    if (connection === null) return null;
    this.#connections.push(connection);
    const { stats, scope } = this.client;
    stats.add(scope, COUNTER.connections, 1);
    stats.add(scope, COUNTER.poolSize, 1);
    return connection;
  }

  /** A connection has room again. */
  roomMade(connection: SharedConnection): void {
    while (this.#waiting.length > 0 && connection.room > 0) {
      const next = this.#nextWaiter();
      if (next !== null) connection.assign(next);
    }
  }

  /** A connection takes no more streams: its place is another's. */
  left(connection: SharedConnection): void {
    const place = this.#connections.indexOf(connection);
    if (place < 0) return;
    this.#connections.splice(place, 1);
    const { client } = this;
    client.stats.add(client.scope, COUNTER.poolSize, -1);
    if (this.retired) return;
    // Whoever waits gets a connection of its own, or goes elsewhere.
    for (let n = this.#waiting.length; n > 0; n--) {
      const next = this.#nextWaiter();
      if (next !== null) next.router.reacquire(next);
    }
  }

  forget(exchange: Exchange): void {
    for (const connection of this.#connections) if (connection.forget(exchange)) return;
    const place = this.#waiting.indexOf(exchange);
    if (place < 0) return;
    this.#waiting.splice(place, 1);
    this.client.stats.add(this.client.scope, COUNTER.poolWaiters, -1);
  }

  retire(): void {
    this.retired = true;
    for (const connection of [...this.#connections]) connection.retire();
    for (let next = this.#nextWaiter(); next !== null; next = this.#nextWaiter()) next.router.reacquire(next);
  }

  expire(beforeTick: number): void {
    for (const connection of [...this.#connections]) {
      if (connection.load === 0 && connection.idleSinceTick < beforeTick) connection.retire();
    }
  }

  evictIdle(): boolean {
    const idle = this.#connections.find(({ load }) => load === 0);
    idle?.retire();
    return idle !== undefined;
  }

  #nextWaiter(): Exchange | null {
    const next = this.#waiting.shift();
    if (next === undefined) return null;
    this.client.stats.add(this.client.scope, COUNTER.poolWaiters, -1);
    return next;
  }
}
