/**
 * What two connections send, however little of it their sockets take at a time: every frame once, whole, in the order in
 * which it was written, whatever lies in the read buffer afterwards. And what is left of a connection that ends: nothing.
 *
 *     model:   the frames that were written, one by one
 *
 * WEFT_FUZZ_CASES sets the number of cases, WEFT_FUZZ_SEED repeats a run.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { FRAME_HEADER_BYTES } from '../../core/http2/frame.ts';
import { FLAG_END_HEADERS, FLAG_END_STREAM } from '../../core/http2/frame-flags.ts';
import {
  FRAME_CONTINUATION,
  FRAME_DATA,
  FRAME_HEADERS,
  FRAME_PING,
  FRAME_RST_STREAM,
} from '../../core/http2/frame-types.ts';
import { LIMIT_COUNTER, LIMITS_SCOPE } from '../../core/shared/stats.ts';
import { Piece } from '../http1/field-lines.ts';
import { TestNet } from '../net/test-net.ts';
import { EPOLLOUT } from '../os/epoll.ts';
import { EPIPE } from '../os/errno.ts';
import { TestOutput } from './test-output.ts';
import { framesIn, type TestFrame } from './test-wire.ts';

const { WEFT_FUZZ_CASES = '400', WEFT_FUZZ_SEED = String(Date.now() % 2147483647) } = process.env;
const RUN = { seed: Number(WEFT_FUZZ_SEED), numRuns: Number(WEFT_FUZZ_CASES) };
const MAX_FRAME_BYTES = 16384;
const CONNECTIONS = 2;

const world = new TestNet();
const { net, sockets } = world;
const { bytes } = net;
const contentAt = world.take(65536);

type Step =
  | { readonly kind: 'ping' | 'reset'; readonly who: number }
  | { readonly kind: 'received' | 'data' | 'block' | 'piece'; readonly who: number; readonly size: number }
  | { readonly kind: 'gap' | 'recv' | 'turn' | 'drain' }
  | { readonly kind: 'takes'; readonly takes: readonly number[] };

const who = fc.nat(CONNECTIONS - 1);
const size = fc.oneof(fc.nat(60), fc.integer({ min: 2040, max: 2060 }), fc.integer({ min: 2000, max: 40000 }));
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom('ping', 'reset'), who }),
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('received' as const), who, size: fc.oneof(size, fc.constant(5000)) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('data', 'block'), who, size }) },
  fc.record({ kind: fc.constant('piece' as const), who, size: fc.nat(4000) }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('gap', 'recv', 'turn', 'drain') }) },
  fc.record({
    kind: fc.constant('takes' as const),
    takes: fc.array(fc.oneof(fc.constant(0), fc.nat(30), fc.nat(50000)), { maxLength: 4 }),
  }),
);

/** One run: two connections, what they were given to send, and a read buffer that fills and is used again. */
class Model {
  readonly outputs = Array.from({ length: CONNECTIONS }, () => new TestOutput(world));
  readonly written: TestFrame[][] = this.outputs.map(() => []);
  readonly sent: number[][] = this.outputs.map(() => []);
  #receiveAt = net.readAt;
  #seed = 0;

  step(step: Step): void {
    switch (step.kind) {
      case 'takes':
        sockets.takes = [...step.takes];
        break;
      case 'gap':
        this.#receiveAt += 100;
        break;
      case 'recv':
        this.#receiveAnew();
        break;
      case 'turn':
        world.turn();
        this.#receiveAnew();
        break;
      case 'drain':
        for (const output of this.outputs) output.onReady(EPOLLOUT);
        break;
      default:
        this.#write(step);
    }
  }

  #write(step: Exclude<Step, { kind: 'gap' | 'recv' | 'turn' | 'drain' | 'takes' }>): void {
    const output = this.outputs[step.who] as TestOutput;
    const written = this.written[step.who] as TestFrame[];
    const id = 1 + 2 * (this.#seed % 1000);
    switch (step.kind) {
      case 'ping':
        output.ping(id);
        written.push({
          type: FRAME_PING,
          flags: 0,
          id: 0,
          payload: Uint8Array.of(0, 0, 0, 0, 0, 0, id >> 8, id & 255),
        });
        return;
      case 'reset':
        output.writeReset(id, 8);
        written.push({ type: FRAME_RST_STREAM, flags: 0, id, payload: Uint8Array.of(0, 0, 0, 8) });
        return;
      case 'received':
        this.#receive(output, written, id, step.size);
        return;
      case 'data':
        this.#cut(written, FRAME_DATA, id, this.#fill(contentAt, step.size), step.size > 0 ? 0 : FLAG_END_STREAM);
        output.data(id, contentAt, step.size, step.size === 0, false);
        bytes.fill(0xee, contentAt, contentAt + step.size);
        return;
      case 'block':
        this.#cut(written, FRAME_HEADERS, id, this.#fill(contentAt, step.size), FLAG_END_HEADERS);
        output.writeBlock(id, contentAt, step.size, false);
        bytes.fill(0xee, contentAt, contentAt + step.size);
        return;
      case 'piece': {
        const payload = this.#fill(contentAt, step.size);
        output.writePiece(id, new Piece(payload), true);
        written.push({ type: FRAME_HEADERS, flags: FLAG_END_HEADERS | FLAG_END_STREAM, id, payload });
      }
    }
  }

