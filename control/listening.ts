/**
 * The listening sockets of all servers: opened by the supervisor, one per server and worker, so that they outlive a
 * worker and what the kernel has queued on them is not lost with it.
 */
import type { RouterConfig } from '../core/config/types.ts';
import { EADDRINUSE, errnoName, KernelMemory, type ListenOptions, Sockets } from '../workers/os/index.ts';

/** The kernel's bound is net.core.somaxconn; more than that is cut down to it. */
const DEFAULT_BACKLOG = 4096;
const MEMORY_BYTES = 65536;

/** A server that listens. */
export interface ListeningServer {
  readonly router: number;
  readonly server: number;
  readonly ip: string;
  /** The port in force: the kernel's choice for a configured 0. */
  readonly port: number;
  /** One descriptor per worker. */
  readonly fds: readonly number[];
}

/** A port that cannot be had. */
export class ListenError extends Error {}

/** Sockets of the supervisor's own. */
export class Listening {
  readonly servers: ListeningServer[] = [];
  readonly #sockets = new Sockets(new KernelMemory(MEMORY_BYTES));

  /**
   * Opens the sockets of all routers.
   * @throws ListenError naming the router and the address
   */
  open(routers: readonly RouterConfig[], workers: number): void {
    for (const [router, config] of routers.entries()) {
      for (const [server, { ip, port, socketOptions }] of config.servers.entries()) {
        const options: ListenOptions = {
          noDelay: socketOptions.noDelay,
          keepAlive: socketOptions.keepAlive,
          reuseAddress: socketOptions.reuseAddr,
          backlog: socketOptions.backlog ?? DEFAULT_BACKLOG,
          reusePort: true,
        };
        const where = `${config.label} on ${ip}:${port}`;
        // Linux lets any process of the same user share a port that all its sockets mark as shared: without this test a
        // second Weft would quietly take half of the connections.
        if (!socketOptions.reusePort) this.close(this.#listen(ip, port, { ...options, reusePort: false }, where));
        const first = this.#listen(ip, port, options, where);
        const actualPort = this.#sockets.localName(first)?.port ?? port;
        const fds = [first];
        while (fds.length < workers) fds.push(this.#listen(ip, actualPort, options, where));
        this.servers.push({ router, server, ip, port: actualPort, fds });
      }
    }
  }

  #listen(ip: string, port: number, options: ListenOptions, where: string): number {
    const fd = this.#sockets.listen(ip, port, options);
    if (fd >= 0) return fd;
    const hint = -fd === EADDRINUSE ? ': another process listens there; stop it or choose another port' : '';
    throw new ListenError(`cannot serve ${where}: ${errnoName(-fd)}${hint}`);
  }

  /** Closes one descriptor. */
  close(fd: number): void {
    this.#sockets.close(fd);
  }

  /** Closes everything. */
  closeAll(): void {
    for (const { fds } of this.servers) for (const fd of fds) this.close(fd);
    this.servers.length = 0;
  }
}
