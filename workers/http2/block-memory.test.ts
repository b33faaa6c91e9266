/**
 * When a block is recognised and when it has to be looked at, case by case; against a plain decoder, see
 * block-memory-model.test.ts.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hexBytes, TestDecoder } from '../../core/http2/hpack/test-codec.ts';
import { BlockMemory, KnownBlock, type Remembered, SkippedBlocks } from './block-memory.ts';

const SEEDS = [0x12345, 0x54321] as const;
const BLOCK_BYTES_MAX = 1024;
/** Blocks that insert `a: 1` and `b: 2`, and one that refers to the newest field of the table. */
const INSERT_A = hexBytes('40 01 61 01 31');
const INSERT_B = hexBytes('40 01 62 01 32');
const NEWEST = hexBytes('be');
const STATIC = hexBytes('82 84');

/** What is made of a block here: the connection whose it was. */
interface Named extends Remembered {
  readonly from: number;
}

/** Connections that share a memory. */
class Site {
  readonly memory: BlockMemory<Named>;
  readonly codecs = SEEDS.map(() => new TestDecoder());

  constructor(slots = 1024) {
    this.memory = new BlockMemory(slots);
  }

  find(block: Uint8Array, from = 0, endStream = true, current = true): Named | null {
    const { decoder } = this.codecs[from] as TestDecoder;
    return this.memory.find(block, 0, block.length, endStream, decoder, SEEDS[from] as number, current);
  }

  /** Looks for a block, and decodes it when it is not known. @returns whether it was known */
  take(block: Uint8Array, from = 0, endStream = true): boolean {
    if (this.find(block, from, endStream) !== null) return true;
    const { memory } = this;
    const { recurring } = memory;
    const codec = this.codecs[from] as TestDecoder;
    assert.equal(codec.decode(block), 0);
    if (recurring && memory.admits(codec.decoder)) {
      memory.remember({ block: new KnownBlock(block, endStream, codec.decoder), from }, codec.decoder);
    }
    return false;
  }

  /** @returns for each time that a block comes whether it was known */
  times(count: number, block: Uint8Array, from = 0): boolean[] {
    return Array.from({ length: count }, () => this.take(block, from));
  }
}

/** A block of one literal. */
function literal(byteLength: number): Uint8Array {
  const value = byteLength - (byteLength < 130 ? 4 : byteLength < 258 ? 5 : 6);
  const length =
    value < 0x7f
      ? [value]
      : value < 0xff
        ? [0x7f, value - 0x7f]
        : [0x7f, 0x80 | ((value - 0x7f) & 0x7f), (value - 0x7f) >> 7];
  const block = Uint8Array.from([
    0x00,
    0x01,
    0x78,
    ...length,
    ...Array.from({ length: value }, (_, i) => 33 + (i % 90)),
  ]);
  assert.equal(block.length, byteLength);
  return block;
}

