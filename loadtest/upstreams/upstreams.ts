/** The upstreams of a load test, in a process of their own. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Change, Ready } from './upstream.ts';

const PROGRAM = fileURLToPath(new URL('process.js', import.meta.url));

/** Running upstreams. */
export class Upstreams {
  /** What they are made of. */
  readonly kind: string;
  readonly ports: readonly number[];
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, { kind, ports }: Ready) {
    this.#child = child;
    this.kind = kind;
    this.ports = ports;
  }

  /** Starts `count` of them. */
  static async start(count: number, delayMs: number): Promise<Upstreams> {
    const child = fork(PROGRAM, [String(count), String(delayMs)]);
    const [ready] = (await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => Promise.reject(new Error('the upstreams do not start'))),
    ])) as [Ready];
    return new Upstreams(child, ready);
  }

  /** Changes the time between a request and its response. */
  setDelay(upstream: number, delayMs: number): void {
    this.#change({ upstream, delayMs });
  }

  /** Changes the share of requests that are answered 500. */
  setFailures(upstream: number, failShare: number): void {
    this.#change({ upstream, failShare });
  }

  #change(change: Change): void {
    this.#child.send(change);
  }

  /** Ends them. */
  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }
}
