/** `eagerConnections`: endpoints are connected to when they appear, and not with their first request. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { ask, get } from './support/exchange.ts';
import { metricsUntil } from './support/metrics.ts';
import { RawClient } from './support/raw-client.ts';
import { answerWith, ScriptedUpstream } from './support/scripted-upstream.ts';
import { freePort, IP, Weft } from './support/weft.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const CLIENTS = {
  eager: '{loadBalancer: {kind: p2c, eagerConnections: true}}',
  lazy: '{loadBalancer: {kind: p2c}}',
  narrow: '{loadBalancer: {kind: aperture, minAperture: 2, eagerConnections: true}}',
  streams: '{protocol: h2, loadBalancer: {kind: ewma, eagerConnections: true}}',
} as const;
type Label = keyof typeof CLIENTS;
const ports = new Map<Label, number>();
const upstreams: ScriptedUpstream[] = [];
const h2Upstreams: Http2Server[] = [];
let weft: Weft;

before(async () => {
  const routers: string[] = [];
  for (const label of Object.keys(CLIENTS) as Label[]) {
    ports.set(label, await freePort());
    const servers = `servers: [{ip: ${IP}, port: ${ports.get(label)}}]`;
    routers.push(
      `- {protocol: http, label: ${label}, dtab: /svc => /#/io.l5d.fs, client: ${CLIENTS[label]}, ${servers}}`,
    );
  }
  weft = await Weft.start({ more: routers.join('\n') });
});

after(async () => {
  await weft.stop();
  for (const upstream of upstreams) await upstream.stop();
  for (const upstream of h2Upstreams) upstream.close();
});

async function start(count: number): Promise<ScriptedUpstream[]> {
  const started = await Promise.all(Array.from({ length: count }, () => ScriptedUpstream.start(answerWith(OK))));
  upstreams.push(...started);
  return started;
}

/** Waits until a client has so many connections, at rest, and has made no more. */
async function expectConnections(label: Label, name: string, connections: number): Promise<void> {
  const client = `rt/${label}/client/#/io.l5d.fs/${name}`;
  await metricsUntil(weft, (metrics) => {
    assert.equal(metrics[`${client}/connections`], connections);
    assert.equal(metrics[`${client}/connects`], connections);
    assert.equal(metrics[`${client}/pool_size`], connections);
  });
}

test('the first request for a name connects to all of its endpoints, once each', async () => {
  const started = await start(3);
  weft.disco(
    'web',
    started.map(({ disco }) => disco),
  );
  assert.equal((await ask(ports.get('eager') as number, get('web'))).status, 200);
  await expectConnections('eager', 'web', 3);
  assert.deepEqual(
    started.map(({ connections }) => connections.length),
    [1, 1, 1],
  );
  assert.equal((await ask(ports.get('lazy') as number, get('web'))).status, 200);
  await expectConnections('lazy', 'web', 1);
});

test('an endpoint that appears is connected to without a request; so are requests sent there', async () => {
  const [first, second] = (await start(2)) as [ScriptedUpstream, ScriptedUpstream];
  weft.disco('grows', [first.disco]);
  assert.equal((await ask(ports.get('eager') as number, get('grows'))).status, 200);
  weft.disco('grows', [first.disco, second.disco]);
  await expectConnections('eager', 'grows', 2);
  weft.disco('grows', [second.disco]);
  await metricsUntil(weft, (metrics) =>
    assert.equal(metrics['rt/eager/client/#/io.l5d.fs/grows/loadbalancer/size'], 1),
  );
  assert.equal((await ask(ports.get('eager') as number, get('grows'))).status, 200);
  assert.equal(second.connections.length, 1);
});

test('an aperture connects to the endpoints inside', async () => {
  const started = await start(5);
  weft.disco(
    'many',
    started.map(({ disco }) => disco),
  );
  assert.equal((await ask(ports.get('narrow') as number, get('many'))).status, 200);
  await expectConnections('narrow', 'many', 2);
});

test('a connection that went while it waited for its first request costs nobody an answer', async () => {
  const closing = await ScriptedUpstream.start(async (connection) => {
    // The first connection ends as soon as a request comes on it.
    if ((await connection.head()) === null) return;
    if (connection.index === 0) connection.reset();
    else connection.send(OK);
  });
  upstreams.push(closing);
  const [other] = (await start(1)) as [ScriptedUpstream];
  weft.disco('closes', [other.disco]);
  assert.equal((await ask(ports.get('eager') as number, get('closes'))).status, 200);
  weft.disco('closes', [other.disco, closing.disco]);
  await expectConnections('eager', 'closes', 2);
  weft.disco('closes', [closing.disco]);
  await metricsUntil(weft, (metrics) =>
    assert.equal(metrics['rt/eager/client/#/io.l5d.fs/closes/loadbalancer/size'], 1),
  );
  assert.equal((await ask(ports.get('eager') as number, get('closes'))).status, 200);
  assert.ok(closing.connections.length >= 2);
});

test('one that cannot be reached is nobody’s failure', async () => {
  const [up] = (await start(1)) as [ScriptedUpstream];
  weft.disco('half', [up.disco]);
  assert.equal((await ask(ports.get('eager') as number, get('half'))).status, 200);
  weft.disco('half', [up.disco, `${IP} ${await freePort()}`]);
  const client = 'rt/eager/client/#/io.l5d.fs/half';
  await metricsUntil(weft, (metrics) => {
    assert.equal(metrics[`${client}/loadbalancer/size`], 2);
    assert.equal(metrics[`${client}/connections`], 1);
  });
  assert.equal(await weft.metric(`${client}/failures`), 0);
  const kept = await RawClient.open(ports.get('eager') as number);
  for (let request = 0; request < 4; request += 1) {
    kept.send(get('half'));
    await kept.until('an answer', (text) => text.split('HTTP/1.1 200').length === request + 2);
  }
  kept.close();
});

test('endpoints that speak HTTP/2 have a connection each, too', async () => {
  const lines: string[] = [];
  for (let index = 0; index < 3; index += 1) {
    const server = createServer((_request, response) => response.end('ok')).listen(0, IP);
    await once(server, 'listening');
    h2Upstreams.push(server);
    lines.push(`${IP} ${(server.address() as AddressInfo).port}`);
  }
  weft.disco('h2', lines);
  assert.equal((await ask(ports.get('streams') as number, get('h2'))).status, 200);
  await expectConnections('streams', 'h2', 3);
});
