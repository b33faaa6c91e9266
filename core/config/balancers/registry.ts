/** The load balancer kinds (spec 02 section 7.4). A new kind is a file beside this one and a line in this list. */
import { kinds, laterKind } from '../kinds.ts';
import { ewma } from './ewma.ts';
import { p2c } from './p2c.ts';

/** Reads a client's `loadBalancer`. */
export const loadBalancer = kinds('loadBalancer kind', [
  p2c,
  ewma,
  laterKind('aperture', ['maxEffort', 'smoothWindowMs', 'lowLoad', 'highLoad', 'minAperture', 'enableProbation']),
  laterKind('heap', ['enableProbation']),
  laterKind('roundRobin', ['maxEffort', 'enableProbation']),
]);
