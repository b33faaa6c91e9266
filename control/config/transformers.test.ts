/** What transformers of a configuration read to: their order and their defaults (spec 02 section 9, spec 04 section 2). */
import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { readLimits } from '../../core/limits.ts';
import { loadConfig } from './load.ts';

test('transformers keep their order, and have prefixes of their own', () => {
  const text = `
namers: [{kind: io.l5d.fs, rootDir: ., transformers: [{kind: io.l5d.port, port: "81", prefix: /mine}]}]
routers:
- protocol: http
  servers: [{}]
  interpreter:
    kind: default
    transformers: [{kind: io.l5d.localhost}, {kind: io.l5d.specificHost, host: '0::1'}, {kind: io.l5d.port, port: 80}, {kind: io.l5d.replace, path: /a}, {kind: io.l5d.const, path: /b}]
`;
  const { namers, routers } = loadConfig(text, 'l', { limits: readLimits({}), baseDir: tmpdir() });
  const experimental = false;
  assert.deepEqual(namers[0]?.transformers, [{ kind: 'io.l5d.port', port: 81, prefix: '/mine', experimental }]);
  assert.deepEqual(routers[0]?.interpreter.transformers, [
    { kind: 'io.l5d.localhost', prefix: '/io.l5d.localhost', experimental },
    { kind: 'io.l5d.specificHost', host: '::1', prefix: '/io.l5d.specificHost', experimental },
    { kind: 'io.l5d.port', port: 80, prefix: undefined, experimental },
    { kind: 'io.l5d.replace', path: '/a', prefix: '/io.l5d.replace', experimental },
    { kind: 'io.l5d.const', path: '/b', prefix: '/io.l5d.const', experimental },
  ]);
});
