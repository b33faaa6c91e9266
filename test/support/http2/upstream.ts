/** An upstream that speaks frames and does, stream by stream, what a test's script says. */
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { IP } from '../weft.ts';
import { data, type Fields, fieldList, headers, rst, type Sendable } from './frames.ts';
import type { Message } from './message.ts';
import { Http2Peer, type PeerOptions } from './peer.ts';

const TIMEOUT_MS = 10_000;

/** A response. */
export interface Response {
  readonly status?: number;
  readonly fields?: Fields;
  /** Sent as the windows allow. */
  readonly body?: string | Uint8Array;
  readonly trailers?: Fields;
}

/** A stream that Weft has opened. */
export class UpstreamStream {
  readonly connection: UpstreamConnection;
  readonly id: number;
  /** Which of the upstream's streams this is, from 0, counted over all connections. */
  readonly index: number;
  /** The request as it comes. */
  readonly request: Message;

  constructor(connection: UpstreamConnection, id: number, index: number) {
    this.connection = connection;
    this.id = id;
    this.index = index;
    this.request = connection.stream(id);
  }

  /** Waits for the whole request, or for what else ends it. */
  whole(): Promise<Message> {
    return this.connection.message(this.id);
  }

  /** Sends frames. */
  send(...items: readonly Sendable[]): void {
    this.connection.send(...items);
  }

  /** Sends a response: head, body, trailers. */
  async respond({ status = 200, fields = {}, body = '', trailers }: Response = {}): Promise<void> {
    const bytes = typeof body === 'string' ? Buffer.from(body, 'latin1') : body;
    const endsWithHead = bytes.length === 0 && trailers === undefined;
    this.send(headers(this.id, [[':status', String(status)], ...fieldList(fields)], { endStream: endsWithHead }));
    if (bytes.length > 0) await this.connection.sendBody(this.id, bytes, trailers === undefined);
    if (trailers !== undefined) this.send(headers(this.id, trailers, { endStream: true }));
  }

  /** Sends DATA. */
  data(content: string, endStream = false): void {
    this.send(data(this.id, content, { endStream }));
  }

  /** Resets the stream. */
  reset(code: number): void {
    this.send(rst(this.id, code));
  }
}

/** A connection that Weft has opened. */
export class UpstreamConnection extends Http2Peer {
  /** Which connection of the upstream this is, from 0. */
  index = 0;
  /** Its streams, in the order of their heads. */
  readonly streams: UpstreamStream[] = [];
}

/** What is done with a stream once its head is there. */
export type StreamScript = (stream: UpstreamStream) => Promise<void> | void;

/** How an upstream begins, and what else it does. */
export interface UpstreamOptions extends PeerOptions {
  /** What is done with a connection once it is accepted. */
  readonly connected?: (connection: UpstreamConnection) => Promise<void> | void;
}

/** A listening upstream. */
export class Http2Upstream {
  readonly port: number;
  readonly connections: UpstreamConnection[] = [];
  /** All streams, in the order of their heads. */
  readonly streams: UpstreamStream[] = [];
  readonly #server: Server;
  readonly #script: StreamScript;
  readonly #errors: unknown[] = [];
  /** Of any number of waiters. */
  readonly #events = new EventEmitter().setMaxListeners(0);

  private constructor(server: Server, script: StreamScript, options: UpstreamOptions) {
    this.#server = server;
    this.#script = script;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket) => {
      const connection = new UpstreamConnection(socket, false, options);
      connection.index = this.connections.length;
      this.connections.push(connection);
      this.#events.emit('news');
      socket.on('data', () => this.#openStreams(connection));
      this.#run(connection, options.connected?.(connection));
    });
  }

  /** Listens. */
  static async start(script: StreamScript = echo, options: UpstreamOptions = {}): Promise<Http2Upstream> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }).listen(0, IP);
    await once(server, 'listening');
    return new Http2Upstream(server, script, options);
  }

  /** As a line of a disco file. */
  get disco(): string {
    return `${IP} ${this.port}`;
  }

  /** Waits for the stream whose head comes as number `index`, from 0, whatever its connection. */
  async stream(index = 0): Promise<UpstreamStream> {
    await this.#until(`stream ${index} of the upstream`, () => this.streams.length > index);
    return this.streams[index] as UpstreamStream;
  }

  /** Waits for the connection that comes as number `index`, from 0. */
  async connection(index = 0): Promise<UpstreamConnection> {
    await this.#until(`connection ${index} of the upstream`, () => this.connections.length > index);
    return this.connections[index] as UpstreamConnection;
  }

  /** @throws what a script threw, or what Weft did against the rules */
  async stop(): Promise<void> {
    const faults: unknown[] = [...this.#errors];
    for (const connection of this.connections) {
      try {
        connection.close();
      } catch (error) {
        faults.push(error);
      }
    }
    if (this.#server.listening) {
      this.#server.close();
      await once(this.#server, 'close');
    }
    if (faults.length > 0) throw faults[0];
  }

  #openStreams(connection: UpstreamConnection): void {
    for (const { streamId } of connection.heads.slice(connection.streams.length)) {
      const stream = new UpstreamStream(connection, streamId, this.streams.length);
      connection.streams.push(stream);
      this.streams.push(stream);
      this.#events.emit('news');
      this.#run(connection, this.#script(stream));
    }
  }

  async #until(what: string, condition: () => boolean): Promise<void> {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    while (!condition()) {
      await once(this.#events, 'news', { signal }).catch(() => assert.fail(`${what}: not in time`));
    }
  }

  /** A script that fails ends its connection, so that nobody waits for the rest of it. */
  #run(connection: UpstreamConnection, work: Promise<void> | void): void {
    work?.catch((error: unknown) => {
      this.#errors.push(error);
      connection.socket.resetAndDestroy();
    });
  }
}

/** What {@link echo} says of a request. */
export interface Echoed {
  readonly fields: readonly (readonly [name: string, value: string, never?: boolean])[];
  readonly bodyBytes: number;
  readonly trailers: readonly (readonly [name: string, value: string, never?: boolean])[] | null;
}

/** Answers a whole request with a description of it; behind `x-want-trailers` there is a trailer `x-trailer: 1`. */
export const echo: StreamScript = async (stream) => {
  const request = await stream.whole();
  if (!request.ended) return;
  const { fields, bodyBytes, trailers = null } = request;
  const body = JSON.stringify({ fields, bodyBytes, trailers } satisfies Echoed);
  const wantsTrailers = request.value('x-want-trailers') !== undefined;
  await stream.respond({
    fields: { 'content-type': 'application/json' },
    body,
    ...(wantsTrailers ? { trailers: { 'x-trailer': '1' } } : {}),
  });
};

/** What {@link echo} said. */
export function echoed(response: Message): Echoed {
  return JSON.parse(response.body) as Echoed;
}
