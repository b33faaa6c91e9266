/** A server's `timeoutMs` (spec 03 section 5.8), and what endpoints are told of time-outs (sections 4.1 and 4.2). */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, echoHead, get, readHead, valuesOf } from './support/exchange.ts';
import { assertNoFault, eventually } from './support/http1-site.ts';
import { Http2Client } from './support/http2/client.ts';
import { endAll } from './support/http2/site.ts';
import { Http2Upstream } from './support/http2/upstream.ts';
import { ScriptedUpstream } from './support/scripted-upstream.ts';
import { freePort, IP, Weft } from './support/weft.ts';

const TIME_MS = 300;
const CANCEL = 8;

let echo: ScriptedUpstream;
let mute: ScriptedUpstream;
let mute2: Http2Upstream;
let weft: Weft;
const ports = { mute: 0, h2: 0, total: 0, attempt: 0, both: 0, clear: 0 };

before(async () => {
  echo = await ScriptedUpstream.start(echoHead);
  mute = await ScriptedUpstream.start(async (connection) => {
    while ((await connection.head()) !== null);
  });
  mute2 = await Http2Upstream.start(() => {});
  for (const name of Object.keys(ports) as (keyof typeof ports)[]) ports[name] = await freePort();
  const to = (port: number) => `dtab: "/svc => /$/inet/127.1/${port}"`;
  const server = (port: number, keys = '') => `servers: [{ip: ${IP}, port: ${port}${keys}}]`;
  const bound = `, timeoutMs: ${TIME_MS}`;
  weft = await Weft.start({
    disco: { web: [echo.disco] },
    server: `    timeoutMs: ${TIME_MS}`,
    more: `- {protocol: http, label: mute, ${to(mute.port)}, service: {totalTimeoutMs: 60000}, ${server(ports.mute, bound)}}
- {protocol: h2, label: h2, ${to(mute2.port)}, ${server(ports.h2, bound)}}
- {protocol: http, label: total, ${to(echo.port)}, service: {totalTimeoutMs: 5000}, ${server(ports.total)}}
- {protocol: http, label: attempt, ${to(echo.port)}, client: {requestAttemptTimeoutMs: 3000}, ${server(ports.attempt)}}
- {protocol: http, label: both, ${to(echo.port)}, service: {totalTimeoutMs: 5000}, client: {requestAttemptTimeoutMs: 9000}, ${server(ports.both)}}
- {protocol: http, label: clear, ${to(echo.port)}, service: {totalTimeoutMs: 5000}, ${server(ports.clear, ', clearContext: true')}}`,
  });
});

after(() =>
  endAll(
    () => weft.stop(),
    () => echo.stop(),
    () => mute.stop(),
    () => mute2.stop(),
    () => assertNoFault(weft),
  ),
);

const EXCEEDED =
  'exceeded 300.milliseconds to unspecified while waiting for a response for an individual request, excluding retries. Remote Info: Not Available';

test('a request that takes too long is 503, and its endpoint let go', async () => {
  const answer = await ask(ports.mute, get('web'));
  assert.deepEqual([answer.status, answer.body], [503, EXCEEDED]);
  await eventually("the endpoint's connection ends", () => mute.connections[0]?.ended === true);
  const metrics = await weft.metrics();
  assert.equal(metrics[`rt/mute/server/127.0.0.1/${ports.mute}/failures/server_timeout`], 1);
  assert.equal(metrics[`rt/mute/server/127.0.0.1/${ports.mute}/status/503`], 1);
});

test('HTTP/2: the same, and its stream is cancelled', async () => {
  const client = await Http2Client.open(ports.h2);
  const response = await client.ask('web');
  assert.deepEqual([response.status, response.body], [503, EXCEEDED]);
  const stream = await mute2.stream();
  await eventually('the stream is cancelled', () => stream.request.resetCode === CANCEL);
  client.close();
});

/** Milliseconds that the endpoint is told it has, and those since the timestamp, for a request with these lines. */
async function told(
  port: number,
  ...lines: readonly string[]
): Promise<{ left: number; since: number; value: string }> {
  const { body } = await ask(port, get('web', ...lines));
  const values = valuesOf(readHead(body), 'l5d-ctx-deadline');
  assert.equal(values.length, 1, body);
  const [timestamp = 0, deadline = 0] = (values[0] ?? '').split(' ').map((nanos) => Number(nanos) / 1e6);
  return { left: deadline - timestamp, since: Date.now() - timestamp, value: values[0] ?? '' };
}

for (const [name, leftMs] of [
  ['total', 5000],
  ['attempt', 3000],
  ['both', 5000],
] as const) {
  test(`an endpoint is told its deadline, of ${leftMs} ms from now: ${name}`, async () => {
    for (let i = 0; i < 3; i++) {
      const { left, since, value } = await told(ports[name]);
      assert.match(value, /^\d{19} \d{19}$/);
      assert.ok(left <= leftMs && left > leftMs - 50, `${left} ms`);
      assert.ok(since >= 0 && since < 5000, `${since} ms ago`);
    }
  });
}

test("a server's time-out is part of it", async () => {
  const { left } = await told(weft.port);
  assert.ok(left <= TIME_MS && left > TIME_MS - 50, `${left} ms`);
});

test('an earlier deadline of the client stays, a later timestamp too; with clearContext neither is believed', async () => {
  const nowMs = Date.now();
  const early = `${nowMs - 1000}000001 ${nowMs + 100}000007`;
  assert.match((await told(ports.total, `l5d-ctx-deadline: ${early}`)).value, new RegExp(` ${nowMs + 100}000007$`));
  const late = `${nowMs + 60_000}000001 ${nowMs + 90_000}000007`;
  assert.match((await told(ports.total, `l5d-ctx-deadline: ${late}`)).value, new RegExp(`^${nowMs + 60_000}000001 `));
  const { left } = await told(ports.clear, `l5d-ctx-deadline: ${early}`);
  assert.ok(left > 4000, `${left} ms`);
});
