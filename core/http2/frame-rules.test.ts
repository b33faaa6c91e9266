/** Every rule on frames, however they are cut on their way (RFC 9113 sections 3.4, 4 and 6; hostile-inputs rows 29, 32, 33). */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import * as flags from './frame-flags.ts';
import * as types from './frame-types.ts';
import { frame, type ReadOptions, readFrames, setting, uint32 } from './test-frames.ts';

const { FLAG_ACK, FLAG_END_HEADERS, FLAG_END_STREAM, FLAG_PADDED, FLAG_PRIORITY } = flags;
const { FRAME_CONTINUATION, FRAME_DATA, FRAME_GOAWAY, FRAME_HEADERS, FRAME_PING, FRAME_PRIORITY } = types;
const { FRAME_PUSH_PROMISE, FRAME_RST_STREAM, FRAME_SETTINGS, FRAME_WINDOW_UPDATE } = types;

/** Frames behind a SETTINGS, and what is read of them, line by line, up to the error that ends the connection. */
interface FrameCase {
  readonly name: string;
  readonly input: readonly number[];
  readonly events: readonly string[];
  readonly options?: ReadOptions;
  /** The input is all there is: no SETTINGS precedes it. */
  readonly bare?: boolean;
}

function ok(name: string, input: readonly number[], ...events: readonly string[]): FrameCase {
  return { name, input, events };
}

const size = (section: string, text: string) => `connection FRAME_SIZE_ERROR: ${text} (RFC 9113 ${section})`;
const protocol = (section: string, text: string) => `connection PROTOCOL_ERROR: ${text} (RFC 9113 ${section})`;

const TOO_SHORT = size('4.2', 'a frame is too short for its mandatory fields');
const TOO_LARGE = size('4.2', 'a frame is larger than SETTINGS_MAX_FRAME_SIZE');
const INTERRUPTED = protocol('6.10', 'another frame within a field block');
const DATA_PADDING = protocol('6.1', 'the padding of DATA is longer than its payload');
const HEADERS_PADDING = protocol('6.2', 'the padding of HEADERS is longer than its payload');
const FIRST = protocol('3.4', 'the first frame is not SETTINGS');

const HEADERS_1 = frame(FRAME_HEADERS, FLAG_END_HEADERS, 1, 4);
const OPEN_BLOCK = frame(FRAME_HEADERS, 0, 1, 4);

