/** Whatever is done to a good file, reading it ends in a configuration or in a ConfigError that can be shown. */
import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ConfigNode, toJson } from '../../core/config/node.ts';
import { parseDocument } from './document.ts';
import { ConfigError, loadConfig } from './load.ts';
import { Source } from './source.ts';

const GOOD = `admin: {ip: 127.0.0.1, port: 9990, security: {controlEnabled: false, pathWhitelist: ["/admin/.*"]}}
namers:
- kind: io.l5d.fs
  rootDir: .
  prefix: /files
routers:
- protocol: http
  label: out
  identifier: [{kind: io.l5d.header, header: l5d-name}, {kind: io.l5d.header.token}]
  dtab: |
    /k8s => /#/files ;
    /svc => /k8s | 0.5 * /a & ! ;
  bindingCache: {paths: 100, idleTtlSecs: 60}
  interpreter: &default {kind: default}
  servers:
  - port: 4140
    ip: 0.0.0.0
    maxConcurrentRequests: 1000
    socketOptions: {backlog: 128}
  client:
    kind: io.l5d.global
    loadBalancer: {kind: ewma, decayTimeMs: 5000}
    hostConnectionPool: {minSize: 1, maxSize: 10}
    failureAccrual: {kind: none}
  service: {responseClassifier: {kind: io.l5d.http.allSuccessful}}
- protocol: http
  label: in
  servers: [{port: 4141}]
  client:
    kind: io.l5d.static
    configs:
    - {prefix: /, loadBalancer: {kind: p2c}}
    - prefix: "/#/{namer}/web"
      protocol: h2
      maxFrameBytes: 32768
  service: {kind: io.l5d.static, configs: [{prefix: /svc/*, responseClassifier: {kind: io.l5d.http.nonRetryable5XX}}]}
  interpreter: *default
- protocol: h2
  identifier: {kind: io.l5d.header.path, segments: 1}
  servers: [{maxFrameBytes: 32768, windowUpdateRatio: 0.5}]
  client: {protocol: h2, maxHeaderListBytes: 8192}
  service: {responseClassifier: {kind: io.l5d.h2.grpc.neverRetryable, successStatusCodes: [0, 5]}}
telemetry: [{kind: io.l5d.prometheus, prefix: l5d_}]
usage: {enabled: false}
`;

function outcome(text: string): 'loads' | 'refused' {
  try {
    loadConfig(text, 'linkerd.yaml', { baseDir: tmpdir() });
    return 'loads';
  } catch (error) {
    assert.ok(error instanceof ConfigError, `${text}\n${(error as Error).stack}`);
    assert.ok(error.problems.length > 0);
    assert.match(error.message, /^linkerd\.yaml:\d+:\d+: /);
    return 'refused';
  }
}

test('the file itself loads', () => {
  assert.equal(outcome(GOOD), 'loads');
});

const KEY = /[a-zA-Z0-9]+(?=:\s)/g;
const keysInFile = [...GOOD.matchAll(KEY)];

/** Replaces a key of the file, or (by the line) drops or repeats it. */
function mutate(which: number, how: 'drop' | 'repeat' | 'rename' | 'empty', name: string): string {
  const { index, 0: key } = keysInFile[which % keysInFile.length]!;
  const after = index + key.length;
  if (how === 'rename') return GOOD.slice(0, index) + name + GOOD.slice(after);
  if (how === 'repeat') return `${GOOD.slice(0, index)}${key}: 1, ${GOOD.slice(index)}`;
  if (how === 'empty') return GOOD.slice(0, after + 1) + GOOD.slice(after + 1).replace(/[^\n,}]*/, '');
  const start = GOOD.lastIndexOf('\n', index) + 1;
  return GOOD.slice(0, start) + GOOD.slice(GOOD.indexOf('\n', index) + 1);
}

test('dropped, repeated, renamed and emptied keys', () => {
  const anyKey = fc.nat(keysInFile.length - 1);
  const anyChange = fc.constantFrom('drop', 'repeat', 'rename', 'empty' as const);
  const anyName = fc.oneof(fc.constantFrom(...keysInFile.map(([key]) => key)), fc.string());
  fc.assert(
    fc.property(anyKey, anyChange, anyName, (which, how, name) => {
      outcome(mutate(which, how, name));
    }),
    { numRuns: 150 },
  );
});

test('a key of another name is refused wherever it stands', () => {
  for (let i = 0; i < keysInFile.length; i++) assert.equal(outcome(mutate(i, 'rename', 'zzz')), 'refused', `${i}`);
});

test('bytes cut out and put in anywhere', () => {
  const noise = fc.string({ unit: fc.constantFrom(...'{}[]:,-?&*#|>\'"%@!`~ \n\t\\x\0é\u2028'), maxLength: 5 });
  fc.assert(
    fc.property(fc.nat(GOOD.length), fc.nat(20), noise, (at, length, insert) => {
      outcome(GOOD.slice(0, at) + insert + GOOD.slice(at + length));
    }),
    { numRuns: 150 },
  );
});

test('every JSON object reads as JSON.parse reads it', () => {
  const limits = { configCharsMax: 1e6, configDepthMax: 100, configNodesMax: 1e6 };
  const object = fc.dictionary(fc.string({ maxLength: 20 }), fc.jsonValue({ maxDepth: 4 }), { minKeys: 1 });
  fc.assert(
    fc.property(object, fc.constantFrom('', ' ', '\t'), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      const problems: string[] = [];
      const root = parseDocument(new Source('l', text), limits, ({ what }) => problems.push(what));
      assert.deepEqual(problems, []);
      assert.deepEqual(toJson(root as ConfigNode), JSON.parse(text));
    }),
  );
});