  /** A DATA frame stands in the read buffer, behind the last one, and goes on from there. */
  #receive(output: TestOutput, written: TestFrame[], id: number, byteLength: number): void {
    if (this.#receiveAt + FRAME_HEADER_BYTES + byteLength > net.readAt + net.readBytes) this.#receiveAnew();
    const at = this.#receiveAt + FRAME_HEADER_BYTES;
    this.#receiveAt = at + byteLength;
    this.#cut(written, FRAME_DATA, id, this.#fill(at, byteLength), FLAG_END_STREAM);
    output.data(id, at, byteLength, true, true);
  }

  /** The read buffer is used again: whoever sends out of it has been told to. */
  #receiveAnew(): void {
    net.flushRun();
    bytes.fill(0xdd, net.readAt - FRAME_HEADER_BYTES, net.readAt + net.readBytes);
    this.#receiveAt = net.readAt;
  }

  #fill(at: number, byteLength: number): Uint8Array {
    this.#seed++;
    for (let i = 0; i < byteLength; i++) bytes[at + i] = (this.#seed + i * 11) & 255;
    return bytes.slice(at, at + byteLength);
  }

  /** As a message's content or block is cut to frames. @param flags of the last one */
  #cut(written: TestFrame[], type: number, id: number, payload: Uint8Array, flags: number): void {
    let from = 0;
    do {
      const part = payload.slice(from, from + MAX_FRAME_BYTES);
      const last = from + MAX_FRAME_BYTES >= payload.length;
      const cutType = type === FRAME_HEADERS && from > 0 ? FRAME_CONTINUATION : type;
      written.push({ type: cutType, flags: last ? flags : 0, id, payload: part });
      from += MAX_FRAME_BYTES;
    } while (from < payload.length);
  }

  /** Everything has gone out, and nothing is left behind. */
  end(): void {
    world.turn();
    sockets.takes = [];
    for (const [i, output] of this.outputs.entries()) {
      output.onReady(EPOLLOUT);
      assert.deepEqual(framesIn(sockets.sentBy(output.fd)), this.written[i]);
      assert.deepEqual([output.broken, output.output], [[], null]);
      output.close();
    }
    assert.equal(net.blocks.usedCount, 0);
  }
}

test('whatever is written, in whatever order, and however little the sockets take', (t) => {
  t.diagnostic(`WEFT_FUZZ_SEED=${RUN.seed} WEFT_FUZZ_CASES=${RUN.numRuns}`);
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const model = new Model();
      for (const one of steps) model.step(one);
      model.end();
    }),
    RUN,
  );
});

describe('the end of a connection', () => {
  test('a close sends what is gathered and what is to be sent as received, and leaves nothing', () => {
    const output = new TestOutput(world);
    output.ping(1);
    output.data(1, net.readAt + FRAME_HEADER_BYTES, 5000, false, true);
    output.close();
    assert.equal(framesIn(sockets.sentBy(output.fd)).length, 2);
    net.flushRun();
    world.turn();
    assert.deepEqual([sockets.sentBy(output.fd).length, net.blocks.usedCount], [0, 0]);
  });

  test('a reset sends nothing of it', () => {
    const output = new TestOutput(world);
    output.ping(1);
    output.data(1, net.readAt + FRAME_HEADER_BYTES, 5000, false, true);
    output.reset();
    net.flushRun();
    world.turn();
    assert.deepEqual([sockets.sentBy(output.fd).length, net.blocks.usedCount], [0, 0]);
    assert.ok(sockets.resets.includes(output.fd));
  });

  test('a socket that fails at the end of a tick: the connection learns of it once', () => {
    const output = new TestOutput(world);
    output.ping(1);
    sockets.sendErrno = EPIPE;
    world.turn();
    sockets.sendErrno = 0;
    assert.deepEqual([output.broken, output.closed, net.blocks.usedCount], [[EPIPE], true, 0]);
  });

  test('a socket that fails in the middle of a tick: what is written then goes nowhere, and no block is kept for it', () => {
    const output = new TestOutput(world);
    sockets.sendErrno = EPIPE;
    for (let i = 0; i < 4 * Math.ceil(net.blocks.blockBytes / 17); i++) output.ping(i);
    output.writeBlock(1, contentAt, 40000, true);
    output.data(1, contentAt, 40000, true);
    sockets.sendErrno = 0;
    assert.deepEqual([output.broken, output.closed], [[EPIPE], true]);
    world.turn();
    assert.deepEqual([sockets.sentBy(output.fd).length, net.blocks.usedCount], [0, 0]);
  });

  test('a socket that fails while the connection is closed: once, too', () => {
    const output = new TestOutput(world);
    output.ping(1);
    sockets.sendErrno = EPIPE;
    output.close();
    sockets.sendErrno = 0;
    world.turn();
    assert.deepEqual([output.broken, output.closed, net.blocks.usedCount], [[EPIPE], true, 0]);
  });

  test('without a block left, the frames of a tick are lost, and so is the connection', () => {
    const blocks: number[] = [];
    for (let block = net.blocks.take(); block !== 0; block = net.blocks.take()) blocks.push(block);
    const output = new TestOutput(world);
    const before = world.stats.counter(LIMITS_SCOPE, LIMIT_COUNTER.arenaBytes);
    output.ping(1);
    output.writeBlock(1, contentAt, 40000, true);
    for (const block of blocks) net.blocks.give(block);
    world.turn();
    assert.deepEqual([output.broken, output.closed, net.blocks.usedCount], [[0], true, 0]);
    assert.equal(sockets.sentBy(output.fd).length, 0);
    assert.ok(world.stats.counter(LIMITS_SCOPE, LIMIT_COUNTER.arenaBytes) > before);
  });
});
