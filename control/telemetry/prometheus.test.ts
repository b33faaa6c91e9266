/** The Prometheus text byte for byte (spec 06 section 3), and the cumulative histograms beside it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HISTOGRAM_BUCKETS, summarise } from '../../core/shared/histogram.ts';
import { type Metric, MetricNode } from './metrics-tree.ts';
import { prometheusText } from './prometheus.ts';

const counter = (value: number): Metric => ({ kind: 'counter', read: () => value });
const gauge = (value: number): Metric => ({ kind: 'gauge', read: () => value });

function oneAndTwo(): Metric {
  const counts = new Uint32Array(HISTOGRAM_BUCKETS);
  counts[1] = 1;
  counts[2] = 1;
  return {
    kind: 'stat',
    summary: () => summarise(counts, 2, 3, 1),
    seconds: () => ({ bounds: [0.001, 10], histogram: { atMost: [1, 2], count: 2, sum: 0.003 } }),
  };
}

function print(path: readonly string[], metric: Metric, histograms = false): string {
  const root = new MetricNode();
  root.put(path, metric);
  return prometheusText(root, { prefix: 'linkerd_', histograms });
}

test('the vectors of the specification', () => {
  const one = counter(1);
  for (const [path, metric, line] of [
    [['foo', 'bar', 'bas'], one, 'linkerd_foo:bar:bas 1'],
    [['foo', 'bar', 'bas'], gauge(1), 'linkerd_foo:bar:bas 1.0'],
    [
      ['rt', 'incoming', 'service', '/svc/foo', 'requests'],
      one,
      'linkerd_rt:service:requests{rt="incoming", service="/svc/foo"} 1',
    ],
    [
      ['rt', 'incoming', 'client', '/#/bar', 'service', '/svc/foo', 'requests'],
      one,
      'linkerd_rt:client:service:requests{rt="incoming", client="/#/bar", service="/svc/foo"} 1',
    ],
    [
      ['rt', 'incoming', 'server', '127.0.0.1/4141', 'requests'],
      one,
      'linkerd_rt:server:requests{rt="incoming", server="127.0.0.1/4141"} 1',
    ],
    [
      ['rt', 'incoming', 'service', 's', 'failures', 'bar', 'qux'],
      one,
      'linkerd_rt:service:failures{rt="incoming", service="s", exception="bar:qux"} 1',
    ],
    [
      ['rt', 'incoming', 'service', 's', 'exn', 'thud'],
      one,
      'linkerd_rt:service:exceptions{rt="incoming", service="s", exception="thud"} 1',
    ],
    [
      ['rt', 'incoming', 'client', 'c', 'exn', 'thud', 'splat'],
      one,
      'linkerd_rt:client:exceptions{rt="incoming", client="c", exception="thud:splat"} 1',
    ],
    [['rt', 'foo', 'other', 'bar', 'x', 'qux'], one, 'linkerd_rt:other:bar:x:qux{rt="foo"} 1'],
    [
      ['rt', 'client', 'client', '#/io.l5d.fs/web', 'status', '2XX'],
      one,
      'linkerd_rt:client:status:2XX{rt="client", client="#/io.l5d.fs/web"} 1',
    ],
    [['rt', 'a\\b"c', 'x-y'], one, 'linkerd_rt:x_y{rt="a\\\\b\\\\c"} 1'],
    [['rt', 'a\nb', 'x'], one, 'linkerd_rt:x{rt="a\\\\b"} 1'],
  ] as const) {
    assert.equal(print(path, metric), `${line}\n`);
  }
});

test('a failure counter and its reasons are one name, with and without exception', () => {
  const root = new MetricNode();
  root.put(['rt', 'out', 'server', 's', 'failures'], counter(3));
  root.put(['rt', 'out', 'server', 's', 'failures', 'no_brokers'], counter(2));
  root.put(['rt', 'out', 'server', 's', 'failures', 'internal'], counter(1));
  assert.equal(
    prometheusText(root, { prefix: '', histograms: false }),
    [
      'rt:server:failures{rt="out", server="s"} 3',
      'rt:server:failures{rt="out", server="s", exception="no_brokers"} 2',
      'rt:server:failures{rt="out", server="s", exception="internal"} 1',
      '',
    ].join('\n'),
  );
});

test('a stat prints its last window', () => {
  assert.equal(
    print(['foo', 'x_ms'], oneAndTwo()),
    [
      'linkerd_foo:x_ms_count 2',
      'linkerd_foo:x_ms_sum 3',
      'linkerd_foo:x_ms_avg 1.5',
      'linkerd_foo:x_ms{quantile="0"} 1',
      'linkerd_foo:x_ms{quantile="0.5"} 1',
      'linkerd_foo:x_ms{quantile="0.9"} 2',
      'linkerd_foo:x_ms{quantile="0.95"} 2',
      'linkerd_foo:x_ms{quantile="0.99"} 2',
      'linkerd_foo:x_ms{quantile="0.999"} 2',
      'linkerd_foo:x_ms{quantile="0.9999"} 2',
      'linkerd_foo:x_ms{quantile="1"} 2',
      '',
    ].join('\n'),
  );
});

test('histograms are printed beside it under names of their own', () => {
  const lines = print(['rt', 'out', 'server', 's', 'x_ms'], oneAndTwo(), true).split('\n');
  assert.equal(lines.filter((line) => line.startsWith('linkerd_rt:server:x_ms')).length, 11);
  assert.deepEqual(
    lines.filter((line) => line.includes('_seconds')),
    [
      'linkerd_rt:server:x_seconds_bucket{rt="out", server="s", le="0.001"} 1',
      'linkerd_rt:server:x_seconds_bucket{rt="out", server="s", le="10"} 2',
      'linkerd_rt:server:x_seconds_bucket{rt="out", server="s", le="+Inf"} 2',
      'linkerd_rt:server:x_seconds_sum{rt="out", server="s"} 0.003',
      'linkerd_rt:server:x_seconds_count{rt="out", server="s"} 2',
    ],
  );
});

test('a stat without a window, or with an empty one, prints nothing', () => {
  const stat: Metric = { kind: 'stat', summary: () => undefined, seconds: () => undefined };
  assert.equal(print(['x'], stat, true), '');
  const empty: Metric = { ...stat, summary: () => summarise(new Uint32Array(HISTOGRAM_BUCKETS), 0, 0, 1) };
  assert.equal(print(['x'], empty), '');
});
