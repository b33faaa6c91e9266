/**
 * The memory that the supervisor and its workers share, allocated once at start. The kernel backs what is touched, so
 * the sizes follow from the limits and cost nothing while unused.
 */
import { RingBuffer } from 'ringbuf.js';
import type { LimitValues } from '../core/limits.ts';
import { createEndpointBuffer } from '../core/shared/endpoint-region.ts';
import { FdOwners } from '../core/shared/fd-owners.ts';
import { Gates } from '../core/shared/gates.ts';
import { RetryBudgets } from '../core/shared/retry-budgets.ts';
import { slabBytes } from '../core/shared/stats.ts';
import { WorkerLoad } from '../core/shared/worker-load.ts';

/** Everything that all threads see. */
export interface SharedState {
  readonly endpoints: SharedArrayBuffer;
  /** Retry and requeue budgets of services and clients, by scope. */
  readonly budgets: SharedArrayBuffer;
  readonly fds: SharedArrayBuffer;
  /** Requests under way per server, for `maxConcurrentRequests`. */
  readonly gates: SharedArrayBuffer;
  /** Connections and use of a core by worker (core/shared/worker-load.ts). */
  readonly load: SharedArrayBuffer;
  /** The supervisor's slab, then the workers'. */
  readonly stats: readonly [SharedArrayBuffer, ...SharedArrayBuffer[]];
  /** Rings for accepted connections, `[from][to]`. */
  readonly handover: readonly (readonly SharedArrayBuffer[])[];
  /** Rings for the records of access logs, one a worker; none when no router has such a log. */
  readonly accessRings: readonly SharedArrayBuffer[];
}

/** Allocates it. @param servers over all routers @param logged some router has an access log */
export function createSharedState(workers: number, servers: number, limits: LimitValues, logged: boolean): SharedState {
  const each = <T>(make: () => T): T[] => Array.from({ length: workers }, make);
  const slab = () => new SharedArrayBuffer(slabBytes(limits));
  // Each entry of a ring is a pair; one place of the ring stays empty.
  const ringElements = 2 * limits.acceptHandoverMax + 1;
  const ring = () => RingBuffer.getStorageForCapacity(ringElements, Int32Array);
  return {
    endpoints: createEndpointBuffer({ workers, clients: limits.clientsMax, rows: limits.endpointsMax }),
    budgets: RetryBudgets.allocate(workers, limits.scopesMax),
    fds: FdOwners.allocate(),
    gates: Gates.allocate(workers, servers),
    load: WorkerLoad.allocate(workers),
    stats: [slab(), ...each(slab)],
    handover: each(() => each(ring)),
    accessRings: logged ? each(() => RingBuffer.getStorageForCapacity(limits.accessLogRingBytes >> 2, Int32Array)) : [],
  };
}

/** Accepted connections that were handed to a worker and not yet taken up. */
export function connectionsUnderWay(handover: SharedState['handover'], worker: number): number {
  const pairs = handover.map((row) => new RingBuffer(row[worker] as SharedArrayBuffer, Int32Array).availableRead() / 2);
  return pairs.reduce((sum, count) => sum + count, 0);
}
