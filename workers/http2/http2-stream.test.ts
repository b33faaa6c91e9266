/**
 * Content on its way out of a stream: what goes at once, what waits, and that all of it goes in the end, in order. What is
 * written from memory that is used again must have left it by then: it would be one client's content in another's.
 *
 *     model:   the bytes that were written to each stream
 *
 * WEFT_FUZZ_CASES sets the number of cases, WEFT_FUZZ_SEED repeats a run.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { FLAG_END_STREAM } from '../../core/http2/frame-flags.ts';
import { FRAME_DATA, FRAME_HEADERS } from '../../core/http2/frame-types.ts';
import { HALF_CLOSED_LOCAL, OPEN, RESET_BY_US } from '../../core/http2/stream-state.ts';
import { LIMIT_COUNTER, LIMITS_SCOPE } from '../../core/shared/stats.ts';
import { TestNet } from '../net/test-net.ts';
import { EPOLLOUT } from '../os/epoll.ts';
import { TestConnection, type TestStream, testEndpoint } from './test-connection.ts';
import { framesIn, type TestFrame } from './test-wire.ts';

const { WEFT_FUZZ_CASES = '300', WEFT_FUZZ_SEED = String(Date.now() % 2147483647) } = process.env;
const RUN = { seed: Number(WEFT_FUZZ_SEED), numRuns: Number(WEFT_FUZZ_CASES) };
const QUEUED_BYTES_MAX = 200_000;
const PENDING_BYTES_MAX = 100_000;

const world = new TestNet({ h2QueuedBytesMax: QUEUED_BYTES_MAX, pendingBytesMax: PENDING_BYTES_MAX });
const { net, sockets } = world;
const { bytes } = net;
const endpoint = testEndpoint(world);
const contentAt = world.take(65536);

function fill(at: number, byteLength: number, seed: number): Uint8Array {
  for (let i = 0; i < byteLength; i++) bytes[at + i] = (seed + i * 13) & 255;
  return bytes.slice(at, at + byteLength);
}

function open(windowBytes = 65535): { connection: TestConnection; stream: TestStream } {
  const connection = new TestConnection(world, endpoint);
  connection.sendWindow.reset(1 << 30);
  const stream = connection.openStream();
  stream.sendWindow.reset(windowBytes);
  return { connection, stream };
}

function sent(connection: TestConnection): TestFrame[] {
  world.turn();
  for (let i = 0; i < 1000 && connection.output !== null; i++) connection.onReady(EPOLLOUT);
  world.turn();
  return framesIn(sockets.sentBy(connection.fd));
}

function contentOf(frames: readonly TestFrame[], id: number): Buffer {
  const data = frames.filter((frame) => frame.type === FRAME_DATA && frame.id === id);
  return Buffer.concat(data.map(({ payload }) => payload));
}

/** A stream gets more room to send. */
function widen(connection: TestConnection, stream: TestStream, increment: number): void {
  stream.sendWindow.update(increment, false);
  stream.pump();
  assert.ok(!connection.closed);
}

describe('what lay in memory that is used again', () => {
  const WAYS: readonly (readonly [string, (stream: TestStream, at: number, byteLength: number) => void])[] = [
    ['written', (stream, at, byteLength) => void stream.write(at, byteLength)],
    ['written as received over HTTP/1', (stream, at, byteLength) => void stream.writeReceived(at, byteLength)],
    ['sent as content', (stream, at, byteLength) => void stream.sendContent(at, byteLength, false, false)],
  ];
  for (const [name, write] of WAYS) {
    for (const byteLength of [1, 2048, 2049, 5000, 40000, 65536]) {
      test(`${byteLength} bytes ${name} have left it when the call returns`, () => {
        const { connection, stream } = open();
        const content = fill(contentAt, byteLength, 1);
        write(stream, contentAt, byteLength);
        bytes.fill(0, contentAt, contentAt + byteLength);
        world.turn();
        widen(connection, stream, 10);
        assert.deepEqual(contentOf(sent(connection), stream.id), Buffer.from(content));
        connection.close();
      });
    }
  }
});

