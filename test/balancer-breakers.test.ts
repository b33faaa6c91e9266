/** What balancers make of breakers in a whole Weft: `minEndpoints` and `enableProbation`. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, get } from './support/exchange.ts';
import { metricsUntil } from './support/metrics.ts';
import { answerWith, ScriptedUpstream } from './support/scripted-upstream.ts';
import { freePort, IP, Weft } from './support/weft.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const FAILURE = 'HTTP/1.1 500 Internal Server Error\r\nContent-Length: 2\r\n\r\nno';
/** One failure marks an endpoint dead for longer than any test. */
const BREAKER =
  'failureAccrual: {kind: io.l5d.consecutiveFailures, failures: 1, backoff: {kind: constant, ms: 600000}}';
const BALANCERS = {
  calm: '{kind: roundRobin}',
  panicking: '{kind: roundRobin, minEndpoints: 2}',
  probation: '{kind: roundRobin, enableProbation: true}',
} as const;
type Label = keyof typeof BALANCERS;
const ports = new Map<Label, number>();
const upstreams: ScriptedUpstream[] = [];
let weft: Weft;

before(async () => {
  const routers: string[] = [];
  for (const label of Object.keys(BALANCERS) as Label[]) {
    ports.set(label, await freePort());
    const client = `client: {${BREAKER}, loadBalancer: ${BALANCERS[label]}}`;
    const servers = `servers: [{ip: ${IP}, port: ${ports.get(label)}}]`;
    routers.push(`- {protocol: http, label: ${label}, dtab: /svc => /#/io.l5d.fs, ${client}, ${servers}}`);
  }
  weft = await Weft.start({ env: { WEFT_WORKERS: '2' }, more: routers.join('\n') });
});

after(async () => {
  await weft.stop();
  for (const upstream of upstreams) await upstream.stop();
});

async function start(response: string): Promise<ScriptedUpstream> {
  const upstream = await ScriptedUpstream.start(answerWith(response));
  upstreams.push(upstream);
  return upstream;
}

/** Sends requests one after the other. @returns how many were answered with 500 */
async function send(label: Label, name: string, requests: number): Promise<number> {
  let failures = 0;
  for (let request = 0; request < requests; request += 1) {
    const { status } = await ask(ports.get(label) as number, get(name));
    assert.ok(status === 200 || status === 500, `${status}`);
    if (status === 500) failures += 1;
  }
  return failures;
}

async function expectGauges(label: Label, name: string, expected: Readonly<Record<string, number>>): Promise<void> {
  await metricsUntil(weft, (metrics) => {
    for (const [gauge, value] of Object.entries(expected)) {
      assert.equal(metrics[`rt/${label}/client/#/io.l5d.fs/${name}/loadbalancer/${gauge}`], value, gauge);
    }
  });
}

test('an endpoint that a breaker has marked gets nothing; with too few others it gets its share', async () => {
  const endpoints = [await start(OK), await start(FAILURE)].map(({ disco }) => disco);
  weft.disco('web', endpoints);
  assert.equal(await send('calm', 'web', 20), 1);
  await expectGauges('calm', 'web', { available: 1, busy: 1 });
  assert.equal(await send('panicking', 'web', 20), 10);
  await expectGauges('panicking', 'web', { available: 1, busy: 1, max_effort_exhausted: 0 });
});

test('an endpoint on probation serves on, until a breaker marks it', async () => {
  const [listed, removed] = [await start(OK), await start(OK)];
  weft.disco('shrinks', [listed.disco, removed.disco]);
  await send('probation', 'shrinks', 2);
  weft.disco('shrinks', [listed.disco]);
  // What discovery says is taken in by then: another endpoint has come along.
  const added = await start(OK);
  weft.disco('shrinks', [listed.disco, added.disco]);
  await expectGauges('probation', 'shrinks', { size: 3, adds: 3, removes: 0 });
  const before = removed.connections.length;
  assert.equal(await send('probation', 'shrinks', 6), 0);
  assert.ok(removed.connections.length > 0 && before > 0);
  await removed.stop();
  upstreams.splice(upstreams.indexOf(removed), 1);
  assert.equal(await send('probation', 'shrinks', 6), 0);
  await expectGauges('probation', 'shrinks', { size: 2, available: 2, removes: 1 });
});
