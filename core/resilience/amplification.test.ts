/**
 * What retries add to the load of endpoints that fail, simulated on a virtual clock: four workers with one budget, any number
 * of tiers of proxies behind each other, each of which retries. The budget must bound it, whatever fails, and must not be in
 * the way of what it is for.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../balance/random.ts';
import { DEFAULT_BUDGET } from '../config/budget.ts';
import { type RetryBudget, RetryBudgets } from '../shared/retry-budgets.ts';
import { BudgetTerms } from './retry-budget.ts';

const WORKERS = 4;
const TENTHS = 600;
const START = 1_000_000;
/** A tier's budget is a scope's. */
const TIERS_MAX = 4;
const PER_SECOND = 10;

interface Load {
  readonly ratePerSecond: number;
  /** Share of the requests that the last tier's endpoints fail, of a second since the start. */
  readonly failShare: (second: number) => number;
  readonly tiers: number;
}

/** A minute of requests through all tiers. */
class Simulation {
  requests = 0;
  succeeded = 0;
  /** Requests that reached the endpoints. */
  attempts = 0;
  readonly #random = new Random(7);
  readonly #load: Load;
  readonly #budgets: readonly (readonly RetryBudget[])[];
  #now = START;

  constructor(load: Load) {
    this.#load = load;
    const budgets = new RetryBudgets(RetryBudgets.allocate(WORKERS, TIERS_MAX), WORKERS);
    const terms = new BudgetTerms(DEFAULT_BUDGET);
    this.#budgets = Array.from({ length: load.tiers }, (_, tier) =>
      Array.from({ length: WORKERS }, (_, worker) => budgets.open(tier, terms, worker)),
    );
  }

  run(): this {
    let due = 0;
    for (let tenth = 0; tenth < TENTHS; tenth++, this.#now++) {
      for (due += this.#load.ratePerSecond / PER_SECOND; due >= 1; due--) {
        this.requests++;
        if (this.#send(0)) this.succeeded++;
      }
    }
    return this;
  }

  #send(tier: number): boolean {
    const budget = this.#budgets[tier]?.[this.#random.below(WORKERS)];
    if (budget === undefined) {
      this.attempts++;
      return this.#random.unit() >= this.#load.failShare((this.#now - START) / PER_SECOND);
    }
    budget.deposit(this.#now);
    for (;;) {
      if (this.#send(tier + 1)) return true;
      if (!budget.tryWithdraw(this.#now)) return false;
    }
  }

  get amplification(): number {
    return this.attempts / this.requests;
  }
}

/** What a budget allows: its share, and its reserve, which is there once at the beginning and grows with time. */
function allowed({ ratePerSecond, tiers }: Load): number {
  const { minRetriesPerSec, percentCanRetry, ttlSecs } = DEFAULT_BUDGET;
  const seconds = TENTHS / PER_SECOND;
  const reserve = (minRetriesPerSec * (seconds + ttlSecs)) / (ratePerSecond * seconds);
  return (1 + percentCanRetry + reserve) ** tiers;
}

for (const ratePerSecond of [5, 50, 1000]) {
  for (const failShare of [0.05, 0.5, 1]) {
    for (const tiers of [1, 3]) {
      test(`${ratePerSecond} requests a second, ${failShare} of them fail, ${tiers} tiers: bounded`, () => {
        const load = { ratePerSecond, failShare: () => failShare, tiers };
        const { amplification } = new Simulation(load).run();
        assert.ok(amplification <= allowed(load), `${amplification} > ${allowed(load)}`);
        if (ratePerSecond === 1000 && tiers === 1) assert.ok(amplification < 1.22, `${amplification}`);
      });
    }
  }
}

test('a tenth of the requests fails: all of them succeed in the end, for a tenth more load', () => {
  const { succeeded, requests, amplification } = new Simulation({
    ratePerSecond: 1000,
    failShare: () => 0.1,
    tiers: 1,
  }).run();
  assert.equal(succeeded, requests);
  assert.ok(amplification > 1.1 && amplification < 1.13, `${amplification}`);
});

test('an outage of ten seconds leaves nothing behind: afterwards all is hidden again', () => {
  const outage = (second: number) => (second >= 20 && second < 30 ? 1 : 0.02);
  const failing = new Simulation({ ratePerSecond: 500, failShare: outage, tiers: 1 }).run();
  // What fails is what the outage had, and not more than what its retries had already taken from the seconds behind it.
  const failed = failing.requests - failing.succeeded;
  assert.ok(failed >= 5000 && failed <= 5100, `${failed}`);
  assert.ok(failing.amplification < 1.1, `${failing.amplification}`);
});

test('three tiers that retry add what each may, where three attempts a tier would ask the endpoints 27 times', () => {
  const load = { ratePerSecond: 1000, failShare: () => 1, tiers: 3 };
  const { amplification } = new Simulation(load).run();
  assert.ok(amplification < 1.2 ** 3 + 0.1, `${amplification}`);
});
