/**
 * Every key of Linkerd's (spec 02 sections 3 to 12) is read or refused by name: none is unknown, and none is taken for wrong
 * with a value that Linkerd takes.
 */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, test } from 'node:test';
import { configDirectory, outcomeOf } from '../../test/support/config-outcome.ts';

const baseDir = configDirectory();
after(() => rmSync(baseDir, { recursive: true }));

const ROUTER = 'routers: [{protocol: http, servers: [{}]}]\n';
const inRouter = (protocol: string) => (keys: string) => `routers: [{protocol: ${protocol}, servers: [{}], ${keys}}]`;
const inServer = (protocol: string) => (keys: string) => `routers: [{protocol: ${protocol}, servers: [{${keys}}]}]`;
const inClient = (protocol: string) => (keys: string) => inRouter(protocol)(`client: {${keys}}`);
const inService = (protocol: string) => (keys: string) => inRouter(protocol)(`service: {${keys}}`);
const inEntry = (protocol: string, what: string) => (keys: string) =>
  inRouter(protocol)(`${what}: {kind: io.l5d.static, configs: [{prefix: "/a/*/{b}", ${keys}}]}`);
const inList = (list: string) => (keys: string) => `${ROUTER}${list}: [{${keys}}]`;

const CLIENT = [
  'tls: {enabled: true, disableValidation: true, commonName: a, trustCertsBundle: b, protocols: [TLSv1.2]}',
  'tls: {commonName: a, trustCerts: [b], clientAuth: {certPath: a, intermediateCertsPath: b, keyPath: c}}',
  'loadBalancer: {kind: p2c, maxEffort: 5, enableProbation: false}',
  'loadBalancer: {kind: ewma, maxEffort: 5, decayTimeMs: 10000, enableProbation: false}',
  'loadBalancer: {kind: aperture, maxEffort: 5, smoothWindowMs: 5000, lowLoad: 0.5, highLoad: 2.0, minAperture: 1}',
  'loadBalancer: {kind: heap, enableProbation: true}',
  'loadBalancer: {kind: roundRobin, maxEffort: 5}',
  'hostConnectionPool: {minSize: 0, maxSize: 2147483647, idleTimeMs: 5, maxWaiters: 2147483647}',
  'failFast: true',
  'failureAccrual: {kind: io.l5d.consecutiveFailures, failures: 5, backoff: {kind: constant, ms: 10}}',
  'failureAccrual: {kind: io.l5d.successRate, successRate: 0.9, requests: 20}',
  'failureAccrual: {kind: io.l5d.successRateWindowed, successRate: 1, window: 20, backoff: {kind: jittered, minMs: 1, maxMs: 2}}',
  'failureAccrual: {kind: none}',
  'requestAttemptTimeoutMs: 200',
  'requeueBudget: {ttlSecs: 10, minRetriesPerSec: 10, percentCanRetry: 0.2}',
  'clientSession: {idleTimeMs: 5, lifeTimeMs: 5}',
  'socketOptions: {noDelay: true, reuseAddr: true, reusePort: false, readTimeoutMs: 5, writeTimeoutMs: 5, keepAlive: true, backlog: 5}',
  'forwardClientCert: true',
  'requestAuthorizers: [{kind: io.l5d.k8s.istio, mixerHost: a, mixerPort: 1}]',
];
const H2_ENDPOINT = [
  'initialStreamWindowBytes: 65535',
  'headerTableBytes: 4096',
  'maxFrameBytes: 16384',
  'maxHeaderListBytes: 8192',
  'windowUpdateRatio: 0.99',
];
const SERVICE = [
  'totalTimeoutMs: 2000',
  'retries: {budget: {ttlSecs: 60, minRetriesPerSec: 0, percentCanRetry: 1000}}',
  'retries: {backoff: {kind: constant, ms: 0}}',
  'retries: {backoff: {kind: jittered, minMs: 10, maxMs: 500}}',
];
const H2_SERVICE = ['classificationTimeoutMs: 100', 'retryBufferSize: {requestBytes: 16383, responseBytes: 16383}'];
const classifiers = (protocol: string) =>
  ['nonRetryable5XX', 'retryableRead5XX', 'retryableIdempotent5XX', 'retryableAll5XX', 'allSuccessful'].map(
    (kind) => `responseClassifier: {kind: io.l5d.${protocol}.${kind}}`,
  );
