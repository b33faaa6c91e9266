/** From cells that a worker writes to the tree that exporters read: scopes that open and close, windows, met bounds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reasonIndex } from '../../core/reasons.ts';
import {
  COUNTER,
  FIRST_SCOPE,
  HISTOGRAM,
  LIMIT_COUNTER,
  LIMITS_SCOPE,
  OVERFLOW_SCOPE,
  slabBytes,
} from '../../core/shared/stats.ts';
import { StatsReader } from '../../core/shared/stats-reader.ts';
import { StatsWriter } from '../../core/shared/stats-writer.ts';
import { Metrics } from './metrics.ts';
import { metricsJson } from './metrics-json.ts';
import { registerProcessMetrics } from './process-metrics.ts';
import { prometheusText } from './prometheus.ts';
import { SCOPE_METRICS } from './scope-metrics.ts';

const SCOPES_MAX = 8;

function setUp() {
  const [base, slab] = [0, 1].map(() => new SharedArrayBuffer(slabBytes({ scopesMax: SCOPES_MAX })));
  const metrics = new Metrics(new StatsReader([base!, slab!]));
  const read = () =>
    JSON.parse(metricsJson(metrics.tree(), { pretty: false, tree: false })) as Record<string, number | undefined>;
  return { metrics, writer: new StatsWriter(slab!), read };
}

const SERVER = { kind: 'server', router: 'out', protocol: 'http', ip: '127.0.0.1', port: 4140 } as const;
const CLIENT = { kind: 'client', router: 'out', protocol: 'http', id: '/#/io.l5d.fs/web' } as const;
const SERVICE = { kind: 'service', router: 'out', protocol: 'http', path: '/svc/web' } as const;
const CLIENT_SERVICE = { ...SERVICE, kind: 'client_service', id: CLIENT.id } as const;

test('one answered request, under the names of the specification (section 12, row 1)', () => {
  const { metrics, writer, read } = setUp();
  for (const names of [SERVER, SERVICE, CLIENT, CLIENT_SERVICE]) {
    const scope = metrics.scopes.open(names);
    writer.increment(scope, COUNTER.requests);
    writer.increment(scope, COUNTER.success);
    writer.recordStatus(scope, 200);
    if (names.kind === 'client') writer.increment(scope, COUNTER.connects);
  }
  const seen = read();
  for (const key of [
    'server/127.0.0.1/4140/requests',
    'server/127.0.0.1/4140/success',
    'server/127.0.0.1/4140/status/200',
    'server/127.0.0.1/4140/status/2XX',
    'service/svc/web/requests',
    'service/svc/web/success',
    'client/#/io.l5d.fs/web/requests',
    'client/#/io.l5d.fs/web/connects',
    'client/#/io.l5d.fs/web/status/200',
    'client/#/io.l5d.fs/web/service/svc/web/requests',
    'client/#/io.l5d.fs/web/service/svc/web/success',
  ]) {
    assert.equal(seen[`rt/out/${key}`], 1, key);
  }
  assert.equal(seen['rt/out/service/svc/web/status/200'], undefined);
  assert.equal(seen['rt/out/server/127.0.0.1/4140/pending'], 0);
});

/** What the scopes of an h2 router show of streams (spec 06 section 1.3), by the cell it is counted in. */
const STREAM_COUNTERS = {
  'stream/stream_success': COUNTER.streamSuccess,
  'stream/stream_failures': COUNTER.streamFailures,
  'stream/open_streams': COUNTER.openStreams,
  'stream/local/reset': COUNTER.localResets,
  'stream/remote/reset': COUNTER.remoteResets,
};

test('streams are shown in the scopes of h2 routers, resets where there are connections', () => {
  const { metrics, writer, read } = setUp();
  const prefixes = ['server/127.0.0.1/4140', 'service/svc/web', 'client/#/io.l5d.fs/web'];
  prefixes.push(`${prefixes[2]}/${prefixes[1]}`);
  for (const names of [SERVER, SERVICE, CLIENT, CLIENT_SERVICE]) {
    const scope = metrics.scopes.open({ ...names, protocol: 'h2' });
    writer.recordRequest(scope, true, 1000);
    for (const cell of Object.values(STREAM_COUNTERS)) writer.add(scope, cell, 10 + cell);
    const isServer = names.kind === 'server';
    writer.recordLatency(scope, isServer ? HISTOGRAM.serverStreamLatency : HISTOGRAM.streamLatency, 7000);
  }
  metrics.scopes.roll();
  const seen = read();
  for (const [i, prefix] of prefixes.entries()) {
    const counted = (name: string) => seen[`rt/out/${prefix}/${name}`];
    assert.equal(counted('requests'), 1);
    assert.equal(counted('success'), 1);
    assert.equal(counted('request_latency_ms.max'), 1);
    assert.equal(counted('stream/total_latency_ms.max'), 7, prefix);
    for (const [name, cell] of Object.entries(STREAM_COUNTERS)) {
      const ofConnections = !name.startsWith('stream/stream_');
      const expected = ofConnections && i % 2 === 1 ? undefined : 10 + cell;
      assert.equal(counted(name), expected, `${prefix}/${name}`);
    }
  }
  assert.equal(seen[`rt/out/${prefixes[0]}/connection_requests.count`], 0, 'which shares no place with streams');
});

