/**
 * Nanoseconds and allocated bytes per header field, decoded and encoded; and the Huffman code per string.
 *
 * hpack.js is a yardstick only, because it is in JavaScript too: as far as we could tell, nobody maintains it any more.
 */
import { createRequire } from 'node:module';
import { FieldSection } from '../../core/http2/field-section.ts';
import { HpackDecoder } from '../../core/http2/hpack/decoder.ts';
import { HpackEncoder } from '../../core/http2/hpack/encoder.ts';
import { decodeHuffman, encodeHuffman, huffmanLength } from '../../core/http2/hpack/huffman.ts';
import { BenchError } from '../support/bench-error.ts';
import { bench, keep } from './harness.ts';

type Field = readonly [name: string, value: string];

/** What is used of hpack.js, which has no types. */
interface HpackJs {
  readonly compressor: { create(options: object): { write(fields: object[]): void; read(): Buffer | null } };
  readonly decompressor: {
    create(options: object): { write(block: Buffer): void; execute(): void; read(): { value: string } | null };
  };
}

const TABLE_BYTES = 4096;
const LIST_BYTES_MAX = 1 << 20;
const REGION_BYTES = 1 << 16;
const HEADER_COUNT_MAX = 100;
/** As a worker's memory has, in the kinds of buffer and of offsets. */
const memory = new Uint8Array(1 << 24);
const view = new DataView(memory.buffer);
const decodeTableAt = 1 << 20;
const encodeTableAt = decodeTableAt + REGION_BYTES;
const sectionAt = encodeTableAt + REGION_BYTES;
const textAt = sectionAt + REGION_BYTES;
const blockAt = textAt + REGION_BYTES;
const outAt = blockAt + REGION_BYTES;

const STATIC: readonly Field[] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':status', '200'],
  [':status', '404'],
  ['accept-encoding', 'gzip, deflate'],
  [':method', 'POST'],
  [':path', '/index.html'],
];
const REPEATED: readonly Field[] = [
  [':authority', 'shop.example.org'],
  ['user-agent', 'grpc-go/1.62.0'],
  ['content-type', 'application/grpc'],
  ['te', 'trailers'],
  ['grpc-accept-encoding', 'identity, deflate, gzip'],
  ['accept-language', 'en-US,en;q=0.5'],
  ['x-tenant', 'blue'],
  ['accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'],
];
/** Of which the encoder indexes none. */
const FRESH: readonly Field[] = [
  [':path', '/catalogue/items?category=shoes&page=3'],
  ['content-length', '1234'],
  ['etag', '"6743f0a0-c"'],
  ['date', 'Mon, 23 Nov 2026 15:20:00 GMT'],
  ['l5d-reqid', '8f2d1c0b9a7e6f54'],
  ['l5d-ctx-trace', 'BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc='],
  ['location', 'https://shop.example.org/catalogue'],
  ['grpc-timeout', '999998u'],
];

/** Places texts one after another. @returns of each field: the name's offset, the value's, and the value's end */
function place(fields: readonly Field[]): Int32Array {
  const offsets: number[] = [];
  let at = textAt;
  for (const [name, value] of fields) {
    memory.set(Buffer.from(name + value, 'latin1'), at);
    offsets.push(at, at + name.length, at + name.length + value.length);
    at += name.length + value.length;
  }
  return Int32Array.from(offsets);
}

function encode(encoder: HpackEncoder, offsets: Int32Array): number {
  encoder.begin(blockAt, blockAt + REGION_BYTES);
  for (let i = 0; i < offsets.length; i += 3) {
    encoder.field(offsets[i]!, offsets[i + 1]!, offsets[i + 1]!, offsets[i + 2]!, 0, false);
  }
  return encoder.end();
}

/** Does whole blocks, so that an operation is a header field. */
function benchFields(name: string, count: number, block: () => number): void {
  bench(name, (iterations) => {
    for (let i = 0; i < iterations; i += count) keep(block());
  });
}

function decoderOf(): HpackDecoder {
  return new HpackDecoder(memory, decodeTableAt, TABLE_BYTES, LIST_BYTES_MAX);
}

/** An encoder that has met the fields, so that its table has what it will ever have of them. */
function encoderOf(offsets: Int32Array, huffman: boolean): HpackEncoder {
  const encoder = new HpackEncoder(memory, encodeTableAt, TABLE_BYTES, huffman);
  for (let i = 0; i < 3; i++) encode(encoder, offsets);
  return encoder;
}

const section = new FieldSection(memory, sectionAt, REGION_BYTES, HEADER_COUNT_MAX);

