/** What the load tests forward to: servers that answer every request with a few bytes, after a delay that can be changed. */

export const BODY = 'Hello world\n';

/** A listening upstream. */
export interface Upstream {
  readonly port: number;
  /** Time between a request and its response. */
  delayMs: number;
}

/** Starts an upstream on a free port of 127.0.0.1. */
export type StartUpstream = (delayMs: number) => Promise<Upstream>;

/** What the process of the upstreams is told. */
export interface SetDelay {
  readonly upstream: number;
  readonly delayMs: number;
}

/** What it says when it is ready. */
export interface Ready {
  readonly kind: string;
  readonly ports: readonly number[];
}
