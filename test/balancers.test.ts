/** Balancers in a whole Weft of two workers: what they share, and what the metrics say of them (spec 06 section 1.2). */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, get } from './support/exchange.ts';
import { metricsUntil } from './support/metrics.ts';
import { answerWith, ScriptedUpstream } from './support/scripted-upstream.ts';
import { freePort, IP, Weft } from './support/weft.ts';

const ENDPOINTS = 3;
const ALGORITHMS = {
  p2c: 'p2c_least_loaded',
  ewma: 'p2c_peak_ewma',
  aperture: 'aperture_least_loaded',
  heap: 'heap_least_loaded',
  roundRobin: 'round_robin',
} as const;
type Kind = keyof typeof ALGORITHMS;
const KINDS = Object.keys(ALGORITHMS) as Kind[];

const ports = new Map<Kind, number>();
let upstreams: ScriptedUpstream[] = [];
let weft: Weft;

before(async () => {
  upstreams = await Promise.all(
    Array.from({ length: ENDPOINTS }, (_, index) =>
      ScriptedUpstream.start(answerWith(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${index}`)),
    ),
  );
  const routers: string[] = [];
  for (const kind of KINDS) {
    ports.set(kind, await freePort());
    const client = `client: {loadBalancer: {kind: ${kind}}}`;
    const servers = `servers: [{ip: ${IP}, port: ${ports.get(kind)}}]`;
    routers.push(`- {protocol: http, label: ${kind}, dtab: /svc => /#/io.l5d.fs, ${client}, ${servers}}`);
  }
  const disco = { web: upstreams.map((upstream) => upstream.disco) };
  weft = await Weft.start({ disco, env: { WEFT_WORKERS: '2' }, more: routers.join('\n') });
});

after(async () => {
  await weft.stop();
  await Promise.all(upstreams.map((upstream) => upstream.stop()));
});

/** Sends requests one after the other, each over a connection of its own. @returns how many each endpoint got */
async function send(kind: Kind, requests: number): Promise<number[]> {
  const counts = new Array<number>(ENDPOINTS).fill(0);
  for (let request = 0; request < requests; request += 1) {
    const { status, body } = await ask(ports.get(kind) as number, get('web'));
    assert.equal(status, 200);
    counts[Number(body)]! += 1;
  }
  return counts;
}

for (const kind of KINDS) {
  test(`${kind}: it serves, and the metrics say what it is`, async () => {
    await send(kind, 2);
    const client = `rt/${kind}/client/#/io.l5d.fs/web/loadbalancer`;
    await metricsUntil(weft, (metrics) => {
      assert.equal(metrics[`${client}/algorithm/${ALGORITHMS[kind]}`], 1);
      assert.equal(Object.keys(metrics).filter((name) => name.startsWith(`${client}/algorithm/`)).length, 1);
      assert.equal(metrics[`${client}/size`], ENDPOINTS);
      assert.equal(metrics[`${client}/available`], ENDPOINTS);
      assert.equal(metrics[`${client}/load`], 0);
      assert.ok((metrics[`${client}/rebuilds`] as number) >= 1);
      const isAperture = kind === 'aperture';
      assert.equal(metrics[`${client}/logical_aperture`], isAperture ? 1 : undefined);
      assert.equal(metrics[`${client}/physical_aperture`], isAperture ? 1 : undefined);
      assert.equal(metrics[`${client}/use_deterministic_ordering`], isAperture ? 0 : undefined);
      assert.equal(metrics[`${client}/loadband/widen`], isAperture ? 0 : undefined);
      assert.equal(metrics[`${client}/loadband/narrow`], isAperture ? 0 : undefined);
      assert.equal(metrics[`${client}/loadband/offered_load_ema`] !== undefined, isAperture);
      assert.equal(metrics[`${client}/expired`], isAperture ? 0 : undefined);
    });
  });
}

test('roundRobin: two workers go round together', async () => {
  assert.deepEqual(await send('roundRobin', 10 * ENDPOINTS), [10, 10, 10]);
});

test('aperture: two workers with little to do use one endpoint, the same', async () => {
  const counts = await send('aperture', 20);
  assert.deepEqual(counts.sort(), [0, 0, 20]);
});
