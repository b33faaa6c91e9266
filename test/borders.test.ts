/** Holds the borders between the rooms, and proves on made-up sources that a crossing would be seen. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findCrossings, findCycles } from './house/borders.ts';
import { ROOT } from './house/root.ts';
import { readSources, type Source } from './house/sources.ts';

const sources = readSources(ROOT, ['tsconfig.json']);

function source(path: string, specifiers: readonly string[], words: readonly string[] = []): Source {
  const imports = specifiers.map((text) => {
    const typeOnly = text.startsWith('type ');
    return { specifier: text.replace('type ', ''), typeOnly, line: 1 };
  });
  return { path, text: '', imports, functions: [], words: words.map((text) => ({ text, keyword: false, line: 2 })) };
}

test('the sources cross no border', () => {
  assert.ok(sources.some(({ path }) => path === 'core/limits.ts'));
  assert.deepEqual(findCrossings(sources), []);
});

test('the imports go round in no circle', () => {
  assert.ok(sources.some(({ imports }) => imports.length > 0));
  assert.deepEqual(findCycles(sources), []);
});

const CROSSINGS: readonly (readonly [path: string, specifier: string, allowed: boolean])[] = [
  ['core/a.ts', './names/path.ts', true],
  ['core/a.ts', 'zod', true],
  ['core/a.ts', 'yaml', false],
  ['core/a.ts', 'node:fs', false],
  ['core/a.ts', '../workers/messages.ts', false],
  ['core/a.ts', 'type ../control/main.ts', false],
  ['workers/net/a.ts', '../../core/limits.ts', true],
  ['workers/net/a.ts', '../os/epoll.ts', true],
  ['workers/net/a.ts', 'node:worker_threads', true],
  ['workers/net/a.ts', 'node:net', false],
  ['workers/net/a.ts', 'koffi', false],
  ['workers/net/a.ts', 'type ../../control/main.ts', false],
  ['workers/os/ffi.ts', 'koffi', true],
  ['workers/os/ffi.ts', 'node:timers', false],
  ['control/a.ts', 'koffi', false],
  ['control/a.ts', 'yaml', true],
  ['control/a.ts', 'node:http', true],
  ['control/a.ts', '../workers/os/index.ts', true],
  ['control/a.ts', '../workers/messages.ts', true],
  ['control/a.ts', '../workers/os/ffi.ts', false],
  ['control/a.ts', 'type ../workers/os/ffi.ts', true],
  ['control/a.ts', '../bench/micro/harness.ts', false],
  ['control/a.ts', './a.test.ts', false],
  ['control/a.test.ts', '../test/house/root.ts', true],
  ['examples/a.ts', '../core/limits.ts', false],
];

for (const [path, specifier, allowed] of CROSSINGS) {
  test(`${path} ${allowed ? 'may' : 'may not'} import ${specifier}`, () => {
    assert.equal(findCrossings([source(path, [specifier])]).length, allowed ? 0 : 1);
  });
}

test('a promise in a worker is seen, in the supervisor it is fine', () => {
  assert.deepEqual(findCrossings([source('workers/a.ts', [], ['Promise', 'promise'])]), [
    'workers/a.ts:2: Promise in a worker, which has no event loop',
  ]);
  assert.deepEqual(findCrossings([source('control/a.ts', [], ['Promise'])]), []);
});

test('a circle is named, one of types alone is none', () => {
  const a = source('core/a.ts', ['./names/b.ts']);
  assert.deepEqual(findCycles([a, source('core/names/b.ts', ['../a.ts'])]), [
    'core/a.ts -> core/names/b.ts -> core/a.ts',
  ]);
  assert.deepEqual(findCycles([a, source('core/names/b.ts', ['type ../a.ts'])]), []);
});
