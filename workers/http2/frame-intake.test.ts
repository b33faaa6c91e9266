/**
 * Frames out of bytes, however these are cut: the same blocks, the same content, the same answers. And a block as large as it
 * may be stays within the memory that is its own.
 *
 *     | SETTINGS | HEADERS, padded | CONTINUATION | DATA ... | PING | ...       received in pieces
 *
 * WEFT_FUZZ_CASES sets the number of cases, WEFT_FUZZ_SEED repeats a run.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { FLAG_END_HEADERS, FLAG_END_STREAM, FLAG_PADDED, FLAG_PRIORITY } from '../../core/http2/frame-flags.ts';
import {
  FRAME_CONTINUATION,
  FRAME_DATA,
  FRAME_HEADERS,
  FRAME_PING,
  FRAME_SETTINGS,
  FRAME_WINDOW_UPDATE,
} from '../../core/http2/frame-types.ts';
import { bytesOf, TestEncoder, type TestField } from '../../core/http2/hpack/test-codec.ts';
import { TestNet } from '../net/test-net.ts';
import { EPOLLIN } from '../os/epoll.ts';
import { TestConnection, testEndpoint } from './test-connection.ts';
import { frameBytes, framesIn, showFrame } from './test-wire.ts';

const { WEFT_FUZZ_CASES = '300', WEFT_FUZZ_SEED = String(Date.now() % 2147483647) } = process.env;
const RUN = { seed: Number(WEFT_FUZZ_SEED), numRuns: Number(WEFT_FUZZ_CASES) };
const UNKNOWN = 0xbe;
const SETTINGS = frameBytes(FRAME_SETTINGS, 0, 0, new Uint8Array(0));

const world = new TestNet();
const endpoint = testEndpoint(world);

/** What a connection made of bytes. */
interface Outcome {
  readonly blocks: readonly (readonly TestField[])[];
  readonly contents: readonly string[];
  readonly events: readonly (readonly string[])[];
  readonly answers: readonly string[];
  readonly closed: boolean;
}

/** Gives a connection bytes in pieces, each in a turn of its own. */
function receive(input: Uint8Array, cuts: readonly number[], net = world, at = endpoint): Outcome {
  const connection = new TestConnection(net, at);
  let from = 0;
  for (const cut of [...cuts, input.length].sort((a, b) => a - b)) {
    net.sockets.give(connection.fd, input.subarray(from, cut));
    if (!connection.closed) connection.onReady(EPOLLIN);
    net.turn();
    from = cut;
  }
  const { received, opened, closed } = connection;
  const outcome = {
    blocks: [...received],
    contents: opened.map(({ content }) => Buffer.from(content).toString('latin1')),
    events: opened.map(({ events }) => [...events]),
    // When a window is opened depends on when what came is dealt with.
    answers: framesIn(net.sockets.sentBy(connection.fd))
      .filter(({ type }) => type !== FRAME_WINDOW_UPDATE)
      .map(showFrame),
    closed,
  };
  connection.close();
  net.turn();
  return outcome;
}

const encoder = new TestEncoder(0);
encoder.encode([]);

function blockOf(fields: readonly TestField[]): Uint8Array {
  return encoder.encode(fields) ?? assert.fail('no room for a block');
}

/** HEADERS, and CONTINUATIONs when the block is cut. */
function headers(
  id: number,
  block: Uint8Array,
  cuts: readonly number[],
  endStream: boolean,
  padding: number,
): Uint8Array[] {
  const places = [...new Set(cuts.map((cut) => Math.min(cut, block.length)))].sort((a, b) => a - b);
  const parts = [...places, block.length].map((end, i) => block.subarray(i === 0 ? 0 : places[i - 1], end));
  const last = parts.length - 1;
  return parts.map((part, i) => {
    const ends = i === last ? FLAG_END_HEADERS : 0;
    if (i > 0) return frameBytes(FRAME_CONTINUATION, ends, id, part);
    const flags = ends | (endStream ? FLAG_END_STREAM : 0) | FLAG_PADDED | FLAG_PRIORITY;
    return frameBytes(
      FRAME_HEADERS,
      flags,
      id,
      Uint8Array.from([padding, 0, 0, 0, 0, 16, ...part, ...new Uint8Array(padding)]),
    );
  });
}

function data(id: number, content: Uint8Array, endStream: boolean, padding: number): Uint8Array {
  const flags = endStream ? FLAG_END_STREAM : 0;
  if (padding < 0) return frameBytes(FRAME_DATA, flags, id, content);
  return frameBytes(
    FRAME_DATA,
    flags | FLAG_PADDED,
    id,
    Uint8Array.from([padding, ...content, ...new Uint8Array(padding)]),
  );
}

const field = fc.tuple(
  fc.constantFrom(':path', 'x-a', 'cookie'),
  fc.constantFrom('1', 'blue', 'a-cookie-of-20-chars', 'v'.repeat(300)),
);
const content = fc
  .oneof(fc.nat(20), fc.nat(3000))
  .map((length) => Uint8Array.from({ length }, (_, i) => 33 + (i % 90)));
/** A message: its head, its content, and frames that stand in between. */
const message = fc.record({
  fields: fc.array(
    field.map(([name, value]): TestField => [name, value]),
    { maxLength: 4 },
  ),
  cuts: fc.array(fc.nat(400), { maxLength: 3 }),
  padding: fc.integer({ min: 0, max: 40 }),
  contents: fc.array(fc.tuple(content, fc.integer({ min: -1, max: 30 })), { maxLength: 4 }),
  between: fc.constantFrom('nothing', 'ping', 'unknown'),
});

