/** How refusals are shown, and documents that would cost time or the process. */
import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { ConfigError, loadConfig } from './load.ts';

const refusal = (text: string): string => {
  try {
    loadConfig(text, 'linkerd.yaml', { baseDir: tmpdir() });
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  assert.fail('it loads');
};

const SMALLEST = 'routers: [{protocol: http, servers: [{}]}]';

test('the whole message of one problem', () => {
  assert.equal(
    refusal('routers:\n- protocol: http\n  servers:\n  - port: 70000'),
    'linkerd.yaml:4:11: routers[0].servers[0].port: 70000 outside valid range for ports. Write a whole number from 0 to 65535.\n' +
      '    - port: 70000\n' +
      '            ^',
  );
});

test('long lines are cut around the caret, and control characters do not reach the terminal', () => {
  const [message, quote, caret] = refusal(`{"usage": {"orgId": "${'x'.repeat(500)}"}, "b\x1b[2J": 1}`).split('\n');
  assert.match(message!, /^linkerd\.yaml:1:1: routers/);
  assert.ok(quote!.length <= 122 && caret === '  ^');
  const text = refusal(`${' '.repeat(300)}{"routers": 5, "a\u009b2J": 1}`);
  assert.doesNotMatch(text, /\p{Cc}(?<!\n)/u);
  for (const line of text.split('\n')) assert.ok(line.startsWith('linkerd.yaml:') || line.length <= 122, line);
});

test('50 different problems are shown, the rest is counted', () => {
  const text = `${SMALLEST}\n${Array.from({ length: 57 }, (_, i) => `zzzzz${i}: 1`).join('\n')}`;
  const lines = refusal(text).split('\n');
  assert.equal(lines.length, 152);
  assert.deepEqual(lines.slice(-2), ['linkerd.yaml: and 7 more', 'linkerd.yaml: 57 problems']);
});

test('what is wrong at several places in the same way is said once', () => {
  assert.equal(
    refusal(`namers:\n- kind: io.l5d.k8s\n- kind: io.l5d.k8s\n${SMALLEST}\nbogus: 1`),
    `linkerd.yaml:2:9: namers[0].kind: io.l5d.k8s is Linkerd's, and Weft does not support it yet; see docs/compatibility.md
  - kind: io.l5d.k8s
          ^
  and so at 3:9 (namers[1].kind)
linkerd.yaml:5:1: bogus: unknown key "bogus". Known keys here: admin, namers, routers, telemetry, usage.
  bogus: 1
  ^
linkerd.yaml: 3 problems`,
  );
  const many = refusal(
    `routers:\n${Array.from({ length: 30 }, (_, i) => `- {protocol: mux, label: m${i}, servers: [{port: ${i + 1}}]}`).join('\n')}`,
  );
  assert.match(
    many,
    /\n {2}and so at 3:14 \(routers\[1\]\.protocol\), .*, 22:14 \(routers\[20\]\.protocol\), 9 more places\n/,
  );
  assert.match(many, /\nlinkerd\.yaml: 30 problems$/);
});

/** Documents that would cost time or the process, and what is said of them. */
const BOMBS: Readonly<Record<string, readonly [text: string, message: RegExp]>> = {
  'one megabyte': [`# ${'x'.repeat(1_000_000)}`, /has 1000002 characters; at most 524288 are read/],
  'flow lists in lists': ['['.repeat(50_000), /nested deeper than 64/],
  'block lists in lists': [`${'- '.repeat(20_000)}a`, /nested deeper than 64/],
  'maps as keys': [`${'? '.repeat(20_000)}a`, /nested deeper than 64/],
  'JSON in JSON': ['{"a":'.repeat(20_000), /nested deeper than 64/],
  'a billion laughs': [
    `a: &a0 [1, 2]\n${Array.from({ length: 60 }, (_, i) => `b${i}: &a${i + 1} [*a${i}, *a${i}]`).join('\n')}`,
    /more than 100000 values/,
  ],
  'merge keys of merge keys': [
    `a: &a {${Array.from({ length: 1_000 }, (_, i) => `k${i}: 1`).join(', ')}}\nb: [${'{<<: *a}, '.repeat(1_000)}]`,
    /merge keys bring more than 100000 entries/,
  ],
  'a dtab of parentheses': [
    `${SMALLEST.slice(0, -2)}, dtab: "/a => ${'('.repeat(2_000)}"}]`,
    /routers\[0\]\.dtab: simple expected but '\(' found/,
  ],
};

for (const [name, [text, message]] of Object.entries(BOMBS)) {
  test(`refused without harm: ${name}`, () => {
    assert.match(refusal(text), message);
  });
}

test('bounds are the caller’s to set', () => {
  const limits = { configCharsMax: 1_000, configDepthMax: 3, configNodesMax: 3 };
  assert.throws(() => loadConfig(SMALLEST, 'l', { limits }), /nested deeper than 3/);
  assert.throws(() => loadConfig(SMALLEST, 'l', { limits: { ...limits, configDepthMax: 9 } }), /more than 3 values/);
});
