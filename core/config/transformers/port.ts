/** The transformer that gives every address another port (spec 04 section 2). */
import { kind } from '../kinds.ts';
import { path, port as portNumber } from '../scalars.ts';
import { optional, required } from '../schema.ts';

/** `io.l5d.port`. */
export const port = kind('io.l5d.port', {
  port: required(portNumber),
  /** Bound ids begin with `/%` and this; undefined stands for `/io.l5d.port/<port>`. */
  prefix: optional(path),
});
