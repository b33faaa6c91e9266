/**
 * What the metrics say of a client's endpoints (spec 06 section 1.2, spec 05 section 3.2). Most of it nobody counts: it is
 * read out of the shared endpoint memory when somebody looks.
 */
import { ALGORITHM } from '../../core/balance/create-balancer.ts';
import type { LoadBalancerConfig } from '../../core/config/types.ts';
import type { EndpointCensus } from '../../core/shared/endpoint-publisher.ts';
import { TICK_MICROS } from '../../core/shared/endpoint-region.ts';
import { COUNTER } from '../../core/shared/stats.ts';
import type { MetricNode } from './metrics-tree.ts';

/** Reads a counter of the client's scope: one of COUNTER. */
type CounterReader = (cell: number) => number;

/** Puts a client's `available` and its `loadbalancer/` gauges and counters below its node. */
export function putBalancerMetrics(
  into: MetricNode,
  census: EndpointCensus,
  config: LoadBalancerConfig,
  counterOf: CounterReader,
): void {
  const { load, weightClasses, meanWeight, adds, removes, updates } = census;
  const [available, busy, closed] = census.byStatus;
  put(into, 'gauge', {
    size: available + busy + closed,
    available,
    busy,
    closed,
    load,
    num_weight_classes: weightClasses.length,
    meanweight: meanWeight,
    [`algorithm/${ALGORITHM[config.kind]}`]: 1,
  });
  put(into, 'counter', { adds, removes, updates });
  if (config.kind === 'aperture') putApertureMetrics(into, census, config.minAperture, counterOf);
  into.put(['available'], { kind: 'gauge', read: () => (available > 0 ? 1 : 0) });
}

/** Puts the gauges of a client's fail-fast: of the endpoint that has been out of reach for longest (spec 05 section 4). */
export function putFailFastMetrics(into: MetricNode, { unreachable }: EndpointCensus): void {
  const forMs = Math.round((unreachable.forTicks * TICK_MICROS) / 1000);
  const gauges = { unhealthy_for_ms: forMs, unhealthy_num_tries: unreachable.tries };
  for (const [name, value] of Object.entries(gauges))
    into.put(['failfast', name], { kind: 'gauge', read: () => value });
}

function putApertureMetrics(
  into: MetricNode,
  { weightClasses }: EndpointCensus,
  minAperture: number,
  counterOf: CounterReader,
): void {
  let aperture = 0;
  let load = 0;
  for (const each of weightClasses) {
    aperture += Math.min(Math.max(each.width, minAperture), each.size);
    load += each.load;
  }
  put(into, 'gauge', {
    logical_aperture: aperture,
    physical_aperture: aperture,
    use_deterministic_ordering: 0,
    'loadband/offered_load_ema': load,
  });
  put(into, 'counter', {
    expired: counterOf(COUNTER.loadBalancerExpired),
    'loadband/widen': counterOf(COUNTER.loadBandWiden),
    'loadband/narrow': counterOf(COUNTER.loadBandNarrow),
  });
}

function put(into: MetricNode, kind: 'counter' | 'gauge', values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values)) {
    into.put(['loadbalancer', ...name.split('/')], { kind, read: () => value });
  }
}
