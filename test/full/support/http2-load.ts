/**
 * A steady load of Node's HTTP/2 clients: connections that each keep a number of streams open, and account for every
 * one. What is not a 200 with its whole body is an error with its name.
 */
import { once } from 'node:events';
import * as http2 from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { IP } from '../../support/weft.ts';

const RECONNECT_PAUSE_MS = 20;
const TIMEOUT_MS = 15_000;
const AUTHORITY = 'web';

/** A request. */
export interface LoadRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
}

/** What is sent. */
export interface Http2LoadOptions {
  readonly port: number;
  readonly connections: number;
  /** Requests under way on a connection. */
  readonly streams: number;
  /** The n-th request of all; a POST has a short body. */
  readonly request: (n: number) => LoadRequest;
  /** Length of a whole answer's body. */
  readonly bodyBytes: number;
  /** Pause of a stream's place between an answer and its next request. */
  readonly pauseMs?: number;
}

/** The load. */
export class Http2Load {
  answered = 0;
  /** GOAWAY frames received. */
  goaways = 0;
  /** Errors by kind, such as `GET / status 502` or `POST / NGHTTP2_CANCEL`. */
  readonly errors = new Map<string, number>();
  readonly #options: Required<Http2LoadOptions>;
  readonly #clients: Promise<void>[];
  #sent = 0;
  #stopped = false;

  constructor(options: Http2LoadOptions) {
    this.#options = { pauseMs: 2, ...options };
    this.#clients = Array.from({ length: options.connections }, () => this.#keepConnected());
  }

  get errorCount(): number {
    return [...this.errors.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Errors of requests that begin so, such as `GET /slow`. */
  errorsOf(request: string): number {
    return [...this.errors].reduce((sum, [kind, count]) => sum + (kind.startsWith(`${request} `) ? count : 0), 0);
  }

  /** In words. */
  get report(): string {
    const kinds = [...this.errors].map(([kind, count]) => `${count} x ${kind}`).join(', ');
    return `${this.answered} answered, ${kinds || 'no errors'}`;
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

  async #keepConnected(): Promise<void> {
    while (!this.#stopped) {
      const session = http2.connect(`http://${IP}:${this.#options.port}`);
      session.on('error', () => {});
      session.on('goaway', () => {
        this.goaways++;
      });
      await Promise.race([once(session, 'connect'), once(session, 'close')]).catch(() => {});
      const places = Array.from({ length: this.#options.streams }, () => this.#serveOne(session));
      await Promise.all(places);
      if (!session.destroyed) session.destroy();
      if (!this.#stopped) await sleep(RECONNECT_PAUSE_MS);
    }
  }

  async #serveOne(session: http2.ClientHttp2Session): Promise<void> {
    const { request, bodyBytes, pauseMs } = this.#options;
    while (!this.#stopped && !session.closed && !session.destroyed) {
      const next = request(this.#sent++);
      const problem = await exchange(session, next, bodyBytes);
      if (problem === '') this.answered++;
      else this.#fail(`${next.method} ${next.path} ${problem}`);
      if (pauseMs > 0) await sleep(pauseMs);
    }
  }

  #fail(kind: string): void {
    this.errors.set(kind, (this.errors.get(kind) ?? 0) + 1);
  }
}

/** Sends a request. @param onHead called when the head of an answer is there @returns what was wrong with it, '' for nothing */
export function exchange(
  session: http2.ClientHttp2Session,
  { method, path }: LoadRequest,
  bodyBytes: number,
  onHead: () => void = () => {},
): Promise<string> {
  return new Promise((resolve) => {
    const fields = { ':authority': AUTHORITY, ':method': method, ':path': path };
    const stream = session.request(fields, { endStream: method === 'GET' });
    let status = 0;
    let bytes = 0;
    let problem = '';
    stream.setTimeout(TIMEOUT_MS, () => {
      problem = 'silence';
      stream.close(http2.constants.NGHTTP2_CANCEL);
    });
    stream.on('response', (head) => {
      status = head[':status'] ?? 0;
      onHead();
    });
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    stream.on('error', (error: NodeJS.ErrnoException) => {
      problem ||= error.message;
    });
    stream.on('close', () => {
      if (status !== 0 && status !== 200) problem ||= `status ${status}`;
      if (bytes !== bodyBytes) problem ||= `${bytes} bytes`;
      resolve(problem);
    });
    if (method === 'POST') stream.end('a short body');
  });
}
