/**
 * The encoder and the decoder against each other, over random sections and changes of the table's size; and the decoder
 * against one that is written as plainly as the RFC reads, over random, changed and cut blocks.
 *
 * WEFT_FUZZ_CASES sets the number of cases (of which a connection is four), WEFT_FUZZ_SEED repeats a run.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeHuffman, huffmanLength } from './huffman.ts';
import { CODE_BITS, CODES, EOS } from './huffman-table.ts';
import { INTEGER_BYTES_MAX, writeInteger } from './integer.ts';
import { STATIC_FIELDS } from './static-table.ts';
import { bytesOf, entriesOf, hexBytes, hexOf, TestDecoder, TestEncoder, type TestField, textOf } from './test-codec.ts';

const { WEFT_FUZZ_CASES = '2000', WEFT_FUZZ_SEED = String(Date.now() % 2147483647) } = process.env;
const CASES = Number(WEFT_FUZZ_CASES);
const SEED = Number(WEFT_FUZZ_SEED);
const RUN = { seed: SEED, numRuns: Math.ceil(CASES / 4) };

/** Thrown by the plain decoder for whatever is a COMPRESSION_ERROR. */
class Refusal extends Error {}

/** A decoder as the RFC reads: strings, lists, an exception for an error. */
class PlainDecoder {
  table: TestField[] = [];
  maxSize = 4096;
  #block: readonly number[] = [];
  #at = 0;

  decode(block: Uint8Array): TestField[] {
    this.#block = [...block];
    this.#at = 0;
    const fields: TestField[] = [];
    while (this.#at < this.#block.length) {
      const first = this.#block[this.#at]!;
      if (first & 0x80) {
        fields.push(this.#entry(this.#integer(7)));
      } else if (first & 0x40) {
        const field = this.#literal(6);
        this.#resize(this.maxSize - size(field));
        if (size(field) <= this.maxSize) this.table.unshift(field);
        fields.push(field);
      } else if (first & 0x20) {
        this.maxSize = this.#integer(5);
        if (fields.length > 0 || this.maxSize > 4096) throw new Refusal();
        this.#resize(this.maxSize);
      } else {
        const [name, value] = this.#literal(4);
        fields.push(first & 0x10 ? [name, value, true] : [name, value]);
      }
    }
    return fields;
  }

  #resize(maxSize: number): void {
    while (this.table.length > 0 && this.table.reduce((sum, field) => sum + size(field), 0) > maxSize) this.table.pop();
  }