test('whatever is sent, and wherever it is cut', (t) => {
  t.diagnostic(`WEFT_FUZZ_SEED=${RUN.seed} WEFT_FUZZ_CASES=${RUN.numRuns}`);
  const cuts = fc.array(fc.nat(20_000), { maxLength: 12 });
  fc.assert(
    fc.property(fc.array(message, { maxLength: 5 }), cuts, (messages, places) => {
      const frames = [SETTINGS];
      const between = {
        nothing: [],
        ping: [frameBytes(FRAME_PING, 0, 0, bytesOf('12345678'))],
        unknown: [frameBytes(UNKNOWN, 0, 7, bytesOf('x'))],
      };
      for (const [i, { fields, cuts: blockCuts, padding, contents, between: kind }] of messages.entries()) {
        const id = 2 * i + 1;
        frames.push(...headers(id, blockOf(fields), blockCuts, contents.length === 0, padding), ...between[kind]);
        for (const [n, [payload, pad]] of contents.entries())
          frames.push(data(id, payload, n === contents.length - 1, pad));
      }
      const input = Buffer.concat(frames);
      const whole = receive(input, []);
      assert.equal(whole.closed, false);
      assert.equal(whole.blocks.length, messages.length);
      assert.deepEqual(
        whole.contents,
        messages.map(({ contents }) => contents.map(([payload]) => Buffer.from(payload).toString('latin1')).join('')),
      );
      const cut = receive(
        input,
        places.map((place) => place % (input.length + 1)),
      );
      assert.deepEqual(cut, whole);
    }),
    RUN,
  );
});

describe('a stream that depends on itself', () => {
  const block = blockOf([['x-a', '1']]);
  const priority = Uint8Array.of(0, 0, 0, 1, 0);
  const ROWS: readonly (readonly [name: string, frames: readonly Uint8Array[]])[] = [
    [
      'in one frame',
      [frameBytes(FRAME_HEADERS, FLAG_END_HEADERS | FLAG_PRIORITY, 1, Buffer.concat([priority, block]))],
    ],
    [
      'in two frames',
      [
        frameBytes(FRAME_HEADERS, FLAG_PRIORITY, 1, priority),
        frameBytes(FRAME_CONTINUATION, FLAG_END_HEADERS, 1, block),
      ],
    ],
  ];
  for (const [name, frames] of ROWS) {
    test(`${name} is told of it once it is there`, () => {
      const { blocks, events, answers } = receive(Buffer.concat([SETTINGS, ...frames]), []);
      assert.deepEqual([blocks.length, events.map((list) => list[0]?.split(' ')[0])], [1, ['error']]);
      assert.ok(!answers.some((answer) => answer.startsWith('RST_STREAM')), 'not before');
    });
  }
});

describe('a block in many frames', () => {
  const LIMITS: readonly (readonly [readBufferBytes: number, h2FieldBlockBytesMax: number])[] = [
    [131_072, 65_536],
    [16_384, 65_536],
    [16_384, 262_144],
  ];
  for (const [readBufferBytes, h2FieldBlockBytesMax] of LIMITS) {
    test(`of ${h2FieldBlockBytesMax} bytes, with a read buffer of ${readBufferBytes}, stays within its own memory`, () => {
      const own = new TestNet({ readBufferBytes, h2FieldBlockBytesMax, h2ContinuationsMax: 100 }, 8 * 1024 * 1024);
      // What lies right behind: a request's head, kept until its response begins.
      const kept = own.net.smallBlocks.take();
      own.net.bytes.fill(0x5a, kept, kept + own.net.smallBlocks.blockBytes);
      const block = new Uint8Array(h2FieldBlockBytesMax).fill(0x82);
      const cuts = Array.from({ length: Math.floor(h2FieldBlockBytesMax / 16_000) }, (_, i) => (i + 1) * 16_000);
      const input = Buffer.concat([SETTINGS, ...headers(1, block, cuts, true, 0)]);
      receive(input, [], own, testEndpoint(own));
      assert.ok(own.net.bytes.subarray(kept, kept + own.net.smallBlocks.blockBytes).every((byte) => byte === 0x5a));
    });
  }
});

describe('where frames may be larger than the read buffer', () => {
  const FRAMES: readonly (readonly [name: string, frame: Uint8Array, answer: string | undefined])[] = [
    ['DATA pass', frameBytes(FRAME_DATA, FLAG_END_STREAM, 1, new Uint8Array(60_000)), undefined],
    ['others that fit pass', frameBytes(UNKNOWN, 0, 1, new Uint8Array(40_000)), undefined],
    ['others that do not are refused', frameBytes(UNKNOWN, 0, 1, new Uint8Array(200_000)), 'GOAWAY'],
  ];
  for (const [name, frame, answer] of FRAMES) {
    test(name, () => {
      const own = new TestNet({ readBufferBytes: 16_384 });
      const large = testEndpoint(own, { maxFrameBytes: 1_048_576 });
      const [head] = headers(1, blockOf([['x-a', '1']]), [], false, 0);
      const { answers } = receive(Buffer.concat([SETTINGS, head as Uint8Array, frame]), [], own, large);
      const said = answers.map((line) => line.split(' ')[0]);
      assert.deepEqual(said.slice(1), answer === undefined ? [] : [answer]);
    });
  }
});
