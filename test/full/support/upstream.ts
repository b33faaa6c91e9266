/** An endpoint for load tests: answers at once, until it is told to misbehave. Counts what it knows, for exact claims. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { IP } from '../../support/weft.ts';

const HALF_ANSWER = `HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n${'x'.repeat(5000)}`;

/** What is done with a request. */
export type Behaviour = 'answer' | 'stall' | 'reset mid-body' | 'stall mid-body';

interface Peer {
  received: string;
  answered: number;
}

/** An endpoint. */
export class Upstream {
  readonly port: number;
  behaviour: Behaviour = 'answer';
  /** Time from a request to its answer. */
  delayMs = 0;
  /** Length of an answer's body. */
  bodyBytes = 5;
  answered = 0;
  /** Requests that it took and has never answered whole. */
  stalled = 0;
  readonly #server: Server;
  readonly #peers = new Map<Socket, Peer>();

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket) => this.#serve(socket));
  }

  /** @param port 0 for a free one */
  static async start(port = 0, ip = IP): Promise<Upstream> {
    const server = createServer({ noDelay: true }).listen(port, ip);
    await once(server, 'listening');
    return new Upstream(server);
  }

  /** As a line of a disco file. */
  get disco(): string {
    return `${IP} ${this.port}`;
  }

  /** Connections open at the moment. */
  get connectionCount(): number {
    return this.#peers.size;
  }

  /** Connections that have not carried an answer: a request there cannot be sent again. */
  get unansweredCount(): number {
    return [...this.#peers.values()].filter(({ answered }) => answered === 0).length;
  }

  /** Ends as a killed process does: every connection is reset, nobody listens. */
  async kill(): Promise<void> {
    for (const socket of this.#peers.keys()) socket.resetAndDestroy();
    this.#peers.clear();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(socket: Socket): void {
    const peer: Peer = { received: '', answered: 0 };
    this.#peers.set(socket, peer);
    socket.setEncoding('latin1');
    socket.on('error', () => {});
    socket.on('close', () => this.#peers.delete(socket));
    socket.on('data', (text: string) => {
      peer.received += text;
      while (takeRequest(peer)) this.#onRequest(socket, peer);
    });
  }

  #onRequest(socket: Socket, peer: Peer): void {
    switch (this.behaviour) {
      case 'answer':
        if (this.delayMs > 0) setTimeout(() => this.#answer(socket, peer), this.delayMs);
        else this.#answer(socket, peer);
        break;
      case 'reset mid-body':
        socket.write(HALF_ANSWER, 'latin1', () => socket.resetAndDestroy());
        break;
      case 'stall mid-body':
        this.stalled++;
        socket.write(HALF_ANSWER, 'latin1');
        break;
      case 'stall':
        this.stalled++;
        break;
    }
  }

  #answer(socket: Socket, peer: Peer): void {
    if (socket.destroyed || this.behaviour === 'stall') return;
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${this.bodyBytes}\r\n\r\n${'x'.repeat(this.bodyBytes)}`, 'latin1');
    this.answered++;
    peer.answered++;
  }
}

/** Takes one request, body included, off what was received. @returns whether there was a whole one */
function takeRequest(peer: Peer): boolean {
  const headEnd = peer.received.indexOf('\r\n\r\n');
  if (headEnd < 0) return false;
  const head = peer.received.slice(0, headEnd + 2);
  let end = headEnd + 4;
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
    const last = peer.received.indexOf('0\r\n\r\n', end);
    if (last < 0) return false;
    end = last + 5;
  } else {
    end += Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
  }
  if (peer.received.length < end) return false;
  peer.received = peer.received.slice(end);
  return true;
}
