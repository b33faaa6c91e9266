/** The `backoff` objects of failure accrual and retries (spec 02 sections 7.5 and 8). */
import { kind, kinds } from './kinds.ts';
import { int } from './scalars.ts';
import { checked, required, withDefault } from './schema.ts';

/** The same time, always. */
const constant = kind('constant', { ms: withDefault(int(0), 0) });

/** Decorrelated jitter: never shorter than the time before, tending to maxMs (core/resilience/backoff.ts). */
const jittered = kind('jittered', { minMs: required(int(1)), maxMs: required(int(1)) });

/** Reads a `backoff`. Linkerd refuses wrong times only when it builds the client; here they do not load. */
export const backoff = checked(kinds('backoff kind', [constant, jittered]), (value, node, path, reading) => {
  if (value.kind !== 'jittered' || !(value.minMs > value.maxMs)) return;
  const what = `minMs ${value.minMs} is greater than maxMs ${value.maxMs}`;
  reading.report({ at: node, path, what, remedy: `Lower minMs to ${value.maxMs} or raise maxMs.` });
});
