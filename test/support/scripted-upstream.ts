/** An upstream that does what a test's script says, connection by connection, with raw bytes. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { IP } from './weft.ts';

/** One connection as its script sees it. */
export class UpstreamConnection {
  readonly socket: Socket;
  /** Which connection of the upstream this is, from 0. */
  readonly index: number;
  /** Everything received and not yet taken, as latin1. */
  received = '';
  ended = false;

  constructor(socket: Socket, index: number) {
    this.socket = socket;
    this.index = index;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.received += text;
    });
    socket.on('end', () => {
      this.ended = true;
    });
    socket.on('close', () => {
      this.ended = true;
    });
    socket.on('error', () => {});
  }

  /** Waits for a request head and takes it. @returns null when the connection ended first */
  async head(): Promise<string | null> {
    for (;;) {
      const end = this.received.indexOf('\r\n\r\n');
      if (end >= 0) return this.take(end + 4);
      if (this.ended) return null;
      await sleep(1);
    }
  }

  /** Waits for that many bytes and takes them. */
  async bytes(count: number): Promise<string> {
    while (this.received.length < count && !this.ended) await sleep(1);
    return this.take(count);
  }

  private take(count: number): string {
    const text = this.received.slice(0, count);
    this.received = this.received.slice(count);
    return text;
  }

  send(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** Ends the stream in order. */
  end(): void {
    this.socket.end();
  }

  /** Aborts with a TCP reset. */
  reset(): void {
    this.socket.resetAndDestroy();
  }
}

/** What is done with a connection. */
export type UpstreamScript = (connection: UpstreamConnection) => Promise<void>;

/** A listening upstream. */
export class ScriptedUpstream {
  readonly port: number;
  /** Connections accepted so far. */
  readonly connections: UpstreamConnection[] = [];
  readonly #server: Server;

  private constructor(server: Server, script: UpstreamScript) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket) => {
      const connection = new UpstreamConnection(socket, this.connections.length);
      this.connections.push(connection);
      script(connection).catch((error: unknown) => socket.destroy(error as Error));
    });
  }

  static async start(script: UpstreamScript): Promise<ScriptedUpstream> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }).listen(0, IP);
    await once(server, 'listening');
    return new ScriptedUpstream(server, script);
  }

  /** As a line of a disco file. */
  get disco(): string {
    return `${IP} ${this.port}`;
  }

  async stop(): Promise<void> {
    for (const { socket } of this.connections) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** Answers every request with a response. */
export function answerWith(response: string): UpstreamScript {
  return async (connection) => {
    while ((await connection.head()) !== null) connection.send(response);
  };
}
