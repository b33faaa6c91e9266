/** Breakers under real threads: this file is also what the threads run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { Random } from '../../balance/random.ts';
import { EndpointCells } from '../../shared/endpoint-cells.ts';
import { createEndpointBuffer, EndpointRegion, ROW_STATUS, STATUS_OPEN } from '../../shared/endpoint-region.ts';
import { ACCRUAL, accrualOf } from '../../shared/status-word.ts';
import { createFailureAccrual } from './create-failure-accrual.ts';
import type { FailureAccrual } from './failure-accrual.ts';
import { configOf, constant } from './test-breakers.ts';

const CONFIG = configOf('io.l5d.consecutiveFailures', { failures: 2, backoff: constant(20) });
const WORKERS = 3;
const ROUNDS = 100_000;
/** Of the shared counts. */
const [REMOVALS, REVIVALS, PROBES, READY] = [0, 1, 2, 3] as const;

interface HammerData {
  readonly buffer: SharedArrayBuffer;
  readonly counts: Int32Array;
  readonly worker: number;
}

/** Requests to one endpoint from one thread, of which every other fails; the rounds are its clock. */
function hammer({ buffer, counts, worker }: HammerData): void {
  const random = new Random(worker);
  const region = new EndpointRegion(buffer);
  const cells = new EndpointCells(region, { decayTimeMs: 1000, failurePenaltyMs: 0 }, random);
  const accrual = createFailureAccrual(CONFIG, region, random, {
    onMarkedDead: (_row, _ms, removed) => {
      if (removed) Atomics.add(counts, REMOVALS, 1);
    },
    onProbe: () => Atomics.add(counts, PROBES, 1),
    onRevived: () => Atomics.add(counts, REVIVALS, 1),
  }) as FailureAccrual;
  Atomics.add(counts, READY, 1);
  Atomics.notify(counts, READY);
  for (let ready = Atomics.load(counts, READY); ready < WORKERS; ready = Atomics.load(counts, READY)) {
    Atomics.wait(counts, READY, ready);
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    const nowTicks = round * 64;
    if (cells.status(0, nowTicks) !== STATUS_OPEN) continue;
    accrual.admit(0, nowTicks);
    if (random.below(2) === 0) accrual.onFailure(0, nowTicks);
    else accrual.onSuccess(0, nowTicks);
  }
}

if (isMainThread) testThreads();
else hammer(workerData);

function testThreads(): void {
  test('threads hammer one endpoint: every removal and every revival is counted once', async () => {
    const region = new EndpointRegion(createEndpointBuffer({ rows: 1, workers: WORKERS, clients: 1 }));
    const counts = new Int32Array(new SharedArrayBuffer(16));
    const exits = Array.from({ length: WORKERS }, (_, worker) => {
      const data: HammerData = { buffer: region.buffer, counts, worker };
      const thread = new Worker(fileURLToPath(import.meta.url), { workerData: data });
      return new Promise<number>((resolve, reject) => thread.on('error', reject).on('exit', resolve));
    });
    assert.deepEqual(await Promise.all(exits), Array(WORKERS).fill(0));
    const [removals, revivals, probes] = counts as unknown as [number, number, number];
    const state = accrualOf(region.words[region.rowsAt + ROW_STATUS] as number);
    assert.equal(removals - revivals, state === ACCRUAL.alive ? 0 : 1);
    assert.ok(removals > 10 && probes >= revivals, `${counts}`);
  });
}