describe('content that waits', () => {
  test('for its window: what fits goes, the rest behind it as the window opens, and the source hears of it', () => {
    const { connection, stream } = open(100);
    fill(contentAt, 300, 1);
    assert.equal(stream.sendContent(contentAt, 300, true, false), 100);
    assert.deepEqual([stream.outputBytes, connection.queuedBytes, stream.takenBytes], [200, 200, 0]);
    widen(connection, stream, 150);
    assert.deepEqual([stream.outputBytes, connection.queuedBytes, stream.takenBytes], [50, 50, 150]);
    widen(connection, stream, 1000);
    assert.deepEqual([stream.outputBytes, connection.queuedBytes, stream.takenBytes], [0, 0, 200]);
    const frames = sent(connection);
    assert.deepEqual(
      frames.map(({ flags, payload }) => [flags, payload.length]),
      [
        [0, 100],
        [0, 150],
        [FLAG_END_STREAM, 50],
      ],
    );
    assert.equal(stream.state, HALF_CLOSED_LOCAL);
    connection.close();
  });

  test('trailers, and an end that is said later, come behind it', () => {
    for (const trailers of [true, false]) {
      const { connection, stream } = open(10);
      stream.sendContent(contentAt, 20, false, false);
      bytes[contentAt] = 0x88;
      if (trailers) stream.sendTrailers(contentAt, 1);
      else stream.sendContent(0, 0, true, false);
      bytes[contentAt] = 0;
      widen(connection, stream, 100);
      const [, , last] = sent(connection);
      assert.equal(contentOf(sent(connection), stream.id).length, 0);
      assert.equal(last?.type, trailers ? FRAME_HEADERS : undefined);
      if (trailers) assert.deepEqual([last?.flags, ...(last?.payload ?? [])], [5, 0x88]);
      assert.equal(stream.state, HALF_CLOSED_LOCAL);
      connection.close();
    }
  });

  test('for too long: the receiver is given up, and nothing is left of it', () => {
    const { connection, stream } = open(0);
    stream.sendContent(contentAt, 1000, false, false);
    const met = () => world.stats.counter(LIMITS_SCOPE, LIMIT_COUNTER.bodyIdleTimeoutMs);
    const before = met();
    world.turn(net.limits.bodyIdleTimeoutMs + 50);
    assert.deepEqual([stream.events, met() - before], [['stalled', 'ended'], 1]);
    assert.deepEqual([stream.state, connection.queuedBytes], [RESET_BY_US, 0]);
    connection.close();
    world.turn();
    assert.equal(net.blocks.usedCount, 0);
  });

  test('more than a connection may hold: the stream that goes beyond is reset, and the others have their room back', () => {
    const { connection, stream } = open(0);
    const other = connection.openStream();
    other.sendWindow.reset(0);
    const met = () => world.stats.counter(LIMITS_SCOPE, LIMIT_COUNTER.h2QueuedBytesMax);
    const before = met();
    for (let i = 0; i < 3; i++) stream.sendContent(contentAt, 60_000, false, false);
    other.sendContent(contentAt, 60_000, false, false);
    assert.deepEqual([other.events, met() - before], [['stalled', 'ended'], 1]);
    assert.deepEqual([stream.events, connection.queuedBytes], [[], 180_000]);
    for (let i = 0; i < 10; i++) {
      const next = connection.openStream();
      next.sendWindow.reset(0);
      next.sendContent(contentAt, 20_000, false, false);
      assert.deepEqual(next.events, [], 'it has as much room as the first of them had');
      next.cancelStream();
      assert.equal(connection.queuedBytes, 180_000);
    }
    connection.close();
  });

  test('without a block left the stream is reset, and what was counted for it is taken back', () => {
    const blocks: number[] = [];
    for (let block = net.blocks.take(); block !== 0; block = net.blocks.take()) blocks.push(block);
    net.blocks.give(blocks.pop() as number);
    net.blocks.give(blocks.pop() as number);
    const { connection, stream } = open(0);
    stream.sendContent(contentAt, 65536, false, false);
    assert.deepEqual([stream.events, connection.queuedBytes], [['stalled', 'ended'], 0]);
    for (const block of blocks) net.blocks.give(block);
    connection.close();
    world.turn();
    assert.equal(net.blocks.usedCount, 0);
  });
});

