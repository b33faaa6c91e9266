/** The classifier that takes every response for a success (spec 02 section 8.1). */
import { kind } from '../kinds.ts';

/** Of http. */
export const httpAllSuccessful = kind('io.l5d.http.allSuccessful', {});

/** Of h2: a stream that is reset is a failure all the same (spec 05 section 11). */
export const h2AllSuccessful = kind('io.l5d.h2.allSuccessful', {});
