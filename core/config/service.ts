/** A router's `service` (spec 02 section 8): what holds for a service name, whichever endpoint answers. */
import { backoff, budget } from './backoff.ts';
import { h2ResponseClassifier, httpResponseClassifier } from './classifiers/registry.ts';
import { kind, kinds, laterKind } from './kinds.ts';
import { anything, keys, later, list, object, optional, type Shape, section } from './schema.ts';

const common = {
  totalTimeoutMs: later(),
  retries: later(object({ budget: optional(budget), backoff: optional(backoff) })),
};

const http = {
  responseClassifier: section(httpResponseClassifier, 'io.l5d.http.nonRetryable5XX'),
  ...common,
};

const h2 = {
  responseClassifier: section(h2ResponseClassifier, 'io.l5d.h2.nonRetryable5XX'),
  ...common,
  classificationTimeoutMs: later(),
  retryBufferSize: later(keys('requestBytes', 'responseBytes')),
};

// Refused as a whole, and yet read, as the client's.
function perPrefix(fields: Shape) {
  return laterKind('io.l5d.static', {
    configs: optional(list(object({ ...fields, prefix: optional(anything) }))),
  });
}

const options = { fallback: 'io.l5d.global' };

/** Reads `service` of an http router. */
export const httpService = kinds('service kind', [kind('io.l5d.global', http), perPrefix(http)], options);

/** Reads `service` of an h2 router. */
export const h2Service = kinds('service kind', [kind('io.l5d.global', h2), perPrefix(h2)], options);
