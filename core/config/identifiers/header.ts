/** The identifier that reads a header's value as a path (spec 03 section 2). */
import { kind } from '../kinds.ts';
import { headerName } from '../scalars.ts';
import { withDefault } from '../schema.ts';

/** `io.l5d.header`. */
export const header = kind('io.l5d.header', {
  header: withDefault(headerName, 'l5d-name'),
});
