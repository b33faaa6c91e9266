/** Frame headers and the small frames, written and read back. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { INCOMPLETE } from '../http1/errors.ts';
import {
  GOAWAY_FIXED_BYTES,
  SMALL_FRAME_BYTES,
  writeGoaway,
  writePing,
  writePingAck,
  writeRstStream,
  writeSettingsAck,
  writeWindowUpdate,
} from './control-frames.ts';
import { CANCEL, ENHANCE_YOUR_CALM, errorName } from './error-codes.ts';
import { FRAME_HEADER_BYTES, FrameHeader, readUint31, readUint32, writeFrameHeader } from './frame.ts';
import { FRAME_NAMES, isKnownFrame } from './frame-types.ts';
import { readPreface, writePreface } from './preface.ts';
import { ERR_PREFACE, ERR_PREFACE_TEXT } from './protocol-errors.ts';
import { SETTING_NAMES } from './setting-ids.ts';

const UINT31 = fc.integer({ min: 0, max: 0x7fffffff });

/** The bytes that a writer wrote at an offset, in hexadecimal. */
function written(write: (bytes: Uint8Array, at: number) => number): string {
  const bytes = new Uint8Array(128).fill(0xee);
  const end = write(bytes, 7);
  assert.ok(bytes.subarray(0, 7).every((byte) => byte === 0xee) && bytes[end] === 0xee, 'written outside');
  return Buffer.from(bytes.subarray(7, end)).toString('hex');
}

describe('frame headers', () => {
  test('what is written is read', () => {
    const fields = fc.tuple(fc.nat(0xffffff), fc.nat(255), fc.nat(255), UINT31, fc.nat(20));
    fc.assert(
      fc.property(fields, ([length, type, flags, streamId, at]) => {
        const bytes = new Uint8Array(64);
        const header = new FrameHeader();
        assert.equal(writeFrameHeader(bytes, at, length, type, flags, streamId), at + FRAME_HEADER_BYTES);
        assert.equal(header.read(bytes, at, at + FRAME_HEADER_BYTES), at + FRAME_HEADER_BYTES);
        assert.deepEqual({ ...header }, { length, type, flags, streamId });
      }),
    );
  });

  test('a header of which a byte is missing changes nothing', () => {
    const bytes = new Uint8Array(64).fill(0x41);
    const header = new FrameHeader();
    for (let length = 0; length < FRAME_HEADER_BYTES; length++) {
      assert.equal(header.read(bytes, 5, 5 + length), INCOMPLETE);
      assert.deepEqual({ ...header }, { length: 0, type: 0, flags: 0, streamId: 0 });
    }
  });

  test('a DATA header is rewritten where it lies, its payload is not touched', () => {
    const bytes = Uint8Array.from([0, 0, 3, 0, 9, 0, 0, 0, 5, 1, 2, 3]);
    assert.equal(writeFrameHeader(bytes, 0, 2, 0, 1, 0x01020304), 9);
    assert.deepEqual([...bytes], [0, 0, 2, 0, 1, 1, 2, 3, 4, 1, 2, 3]);
  });

  test('numbers of 31 and 32 bits', () => {
    const bytes = Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0x80, 0, 0, 1]);
    assert.deepEqual([readUint31(bytes, 0), readUint32(bytes, 0)], [0x7fffffff, 0xffffffff]);
    assert.deepEqual([readUint31(bytes, 4), readUint32(bytes, 4)], [1, 0x80000001]);
    const digits = Uint8Array.from([0, 0x12, 0x34, 0x56, 0x78]);
    assert.deepEqual([readUint31(digits, 1), readUint32(digits, 1)], [0x12345678, 0x12345678]);
  });
});

