/** The transformer that leaves one host's addresses alone (spec 04 section 2). */
import { kind } from '../kinds.ts';
import { ip, path } from '../scalars.ts';
import { required, withDefault } from '../schema.ts';

/** `io.l5d.specificHost`. */
export const specificHost = kind('io.l5d.specificHost', {
  /** Canonical IP literal. */
  host: required(ip),
  /** Bound ids begin with `/%` and this. */
  prefix: withDefault(path, '/io.l5d.specificHost'),
});