test('the scopes of http routers know of no streams', () => {
  const { metrics, read } = setUp();
  for (const names of [SERVER, SERVICE, CLIENT, CLIENT_SERVICE]) metrics.scopes.open(names);
  metrics.scopes.roll();
  const keys = Object.keys(read()).filter((key) => key.startsWith('rt/'));
  assert.ok(keys.length > 0);
  assert.deepEqual(
    keys.filter((key) => key.includes('/stream/')),
    [],
  );
});

test('no two stats of one kind of scope share a place', () => {
  for (const scopes of Object.values(SCOPE_METRICS)) {
    for (const [kind, { histograms }] of Object.entries(scopes)) {
      assert.equal(new Set(histograms.map(({ histogram }) => histogram)).size, histograms.length, kind);
    }
  }
});

test('a failure is counted with its reason below it (row 4)', () => {
  const { metrics, writer, read } = setUp();
  const scope = metrics.scopes.open({ kind: 'service', router: 'out', protocol: 'http', path: 'svc/unknown' });
  assert.equal(read()['rt/out/service/svc/unknown/failures/no_brokers'], undefined);
  writer.recordFailure(scope, reasonIndex('no_brokers'));
  assert.equal(read()['rt/out/service/svc/unknown/failures'], 1);
  assert.equal(read()['rt/out/service/svc/unknown/failures/no_brokers'], 1);
});

test('a failed session is counted apart from failed requests, under the same reasons', () => {
  const { metrics, writer, read } = setUp();
  const scope = metrics.scopes.open(CLIENT);
  writer.recordFailedAcquisition(scope, reasonIndex('connect_refused'));
  writer.recordFailure(scope, reasonIndex('upstream_reset'));
  const seen = read();
  const client = 'rt/out/client/#/io.l5d.fs/web';
  assert.equal(seen[`${client}/service_creation/failures`], 1);
  assert.equal(seen[`${client}/service_creation/failures/connect_refused`], 1);
  assert.equal(seen[`${client}/service_creation/failures/upstream_reset`], undefined);
  assert.equal(seen[`${client}/failures/upstream_reset`], 1);
  assert.equal(seen[`${client}/failures/connect_refused`], undefined);
});

test('a stat that begins late has a window like the others, and an empty one before', () => {
  const { metrics, writer, read } = setUp();
  const scope = metrics.scopes.open(SERVICE);
  const key = 'rt/out/service/svc/web/request_latency_ms';
  assert.equal(read()[`${key}.count`], undefined);
  metrics.scopes.roll();
  assert.equal(read()[`${key}.count`], 0);
  writer.recordLatency(scope, HISTOGRAM.requestLatency, 7000);
  assert.equal(read()[`${key}.count`], 0);
  metrics.scopes.roll();
  assert.equal(read()[`${key}.count`], 1);
  metrics.scopes.roll();
  assert.equal(read()[`${key}.count`], 0);
  assert.match(
    prometheusText(metrics.tree(), { prefix: '', histograms: true }),
    /^rt:service:request_latency_seconds_count\{[^}]*\} 1$/m,
  );
});

test('stats appear with the first window, histograms at once', () => {
  const { metrics, writer, read } = setUp();
  const scope = metrics.scopes.open(SERVER);
  writer.recordLatency(scope, HISTOGRAM.requestLatency, 7000);
  writer.recordLatency(scope, HISTOGRAM.connectionRequests, 3);
  const key = 'rt/out/server/127.0.0.1/4140/request_latency_ms';
  assert.equal(read()[`${key}.count`], undefined);
  const text = prometheusText(metrics.tree(), { prefix: '', histograms: true });
  assert.match(text, /^rt:server:request_latency_seconds_bucket\{rt="out", server="127.0.0.1\/4140", le="0.01"\} 1$/m);
  assert.match(text, /^rt:server:request_latency_seconds_sum\{rt="out", server="127.0.0.1\/4140"\} 0.007$/m);
  assert.doesNotMatch(text, /connection_requests_seconds/);
  metrics.scopes.roll();
  assert.equal(read()[`${key}.p50`], 7);
  assert.equal(read()['rt/out/server/127.0.0.1/4140/connection_requests.max'], 3);
});

