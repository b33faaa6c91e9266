/** Which propagator a configuration means. */
import type { Random } from '../../core/balance/random.ts';
import type { TracePropagatorConfig } from '../../core/config/types.ts';
import { LinkerdTracePropagator } from './linkerd-trace-propagator.ts';
import type { TracePropagator } from './trace-propagator.ts';
import { ZipkinTracePropagator } from './zipkin-trace-propagator.ts';

/** The propagator of a router's `tracePropagator`. */
export function createTracePropagator({ kind }: TracePropagatorConfig, random: Random): TracePropagator {
  return kind === 'io.l5d.zipkin' ? new ZipkinTracePropagator(random) : new LinkerdTracePropagator(random);
}
