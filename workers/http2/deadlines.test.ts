/**
 * The times of a request on HTTP/2 (spec 05 section 8): that of its service, of each attempt, and of the client's own, which
 * `grpc-timeout` tells. The earliest holds, and the client is told of it in its own words.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FRAME_RST_STREAM } from '../../core/http2/frame-types.ts';
import type { TestField } from '../../core/http2/hpack/test-codec.ts';
import { COUNTER } from '../../core/shared/stats.ts';
import { dataFrame, GET, H2Worker, SERVICE_SCOPE, type TestPeer } from '../../test/support/h2-worker.ts';
import { frameBytes, showFrame } from './test-wire.ts';

const CALL: readonly TestField[] = [[':method', 'POST'], ...GET.slice(1), ['content-type', 'application/grpc']];
const HEAD: readonly TestField[] = [[':status', '200']];
const STEP_MS = 10;

interface Site {
  readonly worker: H2Worker;
  readonly client: TestPeer;
  readonly endpoint: TestPeer;
}

function keys(service: string, attempt: string): string {
  return `  service: {${service}}\n  client: {failureAccrual: {kind: none}${attempt}}`;
}

function begin(config: string, head: readonly TestField[]): Site {
  const worker = new H2Worker(config);
  const client = worker.connect();
  client.send(client.headers(1, head, true));
  worker.settle();
  worker.bind();
  return { worker, client, endpoint: worker.endpoint() };
}

/** Lets time pass. @returns when the client was told something, and what */
function wait({ worker, client }: Site, untilMs: number): { ms: number; fields: ReadonlyMap<string, string> } | null {
  for (let ms = STEP_MS; ms <= untilMs; ms += STEP_MS) {
    worker.world.turn(STEP_MS);
    const [frame] = client.messages();
    if (frame !== undefined)
      return { ms, fields: new Map(client.fieldsOf(frame).map(([name, value]) => [name, value])) };
  }
  return null;
}

/** What is configured, and what the request says of itself: when it ends, with what, and after how many attempts. */
const ROWS: readonly (readonly [
  service: string,
  attempt: string,
  head: readonly TestField[],
  ms: number,
  status: string,
  attempts: number,
])[] = [
  ['totalTimeoutMs: 300', '', GET, 300, '503', 1],
  ['totalTimeoutMs: 300', '', CALL, 300, 'grpc 4', 1],
  ['', ', requestAttemptTimeoutMs: 200', GET, 200, '503', 1],
  ['', ', requestAttemptTimeoutMs: 200', CALL, 200, 'grpc 4', 1],
  ['', '', [...CALL, ['grpc-timeout', '150m']], 150, 'grpc 4', 1],
  ['totalTimeoutMs: 300', ', requestAttemptTimeoutMs: 200', [...CALL, ['grpc-timeout', '100m']], 100, 'grpc 4', 1],
  ['totalTimeoutMs: 100', ', requestAttemptTimeoutMs: 200', [...CALL, ['grpc-timeout', '300m']], 100, 'grpc 4', 1],
  [
    'totalTimeoutMs: 500, responseClassifier: {kind: io.l5d.h2.retryableRead5XX}',
    ', requestAttemptTimeoutMs: 200',
    GET,
    500,
    '503',
    3,
  ],
  [
    'responseClassifier: {kind: io.l5d.h2.retryableAll5XX}',
    ', requestAttemptTimeoutMs: 100',
    [...CALL, ['grpc-timeout', '250m']],
    250,
    'grpc 4',
    3,
  ],
];

for (const [service, attempt, head, ms, status, attempts] of ROWS) {
  const said = head.find(([name]) => name === 'grpc-timeout')?.[1];
  const what = [service, attempt.slice(2), head === GET ? '' : 'a call', said ?? ''].filter((part) => part !== '');
  test(`${what.join(', ')}: ${status} after ${ms} ms and ${attempts} attempts`, () => {
    const site = begin(keys(service, attempt), head);
    const told = wait(site, ms + 200);
    assert.ok(told !== null, 'the client is told');
    // A timer fires in the tick that its time has passed in.
    assert.ok(told.ms >= ms && told.ms <= ms + 3 * STEP_MS, `after ${told.ms} ms`);
    const { fields } = told;
    const code = fields.get('grpc-status');
    assert.equal(code === undefined ? fields.get(':status') : `grpc ${code}`, status);
    const frames = site.endpoint.frames();
    assert.equal(frames.filter(({ type }) => type === 1).length, attempts);
    const resets = frames.filter(({ type }) => type === 3).map(showFrame);
    assert.deepEqual(
      resets,
      Array.from({ length: attempts }, (_, i) => `RST_STREAM ${2 * i + 1} +4`),
    );
    const { stats } = site.worker.world;
    assert.equal(stats.counter(SERVICE_SCOPE, COUNTER.retriesTotal), attempts - 1);
    assert.equal(stats.counter(SERVICE_SCOPE, COUNTER.failures), 1);
  });
}

