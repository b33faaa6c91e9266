/** The identifier of h2 that reads a header's value as a path, `:path` above all (spec 03 section 3). */
import { kind } from '../kinds.ts';
import { h2HeaderName, int } from '../scalars.ts';
import { optional, withDefault } from '../schema.ts';

/** `io.l5d.header.path`. */
export const headerPath = kind('io.l5d.header.path', {
  header: withDefault(h2HeaderName, ':path'),
  /** How many of the path's segments are taken; undefined: all of them. */
  segments: optional(int(1)),
});
