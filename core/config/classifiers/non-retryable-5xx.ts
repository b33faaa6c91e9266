/** The classifier that takes 5xx responses for failures and retries none (spec 02 section 8.1). */
import { kind } from '../kinds.ts';

/** `io.l5d.http.nonRetryable5XX`, the default. */
export const nonRetryable5XX = kind('io.l5d.http.nonRetryable5XX', {});
