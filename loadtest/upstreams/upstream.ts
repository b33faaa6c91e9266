/** What the load tests forward to: servers that answer with a few bytes, after a delay and with a share of failures that can be changed. */

export const BODY = 'Hello world\n';

/** A listening upstream. */
export interface Upstream {
  readonly port: number;
  /** Time between a request and its response. */
  delayMs: number;
  /** Share of the requests that are answered 500. */
  failShare: number;
}

/** Whether the next request is to fail. */
export function isToFail({ failShare }: Upstream): boolean {
  return failShare > 0 && Math.random() < failShare;
}

/** Starts an upstream on a free port of 127.0.0.1. */
export type StartUpstream = (delayMs: number) => Promise<Upstream>;

/** What the process of the upstreams is told: how one of them is from now on. */
export interface Change {
  readonly upstream: number;
  readonly delayMs?: number;
  readonly failShare?: number;
}

/** What it says when it is ready. */
export interface Ready {
  readonly kind: string;
  readonly ports: readonly number[];
}
