/**
 * Failure accrual in a whole Weft, over real sockets: one breaker an endpoint for all workers, revived by one probe (spec 05
 * section 5; its vectors 19b and 19c; spec 06 vectors 7 and 8).
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, get } from './support/exchange.ts';
import { eventually } from './support/http1-site.ts';
import { Http2Client } from './support/http2/client.ts';
import { Http2Upstream } from './support/http2/upstream.ts';
import { metricsUntil } from './support/metrics.ts';
import { RawClient } from './support/raw-client.ts';
import { ScriptedUpstream, type UpstreamConnection } from './support/scripted-upstream.ts';
import { freePort, IP, Weft } from './support/weft.ts';

/** Far more than the failures that mark an endpoint dead. */
const MANY = 60;

/** An endpoint that answers as it is told, and counts. */
class Endpoint {
  status = 200;
  /** Keeps requests waiting. */
  holding = false;
  /** Answers with a head, and keeps its body back. */
  streaming = false;
  requests = 0;
  readonly held: UpstreamConnection[] = [];
  #upstream!: ScriptedUpstream;

  static async start(status: number): Promise<Endpoint> {
    const endpoint = new Endpoint();
    endpoint.status = status;
    endpoint.#upstream = await ScriptedUpstream.start(async (connection) => {
      while ((await connection.head()) !== null) {
        endpoint.requests += 1;
        if (endpoint.holding) endpoint.held.push(connection);
        else if (endpoint.streaming) connection.send('HTTP/1.1 200 X\r\nContent-Length: 5\r\n\r\n');
        else endpoint.answer(connection);
      }
    });
    after(() => endpoint.#upstream.stop());
    return endpoint;
  }

  get disco(): string {
    return this.#upstream.disco;
  }

  answer(connection: UpstreamConnection): void {
    connection.send(`HTTP/1.1 ${this.status} X\r\nContent-Length: 0\r\n\r\n`);
  }
}

const ports = new Map<string, number>();
let weft: Weft;

before(async () => {
  const clients = {
    quick: '{failureAccrual: {kind: io.l5d.consecutiveFailures, failures: 5, backoff: {kind: constant, ms: 300}}}',
    rate: '{failureAccrual: {kind: io.l5d.successRate, successRate: 0.5, requests: 20}}',
    none: '{failureAccrual: {kind: none}}',
    h2: '{}',
  };
  const routers: string[] = [];
  for (const [label, client] of Object.entries(clients)) {
    const port = await freePort();
    ports.set(label, port);
    const protocol = label === 'h2' ? 'h2' : 'http';
    const servers = `servers: [{ip: ${IP}, port: ${port}}]`;
    routers.push(
      `- {protocol: ${protocol}, label: ${label}, dtab: /svc => /#/io.l5d.fs, client: ${client}, ${servers}}`,
    );
  }
  weft = await Weft.start({ env: { WEFT_WORKERS: '2' }, more: routers.join('\n') });
  ports.set('test', weft.port);
});

after(() => weft.stop());

function portOf(label: string): number {
  return ports.get(label) as number;
}

/** The statuses of requests, one after another, each on a connection of its own, so that all workers get some. */
async function askMany(label: string, name: string, count = MANY): Promise<number[]> {
  const statuses: number[] = [];
  for (let i = 0; i < count; i++) statuses.push((await ask(portOf(label), get(name))).status);
  return statuses;
}

function expectMetrics(label: string, name: string, expected: Readonly<Record<string, number>>): Promise<void> {
  const client = `rt/${label}/client/#/io.l5d.fs/${name}/`;
  return metricsUntil(weft, (metrics) => {
    const seen = Object.keys(expected).map((metric) => [metric, metrics[client + metric]]);
    assert.deepEqual(Object.fromEntries(seen), expected);
  });
}

async function metric(label: string, name: string, of: string): Promise<number> {
  return (await weft.metrics())[`rt/${label}/client/#/io.l5d.fs/${name}/${of}`] ?? 0;
}