const PADDING: readonly FrameCase[] = [
  ok('DATA', frame(FRAME_DATA, 0, 1, 5), 'DATA 1 [0+5]'),
  ok('DATA of nothing', frame(FRAME_DATA, FLAG_END_STREAM, 1), 'DATA 1 [0+0]'),
  ok('DATA, padded', frame(FRAME_DATA, FLAG_PADDED, 1, [2, 7, 7, 7, 0, 0]), 'DATA 1 [1+3]'),
  ok('DATA, padded with nothing', frame(FRAME_DATA, FLAG_PADDED, 1, [0, 7]), 'DATA 1 [1+1]'),
  ok('DATA that is all padding', frame(FRAME_DATA, FLAG_PADDED, 1, [3, 0, 0, 0]), 'DATA 1 [1+0]'),
  ok('DATA with 255 of padding', frame(FRAME_DATA, FLAG_PADDED, 1, [255, ...new Array(256).fill(0)]), 'DATA 1 [1+1]'),
  ok('DATA with padding as long as its payload', frame(FRAME_DATA, FLAG_PADDED, 1, [4, 0, 0, 0]), DATA_PADDING),
  ok('DATA with padding beyond its payload', frame(FRAME_DATA, FLAG_PADDED, 1, [200, 0]), DATA_PADDING),
  ok('DATA without its Pad Length', frame(FRAME_DATA, FLAG_PADDED, 1), TOO_SHORT),
  ok('HEADERS', HEADERS_1, 'HEADERS 1 [0+4]'),
  ok('HEADERS of nothing', frame(FRAME_HEADERS, FLAG_END_HEADERS, 1), 'HEADERS 1 [0+0]'),
  ok('HEADERS, padded', frame(FRAME_HEADERS, FLAG_END_HEADERS | FLAG_PADDED, 3, [1, 9, 9, 0]), 'HEADERS 3 [1+2]'),
  ok('HEADERS with priority', frame(FRAME_HEADERS, FLAG_END_HEADERS | FLAG_PRIORITY, 3, 7), 'HEADERS 3 [5+2]'),
  ok(
    'HEADERS with both',
    frame(FRAME_HEADERS, FLAG_END_HEADERS | FLAG_PADDED | FLAG_PRIORITY, 3, [2, 0, 0, 0, 0, 0, 9, 0, 0]),
    'HEADERS 3 [6+1]',
  ),
  ok(
    'HEADERS whose padding would eat the priority',
    frame(FRAME_HEADERS, FLAG_END_HEADERS | FLAG_PADDED | FLAG_PRIORITY, 3, [1, 0, 0, 0, 0, 0]),
    HEADERS_PADDING,
  ),
  ok('HEADERS with too much padding', frame(FRAME_HEADERS, FLAG_PADDED, 3, [2, 0]), HEADERS_PADDING),
  ok('HEADERS without their Pad Length', frame(FRAME_HEADERS, FLAG_PADDED, 3), TOO_SHORT),
  ok('HEADERS without their priority', frame(FRAME_HEADERS, FLAG_PRIORITY, 3, 4), TOO_SHORT),
  ok('HEADERS without either', frame(FRAME_HEADERS, FLAG_PRIORITY | FLAG_PADDED, 3, 5), TOO_SHORT),
  ok(
    'CONTINUATION knows no padding',
    [...OPEN_BLOCK, ...frame(FRAME_CONTINUATION, FLAG_PADDED | FLAG_END_HEADERS, 1, [9, 9])],
    'HEADERS 1 [0+4]',
    'CONTINUATION 1 [0+2]',
  ),
];

