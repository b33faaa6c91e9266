/** What a router's HTTP/2 connections to endpoints share in a worker, and how they are made. */
import type { ClientConfig } from '../../core/config/types.ts';
import { UNBOUNDED } from '../../core/http2/settings.ts';
import type { Net } from '../net/net.ts';
import { EndpointDialler } from '../router/endpoint-dialler.ts';
import type { StreamPool } from '../router/stream-pool.ts';
import { Http2ClientConnection } from './client-connection.ts';
import { Http2ClientStream } from './client-stream.ts';
import { Http2Endpoint } from './endpoint.ts';

const STREAMS_KEPT_MAX = 4096;

/** Makes HTTP/2 connections to endpoints. */
export class Http2Client {
  readonly net: Net;
  readonly #worker: number;
  readonly #scratchAt: number;
  /** Room for the one field section that is decoded at a time. */
  readonly #sectionAt: number;
  readonly #endpoints = new WeakMap<ClientConfig, Http2Endpoint>();
  readonly #dialler: EndpointDialler;
  readonly #streams: Http2ClientStream[] = [];

  /**
   * @param listBytes of the largest field section that any client's configuration takes
   * @param evictIdle frees a descriptor by closing an idle connection; false when there is none
   */
  constructor(net: Net, worker: number, listBytes: number, scratchAt: number, evictIdle: () => boolean) {
    this.net = net;
    this.#worker = worker;
    this.#scratchAt = scratchAt;
    this.#sectionAt = net.memory.reserve(listBytes);
    this.#dialler = new EndpointDialler(net, worker, evictIdle);
  }

  /** What connections share whose clients are configured alike. */
  endpointOf(config: ClientConfig): Http2Endpoint {
    let endpoint = this.#endpoints.get(config);
    if (endpoint === undefined) {
      endpoint = new Http2Endpoint(this.net, config, true, UNBOUNDED, this.#scratchAt, this.#sectionAt);
      this.#endpoints.set(config, endpoint);
    }
    return endpoint;
  }

  /** Begins a connection. @returns null when the process has no descriptor left for it */
  connect(pool: StreamPool): Http2ClientConnection | null {
    const fd = this.#dialler.open(pool);
    if (fd < 0) return null;
    const connection = new Http2ClientConnection(this, pool, this.#worker, fd);
    connection.beginConnect(this.#dialler.connect(pool, fd, connection));
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