const GRPC = [
  ...['default', 'compliant', 'alwaysRetryable', 'neverRetryable'].map(
    (kind) => `responseClassifier: {kind: io.l5d.h2.grpc.${kind}, successStatusCodes: [0, 5]}`,
  ),
  'responseClassifier: {kind: io.l5d.h2.grpc.retryableStatusCodes, retryableStatusCodes: [14]}',
];
const TRANSFORMERS = `transformers: [{kind: io.l5d.localhost, prefix: /p}, {kind: io.l5d.specificHost, host: 10.0.0.1},
  {kind: io.l5d.port, port: 4141}, {kind: io.l5d.replace, path: /a}, {kind: io.l5d.const, path: /a},
  {kind: io.l5d.k8s.daemonset, k8sHost: a, k8sPort: 1, namespace: b, service: c, port: d, hostNetwork: true},
  {kind: io.l5d.k8s.localnode, hostNetwork: true}]`;
const ROUTERS = [
  'label: a',
  'client: {}',
  'service: {}',
  'dtab: /a => /b',
  'dstPrefix: /a',
  'originator: true',
  'bindingTimeoutMs: 5',
  'bindingCache: {paths: 1, trees: 1, bounds: 1, clients: 1, idleTtlSecs: 1}',
  'announcers: [{kind: io.l5d.serversets, zkAddrs: [{host: a, port: 1}], pathPrefix: /discovery}]',
  'experimental: true',
  'tracePropagator: {kind: io.l5d.default}',
  'tracePropagator: {kind: io.l5d.zipkin}',
  `interpreter: {kind: default, ${TRANSFORMERS}}`,
  'interpreter: {kind: io.l5d.namerd, dst: /a, namespace: b, retry: {baseSeconds: 5, maxSeconds: 600}, tls: {commonName: a, caCert: b}}',
  'interpreter: {kind: io.l5d.namerd.http, experimental: true, dst: /a, namespace: b, tls: {commonName: a}}',
  'interpreter: {kind: io.l5d.mesh, dst: /a, root: /b, initialStreamWindowSizeKB: 5, failureThreshold: {closeTimeoutMs: 6000}}',
  'interpreter: {kind: io.l5d.fs, dtabFile: a}',
  'interpreter: {kind: io.l5d.k8s.configMap, experimental: true, name: a, filename: b, host: c, port: 1, namespace: d}',
  'interpreter: {kind: io.l5d.consul.interpreter, host: a, port: 1, token: b, datacenter: c, pathPrefix: /a, namespace: d}',
];
const ACCESS_LOG = ['RollPolicy: daily', 'RollPolicy: weekly(1)', 'Append: false', 'RotateCount: 5', ': a.log'];
const FORWARDED = ['ip', '"ip:port"', 'connectionRandom', 'requestRandom', 'router'].map(
  (kind) => `addForwardedHeader: {by: {kind: ${kind}}, for: {kind: static, label: a}}`,
);
const SERVERS = [
  'port: 1',
  'ip: 0.0.0.0',
  'label: a',
  'tls: {certPath: a, keyPath: b, intermediateCertsPath: c, caCertPath: d, ciphers: [e], requireClientAuth: true, protocols: [f]}',
  'socketOptions: {noDelay: true, reuseAddr: true, reusePort: true, readTimeoutMs: 5, writeTimeoutMs: 5, keepAlive: true, backlog: 5}',
  'maxConcurrentRequests: 1',
  'timeoutMs: 5',
  'serverSession: {idleTimeMs: 5, lifeTimeMs: 5}',
  'clearContext: true',
  'announce: [/#/io.l5d.serversets/a]',
  'addForwardedHeader: {}',
  ...FORWARDED,
  'maxCallDepth: 10',
];

