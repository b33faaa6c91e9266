/**
 * The exponential moving average of success that two policies look at: a shared cell with a fixed point, which workers bring
 * up to date by compare-and-swap. Steps are far smaller than the cell's unit when windows are long, so they are rounded up or
 * down at random, as costs are (core/shared/endpoint-cells.ts): right on average, and never stuck.
 */
import type { Random } from '../../balance/random.ts';

/** The cell of an endpoint that has always succeeded. */
const ONE = 2 ** 30;

const ATTEMPTS_MAX = 8;

/**
 * Mixes a result into the average. One that keeps losing against other workers is left out: theirs are as good.
 *
 * @param keep share of the average that stays, from 0 to 1
 * @returns the average, from 0 to 1
 */
export function mixResult(
  words: Int32Array<SharedArrayBuffer>,
  at: number,
  success: boolean,
  keep: number,
  random: Random,
): number {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const before = words[at] as number;
    const exact = before * keep + (success ? ONE * (1 - keep) : 0);
    const after = Math.min(Math.floor(exact + random.unit()), ONE);
    if (after === before || Atomics.compareExchange(words, at, before, after) === before) return after / ONE;
  }
  return (words[at] as number) / ONE;
}
