/** The least loaded of all endpoints (spec 02 section 7.4, spec 05 section 3.3). */
import { kind } from '../kinds.ts';
import { common } from './common.ts';

/** `heap`. */
export const heap = kind('heap', common);
