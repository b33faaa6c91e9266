/** The telemeter kinds (spec 02 section 11). A new kind is a file beside this one and a line in this list. */
import { experimental, kinds, laterKind } from '../kinds.ts';
import { share } from '../scalars.ts';
import { keyShape, required } from '../schema.ts';
import { prometheus } from './prometheus.ts';

/** Reads one of `telemetry`. */
export const telemeter = kinds('telemeter kind', [
  prometheus,
  laterKind('io.l5d.influxdb'),
  experimental(laterKind('io.l5d.statsd', ['prefix', 'hostname', 'port', 'gaugeIntervalMs', 'sampleRate'])),
  laterKind('io.l5d.tracelog', ['sampleRate', 'level', 'host']),
  laterKind('io.l5d.recentRequests', { ...keyShape('capacity'), sampleRate: required(share) }),
  laterKind('io.l5d.zipkin', ['host', 'port', 'sampleRate']),
]);
