/**
 * The balancer `aperture`: `p2c` among the first few endpoints of each weight class, as many as the load needs (spec 05
 * section 3.2), so that a node with little traffic does not keep connections to every endpoint of a large set.
 *
 *     the node's order, open ones first     d  a  f  c  b  e
 *     window, as wide as load-band.ts says  |-------|            p2c in here; what rests outside for long is closed
 *
 * The order is by a token that the supervisor gives each endpoint by chance: workers agree on it, nodes do not.
 */
import type { EndpointCells } from '../shared/endpoint-cells.ts';
import { type EndpointRegion, TICK_MICROS } from '../shared/endpoint-region.ts';
import type { EndpointTable } from '../shared/endpoint-table.ts';
import type { BalancerEvents, BalancerOptions } from './balancer.ts';
import { LoadBand, type LoadBandOptions } from './load-band.ts';
import { PowerOfTwo } from './power-of-two.ts';
import type { Random } from './random.ts';
import { StatusOrder } from './status-order.ts';

/** An endpoint outside of the window may rest for so many smoothing windows. */
const EXPIRY_WINDOWS = 10;

/** Two endpoints of the window, the less loaded one. */
export class Aperture extends PowerOfTwo {
  private readonly order = new StatusOrder();
  private readonly band: LoadBand;
  private readonly expiry: number;

  constructor(region: EndpointRegion, options: BalancerOptions & LoadBandOptions, events: BalancerEvents) {
    super('p2c', options, events);
    this.band = new LoadBand(region, options, events);
    this.expiry = (EXPIRY_WINDOWS * options.smoothWindowMs * 1000) / TICK_MICROS;
  }

  override observe(table: EndpointTable, cells: EndpointCells, nowTicks: number): void {
    this.band.sample(table, cells, nowTicks);
  }

  override ordered(_table: EndpointTable): Int32Array {
    return this.order.rows;
  }

  override get expiryTicks(): number {
    return this.expiry;
  }

  override window(table: EndpointTable, index: number): number {
    return this.band.width(table, index);
  }

  protected override choose(
    table: EndpointTable,
    index: number,
    cells: EndpointCells,
    nowTicks: number,
    random: Random,
  ): number {
    if (this.order.hasRevived(table, index, cells, nowTicks)) this.stale = true;
    const start = table.classStart[index] as number;
    return this.betterOfTwo(this.order.rows, start, this.band.width(table, index), cells, nowTicks, random);
  }

  protected override rebuild(table: EndpointTable, cells: EndpointCells, nowTicks: number): void {
    this.order.rebuild(table, cells, nowTicks, this.panicking);
  }
}