describe('a block', () => {
  test('that comes twice is remembered, and known from then on, on every connection', () => {
    const site = new Site();
    assert.deepEqual(site.times(4, STATIC), [false, false, true, true]);
    assert.ok(site.take(STATIC, 1));
    assert.equal(site.find(STATIC, 1)?.from, 0);
  });

  test('that ends its stream is another than one that does not', () => {
    const site = new Site();
    site.times(3, STATIC);
    assert.equal(site.take(STATIC, 0, false), false);
    assert.ok(site.take(STATIC, 0, true));
  });

  for (const byteLength of [5, 6, 7, 8, 9, 63, 64, 65, 127, 256, 1023, 1024]) {
    test(`of ${byteLength} bytes is known by every one of them, and by how many they are`, () => {
      const site = new Site(1);
      const block = literal(byteLength);
      site.times(2, block);
      assert.ok(site.find(block) !== null);
      for (let i = 0; i < byteLength; i++) {
        const other = Uint8Array.from(block);
        other[i] = (other[i] as number) ^ (1 << (i % 8));
        assert.equal(site.find(other), null, `byte ${i}`);
      }
      assert.equal(site.find(block.subarray(0, -1)), null);
      assert.equal(site.find(Uint8Array.from([...block, 0x82])), null);
      const moved = Uint8Array.from([1, 2, 3, ...block, 4]);
      const { decoder } = site.codecs[0] as TestDecoder;
      assert.ok(site.memory.find(moved, 3, 3 + byteLength, true, decoder, 0, true) !== null, 'wherever it lies');
    });
  }

  test(`of more than ${BLOCK_BYTES_MAX} bytes is never remembered`, () => {
    const site = new Site();
    assert.deepEqual(site.times(4, literal(BLOCK_BYTES_MAX + 1)), [false, false, false, false]);
    assert.equal(site.memory.admits((site.codecs[0] as TestDecoder).decoder), false);
  });

  test('is not taken for another after it was not to be remembered', () => {
    const site = new Site(1);
    site.times(2, STATIC);
    site.take(literal(BLOCK_BYTES_MAX + 1));
    site.take(literal(BLOCK_BYTES_MAX + 1));
    assert.ok(site.find(STATIC) !== null);
    assert.equal(site.memory.recurring, false);
  });

  test('can be forgotten', () => {
    const site = new Site();
    site.times(2, STATIC);
    const known = site.find(STATIC) ?? assert.fail('not known');
    site.memory.forget(known);
    assert.deepEqual(site.times(3, STATIC), [false, false, true]);
    site.memory.forget(known);
    assert.ok(site.find(STATIC) !== null, 'another entry by now');
  });
});

describe('a block that refers to the table', () => {
  test('is known on its own connection alone, until the table changes', () => {
    const site = new Site();
    for (const from of [0, 1]) site.take(from === 0 ? INSERT_A : INSERT_B, from);
    assert.deepEqual(site.times(3, NEWEST, 0), [false, false, true]);
    assert.deepEqual(site.times(4, NEWEST, 1), [false, false, true, true]);
    assert.deepEqual([site.find(NEWEST, 0)?.from, site.find(NEWEST, 1)?.from], [0, 1]);
    site.take(INSERT_B, 0);
    assert.deepEqual(site.times(3, NEWEST, 0), [false, false, true]);
    site.codecs[0]?.decoder.table.resize(64);
    assert.equal(site.find(NEWEST, 0), null);
  });

  test('of another connection is not found in its place, though both tables are as old', () => {
    const site = new Site(1);
    site.take(INSERT_A, 0);
    site.take(INSERT_B, 1);
    site.times(3, NEWEST, 0);
    assert.ok(site.find(NEWEST, 0) !== null);
    assert.equal(site.codecs[0]?.decoder.table.version, site.codecs[1]?.decoder.table.version);
    assert.equal(site.find(NEWEST, 1), null);
  });

  test('is not found while another that changes the table was only recognised', () => {
    const site = new Site();
    site.times(2, INSERT_A);
    site.take(INSERT_B);
    site.times(3, NEWEST);
    assert.ok(site.find(INSERT_A) !== null);
    assert.ok(site.find(NEWEST, 0, true, true) !== null);
    assert.equal(site.find(NEWEST, 0, true, false), null);
    assert.ok(site.find(INSERT_A, 0, true, false) !== null, 'which means the same whatever the table holds');
  });

  test('is gone with its connection: a decoder of the same object begins with an empty table', () => {
    const site = new Site();
    site.take(INSERT_A);
    site.times(3, NEWEST);
    site.codecs[0]?.decoder.reset();
    assert.equal(site.find(NEWEST), null);
  });
});

