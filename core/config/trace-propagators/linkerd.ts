/** Linkerd's own trace context, `l5d-ctx-trace` and `l5d-reqid` (spec 03 section 4.1). */
import { kind } from '../kinds.ts';

/** `io.l5d.default`. */
export const linkerdTrace = kind('io.l5d.default', {});
