/** `serverSession` and `clientSession` (spec 02 sections 6.1 and 7.2): when a connection has served its time. */
import { int } from './scalars.ts';
import { object, optional } from './schema.ts';

/** Reads a session's bounds; undefined: none. */
export const session = object({
  /** Time without a request under way. */
  idleTimeMs: optional(int(1)),
  /** Age: a request that is under way by then is the connection's last. */
  lifeTimeMs: optional(int(1)),
});
