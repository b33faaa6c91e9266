/** Power of two choices, least pending requests (spec 02 section 7.4, spec 05). */
import { kind } from '../kinds.ts';
import { choosing } from './common.ts';

/** `p2c`, the default. */
export const p2c = kind('p2c', choosing);
