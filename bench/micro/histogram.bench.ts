/**
 * What it costs a worker to count: the shared-memory histogram beside hdr-histogram-js (its plain JavaScript form, at a
 * coarser precision than ours), and the other writes that a request makes.
 */

import { build } from 'hdr-histogram-js';
import { reasonIndex } from '../../core/reasons.ts';
import { COUNTER, HISTOGRAM, slabBytes } from '../../core/shared/stats.ts';
import { StatsWriter } from '../../core/shared/stats-writer.ts';
import { bench } from './harness.ts';

/** A power of two. */
const SAMPLES = 4096;
/** Scopes that one request writes to: server, service, client, and client with service. */
const SCOPES = [3, 4, 5, 6] as const;

const writer = new StatsWriter(new SharedArrayBuffer(slabBytes({ scopesMax: 1024 })));
const reference = build({ numberOfSignificantValueDigits: 2, highestTrackableValue: 2 ** 45 });

/** Latencies, in whole microseconds, between 50 and 3,300,000, spread evenly over the octaves, in an order without pattern. */
const micros = Int32Array.from({ length: SAMPLES }, (_, i) =>
  Math.floor(50 * 2 ** (((i * 2654435761) % SAMPLES) / 256)),
);

bench('stats: increment', (iterations) => {
  for (let i = 0; i < iterations; i++) writer.increment(3 + (i & 3), COUNTER.requests);
});

bench('histogram: recordLatency', (iterations) => {
  for (let i = 0; i < iterations; i++) {
    writer.recordLatency(3, HISTOGRAM.requestLatency, micros[i & (SAMPLES - 1)]!);
  }
});

bench('histogram: hdr-histogram-js recordValue', (iterations) => {
  for (let i = 0; i < iterations; i++) reference.recordValue(micros[i & (SAMPLES - 1)]!);
});

bench('stats: recordStatus', (iterations) => {
  for (let i = 0; i < iterations; i++) writer.recordStatus(3, 200 + (i & 7));
});

bench('stats: recordFailure', (iterations) => {
  const reason = reasonIndex('upstream_reset');
  for (let i = 0; i < iterations; i++) writer.recordFailure(3, reason);
});

bench('stats: all that one answered request writes', (iterations) => {
  for (let i = 0; i < iterations; i++) {
    for (let s = 0; s < SCOPES.length; s++) {
      const scope = SCOPES[s]!;
      writer.increment(scope, COUNTER.pending);
      writer.increment(scope, COUNTER.requests);
      writer.add(scope, COUNTER.pending, -1);
      writer.increment(scope, COUNTER.success);
      writer.recordLatency(scope, HISTOGRAM.requestLatency, micros[i & (SAMPLES - 1)]!);
    }
    writer.recordStatus(3, 200);
    writer.recordStatus(5, 200);
  }
});
