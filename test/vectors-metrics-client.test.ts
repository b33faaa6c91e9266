/**
 * What the metrics say of a client's way to its endpoints (spec 06 section 1.2): endpoints, connections made, refused and
 * given up, requests that wait for one, and what is under way.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startDeaf } from './support/deaf-endpoint.ts';
import { ask, get } from './support/exchange.ts';
import { metricsUntil } from './support/metrics.ts';
import { RawClient } from './support/raw-client.ts';
import { ScriptedUpstream, type UpstreamConnection } from './support/scripted-upstream.ts';
import { freePort, IP, Weft } from './support/weft.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const LABELS = ['refused', 'dead', 'pool', 'deaf', 'held', 'kept', 'sets'] as const;
type Label = (typeof LABELS)[number];
const CLIENTS: { readonly [L in Label]?: string } = {
  refused: '{failureAccrual: {kind: none}}',
  pool: '{hostConnectionPool: {maxSize: 1, maxWaiters: 1}}',
};

let upstream: ScriptedUpstream;
let weft: Weft;
const ports = new Map<string, number>();
/** Connections whose request for `/hold` waits for an answer. */
const held: UpstreamConnection[] = [];

before(async () => {
  upstream = await ScriptedUpstream.start(async (connection) => {
    for (let head = await connection.head(); head !== null; head = await connection.head()) {
      if (head.startsWith('GET /hold')) held.push(connection);
      else connection.send(OK);
    }
  });
  const routers: string[] = ['telemetry: [{kind: io.l5d.prometheus}]'];
  for (const label of LABELS) {
    const port = await freePort();
    ports.set(label, port);
    const client = CLIENTS[label] === undefined ? '' : `, client: ${CLIENTS[label]}`;
    routers.unshift(
      `- {protocol: http, label: ${label}, dtab: /svc => /#/io.l5d.fs${client}, servers: [{ip: ${IP}, port: ${port}}]}`,
    );
  }
  weft = await Weft.start({
    disco: { web: [upstream.disco] },
    env: { WEFT_STATS_WINDOW_MS: '1000', WEFT_CONNECT_TIMEOUT_MS: '60000' },
    more: routers.join('\n'),
  });
});

after(async () => {
  await weft.stop();
  await upstream.stop();
});

function portOf(label: Label): number {
  return ports.get(label) as number;
}

/** Waits until metrics have these values. `S/` is the server's scope, `C/` that of the name's client. */
async function expectMetrics(label: Label, name: string, expected: Readonly<Record<string, number>>): Promise<void> {
  const client = `client/#/io.l5d.fs/${name}/`;
  const scopes = { 'S/': `server/${IP}/${portOf(label)}/`, 'V/': `service/svc/${name}/`, 'C/': client };
  const keyOf = (metric: string) => {
    const scope = metric.slice(0, 2);
    return `rt/${label}/${scopes[scope as keyof typeof scopes]}${metric.slice(2)}`;
  };
  await metricsUntil(weft, (metrics) => {
    const seen = Object.keys(expected).map((metric) => [metric, metrics[keyOf(metric)]]);
    assert.deepEqual(Object.fromEntries(seen), expected);
  });
}

/** Values that a client's duration has recorded since it exists. */
async function recorded(label: Label, name: string, stat: string): Promise<number> {
  const response = await fetch(`http://${IP}:${weft.adminPort}/admin/metrics/prometheus?histograms=1`);
  const line = `rt:client:${stat}_seconds_count{rt="${label}", client="#/io.l5d.fs/${name}"} `;
  const found = (await response.text()).split('\n').find((text) => text.startsWith(line));
  assert.notEqual(found, undefined, line);
  return Number(found?.slice(line.length));
}

async function hold(label: Label, name = 'web'): Promise<RawClient> {
  const client = await RawClient.open(portOf(label));
  client.send(get(name).replace('GET /', 'GET /hold'));
  return client;
}

test('an endpoint that refuses, accrual none: every attempt is a failed session, by its reason, and no request', async () => {
  weft.disco('nobody', [`${IP} ${await freePort()}`]);
  assert.equal((await ask(portOf('refused'), get('nobody'))).status, 502);
  await expectMetrics('refused', 'nobody', {
    'C/service_creation/failures': 26,
    'C/service_creation/failures/connect_refused': 26,
    'C/retries/requeues': 25,
    'C/requests': 0,
    'C/connects': 0,
    'C/connections': 0,
    'C/loadbalancer/load': 0,
    'C/loadbalancer/size': 1,
    'V/failures': 1,
    'V/failures/connect_refused': 1,
  });
  assert.equal(await recorded('refused', 'nobody', 'failed_connect_latency'), 26);
  assert.equal(await recorded('refused', 'nobody', 'connect_latency'), 0);
});