describe('what is not remembered', () => {
  const BLOCKS: readonly (readonly [name: string, block: string, remembered: boolean])[] = [
    ['static fields and literals', '82 00 01 61 01 31 10 01 62 01 32', true],
    ['a literal for the table', '82 40 01 61 01 31', true],
    ['a reference', '82 be', true],
    ['a name out of the table, not to be indexed', '0f 2f 01 39', true],
    ['a reference, and a literal for the table', 'be 40 01 61 01 31', false],
    ['a literal for the table, and a reference to it', '40 01 61 01 31 be', false],
    ['a name out of the table, to be indexed', '7e 01 39', false],
    ['a size of the table', '3f e1 1f 82', false],
    ['a size of the table, and a reference', '3f e1 1f be', false],
  ];
  for (const [name, hex, remembered] of BLOCKS) {
    test(`${name}: ${remembered ? 'remembered' : 'looked at each time'}`, () => {
      const site = new Site();
      site.take(INSERT_A);
      assert.deepEqual(site.times(4, hexBytes(hex)), [false, false, remembered, remembered]);
    });
  }

  test('a block that does not begin with the size that is due', () => {
    const site = new Site();
    site.times(3, STATIC);
    site.codecs[0]?.decoder.limitTableSize(100);
    assert.equal(site.find(STATIC), null);
    assert.ok(site.find(STATIC, 1) !== null, 'on another connection nothing is due');
    assert.equal(site.codecs[0]?.decode(hexBytes('3f45')), 0);
    assert.ok(site.find(STATIC) !== null);
  });
});

describe('a place for one block', () => {
  const OTHER = hexBytes('82 86');

  test('stays with its owner against one that takes turns with it', () => {
    const site = new Site(1);
    site.times(2, STATIC);
    for (let i = 0; i < 20; i++)
      assert.deepEqual([site.take(OTHER), site.take(OTHER), site.take(STATIC)], [false, false, true]);
  });

  test('goes to one that comes eight times in a row', () => {
    const site = new Site(1);
    site.times(2, STATIC);
    assert.deepEqual(site.times(9, OTHER), [...new Array<boolean>(8).fill(false), true]);
    assert.equal(site.find(STATIC), null);
  });

  test('goes at once to one that comes twice, when its owner says nothing any more', () => {
    const site = new Site(1);
    site.take(INSERT_A);
    site.times(2, NEWEST);
    site.take(INSERT_B);
    assert.deepEqual(site.times(3, OTHER), [false, false, true]);
  });
});

describe('blocks that were skipped', () => {
  /** A block that inserts so many bytes, as a table counts them. */
  function known(insertedBytes: number): KnownBlock {
    const codec = new TestDecoder();
    const name = insertedBytes - 32;
    assert.equal(codec.decode(Uint8Array.from([0x40, name, ...new Array<number>(name).fill(0x61), 0])), 0);
    assert.equal(codec.decoder.insertedBytes, insertedBytes);
    return new KnownBlock(INSERT_A, true, codec.decoder);
  }

  const ROWS: readonly (readonly [inserted: readonly number[], tableBytes: number, kept: number])[] = [
    [[50], 4096, 1],
    [[50, 50, 50], 4096, 3],
    [[50, 50], 50, 1],
    [[50, 50], 51, 2],
    [[50, 50, 50], 100, 2],
    [[50, 50, 50], 101, 3],
    [[40, 60, 50], 100, 2],
    [[40, 60, 150], 100, 1],
    [[150, 40, 40], 100, 3],
    [[50], 0, 1],
    [[50, 60, 70], 0, 1],
  ];
  for (const [inserted, tableBytes, kept] of ROWS) {
    test(`of ${inserted.join(', ')} bytes: the last ${kept} fill a table of ${tableBytes}`, () => {
      const skipped = new SkippedBlocks();
      assert.ok(skipped.isEmpty);
      const blocks = inserted.map(known);
      for (const block of blocks) skipped.add(block, tableBytes);
      assert.ok(!skipped.isEmpty);
      assert.deepEqual(skipped.takeAll(), blocks.slice(-kept));
      assert.ok(skipped.isEmpty);
      assert.deepEqual(skipped.takeAll(), []);
    });
  }

  test('any number of them take no more room than a table of them', () => {
    const skipped = new SkippedBlocks();
    const blocks = Array.from({ length: 5000 }, () => known(40));
    for (const block of blocks) skipped.add(block, 4096);
    const taken = skipped.takeAll();
    assert.equal(taken.length, 103);
    assert.ok(taken.every((block, i) => block === blocks[blocks.length - 103 + i]));
    skipped.add(blocks[0] as KnownBlock, 4096);
    assert.deepEqual(skipped.takeAll(), [blocks[0]]);
  });
});
