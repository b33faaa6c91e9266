/** The classifier that takes every response for a success (spec 02 section 8.1). */
import { kind } from '../kinds.ts';

/** `io.l5d.http.allSuccessful`. */
export const allSuccessful = kind('io.l5d.http.allSuccessful', {});
