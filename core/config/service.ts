/** A router's `service` (spec 02 section 8): what holds for a service name, whichever endpoint answers. */
import { backoff } from './backoff.ts';
import { budget } from './budget.ts';
import { h2ResponseClassifier, httpResponseClassifier } from './classifiers/registry.ts';
import { perPrefix } from './per-prefix.ts';
import { int } from './scalars.ts';
import { optional, parts, section, withDefault } from './schema.ts';

const common = {
  /** Time for a request with all its attempts, the pauses between them and the binding of its name; undefined: no bound. */
  totalTimeoutMs: optional(int(1)),
  retries: parts({
    /** One bucket for each service name. */
    budget: section(budget),
    /** Pauses before attempts. */
    backoff: section(backoff, 'constant'),
  }),
};

const http = {
  responseClassifier: section(httpResponseClassifier, 'io.l5d.http.nonRetryable5XX'),
  ...common,
};

const h2 = {
  responseClassifier: section(h2ResponseClassifier, 'io.l5d.h2.nonRetryable5XX'),
  ...common,
  /** A response is held for its verdict no longer than this; with 0 none is. */
  classificationTimeoutMs: withDefault(int(0), 100),
  retryBufferSize: parts({
    /** Content of a request that is kept, so that it can be sent again. */
    requestBytes: withDefault(int(0), 16_383),
    /** Content of a response that is held for its verdict. */
    responseBytes: withDefault(int(0), 16_383),
  }),
};

/** Reads `service` of an http router. */
export const httpService = perPrefix('service kind', http);

/** Reads `service` of an h2 router. */
export const h2Service = perPrefix('service kind', h2);