test('spec 06 vector 7: with the default accrual five of them mark it dead, and its client is not open', async () => {
  weft.disco('dead', [`${IP} ${await freePort()}`]);
  assert.equal((await ask(portOf('dead'), get('dead'))).status, 502);
  await expectMetrics('dead', 'dead', {
    'C/service_creation/failures/connect_refused': 5,
    'C/retries/requeues': 4,
    'C/retries/not_open': 1,
    'C/failure_accrual/removals': 1,
    'C/requests': 0,
    'C/loadbalancer/size': 1,
    'V/failures': 1,
  });
  assert.equal(await recorded('dead', 'dead', 'failed_connect_latency'), 5);
});

test('a full pool: one request waits, the next is refused', async () => {
  const clients = [await hold('pool')];
  await expectMetrics('pool', 'web', { 'C/pending': 1, 'C/pool_waiters': 0, 'C/loadbalancer/load': 1 });
  clients.push(await hold('pool'));
  await expectMetrics('pool', 'web', { 'C/pool_waiters': 1, 'C/pool_num_waited': 1, 'C/loadbalancer/load': 2 });
  assert.equal((await ask(portOf('pool'), get('web'))).status, 502);
  await expectMetrics('pool', 'web', {
    'C/pool_num_too_many_waiters': 1,
    'C/service_creation/failures': 1,
    'C/service_creation/failures/pool_exhausted': 1,
    'C/pool_size': 1,
  });
  for (const client of clients) {
    await metricsUntil(weft, () => assert.ok(held.length > 0));
    for (const connection of held.splice(0)) connection.send(OK);
    await client.until('an answer', (text) => text.endsWith('ok'));
    client.close();
  }
  await expectMetrics('pool', 'web', { 'C/pool_waiters': 0, 'C/pool_cached': 1, 'C/loadbalancer/load': 0 });
  assert.equal(await recorded('pool', 'web', 'service_creation:service_acquisition_latency'), 2);
});

test('a client that leaves while a connection is being made: the connect is cancelled', async () => {
  const deaf = await startDeaf();
  weft.disco('deaf', [`${IP} ${deaf.port}`]);
  const client = await hold('deaf', 'deaf');
  await expectMetrics('deaf', 'deaf', { 'C/connections': 1, 'C/loadbalancer/load': 1, 'V/pending': 1 });
  client.socket.resetAndDestroy();
  await expectMetrics('deaf', 'deaf', {
    'C/cancelled_connects': 1,
    'C/connects': 0,
    'C/connections': 0,
    'C/loadbalancer/load': 0,
    'C/pending': 0,
    'V/pending': 0,
  });
  await deaf.stop();
});

test('a request in flight is pending at every level', async () => {
  const client = await hold('held');
  await expectMetrics('held', 'web', {
    'S/pending': 1,
    'V/pending': 1,
    'C/pending': 1,
    'C/service/svc/web/pending': 1,
    'C/loadbalancer/load': 1,
  });
  // It is pending from the pick on, before the endpoint has it.
  await metricsUntil(weft, () => assert.ok(held.length > 0));
  for (const connection of held.splice(0)) connection.send(OK);
  await client.until('an answer', (text) => text.endsWith('ok'));
  client.close();
  await expectMetrics('held', 'web', {
    'S/pending': 0,
    'V/pending': 0,
    'C/pending': 0,
    'C/service/svc/web/pending': 0,
  });
});

test('requests on one connection: connected once, acquired for each, counted when it closes', async () => {
  const client = await RawClient.open(portOf('kept'));
  for (const answers of [1, 2, 3]) {
    client.send(get('web'));
    await client.until('an answer', (text) => text.split('200 OK').length - 1 === answers && text.endsWith('ok'));
  }
  client.close();
  await expectMetrics('kept', 'web', { 'S/connection_requests.max': 3, 'S/connection_duration.count': 1 });
  assert.equal(await recorded('kept', 'web', 'connect_latency'), 1);
  assert.equal(await recorded('kept', 'web', 'service_creation:service_acquisition_latency'), 3);
});

test('an endpoint set that changes: how large it is, and what came and went', async () => {
  weft.disco('set', [upstream.disco]);
  assert.equal((await ask(portOf('sets'), get('set'))).status, 200);
  await expectMetrics('sets', 'set', {
    'C/available': 1,
    'C/loadbalancer/size': 1,
    'C/loadbalancer/available': 1,
    'C/loadbalancer/adds': 1,
    'C/loadbalancer/updates': 1,
  });
  weft.disco('set', [`127.0.0.2 ${upstream.port} * 0.5`, `127.0.0.3 ${upstream.port}`]);
  await expectMetrics('sets', 'set', {
    'C/loadbalancer/size': 2,
    'C/loadbalancer/busy': 0,
    'C/loadbalancer/closed': 0,
    'C/loadbalancer/adds': 3,
    'C/loadbalancer/removes': 1,
    'C/loadbalancer/updates': 2,
    'C/loadbalancer/num_weight_classes': 2,
    'C/loadbalancer/meanweight': 0.75,
    'C/loadbalancer/max_effort_exhausted': 0,
    'C/loadbalancer/busy_weight_classes': 0,
  });
});
