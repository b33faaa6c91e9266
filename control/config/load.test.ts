/** Right configurations: what each key becomes, and every default. */
import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { configOf } from '../../core/config/configs-by-prefix.ts';
import type { ClientConfig, LinkerConfig, RouterConfig, ServiceConfig } from '../../core/config/types.ts';
import { ConfigError, loadConfig } from './load.ts';

const load = (text: string): LinkerConfig => loadConfig(text, 'linkerd.yaml', { baseDir: tmpdir() });
const refusal = (text: string): string => {
  try {
    load(text);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  assert.fail('it loads');
};

/** What a router's client is when nothing is bound: of `io.l5d.global`, what it always is. */
const clientOf = ({ client }: RouterConfig): ClientConfig => configOf<ClientConfig>(client, '/');

const SMALLEST = 'routers: [{protocol: http, servers: [{}]}]';

const kindOnly = (kind: string) => ({ kind, experimental: false });

/** What HTTP/2 endpoints say of themselves. */
const DEFAULT_HTTP2 = {
  initialStreamWindowBytes: 65535,
  headerTableBytes: 4096,
  maxFrameBytes: 16384,
  maxHeaderListBytes: undefined,
  windowUpdateRatio: 0.99,
};

/** A server of which nothing is said, without what differs between protocols. */
const DEFAULT_SERVER = {
  ip: '127.0.0.1',
  label: undefined,
  maxConcurrentRequests: undefined,
  maxCallDepth: 1000,
  clearContext: false,
  addForwardedHeader: undefined,
  timeoutMs: undefined,
  socketOptions: {
    noDelay: true,
    keepAlive: false,
    readTimeoutMs: undefined,
    writeTimeoutMs: undefined,
    reuseAddr: true,
    reusePort: false,
    backlog: undefined,
  },
  serverSession: { idleTimeMs: undefined, lifeTimeMs: undefined },
};

/** A `client` or `service` of which nothing is said: what is not there is undefined. */
const asByDefault = (defaults: object, parts: readonly string[] = []) => ({
  ...kindOnly('io.l5d.global'),
  defaults,
  configs: [{ prefix: '/', entry: Object.fromEntries(Object.keys(defaults).map((key) => [key, undefined])) }],
  parts,
});

const DEFAULT_BUDGET = { ttlSecs: 10, minRetriesPerSec: 10, percentCanRetry: 0.2 };

const DEFAULT_CLIENT = {
  loadBalancer: { ...kindOnly('p2c'), enableProbation: false, eagerConnections: false, minEndpoints: 0, maxEffort: 5 },
  hostConnectionPool: { minSize: 0, maxSize: 2147483647, idleTimeMs: undefined, maxWaiters: 2147483647 },
  failFast: false,
  failureAccrual: { ...kindOnly('io.l5d.consecutiveFailures'), failures: 5, backoff: undefined },
  socketOptions: DEFAULT_SERVER.socketOptions,
  clientSession: { idleTimeMs: undefined, lifeTimeMs: undefined },
  forwardClientCert: false,
  requestAttemptTimeoutMs: undefined,
  requeueBudget: DEFAULT_BUDGET,
  ...DEFAULT_HTTP2,
};

/** A service of which only the classifier is said. */
function defaultService(classifier: string, more: object = {}, parts: readonly string[] = []) {
  const retries = { budget: DEFAULT_BUDGET, backoff: { ...kindOnly('constant'), ms: 0 } };
  const responseClassifier = kindOnly(classifier);
  return asByDefault({ responseClassifier, totalTimeoutMs: undefined, retries, ...more }, ['retries', ...parts]);
}

const DEFAULT_BINDING = {
  dtab: '',
  dstPrefix: '/svc',
  interpreter: { ...kindOnly('default'), transformers: [] },
  originator: false,
  bindingTimeoutMs: 10000,
  bindingCache: { paths: 1000, trees: 1000, bounds: 1000, clients: 1000, idleTtlSecs: 600 },
  tracePropagator: kindOnly('io.l5d.default'),
};

/** An access log's keys behind `http` or `h2`, none of which is said. */
function noAccessLog(protocol: 'http' | 'h2') {
  return {
    [`${protocol}AccessLog`]: undefined,
    [`${protocol}AccessLogRollPolicy`]: { kind: 'never' },
    [`${protocol}AccessLogAppend`]: true,
    [`${protocol}AccessLogRotateCount`]: -1,
  };
}

/** A router of which only the protocol and one server are said. */
const DEFAULT_ROUTER = {
  protocol: 'http',
  label: 'http',
  servers: [{ ...DEFAULT_SERVER, port: 4140, timestampHeader: undefined }],
  client: asByDefault({ ...DEFAULT_CLIENT, protocol: 'http' }),
  service: defaultService('io.l5d.http.nonRetryable5XX'),
  ...DEFAULT_BINDING,
  identifier: [{ ...kindOnly('io.l5d.header.token'), header: 'Host' }],
  maxHeadersKB: 8,
  maxInitialLineKB: 4,
  maxErrResponseKB: 5120,
  streamingEnabled: true,
  compressionLevel: -1,
  streamAfterContentLengthKB: 5,
  ...noAccessLog('http'),
  experimental: false,
};

/** The same of h2. */
const DEFAULT_H2_ROUTER = {
  protocol: 'h2',
  label: 'h2',
  servers: [{ ...DEFAULT_SERVER, ...DEFAULT_HTTP2, port: 4142, maxConcurrentStreamsPerConnection: 1000 }],
  client: asByDefault({ ...DEFAULT_CLIENT, protocol: 'h2' }),
  service: defaultService(
    'io.l5d.h2.nonRetryable5XX',
    { classificationTimeoutMs: 100, retryBufferSize: { requestBytes: 16_383, responseBytes: 16_383 } },
    ['retryBufferSize'],
  ),
  ...DEFAULT_BINDING,
  identifier: [{ ...kindOnly('io.l5d.header.token'), header: ':authority' }],
  ...noAccessLog('h2'),
  experimental: false,
};

test('defaults are filled in (spec 02 sections 3 to 8)', () => {
  const { raw, ...config } = load(SMALLEST);
  assert.deepEqual(config, {
    admin: {
      ip: '127.0.0.1',
      port: 9990,
      shutdownGraceMs: 10000,
      security: {
        uiEnabled: true,
        controlEnabled: true,
        diagnosticsEnabled: true,
        pathWhitelist: [],
        pathBlacklist: [],
      },
    },
    namers: [],
    routers: [DEFAULT_ROUTER],
    telemetry: [],
    usage: { orgId: undefined, enabled: true },
  });
  assert.deepEqual(raw, { routers: [{ protocol: 'http', servers: [{}] }] });
});

test('the defaults of an h2 router (spec 02 sections 5.2 and 6.4)', () => {
  assert.deepEqual(load('routers: [{protocol: h2, servers: [{}]}]').routers, [DEFAULT_H2_ROUTER]);
});

test('every key of h2, at the ends of its range', () => {
  const smallest = {
    initialStreamWindowBytes: 1,
    headerTableBytes: 0,
    maxFrameBytes: 16384,
    maxHeaderListBytes: 1024,
    windowUpdateRatio: 0.01,
  };
  const largest = {
    initialStreamWindowBytes: 2147483647,
    headerTableBytes: 65536,
    maxFrameBytes: 1048576,
    maxHeaderListBytes: 1048576,
    windowUpdateRatio: 0.999,
  };
  const streams = { maxConcurrentStreamsPerConnection: 1 };
  const router = (endpoint: object) => ({
    protocol: 'h2',
    servers: [{ port: 1, ...endpoint, ...streams }],
    client: endpoint,
  });
  for (const endpoint of [smallest, largest]) {
    const [read] = load(JSON.stringify({ routers: [router(endpoint)] })).routers;
    assert.deepEqual(read?.servers, [{ ...DEFAULT_SERVER, port: 1, ...endpoint, ...streams }]);
    assert.deepEqual(read && clientOf(read), { ...DEFAULT_CLIENT, protocol: 'h2', ...endpoint });
  }
  const [coerced] = load(
    'routers: [{protocol: h2, servers: [{windowUpdateRatio: "0.5", maxFrameBytes: "20000"}]}]',
  ).routers;
  assert.ok(coerced?.protocol === 'h2');
  assert.deepEqual([coerced.servers[0]?.windowUpdateRatio, coerced.servers[0]?.maxFrameBytes], [0.5, 20000]);
});

test("a client speaks its router's protocol, or the one that it names", () => {
  const { routers } = load(`
routers:
- {protocol: http, label: up, servers: [{port: 1}], client: {protocol: h2, maxFrameBytes: 32768}}
- {protocol: h2, label: down, servers: [{port: 2}], client: {protocol: http}}
`);
  assert.deepEqual(routers.map(clientOf), [
    { ...DEFAULT_CLIENT, protocol: 'h2', maxFrameBytes: 32768 },
    { ...DEFAULT_CLIENT, protocol: 'http' },
  ]);
});

test('the kinds of h2', () => {
  const { routers } = load(`
routers:
- protocol: h2
  servers: [{}]
  identifier: [{kind: io.l5d.header.token}, {kind: io.l5d.header.path}, {kind: io.l5d.static, path: /a}]
  service: {responseClassifier: {kind: io.l5d.h2.grpc.neverRetryable}}
- protocol: h2
  label: other
  servers: [{port: 1}]
  identifier:
  - {kind: io.l5d.header.token, header: X-Service}
  - {kind: io.l5d.header.path, header: :Authority, segments: 2}
  service: {responseClassifier: {kind: io.l5d.h2.grpc.neverRetryable, successStatusCodes: [0, "5", 16]}}
- {protocol: h2, label: third, servers: [{port: 2}], service: {responseClassifier: {kind: io.l5d.h2.allSuccessful}}}
`);
  assert.deepEqual(routers[0]?.identifier, [
    { ...kindOnly('io.l5d.header.token'), header: ':authority' },
    { ...kindOnly('io.l5d.header.path'), header: ':path', segments: undefined },
    { ...kindOnly('io.l5d.static'), path: '/a' },
  ]);
  assert.deepEqual(routers[1]?.identifier, [
    { ...kindOnly('io.l5d.header.token'), header: 'X-Service' },
    { ...kindOnly('io.l5d.header.path'), header: ':Authority', segments: 2 },
  ]);
  assert.deepEqual(
    routers.map(({ service }) => configOf<ServiceConfig>(service, '/svc/a').responseClassifier),
    [
      { ...kindOnly('io.l5d.h2.grpc.neverRetryable'), successStatusCodes: [0] },
      { ...kindOnly('io.l5d.h2.grpc.neverRetryable'), successStatusCodes: [0, 5, 16] },
      kindOnly('io.l5d.h2.allSuccessful'),
    ],
  );
});

test('the defaults of kinds', () => {
  const { namers, telemetry, routers } = load(`
namers: [{kind: io.l5d.fs, rootDir: .}]
telemetry: [{kind: io.l5d.prometheus}]
routers:
- protocol: http
  servers: [{}]
  identifier: [{kind: io.l5d.header}, {kind: io.l5d.methodAndHost}, {kind: io.l5d.path}, {kind: io.l5d.static, path: /a}]
  client: {loadBalancer: {kind: ewma}}
`);
  const experimental = false;
  const fs = { kind: 'io.l5d.fs', rootDir: tmpdir(), prefix: '/io.l5d.fs', transformers: [], experimental };
  assert.deepEqual(namers, [fs]);
  const page = '/admin/metrics/prometheus';
  assert.deepEqual(telemetry, [{ kind: 'io.l5d.prometheus', path: page, prefix: '', experimental }]);
  assert.deepEqual(routers[0]?.identifier, [
    { kind: 'io.l5d.header', header: 'l5d-name', experimental },
    { kind: 'io.l5d.methodAndHost', httpUriInDst: false, experimental },
    { kind: 'io.l5d.path', segments: 1, consume: false, experimental },
    { kind: 'io.l5d.static', path: '/a', experimental },
  ]);
  const ewma = {
    kind: 'ewma',
    enableProbation: false,
    eagerConnections: false,
    minEndpoints: 0,
    maxEffort: 5,
    decayTimeMs: 10000,
    failurePenaltyMs: 1000,
    experimental,
  };
  assert.deepEqual(routers.map(clientOf)[0]?.loadBalancer, ewma);
});

test("what bench's side-by-side writes loads", () => {
  const { admin, routers } = load(`admin:
  ip: 127.0.0.1
  port: 28990
namers:
- kind: io.l5d.fs
  rootDir: ${tmpdir()}
routers:
- protocol: http
  dtab: |
    /svc => /#/io.l5d.fs;
  client:
    loadBalancer:
      kind: ewma
  servers:
  - ip: 127.0.0.1
    port: 28000
`);
  assert.equal(admin.port, 28990);
  assert.equal(routers[0]?.dtab, '/svc => /#/io.l5d.fs;\n');
  assert.equal(routers.map(clientOf)[0]?.loadBalancer.kind, 'ewma');
  assert.equal(routers[0]?.servers[0]?.port, 28000);
});

/** A router's key as written, and as read: Jackson's coercions (spec 02 section 1). */
const COERCIONS: readonly (readonly [string, keyof LinkerConfig['routers'][number], unknown])[] = [
  ['bindingTimeoutMs: "5000"', 'bindingTimeoutMs', 5000],
  ['bindingTimeoutMs: +5000', 'bindingTimeoutMs', 5000],
  ['bindingTimeoutMs: 0x10', 'bindingTimeoutMs', 16],
  ['bindingTimeoutMs: 5e3', 'bindingTimeoutMs', 5000],
  ['bindingTimeoutMs: null', 'bindingTimeoutMs', 10000],
  ['bindingTimeoutMs:', 'bindingTimeoutMs', 10000],
  ['label: 4140', 'label', '4140'],
  ['label: 1.10', 'label', '1.10'],
  ['label: true', 'label', 'true'],
  ['label: "null"', 'label', 'null'],
  ['originator: "true"', 'originator', true],
  ['originator: TRUE', 'originator', true],
  ['originator: 1', 'originator', true],
  ['originator: 0', 'originator', false],
  ['dstPrefix: /\\x66oo', 'dstPrefix', '/foo'],
  ['dtab: ""', 'dtab', ''],
];

for (const [written, key, value] of COERCIONS) {
  test(`coercion: ${written}`, () => {
    const text = `routers:\n- protocol: http\n  servers: [{}]\n  ${written}\n`;
    assert.equal(load(text).routers[0]?.[key], value);
  });
}

test('a null value does not make an unknown key known', () => {
  assert.match(refusal(`${SMALLEST}\nbogus: null`), /unknown key "bogus"/);
});

test('the flag of experimental kinds is taken everywhere', () => {
  const text = `${SMALLEST}\nnamers: [{kind: io.l5d.fs, rootDir: ., experimental: true}]`;
  assert.equal(load(text).namers[0]?.experimental, true);
});

test('JSON and YAML of one document read the same', () => {
  const json = '{\n\t"routers": [{"protocol": "http", "servers": [{"port": "1"}], "label": "\\u0061\\/b"}]}';
  const yaml = 'routers:\n- protocol: http\n  servers:\n  - port: "1"\n  label: a/b\n';
  assert.deepEqual(load(json), load(yaml));
  assert.deepEqual(load(`\uFEFF \n${json}`), load(yaml));
});

test('anchors, aliases and merge keys: what is written out wins over what is merged', () => {
  const { routers, raw } = load(`
routers:
- &first
  protocol: http
  servers: [&server {port: 1, ip: "::1"}]
  client: &client {hostConnectionPool: {maxSize: 5}}
- <<: *first
  label: second
  servers: [{<<: [{port: 2}, *server]}]
- {protocol: http, label: third, servers: [{port: 3}], client: *client}
`);
  assert.deepEqual(
    routers.map((router) => [
      router.label,
      router.servers[0]?.port,
      router.servers[0]?.ip,
      clientOf(router).hostConnectionPool.maxSize,
    ]),
    [
      ['http', 1, '::1', 5],
      ['second', 2, '::1', 5],
      ['third', 3, '127.0.0.1', 5],
    ],
  );
  assert.deepEqual((raw as { routers: unknown[] }).routers[1], {
    label: 'second',
    servers: [{ port: 2, ip: '::1' }],
    protocol: 'http',
    client: { hostConnectionPool: { maxSize: 5 } },
  });
});

test('any free port is no conflict', () => {
  assert.equal(load('routers: [{protocol: http, servers: [{port: 0}, {port: 0}]}]').routers[0]?.servers.length, 2);
});

test('a configuration can be handed to a worker, and no key reaches an object’s prototype', () => {
  const config = load(SMALLEST);
  assert.deepEqual(structuredClone(config), config);
  assert.match(refusal(`${SMALLEST}\nconstructor: {}`), /unknown key "constructor"/);
});
