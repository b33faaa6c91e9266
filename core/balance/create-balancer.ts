/** From a client's `loadBalancer` to its balancer. A new kind is a file beside this one and a case here. */
import type { LoadBalancerConfig } from '../config/types.ts';
import type { LoadOptions } from '../shared/endpoint-cells.ts';
import type { EndpointRegion } from '../shared/endpoint-region.ts';
import { Aperture } from './aperture.ts';
import type { Balancer, BalancerEvents } from './balancer.ts';
import { Heap } from './heap.ts';
import { PowerOfTwo } from './power-of-two.ts';
import { RoundRobin } from './round-robin.ts';

/** Costs are kept for every kind, and looked at by `ewma` alone. */
const UNUSED_LOAD: LoadOptions = { decayTimeMs: 10_000, failurePenaltyMs: 0 };

/** What Linkerd calls each kind in `loadbalancer/algorithm/<name>`. */
export const ALGORITHM = {
  p2c: 'p2c_least_loaded',
  ewma: 'p2c_peak_ewma',
  aperture: 'aperture_least_loaded',
  heap: 'heap_least_loaded',
  roundRobin: 'round_robin',
} as const satisfies Record<LoadBalancerConfig['kind'], string>;

/** Makes the balancer of a client, for one worker. */
export function createBalancer(config: LoadBalancerConfig, region: EndpointRegion, events: BalancerEvents): Balancer {
  switch (config.kind) {
    case 'aperture':
      return new Aperture(region, config, events);
    case 'heap':
      return new Heap(config.minEndpoints, events);
    case 'roundRobin':
      return new RoundRobin(region, config, events);
    default:
      return new PowerOfTwo(config.kind, config, events);
  }
}

/** What a balancer's endpoints learn of the time their responses take. */
export function loadOptionsOf(config: LoadBalancerConfig): LoadOptions {
  return config.kind === 'ewma' ? config : UNUSED_LOAD;
}