const STREAMS = 3;
const which = fc.nat(STREAMS - 1);
const size = fc.oneof(fc.nat(100), fc.nat(5000), fc.nat(60_000));
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('content'), which, size, ends: fc.boolean() }) },
  fc.record({ kind: fc.constantFrom('trailers', 'cancel'), which, size: fc.constant(0), ends: fc.constant(true) }),
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('window'), which, size, ends: fc.constant(false) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('connection window', 'turn', 'drain', 'takes'),
      which,
      size,
      ends: fc.constant(false),
    }),
  },
);

/** One run: a connection, its streams, and what was written to each of them. */
class Model {
  readonly connection = new TestConnection(world, endpoint);
  readonly streams = Array.from({ length: STREAMS }, () => this.connection.openStream());
  readonly written = this.streams.map((): number[] => []);
  readonly taken = this.streams.map(() => 0);
  readonly ended = this.streams.map(() => false);
  #seed = 0;

  constructor() {
    this.connection.sendWindow.reset(30_000);
    for (const stream of this.streams) stream.sendWindow.reset(10_000);
  }

  step(kind: string, which: number, size: number, ends: boolean): void {
    const stream = this.streams[which] as TestStream;
    switch (kind) {
      case 'content':
        if (this.ended[which] || stream.isEnded) return;
        this.written[which]?.push(...fill(contentAt, size, this.#seed++));
        this.taken[which] = (this.taken[which] ?? 0) + stream.sendContent(contentAt, size, ends, false);
        this.ended[which] = ends;
        bytes.fill(0xee, contentAt, contentAt + size);
        break;
      case 'trailers':
        if (this.ended[which] || stream.isEnded) return;
        stream.sendTrailers(contentAt, 20);
        this.ended[which] = true;
        break;
      case 'cancel':
        if (this.#seed % 4 === 0) stream.cancelStream();
        break;
      case 'window':
        widen(this.connection, stream, size + 1);
        break;
      case 'connection window':
        this.connection.widen(size + 1);
        break;
      case 'takes':
        sockets.takes = [size, 0];
        break;
      case 'turn':
        world.turn();
        break;
      default:
        this.connection.onReady(EPOLLOUT);
    }
    const waiting = this.streams.map(({ outputBytes }) => outputBytes).reduce((a, b) => a + b);
    assert.equal(this.connection.queuedBytes, waiting);
    assert.ok(waiting <= QUEUED_BYTES_MAX);
  }

  /** Everybody takes everything. */
  end(): void {
    sockets.takes = [];
    this.connection.widen(100_000_000);
    for (const stream of this.streams) widen(this.connection, stream, 100_000_000);
    const frames = sent(this.connection);
    for (const [i, stream] of this.streams.entries()) {
      const content = contentOf(frames, stream.id);
      const written = Buffer.from(this.written[i] ?? []);
      const cancelled = stream.state === RESET_BY_US;
      assert.deepEqual(content, cancelled ? written.subarray(0, content.length) : written);
      if (!cancelled) assert.equal((this.taken[i] ?? 0) + stream.takenBytes, written.length);
      const ends = frames.filter(
        ({ id, type, flags }) => id === stream.id && type <= FRAME_HEADERS && (flags & 1) !== 0,
      );
      assert.equal(ends.length, this.ended[i] && !cancelled ? 1 : ends.length);
      assert.ok(cancelled || stream.state === (this.ended[i] ? HALF_CLOSED_LOCAL : OPEN));
    }
    this.connection.close();
    world.turn();
    assert.equal(net.blocks.usedCount, 0);
  }
}

test('whatever is sent on several streams, with whatever windows and sockets', (t) => {
  t.diagnostic(`WEFT_FUZZ_SEED=${RUN.seed} WEFT_FUZZ_CASES=${RUN.numRuns}`);
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
      const model = new Model();
      for (const { kind, which: at, size: byteLength, ends } of steps) model.step(kind, at, byteLength, ends);
      model.end();
    }),
    RUN,
  );
});
