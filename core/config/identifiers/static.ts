/** The identifier that gives every request one name (spec 03 section 2). */
import { kind } from '../kinds.ts';
import { path } from '../scalars.ts';
import { required } from '../schema.ts';

/** `io.l5d.static`. */
export const fixed = kind('io.l5d.static', {
  /** Appended to the router's dstPrefix. */
  path: required(path),
});
