/** How entries are read: without the defaults of what they do not say. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configOf } from './configs-by-prefix.ts';
import type { ConfigNode, JsonValue } from './node.ts';
import { perPrefix } from './per-prefix.ts';
import type { Problem } from './reading.ts';
import { int } from './scalars.ts';
import { object, optional, parts, section, withDefault } from './schema.ts';

const SPAN = { start: 0, end: 0 };

/** A document of plain values; where they stand is not looked at here. */
function nodeOf(value: JsonValue): ConfigNode {
  if (Array.isArray(value)) return { type: 'list', items: value.map(nodeOf), ...SPAN };
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, each]) => ({ key, keySpan: SPAN, value: nodeOf(each) }));
    return { type: 'map', entries, ...SPAN };
  }
  const scalar = value as string | number | boolean | null;
  return { type: 'scalar', value: scalar, text: String(scalar), textStart: 0, ...SPAN };
}

const schema = perPrefix('test kind', {
  timeoutMs: optional(int(0)),
  pool: section(object({ min: withDefault(int(0), 0), max: withDefault(int(0), 10) })),
  retries: parts({ budget: withDefault(int(0), 1), backoffMs: withDefault(int(0), 2) }),
});

const problems: Problem[] = [];
const read = (value: JsonValue) =>
  schema.read(nodeOf(value), 'p', { report: (problem) => problems.push(problem), directory: () => undefined }) ??
  assert.fail('nothing was read');

const DEFAULTS = { timeoutMs: undefined, pool: { min: 0, max: 10 }, retries: { budget: 1, backoffMs: 2 } };

test('an object is overridden as a whole, its own defaults included; parts one by one', () => {
  const config = read({
    kind: 'io.l5d.static',
    configs: [
      { prefix: '/', pool: { min: 5 }, retries: { budget: 7 } },
      { prefix: '/a', pool: { max: 20 }, retries: { backoffMs: 8 } },
      { prefix: '/a/b', timeoutMs: 3, retries: null },
    ],
  });
  assert.deepEqual(configOf(config, '/x'), {
    ...DEFAULTS,
    pool: { min: 5, max: 10 },
    retries: { budget: 7, backoffMs: 2 },
  });
  const a = { ...DEFAULTS, pool: { min: 0, max: 20 }, retries: { budget: 7, backoffMs: 8 } };
  assert.deepEqual(configOf(config, '/a'), a);
  assert.deepEqual(configOf(config, '/a/b/c'), { ...a, timeoutMs: 3 });
  assert.deepEqual(problems, []);
});

test('the global kind is one entry, and nothing at all the defaults', () => {
  assert.deepEqual(configOf(read({ timeoutMs: 3 }), '/any/name'), { ...DEFAULTS, timeoutMs: 3 });
  assert.deepEqual(configOf(read({ kind: 'io.l5d.global' }), '/'), DEFAULTS);
  assert.deepEqual(configOf(read({ kind: 'io.l5d.static', configs: [] }), '/'), DEFAULTS);
});

test('prefixes are one way of writing', () => {
  const { configs } = read({
    kind: 'io.l5d.static',
    configs: ['/', '', '//', '/svc/', 'svc', '/svc/{a}.{b}/*'].map((prefix) => ({ prefix })),
  });
  assert.deepEqual(
    configs.map(({ prefix }) => prefix),
    ['/', '/', '/', '/svc', '/svc', '/svc/{a}.{b}/*'],
  );
});
