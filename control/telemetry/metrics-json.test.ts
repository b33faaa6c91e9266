/** `metrics.json` byte for byte: flat, pretty and as a tree. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HISTOGRAM_BUCKETS, summarise } from '../../core/shared/histogram.ts';
import { metricsJson } from './metrics-json.ts';
import { MetricNode } from './metrics-tree.ts';

function example(): MetricNode {
  const root = new MetricNode();
  const counts = new Uint32Array(HISTOGRAM_BUCKETS);
  counts[1] = 1;
  counts[2] = 1;
  const summary = summarise(counts, 2, 3, 1);
  const none = summarise(new Uint32Array(HISTOGRAM_BUCKETS), 0, 0, 1);
  root.put(['b', 'x/y', 'requests'], { kind: 'counter', read: () => 12 });
  root.put(['b', 'x/y', 'latency'], { kind: 'stat', summary: () => summary, seconds: () => undefined });
  root.put(['b', 'x/y', 'idle'], { kind: 'stat', summary: () => none, seconds: () => undefined });
  root.put(['b', 'x/y', 'new'], { kind: 'stat', summary: () => undefined, seconds: () => undefined });
  root.put(['a'], { kind: 'gauge', read: () => 1 });
  root.put(['a', 'child"'], { kind: 'counter', read: () => 2 });
  return root;
}

test('flat and compact, in order of creation', () => {
  assert.equal(
    metricsJson(example(), { pretty: false, tree: false }),
    '{"b/x/y/requests":12,' +
      '"b/x/y/latency.count":2,"b/x/y/latency.max":2,"b/x/y/latency.min":1,"b/x/y/latency.p50":1,' +
      '"b/x/y/latency.p90":2,"b/x/y/latency.p95":2,"b/x/y/latency.p99":2,"b/x/y/latency.p9990":2,' +
      '"b/x/y/latency.p9999":2,"b/x/y/latency.sum":3,"b/x/y/latency.avg":1.5,' +
      '"b/x/y/idle.count":0,"a":1.0,"a/child\\"":2}',
  );
});

test('flat and pretty, sorted', () => {
  const lines = metricsJson(example(), { pretty: true, tree: false }).split('\n');
  assert.deepEqual(lines.slice(0, 4), ['{', '  "a" : 1.0,', '  "a/child\\"" : 2,', '  "b/x/y/idle.count" : 0,']);
  assert.deepEqual(lines.slice(-2), ['  "b/x/y/requests" : 12', '}']);
  const keys = lines.slice(1, -1);
  assert.deepEqual(keys, keys.toSorted());
});

test('as a tree, a metric sits beside its children', () => {
  const text = metricsJson(example(), { pretty: false, tree: true });
  assert.match(text, /"requests":\{"counter":12\}/);
  assert.match(text, /"a":\{"gauge":1.0,"child\\"":\{"counter":2\}\}/);
  assert.match(
    text,
    /"latency":\{"stat.count":2,"stat.max":2,.*"stat.avg":1.5\},"idle":\{"stat.count":0\},"new":\{\}\}/,
  );
  const pretty = metricsJson(example(), { pretty: true, tree: true });
  assert.deepEqual(JSON.parse(pretty), JSON.parse(text));
});

test('the key of a metric at the root of a subtree is empty, and nothing at all is an empty object', () => {
  const leaf = example().find(['b', 'x/y', 'requests']);
  assert.equal(leaf && metricsJson(leaf, { pretty: false, tree: false }), '{"":12}');
  assert.equal(metricsJson(new MetricNode(), { pretty: false, tree: true }), '{}');
  assert.equal(metricsJson(new MetricNode(), { pretty: true, tree: false }), '{ }');
});

test('what JSON cannot say is quoted', () => {
  const root = new MetricNode();
  root.put(['x'], { kind: 'gauge', read: () => Number.POSITIVE_INFINITY });
  assert.equal(metricsJson(root, { pretty: false, tree: false }), '{"x":"Infinity"}');
});
