/** The transformer that leaves this host's addresses alone (spec 04 section 2). */
import { kind } from '../kinds.ts';
import { path } from '../scalars.ts';
import { withDefault } from '../schema.ts';

/** `io.l5d.localhost`. */
export const localhost = kind('io.l5d.localhost', {
  /** Bound ids begin with `/%` and this. */
  prefix: withDefault(path, '/io.l5d.localhost'),
});
