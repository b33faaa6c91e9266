/** Endpoint cells under real threads: this file is also what the threads run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { Random } from '../balance/random.ts';
import { EndpointCells } from './endpoint-cells.ts';
import { EndpointPublisher } from './endpoint-publisher.ts';
import { createEndpointBuffer, EndpointRegion, ROW_COST_MICROS, ROW_SHIFT } from './endpoint-region.ts';

const PLAIN = { decayTimeMs: 10_000, failurePenaltyMs: 0 };
const ROWS = 2;
const WORKERS = 3;
const ROUNDS = 200_000;
const RTT_MICROS_MAX = 5000;

interface HammerData {
  readonly buffer: SharedArrayBuffer;
  /** Counts the threads that are ready, so that all begin at once. */
  readonly barrier: Int32Array;
  readonly worker: number;
  readonly unfinished: number;
}

/** Many requests on few rows, from one thread; leaves `unfinished` of them pending. */
function hammer({ buffer, barrier, worker, unfinished }: HammerData): void {
  const random = new Random(worker);
  const cells = new EndpointCells(new EndpointRegion(buffer), PLAIN, random);
  Atomics.add(barrier, 0, 1);
  Atomics.notify(barrier, 0);
  for (let ready = Atomics.load(barrier, 0); ready < WORKERS; ready = Atomics.load(barrier, 0)) {
    Atomics.wait(barrier, 0, ready);
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    const row = random.below(ROWS);
    cells.start(row, worker);
    cells.finish(row, worker, 1 + random.below(RTT_MICROS_MAX), round, false);
  }
  for (let request = 0; request < unfinished; request += 1) cells.start(0, worker);
}

if (isMainThread) testThreads();
else hammer(workerData);

function testThreads(): void {
  test('threads hammer the same rows: nothing is lost, costs stay in bounds, a dead one is forgotten', async () => {
    const region = new EndpointRegion(createEndpointBuffer({ rows: ROWS, workers: WORKERS, clients: 1 }));
    const publisher = new EndpointPublisher(region);
    const barrier = new Int32Array(new SharedArrayBuffer(4));
    const exits = Array.from({ length: WORKERS }, (_, worker) => {
      publisher.admitWorker(worker);
      const data: HammerData = { buffer: region.buffer, barrier, worker, unfinished: worker === 1 ? 7 : 0 };
      const thread = new Worker(fileURLToPath(import.meta.url), { workerData: data });
      return new Promise<number>((resolve, reject) => thread.on('error', reject).on('exit', resolve));
    });
    assert.deepEqual(await Promise.all(exits), Array(WORKERS).fill(0));
    const cells = new EndpointCells(region, PLAIN, new Random(1));
    assert.deepEqual([cells.pending(0), cells.pending(1)], [7, 0]);
    publisher.forgetWorker(1);
    assert.equal(cells.pending(0), 0);
    for (let row = 0; row < ROWS; row += 1) {
      const costMicros = Atomics.load(region.words, region.rowsAt + (row << ROW_SHIFT) + ROW_COST_MICROS);
      assert.ok(costMicros >= 1 && costMicros <= RTT_MICROS_MAX);
    }
  });
}
