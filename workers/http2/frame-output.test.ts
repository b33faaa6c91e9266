/**
 * What a connection sends in a tick: gathered, copied, or from where it was received, and in how many system calls. With
 * sockets that take less than all, see frame-output-model.test.ts.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SendWindow } from '../../core/http2/flow-control.ts';
import { FRAME_HEADER_BYTES } from '../../core/http2/frame.ts';
import { FLAG_END_HEADERS, FLAG_END_STREAM } from '../../core/http2/frame-flags.ts';
import {
  FRAME_CONTINUATION,
  FRAME_DATA,
  FRAME_GOAWAY,
  FRAME_HEADERS,
  FRAME_PING,
  FRAME_RST_STREAM,
  FRAME_SETTINGS,
  FRAME_WINDOW_UPDATE,
} from '../../core/http2/frame-types.ts';
import { Piece } from '../http1/field-lines.ts';
import { TestNet } from '../net/test-net.ts';
import { EPOLLOUT } from '../os/epoll.ts';
import { TestOutput } from './test-output.ts';
import { framesIn, showFrame, type TestFrame } from './test-wire.ts';

const MAX_FRAME_BYTES = 16384;

const world = new TestNet();
const { net, sockets } = world;
const { bytes } = net;
/** Content that is not in the read buffer. */
const contentAt = world.take(65536);

function fill(at: number, byteLength: number, seed: number): Uint8Array {
  for (let i = 0; i < byteLength; i++) bytes[at + i] = (seed + i * 7) & 255;
  return bytes.slice(at, at + byteLength);
}

/** All that a connection sends, as its socket takes it little by little. */
function sent(output: TestOutput): TestFrame[] {
  world.turn();
  for (let i = 0; i < 10_000 && output.output !== null && !output.closed; i++) output.onReady(EPOLLOUT);
  world.turn();
  return framesIn(sockets.sentBy(output.fd));
}

function shown(output: TestOutput): string[] {
  return sent(output).map(showFrame);
}

/** Where a recv puts frames, one behind the other; @returns where the content of each lies */
function receiveFrames(...sizes: readonly number[]): number[] {
  let at = net.readAt;
  return sizes.map((size, i) => {
    const content = at + FRAME_HEADER_BYTES;
    fill(content, size, i);
    at = content + size;
    return content;
  });
}

function usedBlocks(): number {
  return net.blocks.usedCount;
}

describe('small frames', () => {
  test('what all streams have to say in a tick leaves in one send, and the connection then owns no block', () => {
    const output = new TestOutput(world);
    fill(contentAt, 8, 1);
    output.acknowledge();
    output.writeReset(1, 8);
    output.writeWindow(0, 70000);
    output.ping(7);
    output.answerPing(contentAt);
    output.data(3, contentAt, 100);
    output.leave(5, 11, 'enough\n');
    assert.equal(usedBlocks(), 1);
    output.due = 9;
    const before = sockets.sends.length;
    const frames = sent(output);
    assert.deepEqual(
      frames.map(({ type, id }) => [type, id]),
      [
        [FRAME_SETTINGS, 0],
        [FRAME_RST_STREAM, 1],
        [FRAME_WINDOW_UPDATE, 0],
        [FRAME_PING, 0],
        [FRAME_PING, 0],
        [FRAME_DATA, 3],
        [FRAME_GOAWAY, 0],
        [FRAME_WINDOW_UPDATE, 0],
      ],
    );
    assert.deepEqual([...(frames[7] as TestFrame).payload], [0, 0, 0, 9]);
    assert.equal(Buffer.from((frames[6] as TestFrame).payload.subarray(8)).toString(), 'enough?');
    assert.equal(sockets.sends.length - before, 1);
    assert.equal(usedBlocks(), 0);
  });

  test('a text for GOAWAY is cut at 200 characters', () => {
    const output = new TestOutput(world);
    output.leave(0, 0, 'x'.repeat(5000));
    assert.deepEqual(shown(output), ['GOAWAY 0 +208']);
  });

  test('more than a block holds: what is there goes first, and the tick goes on', () => {
    const output = new TestOutput(world);
    const count = Math.ceil(net.blocks.blockBytes / 13) + 10;
    for (let i = 0; i < count; i++) output.writeWindow(0, i + 1);
    assert.equal(usedBlocks(), 1);
    const frames = sent(output);
    assert.deepEqual(
      frames.map(({ payload }) => Buffer.from(payload).readUInt32BE()),
      Array.from({ length: count }, (_, i) => i + 1),
    );
  });
});