const SIZES: readonly FrameCase[] = [
  ok('the largest frame', frame(FRAME_DATA, 0, 1, 16384), 'DATA 1 [0+16384]'),
  ok('DATA one byte too large', frame(FRAME_DATA, 0, 1, 16385), TOO_LARGE),
  ok('HEADERS one byte too large', frame(FRAME_HEADERS, FLAG_END_HEADERS, 1, 16385), TOO_LARGE),
  ok('an unknown frame one byte too large', frame(0x42, 0, 1, 16385), TOO_LARGE),
  {
    ...ok('a larger frame where it was allowed', frame(FRAME_DATA, 0, 1, 16385), 'DATA 1 [0+16385]'),
    options: { maxFrameBytes: 20000 },
  },
  ok('PRIORITY', frame(FRAME_PRIORITY, 0, 3, 5), 'PRIORITY 3'),
  ok(
    'PRIORITY of 4',
    [...frame(FRAME_PRIORITY, 0, 3, 4), ...HEADERS_1],
    'stream FRAME_SIZE_ERROR: PRIORITY is not of 5 bytes (RFC 9113 6.3)',
    'PRIORITY 3',
    'HEADERS 1 [0+4]',
  ),
  ok(
    'PRIORITY of 6',
    frame(FRAME_PRIORITY, 0, 3, 6),
    'stream FRAME_SIZE_ERROR: PRIORITY is not of 5 bytes (RFC 9113 6.3)',
    'PRIORITY 3',
  ),
  ok('RST_STREAM', frame(FRAME_RST_STREAM, 0, 1, 4), 'RST_STREAM 1'),
  ok('RST_STREAM of 3', frame(FRAME_RST_STREAM, 0, 1, 3), size('6.4', 'RST_STREAM is not of 4 bytes')),
  ok('RST_STREAM of 5', frame(FRAME_RST_STREAM, 0, 1, 5), size('6.4', 'RST_STREAM is not of 4 bytes')),
  ok('SETTINGS of 5', frame(FRAME_SETTINGS, 0, 0, 5), size('6.5', 'SETTINGS is not of a multiple of 6 bytes')),
  ok('SETTINGS of 13', frame(FRAME_SETTINGS, 0, 0, 13), size('6.5', 'SETTINGS is not of a multiple of 6 bytes')),
  ok('SETTINGS of nothing', frame(FRAME_SETTINGS, 0, 0), 'SETTINGS 0'),
  ok('an acknowledgement', frame(FRAME_SETTINGS, FLAG_ACK, 0), 'SETTINGS 0'),
  ok(
    'an acknowledgement with a payload',
    frame(FRAME_SETTINGS, FLAG_ACK, 0, 6),
    size('6.5', 'an acknowledgement of SETTINGS has a payload'),
  ),
  ok('PING', frame(FRAME_PING, 0, 0, 8), 'PING 0'),
  ok('PING of 7', frame(FRAME_PING, 0, 0, 7), size('6.7', 'PING is not of 8 bytes')),
  ok('PING of 9', frame(FRAME_PING, FLAG_ACK, 0, 9), size('6.7', 'PING is not of 8 bytes')),
  ok('GOAWAY', frame(FRAME_GOAWAY, 0, 0, 8), 'GOAWAY 0'),
  ok('GOAWAY with debug data', frame(FRAME_GOAWAY, 0, 0, 20), 'GOAWAY 0'),
  ok('GOAWAY of 7', frame(FRAME_GOAWAY, 0, 0, 7), TOO_SHORT),
  ok('WINDOW_UPDATE of 3', frame(FRAME_WINDOW_UPDATE, 0, 0, 3), size('6.9', 'WINDOW_UPDATE is not of 4 bytes')),
  ok('WINDOW_UPDATE of 5', frame(FRAME_WINDOW_UPDATE, 0, 1, 5), size('6.9', 'WINDOW_UPDATE is not of 4 bytes')),
];

