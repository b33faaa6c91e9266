/** A router's `service` (spec 02 section 8): what holds for a service name, whichever endpoint answers. */
import { backoff, budget } from './backoff.ts';
import { h2ResponseClassifier, httpResponseClassifier } from './classifiers/registry.ts';
import { perPrefix } from './per-prefix.ts';
import { keys, later, object, optional, section } from './schema.ts';

const common = {
  totalTimeoutMs: later(),
  // Its keys are settings of their own: once it is read, it is `parts({…})`.
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

/** Reads `service` of an http router. */
export const httpService = perPrefix('service kind', http);

/** Reads `service` of an h2 router. */
export const h2Service = perPrefix('service kind', h2);
