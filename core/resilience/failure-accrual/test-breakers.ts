/** An endpoint whose breaker several simulated workers share, on a clock that tests turn. */
import { Random } from '../../balance/random.ts';
import type { FailureAccrualConfig } from '../../config/types.ts';
import { EndpointCells } from '../../shared/endpoint-cells.ts';
import {
  createEndpointBuffer,
  EndpointRegion,
  ROW_SHIFT,
  ROW_STATUS,
  TICK_MICROS,
} from '../../shared/endpoint-region.ts';
import { ACCRUAL, accrualOf } from '../../shared/status-word.ts';
import { createFailureAccrual } from './create-failure-accrual.ts';
import type { FailureAccrual, FailureAccrualEvents } from './failure-accrual.ts';

/** A configuration of a kind. @param keys without `kind` and `experimental` */
export function configOf(
  kind: FailureAccrualConfig['kind'],
  keys: Readonly<Record<string, unknown>> = {},
): FailureAccrualConfig {
  return { kind, backoff: undefined, experimental: false, ...keys } as FailureAccrualConfig;
}

/** A backoff that is always as long. */
export function constant(ms: number) {
  return { kind: 'constant', ms, experimental: false } as const;
}

type StateName = keyof typeof ACCRUAL;

/** What breakers have told, all workers together. */
export class Told implements FailureAccrualEvents {
  removals = 0;
  revivals = 0;
  probes = 0;
  deaths: number[] = [];

  onMarkedDead(_row: number, forMs: number, removed: boolean): void {
    if (removed) this.removals += 1;
    this.deaths.push(forMs);
  }

  onProbe(): void {
    this.probes += 1;
  }

  onRevived(): void {
    this.revivals += 1;
  }
}

/** The breakers of a few endpoints, as each worker has them. */
export class Breakers {
  readonly region: EndpointRegion;
  readonly told = new Told();
  readonly workers: readonly { readonly accrual: FailureAccrual; readonly cells: EndpointCells }[];
  nowMs = 0;
  readonly #originTicks: number;

  /** @param originTicks where the clock begins: it wraps */
  constructor(config: FailureAccrualConfig, workers = 1, rows = 1, originTicks = 0) {
    this.region = new EndpointRegion(createEndpointBuffer({ workers, clients: 1, rows }));
    this.#originTicks = originTicks;
    this.workers = Array.from({ length: workers }, (_, seed) => {
      const random = new Random(seed + 1);
      const accrual = createFailureAccrual(config, this.region, random, this.told);
      if (accrual === null) throw new Error('a breaker needs a kind');
      const cells = new EndpointCells(this.region, { decayTimeMs: 10_000, failurePenaltyMs: 0 }, random);
      return { accrual, cells };
    });
  }

  /** The clock as workers have it. */
  get nowTicks(): number {
    return (this.#originTicks + Math.trunc((this.nowMs * 1000) / TICK_MICROS)) | 0;
  }

  /** The state as it is written, whatever is due. */
  state(row = 0): StateName {
    const word = this.region.words[this.region.rowsAt + (row << ROW_SHIFT) + ROW_STATUS] as number;
    const name = Object.entries(ACCRUAL).find(([, state]) => state === accrualOf(word))?.[0];
    return name as StateName;
  }

  /** As balancers see it. */
  status(row = 0, worker = 0): number {
    return (this.workers[worker] as (typeof this.workers)[0]).cells.status(row, this.nowTicks);
  }

  /** A request that a worker sends and that ends at once. @param result F: failure, S: success, anything else is ignored */
  request(result: string, row = 0, worker = 0): void {
    this.status(row, worker);
    this.begin(row, worker);
    this.end(result, row, worker);
  }

  /** Requests, one after another: `FFS`. */
  requests(results: string, row = 0, worker = 0): void {
    for (const result of results) this.request(result, row, worker);
  }

  begin(row = 0, worker = 0): void {
    this.workers[worker]?.accrual.admit(row, this.nowTicks);
  }

  end(result: string, row = 0, worker = 0): void {
    const { accrual } = this.workers[worker] as (typeof this.workers)[0];
    if (result === 'F') accrual.onFailure(row, this.nowTicks);
    else if (result === 'S') accrual.onSuccess(row, this.nowTicks);
    else accrual.onIgnored(row);
  }
}
