/** Power of two choices over a moving average of latency (spec 02 section 7.4, spec 05). */
import { kind } from '../kinds.ts';
import { int } from '../scalars.ts';
import { withDefault } from '../schema.ts';
import { choosing } from './common.ts';

/** `ewma`. */
export const ewma = kind('ewma', {
  ...choosing,
  decayTimeMs: withDefault(int(1), 10_000),
  /**
   * Weft's own key: latency charged for a failed response, since plain EWMA takes an endpoint that refuses fast for a
   * fast one. 0 is Linkerd's behaviour.
   */
  failurePenaltyMs: withDefault(int(0), 1_000),
});
