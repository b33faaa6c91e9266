/** Holds the generator to its purpose: every planned request is sent and counted, and a wait shows in the latencies. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { decodeFromCompressedBase64 } from 'hdr-histogram-js';
import { answerWith, ScriptedUpstream, type UpstreamScript } from '../../test/support/scripted-upstream.ts';
import generate from './open-loop.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const PLAN = { host: 'web', ratePerSecond: 100, durationMs: 500, timeoutMs: 5000, phase: 0, connectionsMax: 100 };
const upstreams: ScriptedUpstream[] = [];
after(() => Promise.all(upstreams.map((upstream) => upstream.stop())));

async function run(script: UpstreamScript, changes: Partial<typeof PLAN>) {
  const upstream = await ScriptedUpstream.start(script);
  upstreams.push(upstream);
  return generate({ ...PLAN, ...changes, port: upstream.port });
}

/** Takes the first request and ends its connection. */
const unreliable: UpstreamScript = async (connection) => {
  if (connection.index > 0) return answerWith(OK)(connection);
  await connection.head();
  connection.end();
};

const silent: UpstreamScript = async (connection) => {
  await connection.bytes(Number.MAX_SAFE_INTEGER);
};

test('every planned request is answered and counted', async () => {
  const { planned, succeeded, corrected, fromSending, bySecond } = await run(answerWith(OK), { durationMs: 1500 });
  assert.deepEqual([planned, succeeded], [150, 150]);
  assert.equal(decodeFromCompressedBase64(corrected).totalCount, 150);
  assert.equal(decodeFromCompressedBase64(fromSending).totalCount, 150);
  const counts = bySecond.map((second) => decodeFromCompressedBase64(second).totalCount);
  assert.deepEqual(counts, [100, 50]);
});

test('a request that waits for a connection is timed from when it was due', async () => {
  // One connection, 50 ms a response, a request every 10 ms: the last one waits for all the others.
  const slow: UpstreamScript = async (connection) => {
    while ((await connection.head()) !== null) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      connection.send(OK);
    }
  };
  const { succeeded, succeededWithinSecond, corrected } = await run(slow, { connectionsMax: 1, timeoutMs: 60_000 });
  assert.equal(succeeded, 50);
  assert.ok(decodeFromCompressedBase64(corrected).maxValue >= 1_500_000);
  assert.ok(succeededWithinSecond < succeeded);
});

test('a lost connection fails its request, another is opened', async () => {
  const { planned, succeeded } = await run(unreliable, {});
  assert.deepEqual([planned, succeeded], [50, 49]);
});

test('requests that get no answer are given up', async () => {
  const { planned, succeeded, corrected } = await run(silent, { durationMs: 100, timeoutMs: 200, connectionsMax: 3 });
  assert.deepEqual([planned, succeeded], [10, 0]);
  assert.equal(decodeFromCompressedBase64(corrected).totalCount, 10);
});
