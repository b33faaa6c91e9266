/**
 * A client in one worker: a bound name with its endpoints, its balancer and its connections (Linkerd's client stack).
 *
 *     pick an endpoint (shared load of the whole node) --> its pool --> a connection
 */
import { type Balancer, type BalancerEvents, isOpen } from '../../core/balance/balancer.ts';
import { createBalancer, loadOptionsOf } from '../../core/balance/create-balancer.ts';
import type { Random } from '../../core/balance/random.ts';
import type { ClientConfig, LoadBalancerConfig } from '../../core/config/types.ts';
import { FailFast, type FailFastEvents } from '../../core/resilience/fail-fast.ts';
import { createFailureAccrual } from '../../core/resilience/failure-accrual/create-failure-accrual.ts';
import type { FailureAccrual, FailureAccrualEvents } from '../../core/resilience/failure-accrual/failure-accrual.ts';
import { NackAdmission } from '../../core/resilience/nack-admission.ts';
import { BudgetTerms } from '../../core/resilience/retry-budget.ts';
import { FAMILY_IPV6, formatIp } from '../../core/shared/endpoint-address.ts';
import { EndpointCells } from '../../core/shared/endpoint-cells.ts';
import {
  type EndpointRegion,
  ROW_ADDRESS,
  ROW_FAMILY,
  ROW_PORT,
  ROW_SHIFT,
  STATUS_OPEN,
} from '../../core/shared/endpoint-region.ts';
import { EndpointTable } from '../../core/shared/endpoint-table.ts';
import type { RetryBudget, RetryBudgets } from '../../core/shared/retry-budgets.ts';
import { COUNTER } from '../../core/shared/stats.ts';
import type { StatsWriter } from '../../core/shared/stats-writer.ts';
import { ticksOf } from '../reactor/timer-wheel.ts';
import type { EndpointAddress, EndpointPool } from './endpoint-pool.ts';

/** Makes the pool of an endpoint, by the protocol that the client speaks. */
export type PoolFactory = (client: ClientStack, address: EndpointAddress) => EndpointPool;

/** What the clients of a worker share. */
export interface ClientEnvironment {
  readonly worker: number;
  readonly region: EndpointRegion;
  readonly stats: StatsWriter;
  readonly random: Random;
  readonly poolWaitersMax: number;
  /** The retry and requeue budgets of the node. */
  readonly budgets: RetryBudgets;
  /** Writes a line to the application's log. */
  readonly log: (message: string) => void;
  /** Marks an endpoint that could not be connected to, and tries again until that succeeds. */
  readonly reconnect: (pool: EndpointPool, failFast: FailFast) => void;
  /** Pools of all clients by row. */
  readonly pools: (EndpointPool | undefined)[];
}

/** Cells hold nothing of a client's own: those that balance alike share them, and a request finds them in the cache. */
const sharedCells = new WeakMap<ClientEnvironment, Map<LoadBalancerConfig, EndpointCells>>();

function cellsOf(environment: ClientEnvironment, loadBalancer: LoadBalancerConfig): EndpointCells {
  let byConfig = sharedCells.get(environment);
  if (byConfig === undefined) {
    byConfig = new Map();
    sharedCells.set(environment, byConfig);
  }
  let cells = byConfig.get(loadBalancer);
  if (cells === undefined) {
    cells = new EndpointCells(environment.region, loadOptionsOf(loadBalancer), environment.random);
    byConfig.set(loadBalancer, cells);
  }
  return cells;
}

/** One bound name. */
export class ClientStack implements BalancerEvents, FailureAccrualEvents, FailFastEvents {
  readonly id: number;
  /** The bound id, as text. */
  readonly name: string;
  readonly scope: number;
  readonly config: ClientConfig;
  /** Its endpoints speak HTTP/2. */
  readonly speaksHttp2: boolean;
  readonly stats: StatsWriter;
  readonly poolWaitersMax: number;
  readonly table: EndpointTable;
  readonly cells: EndpointCells;
  /** What requeues of refused requests are paid from. */
  readonly requeueBudget: RetryBudget;
  /** Time for an attempt, from its session to the head of its response; 0 for no bound. */
  readonly attemptTimeoutMs: number;
  /** Routes that hold this client. */
  references = 0;
  /** No route holds it any more: its id may be another client's by now. */
  closed = false;
  readonly #environment: ClientEnvironment;
  readonly #balancer: Balancer;
  /** Null when no failure says anything (`failureAccrual: none`). */
  readonly #accrual: FailureAccrual | null;
  /** Null unless it is configured. */
  readonly #failFast: FailFast | null;
  /** Null where no nacks are known: of HTTP/1 alone. */
  readonly #admission: NackAdmission | null;
  readonly #createPool: PoolFactory;