const STREAMS: readonly FrameCase[] = [
  ok('DATA on 0', frame(FRAME_DATA, 0, 0, 1), protocol('6.1', 'DATA on stream 0')),
  ok('HEADERS on 0', frame(FRAME_HEADERS, FLAG_END_HEADERS, 0, 1), protocol('6.2', 'HEADERS on stream 0')),
  ok('PRIORITY on 0', frame(FRAME_PRIORITY, 0, 0, 5), protocol('6.3', 'PRIORITY on stream 0')),
  ok('RST_STREAM on 0', frame(FRAME_RST_STREAM, 0, 0, 4), protocol('6.4', 'RST_STREAM on stream 0')),
  ok('SETTINGS on 1', frame(FRAME_SETTINGS, 0, 1), protocol('6.5', 'SETTINGS on a stream')),
  ok('an acknowledgement on 1', frame(FRAME_SETTINGS, FLAG_ACK, 1), protocol('6.5', 'SETTINGS on a stream')),
  ok('PING on 1', frame(FRAME_PING, 0, 1, 8), protocol('6.7', 'PING on a stream')),
  ok('GOAWAY on 1', frame(FRAME_GOAWAY, 0, 1, 8), protocol('6.8', 'GOAWAY on a stream')),
  ok('CONTINUATION on 0', frame(FRAME_CONTINUATION, 0, 0, 1), protocol('6.10', 'CONTINUATION outside a field block')),
  ok('CONTINUATION alone', frame(FRAME_CONTINUATION, 0, 1, 1), protocol('6.10', 'CONTINUATION outside a field block')),
  ok(
    'CONTINUATION behind a whole block',
    [...HEADERS_1, ...frame(FRAME_CONTINUATION, 4, 1, 1)],
    'HEADERS 1 [0+4]',
    protocol('6.10', 'CONTINUATION outside a field block'),
  ),
  ok(
    'PUSH_PROMISE',
    frame(FRAME_PUSH_PROMISE, FLAG_END_HEADERS, 1, 8),
    protocol('8.4', 'PUSH_PROMISE, which is never allowed here'),
  ),
  {
    ...ok(
      'PUSH_PROMISE of a server',
      frame(FRAME_PUSH_PROMISE, FLAG_END_HEADERS, 1, 8),
      protocol('8.4', 'PUSH_PROMISE, which is never allowed here'),
    ),
    options: { peerIsServer: true },
  },
  ok(
    'WINDOW_UPDATE',
    [...frame(FRAME_WINDOW_UPDATE, 0, 0, uint32(1)), ...frame(FRAME_WINDOW_UPDATE, 0, 7, uint32(0x7fffffff))],
    'WINDOW_UPDATE 0 1',
    'WINDOW_UPDATE 7 2147483647',
  ),
  ok('WINDOW_UPDATE with the reserved bit', frame(FRAME_WINDOW_UPDATE, 0, 0, uint32(0x80000005)), 'WINDOW_UPDATE 0 5'),
  ok(
    'WINDOW_UPDATE of 0',
    frame(FRAME_WINDOW_UPDATE, 0, 0, 4),
    protocol('6.9', 'WINDOW_UPDATE of 0 on the connection'),
  ),
  ok(
    'WINDOW_UPDATE of 0 but for the reserved bit',
    frame(FRAME_WINDOW_UPDATE, 0, 0, uint32(0x80000000)),
    protocol('6.9', 'WINDOW_UPDATE of 0 on the connection'),
  ),
  ok(
    'WINDOW_UPDATE of 0 on a stream',
    [...frame(FRAME_WINDOW_UPDATE, 0, 1, 4), ...HEADERS_1],
    'stream PROTOCOL_ERROR: WINDOW_UPDATE of 0 on a stream (RFC 9113 6.9)',
    'HEADERS 1 [0+4]',
  ),
];

const ORDER: readonly FrameCase[] = [
  ok(
    'a block of three',
    [
      ...OPEN_BLOCK,
      ...frame(FRAME_CONTINUATION, 0, 1, 2),
      ...frame(FRAME_CONTINUATION, FLAG_END_HEADERS, 1, 3),
      ...frame(FRAME_PING, 0, 0, 8),
    ],
    'HEADERS 1 [0+4]',
    'CONTINUATION 1 [0+2]',
    'CONTINUATION 1 [0+3]',
    'PING 0',
  ),
  ...[
    FRAME_DATA,
    FRAME_HEADERS,
    FRAME_PRIORITY,
    FRAME_RST_STREAM,
    FRAME_SETTINGS,
    FRAME_PUSH_PROMISE,
    FRAME_PING,
    FRAME_GOAWAY,
    FRAME_WINDOW_UPDATE,
    0x42,
  ].map((type) =>
    ok(
      `type ${type} within a block`,
      [...OPEN_BLOCK, ...frame(type, 0, type >= 4 && type <= 7 ? 0 : 1, 8)],
      'HEADERS 1 [0+4]',
      INTERRUPTED,
    ),
  ),
  ok(
    'CONTINUATION of another stream',
    [...OPEN_BLOCK, ...frame(FRAME_CONTINUATION, FLAG_END_HEADERS, 3, 1)],
    'HEADERS 1 [0+4]',
    INTERRUPTED,
  ),
  ok(
    'CONTINUATION on 0 within a block',
    [...OPEN_BLOCK, ...frame(FRAME_CONTINUATION, FLAG_END_HEADERS, 0, 1)],
    'HEADERS 1 [0+4]',
    INTERRUPTED,
  ),
  ok(
    'unknown types',
    [...frame(0x0a, 0xff, 0, 3), ...frame(0xff, 0, 9, 0), ...HEADERS_1],
    'type 10 0 ignored',
    'type 255 9 ignored',
    'HEADERS 1 [0+4]',
  ),
  ok(
    'unknown flags',
    [...frame(FRAME_PING, 0xfe, 0, 8), ...frame(FRAME_DATA, 0xf6, 1, 2), ...frame(FRAME_RST_STREAM, 0xff, 1, 4)],
    'PING 0',
    'DATA 1 [0+2]',
    'RST_STREAM 1',
  ),
  ok('the reserved bit of a stream id', [0, 0, 1, FRAME_DATA, 0, 0x80, 0, 0, 5, 9], 'DATA 5 [0+1]'),
  { ...ok('SETTINGS first', frame(FRAME_SETTINGS, 0, 0, setting(3, 7)), 'SETTINGS 0'), bare: true },
  { ...ok('HEADERS first', HEADERS_1, FIRST), bare: true },
  { ...ok('an acknowledgement first', frame(FRAME_SETTINGS, FLAG_ACK, 0), FIRST), bare: true },
  { ...ok('an unknown type first', frame(0x42, 0, 0), FIRST), bare: true },
];

