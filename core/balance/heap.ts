/**
 * The balancer `heap`: the endpoint with the fewest sessions outstanding of all (spec 05 section 3.3), an endpoint that is
 * not open counting as more loaded than any that is.
 *
 * Linkerd keeps them in a heap. Here every worker changes the loads, and a heap would have to be locked for each request;
 * so the loads are looked through instead, from a place taken at random on, which spreads equal ones, until one is idle:
 *
 *     loads   2  1  3  0  1      from here:  3, 0: found
 *                   ^
 */
import type { EndpointCells } from '../shared/endpoint-cells.ts';
import { STATUS_CLOSED, STATUS_OPEN } from '../shared/endpoint-region.ts';
import type { EndpointTable } from '../shared/endpoint-table.ts';
import { Balancer, type BalancerEvents } from './balancer.ts';
import type { Random } from './random.ts';

/** The least loaded of the class. A choice takes O(endpoints) unless one is idle. */
export class Heap extends Balancer {
  constructor(minEndpoints: number, events: BalancerEvents) {
    super({ maxEffort: 1, minEndpoints }, events);
  }

  protected choose(
    table: EndpointTable,
    index: number,
    cells: EndpointCells,
    nowTicks: number,
    random: Random,
  ): number {
    const start = table.classStart[index] as number;
    const end = table.classStart[index + 1] as number;
    let at = start + random.below(end - start);
    let bestStatus = STATUS_CLOSED + 1;
    let least = 0;
    let chosen = -1;
    for (let left = end - start; left > 0; left -= 1) {
      const row = table.rows[at] as number;
      const status = this.statusOf(cells, row, nowTicks);
      const load = cells.pending(row);
      if (status < bestStatus || (status === bestStatus && load < least)) {
        bestStatus = status;
        least = load;
        chosen = row;
        if (status === STATUS_OPEN && load === 0) break;
      }
      at += 1;
      if (at === end) at = start;
    }
    return chosen;
  }
}
