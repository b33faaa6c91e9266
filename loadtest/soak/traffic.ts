/** The traffic of the soak: what is asked, and what each kind of it must be answered. */
import { LoadGenerator } from '../../test/full/support/load-generator.ts';

/** Names that dtab overrides make up, over and over: more than the route table holds. */
const OVERRIDE_NAMES = 400;
const MISSING_NAMES = 1000;
const BODY = 'x'.repeat(3000);
const CHUNKED_BODY = `${'200\r\n'}${'y'.repeat(512)}\r\n`.repeat(6).concat('0\r\n\r\n');

const NO_ENDPOINT = 'HTTP/1.1 502 Bad Gateway';
const MALFORMED = 'HTTP/1.1 400 Bad Request';

/** Requests that an endpoint's end alone may fail. */
const REQUESTS: readonly ((n: number) => string)[] = [
  () => 'GET / HTTP/1.1\r\nHost: web\r\n\r\n',
  (n) => `GET /${n}?q=${'z'.repeat(n % 200)} HTTP/1.1\r\nHost: web\r\nAccept: */*\r\nCookie: a=${n}\r\n\r\n`,
  () => `POST / HTTP/1.1\r\nHost: web\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
  () => `POST / HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\n\r\n${CHUNKED_BODY}`,
  () => 'GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n',
  () => {
    const name = `override-${random(OVERRIDE_NAMES)}`;
    return `GET / HTTP/1.1\r\nHost: ${name}\r\nl5d-dtab: /svc/${name} => /svc/web\r\n\r\n`;
  },
];

/** @returns a whole number from 0 on */
export function random(below: number): number {
  return Math.floor(Math.random() * below);
}

/** All kinds of traffic at once, from the moment of its making. */
export class Traffic {
  /** Served by the endpoints. */
  readonly #served: LoadGenerator;
  /** Never served: each of these is answered with one error, always the same. */
  readonly #refused: readonly { readonly load: LoadGenerator; readonly answer: string }[];

  constructor(port: number) {
    const load = (connections: number, pauseMs: number, request: (n: number) => string) =>
      new LoadGenerator({ port, connections, pauseMs, request });
    const missing = () => `GET / HTTP/1.1\r\nHost: missing-${random(MISSING_NAMES)}\r\n\r\n`;
    const broken = (n: number) => (n % 2 === 0 ? 'GET  / HTTP/1.1\r\nHost: web\r\n\r\n' : 'GET / HTTP/1.1\r\n\r\n');
    this.#served = load(24, 10, (n) => (REQUESTS[n % REQUESTS.length] as (n: number) => string)(n));
    this.#refused = [
      { load: load(4, 40, missing), answer: NO_ENDPOINT },
      { load: load(2, 40, broken), answer: MALFORMED },
    ];
  }

  /** Requests that were served. */
  get served(): number {
    return this.#served.answered;
  }

  /** Requests that should have been served and were not. */
  get failed(): number {
    return this.#served.errorCount;
  }

  /** Requests that were refused, as they had to be. */
  get refused(): number {
    return this.#refused.reduce((sum, { load }) => sum + load.errorCount, 0);
  }

  /** Ends after the requests under way. */
  async stop(): Promise<void> {
    await Promise.all([this.#served, ...this.#refused.map(({ load }) => load)].map((load) => load.stop()));
  }

  /**
   * What was answered otherwise than it had to be, in words.
   *
   * @param tolerated failed requests that ended endpoints may have cost
   */
  judge(tolerated: number): string[] {
    const wrong: string[] = [];
    const { errors, report } = this.#served;
    process.stdout.write(`served: ${report}\n${this.failed} failed, ${tolerated} may have been cut off by endpoints\n`);
    if (this.failed > tolerated) wrong.push(`${this.failed} requests failed, at most ${tolerated} may`);
    for (const kind of errors.keys()) if (kind !== NO_ENDPOINT && kind !== 'closed') wrong.push(`served: ${kind}`);
    for (const { load, answer } of this.#refused) {
      process.stdout.write(`refused: ${load.report}\n`);
      if (load.answered > 0) wrong.push(`${load.answered} were served that had to be refused with ${answer}`);
      for (const kind of load.errors.keys()) if (kind !== answer) wrong.push(`${kind} instead of ${answer}`);
    }
    return wrong;
  }
}
