/** What a router's HTTP/2 connections to endpoints share in a worker, and how they are made. */
import type { ClientConfig } from '../../core/config/types.ts';
import { UNBOUNDED } from '../../core/http2/settings.ts';
import type { Net } from '../net/net.ts';
import { EMFILE, ENFILE } from '../os/errno.ts';
import type { StreamPool } from '../router/stream-pool.ts';
import { Http2ClientConnection } from './client-connection.ts';
import { Http2ClientStream } from './client-stream.ts';
import { Http2Endpoint } from './endpoint.ts';

const STREAMS_KEPT_MAX = 4096;

/** Makes HTTP/2 connections to endpoints. */
export class Http2Client {
  readonly net: Net;
  readonly endpoint: Http2Endpoint;
  readonly #worker: number;
  readonly #evictIdle: () => boolean;
  readonly #streams: Http2ClientStream[] = [];

  /** @param evictIdle frees a descriptor by closing an idle connection; false when there is none */
  constructor(net: Net, worker: number, config: ClientConfig, scratchAt: number, evictIdle: () => boolean) {
    this.net = net;
    this.endpoint = new Http2Endpoint(net, config, true, UNBOUNDED, scratchAt);
    this.#worker = worker;
    this.#evictIdle = evictIdle;
  }

  /** Begins a connection. @returns null when the process has no descriptor left for it */
  connect(pool: StreamPool): Http2ClientConnection | null {
    const { sockets, reactor, fds } = this.net;
    const { noDelay, keepAlive } = pool.client.config.socketOptions;
    const { ipv6, port, ip } = pool.address;
    let fd = sockets.openStream(ipv6, noDelay, keepAlive);
    // Descriptors of closed connections are free only at the end of the tick: one eviction helps the next request.
    if ((fd === -EMFILE || fd === -ENFILE) && this.#evictIdle()) {
      reactor.closeNow();
      fd = sockets.openStream(ipv6, noDelay, keepAlive);
    }
    if (fd < 0) return null;
    fds.take(fd, this.#worker);
    const connection = new Http2ClientConnection(this, pool, this.#worker, fd);
    const errno = -sockets.connect(fd, ipv6, port, ip, 0);
    const added = reactor.add(fd, connection);
    connection.beginConnect(added < 0 ? -added : errno);
    return connection;
  }

  /** A stream for an exchange. */
  takeStream(connection: Http2ClientConnection): Http2ClientStream {
    return this.#streams.pop() ?? new Http2ClientStream(this, connection);
  }

  /** A stream is at rest. */
  giveStream(stream: Http2ClientStream): void {
    if (this.#streams.length < STREAMS_KEPT_MAX) this.#streams.push(stream);
  }
}
