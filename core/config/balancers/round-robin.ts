/** One endpoint after the other (spec 02 section 7.4, spec 05 section 3). */
import { kind } from '../kinds.ts';
import { choosing } from './common.ts';

/** `roundRobin`. */
export const roundRobin = kind('roundRobin', choosing);
