/** The classifiers of h2 that take 5xx responses for failures, and retry those of some methods (spec 02 section 8.1). */
import { kind } from '../kinds.ts';

/** Of GET, HEAD, OPTIONS, TRACE. */
export const h2RetryableRead5XX = kind('io.l5d.h2.retryableRead5XX', {});

/** Of those, PUT and DELETE. */
export const h2RetryableIdempotent5XX = kind('io.l5d.h2.retryableIdempotent5XX', {});

/** Of those, POST and PATCH. */
export const h2RetryableAll5XX = kind('io.l5d.h2.retryableAll5XX', {});
