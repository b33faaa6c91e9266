/** The keys of `backoff` objects (spec 02 section 7.5), which occur only under keys that Weft refuses so far. */
import { keys } from './schema.ts';

/** Of either kind, `constant` or `jittered`. */
export const backoff = keys('kind', 'ms', 'minMs', 'maxMs');

/** `requeueBudget` and `retries.budget` (spec 02 section 7.6). */
export const budget = keys('ttlSecs', 'minRetriesPerSec', 'percentCanRetry');
