/** What the balancers' tests share: configurations of every kind, and a client whose endpoints can be loaded and marked. */
import type { LoadBalancerConfig } from '../config/types.ts';
import { EndpointCells } from '../shared/endpoint-cells.ts';
import { EndpointPublisher } from '../shared/endpoint-publisher.ts';
import { createEndpointBuffer, EndpointRegion } from '../shared/endpoint-region.ts';
import { EndpointTable } from '../shared/endpoint-table.ts';
import type { Balancer, BalancerEvents } from './balancer.ts';
import { createBalancer, loadOptionsOf } from './create-balancer.ts';
import { Random } from './random.ts';

const common = { experimental: false, enableProbation: false, eagerConnections: false, minEndpoints: 0 };
const choosing = { ...common, maxEffort: 5 };

/** Every kind with Linkerd's defaults. */
export const BALANCERS = {
  p2c: { ...choosing, kind: 'p2c' },
  ewma: { ...choosing, kind: 'ewma', decayTimeMs: 10_000, failurePenaltyMs: 0 },
  aperture: { ...choosing, kind: 'aperture', smoothWindowMs: 5000, lowLoad: 0.5, highLoad: 2, minAperture: 1 },
  heap: { ...common, kind: 'heap' },
  roundRobin: { ...choosing, kind: 'roundRobin' },
} as const satisfies Record<LoadBalancerConfig['kind'], LoadBalancerConfig>;

/** What balancers tell, counted. */
export class EventCounts implements BalancerEvents {
  maxEffortExhausted = 0;
  busyWeightClasses = 0;
  rebuilds = 0;
  widened = 0;
  narrowed = 0;

  onMaxEffortExhausted(): void {
    this.maxEffortExhausted++;
  }

  onBusyWeightClass(): void {
    this.busyWeightClasses++;
  }

  onRebuild(): void {
    this.rebuilds++;
  }

  onWiden(): void {
    this.widened++;
  }

  onNarrow(): void {
    this.narrowed++;
  }
}

/** The endpoint memory of a node with one client, whose endpoint i has port i + 1 and the i-th weight. */
export class TestNode {
  readonly region: EndpointRegion;
  readonly publisher: EndpointPublisher;
  readonly clientId: number;

  constructor(weights: readonly number[], workers = 1, seed = 1) {
    this.region = new EndpointRegion(createEndpointBuffer({ workers, clients: 1, rows: Math.max(32, weights.length) }));
    this.publisher = new EndpointPublisher(this.region, seed);
    this.clientId = this.publisher.openClient() as number;
    this.publish(weights);
  }

  /** @param weights undefined leaves an endpoint out */
  publish(weights: readonly (number | undefined)[]): void {
    const addresses = weights.map((weight, index) => ({ ip: '10.0.0.1', port: index + 1, weight }));
    this.publisher.publish(
      this.clientId,
      addresses.flatMap(({ weight, ...address }) => (weight === undefined ? [] : [{ ...address, weight }])),
    );
  }
}

/** One worker's balancer. Endpoints are named by their index. Each pick has a tick of its own. */
export class TestWorker {
  readonly told = new EventCounts();
  readonly table: EndpointTable;
  readonly cells: EndpointCells;
  readonly balancer: Balancer;
  nowTicks = 0;
  readonly #node: TestNode;
  readonly #worker: number;
  readonly #random: Random;

  constructor(node: TestNode, config: LoadBalancerConfig, worker = 0) {
    this.#node = node;
    this.#worker = worker;
    this.#random = new Random(1 + worker);
    this.table = new EndpointTable(node.region, node.clientId);
    this.cells = new EndpointCells(node.region, loadOptionsOf(config), this.#random);
    this.balancer = createBalancer(config, node.region, this.told);
  }

  /** @returns the index of an endpoint, -1 for none */
  pick(): number {
    this.nowTicks++;
    if (this.table.changed()) this.table.refresh();
    const row = this.balancer.pick(this.table, this.cells, this.nowTicks, this.#random);
    return row < 0 ? -1 : this.#node.region.describe(row).port - 1;
  }

  /** Picks that each endpoint gets. */
  countPicks(picks: number): number[] {
    const counts = new Array<number>(this.table.rows.length).fill(0);
    for (let pick = 0; pick < picks; pick += 1) {
      const index = this.pick();
      counts[index] = (counts[index] as number) + 1;
    }
    return counts;
  }

  /** Begins requests. */
  occupy(index: number, requests: number): void {
    for (let request = 0; request < requests; request += 1) this.cells.start(this.rowOf(index), this.#worker);
    this.balancer.observe(this.table, this.cells, this.nowTicks);
  }

  /** Ends requests of which nothing is learned. */
  vacate(index: number, requests: number): void {
    for (let request = 0; request < requests; request += 1) this.cells.abandon(this.rowOf(index), this.#worker);
    this.balancer.observe(this.table, this.cells, this.nowTicks);
  }

  /** A request that took so long. */
  respond(index: number, rttMicros: number): void {
    this.cells.start(this.rowOf(index), this.#worker);
    this.cells.finish(this.rowOf(index), this.#worker, rttMicros, this.nowTicks, false);
  }

  mark(index: number, status: number): void {
    this.cells.setStatus(this.rowOf(index), status);
  }

  rowOf(index: number): number {
    if (this.table.changed()) this.table.refresh();
    return this.table.rows.find((row) => this.#node.region.describe(row).port === index + 1) as number;
  }
}

/** A node of one worker. */
export function setUp(config: LoadBalancerConfig, weights: readonly number[]): TestWorker {
  return new TestWorker(new TestNode(weights), config);
}
