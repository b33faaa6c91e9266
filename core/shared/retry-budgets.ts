/**
 * The retry and requeue budgets of the node, counted by all workers (core/resilience/retry-budget.ts has the arithmetic).
 * A budget belongs to a metric scope, of a service or a client, and is found by the scope's id: so budgets are opened, closed
 * and handed out again with scopes.
 *
 *     Int32 words of one budget, a stride of 32 for everybody who writes:
 *
 *     all      [0] withdrawals ever    [2 + 2s] slice   [3 + 2s] withdrawals before that slice     s = slice % 10
 *     worker   [2s] slice              [2s + 1] requests in that slice
 *     worker   ...
 *
 * Every request deposits, so a deposit is an addition to a word that no other thread writes: no atomic instruction, one
 * compare for the slice. Retries are rare, so a withdrawal may look at everything:
 *
 *     ever = load [0]; affordable? --no--> refused
 *                           '--yes--> first of its slice: note `ever` for the slice; compare-and-swap [0]: ever -> ever + 1
 *                                                                                        '--lost to another: again
 *
 * A withdrawal anywhere changes word 0, so no two are granted for the same tokens. A note that comes late, from a thread that
 * was held up, is of a smaller `ever`, which counts too many withdrawals rather than too few. What a dead worker has
 * deposited is forgotten with its slices.
 */
import { type BudgetTerms, SLICES } from '../resilience/retry-budget.ts';

const STRIDE = 32;
const NOTES_AT = 2;
/** After so many lost races others have had the retries. */
const RACES_MAX = 16;

/** All budgets of the node. */
export class RetryBudgets {
  readonly cells: Int32Array;
  readonly workers: number;

  /** @param workers as given to {@link allocate} */
  constructor(shared: SharedArrayBuffer, workers: number) {
    this.cells = new Int32Array(shared);
    this.workers = workers;
  }

  /** Memory for budgets of the scopes up to `scopesMax`; untouched pages cost nothing. */
  static allocate(workers: number, scopesMax: number): SharedArrayBuffer {
    return new SharedArrayBuffer((scopesMax + 1) * (workers + 1) * STRIDE * Int32Array.BYTES_PER_ELEMENT);
  }

  /** A worker's hand on a scope's budget. */
  open(scope: number, terms: BudgetTerms, worker: number): RetryBudget {
    return new RetryBudget(this, scope, terms, worker);
  }

  /** Empties a scope's budget: the scope is handed out anew, and no worker holds it. */
  clear(scope: number): void {
    const stride = (this.workers + 1) * STRIDE;
    this.cells.fill(0, scope * stride, (scope + 1) * stride);
  }

  /** Retries that a scope can afford. @param nowTenths as workers read it: tenths of a second */
  balance(scope: number, terms: BudgetTerms, nowTenths: number): number {
    const at = scope * (this.workers + 1) * STRIDE;
    const slice = terms.sliceOf(nowTenths);
    return terms.balance(this.deposits(at, slice), this.withdrawals(at, slice, Atomics.load(this.cells, at)));
  }

  /** Requests in the live slices, of all workers. */
  deposits(at: number, slice: number): number {
    let sum = 0;
    for (let own = at + STRIDE; own <= at + this.workers * STRIDE; own += STRIDE) {
      for (let cell = own; cell < own + 2 * SLICES; cell += 2) {
        if (Atomics.load(this.cells, cell) > slice - SLICES) sum += Atomics.load(this.cells, cell + 1);
      }
    }
    return sum;
  }

  /** Withdrawals since the first live slice that has any: `ever` less what was noted before it. */
  withdrawals(at: number, slice: number, ever: number): number {
    let most = 0;
    for (let cell = at + NOTES_AT; cell < at + NOTES_AT + 2 * SLICES; cell += 2) {
      if (Atomics.load(this.cells, cell) <= slice - SLICES) continue;
      most = Math.max(most, (ever - Atomics.load(this.cells, cell + 1)) | 0);
    }
    return most;
  }
}

/** One budget in the hands of one worker. */
export class RetryBudget {
  readonly #budgets: RetryBudgets;
  readonly #cells: Int32Array;
  readonly #terms: BudgetTerms;
  readonly #at: number;
  readonly #ownAt: number;
  /** Where the requests of the slice at hand are counted. */
  #depositAt: number;
  #sliceEndTenths = 0;

  /** Through {@link RetryBudgets.open}. */
  constructor(budgets: RetryBudgets, scope: number, terms: BudgetTerms, worker: number) {
    this.#budgets = budgets;
    this.#cells = budgets.cells;
    this.#terms = terms;
    this.#at = scope * (budgets.workers + 1) * STRIDE;
    this.#ownAt = this.#at + (1 + worker) * STRIDE;
    this.#depositAt = this.#ownAt + 1;
  }

  /** Counts a request. @param nowTenths tenths of a second on the clock that all workers share */
  deposit(nowTenths: number): void {
    if (nowTenths >= this.#sliceEndTenths) this.#turn(nowTenths);
    this.#cells[this.#depositAt]! += 1;
  }

  #turn(nowTenths: number): void {
    const slice = this.#terms.sliceOf(nowTenths);
    const at = this.#ownAt + 2 * (slice % SLICES);
    if (this.#cells[at] !== slice) {
      this.#cells[at + 1] = 0;
      // Ordered after the clearing: whoever sees the slice sees no count of an older one.
      Atomics.store(this.#cells, at, slice);
    }
    this.#depositAt = at + 1;
    this.#sliceEndTenths = (slice + 1) * this.#terms.sliceTenths;
  }

  /** Takes a retry out of the budget. @returns whether it could be afforded */
  tryWithdraw(nowTenths: number): boolean {
    const slice = this.#terms.sliceOf(nowTenths);
    for (let race = 0; race < RACES_MAX; race++) {
      const ever = Atomics.load(this.#cells, this.#at);
      if (this.#balance(slice, ever) === 0) return false;
      this.#note(slice, ever);
      if (Atomics.compareExchange(this.#cells, this.#at, ever, (ever + 1) | 0) === ever) return true;
    }
    return false;
  }

  #note(slice: number, ever: number): void {
    const at = this.#at + NOTES_AT + 2 * (slice % SLICES);
    const noted = Atomics.load(this.#cells, at);
    if (noted >= slice) return;
    Atomics.store(this.#cells, at + 1, ever);
    Atomics.compareExchange(this.#cells, at, noted, slice);
  }

  /** Retries that can be afforded. */
  balance(nowTenths: number): number {
    return this.#balance(this.#terms.sliceOf(nowTenths), Atomics.load(this.#cells, this.#at));
  }

  #balance(slice: number, ever: number): number {
    const budgets = this.#budgets;
    return this.#terms.balance(budgets.deposits(this.#at, slice), budgets.withdrawals(this.#at, slice, ever));
  }
}