describe('small frames', () => {
  const FRAMES: readonly (readonly [name: string, write: (bytes: Uint8Array, at: number) => number, hex: string])[] = [
    ['RST_STREAM', (bytes, at) => writeRstStream(bytes, at, 0x7fffffff, CANCEL), '00000403007fffffff00000008'],
    ['SETTINGS ack', writeSettingsAck, '000000040100000000'],
    ['PING', (bytes, at) => writePing(bytes, at, 0x01020304, 0xfffefdfc), '00000806000000000001020304fffefdfc'],
    ['GOAWAY', (bytes, at) => writeGoaway(bytes, at, 5, ENHANCE_YOUR_CALM, ''), '000008070000000000000000050000000b'],
    [
      'GOAWAY with text',
      (bytes, at) => writeGoaway(bytes, at, 0, 1, ' ~\n\x7f\u0161'),
      '00000d0700000000000000000000000001207e3f3f3f',
    ],
    ['WINDOW_UPDATE', (bytes, at) => writeWindowUpdate(bytes, at, 3, 0x7fffffff), '0000040800000000037fffffff'],
  ];
  for (const [name, write, hex] of FRAMES) test(name, () => assert.equal(written(write), hex));

  test('an answer to PING repeats its payload', () => {
    const bytes = new Uint8Array(64);
    bytes.set([1, 2, 3, 4, 5, 6, 7, 255], 40);
    assert.equal(writePingAck(bytes, 3, 40), 20);
    assert.equal(Buffer.from(bytes.subarray(3, 20)).toString('hex'), '00000806010000000001020304050607ff');
  });

  test('the sizes that are announced', () => {
    assert.equal(written((bytes, at) => writeRstStream(bytes, at, 1, 0)).length / 2, SMALL_FRAME_BYTES);
    const goaway = written((bytes, at) => writeGoaway(bytes, at, 1, 0, 'abc'));
    assert.equal(goaway.length / 2, FRAME_HEADER_BYTES + GOAWAY_FIXED_BYTES + 3);
  });
});

describe('names', () => {
  test('of types, codes and settings', () => {
    assert.deepEqual(
      FRAME_NAMES.filter((_, type) => isKnownFrame(type)),
      FRAME_NAMES,
    );
    assert.ok(!isKnownFrame(FRAME_NAMES.length));
    assert.deepEqual(
      [errorName(0), errorName(13), errorName(14)],
      ['NO_ERROR', 'HTTP_1_1_REQUIRED', 'UNKNOWN_ERROR(14)'],
    );
    assert.equal(SETTING_NAMES[6], 'MAX_HEADER_LIST_SIZE');
  });
});

describe('preface (row 28)', () => {
  const PREFACE_HEX = '505249202a20485454502f322e300d0a0d0a534d0d0a0d0a';

  test('is written and read, in every number of bytes', () => {
    assert.equal(written(writePreface), PREFACE_HEX);
    const bytes = Uint8Array.from([9, ...Buffer.from(PREFACE_HEX, 'hex'), 9]);
    for (let end = 1; end < 25; end++) assert.equal(readPreface(bytes, 1, end), INCOMPLETE);
    for (const end of [25, 26]) assert.equal(readPreface(bytes, 1, end), 25);
  });

  const REFUSED: readonly (readonly [text: string, error: number, from: number])[] = [
    ['GET / HTTP/1.1\r\n', ERR_PREFACE_TEXT, 1],
    ['POST / HTTP/1.1\r\n', ERR_PREFACE_TEXT, 2],
    ['PRI * HTTP/1.1\r\n\r\n', ERR_PREFACE_TEXT, 12],
    ['PRI * HTTP/2.0\r\n\r\nXM', ERR_PREFACE_TEXT, 19],
    ['PRI * HTTP/2.0\n', ERR_PREFACE, 15],
    ['\x16\x03\x01', ERR_PREFACE, 1],
    ['\0\0\0\x04\0\0\0\0\0', ERR_PREFACE, 1],
    ['\r\n', ERR_PREFACE, 1],
    [' ', ERR_PREFACE_TEXT, 1],
    ['~', ERR_PREFACE_TEXT, 1],
    ['P\x7f', ERR_PREFACE, 2],
  ];
  for (const [text, error, from] of REFUSED) {
    test(`refuses ${JSON.stringify(text)} from byte ${from} on`, () => {
      const bytes = Uint8Array.from(Buffer.from(text, 'latin1'));
      for (let end = 0; end <= bytes.length; end++) {
        assert.equal(readPreface(bytes, 0, end), end < from ? INCOMPLETE : error);
      }
    });
  }
});
