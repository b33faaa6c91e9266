/** The identifier that names a request by version, method and host (spec 03 section 2). */
import { kind } from '../kinds.ts';
import { boolean } from '../scalars.ts';
import { withDefault } from '../schema.ts';

/** `io.l5d.methodAndHost`. */
export const methodAndHost = kind('io.l5d.methodAndHost', {
  /** Whether the URI's path segments follow the host. */
  httpUriInDst: withDefault(boolean, false),
});
