/** Responses that are held for their verdict, and requests that are sent again (spec 05 section 11.1), on a virtual clock. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readUint31 } from '../../core/http2/frame.ts';
import { FRAME_WINDOW_UPDATE } from '../../core/http2/frame-types.ts';
import type { TestField } from '../../core/http2/hpack/test-codec.ts';
import { uint32 } from '../../core/http2/test-frames.ts';
import { COUNTER, LIMIT_COUNTER, LIMITS_SCOPE } from '../../core/shared/stats.ts';
import { dataFrame, GET, H2Worker, SERVICE_SCOPE, type TestPeer } from '../../test/support/h2-worker.ts';
import { frameBytes, showFrame, type TestFrame } from './test-wire.ts';

const RST_STREAM = 3;
const CANCEL = Uint8Array.of(0, 0, 0, 8);
const POST: readonly TestField[] = [[':method', 'POST'], ...GET.slice(1)];
const CALL: readonly TestField[] = [...POST, ['content-type', 'application/grpc']];
const HEAD: readonly TestField[] = [
  [':status', '200'],
  ['content-type', 'application/grpc'],
];
const GRPC = '  service: {responseClassifier: {kind: io.l5d.h2.grpc.default}}';

/** A worker whose one endpoint has been asked, and its peers. */
interface Site {
  readonly worker: H2Worker;
  readonly client: TestPeer;
  readonly endpoint: TestPeer;
}

/** Sends a request on stream 1. @param parts of its body */
function begin(keys: string, head: readonly TestField[], parts: readonly string[] = [], ended = true): Site {
  const worker = new H2Worker(keys);
  const client = worker.connect();
  client.send(client.headers(1, head, ended && parts.length === 0));
  for (const [i, part] of parts.entries()) client.send(dataFrame(1, part, ended && i === parts.length - 1));
  worker.settle();
  worker.bind();
  return { worker, client, endpoint: worker.endpoint() };
}

function trailers(status: number): readonly TestField[] {
  return [['grpc-status', String(status)]];
}

/** What a peer is sent as one message: its fields, content and trailers, and whether it has ended. */
function messageOf(peer: TestPeer, frames: readonly TestFrame[]) {
  const blocks = frames.filter(({ type }) => type === 1).map((frame) => peer.fieldsOf(frame));
  const content = frames.filter(({ type }) => type === 0).map(({ payload }) => Buffer.from(payload).toString('latin1'));
  const last = frames.at(-1);
  return { blocks, content: content.join(''), ended: last !== undefined && (last.flags & 1) !== 0 };
}

function counted({ worker }: Site, counter: number): number {
  return worker.world.stats.counter(SERVICE_SCOPE, counter);
}

function assertNothingKept({ worker }: Site): void {
  const { net } = worker.world;
  assert.equal(net.keptBlocks.usedCount, 0);
  assert.equal(net.smallBlocks.usedCount, 0);
  assert.equal(net.blocks.usedCount, 0);
}

