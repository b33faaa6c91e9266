/** The Huffman code: its table against rows of the RFC's, strings both ways, and every wrong end of a string. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ERR_HUFFMAN } from './errors.ts';
import { decodeHuffman, encodeHuffman, huffmanLength } from './huffman.ts';
import { CODE_BITS, CODES, EOS } from './huffman-table.ts';
import { bytesOf, hexBytes, hexOf, textOf } from './test-codec.ts';

const GUARD = 0xa5;

function encode(text: string): Uint8Array {
  const bytes = bytesOf(text);
  const length = huffmanLength(bytes, 0, bytes.length);
  const out = new Uint8Array(length + 4).fill(GUARD);
  assert.equal(encodeHuffman(bytes, 0, bytes.length, out, new DataView(out.buffer), 0), length);
  assert.deepEqual([...out.subarray(length)], [GUARD, GUARD, GUARD, GUARD], 'nothing is written behind');
  return out.slice(0, length);
}

/** Decodes with a given room. @returns the text, or the error */
function decode(bytes: Uint8Array, room = bytes.length * 2): string | number {
  const out = new Uint8Array(room + 8).fill(GUARD);
  const end = decodeHuffman(bytes, 0, bytes.length, out, 4, 4 + room);
  assert.ok(out.subarray(0, 4).every((byte) => byte === GUARD) && out.subarray(4 + room).every((b) => b === GUARD));
  if (end < 0) return end;
  return end - 4 > room ? `${end - 4} bytes` : textOf(out, 4, end);
}

/** The bytes that bits spell, the last byte filled up with `padding`. */
function bitBytes(bits: string, padding: '0' | '1'): Uint8Array {
  const bytes = bits.padEnd(Math.ceil(bits.length / 8) * 8, padding).match(/.{8}/g) ?? [];
  return Uint8Array.from(bytes, (byte) => Number.parseInt(byte, 2));
}

function bitsOf(symbol: number): string {
  return (CODES[symbol]! >>> 0).toString(2).padStart(32, '0').slice(0, CODE_BITS[symbol]);
}

/** Rows of RFC 7541 appendix B: the first and last of most lengths. */
const ROWS: readonly (readonly [number, string])[] = [
  [0, '1111111111000'],
  [1, '11111111111111111011000'],
  [2, '1111111111111111111111100010'],
  [10, '111111111111111111111111111100'],
  [32, '010100'],
  [33, '1111111000'],
  [35, '111111111010'],
  [39, '11111111010'],
  [48, '00000'],
  [58, '1011100'],
  [60, '111111111111100'],
  [65, '100001'],
  [92, '1111111111111110000'],
  [94, '11111111111100'],
  [116, '01001'],
  [122, '1111011'],
  [127, '1111111111111111111111111100'],
  [128, '11111111111111100110'],
  [150, '11111111111111111100010'],
  [203, '111111111111111111111011110'],
  [249, '1111111111111111111111111110'],
  [255, '11111111111111111111101110'],
  [EOS, '111111111111111111111111111111'],
];

test('the code is that of RFC 7541 appendix B: rows, and a full tree', () => {
  for (const [symbol, bits] of ROWS) assert.equal(bitsOf(symbol), bits, `symbol ${symbol}`);
  const share = CODE_BITS.reduce((sum, bits) => sum + 2 ** (30 - bits), 0);
  assert.equal(share, 2 ** 30);
});

/** The strings of RFC 7541 appendices C.4 and C.6. */
const STRINGS: readonly (readonly [string, string])[] = [
  ['www.example.com', 'f1e3c2e5f23a6ba0ab90f4ff'],
  ['no-cache', 'a8eb10649cbf'],
  ['custom-key', '25a849e95ba97d7f'],
  ['custom-value', '25a849e95bb8e8b4bf'],
  ['302', '6402'],
  ['307', '640eff'],
  ['private', 'aec3771a4b'],
  ['gzip', '9bd9ab'],
  ['Mon, 21 Oct 2013 20:13:21 GMT', 'd07abe941054d444a8200595040b8166e082a62d1bff'],
  ['Mon, 21 Oct 2013 20:13:22 GMT', 'd07abe941054d444a8200595040b8166e084a62d1bff'],
  ['https://www.example.com', '9d29ad171863c78f0b97c8e9ae82ae43d3'],
  [
    'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
    '94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007',
  ],
];

