/** What a budget's parameters come to (spec 05 section 6.1): costs, reserves and balances line by line. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_BUDGET } from '../config/budget.ts';
import { BudgetTerms } from './retry-budget.ts';

/** Of parameters, and of requests and retries in the live slices: what is left. */
type Row = readonly [
  ttlSecs: number,
  minRetriesPerSec: number,
  percentCanRetry: number,
  requests: number,
  retries: number,
  balance: number,
];

const ROWS: readonly Row[] = [
  [10, 10, 0.2, 0, 0, 100],
  [10, 10, 0.2, 4, 0, 100],
  [10, 10, 0.2, 5, 0, 101],
  [10, 10, 0.2, 1000, 0, 300],
  [10, 10, 0.2, 1000, 299, 1],
  [10, 10, 0.2, 1000, 300, 0],
  // What was taken while older requests still counted.
  [10, 10, 0.2, 0, 150, 0],
  [10, 0, 0.5, 0, 0, 0],
  [10, 0, 0.5, 10, 0, 5],
  [10, 0, 0.5, 10, 5, 0],
  [10, 0, 0, 1000, 0, 0],
  [1, 3, 0, 1000, 1, 2],
  [60, 1, 1000, 1, 0, 1060],
  [10, 0, 1, 7, 0, 7],
  // floor(1000 / 3) tokens a retry: a little more than three retries a request.
  [10, 0, 3, 333, 0, 1000],
  [10, 0, 0.001, 999, 0, 0],
  [10, 0, 0.001, 1000, 0, 1],
];

for (const [ttlSecs, minRetriesPerSec, percentCanRetry, requests, retries, balance] of ROWS) {
  const name = `${ttlSecs}/${minRetriesPerSec}/${percentCanRetry}: ${requests} requests, ${retries} retries: ${balance}`;
  test(name, () => {
    const terms = new BudgetTerms({ ttlSecs, minRetriesPerSec, percentCanRetry });
    assert.equal(terms.balance(requests, retries), balance);
  });
}

test('the default costs 5000 tokens a retry, and its slices last a second', () => {
  const terms = new BudgetTerms(DEFAULT_BUDGET);
  assert.equal(terms.cost, 5000);
  assert.deepEqual(
    [0, 9, 10, 19, 20].map((tenths) => terms.sliceOf(tenths)),
    [0, 0, 1, 1, 2],
  );
});

test('a budget of a second has slices of a tenth', () => {
  const terms = new BudgetTerms({ ...DEFAULT_BUDGET, ttlSecs: 1 });
  assert.deepEqual(
    [7, 8].map((tenths) => terms.sliceOf(tenths)),
    [7, 8],
  );
});
