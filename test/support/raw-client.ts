/** A client that sends exactly the bytes it is told to, and shows exactly what comes back. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { IP } from './weft.ts';

const TIMEOUT_MS = 10_000;
/** What a failure shows of what was received. */
const SHOWN_BYTES = 4000;

/** One TCP connection; bytes are latin1 text. */
export class RawClient {
  readonly socket: Socket;
  /** Everything received so far. */
  received = '';
  /** The peer has ended its stream, or reset it. */
  ended = false;
  /** The peer has reset the connection. */
  reset = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.received += text;
    });
    socket.on('end', () => {
      this.ended = true;
    });
    socket.on('error', () => {
      this.reset = true;
      this.ended = true;
    });
    socket.on('close', () => {
      this.ended = true;
    });
  }

  /** Connects. Ending its own side does not end the other. */
  static async open(port: number): Promise<RawClient> {
    const socket = connect({ port, host: IP, allowHalfOpen: true, noDelay: true });
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  /** Sends bytes. */
  send(text: string): void {
    if (!this.socket.destroyed) this.socket.write(text, 'latin1');
  }

  /** Waits until what was received satisfies a condition. @returns all of it */
  async until(what: string, condition: (received: string) => boolean): Promise<string> {
    const deadline = Date.now() + TIMEOUT_MS;
    while (!condition(this.received)) {
      if (Date.now() >= deadline) {
        const { length } = this.received;
        assert.fail(
          `${what}: received ${length} bytes, the last of them ${JSON.stringify(this.received.slice(-SHOWN_BYTES))}`,
        );
      }
      await sleep(2);
    }
    return this.received;
  }

  /** Waits for the peer's end. @returns all that was received */
  async untilEnd(): Promise<string> {
    await this.until('the end of the stream', () => this.ended);
    return this.received;
  }

  close(): void {
    this.socket.destroy();
  }
}