describe('a call whose classifier goes by grpc-status', () => {
  test('is held until its trailers, and then passes on as it came', () => {
    const site = begin(GRPC, CALL, ['ask']);
    const { worker, client, endpoint } = site;
    endpoint.messages();
    endpoint.send(endpoint.headers(1, HEAD, false), dataFrame(1, 'one', false));
    worker.settle();
    endpoint.send(dataFrame(1, 'two', false));
    worker.settle();
    assert.deepEqual(client.messages(), []);
    endpoint.send(endpoint.headers(1, trailers(0), true));
    worker.settle();
    const { blocks, content, ended } = messageOf(client, client.messages());
    assert.equal(content, 'onetwo');
    assert.deepEqual(blocks[0]?.slice(-1), [['content-type', 'application/grpc']]);
    assert.deepEqual(blocks[1], [...trailers(0), ['l5d-success-class', '1.0']]);
    assert.ok(ended);
    assertNothingKept(site);
  });

  test('has its own status when it passes on, whatever others were answered meanwhile', () => {
    const { worker, client, endpoint } = begin(GRPC, CALL, ['ask']);
    client.send(client.headers(3, GET, true));
    worker.settle();
    endpoint.send(endpoint.headers(1, HEAD, false), endpoint.headers(3, [[':status', '404']], true));
    endpoint.send(endpoint.headers(1, trailers(0), true));
    worker.settle();
    const blocks = client.messages().map((frame) => [frame.id, ...client.fieldsOf(frame).slice(0, 1)]);
    assert.deepEqual(blocks, [
      [3, [':status', '404']],
      [1, [':status', '200']],
      [1, ['grpc-status', '0']],
    ]);
  });

  test('is sent again when it ends with a retryable status: the client sees the second answer alone', () => {
    const site = begin(GRPC, CALL, ['ask']);
    const { worker, client, endpoint } = site;
    endpoint.messages();
    endpoint.send(endpoint.headers(1, HEAD, false), dataFrame(1, 'x', false), endpoint.headers(1, trailers(14), true));
    worker.settle();
    assert.deepEqual(client.messages(), []);
    const again = messageOf(endpoint, endpoint.messages());
    assert.deepEqual([again.blocks[0]?.slice(0, 4), again.content, again.ended], [POST, 'ask', true]);
    endpoint.send(endpoint.headers(3, HEAD, false), dataFrame(3, 'y', false), endpoint.headers(3, trailers(0), true));
    worker.settle();
    const { blocks, content } = messageOf(client, client.messages());
    assert.deepEqual([blocks.length, content], [2, 'y']);
    assert.equal(counted(site, COUNTER.retriesTotal), 1);
    assertNothingKept(site);
  });

  test('is sent again at once when its head has the status', () => {
    const { worker, client, endpoint } = begin(GRPC, CALL, ['ask']);
    endpoint.messages();
    endpoint.send(endpoint.headers(1, [...HEAD, ...trailers(14)], true));
    worker.settle();
    assert.equal(messageOf(endpoint, endpoint.messages()).content, 'ask');
    assert.deepEqual(client.messages(), []);
  });

  test('is not held while its request goes on: who talks waits for the other', () => {
    const { worker, client, endpoint } = begin(GRPC, CALL, ['ask'], false);
    endpoint.send(endpoint.headers(1, HEAD, false), dataFrame(1, 'one', false));
    worker.settle();
    assert.equal(messageOf(client, client.messages()).content, 'one');
  });

  test('passes on when its verdict does not come in time', () => {
    const site = begin(GRPC, CALL, ['ask']);
    const { worker, client, endpoint } = site;
    endpoint.send(endpoint.headers(1, HEAD, false), dataFrame(1, 'one', false));
    worker.settle();
    worker.world.turn(90);
    assert.deepEqual(client.messages(), []);
    worker.world.turn(20);
    assert.equal(messageOf(client, client.messages()).content, 'one');
    assert.equal(counted(site, COUNTER.retriesClassificationTimeout), 1);
    endpoint.send(dataFrame(1, 'two', false), endpoint.headers(1, trailers(14), true));
    worker.settle();
    const { blocks, content } = messageOf(client, client.messages());
    assert.deepEqual([blocks[0], content], [[...trailers(14), ['l5d-success-class', '0.0']], 'two']);
    assert.equal(counted(site, COUNTER.retriesTotal), 0);
    assertNothingKept(site);
  });

  for (const [bytes, held] of [
    [16_383, true],
    [16_384, false],
  ] as const) {
    test(`with ${bytes} bytes of content is ${held ? '' : 'not '}held`, () => {
      const site = begin(GRPC, CALL, ['ask']);
      const { worker, client, endpoint } = site;
      const content = 'abcdefg'.repeat(3000).slice(0, bytes);
      endpoint.send(endpoint.headers(1, HEAD, false), dataFrame(1, content.slice(0, 9000), false));
      worker.settle();
      endpoint.send(dataFrame(1, content.slice(9000), false));
      worker.settle();
      assert.equal(messageOf(client, client.messages()).content, held ? '' : content);
      assert.equal(counted(site, COUNTER.retriesResponseStreamTooLong), held ? 0 : 1);
      endpoint.send(endpoint.headers(1, trailers(0), true));
      worker.settle();
      const after = messageOf(client, client.messages());
      assert.deepEqual([after.content, after.ended], [held ? content : '', true]);
      assertNothingKept(site);
    });
  }

  test('that fills a window smaller than responseBytes passes on, and the window is given back', () => {
    const site = begin(`${GRPC}\n  client: {initialStreamWindowBytes: 1000, windowUpdateRatio: 0.5}`, CALL, ['ask']);
    const { worker, client, endpoint } = site;
    endpoint.frames();
    endpoint.send(endpoint.headers(1, HEAD, false), dataFrame(1, 'x'.repeat(999), false));
    worker.settle();
    assert.deepEqual([client.messages(), endpoint.frames()], [[], []]);
    endpoint.send(dataFrame(1, 'y', false));
    worker.settle();
    assert.equal(messageOf(client, client.messages()).content, `${'x'.repeat(999)}y`);
    const grants = endpoint.frames().filter(({ type, id }) => type === FRAME_WINDOW_UPDATE && id === 1);
    assert.deepEqual(
      grants.map(({ payload }) => readUint31(payload, 0)),
      [1000],
    );
    assertNothingKept(site);
  });

  test('that is cut while it is held fails as if nothing had come', () => {
    const site = begin(GRPC, CALL, ['ask']);
    const { worker, client, endpoint } = site;
    endpoint.send(endpoint.headers(1, HEAD, false), dataFrame(1, 'one', false));
    worker.settle();
    endpoint.send(frameBytes(RST_STREAM, 0, 1, Uint8Array.of(0, 0, 0, 2)));
    worker.settle();
    assert.deepEqual(client.frames().map(showFrame), ['RST_STREAM 1 +4']);
    assertNothingKept(site);
  });

  test('whose client goes while it is held is cancelled', () => {
    const site = begin(GRPC, CALL, ['ask']);
    const { worker, client, endpoint } = site;
    endpoint.send(endpoint.headers(1, HEAD, false), dataFrame(1, 'one', false));
    worker.settle();
    endpoint.frames();
    client.send(frameBytes(RST_STREAM, 0, 1, CANCEL));
    worker.settle();
    const [reset] = endpoint.frames();
    assert.deepEqual([reset?.type, reset?.id], [RST_STREAM, 1]);
    assertNothingKept(site);
  });

  test('that keeps coming alike is recognised, held, and sent again all the same', () => {
    const { worker, client, endpoint } = begin(GRPC, CALL, ['ask']);
    let id = 1;
    for (let round = 0; round < 12; round++) {
      const status = round % 3 === 0 ? 14 : 0;
      endpoint.messages();
      endpoint.send(
        endpoint.headers(id, HEAD, false),
        dataFrame(id, 'x', false),
        endpoint.headers(id, trailers(status), true),
      );
      worker.settle();
      if (status === 14) {
        assert.deepEqual(client.messages(), [], `round ${round}`);
      } else {
        const { blocks, content } = messageOf(client, client.messages());
        assert.deepEqual([blocks.length, content], [2, 'x'], `round ${round}`);
        assert.deepEqual(blocks[1]?.slice(0, 1), trailers(0));
        const next = 2 * round + 101;
        client.send(client.headers(next, CALL, false), dataFrame(next, 'ask', true));
        worker.settle();
      }
      id += 2;
    }
  });
});

