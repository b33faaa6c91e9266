/** What a pick and its bookkeeping cost: nanoseconds and heap bytes per operation. */
import { createBalancer, loadOptionsOf } from '../../core/balance/create-balancer.ts';
import { Random } from '../../core/balance/random.ts';
import { BALANCERS, EventCounts } from '../../core/balance/test-balancers.ts';
import { UnionDraw } from '../../core/balance/union-draw.ts';
import { EndpointCells } from '../../core/shared/endpoint-cells.ts';
import { EndpointPublisher } from '../../core/shared/endpoint-publisher.ts';
import { createEndpointBuffer, EndpointRegion } from '../../core/shared/endpoint-region.ts';
import { EndpointTable } from '../../core/shared/endpoint-table.ts';
import { bench, keep } from './harness.ts';

function benchTable(kind: keyof typeof BALANCERS, rows: number, weightClasses: number, pending = 0): void {
  const config = BALANCERS[kind];
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
  const cells = new EndpointCells(region, loadOptionsOf(config), random);
  const balancer = createBalancer(config, region, new EventCounts());
  for (const row of table.rows) {
    cells.start(row, 0);
    cells.finish(row, 0, 1000 + random.below(9000), 0, false);
  }
  for (const row of table.rows) for (let request = 0; request < pending; request += 1) cells.start(row, 0);
  const label = `${kind} rows=${rows} classes=${weightClasses}${pending === 0 ? '' : ` pending=${pending}`}`;
  bench(`pick ${label}`, (operations) => {
    let sum = 0;
    for (let tick = 1; tick <= operations; tick += 1) {
      if (table.changed()) table.refresh();
      sum += balancer.pick(table, cells, tick, random);
    }
    keep(sum);
  });
  bench(`pick, start, finish ${label}`, (operations) => {
    for (let tick = 1; tick <= operations; tick += 1) {
      const row = balancer.pick(table, cells, tick, random);
      cells.start(row, 0);
      balancer.observe(table, cells, tick);
      cells.finish(row, 0, 5000, tick, false);
      balancer.observe(table, cells, tick);
    }
    keep(cells.pending(0));
  });
}

for (const kind of ['p2c', 'ewma', 'roundRobin', 'aperture'] as const) {
  for (const rows of [3, 100, 10_000]) benchTable(kind, rows, 1);
  benchTable(kind, 10_000, 4);
}
// Idle endpoints end a heap's look at once; with a request out at each it goes through all.
for (const rows of [3, 100, 10_000]) benchTable('heap', rows, 1, 1);

const random = new Random(1);
const draw = new UnionDraw([0.9, 0.1]);
bench('union draw', (operations) => {
  let sum = 0;
  for (let index = 0; index < operations; index += 1) sum += draw.draw(random);
  keep(sum);
});
