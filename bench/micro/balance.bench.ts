/**
 * What a pick and its bookkeeping cost: nanoseconds and heap bytes per operation. Bytes must be 0.0 in steady state.
 *
 *     npx tsc -p . --outDir .out/bench; node --max-semi-space-size=64 .out/bench/bench/micro/balance.bench.js
 */
import { DEFAULT_MAX_EFFORT, PowerOfTwo, type PowerOfTwoKind } from '../../core/balance/power-of-two.ts';
import { Random } from '../../core/balance/random.ts';
import { UnionDraw } from '../../core/balance/union-draw.ts';
import { EndpointCells } from '../../core/shared/endpoint-cells.ts';
import { EndpointPublisher } from '../../core/shared/endpoint-publisher.ts';
import { createEndpointBuffer, EndpointRegion } from '../../core/shared/endpoint-region.ts';
import { EndpointTable } from '../../core/shared/endpoint-table.ts';

const OPERATIONS = 2_000_000;

/** Few enough that a boxed number an operation shows before the collector runs in a young generation of 64 MB. */
const HEAP_OPERATIONS = 200_000;

/** Keeps results alive, so that no loop is optimized away. */
let sink = 0;

function measure(name: string, run: (operations: number) => number): void {
  for (let round = 0; round < 4; round += 1) sink += run(OPERATIONS / 2);
  const startNs = process.hrtime.bigint();
  sink += run(OPERATIONS);
  const elapsedNs = Number(process.hrtime.bigint() - startNs);
  const heapBefore = process.memoryUsage().heapUsed;
  sink += run(HEAP_OPERATIONS);
  const heapBytes = process.memoryUsage().heapUsed - heapBefore;
  const nsPerOp = (elapsedNs / OPERATIONS).toFixed(1).padStart(7);
  const bytesPerOp = heapBytes < 0 ? 'collected' : (heapBytes / HEAP_OPERATIONS).toFixed(1).padStart(6);
  console.log(`${name.padEnd(40)} ${nsPerOp} ns/op ${bytesPerOp} bytes/op`);
}

function benchTable(kind: PowerOfTwoKind, rows: number, weightClasses: number): void {
  const region = new EndpointRegion(createEndpointBuffer({ workers: 1, clients: 1, rows }));
  const publisher = new EndpointPublisher(region);
  const clientId = publisher.openClient() as number;
  publisher.publish(
    clientId,
    Array.from({ length: rows }, (_, index) => ({
      ip: `10.0.${index >> 8}.${index & 255}`,
      port: 80,
      weight: 1 + (index % weightClasses),
    })),
  );
  const random = new Random(1);
  const table = new EndpointTable(region, clientId);
  const cells = new EndpointCells(region, { decayTimeMs: 10_000, failurePenaltyMs: 1000 }, random);
  const balancer = new PowerOfTwo(kind, DEFAULT_MAX_EFFORT);
  for (const row of table.rows) {
    cells.start(row, 0);
    cells.finish(row, 0, 1000 + random.below(9000), 0, false);
  }
  const label = `${kind} rows=${rows} classes=${weightClasses}`;
  measure(`pick ${label}`, (operations) => {
    let sum = 0;
    for (let tick = 1; tick <= operations; tick += 1) {
      if (table.changed()) table.refresh();
      sum += balancer.pick(table, cells, tick, random);
    }
    return sum;
  });
  measure(`pick, start, finish ${label}`, (operations) => {
    for (let tick = 1; tick <= operations; tick += 1) {
      const row = balancer.pick(table, cells, tick, random);
      cells.start(row, 0);
      cells.finish(row, 0, 5000, tick, false);
    }
    return cells.pending(0);
  });
}

for (const kind of ['p2c', 'ewma'] as const) {
  for (const rows of [3, 100, 10_000]) benchTable(kind, rows, 1);
  benchTable(kind, 10_000, 4);
}

const random = new Random(1);
const draw = new UnionDraw([0.9, 0.1]);
measure('union draw', (operations) => {
  let sum = 0;
  for (let index = 0; index < operations; index += 1) sum += draw.draw(random);
  return sum;
});
console.log(`(checksum ${sink})`);
