/**
 * An HTTP/2 endpoint for faults under load. It knows what it has not answered yet, by kind, so that a test can say exactly
 * what a fault may cost:
 *
 *     GET /, POST /    the answer whole, after the delay
 *     GET /slow        its head and half of its body at once, and the rest after the delay
 */
import type * as http2 from 'node:http2';
import { Http2Upstream } from './http2-upstream.ts';

const HALF = Buffer.alloc(1000, 'x');
/** Length of every answer's body. */
export const ANSWER_BYTES = 2 * HALF.length;

/** An endpoint. */
export class Http2Endpoint {
  delayMs = 5;
  /** Nothing more is sent on streams. */
  stalled = false;
  answered = 0;
  readonly #upstream: Http2Upstream;
  /** Streams that are not over, with their requests as `GET /slow`. */
  readonly #open = new Map<http2.ServerHttp2Stream, string>();

  private constructor(upstream: Http2Upstream) {
    this.#upstream = upstream;
  }

  /** @param port 0 for a free one */
  static async start(port = 0): Promise<Http2Endpoint> {
    const upstream = await Http2Upstream.start((stream, headers) => endpoint.#take(stream, headers), port);
    const endpoint: Http2Endpoint = new Http2Endpoint(upstream);
    return endpoint;
  }

  get port(): number {
    return this.#upstream.port;
  }

  /** As a line of a disco file. */
  get disco(): string {
    return this.#upstream.disco;
  }

  /** How many requests of a kind, such as `GET /slow`, are not answered whole. @param begun whether something was sent */
  openCount(request: string, begun: boolean): number {
    return [...this.#open].filter(([stream, kind]) => kind === request && stream.headersSent === begun).length;
  }

  /** Ends as a killed process does. */
  kill(): Promise<void> {
    return this.#upstream.kill();
  }

  /** Resets every connection, and takes new ones. */
  hangUp(): void {
    this.#upstream.hangUp();
  }

  #take(stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders): void {
    const path = headers[':path'];
    this.#open.set(stream, `${headers[':method']} ${path}`);
    stream.on('close', () => this.#open.delete(stream));
    stream.resume();
    if (this.stalled) return;
    if (path === '/slow') {
      stream.respond({ ':status': 200 });
      stream.write(HALF);
    }
    setTimeout(() => this.#finish(stream), this.delayMs);
  }

  #finish(stream: http2.ServerHttp2Stream): void {
    if (stream.destroyed || this.stalled) return;
    this.answered++;
    if (stream.headersSent) {
      stream.end(HALF);
      return;
    }
    stream.respond({ ':status': 200, 'content-length': ANSWER_BYTES });
    stream.end(Buffer.concat([HALF, HALF]));
  }
}
