/**
 * `bindingTimeoutMs` of names that are bound already: what a request may wait for a connection (spec 05 section 1), over
 * running routers whose endpoints take none.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startDeaf } from './support/deaf-endpoint.ts';
import { ask, get } from './support/exchange.ts';
import { eventually, openClient, request } from './support/http1-site.ts';
import { Http2Client } from './support/http2/client.ts';
import { ScriptedUpstream, type UpstreamConnection } from './support/scripted-upstream.ts';
import { freePort, IP, Weft } from './support/weft.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** Routers by label: their further keys. */
const ROUTERS = {
  pool: 'protocol: http, bindingTimeoutMs: 300, client: {hostConnectionPool: {maxSize: 1}}',
  http: 'protocol: http, bindingTimeoutMs: 1000, client: {failureAccrual: {kind: none}}',
  h2: 'protocol: h2, bindingTimeoutMs: 300',
} as const;

type Label = keyof typeof ROUTERS;

let upstream: ScriptedUpstream;
let deaf: Awaited<ReturnType<typeof startDeaf>>;
let weft: Weft;
const ports = new Map<string, number>();
/** Connections whose request for /hold waits for an answer. */
const held: UpstreamConnection[] = [];

before(async () => {
  upstream = await ScriptedUpstream.start(async (connection) => {
    for (let head = await connection.head(); head !== null; head = await connection.head()) {
      if (head.startsWith('GET /hold ')) held.push(connection);
      else connection.send(OK);
    }
  });
  deaf = await startDeaf();
  const routers: string[] = [];
  for (const [label, keys] of Object.entries(ROUTERS)) {
    const port = await freePort();
    ports.set(label, port);
    routers.push(`- {${keys}, label: ${label}, dtab: /svc => /#/io.l5d.fs, servers: [{ip: ${IP}, port: ${port}}]}`);
  }
  weft = await Weft.start({
    disco: { held: [upstream.disco], deaf: [`${IP} ${deaf.port}`] },
    more: routers.join('\n'),
    // Long before the binding's time is over, and often enough that all attempts together would last for long after.
    env: { WEFT_CONNECT_TIMEOUT_MS: '200', WEFT_ACQUISITION_ATTEMPTS: '100' },
  });
});

after(async () => {
  await weft.stop();
  await upstream.stop();
  await deaf.stop();
});

function port(label: Label): number {
  return ports.get(label) as number;
}

async function metric(label: Label, name: string): Promise<number | undefined> {
  return (await weft.metrics())[`rt/${label}/${name}`];
}

function waitingFor(id: string, path: string, timeout: string): string {
  return `Exceeded ${timeout} binding timeout while connecting to ${id} for name: ${path}`;
}

test('a request that waits for the only connection of a pool fails in time; the one that has it does not', async (t) => {
  // The name's own binding may be late on a busy machine.
  await eventually('the name', async () => (await ask(port('pool'), get('held'))).status === 200);
  const failures = (await metric('pool', 'service/svc/held/failures/binding_timeout')) ?? 0;
  const client = await openClient(t, { port: port('pool') } as Weft);
  client.send(request('GET /hold', 'held'));
  await eventually('the first request', () => held.length === 1);
  const late = await ask(port('pool'), get('held'));
  assert.equal(late.status, 502);
  assert.equal(late.body, waitingFor('/#/io.l5d.fs/held', '/svc/held', '300.milliseconds'));
  held.splice(0)[0]?.send(OK);
  await client.until('the first answer', (received) => received.endsWith('ok'));
  const CLIENT = 'client/#/io.l5d.fs/held/';
  await eventually('nothing is pending', async () => {
    const names = ['pool_waiters', 'pending', 'loadbalancer/load'];
    const values = await Promise.all(names.map((name) => metric('pool', CLIENT + name)));
    return values.every((value) => value === 0);
  });
  assert.equal(await metric('pool', 'service/svc/held/failures/binding_timeout'), failures + 1);
  assert.equal(await metric('pool', `${CLIENT}service_creation/failures/binding_timeout`), 1);
});

test('a request whose connections are not made in time fails then, however many attempts are left', async () => {
  const late = await ask(port('http'), get('deaf'));
  assert.equal(late.status, 502);
  assert.equal(late.body, waitingFor('/#/io.l5d.fs/deaf', '/svc/deaf', '1.seconds'));
  const requeues = (await metric('http', 'client/#/io.l5d.fs/deaf/retries/requeues')) ?? 0;
  assert.ok(requeues > 0 && requeues < 99, `${requeues} requeues`);
  await eventually('no connection is left', async () => {
    return (await metric('http', 'client/#/io.l5d.fs/deaf/connections')) === 0;
  });
});

test('the same over HTTP/2', async (t) => {
  const client = await Http2Client.open(port('h2'));
  t.after(() => client.close());
  const late = await client.ask('deaf');
  assert.equal(late.status, 502);
  assert.equal(late.body, waitingFor('/#/io.l5d.fs/deaf', '/svc/deaf', '300.milliseconds'));
});
