/** `failFast` in a whole Weft, over real sockets: an endpoint without a connection is left alone until one comes about (spec 05 section 4). */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { after, before, test } from 'node:test';
import { ask, get } from './support/exchange.ts';
import { eventually } from './support/http1-site.ts';
import { Http2Client } from './support/http2/client.ts';
import { metricsUntil } from './support/metrics.ts';
import { answerWith, ScriptedUpstream } from './support/scripted-upstream.ts';
import { freePort, IP, Weft } from './support/weft.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const CLIENT = '{failFast: true, failureAccrual: {kind: none}}';

let weft: Weft;
let h2Port: number;
let alive: ScriptedUpstream;

before(async () => {
  alive = await ScriptedUpstream.start(answerWith(OK));
  h2Port = await freePort();
  const servers = `servers: [{ip: ${IP}, port: ${h2Port}}]`;
  weft = await Weft.start({
    router: `  client: ${CLIENT}`,
    env: { WEFT_WORKERS: '2' },
    more: `- {protocol: h2, label: h2, dtab: /svc => /#/io.l5d.fs, client: ${CLIENT}, ${servers}}`,
  });
});

after(async () => {
  await weft.stop();
  await alive.stop();
});

function expectMetrics(label: string, name: string, expected: Readonly<Record<string, number>>): Promise<void> {
  const client = `rt/${label}/client/#/io.l5d.fs/${name}/`;
  return metricsUntil(weft, (metrics) => {
    const seen = Object.keys(expected).map((metric) => [metric, metrics[client + metric]]);
    assert.deepEqual(Object.fromEntries(seen), expected);
  });
}

/** Listens on a port, and answers whoever connects with what it is given. */
async function listen(port: number, answer: string): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => {}).on('data', () => socket.write(answer)));
  await once(server.listen(port, IP), 'listening');
  return server;
}

test('of two hosts one refuses: it is met once, and used when it can be connected to', async () => {
  const port = await freePort();
  weft.disco('half', [alive.disco, `${IP} ${port}`]);
  for (let i = 0; i < 40; i++) assert.equal((await ask(weft.port, get('half'))).status, 200);
  await expectMetrics('test', 'half', {
    'failfast/marked_dead': 1,
    'failfast/marked_available': 0,
    'service_creation/failures/connect_refused': 1,
    'retries/requeues': 1,
    'loadbalancer/available': 1,
    'loadbalancer/busy': 1,
  });
  let answered = 0;
  const server = await listen(port, OK);
  server.on('connection', (socket) => {
    socket.once('data', () => {
      answered++;
    });
  });
  await expectMetrics('test', 'half', {
    'failfast/marked_available': 1,
    'failfast/unhealthy_for_ms': 0,
    'failfast/unhealthy_num_tries': 0,
    'loadbalancer/available': 2,
  });
  await eventually('its share of requests', async () => {
    assert.equal((await ask(weft.port, get('half'))).status, 200);
    return answered > 0;
  });
  server.close();
});

test('while the only host is marked, requests fail without a connection', async () => {
  weft.disco('none', [`${IP} ${await freePort()}`]);
  for (let i = 0; i < 4; i++) {
    const answer = await ask(weft.port, get('none'));
    assert.equal(answer.status, 502);
    assert.match(answer.body, /^Unable to establish connection to 127\.0\.0\.1:/);
  }
  const client = 'rt/test/client/#/io.l5d.fs/none/';
  await metricsUntil(weft, (metrics) => {
    assert.equal(metrics[`${client}failfast/marked_dead`], 1);
    assert.equal(metrics[`${client}service_creation/failures/connect_refused`], 1);
    assert.equal(metrics[`${client}service_creation/failures/fail_fast`], 3);
    assert.equal(metrics[`${client}retries/not_open`], 4);
    assert.ok((metrics[`${client}failfast/unhealthy_num_tries`] ?? 0) >= 1, 're-connects are tried without requests');
    assert.ok((metrics[`${client}failfast/unhealthy_for_ms`] ?? 0) >= 1000);
  });
});

test('endpoints that speak HTTP/2 are marked alike', async () => {
  weft.disco('streams', [`${IP} ${await freePort()}`]);
  const client = await Http2Client.open(h2Port);
  for (let i = 0; i < 3; i++) assert.equal((await client.ask('streams')).status, 502);
  client.close();
  await expectMetrics('h2', 'streams', {
    'failfast/marked_dead': 1,
    'service_creation/failures/connect_refused': 1,
    'service_creation/failures/fail_fast': 2,
  });
});
