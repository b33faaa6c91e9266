/**
 * What the metrics say of a client's endpoints (spec 06 section 1.2). Nobody counts them: they are read out of the shared
 * endpoint table when somebody looks.
 */
import type { EndpointCensus } from '../../core/shared/endpoint-publisher.ts';
import type { MetricNode } from './metrics-tree.ts';

/** Puts a client's `available` and its `loadbalancer/` gauges and counters below its node. */
export function putBalancerMetrics(into: MetricNode, census: EndpointCensus): void {
  const { load, weightClasses, meanWeight, adds, removes, updates } = census;
  const [available, busy, closed] = census.byStatus;
  const gauges = {
    size: available + busy + closed,
    available,
    busy,
    closed,
    load,
    num_weight_classes: weightClasses,
    meanweight: meanWeight,
  };
  const put = (kind: 'counter' | 'gauge', name: string, value: number) =>
    into.put(['loadbalancer', name], { kind, read: () => value });
  for (const [name, value] of Object.entries(gauges)) put('gauge', name, value);
  for (const [name, value] of Object.entries({ adds, removes, updates })) put('counter', name, value);
  into.put(['available'], { kind: 'gauge', read: () => (available > 0 ? 1 : 0) });
}