  constructor(
    id: number,
    name: string,
    scope: number,
    config: ClientConfig,
    environment: ClientEnvironment,
    createPool: PoolFactory,
  ) {
    this.id = id;
    this.name = name;
    this.scope = scope;
    this.config = config;
    this.speaksHttp2 = config.protocol === 'h2';
    this.stats = environment.stats;
    this.poolWaitersMax = environment.poolWaitersMax;
    this.requeueBudget = environment.budgets.open(scope, new BudgetTerms(config.requeueBudget), environment.worker);
    this.attemptTimeoutMs = config.requestAttemptTimeoutMs ?? 0;
    this.#environment = environment;
    this.table = new EndpointTable(environment.region, id);
    const { loadBalancer } = config;
    this.cells = cellsOf(environment, loadBalancer);
    this.#balancer = createBalancer(loadBalancer, environment.region, this);
    this.#accrual = createFailureAccrual(config.failureAccrual, environment.region, environment.random, this);
    this.#admission = this.speaksHttp2 ? null : new NackAdmission(environment.random);
    this.#failFast = config.failFast ? new FailFast(environment.region, this) : null;
    this.#createPool = createPool;
  }

  /** Picks an endpoint and counts the exchange as its load. @returns its pool, or null when there is none */
  pick(nowStamp: number): EndpointPool | null {
    if (this.closed) return null;
    if (this.table.changed()) this.refresh();
    const row = this.#balancer.pick(this.table, this.cells, nowStamp, this.#environment.random);
    return row < 0 ? null : this.#start(row, nowStamp);
  }

  /**
   * Picks for a request that an endpoint could not be reached for: an open one, another by chance, then one after the other.
   * Load says nothing here: an endpoint that is down has none, and would win again.
   */
  pickAfter(failed: EndpointPool, attempts: number, nowStamp: number): EndpointPool | null {
    if (this.closed) return null;
    if (this.table.changed()) this.refresh();
    const { rows } = this.table;
    const at = rows.indexOf(failed.row);
    if (at < 0 || rows.length === 1) return this.pick(nowStamp);
    const skipped = attempts === 1 ? this.#environment.random.below(rows.length - 1) : 0;
    for (let step = 1; step <= rows.length; step++) {
      const row = rows[(at + skipped + step) % rows.length] as number;
      if (this.cells.status(row, nowStamp) === STATUS_OPEN) return this.#start(row, nowStamp);
    }
    return this.pick(nowStamp);
  }

