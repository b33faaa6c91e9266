/** The identifier that takes a header's whole value as one segment (spec 03 section 2). */
import { kind } from '../kinds.ts';
import { headerName } from '../scalars.ts';
import { withDefault } from '../schema.ts';

/** `io.l5d.header.token`: the router's default, on `Host`. */
export const headerToken = kind('io.l5d.header.token', {
  header: withDefault(headerName, 'Host'),
});