const CASES = [...PADDING, ...SIZES, ...STREAMS, ...ORDER];

function inputOf({ bare, input }: FrameCase): Uint8Array {
  return Uint8Array.from([...(bare === true ? [] : frame(FRAME_SETTINGS, 0, 0)), ...input]);
}

function read(frameCase: FrameCase, cuts: readonly number[]): string[] {
  return readFrames(inputOf(frameCase), cuts, frameCase.options);
}

function expected({ bare, events }: FrameCase): string[] {
  return [...(bare === true ? [] : ['SETTINGS 0']), ...events];
}

/** Every byte of a short input; of a long one, its beginning and end. */
function everyCut(length: number): number[] {
  return Array.from({ length }, (_, cut) => cut).filter((cut) => cut < 200 || length - cut < 30);
}

describe('frame rules', () => {
  for (const frameCase of CASES) {
    test(frameCase.name, () => {
      assert.deepEqual(read(frameCase, []), expected(frameCase));
      assert.deepEqual(read(frameCase, everyCut(inputOf(frameCase).length)), expected(frameCase), 'byte by byte');
    });
  }

  test('no two cases share a name', () => {
    assert.equal(new Set(CASES.map(({ name }) => name)).size, CASES.length);
  });

  test('random cuts change nothing', () => {
    const cutCases = fc.constantFrom(...CASES).chain((frameCase) => {
      const cut = fc.nat(inputOf(frameCase).length - 1);
      return fc.record({ frameCase: fc.constant(frameCase), cuts: fc.array(cut, { maxLength: 6 }) });
    });
    fc.assert(
      fc.property(cutCases, ({ frameCase, cuts }) => {
        const ascending = cuts.toSorted((a, b) => a - b);
        assert.deepEqual(read(frameCase, ascending), expected(frameCase));
      }),
      { numRuns: 500 },
    );
  });

  test('random bytes never read past the end, and cuts change nothing', () => {
    const headers = fc.tuple(fc.nat(11), fc.nat(255), fc.nat(3), fc.nat(12), fc.uint8Array({ maxLength: 12 }));
    const conversation = fc.array(headers, { maxLength: 8 }).map((list) =>
      list.flatMap(([type, bits, streamId, length, payload]) => {
        const bytes = frame(type, bits, streamId, [...payload]);
        if (bits > 240) bytes[2] = length;
        return bytes;
      }),
    );
    fc.assert(
      fc.property(conversation, fc.array(fc.nat(200), { maxLength: 6 }), (bytes, cuts) => {
        const input = Uint8Array.from([...frame(FRAME_SETTINGS, 0, 0), ...bytes]);
        const ascending = cuts.filter((cut) => cut < input.length).toSorted((a, b) => a - b);
        assert.deepEqual(readFrames(input, ascending), readFrames(input, []));
      }),
      { numRuns: 1000 },
    );
  });
});
