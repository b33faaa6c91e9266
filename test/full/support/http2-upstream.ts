/** An HTTP/2 endpoint by Node's own implementation: another peer than Weft's code. */
import { once } from 'node:events';
import * as http2 from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { IP } from '../../support/weft.ts';

/** Does something about a request. */
export type OnStream = (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void;

/** A listening endpoint. */
export class Http2Upstream {
  readonly port: number;
  readonly #server: http2.Http2Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: http2.Http2Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('session', (session) => session.on('error', () => {}));
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  /** @param port 0 for a free one @param settings what its SETTINGS say beside how many streams there may be */
  static async start(onStream: OnStream, port = 0, settings: http2.Settings = {}): Promise<Http2Upstream> {
    const server = http2.createServer({ settings: { maxConcurrentStreams: 10_000, ...settings } });
    server.on('stream', (stream, headers) => {
      // A stream that is reset is an error here, and what these tests are about.
      stream.on('error', () => {});
      onStream(stream, headers);
    });
    server.listen(port, IP);
    await once(server, 'listening');
    return new Http2Upstream(server);
  }

  /** As a line of a disco file. */
  get disco(): string {
    return `${IP} ${this.port}`;
  }

  /** Ends as a killed process does: connections are reset, nobody listens. */
  async kill(): Promise<void> {
    this.hangUp();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** Resets every connection. */
  hangUp(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }
}