function benchDecode(name: string, fields: readonly Field[], huffman: boolean): void {
  const offsets = place(fields);
  const decoder = decoderOf();
  const encoder = new HpackEncoder(memory, encodeTableAt, TABLE_BYTES, huffman);
  for (let i = 0; i < 3; i++) {
    const end = encode(encoder, offsets);
    if (decoder.decode(memory, blockAt, end, section) !== 0) throw new BenchError(`${name}: not decoded`);
  }
  const end = encode(encoder, offsets);
  benchFields(`decode: ${name}`, fields.length, () => decoder.decode(memory, blockAt, end, section) + section.textEnd);
}

benchDecode('static', STATIC, true);
benchDecode('in the table', REPEATED, true);
benchDecode('literals, plain', FRESH, false);
benchDecode('literals, compressed', FRESH, true);

/** Each field goes into the table and pushes others out. */
function benchInsertion(name: string, huffman: boolean): void {
  const parts = FRESH.map(([field, value]) => {
    const encoder = new HpackEncoder(memory, encodeTableAt, 0, huffman);
    encode(encoder, place([]));
    const end = encode(encoder, place([[`x-${field.replace(':', '')}`, value]]));
    memory[blockAt] = 0x40;
    return memory.slice(blockAt, end);
  });
  const block = Buffer.concat(parts);
  memory.set(block, blockAt);
  const decoder = decoderOf();
  benchFields(`decode: ${name}`, FRESH.length, () => {
    return decoder.decode(memory, blockAt, blockAt + block.length, section) + section.textEnd;
  });
}

benchInsertion('literals to be indexed, plain', false);
benchInsertion('literals to be indexed, compressed', true);

function benchEncode(name: string, fields: readonly Field[], huffman: boolean): void {
  const offsets = place(fields);
  const encoder = encoderOf(offsets, huffman);
  benchFields(`encode: ${name}`, fields.length, () => encode(encoder, offsets));
}

benchEncode('static', STATIC, true);
benchEncode('in the table', REPEATED, true);
benchEncode('literals, plain', FRESH, false);
benchEncode('literals, compressed', FRESH, true);

const unmetOffsets = place(REPEATED.map(([name, value]) => [name, `${value}00000000`]));
const unmet = encoderOf(unmetOffsets, false);
let changes = 0;
benchFields('encode: indexable, but never met before, plain', REPEATED.length, () => {
  changes++;
  for (let i = 2; i < unmetOffsets.length; i += 3) view.setInt32(unmetOffsets[i]! - 4, changes);
  return encode(unmet, unmetOffsets);
});

function benchHuffman(text: string): void {
  const [, at = 0, end = 0] = place([['', text]]);
  const length = huffmanLength(memory, at, end);
  encodeHuffman(memory, at, end, memory, view, blockAt);
  const name = `${text.length} characters`;
  bench(`huffman: decode ${name}`, (iterations) => {
    for (let i = 0; i < iterations; i++) {
      keep(decodeHuffman(memory, blockAt, blockAt + length, memory, outAt, outAt + REGION_BYTES));
    }
  });
  bench(`huffman: measure ${name}`, (iterations) => {
    for (let i = 0; i < iterations; i++) keep(huffmanLength(memory, at, end));
  });
  bench(`huffman: encode ${name}`, (iterations) => {
    for (let i = 0; i < iterations; i++) keep(encodeHuffman(memory, at, end, memory, view, outAt));
  });
}

benchHuffman('trailers');
benchHuffman('/catalogue/items?category=shoes&page=3');
benchHuffman('Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0 '.repeat(4));

/** The yardstick. */
function benchHpackJs(name: string, fields: readonly Field[], huffman: boolean): void {
  const { compressor, decompressor } = createRequire(import.meta.url)('hpack.js') as HpackJs;
  const options = { table: { maxSize: TABLE_BYTES } };
  const writer = compressor.create(options);
  const reader = decompressor.create(options);
  const list = fields.map(([field, value]) => ({
    name: field,
    value,
    huffman,
    incremental: fields === REPEATED,
    neverIndex: false,
  }));
  const read = (block: Buffer): number => {
    let sum = 0;
    reader.write(block);
    reader.execute();
    for (let i = 0; i < fields.length; i++) sum += reader.read()?.value.length ?? 0;
    return sum;
  };
  const write = (): Buffer => {
    writer.write(list);
    const block = writer.read();
    if (block === null) throw new BenchError(`${name}: hpack.js wrote nothing`);
    return block;
  };
  for (let i = 0; i < 2; i++) read(write());
  const block = write();
  benchFields(`hpack.js: decode: ${name}`, fields.length, () => read(block));
  benchFields(`hpack.js: encode: ${name}`, fields.length, () => write().length);
}

benchHpackJs('static', STATIC, true);
benchHpackJs('in the table', REPEATED, true);
benchHpackJs('literals, plain', FRESH, false);
benchHpackJs('literals, compressed', FRESH, true);
