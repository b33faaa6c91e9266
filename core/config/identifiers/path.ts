/** The identifier that takes the first segments of the URI's path (spec 03 section 2). */
import { kind } from '../kinds.ts';
import { boolean, int } from '../scalars.ts';
import { withDefault } from '../schema.ts';

/** `io.l5d.path`. */
export const path = kind('io.l5d.path', {
  segments: withDefault(int(1), 1),
  /** Whether those segments are taken out of the forwarded URI. */
  consume: withDefault(boolean, false),
});
