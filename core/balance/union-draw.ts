/**
 * Weighted draws in constant time by Vose's alias method: for the branches of a union (spec 05 section 2.2) and for
 * the weight classes inside an address set (section 2.1).
 *
 * Each of n columns has height 1 and is shared by at most two outcomes: its own, below the cut, and an alias above it.
 * A draw picks a column and then a height.
 *
 *     weights 3,1   column 0 | 0000 0000 |      column 1 | 1111 0000 |   cut = 0.5, alias = 0
 */
import type { Random } from './random.ts';

/** A fixed distribution over 0 … n−1. Building is O(n), drawing O(1) and without allocation. */
export class UnionDraw {
  private readonly cut: Float64Array;
  private readonly alias: Int32Array;

  /**
   * @param weights finite, not negative, at least one; only their ratios count. All zero: all equal, where Finagle's
   *   Drv would divide by zero
   * @throws RangeError for other weights
   */
  constructor(weights: ArrayLike<number>) {
    const count = weights.length;
    let total = 0;
    for (let index = 0; index < count; index += 1) {
      const weight = weights[index] as number;
      if (!(weight >= 0)) throw new RangeError(`${weight} is no weight`);
      total += weight;
    }
    if (count === 0 || total === Number.POSITIVE_INFINITY) throw new RangeError('a draw needs finite weights');
    this.cut = new Float64Array(count).fill(1);
    this.alias = Int32Array.from({ length: count }, (_, index) => index);
    if (total > 0) this.fillColumns(weights, total);
  }

  /** One outcome, in proportion to its weight. */
  draw(random: Random): number {
    const column = random.below(this.cut.length);
    return random.unit() < (this.cut[column] as number) ? column : (this.alias[column] as number);
  }

  private fillColumns(weights: ArrayLike<number>, total: number): void {
    const count = weights.length;
    const height = Float64Array.from(weights, (weight) => (weight / total) * count);
    const small: number[] = [];
    const large: number[] = [];
    height.forEach((value, index) => {
      (value < 1 ? small : large).push(index);
    });
    while (small.length > 0 && large.length > 0) {
      const under = small.pop() as number;
      const over = large.pop() as number;
      const cut = height[under] as number;
      this.cut[under] = cut;
      this.alias[under] = over;
      const rest = (height[over] as number) + cut - 1;
      height[over] = rest;
      (rest < 1 ? small : large).push(over);
    }
    // What remains has height 1 but for rounding, and keeps the cut of 1 it started with.
  }
}