for (const [text, hex] of STRINGS) {
  test(`RFC 7541 appendix C: ${text}`, () => {
    assert.equal(hexOf(encode(text)), hex);
    assert.equal(decode(hexBytes(hex)), text);
  });
}

test('every byte value, alone and among others of all lengths', () => {
  for (let symbol = 0; symbol < EOS; symbol++) {
    const char = String.fromCharCode(symbol);
    assert.equal(hexOf(encode(char)), hexOf(bitBytes(bitsOf(symbol), '1')));
    for (const text of [char, `a${char}`, `${char}${char}`, `0&X${char}!\\a\n${char}e`, char.repeat(33)]) {
      assert.equal(decode(encode(text)), text, `symbol ${symbol}`);
    }
  }
});

test('what is encoded is decoded, whatever the room', () => {
  const text = fc.oneof(
    fc.string({ maxLength: 80 }),
    fc.uint8Array({ maxLength: 80 }).map((bytes) => textOf(bytes, 0, bytes.length)),
  );
  fc.assert(
    fc.property(
      text.map((chars) => textOf(bytesOf(chars), 0, chars.length)),
      fc.nat(100),
      (chars, room) => {
        const bytes = encode(chars);
        assert.equal(decode(bytes, Math.max(room, chars.length)), chars);
        if (room < chars.length) assert.equal(decode(bytes, room), `${chars.length} bytes`);
      },
    ),
    { numRuns: 2000 },
  );
});

test('padding: ones, up to seven, and nothing else', () => {
  for (const text of ['', 'a', 'aa', 'o5:', 'www.example.com', 'aaaaaaaa', 'custom-value']) {
    const bits = Array.from(bytesOf(text), bitsOf).join('');
    const left = (8 - (bits.length % 8)) % 8;
    assert.equal(decode(bitBytes(bits, '1')), text);
    for (let pad = 0; pad < (1 << left) - 1; pad++) {
      // Some paddings of five bits and more are whole symbols with a shorter padding of their own behind.
      const padded = bitBytes(bits + pad.toString(2).padStart(left, '0'), '1');
      assert.deepEqual(decode(padded), plainly(padded), `${text} padded with ${pad}`);
    }
    for (let extra = 1; extra <= 5; extra++) {
      const longer = Uint8Array.of(...bitBytes(bits, '1'), ...new Array<number>(extra).fill(0xff));
      assert.equal(decode(longer), ERR_HUFFMAN, `${text} with ${extra} bytes of padding too many`);
    }
  }
});

test('EOS is refused wherever it is', () => {
  for (const before of ['', 'a', 'abc', 'www.example.com']) {
    for (const after of ['', 'a', 'abcdefgh']) {
      const bits = [...bytesOf(before), EOS, ...bytesOf(after)].map(bitsOf).join('');
      assert.equal(decode(bitBytes(bits, '1')), ERR_HUFFMAN, `${before}EOS${after}`);
    }
  }
});

test('any bytes at all: the same as bit by bit', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (random) => {
      const bytes = Uint8Array.from(random);
      assert.deepEqual(decode(bytes), plainly(bytes));
    }),
    { numRuns: 5000 },
  );
});

/** Decodes bit by bit. */
function plainly(bytes: Uint8Array): string | number {
  const symbols = new Map(Array.from({ length: EOS + 1 }, (_, symbol) => [bitsOf(symbol), symbol]));
  let text = '';
  let code = '';
  for (const bit of Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('')) {
    code += bit;
    const symbol = symbols.get(code);
    if (symbol === EOS) return ERR_HUFFMAN;
    if (symbol === undefined) continue;
    text += String.fromCharCode(symbol);
    code = '';
  }
  return code.length <= 7 && !code.includes('0') ? text : ERR_HUFFMAN;
}
