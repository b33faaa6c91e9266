/** Keys that the p2c balancers share (spec 02 section 7.4). */
import { int } from '../scalars.ts';
import { later, withDefault } from '../schema.ts';

/** The shape of those keys. */
export const common = {
  /** Draws before an endpoint that is not open is taken all the same. */
  maxEffort: withDefault(int(1), 5),
  enableProbation: later(),
};
