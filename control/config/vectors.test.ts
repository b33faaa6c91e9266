/** The validation vectors of spec 02 section 16, by their numbers, and the example of section 15. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ConfigError, loadConfig } from './load.ts';

const NOT_YET = "is Linkerd's, and Weft does not support it yet; see docs/compatibility.md";

/** One http router with a server and, in flow style, whatever else the vector has. */
const router = (keys: string) => `routers: [{protocol: http, servers: [{}], ${keys}}]`;
const server = (keys: string) => `routers: [{protocol: http, servers: [{${keys}}]}]`;
const beside = (keys: string) => `routers: [{protocol: http, servers: [{}]}]\n${keys}`;

/** Number, text, and a part of each message, in order; no parts: it loads. */
const VECTORS: readonly (readonly [number, string, ...string[]])[] = [
  [1, '{"routers":[{"protocol":"http","servers":[{"port":1}]}]}'],
  [2, 'routers: []', 'At least one router must be specified in the configuration.'],
  [3, 'routers: [{protocol: http, servers: [{port: 1}]}, {protocol: http, servers: [{port: 2}]}]', 'label http'],
  [4, 'routers: [{protocol: http, servers: [{port: 4140}, {port: 4140}]}]', 'Server conflict on port 4140'],
  [5, 'routers: [{protocol: http, servers: [{port: 1, ip: 127.0.0.1}, {port: 1, ip: 127.0.0.2}]}]'],
  [
    6,
    'routers: [{protocol: http, servers: [{}]}, {protocol: mux, servers: [{port: 4140}]}]',
    `mux ${NOT_YET}`,
    'Server conflict on port 4140',
  ],
  [7, 'routers: [{protocol: foo, servers: [{}]}]', 'unknown router protocol "foo"'],
  [8, server('port: 70000'), '70000 outside valid range for ports'],
  [9, server('ip: localhost'), "'localhost' is not an IP string literal"],
  [10, beside('namers: [{kind: io.l5d.fs, rootDir: /nope}]'), '/nope is not a directory'],
  [11, beside('namers: [{kind: io.l5d.dnssrv}]'), `io.l5d.dnssrv ${NOT_YET}`],
  [12, 'routers: [{protocol: thriftmux, servers: [{}]}]', `thriftmux ${NOT_YET}`],
  [13, router('interpreter: {kind: io.l5d.k8s.configMap, name: a, filename: b}'), `io.l5d.k8s.configMap ${NOT_YET}`],
  [14, router('interpreter: {kind: io.l5d.mesh}'), `io.l5d.mesh ${NOT_YET}`],
  [
    15,
    router('streamingEnabled: false, streamAfterContentLengthKB: 4'),
    `streamingEnabled: false ${NOT_YET}`,
    `streamAfterContentLengthKB ${NOT_YET}`,
  ],
  [16, router('client: {tls: {disableValidation: true, clientAuth: {certPath: a, keyPath: b}}}'), `tls ${NOT_YET}`],
  [17, router('client: {loadBalancer: {kind: best}}'), 'unknown loadBalancer kind "best"'],
  [18, router('service: {responseClassifier: {kind: io.l5d.h2.grpc.default}}'), 'is for h2 routers, not http ones'],
  [19, router('label: a, label: b'), 'duplicate key "label"'],
  [20, router('dtab: "/foo"'), "'=' expected"],
  [21, router('bogus: 1'), 'unknown key "bogus"'],
  [22, router('identifier: {kind: io.l5d.static}'), 'missing required key "path"'],
  [23, router('client: {failureAccrual: {kind: none}}')],
  [
    24,
    router('service: {retries: {backoff: {kind: jittered, minMs: 5}}}'),
    `retries ${NOT_YET}`,
    'missing required key "maxMs"',
  ],
  [25, beside('telemetry: [{kind: io.l5d.statsd}]'), `io.l5d.statsd ${NOT_YET}`],
];

