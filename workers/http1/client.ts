/** What a worker's HTTP/1 client connections share, and how they are made. */
import type { HeadParser } from '../../core/http1/head.ts';
import type { Net } from '../net/net.ts';
import type { ConnectionPool } from '../router/connection-pool.ts';
import { EndpointDialler } from '../router/endpoint-dialler.ts';
import type { Exchange } from '../router/exchange.ts';
import { Http1ClientConnection } from './client-connection.ts';
import { MessageBody } from './message-body.ts';

/** Makes HTTP/1 connections to endpoints. */
export class Http1Client {
  readonly net: Net;
  /** Parses response heads, one after another. */
  readonly parser: HeadParser;
  /** An area for a line. */
  readonly scratchAt: number;
  readonly #worker: number;
  readonly #trailerParser: HeadParser;
  readonly #dialler: EndpointDialler;

  /** @param evictIdle frees a descriptor by closing an idle connection; false when there is none */
  constructor(
    net: Net,
    worker: number,
    parser: HeadParser,
    trailerParser: HeadParser,
    scratchAt: number,
    evictIdle: () => boolean,
  ) {
    this.net = net;
    this.parser = parser;
    this.scratchAt = scratchAt;
    this.#worker = worker;
    this.#trailerParser = trailerParser;
    this.#dialler = new EndpointDialler(net, worker, evictIdle);
  }

  createBody(): MessageBody {
    return new MessageBody(this.net.limits.chunkLineBytesMax, this.#trailerParser);
  }

  /** Begins a connection for an exchange, or for none yet. @returns false when the process has no descriptor left for it */
  connect(pool: ConnectionPool, exchange: Exchange | null): boolean {
    const fd = this.#dialler.open(pool);
    if (fd < 0) return false;
    const connection = new Http1ClientConnection(this, pool, this.#worker, fd);
    pool.opened();
    if (exchange === null) pool.ahead = connection;
    connection.begin(exchange, this.#dialler.connect(pool, fd, connection));
    return true;
  }
}
