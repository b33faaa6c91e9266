/**
 * The balancers `p2c` and `ewma`: the better of two endpoints taken at random (power of two choices), by sessions
 * outstanding or by peak EWMA of the response time. One class for both, as they differ in one read.
 */
import type { EndpointCells } from '../shared/endpoint-cells.ts';
import type { EndpointTable } from '../shared/endpoint-table.ts';
import { Balancer, type BalancerEvents, type BalancerOptions } from './balancer.ts';
import type { Random } from './random.ts';

/** Which load decides, by the configuration's names. */
export type PowerOfTwoKind = 'p2c' | 'ewma';

/** Two endpoints of the class, the better one. */
export class PowerOfTwo extends Balancer {
  private readonly ewma: boolean;

  constructor(kind: PowerOfTwoKind, options: BalancerOptions, events: BalancerEvents) {
    super(options, events);
    this.ewma = kind === 'ewma';
  }

  protected choose(
    table: EndpointTable,
    index: number,
    cells: EndpointCells,
    nowTicks: number,
    random: Random,
  ): number {
    const start = table.classStart[index] as number;
    const size = (table.classStart[index + 1] as number) - start;
    return this.betterOfTwo(table.rows, start, size, cells, nowTicks, random);
  }

  /** The better of two different ones of the rows from `start` on. @param size at least 1 */
  protected betterOfTwo(
    rows: Int32Array,
    start: number,
    size: number,
    cells: EndpointCells,
    nowTicks: number,
    random: Random,
  ): number {
    if (size === 1) return rows[start] as number;
    const first = random.below(size);
    const other = random.below(size - 1);
    const a = rows[start + first] as number;
    // Steps over `first` without a branch, which would be mispredicted every other time.
    const b = rows[start + other + 1 + ((other - first) >> 31)] as number;
    const better = this.statusOf(cells, a, nowTicks) - this.statusOf(cells, b, nowTicks);
    if (better !== 0) return better < 0 ? a : b;
    if (this.ewma) return cells.lighterByEwma(a, b, nowTicks);
    return cells.pending(a) <= cells.pending(b) ? a : b;
  }
}