  #start(row: number, nowStamp: number): EndpointPool {
    this.cells.start(row, this.#environment.worker);
    this.#balancer.observe(this.table, this.cells, nowStamp);
    if (this.#accrual !== null) this.#accrual.admit(row, nowStamp);
    return this.#environment.pools[row] ?? this.#openPool(row);
  }

  /** Whether an endpoint is open, as the client then is: otherwise whoever is tried next is as bad as the last (spec 05 section 7). */
  isOpen(nowStamp: number): boolean {
    return isOpen(this.table, this.cells, nowStamp);
  }

  /** Whether an endpoint waits for the result of its probe. */
  isProbing(row: number): boolean {
    return this.#accrual?.isProbing(row) === true;
  }

  /** The result of an exchange that still goes on is known. */
  endProbe(row: number, nowStamp: number, failed: boolean): void {
    if (failed) this.#accrual?.onFailure(row, nowStamp);
    else this.#accrual?.onSuccess(row, nowStamp);
  }

  /** A request is to go out. @returns false when it is kept from endpoints that are overloaded: it fails */
  admits(nowStamp: number): boolean {
    if (this.#admission === null || this.#admission.admits(nowStamp)) return true;
    this.stats.increment(this.scope, COUNTER.nackAdmissionDropped);
    return false;
  }

  /** An endpoint has responded. */
  onAccepted(nowStamp: number): void {
    if (this.#admission !== null) this.#admission.onAccepted(nowStamp);
  }

  /** An endpoint has said that it did not look at a request. */
  onNack(nowStamp: number): void {
    if (this.#admission !== null) this.#admission.onNack(nowStamp);
  }

  /** Whether fail-fast has an endpoint's requests fail without a connection. */
  failsFast(row: number): boolean {
    return this.#failFast?.isMarked(row) === true;
  }

  /** No connection to an endpoint came about. Must be called before the exchange is settled that it was for. */
  onConnectFailed(pool: EndpointPool): void {
    if (this.#failFast !== null) this.#environment.reconnect(pool, this.#failFast);
  }

  /** One has. */
  onConnected(row: number): void {
    if (this.#failFast !== null) this.#failFast.onConnected(row);
  }

  onMaxEffortExhausted(): void {
    this.stats.increment(this.scope, COUNTER.loadBalancerMaxEffortExhausted);
  }

  onBusyWeightClass(): void {
    this.stats.increment(this.scope, COUNTER.loadBalancerBusyWeightClasses);
  }

  onRebuild(): void {
    this.stats.increment(this.scope, COUNTER.loadBalancerRebuilds);
  }

  onWiden(): void {
    this.stats.increment(this.scope, COUNTER.loadBandWiden);
  }

  onNarrow(): void {
    this.stats.increment(this.scope, COUNTER.loadBandNarrow);
  }

  onMarkedDead(row: number, forMs: number, removed: boolean): void {
    if (removed) this.stats.increment(this.scope, COUNTER.accrualRemovals);
    this.stats.add(this.scope, COUNTER.accrualRemovedForMs, forMs);
    const message = `failure accrual marks ${this.#addressOf(row)} of ${this.name} as dead for ${forMs} ms`;
    this.#environment.log(message);
  }

  onProbe(): void {
    this.stats.increment(this.scope, COUNTER.accrualProbes);
  }

  onRevived(row: number): void {
    this.stats.increment(this.scope, COUNTER.accrualRevivals);
    this.#environment.log(`failure accrual revives ${this.#addressOf(row)} of ${this.name}`);
  }

  onMarkedUnreachable(row: number): void {
    this.stats.increment(this.scope, COUNTER.failfastMarkedDead);
    this.#environment.log(
      `fail-fast marks ${this.#addressOf(row)} of ${this.name} as dead until it can be connected to`,
    );
  }

  onMarkedAvailable(row: number): void {
    this.stats.increment(this.scope, COUNTER.failfastMarkedAvailable);
    this.#environment.log(`fail-fast marks ${this.#addressOf(row)} of ${this.name} as available`);
  }

  /** The load of a finished exchange is taken off its endpoint, and what it took is learned. */
  settle(row: number, elapsedMicros: number, nowStamp: number, failed: boolean): void {
    if (this.#accrual !== null) {
      // While the exchange is pending: after it the row may be another endpoint's.
      if (failed) this.#accrual.onFailure(row, nowStamp);
      else this.#accrual.onSuccess(row, nowStamp);
    }
    this.cells.finish(row, this.#environment.worker, elapsedMicros, nowStamp, failed);
    // What a closed client's table stands for may be another's by now.
    if (!this.closed) this.#balancer.observe(this.table, this.cells, nowStamp);
  }

  /** The load of an exchange that was cut off is taken off: the time it took is learned, not how it would have ended. */
  settleCut(row: number, elapsedMicros: number, nowStamp: number): void {
    if (this.#accrual !== null) this.#accrual.onIgnored(row);
    this.cells.finish(row, this.#environment.worker, elapsedMicros, nowStamp, false);
    if (!this.closed) this.#balancer.observe(this.table, this.cells, nowStamp);
  }

  /** The load of an exchange that says nothing of its endpoint is taken off. */
  release(row: number): void {
    if (this.#accrual !== null) this.#accrual.onIgnored(row);
    this.cells.abandon(row, this.#environment.worker);
  }

  /** Ends the connection that has been idle longest at some endpoint. @returns whether there was one */
  evictIdle(): boolean {
    for (const row of this.table.rows) if (this.#environment.pools[row]?.evictIdle()) return true;
    return false;
  }

  /**
   * Begins connections to endpoints in use that have appeared, where so configured.
   *
   * @param connectsMax at most so many at a time
   */
  prepare(nowStamp: number, connectsMax: number): void {
    if (!this.config.loadBalancer.eagerConnections) return;
    const { table, cells } = this;
    let left = connectsMax;
    this.#balancer.adopt(table, cells, nowStamp);
    const rows = this.#balancer.ordered(table);
    for (let index = 0; index < table.classCount; index++) {
      const start = table.classStart[index] as number;
      const end = start + this.#balancer.window(table, index);
      for (let at = start; at < end && left > 0; at++) {
        const row = rows[at] as number;
        if (this.#environment.pools[row] !== undefined) continue;
        this.#openPool(row).prepare();
        left--;
      }
    }
  }

  /** Takes over the published endpoints; pools of those that left are retired. */
  refresh(): void {
    for (const row of this.table.refresh()) this.#retire(row);
  }

  /** The endpoints, as `ip:port`, for messages. */
  addresses(): string[] {
    return Array.from(this.table.rows, (row) => this.#addressOf(row));
  }

  /**
   * Lets deaths that are over be seen by metrics, although no request asks. To be called about once a second: clocks wrap,
   * and a death that nobody looks at for hours would come back.
   */
  endDeaths(nowStamp: number): void {
    if (this.#accrual === null && this.#failFast === null) return;
    for (const row of this.table.rows) this.cells.status(row, nowStamp);
  }

  /** Ends connections that have been idle for longer than the configuration says. */
  expireIdle(nowTick: number, nowStamp: number): void {
    this.#expireUnused(nowStamp);
    const { idleTimeMs } = this.config.hostConnectionPool;
    if (idleTimeMs === undefined) return;
    for (const row of this.table.rows) this.#environment.pools[row]?.expire(nowTick - ticksOf(idleTimeMs));
  }

  /** Gives up what was kept of endpoints outside of the aperture that nobody on the node has used for long. */
  #expireUnused(nowStamp: number): void {
    const { expiryTicks } = this.#balancer;
    if (expiryTicks === Number.POSITIVE_INFINITY) return;
    const { table, cells } = this;
    this.#balancer.adopt(table, cells, nowStamp);
    const rows = this.#balancer.ordered(table);
    for (let index = 0; index < table.classCount; index++) {
      const end = table.classStart[index + 1] as number;
      for (let at = (table.classStart[index] as number) + this.#balancer.window(table, index); at < end; at++) {
        const row = rows[at] as number;
        if (this.#environment.pools[row] === undefined || cells.pending(row) > 0) continue;
        if (cells.restedTicks(row, nowStamp) < expiryTicks) continue;
        this.#retire(row);
        this.stats.increment(this.scope, COUNTER.loadBalancerExpired);
      }
    }
  }

  /** The client is not needed any more: connections close as they become idle. */
  close(): void {
    this.closed = true;
    for (const row of this.table.rows) this.#retire(row);
  }

  #retire(row: number): void {
    const pool = this.#environment.pools[row];
    this.#environment.pools[row] = undefined;
    pool?.retire();
  }

  #openPool(row: number): EndpointPool {
    const { words, rowsAt } = this.#environment.region;
    const at = rowsAt + (row << ROW_SHIFT);
    const pool = this.#createPool(this, {
      row,
      ipv6: words[at + ROW_FAMILY] === FAMILY_IPV6,
      port: words[at + ROW_PORT] as number,
      ip: words.slice(at + ROW_ADDRESS, at + ROW_ADDRESS + 4),
      name: this.#addressOf(row),
    });
    this.#environment.pools[row] = pool;
    return pool;
  }

  #addressOf(row: number): string {
    const { words, rowsAt } = this.#environment.region;
    const at = rowsAt + (row << ROW_SHIFT);
    const ip = formatIp(words[at + ROW_FAMILY] as number, words, at + ROW_ADDRESS);
    const port = words[at + ROW_PORT] as number;
    return words[at + ROW_FAMILY] === FAMILY_IPV6 ? `[${ip}]:${port}` : `${ip}:${port}`;
  }
}