/** The messages of a text, without quoted lines; none when it loads. */
function messagesOf(text: string, baseDir = tmpdir()): string[] {
  try {
    loadConfig(text, 'linkerd.yaml', { baseDir });
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.message.split('\n').filter((line) => line.startsWith('linkerd.yaml:'));
  }
}

for (const [number, text, ...parts] of VECTORS) {
  test(`vector ${number}: ${text}`, () => {
    const messages = messagesOf(text);
    assert.equal(messages.length, parts.length, messages.join('\n'));
    messages.forEach((message, i) => {
      assert.ok(message.includes(parts[i]!), message);
    });
  });
}

test('there are 25 vectors', () => {
  assert.deepEqual(
    VECTORS.map(([number]) => number),
    Array.from({ length: 25 }, (_, i) => i + 1),
  );
});

const EXAMPLE = `admin: {ip: 0.0.0.0, port: 9990, shutdownGraceMs: 5000, security: {controlEnabled: false}}
namers:
- kind: io.l5d.fs
  rootDir: disco
- kind: io.l5d.rewrite
  prefix: /portless
  pattern: "/{svc}/{ns}"
  name: "/k8s/{ns}/http/{svc}"
routers:
- protocol: http
  label: out
  identifier: [{kind: io.l5d.header, header: l5d-name}, {kind: io.l5d.header.token}]
  dtab: |
    /k8s => /#/io.l5d.fs ;
    /svc => /k8s ;
  bindingTimeoutMs: 5000
  bindingCache: {paths: 100, idleTtlSecs: 60}
  servers: [{port: 4140, ip: 0.0.0.0, maxConcurrentRequests: 1000, addForwardedHeader: {by: {kind: "ip:port"}, for: {kind: ip}}}]
  client:
    kind: io.l5d.static
    configs:
    - prefix: /
      loadBalancer: {kind: ewma, decayTimeMs: 5000}
      failureAccrual: {kind: io.l5d.successRateWindowed, successRate: 0.9, window: 20, backoff: {kind: jittered, minMs: 1000, maxMs: 30000}}
    - prefix: /#/io.l5d.fs/{svc}
      tls: {commonName: "{svc}.example.com", trustCertsBundle: /certs/ca.pem}
      requestAttemptTimeoutMs: 200
  service:
    kind: io.l5d.static
    configs:
    - {prefix: /svc, totalTimeoutMs: 2000, retries: {budget: {minRetriesPerSec: 5, percentCanRetry: 0.1, ttlSecs: 15}, backoff: {kind: jittered, minMs: 10, maxMs: 500}}}
    - {prefix: /svc/users, responseClassifier: {kind: io.l5d.http.retryableRead5XX}}
telemetry: [{kind: io.l5d.prometheus}, {kind: io.l5d.recentRequests, sampleRate: 0.25}]
usage: {enabled: false}
`;

test('the example of section 15 is refused with everything in it that is still to come', () => {
  const baseDir = mkdtempSync(join(tmpdir(), 'weft-config-'));
  try {
    mkdirSync(join(baseDir, 'disco'));
    const expected = [
      ['26:7: routers[0].client.configs[1].tls', 'tls'],
      ['27:7: routers[0].client.configs[1].requestAttemptTimeoutMs', 'requestAttemptTimeoutMs'],
      ['31:22: routers[0].service.configs[0].totalTimeoutMs', 'totalTimeoutMs'],
      ['31:44: routers[0].service.configs[0].retries', 'retries'],
      ['32:55: routers[0].service.configs[1].responseClassifier.kind', 'io.l5d.http.retryableRead5XX'],
      ['33:47: telemetry[1].kind', 'io.l5d.recentRequests'],
    ];
    assert.deepEqual(
      messagesOf(EXAMPLE, baseDir),
      expected.map(([place, name]) => `linkerd.yaml:${place}: ${name} ${NOT_YET}`),
    );
  } finally {
    rmSync(baseDir, { recursive: true });
  }
});
