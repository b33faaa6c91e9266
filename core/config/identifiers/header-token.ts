/** The identifier that takes a header's whole value as one segment (spec 03 sections 2 and 3). */
import { kind } from '../kinds.ts';
import { h2HeaderName, headerName } from '../scalars.ts';
import { withDefault } from '../schema.ts';

/** `io.l5d.header.token` of http: the router's default, on `Host`. */
export const headerToken = kind('io.l5d.header.token', {
  header: withDefault(headerName, 'Host'),
});

/** `io.l5d.header.token` of h2: the router's default, on `:authority`. */
export const h2HeaderToken = kind('io.l5d.header.token', {
  header: withDefault(h2HeaderName, ':authority'),
});