describe('a classifier by status holds nothing', () => {
  test('and has a 5xx sent again while its response runs out', () => {
    const site = begin('  service: {responseClassifier: {kind: io.l5d.h2.retryableRead5XX}}', GET);
    const { worker, client, endpoint } = site;
    endpoint.messages();
    endpoint.send(endpoint.headers(1, [[':status', '503']], false), dataFrame(1, 'sorry', true));
    worker.settle();
    assert.deepEqual(
      endpoint
        .frames()
        .map(showFrame)
        .map((text) => text.split(' ')[0]),
      ['HEADERS'],
    );
    assert.deepEqual(client.messages(), []);
    endpoint.send(endpoint.headers(3, [[':status', '200']], false), dataFrame(3, 'fine', false));
    worker.settle();
    assert.equal(messageOf(client, client.messages()).content, 'fine');
    assert.equal(counted(site, COUNTER.retriesTotal), 1);
  });

  test('and resets the stream of a response that does not run out in time', () => {
    const site = begin('  service: {responseClassifier: {kind: io.l5d.h2.retryableRead5XX}}', GET);
    const { worker, endpoint } = site;
    endpoint.send(endpoint.headers(1, [[':status', '503']], false));
    worker.settle();
    endpoint.frames();
    endpoint.send(dataFrame(1, 'x'.repeat(10_000), false));
    worker.settle();
    assert.deepEqual(endpoint.frames(), []);
    worker.world.turn(1010);
    const resets = endpoint.frames().filter(({ type }) => type === RST_STREAM);
    assert.deepEqual(
      resets.map(({ id }) => id),
      [1],
    );
    // What was on its way is the connection's to grant again.
    endpoint.send(dataFrame(1, 'x'.repeat(10_000), true));
    worker.settle();
  });

  test('and leaves a POST alone', () => {
    const { worker, client, endpoint } = begin(
      '  service: {responseClassifier: {kind: io.l5d.h2.retryableRead5XX}}',
      POST,
    );
    endpoint.send(endpoint.headers(1, [[':status', '503']], true));
    worker.settle();
    assert.equal(messageOf(client, client.messages()).blocks.length, 1);
  });
});

