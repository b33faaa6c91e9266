/**
 * Runs the real balancers over the real shared cells in virtual time, because what a balancer promises (a slow endpoint
 * is shunned, a fast failure attracts nobody) shows only over thousands of requests, and a wall clock would make the
 * proof slow and unsteady.
 *
 *     client k  --Poisson arrivals-->  pick  --start-->  endpoint's service time  --finish-->  figures
 *       (a worker: own table,                            a function of the time, of what it
 *        own random numbers)                             has in progress, and of chance
 */
import type { FailureAccrualConfig, LoadBalancerConfig } from '../config/types.ts';
import { createFailureAccrual } from '../resilience/failure-accrual/create-failure-accrual.ts';
import type { FailureAccrual } from '../resilience/failure-accrual/failure-accrual.ts';
import { EndpointCells } from '../shared/endpoint-cells.ts';
import { TICK_MICROS } from '../shared/endpoint-region.ts';
import { EndpointTable } from '../shared/endpoint-table.ts';
import type { Balancer } from './balancer.ts';
import { createBalancer, loadOptionsOf } from './create-balancer.ts';
import { EventQueue } from './event-queue.ts';
import { Random } from './random.ts';
import { EventCounts, TestNode } from './test-balancers.ts';

/** How an endpoint behaves. */
export interface SimulatedEndpoint {
  /** Time to respond to a request that arrives now and finds `inProgress` others. */
  readonly serviceMicros: (nowMicros: number, inProgress: number, random: Random) => number;
  /** Whether the response to a request that arrives now is a failure. */
  readonly fails: (nowMicros: number) => boolean;
}

/** A scenario. */
export interface Simulation {
  readonly loadBalancer: LoadBalancerConfig;
  /** Breakers; none unless given. */
  readonly failureAccrual?: FailureAccrualConfig;
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
  /** The most that each endpoint had in progress at one time. */
  readonly peaks: readonly number[];
  /** Response times of all requests, ascending. */
  readonly latenciesMicros: Float64Array;
  readonly failures: number;
  /** Endpoints that requests may go to at the end. */
  readonly window: number;
  /** Sessions still counted as pending at the end, over all endpoints. */
  readonly pendingLeft: number;
}

/** Runs a scenario to its end. Equal scenarios give equal results. */
export function simulate(simulation: Simulation): SimulationResult {
  return new Run(simulation).run();
}

const SILENT = { onMarkedDead() {}, onProbe() {}, onRevived() {} };

interface Client {
  readonly worker: number;
  readonly random: Random;
  readonly table: EndpointTable;
  readonly cells: EndpointCells;
  readonly balancer: Balancer;
  readonly accrual: FailureAccrual | null;
}

class Run {
  readonly #simulation: Simulation;
  readonly #node: TestNode;
  readonly #world: Random;
  readonly #queue = new EventQueue();
  readonly #requests: number[];
  readonly #peaks: number[];
  readonly #inProgress: number[];
  readonly #latencies: number[] = [];
  #failures = 0;
  #nowMicros = 0;

  constructor(simulation: Simulation) {
    const { endpoints, clients, seed } = simulation;
    const none = endpoints.map(() => 0);
    this.#simulation = simulation;
    this.#node = new TestNode(
      endpoints.map(() => 1),
      clients,
      seed,
    );
    this.#world = new Random(seed);
    this.#requests = [...none];
    this.#peaks = [...none];
    this.#inProgress = [...none];
  }

  run(): SimulationResult {
    const clients = Array.from({ length: this.#simulation.clients }, (_, worker) => this.#createClient(worker));
    for (const client of clients) this.#queue.schedule(this.#gapMicros(), () => this.#send(client));
    for (let event = this.#queue.next(); event !== undefined; event = this.#queue.next()) {
      this.#nowMicros = event.atMicros;
      event.act();
    }
    const { balancer, table, cells } = clients[0] as Client;
    return {
      requests: this.#requests,
      peaks: this.#peaks,
      latenciesMicros: Float64Array.from(this.#latencies).sort(),
      failures: this.#failures,
      window: balancer.window(table, 0),
      pendingLeft: table.rows.reduce((sum, row) => sum + cells.pending(row), 0),
    };
  }

  #createClient(worker: number): Client {
    const { loadBalancer, failureAccrual, seed } = this.#simulation;
    const { region, clientId } = this.#node;
    const random = new Random(seed + worker + 1);
    return {
      worker,
      random,
      table: new EndpointTable(region, clientId),
      cells: new EndpointCells(region, loadOptionsOf(loadBalancer), random),
      balancer: createBalancer(loadBalancer, region, new EventCounts()),
      accrual: failureAccrual === undefined ? null : createFailureAccrual(failureAccrual, region, random, SILENT),
    };
  }

  #send(client: Client): void {
    const { worker, table, cells, balancer, accrual, random } = client;
    const row = balancer.pick(table, cells, this.#nowTicks(), random);
    const index = this.#node.region.describe(row).port - 1;
    const inProgress = this.#inProgress[index] as number;
    const endpoint = this.#simulation.endpoints[index] as SimulatedEndpoint;
    const tookMicros = endpoint.serviceMicros(this.#nowMicros, inProgress, this.#world);
    const failed = endpoint.fails(this.#nowMicros);
    this.#requests[index]! += 1;
    this.#inProgress[index] = inProgress + 1;
    this.#peaks[index] = Math.max(this.#peaks[index] as number, inProgress + 1);
    cells.start(row, worker);
    balancer.observe(table, cells, this.#nowTicks());
    accrual?.admit(row, this.#nowTicks());
    this.#queue.schedule(this.#nowMicros + tookMicros, () => {
      this.#inProgress[index]! -= 1;
      if (failed) accrual?.onFailure(row, this.#nowTicks());
      else accrual?.onSuccess(row, this.#nowTicks());
      cells.finish(row, worker, tookMicros, this.#nowTicks(), failed);
      balancer.observe(table, cells, this.#nowTicks());
      this.#latencies.push(tookMicros);
      if (failed) this.#failures += 1;
    });
    const nextMicros = this.#nowMicros + this.#gapMicros();
    if (nextMicros < this.#simulation.durationMs * 1000) this.#queue.schedule(nextMicros, () => this.#send(client));
  }

  #gapMicros(): number {
    return (-Math.log(1 - this.#world.unit()) * 1e6) / this.#simulation.requestsPerSecond;
  }

  #nowTicks(): number {
    return Math.trunc(this.#nowMicros / TICK_MICROS) | 0;
  }
}
