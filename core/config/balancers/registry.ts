/** The load balancer kinds (spec 02 section 7.4). A new kind is a file beside this one and a line in this list. */
import { kinds } from '../kinds.ts';
import { aperture } from './aperture.ts';
import { ewma } from './ewma.ts';
import { heap } from './heap.ts';
import { p2c } from './p2c.ts';
import { roundRobin } from './round-robin.ts';

/** Reads a client's `loadBalancer`. */
export const loadBalancer = kinds('loadBalancer kind', [p2c, ewma, aperture, heap, roundRobin]);