/** Where keys stand, and the keys. */
const PLACES: readonly (readonly [name: string, place: (keys: string) => string, keys: readonly string[]])[] = [
  [
    'top level',
    (keys) => ROUTER + keys,
    ['admin: {}', 'namers: []', 'telemetry: []', 'usage: {orgId: a, enabled: false}'],
  ],
  [
    'admin',
    (keys) => `${ROUTER}admin: {${keys}}`,
    [
      'ip: 0.0.0.0',
      'port: 1',
      'socketOptions: {noDelay: true, backlog: 5}',
      'tls: {certPath: a, keyPath: b}',
      'shutdownGraceMs: 1',
      'httpIdentifierPort: 9991',
      'workerThreads: 2',
      'security: {uiEnabled: true, controlEnabled: true, diagnosticsEnabled: true, pathWhitelist: [a], pathBlacklist: [b]}',
    ],
  ],
  [
    'http router',
    inRouter('http'),
    [
      ...ROUTERS,
      ...ACCESS_LOG.map((rest) => `httpAccessLog${rest}`),
      'identifier: {kind: io.l5d.methodAndHost, httpUriInDst: true}',
      'identifier: [{kind: io.l5d.path, segments: 2, consume: true}, {kind: io.l5d.header, header: a}]',
      'identifier: [{kind: io.l5d.header.token, header: a}, {kind: io.l5d.static, path: /a}]',
      'identifier: {kind: io.l5d.ingress, host: a, port: 1, namespace: b, ingressClassAnnotation: c, ignoreDefaultBackends: true}',
      'identifier: {kind: io.l5d.k8s.istio, discoveryHost: a, discoveryPort: 1, apiserverHost: b, apiserverPort: 1}',
      'maxHeadersKB: 8',
      'maxInitialLineKB: 4',
      'maxErrResponseKB: 5120',
      'streamingEnabled: true',
      'streamingEnabled: false',
      'streamAfterContentLengthKB: 5',
      'compressionLevel: -1',
      'compressionLevel: 9',
    ],
  ],
  [
    'h2 router',
    inRouter('h2'),
    [
      ...ROUTERS,
      ...ACCESS_LOG.map((rest) => `h2AccessLog${rest}`),
      'identifier: {kind: io.l5d.header.token, header: ":authority"}',
      'identifier: {kind: io.l5d.header.path, header: ":path", segments: 2}',
      'identifier: {kind: io.l5d.ingress}',
    ],
  ],
  ['http server', inServer('http'), [...SERVERS, 'timestampHeader: x-t']],
  ['h2 server', inServer('h2'), [...SERVERS, ...H2_ENDPOINT, 'maxConcurrentStreamsPerConnection: 1000']],
  ['http client', inClient('http'), ['kind: io.l5d.global', ...CLIENT]],
  ['h2 client', inClient('h2'), ['kind: io.l5d.global', ...CLIENT, ...H2_ENDPOINT]],
  ['entry of an http client', inEntry('http', 'client'), CLIENT],
  ['entry of an h2 client', inEntry('h2', 'client'), [...CLIENT, ...H2_ENDPOINT]],
  ['http service', inService('http'), [...SERVICE, ...classifiers('http')]],
  ['h2 service', inService('h2'), [...SERVICE, ...H2_SERVICE, ...classifiers('h2'), ...GRPC]],
  ['entry of an http service', inEntry('http', 'service'), [...SERVICE, ...classifiers('http')]],
  ['entry of an h2 service', inEntry('h2', 'service'), [...SERVICE, ...H2_SERVICE, ...classifiers('h2'), ...GRPC]],
  [
    'thrift router',
    inRouter('thrift'),
    ['thriftMethodInDst: true', 'thriftProtocol: binary', 'label: a', 'client: {failFast: true}'],
  ],
  [
    'namer',
    inList('namers'),
    [
      `kind: io.l5d.fs, rootDir: disco, prefix: /a, ${TRANSFORMERS}`,
      'kind: io.l5d.rewrite, prefix: /a, pattern: "/{b}", name: "/c/{b}"',
      'kind: io.l5d.serversets, zkAddrs: [{host: a, port: 1}]',
      'kind: io.l5d.zkLeader, zkAddrs: [{host: a}]',
      'kind: io.l5d.curator, experimental: true, zkAddrs: [{host: a}], basePath: /b',
      'kind: io.l5d.consul, host: a, port: 1, includeTag: true, useHealthCheck: true, healthStatuses: [passing], token: b',
      'kind: io.l5d.consul, setHost: true, consistencyMode: stale, failFast: true, preferServiceAddress: false',
      'kind: io.l5d.consul, weights: [{tag: a, weight: 2}], transferMetadata: true, fixedLengthStreamedAfterKB: 5, tls: {commonName: a}',
      'kind: io.l5d.k8s, host: a, port: 1, labelSelector: b',
      'kind: io.l5d.k8s.external, experimental: true, host: a, port: 1',
      'kind: io.l5d.k8s.ns, host: a, port: 1, envVar: b',
      'kind: io.l5d.marathon, host: a, port: 1, uriPrefix: b, ttlMs: 1, jitterMs: 1, useHealthCheck: true, tls: {commonName: a}',
      'kind: io.l5d.dnssrv, experimental: true, refreshIntervalSeconds: 5, dnsHosts: [a]',
      'kind: io.l5d.rancher, experimental: true, portMappings: {http: 80}, maxWait: 30',
    ],
  ],
  [
    'telemeter',
    inList('telemetry'),
    [
      'kind: io.l5d.prometheus, path: /a, prefix: b',
      'kind: io.l5d.influxdb',
      'kind: io.l5d.statsd, experimental: true, prefix: a, hostname: b, port: 1, gaugeIntervalMs: 1, sampleRate: 0.01',
      'kind: io.l5d.tracelog, sampleRate: 1.0, level: INFO',
      'kind: io.l5d.recentRequests, sampleRate: 0.25, capacity: 10',
      'kind: io.l5d.zipkin, host: a, port: 9410, sampleRate: 0.001',
    ],
  ],
];

