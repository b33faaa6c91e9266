/** The telemeter that serves metrics in Prometheus' text format (spec 02 section 11). */
import { kind } from '../kinds.ts';
import { text, urlPath } from '../scalars.ts';
import { withDefault } from '../schema.ts';

/** `io.l5d.prometheus`. */
export const prometheus = kind('io.l5d.prometheus', {
  /** Admin page. */
  path: withDefault(urlPath, '/admin/metrics/prometheus'),
  /** Put before every metric's name. */
  prefix: withDefault(text, ''),
});
