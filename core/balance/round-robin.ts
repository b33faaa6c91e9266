/**
 * The balancer `roundRobin`: one endpoint after the other, of those that were open when the order was made (spec 05
 * section 3). It knows no load: a slow endpoint gets as much as a fast one.
 *
 * The turn is counted in shared memory, so that the node goes round once and not each of its workers.
 */
import { CLASS_TURN } from '../shared/endpoint-block.ts';
import type { EndpointCells } from '../shared/endpoint-cells.ts';
import { type EndpointRegion, STATUS_OPEN } from '../shared/endpoint-region.ts';
import type { EndpointTable } from '../shared/endpoint-table.ts';
import { Balancer, type BalancerEvents, type BalancerOptions, sizeOf } from './balancer.ts';
import type { Random } from './random.ts';
import { StatusOrder } from './status-order.ts';

/** The next of the class. */
export class RoundRobin extends Balancer {
  private readonly order = new StatusOrder();
  private readonly words: Int32Array<SharedArrayBuffer>;

  constructor(region: EndpointRegion, options: BalancerOptions, events: BalancerEvents) {
    super(options, events);
    this.words = region.words;
  }

  protected choose(
    table: EndpointTable,
    index: number,
    cells: EndpointCells,
    nowTicks: number,
    random: Random,
  ): number {
    const { order } = this;
    if (order.hasRevived(table, index, cells, nowTicks)) this.stale = true;
    const start = table.classStart[index] as number;
    const open = order.openCount(index);
    // A pick then makes all its choices, and were each a turn, some sets would always end at the same endpoint.
    if (open === 0) return order.rows[start + random.below(sizeOf(table, index))] as number;
    const turn = Atomics.add(this.words, (table.classAt[index] as number) + CLASS_TURN, 1) >>> 0;
    const row = order.rows[start + (turn % open)] as number;
    if (this.statusOf(cells, row, nowTicks) !== STATUS_OPEN) this.stale = true;
    return row;
  }

  protected override rebuild(table: EndpointTable, cells: EndpointCells, nowTicks: number): void {
    this.order.rebuild(table, cells, nowTicks, this.panicking);
  }
}