describe('DATA', () => {
  test('short content is copied: where it lay may be used again at once', () => {
    const output = new TestOutput(world);
    const content = fill(contentAt, 2048, 3);
    output.data(1, contentAt, 2048, true);
    bytes.fill(0, contentAt, contentAt + 2048);
    const [frame] = sent(output);
    assert.deepEqual(frame, { type: FRAME_DATA, flags: FLAG_END_STREAM, id: 1, payload: content });
    assert.equal(output.dataSent, 1);
  });

  test('an empty frame ends a stream, and is no DATA with content', () => {
    const output = new TestOutput(world);
    output.data(1, contentAt, 0, true);
    assert.deepEqual(shown(output), ['DATA 1 +0 flags 1']);
    assert.equal(output.dataSent, 0);
  });

  test('frames as they were received, one behind the other, leave in one call, behind what was gathered before them', () => {
    const output = new TestOutput(world);
    output.writeReset(9, 0);
    const before = sockets.sends.length;
    const sizes = [5000, 16384, 3000];
    for (const [i, at] of receiveFrames(...sizes).entries()) output.data(5, at, sizes[i] as number, false, true);
    assert.equal(sockets.sends.length, before);
    net.flushRun();
    assert.equal(sockets.sends.length, before + 1);
    assert.deepEqual(shown(output), ['RST_STREAM 9 +4', 'DATA 5 +5000', 'DATA 5 +16384', 'DATA 5 +3000']);
  });

  test('a frame of another place, or something else to say, comes behind the ones before', () => {
    const output = new TestOutput(world);
    const [first = 0, second = 0, third = 0] = receiveFrames(5000, 5000, 5000);
    output.data(1, first, 5000, false, true);
    output.data(3, third, 5000, false, true);
    output.writeWindow(1, 7);
    output.data(5, second, 5000, true, true);
    output.data(1, contentAt, 3000);
    output.ping(1);
    assert.deepEqual(shown(output), [
      'DATA 1 +5000',
      'DATA 3 +5000',
      'WINDOW_UPDATE 1 +4',
      'DATA 5 +5000 flags 1',
      'DATA 1 +3000',
      'PING 0 +8',
    ]);
  });

  test('content that is longer than the peer takes in a frame is cut, and ends with its last part', () => {
    for (const inPlace of [true, false]) {
      const output = new TestOutput(world);
      const [at = 0] = receiveFrames(40000);
      const content = bytes.slice(at, at + 40000);
      output.data(1, at, 40000, true, inPlace);
      const frames = sent(output);
      assert.deepEqual(frames.map(showFrame), ['DATA 1 +16384', 'DATA 1 +16384', 'DATA 1 +7232 flags 1']);
      assert.deepEqual(Buffer.concat(frames.map(({ payload }) => payload)), Buffer.from(content));
      assert.equal(output.dataSent, 1);
    }
  });

  test('two connections that send out of the read buffer: the first goes before the second begins', () => {
    const [one, two] = [new TestOutput(world), new TestOutput(world)];
    const [first = 0, second = 0] = receiveFrames(5000, 6000);
    one.data(1, first, 5000, false, true);
    const before = sockets.sends.length;
    two.data(1, second, 6000, false, true);
    assert.equal(sockets.sends.length, before + 1);
    assert.deepEqual(sockets.sends.at(-1)?.fd, one.fd);
    net.flushRun();
    bytes.fill(0, first - FRAME_HEADER_BYTES, second + 6000);
    assert.deepEqual([shown(one), shown(two)], [['DATA 1 +5000'], ['DATA 1 +6000']]);
  });
});

