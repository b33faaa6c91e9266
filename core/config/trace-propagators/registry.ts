/** The trace propagator kinds (spec 02 section 5.1). A new kind is a file beside this one and a line in this list. */
import { kinds } from '../kinds.ts';
import { linkerdTrace } from './linkerd.ts';
import { zipkinTrace } from './zipkin.ts';

/** Reads a router's `tracePropagator`. */
export const tracePropagator = kinds('tracePropagator kind', [linkerdTrace, zipkinTrace]);
