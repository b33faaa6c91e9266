/** The classifiers of http that take 5xx responses for failures, and retry those of some methods (spec 02 section 8.1). */
import { kind } from '../kinds.ts';

/** Of GET, HEAD, OPTIONS, TRACE. */
export const httpRetryableRead5XX = kind('io.l5d.http.retryableRead5XX', {});

/** Of those, PUT and DELETE. */
export const httpRetryableIdempotent5XX = kind('io.l5d.http.retryableIdempotent5XX', {});

/** Of those, POST and PATCH. */
export const httpRetryableAll5XX = kind('io.l5d.http.retryableAll5XX', {});
