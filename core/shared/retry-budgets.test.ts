/**
 * Budgets in shared memory: the vectors of spec 05 section 12, how they forget, and a model that several workers' deposits
 * and withdrawals must agree with, whatever their order. WEFT_FUZZ_SEED repeats a run, WEFT_FUZZ_CASES sets its length.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_BUDGET } from '../config/budget.ts';
import type { BudgetConfig } from '../config/types.ts';
import { BudgetTerms, SLICES } from '../resilience/retry-budget.ts';
import { type RetryBudget, RetryBudgets } from './retry-budgets.ts';

const { WEFT_FUZZ_CASES = '500', WEFT_FUZZ_SEED = String(Date.now() % 2147483647) } = process.env;
const RUN = { seed: Number(WEFT_FUZZ_SEED), numRuns: Number(WEFT_FUZZ_CASES) };

const SCOPE = 3;
const NOW = 5_000_000;

function setUp(parameters: Partial<BudgetConfig> = {}, workers = 1) {
  const budgets = new RetryBudgets(RetryBudgets.allocate(workers, 8), workers);
  const terms = new BudgetTerms({ ...DEFAULT_BUDGET, ...parameters });
  const hands = Array.from({ length: workers }, (_, worker) => budgets.open(SCOPE, terms, worker));
  return { budgets, terms, hands, budget: hands[0]! };
}

function withdrawAll(budget: RetryBudget, now: number): number {
  for (let granted = 0; ; granted++) if (!budget.tryWithdraw(now)) return granted;
}

function deposit(budget: RetryBudget, requests: number, now: number): void {
  for (let request = 0; request < requests; request++) budget.deposit(now);
}

test('vector 12: 10 s, 10 a second, 0.2: a hundred retries at once, then one for every five requests', () => {
  const { budget } = setUp();
  assert.equal(budget.balance(NOW), 100);
  assert.equal(withdrawAll(budget, NOW), 100);
  for (let round = 0; round < 20; round++) {
    deposit(budget, 4, NOW);
    assert.equal(budget.tryWithdraw(NOW), false);
    deposit(budget, 1, NOW);
    assert.equal(withdrawAll(budget, NOW), 1);
  }
});

test('vector 13: 10 s, none a second, 0.5: no retry before requests, five after ten', () => {
  const { budget } = setUp({ minRetriesPerSec: 0, percentCanRetry: 0.5 });
  assert.equal(withdrawAll(budget, NOW), 0);
  deposit(budget, 10, NOW);
  assert.equal(withdrawAll(budget, NOW), 5);
});

test('vector 14: none a second and no share: never a retry, balance 0', () => {
  const { budget, budgets, terms } = setUp({ minRetriesPerSec: 0, percentCanRetry: 0 });
  deposit(budget, 10_000, NOW);
  assert.equal(withdrawAll(budget, NOW), 0);
  assert.equal(budgets.balance(SCOPE, terms, NOW), 0);
});

test('retries and requests are both forgotten after ten slices, slice by slice', () => {
  const { budget } = setUp({ ttlSecs: 1 });
  deposit(budget, 50, NOW);
  assert.equal(withdrawAll(budget, NOW), 20);
  deposit(budget, 25, NOW + 4);
  assert.equal(withdrawAll(budget, NOW + 4), 5);
  assert.equal(budget.balance(NOW + 9), 0);
  // The first slice is gone: what it held of requests, 10 retries' worth, and of retries, 20.
  assert.equal(budget.balance(NOW + 10), 10);
  assert.equal(budget.balance(NOW + 14), 10);
  assert.equal(withdrawAll(budget, NOW + 13), 10);
  assert.equal(budget.balance(NOW + 22), 0);
  assert.equal(budget.balance(NOW + 23), 10);
});

test('after a long silence the budget is as new, also when its slices come round to the same places', () => {
  const { budget } = setUp();
  for (let round = 0; round < 5; round++) {
    const now = NOW + round * 10_000;
    deposit(budget, 100, now);
    assert.equal(withdrawAll(budget, now), 120);
  }
});

test('scopes do not share, and one that is cleared begins anew', () => {
  const { budgets, terms, budget } = setUp();
  const other = budgets.open(SCOPE + 1, terms, 0);
  deposit(budget, 500, NOW);
  assert.equal(withdrawAll(budget, NOW), 200);
  assert.equal(other.balance(NOW), 100);
  assert.equal(other.tryWithdraw(NOW), true);
  budgets.clear(SCOPE);
  assert.equal(budgets.open(SCOPE, terms, 0).balance(NOW), 100);
  assert.equal(other.balance(NOW), 99);
});

test('a successor goes on with what a dead worker has counted', () => {
  const { budgets, terms, hands } = setUp({ minRetriesPerSec: 0 }, 2);
  deposit(hands[1]!, 50, NOW);
  const successor = budgets.open(SCOPE, terms, 1);
  deposit(successor, 50, NOW + 1);
  assert.equal(withdrawAll(hands[0]!, NOW + 1), 20);
});

test('the count of withdrawals may wrap', () => {
  const { budgets, budget } = setUp();
  budgets.cells[SCOPE * (budgets.workers + 1) * 32] = 0x7fffffff - 50;
  assert.equal(withdrawAll(budget, NOW), 100);
  assert.equal(budget.balance(NOW), 0);
  assert.equal(withdrawAll(budget, NOW + 100), 100);
});

interface Step {
  readonly worker: number;
  readonly waitTenths: number;
  readonly requests: number;
  readonly retries: number;
}

const STEPS: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    worker: fc.nat(2),
    waitTenths: fc.oneof(fc.constant(0), fc.nat(15), fc.nat(200)),
    requests: fc.oneof(fc.nat(3), fc.nat(60)),
    retries: fc.nat(30),
  }),
  { maxLength: 60 },
);

const PARAMETERS = fc.record({
  ttlSecs: fc.integer({ min: 1, max: 60 }),
  minRetriesPerSec: fc.constantFrom(0, 1, 10),
  percentCanRetry: fc.constantFrom(0, 0.05, 0.2, 0.5, 1, 2),
});

test('workers in any order are granted exactly what a ledger of all of them allows', (t) => {
  t.diagnostic(`WEFT_FUZZ_SEED=${RUN.seed} WEFT_FUZZ_CASES=${RUN.numRuns}`);
  fc.assert(
    fc.property(PARAMETERS, STEPS, (parameters, steps) => {
      const { budgets, terms, hands } = setUp(parameters, 3);
      const requests: number[] = [];
      const retries: number[] = [];
      const live = (slices: readonly number[], slice: number) => slices.filter((s) => s > slice - SLICES).length;
      let now = NOW;
      for (const step of steps) {
        now += step.waitTenths;
        const slice = terms.sliceOf(now);
        const hand = hands[step.worker]!;
        for (let i = 0; i < step.requests; i++) {
          hand.deposit(now);
          requests.push(slice);
        }
        for (let i = 0; i < step.retries; i++) {
          const affordable = terms.balance(live(requests, slice), live(retries, slice));
          assert.equal(hand.balance(now), affordable);
          assert.equal(budgets.balance(SCOPE, terms, now), affordable);
          assert.equal(hand.tryWithdraw(now), affordable > 0);
          if (affordable > 0) retries.push(slice);
        }
      }
    }),
    RUN,
  );
});

test('over any ttl, no more retries than twice the reserve and the share of the requests that still counted', () => {
  fc.assert(
    fc.property(PARAMETERS, STEPS, (parameters, steps) => {
      const { ttlSecs, minRetriesPerSec, percentCanRetry } = parameters;
      const { hands } = setUp(parameters, 3);
      const requests: number[] = [];
      const retries: number[] = [];
      let now = NOW;
      for (const step of steps) {
        now += step.waitTenths;
        for (let i = 0; i < step.requests; i++) requests.push(now);
        deposit(hands[step.worker]!, step.requests, now);
        for (let i = 0; i < step.retries; i++) if (hands[step.worker]!.tryWithdraw(now)) retries.push(now);
      }
      const within = (times: readonly number[], from: number, to: number) =>
        times.filter((time) => time > from && time <= to).length;
      const reserve = minRetriesPerSec * ttlSecs;
      for (const end of retries) {
        // Nine slices are whole within any time that ten of them span.
        const counted = within(requests, end - 20 * ttlSecs, end);
        const allowed = reserve + percentCanRetry * counted * 1.1 + 1;
        assert.ok(
          within(retries, end - 9 * ttlSecs, end) <= allowed,
          `${within(retries, end - 9 * ttlSecs, end)} > ${allowed}`,
        );
        assert.ok(within(retries, end - 10 * ttlSecs, end) <= 2 * allowed);
      }
    }),
    RUN,
  );
});
