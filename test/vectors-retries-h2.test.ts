/**
 * Retries on HTTP/2 and of gRPC calls (spec 05 sections 11 and 12, vectors 26 and 27), with real peers: which attempts are
 * made, what the client gets of them, and what is counted (spec 06 sections 1.2 and 1.3).
 */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { after, before, test } from 'node:test';
import * as grpc from '@grpc/grpc-js';
import { assertNoFault } from './support/http1-site.ts';
import { headers } from './support/http2/frames.ts';
import { endAll, openHttp2Client, openHttp2Upstream } from './support/http2/site.ts';
import type { Response, StreamScript, UpstreamStream } from './support/http2/upstream.ts';
import { metricsUntil } from './support/metrics.ts';
import { IP, Weft } from './support/weft.ts';

const GRPC = 'responseClassifier: {kind: io.l5d.h2.grpc.default}';
const READS = 'responseClassifier: {kind: io.l5d.h2.retryableRead5XX}';
const ALL = 'responseClassifier: {kind: io.l5d.h2.retryableAll5XX}';
const FIELDS = { 'content-type': 'application/grpc' };

/** Of each test its own name, because each has its own metrics; and what the configuration says of it. */
const SERVICES: Readonly<Record<string, string>> = {
  v26: GRPC,
  v26js: GRPC,
  v27: GRPC,
  early: GRPC,
  reads: READS,
  post: READS,
  fits: ALL,
  long: ALL,
  union: ALL,
  small: `${ALL}, retryBufferSize: {requestBytes: 10, responseBytes: 10}`,
  slow: `${GRPC}, classificationTimeoutMs: 10`,
  asked: '',
  broke: `${READS}, retries: {budget: {minRetriesPerSec: 0, percentCanRetry: 0}}`,
  brokeCalls: `${GRPC}, retries: {budget: {minRetriesPerSec: 0, percentCanRetry: 0}}`,
  compliant: 'responseClassifier: {kind: io.l5d.h2.grpc.compliant}',
  always: 'responseClassifier: {kind: io.l5d.h2.grpc.alwaysRetryable, successStatusCodes: [0, 5]}',
  codes: 'responseClassifier: {kind: io.l5d.h2.grpc.retryableStatusCodes, retryableStatusCodes: [8]}',
  never: 'responseClassifier: {kind: io.l5d.h2.grpc.neverRetryable}',
};

let weft: Weft;

before(async () => {
  const configs = Object.entries(SERVICES)
    .filter(([, keys]) => keys !== '')
    .map(([name, keys]) => `    - {prefix: /svc/${name}, ${keys}}\n`);
  weft = await Weft.start({
    protocol: 'h2',
    // So short that what happened in the last one can be waited for.
    env: { WEFT_STATS_WINDOW_MS: '1000' },
    router: `  service:\n    kind: io.l5d.static\n    configs:\n${configs.join('')}`,
  });
});

after(() =>
  endAll(
    () => weft.stop(),
    () => assertNoFault(weft),
  ),
);

/** A service whose attempts are answered one by one, the last answer again and again. */
async function open(t: TestContext, name: string, ...answers: readonly (Response | StreamScript)[]) {
  const bodies: string[] = [];
  let attempts = 0;
  const upstream = await openHttp2Upstream(t, async (stream: UpstreamStream) => {
    const answer = answers[Math.min(attempts++, answers.length - 1)] as Response | StreamScript;
    const request = await stream.whole();
    bodies.push(request.body);
    if (typeof answer === 'function') await answer(stream);
    else await stream.respond(answer);
  });
  weft.disco(name, [upstream.disco]);
  return { client: await openHttp2Client(t, weft), upstream, bodies };
}

/** Waits for counters of a service. @param expected by their names behind `service/svc/<name>/` */
function counted(name: string, expected: Readonly<Record<string, number>>): Promise<void> {
  return metricsUntil(weft, (metrics) => {
    const names = Object.keys(expected);
    const seen = names.map((each) => [each, metrics[`rt/test/service/svc/${name}/${each}`]]);
    assert.deepEqual(Object.fromEntries(seen), expected);
  });
}

function call(status: number, body = 'x'): Response {
  return { fields: FIELDS, body, trailers: { 'grpc-status': String(status) } };
}

