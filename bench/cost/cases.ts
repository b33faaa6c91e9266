/** What is varied in `npm run bench:cost`: one thing at a time, everything else as in the first case. */
import type { WeftSettings } from '../support/weft.ts';

/** One row of the table. */
export interface Case {
  readonly varied: string;
  readonly names: number;
  readonly endpoints: number;
  readonly dentries: number;
  readonly connections: number;
  readonly workers: number;
  /** Whether it is something for HAProxy as well. */
  readonly haproxy: boolean;
}

const BASE: Case = { varied: 'base', names: 1, endpoints: 1, dentries: 10, connections: 64, workers: 1, haproxy: true };

/** The table's rows. */
export const CASES: readonly Case[] = [
  BASE,
  { ...BASE, varied: '100 names', names: 100 },
  { ...BASE, varied: '10,000 names', names: 10_000 },
  { ...BASE, varied: '100 endpoints', endpoints: 100 },
  { ...BASE, varied: '10,000 endpoints', endpoints: 10_000 },
  { ...BASE, varied: '1,000 dentries', dentries: 1000, haproxy: false },
  { ...BASE, varied: '1,000 connections', connections: 1000 },
  { ...BASE, varied: '10,000 connections', connections: 10_000 },
  { ...BASE, varied: '2 workers', workers: 2, haproxy: false },
];

/** Connections to one endpoint: with more clients than that, requests wait in Weft rather than in the upstream. */
export const POOL_SIZE_MAX = 1000;

/** An address of the loopback network, all of which reach the one upstream. */
export function address(index: number): string {
  return `127.0.${(index >> 8) & 255}.${index & 255}`;
}

/** The names as a request's Host gives them. */
export function nameOf(index: number): string {
  return index === 0 ? 'web' : `web${index}`;
}

/** How Weft is started for a case. */
export function settingsOf(row: Case, cores: string, upstreamPort: number): WeftSettings {
  const endpoints = Array.from({ length: row.endpoints }, (_, index) => `${address(index + 1)} ${upstreamPort}`);
  const cache = 2 * Math.max(row.names, 100);
  return {
    cores,
    workers: row.workers,
    disco: Object.fromEntries(Array.from({ length: row.names }, (_, index) => [nameOf(index), endpoints])),
    dtab: Array.from({ length: row.dentries - 1 }, (_, index) => `/svc/other${index} => /$/nil`),
    router: `  bindingCache: {paths: ${cache}, trees: ${cache}, bounds: ${cache}, clients: ${cache}}`,
    client: `    hostConnectionPool: {maxSize: ${POOL_SIZE_MAX}}`,
    env: { WEFT_POOL_WAITERS: '65536', WEFT_PARKED_REQUESTS: '65536' },
  };
}

/** A script for wrk that asks for one name after another. */
export function requestsScript({ names }: Case): string {
  return `local requests, at = {}, 0
init = function(args)
  for i = 1, ${names} do
    wrk.headers["Host"] = i == 1 and "web" or "web" .. (i - 1)
    requests[i] = wrk.format("GET", "/")
  end
end
request = function()
  at = at % ${names} + 1
  return requests[at]
end
`;
}
