/** One keep-alive connection of the load generator: one request at a time, timed from when it was planned. */
import { connect, type Socket } from 'node:net';

const HEAD_END = '\r\n\r\n';
const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)/i;

/** What a connection tells of. */
export interface ConnectionEvents {
  /** The response is here whole; the connection is free. @param status 0 when the connection was lost */
  onEnd(connection: ClientConnection, status: number): void;
}

/** One connection. */
export class ClientConnection {
  plannedMs = 0;
  sentMs = 0;
  busy = false;
  closed = false;
  readonly #socket: Socket;
  readonly #events: ConnectionEvents;
  #received = '';

  constructor(port: number, events: ConnectionEvents) {
    this.#events = events;
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.setEncoding('latin1');
    this.#socket.on('data', (text: string) => this.#onData(text));
    this.#socket.on('error', () => this.#socket.destroy());
    this.#socket.on('close', () => this.#onClose());
  }

  /** Sends a request. */
  send(request: string, plannedMs: number): void {
    this.busy = true;
    this.plannedMs = plannedMs;
    this.sentMs = performance.now();
    this.#socket.write(request, 'latin1');
  }

  /** Gives the connection up. */
  close(): void {
    this.#socket.destroy();
  }

  #onData(text: string): void {
    this.#received += text;
    const headEnd = this.#received.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const contentLength = Number(CONTENT_LENGTH.exec(this.#received)?.[1] ?? 0);
    if (this.#received.length < headEnd + HEAD_END.length + contentLength) return;
    const status = Number(this.#received.slice(9, 12));
    this.#received = '';
    this.#end(status);
  }

  #onClose(): void {
    this.closed = true;
    if (this.busy) this.#end(0);
  }

  #end(status: number): void {
    this.busy = false;
    this.#events.onEnd(this, status);
  }
}
