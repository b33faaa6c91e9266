/** An http router's `service` (spec 02 section 8): what holds for a service name, whichever endpoint answers. */
import { backoff, budget } from './backoff.ts';
import { responseClassifier } from './classifiers/registry.ts';
import { kind, kinds, laterKind } from './kinds.ts';
import { anything, later, list, object, optional, section } from './schema.ts';

const fields = {
  responseClassifier: section(responseClassifier, 'io.l5d.http.nonRetryable5XX'),
  totalTimeoutMs: later(),
  retries: later(object({ budget: optional(budget), backoff: optional(backoff) })),
};

const global = kind('io.l5d.global', fields);

// Refused as a whole, and yet read, as the client's.
const perPrefix = laterKind('io.l5d.static', {
  configs: optional(list(object({ ...fields, prefix: optional(anything) }))),
});

/** Reads `service`. */
export const httpService = kinds('service kind', [global, perPrefix], { fallback: 'io.l5d.global' });
