/** What the benchmarks of a worker's parts share: a worker's memory and networking without its threads, and messages. */

import { loadConfig } from '../../control/config/load.ts';
import { Random } from '../../core/balance/random.ts';
import { HeadParser } from '../../core/http1/head.ts';
import { readLimits } from '../../core/limits.ts';
import { createEndpointBuffer, EndpointRegion } from '../../core/shared/endpoint-region.ts';
import { FdOwners } from '../../core/shared/fd-owners.ts';
import { RetryBudgets } from '../../core/shared/retry-budgets.ts';
import { slabBytes } from '../../core/shared/stats.ts';
import { StatsWriter } from '../../core/shared/stats-writer.ts';
import { Net } from '../../workers/net/net.ts';
import { Epoll } from '../../workers/os/epoll.ts';
import { KernelMemory } from '../../workers/os/memory.ts';
import { Sockets } from '../../workers/os/sockets.ts';
import { Reactor } from '../../workers/reactor/reactor.ts';
import { ConnectionPool } from '../../workers/router/connection-pool.ts';
import { Router, type RouterEnvironment } from '../../workers/router/router.ts';

const HEAD_BYTES_MAX = 16384;
const MEMORY_BYTES = 64 * 1024 * 1024;
const LIMITS = readLimits({});

/** Random numbers that are the same in every run. */
export const random: Random = new Random(1);
/** A worker's memory. */
export const memory: KernelMemory = new KernelMemory(MEMORY_BYTES);
/** A worker's pen. */
export const stats: StatsWriter = new StatsWriter(new SharedArrayBuffer(slabBytes({ scopesMax: 1024 })));

/** Where keys are written. */
const keyAt = memory.reserve(HEAD_BYTES_MAX);
/** Where a message lies, with room in front for a head that grows. */
export const messageAt: number = memory.reserve(3 * HEAD_BYTES_MAX) + HEAD_BYTES_MAX;
/** An area for single heads. */
export const scratchAt: number = memory.reserve(HEAD_BYTES_MAX);

/** Where the keys of many names lie. */
export const keysAt: number = memory.reserve(1024 * 1024);

/** A worker's networking, on which nothing is open. */
export const net: Net = createNet();

function createNet(): Net {
  const sockets = new Sockets(memory);
  const fds = new FdOwners(FdOwners.allocate());
  const epoll = new Epoll(memory, LIMITS.epollEventsMax);
  const reactor = new Reactor(
    epoll,
    sockets,
    () => 0,
    fds,
    (error) => {
      throw error;
    },
  );
  return new Net(memory, sockets, reactor, LIMITS, fds, stats, HEAD_BYTES_MAX);
}

/** What routers share in a worker that is on its own. */
export const environment: RouterEnvironment = {
  worker: 0,
  region: new EndpointRegion(createEndpointBuffer({ workers: 1, clients: 16, rows: 16 })),
  stats,
  random,
  poolWaitersMax: 0,
  budgets: new RetryBudgets(RetryBudgets.allocate(1, 1024), 1),
  log: () => {},
  reconnect: () => {},
  pools: [],
  net,
  keyAt,
  accessRing: null,
  createPool: (client, address) => new ConnectionPool(client, address, () => false),
  binder: { bind: () => {}, unbind: () => {}, explain: () => {} },
  wallClockMs: Date.now,
};

/** A parser as a worker has it. */
export function createParser(): HeadParser {
  return new HeadParser({
    headerCountMax: LIMITS.headerCountMax,
    trailerBytesMax: LIMITS.trailerBytesMax,
    leadingEmptyLinesMax: LIMITS.leadingEmptyLinesMax,
    headBytesMax: 8192,
    initialLineBytesMax: 4096,
  });
}

/** A worker's router whose names are never bound. @param keys YAML of a router's keys, indented by two spaces */
export function createRouter(keys: string): Router {
  const text = `namers: [{kind: io.l5d.fs, rootDir: .}]
routers:
- protocol: http
  dtab: /svc => /#/io.l5d.fs
  bindingCache: {paths: 100000}
${keys}
  servers: [{port: 4140}]
`;
  const [config] = loadConfig(text, 'bench', { limits: LIMITS }).routers;
  if (config?.protocol !== 'http') throw new Error('no http router');
  return new Router(0, config, environment);
}

/** Places a message where a recv would. @returns its end */
export function place(text: string): number {
  memory.bytes.set(Buffer.from(text, 'latin1'), messageAt);
  return messageAt + text.length;
}