/** What is refused, by how the texts above begin: whoever builds one of these takes it out. */
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  'thrift router': [''],
  admin: ['socketOptions', 'tls', 'httpIdentifierPort', 'workerThreads'],
  router: [
    'announcers',
    'streamingEnabled: false',
    'interpreter: ',
    'identifier: {kind: io.l5d.ingress',
    'identifier: {kind: io.l5d.k8s',
  ],
  server: ['tls', 'announce'],
  client: ['tls', 'requestAuthorizers'],
  service: [],
  namer: ['kind: io.l5d'],
  telemeter: ['kind: io.l5d.'],
};
/** Kinds that work, among those that begin like refused ones. */
const WORKING = ['kind: io.l5d.rewrite', 'kind: io.l5d.prometheus'];

for (const [name, place, keys] of PLACES) {
  const beginnings = Object.entries(REFUSED).find(([end]) => name.endsWith(end))?.[1] ?? [];
  const isRefused = (each: string) =>
    beginnings.some((beginning) => each.startsWith(beginning)) && !WORKING.some((kind) => each.startsWith(kind));
  test(`${name}: every key is read, or refused by name`, () => {
    for (const each of keys) {
      const { refused, wrong } = outcomeOf(place(each), baseDir);
      assert.deepEqual(wrong, [], each);
      const hint = `${name}, ${each}: ${refused.length > 0 ? 'refused' : 'no longer refused. Built? Then take it out of the list'}`;
      assert.equal(refused.length > 0, isRefused(each), hint);
    }
  });
}
