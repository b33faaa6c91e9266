/** The tree of metrics: names with slashes, names that objects have, one kind a node. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { floatText, MetricNode } from './metrics-tree.ts';

const counter = (value: number) => ({ kind: 'counter' as const, read: () => value });

test('a name with slashes is one node', () => {
  const root = new MetricNode();
  root.put(['server', '127.0.0.1/4140', 'requests'], counter(1));
  assert.notEqual(root.find(['server', '127.0.0.1/4140']), undefined);
  assert.equal(root.find(['server', '127.0.0.1', '4140']), undefined);
});

test('names that JavaScript objects have are plain names', () => {
  const root = new MetricNode();
  assert.equal(root.find(['__proto__']), undefined);
  root.put(['__proto__', 'constructor'], counter(1));
  assert.equal(root.find(['__proto__', 'constructor'])?.metric?.kind, 'counter');
});

test('a node is of one kind', () => {
  const root = new MetricNode();
  root.put(['a', 'b'], counter(1));
  root.put(['a', 'b', 'c'], counter(1));
  assert.throws(
    () => root.put(['a', 'b'], { kind: 'gauge', read: () => 1 }),
    /^TypeError: a\/b is a counter, not a gauge$/,
  );
});

test('removing a node takes its subtree and the parents left empty, but not what took its place', () => {
  const root = new MetricNode();
  root.put(['rt', 'out', 'client', 'x', 'requests'], counter(1));
  root.put(['rt', 'out', 'originator'], counter(1));
  const path = ['rt', 'out', 'client', 'x'];
  const first = root.resolve(path);
  root.remove(path, first);
  assert.equal(root.find(['rt', 'out', 'client']), undefined);
  assert.notEqual(root.find(['rt', 'out', 'originator']), undefined);
  const second = root.resolve(path);
  root.remove(path, first);
  assert.equal(root.find(path), second);
});

test('a source makes what is below its node anew for each look, beside what is kept there', () => {
  const root = new MetricNode();
  const path = ['client', 'x'];
  root.put([...path, 'service', 'web', 'requests'], counter(1));
  let value = 0;
  root.resolve(path).source = { fill: (into) => into.put(['loadbalancer', 'size'], counter(++value)) };
  const read = (...below: string[]) => {
    const metric = root.find([...path, ...below])?.metric;
    return metric?.kind === 'counter' ? metric.read() : undefined;
  };
  assert.equal(read('loadbalancer', 'size'), 1);
  assert.equal(read('loadbalancer', 'size'), 2);
  assert.equal(read('service', 'web', 'requests'), 1);
  assert.deepEqual(
    [...root.resolve(path).children].map(([name]) => name),
    ['loadbalancer', 'service'],
  );
  const service = [...path, 'service', 'web'];
  root.remove(service, root.resolve(service));
  assert.equal(read('loadbalancer', 'size'), 4, 'a node with a source is not empty');
  root.resolve(path).source = undefined;
  assert.equal(read('loadbalancer', 'size'), undefined);
});

test('floats are printed as the JVM prints them', () => {
  for (const [value, text] of [
    [1, '1.0'],
    [-2, '-2.0'],
    [0.5, '0.5'],
    [1e15, '1000000000000000.0'],
    [Number.NaN, 'NaN'],
  ] as const) {
    assert.equal(floatText(value), text);
  }
});
