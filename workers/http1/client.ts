/** What a worker's HTTP/1 client connections share, and how they are made. */
import type { HeadParser } from '../../core/http1/head.ts';
import type { Net } from '../net/net.ts';
import { EINPROGRESS, EMFILE, ENFILE } from '../os/errno.ts';
import type { ConnectionPool } from '../router/connection-pool.ts';
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
  readonly #evictIdle: () => boolean;

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
    this.#evictIdle = evictIdle;
  }

  createBody(): MessageBody {
    return new MessageBody(this.net.limits.chunkLineBytesMax, this.#trailerParser);
  }

  /** Begins a connection for an exchange. @returns false when the process has no descriptor left for it */
  connect(pool: ConnectionPool, exchange: Exchange): boolean {
    const { sockets, reactor, fds } = this.net;
    const { noDelay, keepAlive } = pool.client.config.socketOptions;
    const { ipv6, port, ip } = pool.address;
    let fd = sockets.openStream(ipv6, noDelay, keepAlive);
    // Descriptors of closed connections are free only at the end of the tick: one eviction helps the next request.
    if ((fd === -EMFILE || fd === -ENFILE) && this.#evictIdle()) {
      reactor.closeNow();
      fd = sockets.openStream(ipv6, noDelay, keepAlive);
    }
    if (fd < 0) return false;
    fds.take(fd, this.#worker);
    const connection = new Http1ClientConnection(this, pool, this.#worker, fd);
    pool.opened();
    const errno = -sockets.connect(fd, ipv6, port, ip, 0);
    const added = reactor.add(fd, connection);
    connection.begin(exchange, added < 0 && errno === EINPROGRESS ? -added : errno);
    return true;
  }
}
