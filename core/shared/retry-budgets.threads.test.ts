/** Budgets under real threads: this file is also what the threads run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { BudgetTerms } from '../resilience/retry-budget.ts';
import { RetryBudgets } from './retry-budgets.ts';

const WORKERS = 3;
const SCOPE = 2;
const REQUESTS = 100_000;
const TERMS = new BudgetTerms({ ttlSecs: 10, minRetriesPerSec: 10, percentCanRetry: 0.2 });
const AFFORDABLE = 100 + (WORKERS * REQUESTS) / 5;
const NOW = 1_000_000;

interface HammerData {
  readonly buffer: SharedArrayBuffer;
  /** [0] threads that are ready, so that all begin at once [1] threads that have made their requests [2] retries granted */
  readonly board: Int32Array;
  readonly worker: number;
}

function meet(board: Int32Array, place: number): void {
  Atomics.add(board, place, 1);
  Atomics.notify(board, place);
  for (let met = Atomics.load(board, place); met < WORKERS; met = Atomics.load(board, place)) {
    Atomics.wait(board, place, met);
  }
}

/** Requests and retries at once, then as many retries as there are. */
function hammer({ buffer, board, worker }: HammerData): void {
  const budget = new RetryBudgets(buffer, WORKERS).open(SCOPE, TERMS, worker);
  let granted = 0;
  meet(board, 0);
  for (let request = 0; request < REQUESTS; request++) {
    budget.deposit(NOW);
    if (request % 20 === 0 && budget.tryWithdraw(NOW)) granted++;
  }
  meet(board, 1);
  // A withdrawal that loses one race after another is refused: ask once more.
  while (budget.balance(NOW) > 0) if (budget.tryWithdraw(NOW)) granted++;
  Atomics.add(board, 2, granted);
}

if (isMainThread) testThreads();
else hammer(workerData);

function testThreads(): void {
  test('threads withdraw at once: together exactly what all their requests allow', async () => {
    const buffer = RetryBudgets.allocate(WORKERS, SCOPE);
    const board = new Int32Array(new SharedArrayBuffer(12));
    const exits = Array.from({ length: WORKERS }, (_, worker) => {
      const data: HammerData = { buffer, board, worker };
      const thread = new Worker(fileURLToPath(import.meta.url), { workerData: data });
      return new Promise<number>((resolve, reject) => thread.on('error', reject).on('exit', resolve));
    });
    assert.deepEqual(await Promise.all(exits), Array(WORKERS).fill(0));
    assert.equal(board[2], AFFORDABLE);
    assert.equal(new RetryBudgets(buffer, WORKERS).balance(SCOPE, TERMS, NOW), 0);
  });
}
