/** How a worker's connections to endpoints begin, whatever is spoken over them. */
import type { Net } from '../net/net.ts';
import { EMFILE, ENFILE } from '../os/errno.ts';
import type { Ready } from '../reactor/reactor.ts';
import type { EndpointPool } from './endpoint-pool.ts';

/** Opens sockets to endpoints. */
export class EndpointDialler {
  readonly net: Net;
  readonly #worker: number;
  readonly #evictIdle: () => boolean;

  /** @param evictIdle frees a descriptor by closing an idle connection; false when there is none */
  constructor(net: Net, worker: number, evictIdle: () => boolean) {
    this.net = net;
    this.#worker = worker;
    this.#evictIdle = evictIdle;
  }

  /** A socket for a connection to a pool's endpoint. @returns its descriptor; a negative number when the process has none left */
  open(pool: EndpointPool): number {
    const { sockets, reactor, fds } = this.net;
    const { noDelay, keepAlive } = pool.client.config.socketOptions;
    const { ipv6 } = pool.address;
    let fd = sockets.openStream(ipv6, noDelay, keepAlive);
    // Descriptors of closed connections are free only at the end of the tick: one eviction helps the next request.
    if ((fd === -EMFILE || fd === -ENFILE) && this.#evictIdle()) {
      reactor.closeNow();
      fd = sockets.openStream(ipv6, noDelay, keepAlive);
    }
    if (fd >= 0) fds.take(fd, this.#worker);
    return fd;
  }

  /** Starts connecting. @returns EINPROGRESS while `connection` will hear of it, otherwise how it has ended: 0 or an errno */
  connect(pool: EndpointPool, fd: number, connection: Ready): number {
    const { sockets, reactor } = this.net;
    const { ipv6, port, ip } = pool.address;
    const errno = -sockets.connect(fd, ipv6, port, ip, 0);
    const added = reactor.add(fd, connection);
    return added < 0 ? -added : errno;
  }
}
