/**
 * The HTTP/1 connections of one worker to one endpoint (spec 05 section 9).
 *
 *     acquire --> an idle one, last in first out ........................ ready at once
 *             \-> one that is being made ahead of need .................. ready when connected
 *             \-> a new one, while there are fewer than maxSize ......... ready when connected
 *              |   (and there is a descriptor for it, or no other connection to wait for)
 *              \-> the queue of waiters, while shorter than maxWaiters .. ready when one is released
 *               \-> refused: pool_exhausted
 *
 * An idle connection that its peer closes leaves by itself. When the endpoint leaves its table the pool is retired: idle
 * connections close, the others when their exchange is over.
 */
import { COUNTER, LIMIT_COUNTER, LIMITS_SCOPE } from '../../core/shared/stats.ts';
import { ResponseMemory } from '../http1/remembered-heads.ts';
import type { ClientStack } from './client-stack.ts';
import { ACQUIRED, type EndpointAddress, EndpointPool } from './endpoint-pool.ts';
import type { Exchange } from './exchange.ts';

/** Makes a connection for a pool. @param exchange null: for none yet @returns false when no socket was to be had */
export type Connector = (pool: ConnectionPool, exchange: Exchange | null) => boolean;

/** A pooled connection, as the pool sees it. */
export interface PooledConnection {
  /** Place in the pool's idle stack, -1 while in use. */
  idleIndex: number;
  /** The reactor's tick since which it has been idle. */
  idleSinceTick: number;
  /** Takes up an exchange; its downstream learns when the request can be sent. */
  assign(exchange: Exchange): void;
  /** Ends an idle connection. */
  retire(): void;
}

/** One worker's connections to one endpoint. */
export class ConnectionPool extends EndpointPool {
  /** Connections, idle, in use or being made. */
  size = 0;
  /** The response head that this endpoint keeps sending. */
  readonly memory = new ResponseMemory();
  /** A connection that is being made for no exchange yet. */
  ahead: PooledConnection | null = null;
  readonly #connect: Connector;
  readonly #idle: PooledConnection[] = [];
  readonly #waiting: Exchange[] = [];

  constructor(client: ClientStack, address: EndpointAddress, connect: Connector) {
    super(client, address);
    this.#connect = connect;
  }

  /** Connections at rest. */
  get idleCount(): number {
    return this.#idle.length;
  }

  /** Finds or makes a connection for an exchange. @returns one of {@link ACQUIRED} */
  acquire(exchange: Exchange): number {
    const connection = this.#idle.pop();
    if (connection !== undefined) {
      connection.idleIndex = -1;
      this.client.stats.add(this.client.scope, COUNTER.poolCached, -1);
      connection.assign(exchange);
      return ACQUIRED.ready;
    }
    if (this.ahead !== null) {
      this.ahead.assign(exchange);
      this.ahead = null;
      return ACQUIRED.later;
    }
    const { maxSize, maxWaiters } = this.client.config.hostConnectionPool;
    if (this.size < maxSize) {
      if (this.#connect(this, exchange)) return ACQUIRED.later;
      // No descriptor is left: one of the connections that are there will do, once it is free.
      if (this.size === 0) return ACQUIRED.noSocket;
    }
    const { poolWaitersMax } = this.client;
    if (this.#waiting.length >= Math.min(maxWaiters, poolWaitersMax)) {
      this.client.stats.increment(this.client.scope, COUNTER.poolNumTooManyWaiters);
      if (maxWaiters > poolWaitersMax) this.client.stats.increment(LIMITS_SCOPE, LIMIT_COUNTER.poolWaitersMax);
      return ACQUIRED.exhausted;
    }
    this.client.stats.increment(this.client.scope, COUNTER.poolNumWaited);
    this.client.stats.add(this.client.scope, COUNTER.poolWaiters, 1);
    this.#waiting.push(exchange);
    return ACQUIRED.later;
  }

  prepare(): void {
    if (this.size === 0 && !this.retired) this.#connect(this, null);
  }

  /** Takes back a connection that can carry another request. @returns false when it has to close */
  release(connection: PooledConnection, nowTick: number): boolean {
    if (this.ahead === connection) this.ahead = null;
    if (this.retired) return false;
    const next = this.#nextWaiter();
    if (next !== null) {
      connection.assign(next);
      return true;
    }
    if (this.client.config.hostConnectionPool.idleTimeMs === 0) return this.size <= this.#minSize();
    connection.idleIndex = this.#idle.length;
    connection.idleSinceTick = nowTick;
    this.#idle.push(connection);
    this.client.stats.add(this.client.scope, COUNTER.poolCached, 1);
    return true;
  }

  /** A connection was made; it counts against maxSize. */
  opened(): void {
    this.size++;
    this.client.stats.add(this.client.scope, COUNTER.connections, 1);
    this.client.stats.add(this.client.scope, COUNTER.poolSize, 1);
  }

  /** A connection has ended: another may take its place. */
  ended(connection: PooledConnection): void {
    if (this.ahead === connection) this.ahead = null;
    this.size--;
    this.client.stats.add(this.client.scope, COUNTER.connections, -1);
    this.client.stats.add(this.client.scope, COUNTER.poolSize, -1);
    if (connection.idleIndex >= 0) this.#removeIdle(connection);
    if (this.retired || this.size >= this.client.config.hostConnectionPool.maxSize) return;
    let next = this.#nextWaiter();
    while (next !== null) {
      next.router.reacquire(next);
      // Where no connection came about, nobody would be left to wake the next.
      next = this.size === 0 ? this.#nextWaiter() : null;
    }
  }

  /** Takes an exchange out of the queue of waiters, when its client is gone. */
  forget(exchange: Exchange): void {
    const place = this.#waiting.indexOf(exchange);
    if (place < 0) return;
    this.#waiting.splice(place, 1);
    this.client.stats.add(this.client.scope, COUNTER.poolWaiters, -1);
  }

  /** The endpoint has left: nothing new is started here. */
  retire(): void {
    this.retired = true;
    while (this.#idle.length > 0) (this.#idle[this.#idle.length - 1] as PooledConnection).retire();
    for (let next = this.#nextWaiter(); next !== null; next = this.#nextWaiter()) next.router.reacquire(next);
  }

  /** Ends connections idle since before a time, down to minSize. Oldest first: they are at the bottom of the stack. */
  expire(beforeTick: number): void {
    while (this.#idle.length > 0 && this.size > this.#minSize()) {
      const oldest = this.#idle[0] as PooledConnection;
      if (oldest.idleSinceTick >= beforeTick) return;
      oldest.retire();
    }
  }

  /** Ends the connection that has been idle longest, to free its descriptor. @returns whether there was one */
  evictIdle(): boolean {
    this.#idle[0]?.retire();
    return this.#idle.length > 0;
  }

  #minSize(): number {
    return this.client.config.hostConnectionPool.minSize;
  }

  #nextWaiter(): Exchange | null {
    const next = this.#waiting.shift();
    if (next === undefined) return null;
    this.client.stats.add(this.client.scope, COUNTER.poolWaiters, -1);
    return next;
  }

  #removeIdle(connection: PooledConnection): void {
    // The order of the stack is kept: its bottom is the oldest.
    this.#idle.splice(connection.idleIndex, 1);
    for (let i = connection.idleIndex; i < this.#idle.length; i++) (this.#idle[i] as PooledConnection).idleIndex = i;
    connection.idleIndex = -1;
    this.client.stats.add(this.client.scope, COUNTER.poolCached, -1);
  }
}
