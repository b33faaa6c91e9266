/** The classifier that takes 5xx responses for failures and retries none (spec 02 section 8.1). */
import { kind } from '../kinds.ts';

/** Of http, its default. */
export const httpNonRetryable5XX = kind('io.l5d.http.nonRetryable5XX', {});

/** Of h2, its default. */
export const h2NonRetryable5XX = kind('io.l5d.h2.nonRetryable5XX', {});
