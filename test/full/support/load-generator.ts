/**
 * A steady load from this process: keep-alive clients that send one request after another and account for every one.
 * What is asked of Weft under a fault is that nothing is lost that need not be, so an answer that is not 200, a
 * connection that ends early and a silence are each an error with its name.
 */
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { IP } from '../../support/weft.ts';

const RECONNECT_PAUSE_MS = 20;

/** What is sent. */
export interface LoadOptions {
  readonly port: number;
  readonly connections: number;
  /** The n-th request of all, whole; `GET / Host: web` unless given. */
  readonly request?: (n: number) => string;
  /** Pause of a connection between an answer and its next request. */
  readonly pauseMs?: number;
  /** A silence longer than this is an error. */
  readonly timeoutMs?: number;
}

/** The load. */
export class LoadGenerator {
  answered = 0;
  /** Errors by kind: a status line, `closed`, `refused`, `timeout`. */
  readonly errors = new Map<string, number>();
  /** The first answers that were errors, whole. */
  readonly samples: string[] = [];
  readonly #options: Required<LoadOptions>;
  readonly #clients: Promise<void>[];
  #sent = 0;
  #stopped = false;

  constructor(options: LoadOptions) {
    this.#options = {
      request: () => 'GET / HTTP/1.1\r\nHost: web\r\n\r\n',
      pauseMs: 2,
      timeoutMs: 15_000,
      ...options,
    };
    this.#clients = Array.from({ length: options.connections }, () => this.#serveOne());
  }

  get errorCount(): number {
    return [...this.errors.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Errors in words. */
  get report(): string {
    const kinds = [...this.errors].map(([kind, count]) => `${count} x ${kind}`).join(', ');
    return `${this.answered} answered, ${kinds || 'no errors'} ${JSON.stringify(this.samples)}`;
  }

  /** Waits until so many more requests have been answered. */
  async more(count: number): Promise<void> {
    const target = this.answered + count;
    while (this.answered < target && !this.#stopped) await sleep(5);
  }

  /** Ends after the requests under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#clients);
  }

  async #serveOne(): Promise<void> {
    while (!this.#stopped) {
      const client = new Client(this.#options.port);
      for (let open = true; open && !this.#stopped; ) {
        const answer = await client.exchange(this.#options.request(this.#sent++), this.#options.timeoutMs);
        if (answer.startsWith('HTTP/1.1 200 ')) this.answered++;
        else this.#fail(answer);
        open = client.open && !/\r\nconnection: close\r\n/i.test(answer);
        if (this.#options.pauseMs > 0) await sleep(this.#options.pauseMs);
      }
      client.close();
      if (!this.#stopped) await sleep(RECONNECT_PAUSE_MS);
    }
  }

  #fail(answer: string): void {
    const kind = answer.split('\r\n')[0] ?? '';
    this.errors.set(kind, (this.errors.get(kind) ?? 0) + 1);
    if (this.samples.length < 3) this.samples.push(answer);
  }
}

/** One connection. */
class Client {
  readonly #socket: Socket;
  #received = '';
  #failure = '';
  #wake: () => void = () => {};

  constructor(port: number) {
    this.#socket = connect({ port, host: IP, noDelay: true }).setEncoding('latin1');
    this.#socket.on('data', (text: string) => {
      this.#received += text;
      this.#wake();
    });
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#failure = error.code === 'ECONNREFUSED' ? 'refused' : 'closed';
    });
    this.#socket.on('close', () => {
      this.#failure ||= 'closed';
      this.#wake();
    });
  }

  get open(): boolean {
    return this.#failure === '';
  }

  /** Sends a request. @returns its response, whole, or what went wrong */
  async exchange(request: string, timeoutMs: number): Promise<string> {
    this.#received = '';
    this.#socket.write(request, 'latin1');
    const timer = setTimeout(() => {
      this.#failure = 'timeout';
      this.#wake();
    }, timeoutMs);
    while (this.#failure === '' && !isWhole(this.#received)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    clearTimeout(timer);
    return isWhole(this.#received) ? this.#received : this.#failure;
  }

  close(): void {
    this.#socket.destroy();
  }
}

function isWhole(response: string): boolean {
  const headEnd = response.indexOf('\r\n\r\n');
  if (headEnd < 0) return false;
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(response.slice(0, headEnd + 2))?.[1] ?? 0);
  return response.length >= headEnd + 4 + length;
}