test('closing a client takes its subtree along, and a name opened again starts from nothing', () => {
  const { metrics, writer, read } = setUp();
  const client = metrics.scopes.open(CLIENT);
  const part = metrics.scopes.open(CLIENT_SERVICE);
  metrics.scopes.extend(client, {
    fill: (into) => into.put(['loadbalancer', 'size'], { kind: 'gauge', read: () => 3 }),
  });
  writer.increment(client, COUNTER.requests);
  assert.equal(read()['rt/out/client/#/io.l5d.fs/web/loadbalancer/size'], 3);
  metrics.scopes.close(client);
  assert.deepEqual(
    Object.keys(read()).filter((key) => key.startsWith('rt/')),
    [],
  );
  const again = metrics.scopes.open(CLIENT);
  metrics.scopes.close(part);
  const seen = read();
  assert.equal(seen['rt/out/client/#/io.l5d.fs/web/requests'], 0);
  assert.equal(seen['rt/out/client/#/io.l5d.fs/web/loadbalancer/size'], undefined);
  assert.notEqual(again, client);
});

test('an id comes back only when its release is confirmed, and comes back clean', () => {
  const { metrics, writer, read } = setUp();
  const first = metrics.scopes.open(SERVICE);
  writer.increment(first, COUNTER.requests);
  metrics.scopes.retireWorker(0);
  assert.equal(read()['rt/out/service/svc/web/requests'], 1, 'kept when the worker dies');
  metrics.scopes.close(first);
  const second = metrics.scopes.open(SERVICE);
  assert.notEqual(second, first);
  writer.releaseScope(first);
  metrics.scopes.confirmClosed(first);
  metrics.scopes.confirmClosed(first);
  const third = metrics.scopes.open(CLIENT);
  assert.equal(third, first);
  assert.equal(read()['rt/out/client/#/io.l5d.fs/web/requests'], 0);
  assert.notEqual(metrics.scopes.open(SERVER), third, 'confirming twice frees once');
});

test('names beyond the bound share the overflow scope, and that is counted', () => {
  const { metrics, writer, read } = setUp();
  const open = (n: number) =>
    metrics.scopes.open({ kind: 'service', router: 'out', protocol: 'http', path: `/svc/${n}` });
  const ids = Array.from({ length: SCOPES_MAX - FIRST_SCOPE + 1 }, (_, n) => open(n));
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(open(100), OVERFLOW_SCOPE);
  assert.equal(open(101), OVERFLOW_SCOPE);
  writer.increment(OVERFLOW_SCOPE, COUNTER.requests);
  metrics.scopes.close(OVERFLOW_SCOPE);
  assert.equal(read()['overflow/requests'], 1);
  assert.equal(read()['limits/scopes'], 2);
});

test('the same names cannot be open twice', () => {
  const { metrics } = setUp();
  metrics.scopes.open(SERVICE);
  assert.throws(() => metrics.scopes.open(SERVICE), /scope rt\/out\/service\/svc\/web is open already/);
});

test('met bounds and callbacks are shown where they were registered', () => {
  const { metrics, writer, read } = setUp();
  writer.increment(LIMITS_SCOPE, LIMIT_COUNTER.headerCountMax);
  metrics.limitMet('headerCountMax');
  metrics.counter(['rt', 'out', 'bindcache', 'path', 'misses'], () => 4);
  assert.equal(read()['limits/header_count'], 2);
  assert.equal(read()['rt/out/bindcache/path/misses'], 4);
});

test('windows roll by the clock until stopped', async () => {
  const { metrics, read } = setUp();
  metrics.scopes.open(SERVICE);
  const stop = metrics.start(1);
  while (read()['rt/out/service/svc/web/request_latency_ms.count'] === undefined) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  stop();
  assert.equal(read()['rt/out/service/svc/web/request_latency_ms.count'], 0);
});

test('the process gauges that dashboards read are there', () => {
  const { metrics, read } = setUp();
  const stop = registerProcessMetrics(metrics, 1000, () => 61_000);
  const seen = read();
  stop();
  assert.equal(seen['jvm/uptime'], 60_000);
  assert.equal(seen['jvm/start_time'], 1000);
  for (const key of ['mem/current/used', 'num_cpus', 'thread/count', 'fd_count', 'fd_limit', 'mem/heap/used']) {
    assert.ok((seen[`jvm/${key}`] ?? 0) > 0, key);
  }
  assert.ok((seen['jvm/gc/msec'] ?? -1) >= 0);
});