test('spec 05 vector 19b and spec 06 vector 7: one dead host is connected to five times, then its client is not open', async () => {
  weft.disco('dead', [`${IP} ${await freePort()}`]);
  assert.deepEqual(await askMany('test', 'dead', 1), [502]);
  const expected = {
    'service_creation/failures/connect_refused': 5,
    'retries/requeues': 4,
    'retries/not_open': 1,
    'failure_accrual/removals': 1,
    'failure_accrual/removed_for_ms': 5000,
    'loadbalancer/size': 1,
    'loadbalancer/busy': 1,
    requests: 0,
    available: 0,
  };
  await expectMetrics('test', 'dead', expected);
  assert.equal(await weft.metric('service/svc/dead/failures'), 1);
  // While it is busy each request makes one attempt.
  assert.deepEqual(await askMany('test', 'dead', 3), [502, 502, 502]);
  await expectMetrics('test', 'dead', { 'retries/requeues': 4, 'retries/not_open': 4, 'failure_accrual/removals': 1 });
});

test('spec 05 vector 19c: of two hosts one is dead: every request is answered, and the dead one is left alone', async () => {
  const alive = await Endpoint.start(200);
  weft.disco('half', [alive.disco, `${IP} ${await freePort()}`]);
  assert.deepEqual(await askMany('test', 'half'), Array(MANY).fill(200));
  await expectMetrics('test', 'half', { 'failure_accrual/removals': 1, 'retries/not_open': 0, available: 1 });
  // After the fifth failure there is at most one in five seconds: a probe.
  const failed = 5 + (await metric('test', 'half', 'failure_accrual/probes'));
  assert.equal(await metric('test', 'half', 'service_creation/failures/connect_refused'), failed);
  assert.equal(await metric('test', 'half', 'retries/requeues'), failed);
});

test('with accrual off, a dead host is met again and again', async () => {
  const alive = await Endpoint.start(200);
  weft.disco('halves', [alive.disco, `${IP} ${await freePort()}`]);
  assert.deepEqual(await askMany('none', 'halves'), Array(MANY).fill(200));
  await metricsUntil(weft, (metrics) => {
    assert.ok((metrics['rt/none/client/#/io.l5d.fs/halves/retries/requeues'] ?? 0) > 5);
  });
});

test('an endpoint that answers 500 five times in a row is left alone by all workers', async () => {
  const good = await Endpoint.start(200);
  const bad = await Endpoint.start(500);
  weft.disco('mixed', [good.disco, bad.disco]);
  const statuses = await askMany('test', 'mixed');
  await expectMetrics('test', 'mixed', { 'failure_accrual/removals': 1 });
  const failed = 5 + (await metric('test', 'mixed', 'failure_accrual/probes'));
  assert.equal(bad.requests, failed);
  assert.equal(statuses.filter((status) => status === 500).length, failed);
});

test('spec 06 vector 8: one endpoint, five times 500: busy, and its client not available; it gets its requests all the same', async () => {
  const bad = await Endpoint.start(500);
  weft.disco('bad', [bad.disco]);
  assert.deepEqual(await askMany('test', 'bad', 5), Array(5).fill(500));
  await expectMetrics('test', 'bad', {
    'failure_accrual/removals': 1,
    'loadbalancer/available': 0,
    'loadbalancer/busy': 1,
    available: 0,
  });
  bad.status = 200;
  assert.deepEqual(await askMany('test', 'bad', 5), Array(5).fill(200));
  assert.equal(bad.requests, 10);
});

test('one request probes while others keep away, and its success revives the endpoint for all workers', async () => {
  const good = await Endpoint.start(200);
  const bad = await Endpoint.start(500);
  weft.disco('probed', [good.disco, bad.disco]);
  while (bad.requests < 5) await askMany('quick', 'probed', 1);
  await expectMetrics('quick', 'probed', { 'failure_accrual/removals': 1 });
  bad.status = 200;
  bad.holding = true;
  const clients: RawClient[] = [];
  await eventually('a probe', async () => {
    if (bad.held.length > 0) return true;
    const client = await RawClient.open(portOf('quick'));
    client.send(get('probed'));
    clients.push(client);
    return false;
  });
  assert.deepEqual(await askMany('quick', 'probed', 20), Array(20).fill(200));
  assert.equal(bad.held.length, 1, 'nobody else has met it');
  bad.holding = false;
  for (const connection of bad.held) bad.answer(connection);
  await expectMetrics('quick', 'probed', {
    'failure_accrual/removals': 1,
    'failure_accrual/probes': 1,
    'failure_accrual/revivals': 1,
    'loadbalancer/available': 2,
  });
  await eventually('its share of requests', async () => {
    await askMany('quick', 'probed', 1);
    return bad.requests > 10;
  });
  for (const client of clients) client.close();
});