describe('a head that has come in time', () => {
  test('ends the time of its service and of its attempt, not that of the client', () => {
    const config = keys('totalTimeoutMs: 300', ', requestAttemptTimeoutMs: 200');
    const site = begin(config, [...CALL, ['grpc-timeout', '1S']]);
    const { worker, client, endpoint } = site;
    worker.world.turn(100);
    endpoint.send(endpoint.headers(1, HEAD, false));
    worker.settle();
    assert.equal(client.messages().length, 1);
    assert.equal(wait(site, 800), null);
    assert.deepEqual(client.frames(), []);
    worker.world.turn(200);
    assert.deepEqual(client.frames().map(showFrame), ['RST_STREAM 1 +4']);
  });

  test('and is held ends the time of its attempt, not that of its service', () => {
    const service =
      'totalTimeoutMs: 300, classificationTimeoutMs: 1000, responseClassifier: {kind: io.l5d.h2.grpc.default}';
    const site = begin(keys(service, ', requestAttemptTimeoutMs: 200'), CALL);
    const { worker, endpoint } = site;
    worker.world.turn(100);
    endpoint.send(endpoint.headers(1, HEAD, false), dataFrame(1, 'x', false));
    worker.settle();
    const told = wait(site, 400);
    assert.ok(told !== null && told.ms >= 200 && told.ms <= 200 + 3 * STEP_MS, `after ${told?.ms} ms`);
    assert.equal(told.fields.get('grpc-status'), '4');
    assert.equal(worker.world.net.keptBlocks.usedCount, 0);
  });

  test('with classificationTimeoutMs 0 is not held', () => {
    const service = 'classificationTimeoutMs: 0, responseClassifier: {kind: io.l5d.h2.grpc.default}';
    const { worker, client, endpoint } = begin(keys(service, ''), CALL);
    endpoint.send(endpoint.headers(1, HEAD, false));
    worker.settle();
    assert.equal(client.messages().length, 1);
  });
});

describe('a pause before another attempt', () => {
  const SERVICE =
    'responseClassifier: {kind: io.l5d.h2.retryableAll5XX}, retries: {backoff: {kind: constant, ms: 200}}';

  /** A call whose first attempt has failed. @param service further keys @param ended the request has been sent whole */
  function fail(service = '', ended = true): Site {
    const worker = new H2Worker(keys(`${SERVICE}${service}`, ''));
    const client = worker.connect();
    client.send(client.headers(1, CALL, false), dataFrame(1, 'one', ended));
    worker.settle();
    worker.bind();
    const endpoint = worker.endpoint();
    endpoint.frames();
    endpoint.send(endpoint.headers(1, [[':status', '503']], true));
    worker.settle();
    return { worker, client, endpoint };
  }

  function contentOf(endpoint: TestPeer): string {
    const frames = endpoint.frames().filter(({ type, id }) => type === 0 && id === 3);
    return frames.map(({ payload }) => Buffer.from(payload).toString()).join('');
  }

  test('is kept to, and then the request goes out', () => {
    const { worker, endpoint } = fail();
    worker.world.turn(180);
    assert.equal(contentOf(endpoint), '');
    worker.world.turn(40);
    assert.equal(contentOf(endpoint), 'one');
  });

  test('keeps what comes meanwhile', () => {
    const { worker, client, endpoint } = fail('', false);
    worker.world.turn(100);
    client.send(dataFrame(1, 'two', false));
    worker.settle();
    worker.world.turn(120);
    assert.equal(contentOf(endpoint), 'onetwo');
    client.send(dataFrame(1, 'three', true));
    worker.settle();
    assert.equal(contentOf(endpoint), 'three');
  });

  test('ends with the time of its service', () => {
    const site = fail(', totalTimeoutMs: 100');
    const told = wait(site, 300);
    assert.ok(told !== null && told.ms >= 100 && told.ms <= 100 + 3 * STEP_MS, `after ${told?.ms} ms`);
    assert.equal(told.fields.get('grpc-status'), '4');
    site.worker.world.turn(300);
    assert.equal(contentOf(site.endpoint), '');
  });

  test('ends when its client goes', () => {
    const { worker, client, endpoint } = fail();
    worker.world.turn(100);
    client.send(frameBytes(FRAME_RST_STREAM, 0, 1, Uint8Array.of(0, 0, 0, 8)));
    worker.settle();
    worker.world.turn(300);
    assert.deepEqual(endpoint.messages(), []);
    const { net } = worker.world;
    assert.deepEqual(
      [net.keptBlocks, net.smallBlocks, net.blocks].map(({ usedCount }) => usedCount),
      [0, 0, 0],
    );
  });
});