  #entry(index: number): TestField {
    const field = [['', ''] as const, ...STATIC_FIELDS, ...this.table][index];
    if (index === 0 || field === undefined) throw new Refusal();
    return [field[0], field[1]];
  }

  #literal(prefix: number): TestField {
    const index = this.#integer(prefix);
    const name = index === 0 ? this.#string() : this.#entry(index)[0];
    return [name, this.#string()];
  }

  #byte(): number {
    const byte = this.#block[this.#at++];
    if (byte === undefined) throw new Refusal();
    return byte;
  }

  #integer(prefix: number): number {
    const max = 2 ** prefix - 1;
    let value = this.#byte() & max;
    if (value < max) return value;
    for (let i = 0; i < 5; i++) {
      const byte = this.#byte();
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80 && value < 2 ** 31) return value;
      if (byte < 0x80) throw new Refusal();
    }
    throw new Refusal();
  }

  #string(): string {
    const compressed = ((this.#block[this.#at] ?? 0) & 0x80) !== 0;
    const length = this.#integer(7);
    if (this.#at + length > this.#block.length) throw new Refusal();
    const bytes = this.#block.slice(this.#at, this.#at + length);
    this.#at += length;
    return compressed ? uncompress(bytes) : textOf(Uint8Array.from(bytes), 0, length);
  }
}

const SYMBOLS = new Map(
  Array.from({ length: EOS + 1 }, (_, symbol) => [
    (CODES[symbol]! >>> 0).toString(2).padStart(32, '0').slice(0, CODE_BITS[symbol]),
    symbol,
  ]),
);

function uncompress(bytes: readonly number[]): string {
  let text = '';
  let code = '';
  for (const bit of bytes.map((byte) => byte.toString(2).padStart(8, '0')).join('')) {
    code += bit;
    const symbol = SYMBOLS.get(code);
    if (symbol === EOS) throw new Refusal();
    if (symbol === undefined) continue;
    text += String.fromCharCode(symbol);
    code = '';
  }
  if (code.length > 7 || code.includes('0')) throw new Refusal();
  return text;
}

function size([name, value]: TestField): number {
  return name.length + value.length + 32;
}

/** @returns the fields, or undefined for a refusal */
function plainly(decoder: PlainDecoder, block: Uint8Array): TestField[] | undefined {
  try {
    return decoder.decode(block);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

const anyText = fc.uint8Array({ maxLength: 24 }).map((bytes) => textOf(bytes, 0, bytes.length));
const names = fc.oneof(
  fc.constantFrom(...STATIC_FIELDS.map(([name]) => name)),
  fc.constantFrom('x', 'x-tenant', 'l5d-reqid', 'l5d-ctx-trace', 'grpc-timeout', 'te', 'traceparent'),
  anyText,
);
const values = fc.oneof(
  fc.constantFrom('', 'a', 'blue', 'GET', '/', '200', 'text/html; charset=utf-8'),
  {
    weight: 1,
    arbitrary: fc.integer({ min: 90, max: 4200 }).map((length) => 'long value '.repeat(400).slice(0, length)),
  },
  anyText,
);
const field = fc.tuple(names, values, fc.boolean()).map(([name, value, never]): TestField => {
  return never && value.length < 3 ? [name, value, true] : [name, value];
});

interface Message {
  readonly fields: readonly TestField[];
  /** Sizes that the decoder's side sets, in this order, before the block. */
  readonly sizes: readonly number[];
  readonly abandoned: boolean;
  readonly bytesMax: number;
}

/** Few distinct fields, so that they repeat. */
const messages = fc.array(field, { minLength: 1, maxLength: 12 }).chain((pool) =>
  fc.array(
    fc.record<Message>({
      fields: fc.array(fc.constantFrom(...pool), { maxLength: 14 }),
      sizes: fc.oneof(
        { weight: 4, arbitrary: fc.constant([]) },
        fc.array(fc.constantFrom(0, 40, 64, 100, 200, 1000, 4096, 6000, 10000), { maxLength: 3 }),
      ),
      abandoned: fc.integer({ min: 0, max: 9 }).map((number) => number === 0),
      bytesMax: fc.oneof({ weight: 8, arbitrary: fc.constant(100_000) }, fc.nat(300)),
    }),
    { minLength: 1, maxLength: 12 },
  ),
);

/** What the decoder must say: the encoder makes some fields never-indexed by itself. */
function expected(fields: readonly TestField[], decoded: readonly TestField[]): TestField[] {
  return fields.map(([name, value, never], i) => {
    const secret = /^(?:proxy-)?authorization$/.test(name) || (name === 'cookie' && value.length < 20);
    const isNever = never === true || secret;
    assert.equal(decoded[i]?.[2] === true, isNever, name);
    return isNever ? [name, value, true] : [name, value];
  });
}

test('what is encoded is decoded, whatever becomes of the table and of blocks on the way', (t) => {
  t.diagnostic(`WEFT_FUZZ_SEED=${SEED} WEFT_FUZZ_CASES=${CASES}`);
  const capacities = fc.constantFrom(0, 100, 4096, 8192);
  fc.assert(
    fc.property(capacities, fc.boolean(), messages, (capacity, huffman, list) => {
      const codec = new TestEncoder(capacity, huffman);
      const decoder = new TestDecoder({ tableBytesMax: 10000 });
      for (const { fields, sizes, abandoned, bytesMax } of list) {
        for (const bytes of sizes) {
          decoder.decoder.limitTableSize(bytes);
          codec.encoder.limitTableSize(bytes);
        }
        const block = codec.encode(fields, bytesMax);
        if (abandoned) codec.encoder.abandon();
        if (abandoned || block === undefined) continue;
        assert.equal(decoder.decode(block), 0);
        assert.deepEqual(decoder.fields, expected(fields, decoder.fields));
        assert.deepEqual(
          entriesOf(codec.encoder.table),
          entriesOf(decoder.decoder.table).slice(0, codec.encoder.table.count),
        );
      }
    }),
    RUN,
  );
});

/** What a field of a random block begins with, with indexes that are often in range. */
const pieces = fc.oneof(
  fc.constantFrom(0x80, 0x82, 0x90, 0xbd, 0xbe, 0xbf, 0xc0, 0xff).map((byte) => Uint8Array.of(byte)),
  fc.constantFrom('20', '3f21', '3fe11f', '3fe21f', '3f').map((hex) => hexBytes(hex)),
  fc
    .tuple(fc.constantFrom(0x40, 0x00, 0x10), fc.boolean(), names, values)
    .map(([flags, compressed, name, value]) =>
      Uint8Array.of(flags, ...string(name, compressed), ...string(value, compressed)),
    ),
  fc
    .tuple(fc.constantFrom(0x41, 0x7e, 0x7f, 0x04, 0x14, 0x50), values)
    .map(([first, value]) => Uint8Array.of(first, ...(first === 0x7f ? [0] : []), ...string(value, false))),
  fc.uint8Array({ maxLength: 4 }),
);

/** A string as a literal holds it. */
function string(text: string, compressed: boolean): number[] {
  const bytes = bytesOf(text);
  const length = compressed ? huffmanLength(bytes, 0, bytes.length) : bytes.length;
  const out = new Uint8Array(length + INTEGER_BYTES_MAX);
  const at = writeInteger(out, 0, length, 0x7f, compressed ? 0x80 : 0);
  if (compressed) encodeHuffman(bytes, 0, bytes.length, out, new DataView(out.buffer), at);
  else out.set(bytes, at);
  return [...out.subarray(0, at + length)];
}

const blocks = fc.array(
  fc.tuple(
    fc.array(pieces, { maxLength: 10 }),
    fc.array(fc.tuple(fc.nat(5000), fc.nat(255)), { maxLength: 1 }),
    fc.nat(20),
  ),
  { minLength: 1, maxLength: 8 },
);

test('any blocks: the same fields, table and refusals as decoded plainly', () => {
  let accepted = 0;
  let refused = 0;
  fc.assert(
    fc.property(blocks, fc.constantFrom(200, 3, 0), fc.constantFrom(65536, 40), (list, fieldCountMax, textBytesMax) => {
      const plain = new PlainDecoder();
      const codec = new TestDecoder({ fieldCountMax, textBytesMax, listBytesMax: 1 << 30 });
      for (const [parts, changes, cut] of list) {
        const whole = Uint8Array.from(parts.flatMap((part) => [...part]));
        // One in seven is changed, one in twenty is cut.
        for (const [at, byte] of changes) if (byte % 7 === 0 && at < whole.length) whole[at] = byte;
        const block = cut === 0 ? whole.subarray(0, whole.length >> 1) : whole;
        const wanted = plainly(plain, block);
        const result = codec.decode(block);
        assert.equal(result < 0, wanted === undefined, hexOf(block));
        if (wanted === undefined) refused++;
        if (wanted === undefined) return;
        accepted++;
        assert.deepEqual(codec.fields, wanted.slice(0, codec.section.fieldCount));
        assert.equal(codec.section.overflowed, codec.section.fieldCount < wanted.length);
        assert.equal(
          codec.section.listBytes,
          wanted.reduce((sum, entry) => sum + size(entry), 0),
        );
        assert.deepEqual(entriesOf(codec.decoder.table), plain.table);
        assert.equal(codec.decoder.table.maxSize, plain.maxSize);
      }
    }),
    RUN,
  );
  assert.ok(accepted > CASES / 40 && refused > CASES / 40, `${accepted} accepted, ${refused} refused`);
});
