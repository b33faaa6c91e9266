/**
 * What the supervisor and a worker say to each other: rare, shaped things. What is hot and flat is a cell in shared
 * memory (core/shared/).
 *
 *     worker --> supervisor   bind, unbind, explain, log, drained
 *     supervisor --> worker   bound (once in answer to bind, then at every change), explained, drain; a ring on the worker's
 *                             wake-up says that there are messages, or that endpoint tables have changed
 */
import type { MessagePort } from 'node:worker_threads';
import type { RouterConfig } from '../core/config/types.ts';
import type { LimitValues } from '../core/limits.ts';
import type { Reason } from '../core/reasons.ts';
import type { Mapping } from './os/memory.ts';

/** A listening socket that a worker accepts from. */
export interface ListenerSpec {
  readonly fd: number;
  readonly router: number;
  readonly server: number;
  /** Metric scope of the server. */
  readonly scope: number;
  /** Index of the server in `gates`. */
  readonly gate: number;
}

/** Everything a worker is told at its start. */
export interface WorkerStart {
  readonly worker: number;
  readonly workers: number;
  readonly limits: LimitValues;
  readonly routers: readonly RouterConfig[];
  readonly listeners: readonly ListenerSpec[];
  /** Bytes of the largest head of any router. */
  readonly headBytesMax: number;
  /** Bytes of the largest body that any router keeps behind a head. */
  readonly keptBodyBytesMax: number;
  /** Descriptors of all workers' wake-ups, by worker. */
  readonly wakeups: readonly number[];
  /** Requests under way per server: `maxConcurrentRequests` (core/shared/gates.ts). */
  readonly gates: SharedArrayBuffer;
  readonly fds: SharedArrayBuffer;
  /** Descriptors that the process may have open. */
  readonly descriptorsMax: number;
  readonly endpoints: SharedArrayBuffer;
  /** Retry and requeue budgets by scope (core/shared/retry-budgets.ts). */
  readonly budgets: SharedArrayBuffer;
  readonly stats: SharedArrayBuffer;
  /** What accepted connections are placed by (core/shared/worker-load.ts). */
  readonly load: SharedArrayBuffer;
  /** Rings for accepted connections, `[from][to]`. */
  readonly handover: readonly (readonly SharedArrayBuffer[])[];
  /** Takes the records of access logs (core/shared/access-record.ts); null when no router has one. */
  readonly accessRing: SharedArrayBuffer | null;
  readonly port: MessagePort;
}

/** The binding caches (spec 05 section 1). */
export type BindingCacheName = 'path' | 'tree' | 'bound' | 'client';

/** Why a worker gives up a route, and the cache that this begins in. */
export interface CacheEvent {
  readonly cache: BindingCacheName;
  readonly event: 'evicts' | 'expires' | 'oneshots';
}

/** One leaf of a bound tree. */
export interface BranchMessage {
  readonly weight: number;
  /** Number of bound id and residual. */
  readonly bound: number;
  readonly client: number;
  readonly id: string;
  readonly residual: string;
  readonly clientScope: number;
  readonly clientServiceScope: number;
  /** Not 0: the name is a local service that answers every request with this status. */
  readonly answerStatus: number;
}

/** What a name is bound to. */
export type BindReply = {
  readonly type: 'bound';
  readonly router: number;
  readonly route: number;
  readonly serviceScope: number;
} & (
  | {
      readonly state: 'ok';
      /** Number of the tree: names with equal ones have the same. */
      readonly tree: number;
      readonly branches: readonly BranchMessage[];
    }
  | { readonly state: 'neg' }
  | { readonly state: 'failed'; readonly reason: Reason; readonly message: string }
);

/** Scopes that are closed: the worker lets go of their chunks, and says so with the same token. */
export interface ReleaseScopes {
  readonly type: 'release';
  readonly scopes: readonly number[];
  readonly token: number;
}

/** The answer to `explain`, with its token: how the name came to what it is bound to (spec 03 section 5.6). */
export interface Explained {
  readonly type: 'explained';
  readonly router: number;
  readonly token: number;
  /** Each a path, and in parentheses the dentry that gave it; empty when that is not known. */
  readonly steps: readonly string[];
}

export type ToWorker = BindReply | Explained | ReleaseScopes | { readonly type: 'drain'; readonly graceMs: number };

export type FromWorker =
  | {
      readonly type: 'bind';
      readonly router: number;
      readonly route: number;
      readonly path: string;
      readonly dtab: string;
    }
  | { readonly type: 'unbind'; readonly router: number; readonly route: number; readonly cause: CacheEvent }
  | {
      readonly type: 'explain';
      readonly router: number;
      readonly route: number;
      readonly token: number;
      /** The bound name that the way is to lead to. */
      readonly id: string;
    }
  | { readonly type: 'log'; readonly level: 'info' | 'warn' | 'error'; readonly message: string }
  | { readonly type: 'released'; readonly token: number }
  | { readonly type: 'serving'; readonly threadId: number; readonly memory: Mapping }
  | { readonly type: 'drained' };