test('a probe whose client leaves says nothing: another one follows', async () => {
  const good = await Endpoint.start(200);
  const bad = await Endpoint.start(500);
  weft.disco('left', [good.disco, bad.disco]);
  while (bad.requests < 5) await askMany('quick', 'left', 1);
  bad.holding = true;
  await eventually('a probe', async () => {
    const client = await RawClient.open(portOf('quick'));
    client.send(get('left'));
    await client.until('an answer or a probe', (text) => text.length > 0 || bad.held.length > 0);
    client.socket.resetAndDestroy();
    return bad.held.length > 0;
  });
  bad.holding = false;
  bad.status = 200;
  await eventually('its share of requests', async () => {
    await askMany('quick', 'left', 1);
    return bad.requests > 10;
  });
  await metricsUntil(weft, (metrics) => {
    assert.ok((metrics['rt/quick/client/#/io.l5d.fs/left/failure_accrual/probes'] ?? 0) >= 2);
    assert.equal(metrics['rt/quick/client/#/io.l5d.fs/left/failure_accrual/removals'], 1);
    assert.equal(metrics['rt/quick/client/#/io.l5d.fs/left/failure_accrual/revivals'], 1);
  });
});

test('a probe whose response goes on for long revives with its head', async () => {
  const good = await Endpoint.start(200);
  const bad = await Endpoint.start(500);
  weft.disco('streamed', [good.disco, bad.disco]);
  while (bad.requests < 5) await askMany('quick', 'streamed', 1);
  await expectMetrics('quick', 'streamed', { 'failure_accrual/removals': 1 });
  bad.streaming = true;
  const clients: RawClient[] = [];
  await eventually('a probe', async () => {
    const client = await RawClient.open(portOf('quick'));
    clients.push(client);
    client.send(get('streamed'));
    await client.until('a head', (text) => text.includes('\r\n\r\n'));
    return bad.requests > 5;
  });
  await expectMetrics('quick', 'streamed', {
    pending: 1,
    'failure_accrual/probes': 1,
    'failure_accrual/revivals': 1,
    'loadbalancer/available': 2,
  });
  for (const client of clients) client.close();
});

test('clients that leave are no failures of their endpoint', async () => {
  const slow = await Endpoint.start(200);
  slow.holding = true;
  weft.disco('slow', [slow.disco]);
  for (let i = 0; i < 8; i++) {
    const client = await RawClient.open(portOf('test'));
    client.send(get('slow'));
    await eventually('the request', () => slow.held.length > i);
    client.socket.resetAndDestroy();
  }
  await expectMetrics('test', 'slow', { pending: 0, 'failure_accrual/removals': 0, available: 1 });
});

test('successRate: an endpoint that fails more than half of its requests is left alone', async () => {
  const good = await Endpoint.start(200);
  const bad = await Endpoint.start(500);
  weft.disco('rated', [good.disco, bad.disco]);
  while (bad.requests < 20) await askMany('rate', 'rated', 1);
  await expectMetrics('rate', 'rated', { 'failure_accrual/removals': 1 });
  await askMany('rate', 'rated');
  assert.equal(bad.requests, 20 + (await metric('rate', 'rated', 'failure_accrual/probes')));
});

test('streams of HTTP/2 that end with 500 mark their endpoint dead', async () => {
  const upstreams: Http2Upstream[] = [];
  for (const status of [200, 500]) upstreams.push(await Http2Upstream.start((stream) => stream.respond({ status })));
  weft.disco(
    'streams',
    upstreams.map(({ disco }) => disco),
  );
  const client = await Http2Client.open(portOf('h2'));
  const statuses: number[] = [];
  for (let i = 0; i < MANY; i++) statuses.push((await client.ask('streams')).status);
  client.close();
  for (const upstream of upstreams) await upstream.stop();
  await expectMetrics('h2', 'streams', { 'failure_accrual/removals': 1 });
  const failed = 5 + (await metric('h2', 'streams', 'failure_accrual/probes'));
  assert.equal(statuses.filter((status) => status === 500).length, failed);
});