describe('the bound of what is kept and held', () => {
  const CROWD = 40;
  const BLOCKS = 16;

  /** Calls of a crowd, each on a stream of its own, with the same body. */
  function beginCrowd(body: string): Site {
    const worker = new H2Worker(GRPC, '', { h2KeptBytesMax: BLOCKS * 4096 });
    const client = worker.connect();
    for (let i = 0; i < CROWD; i++)
      client.send(client.headers(2 * i + 1, CALL, false), dataFrame(2 * i + 1, body, true));
    worker.settle();
    worker.bind();
    return { worker, client, endpoint: worker.endpoint() };
  }

  test('responses beyond it pass on at once', () => {
    const site = beginCrowd('ask');
    const { worker, client, endpoint } = site;
    for (let i = 0; i < CROWD; i++)
      endpoint.send(endpoint.headers(2 * i + 1, HEAD, false), dataFrame(2 * i + 1, 'x', false));
    worker.settle();
    const { usedCount } = worker.world.net.keptBlocks;
    assert.ok(usedCount >= BLOCKS && usedCount <= BLOCKS + 1);
    assert.equal(messageOf(client, client.messages()).content.length, CROWD - usedCount);
    const met = worker.world.stats.counter(LIMITS_SCOPE, LIMIT_COUNTER.h2KeptBytesMax);
    assert.equal(met, CROWD - usedCount);
    for (let i = 0; i < CROWD; i++) endpoint.send(endpoint.headers(2 * i + 1, trailers(0), true));
    worker.settle();
    assert.equal(messageOf(client, client.messages()).content.length, usedCount);
    assertNothingKept(site);
  });

  test('requests beyond it are not sent again', () => {
    const body = 'b'.repeat(5000);
    const site = beginCrowd(body);
    const { worker, client, endpoint } = site;
    endpoint.send(frameBytes(FRAME_WINDOW_UPDATE, 0, 0, Uint8Array.from(uint32(2 * CROWD * body.length))));
    worker.settle();
    endpoint.messages();
    const sentAgain = new Set<number>();
    for (let i = 0; i < CROWD; i++) endpoint.send(endpoint.headers(2 * i + 1, [...HEAD, ...trailers(14)], true));
    worker.settle();
    const again = endpoint.messages();
    for (const { id } of again) sentAgain.add(id);
    assert.equal(sentAgain.size, BLOCKS / 2);
    assert.equal(messageOf(endpoint, again).content, body.repeat(sentAgain.size));
    assert.equal(messageOf(client, client.messages()).blocks.length, CROWD - sentAgain.size);
    for (const id of sentAgain) endpoint.send(endpoint.headers(id, [...HEAD, ...trailers(0)], true));
    worker.settle();
    assertNothingKept(site);
  });
});
