/** B3, the trace context of Zipkin (spec 03 section 4.2). */
import { kind } from '../kinds.ts';

/** `io.l5d.zipkin`. */
export const zipkinTrace = kind('io.l5d.zipkin', {});
