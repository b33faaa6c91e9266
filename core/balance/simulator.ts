/**
 * Runs the real balancers over the real shared cells in virtual time, because what a balancer promises (a slow endpoint
 * is shunned, a fast failure attracts nobody) shows only over thousands of requests, and a wall clock would make the
 * proof slow and unsteady.
 *
 *     client k  --Poisson arrivals-->  pick  --start-->  endpoint's service time  --finish-->  figures
 *       (a worker: own table,                            a function of the time, of what it
 *        own random numbers)                             has in progress, and of chance
 */
import type { LoadBalancerConfig } from '../config/types.ts';
import { EndpointCells } from '../shared/endpoint-cells.ts';
import { EndpointPublisher } from '../shared/endpoint-publisher.ts';
import {
  createEndpointBuffer,
  EndpointRegion,
  ROW_PENDING,
  ROW_SHIFT,
  TICK_MICROS,
} from '../shared/endpoint-region.ts';
import { EndpointTable } from '../shared/endpoint-table.ts';
import { createBalancer, loadOptionsOf } from './create-balancer.ts';
import { EventQueue } from './event-queue.ts';
import { Random } from './random.ts';
import { EventCounts } from './test-balancers.ts';

/** How an endpoint behaves. */
export interface SimulatedEndpoint {
  /** Time to respond to a request that arrives now and finds `inProgress` others. */
  readonly serviceMicros: (nowMicros: number, inProgress: number, random: Random) => number;
  /** Whether all its responses are failures. */
  readonly fails: boolean;
}

/** A scenario. */
export interface Simulation {
  readonly loadBalancer: LoadBalancerConfig;
  readonly endpoints: readonly SimulatedEndpoint[];
  /** Workers that send, each with its own table. */
  readonly clients: number;
  /** Mean rate of each client; arrivals are independent (Poisson). */
  readonly requestsPerSecond: number;
  /** Requests arrive for this long; those out at the end are waited for. */
  readonly durationMs: number;
  readonly seed: number;
}

/** What happened. */
export interface SimulationResult {
  /** Requests that each endpoint got. */
  readonly requests: readonly number[];
  /** Response times of all requests, ascending. */
  readonly latenciesMicros: Float64Array;
  readonly failures: number;
  /** Sessions still counted as pending at the end, over all endpoints. */
  readonly pendingLeft: number;
}

/** Runs a scenario to its end. Equal scenarios give equal results. */
export function simulate(simulation: Simulation): SimulationResult {
  const { endpoints, clients } = simulation;
  const region = new EndpointRegion(createEndpointBuffer({ workers: clients, clients: 1, rows: endpoints.length }));
  const publisher = new EndpointPublisher(region);
  const clientId = publisher.openClient() as number;
  publisher.publish(
    clientId,
    endpoints.map((_, index) => ({ ip: '10.0.0.1', port: index + 1, weight: 1 })),
  );
  const queue = new EventQueue();
  const told = new EventCounts();
  const world = new Random(simulation.seed);
  const requests = endpoints.map(() => 0);
  const inProgress = endpoints.map(() => 0);
  const latencies: number[] = [];
  const gapMicros = () => (-Math.log(1 - world.unit()) * 1e6) / simulation.requestsPerSecond;
  let nowMicros = 0;
  let failures = 0;

  const startClient = (worker: number) => {
    const random = new Random(simulation.seed + worker + 1);
    const table = new EndpointTable(region, clientId);
    const cells = new EndpointCells(region, loadOptionsOf(simulation.loadBalancer), random);
    const balancer = createBalancer(simulation.loadBalancer, region, told);
    const send = () => {
      const row = balancer.pick(table, cells, ticksAt(nowMicros), random);
      const index = region.describe(row).port - 1;
      const endpoint = endpoints[index] as SimulatedEndpoint;
      const tookMicros = endpoint.serviceMicros(nowMicros, inProgress[index] as number, world);
      requests[index] = (requests[index] as number) + 1;
      inProgress[index] = (inProgress[index] as number) + 1;
      cells.start(row, worker);
      balancer.observe(table, cells, ticksAt(nowMicros));
      queue.schedule(nowMicros + tookMicros, () => {
        inProgress[index] = (inProgress[index] as number) - 1;
        cells.finish(row, worker, tookMicros, ticksAt(nowMicros), endpoint.fails);
        balancer.observe(table, cells, ticksAt(nowMicros));
        latencies.push(tookMicros);
        if (endpoint.fails) failures += 1;
      });
      const nextMicros = nowMicros + gapMicros();
      if (nextMicros < simulation.durationMs * 1000) queue.schedule(nextMicros, send);
    };
    queue.schedule(gapMicros(), send);
  };

  for (let worker = 0; worker < clients; worker += 1) startClient(worker);
  for (let event = queue.next(); event !== undefined; event = queue.next()) {
    nowMicros = event.atMicros;
    event.act();
  }
  return {
    requests,
    latenciesMicros: Float64Array.from(latencies).sort(),
    failures,
    pendingLeft: requests.reduce((sum, _, row) => sum + pendingOf(region, row), 0),
  };
}

function ticksAt(micros: number): number {
  return Math.trunc(micros / TICK_MICROS) | 0;
}

function pendingOf(region: EndpointRegion, row: number): number {
  return Atomics.load(region.words, region.rowsAt + (row << ROW_SHIFT) + ROW_PENDING);
}