const CALL = { method: 'POST', fields: FIELDS, body: 'ask' };

test('vector 26: grpc default, trailers grpc-status 14 then 0 within 100 ms: one retry, success', async (t) => {
  const { client, bodies } = await open(t, 'v26', call(14, 'first'), call(0, 'second'));
  const response = await client.ask('v26', CALL);
  assert.deepEqual([response.status, response.body], [200, 'second']);
  assert.equal(response.trailer('grpc-status'), '0');
  assert.equal(response.trailer('l5d-success-class'), '1.0');
  assert.deepEqual(bodies, ['ask', 'ask']);
  await counted('v26', { requests: 1, success: 1, 'retries/total': 1, 'retries/per_request.sum': 1 });
  await metricsUntil(weft, (metrics) => {
    const client = 'rt/test/client/#/io.l5d.fs/v26';
    assert.deepEqual([metrics[`${client}/requests`], metrics[`${client}/failures`]], [2, 1]);
  });
});

test('vector 26 with @grpc/grpc-js: UNAVAILABLE behind a message, then OK', async (t) => {
  const same = (message: Buffer) => message;
  const codec = {
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
  const method = { path: '/weft.Test/Flaky', requestStream: false, responseStream: true, ...codec };
  const server = new grpc.Server();
  let calls = 0;
  server.addService(
    { flaky: method },
    {
      flaky: (stream: grpc.ServerWritableStream<Buffer, Buffer>) => {
        calls++;
        stream.write(Buffer.from(`answer ${calls}`));
        if (calls === 1) stream.emit('error', { code: grpc.status.UNAVAILABLE, details: 'not yet' });
        else stream.end();
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    const credentials = grpc.ServerCredentials.createInsecure();
    server.bindAsync(`${IP}:0`, credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  t.after(() => server.forceShutdown());
  weft.disco('v26js', [`${IP} ${port}`]);
  const options = { 'grpc.default_authority': 'v26js', 'grpc.enable_retries': 0 };
  const client = new grpc.Client(`${IP}:${weft.port}`, grpc.credentials.createInsecure(), options);
  t.after(() => client.close());
  const stream = client.makeServerStreamRequest(method.path, same, same, Buffer.from('ask'));
  const messages: string[] = [];
  stream.on('data', (message: Buffer) => messages.push(message.toString()));
  const { code } = await new Promise<grpc.StatusObject>((resolve) => stream.on('status', resolve));
  assert.equal(code, grpc.status.OK);
  assert.deepEqual([calls, messages], [2, ['answer 2']]);
  await counted('v26js', { requests: 1, success: 1, 'retries/total': 1 });
});

test('vector 27: grpc response without grpc-status is counted a failure', async (t) => {
  const { client, bodies } = await open(t, 'v27', { fields: FIELDS, body: 'x' });
  const response = await client.ask('v27', CALL);
  assert.deepEqual([response.status, response.body, response.ended], [200, 'x', true]);
  assert.equal(bodies.length, 1);
  await counted('v27', { requests: 1, failures: 1, success: 0, 'retries/total': 0 });
});

/** A service, its answers, and which of them the client gets: by HTTP status and `grpc-status`. */
const ATTEMPTS: readonly (readonly [name: string, answers: readonly Response[], final: number])[] = [
  ['early', [{ fields: { ...FIELDS, 'grpc-status': '14' } }, call(0)], 1],
  ['compliant', [{ status: 429 }, { status: 503, body: 'x' }, { fields: { 'grpc-status': '14' } }, call(13)], 3],
  ['always', [call(13), call(1), call(16), call(5)], 3],
  ['codes', [call(8), call(8), call(14)], 2],
  ['never', [call(14)], 0],
  ['reads', [{ status: 500 }, { status: 503, body: 'x' }, { status: 200, body: 'y' }], 2],
  ['post', [{ status: 500, body: 'no' }], 0],
  ['asked', [{ status: 503, fields: { 'l5d-retryable': 'True' } }, { status: 503 }], 1],
];
for (const [name, answers, final] of ATTEMPTS) {
  test(`${name}: the client gets answer ${final + 1}`, async (t) => {
    const { client, bodies } = await open(t, name, ...answers);
    const response = await client.ask(name, name === 'reads' || name === 'asked' ? {} : CALL);
    const { status = 200, body = '', trailers, fields } = answers[final] as Response;
    assert.deepEqual([response.status, response.body, bodies.length], [status, body, final + 1]);
    const code = { ...(fields as Record<string, string>), ...(trailers as Record<string, string>) }['grpc-status'];
    assert.equal(response.trailer('grpc-status') ?? response.value('grpc-status'), code);
    await counted(name, { requests: 1, 'retries/total': final });
  });
}

test('without budget the last response is what the client gets, also one that was held', async (t) => {
  for (const [name, request, answer] of [
    ['broke', {}, { status: 503, body: 'no' }],
    ['brokeCalls', CALL, call(14, 'no')],
  ] as const) {
    const { client, bodies } = await open(t, name, answer);
    const response = await client.ask(name, request);
    assert.deepEqual([response.body, bodies.length], ['no', 1]);
    assert.equal(response.trailer('grpc-status'), name === 'broke' ? undefined : '14');
    await counted(name, { requests: 1, failures: 1, 'retries/total': 0, 'retries/budget_exhausted': 1 });
  }
});

test('a request of requestBytes is retried, a longer one is not, and that is counted', async (t) => {
  for (const [name, bytes, attempts] of [
    ['fits', 16_383, 2],
    ['long', 16_384, 1],
  ] as const) {
    const { client, bodies } = await open(t, name, { status: 503 }, { status: 200 });
    const body = 'abcdefghij'.repeat(2000).slice(0, bytes);
    const response = await client.ask(name, { method: 'POST', body });
    assert.equal(response.status, attempts === 2 ? 200 : 503);
    assert.deepEqual(
      bodies,
      Array.from({ length: attempts }, () => body),
    );
    await counted(name, { 'retries/total': attempts - 1, 'retries/request_stream_too_long': 2 - attempts });
  }
});

test('a retry may go to another branch of a union, which is told its own name, and the same request', async (t) => {
  const body = 'abcdefghij'.repeat(500);
  const asked: string[] = [];
  for (const name of ['ua', 'ub']) {
    const { bodies } = await open(t, name, async (stream) => {
      asked.push(name);
      assert.equal(bodies.at(-1), body);
      assert.equal(stream.request.value('l5d-dst-client'), `/#/io.l5d.fs/${name}`);
      await stream.respond({ status: asked.length % 4 === 0 ? 200 : 503 });
    });
  }
  const client = await openHttp2Client(t, weft);
  const fields = { 'l5d-dtab': '/svc/union => 0.5 * /#/io.l5d.fs/ua & 0.5 * /#/io.l5d.fs/ub' };
  for (let i = 0; i < 10; i++) {
    assert.equal((await client.ask('union', { method: 'POST', fields, body })).status, 200);
  }
  assert.equal(asked.length, 40);
  assert.ok(asked.includes('ua') && asked.includes('ub'));
  await counted('union', { requests: 10, success: 10, 'retries/total': 30 });
});

test('retryBufferSize and classificationTimeoutMs are those of the service', async (t) => {
  const { client } = await open(t, 'small', { status: 503 }, { status: 200 });
  assert.equal(
    (await client.ask('small', { method: 'POST', body: '0123456789a', fields: { x: 'y'.repeat(900) } })).status,
    503,
  );
  await counted('small', { 'retries/request_stream_too_long': 1 });
  let end: (() => void) | undefined;
  const site = await open(t, 'slow', (stream) => {
    stream.send(headers(stream.id, [[':status', '200'], ...Object.entries(FIELDS)]));
    stream.data('x');
    end = () => stream.send(headers(stream.id, [['grpc-status', '14']], { endStream: true }));
  });
  const id = site.client.begin('slow', CALL);
  await counted('slow', { 'retries/classification_timeout': 1 });
  end?.();
  const response = await site.client.message(id);
  assert.deepEqual([response.body, response.trailer('grpc-status')], ['x', '14']);
  await counted('slow', { 'retries/total': 0, 'retries/response_stream_too_long': 0, 'retries/backoffs_exhausted': 0 });
});