describe('what may be sent', () => {
  test('the least of what is wanted, the windows, and nothing while the socket is behind', () => {
    const output = new TestOutput(world);
    const stream = new SendWindow();
    const may = (connection: number, own: number, wanted: number) => {
      output.sendWindow.reset(connection);
      stream.reset(own);
      return output.sendableBytes(stream, wanted);
    };
    assert.deepEqual([may(10, 20, 30), may(20, 10, 30), may(20, 30, 10)], [10, 10, 10]);
    assert.deepEqual([may(0, 5, 5), may(5, -5, 5), may(-5, 5, 5)], [0, 0, 0]);
    sockets.takes = [0];
    const { pendingBytesMax } = net.limits;
    output.write(contentAt, 1);
    for (let left = pendingBytesMax - 2; left > 0; left -= 65536) output.write(contentAt, Math.min(left, 65536));
    assert.equal(may(10, 10, 10), 10);
    output.write(contentAt, 1);
    assert.equal(may(10, 10, 10), 0);
    output.reset();
  });

  test('DATA count against both windows', () => {
    const output = new TestOutput(world);
    const stream = new SendWindow();
    output.sendWindow.reset(50000);
    stream.reset(40000);
    output.writeData(1, stream, contentAt, 39999, false, false);
    assert.deepEqual([output.sendWindow.available, stream.available], [10001, 1]);
    output.reset();
  });
});

describe('header blocks', () => {
  const BLOCKS: readonly (readonly [byteLength: number, endStream: boolean, frames: readonly string[]])[] = [
    [0, false, ['HEADERS 7 +0 flags 4']],
    [1, true, ['HEADERS 7 +1 flags 5']],
    [MAX_FRAME_BYTES, false, ['HEADERS 7 +16384 flags 4']],
    [MAX_FRAME_BYTES + 1, true, ['HEADERS 7 +16384 flags 1', 'CONTINUATION 7 +1 flags 4']],
    [2 * MAX_FRAME_BYTES, false, ['HEADERS 7 +16384', 'CONTINUATION 7 +16384 flags 4']],
    [40000, true, ['HEADERS 7 +16384 flags 1', 'CONTINUATION 7 +16384', 'CONTINUATION 7 +7232 flags 4']],
  ];
  for (const [byteLength, endStream, expected] of BLOCKS) {
    test(`${byteLength} bytes, behind other frames`, () => {
      const output = new TestOutput(world);
      const block = fill(contentAt, byteLength, 5);
      output.ping(1);
      output.writeBlock(7, contentAt, byteLength, endStream);
      bytes.fill(0, contentAt, contentAt + byteLength);
      const [, ...frames] = sent(output);
      assert.deepEqual(frames.map(showFrame), expected);
      assert.deepEqual(Buffer.concat(frames.map(({ payload }) => payload)), Buffer.from(block));
    });
  }

  test('blocks of memory smaller than a frame bound it', () => {
    const small = new TestNet({}, 2 * 1024 * 1024, 6144);
    assert.equal(small.net.blocks.blockBytes, 8192);
    const output = new TestOutput(small);
    output.writeBlock(1, small.take(20000), 20000, true);
    small.turn();
    const frames = framesIn(small.sockets.sentBy(output.fd));
    assert.deepEqual(
      frames.map(({ type, payload }) => [type, payload.length]),
      [
        [FRAME_HEADERS, 8183],
        [FRAME_CONTINUATION, 8183],
        [FRAME_CONTINUATION, 3634],
      ],
    );
    assert.deepEqual(
      frames.map(({ flags }) => flags),
      [FLAG_END_STREAM, 0, FLAG_END_HEADERS],
    );
  });

  test('a prepared one is a frame', () => {
    const output = new TestOutput(world);
    output.writePiece(3, new Piece(Uint8Array.of(0x88, 0x84)), false);
    output.writePiece(5, new Piece(Uint8Array.of(0x88)), true);
    assert.deepEqual(
      sent(output).map(({ flags, id, payload }) => [flags, id, ...payload]),
      [
        [FLAG_END_HEADERS, 3, 0x88, 0x84],
        [FLAG_END_HEADERS | FLAG_END_STREAM, 5, 0x88],
      ],
    );
  });
});
