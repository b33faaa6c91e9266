/** The transformer that puts one name in the place of every answer (spec 04 section 2). */
import { kind } from '../kinds.ts';
import { path } from '../scalars.ts';
import { required, withDefault } from '../schema.ts';

/** `io.l5d.const`. */
export const constant = kind('io.l5d.const', {
  /** The name, bound with an empty dtab. */
  path: required(path),
  /** Bound ids begin with `/%` and this. */
  prefix: withDefault(path, '/io.l5d.const'),
});
