/** Byte queues and the blocks they are made of, against a plain string. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { KernelMemory } from '../os/memory.ts';
import { Blocks, NO_BLOCK } from './blocks.ts';
import { ByteQueue } from './byte-queue.ts';

const PAGE_BYTES = 4096;
const HEADER_BYTES = 64;
const BLOCK_BYTES = HEADER_BYTES + 56;
const BLOCKS = 16;
const WINDOW_BYTES = 2048;

const memory = new KernelMemory(1024 * 1024);
const windowAt = memory.reserve(WINDOW_BYTES);

let exhaustedCount = 0;
const onExhausted = () => exhaustedCount++;

function createBlocks(count: number, blockBytes = BLOCK_BYTES): Blocks {
  return new Blocks(memory, count * blockBytes + PAGE_BYTES, blockBytes, onExhausted);
}

/** Exactly as many as a region holds, which may be a page more than was asked for. */
function takeAll(blocks: Blocks): number[] {
  const taken: number[] = [];
  for (let block = blocks.take(); block !== NO_BLOCK; block = blocks.take()) taken.push(block);
  return taken;
}

function read(at: number, byteLength: number): string {
  return Buffer.from(memory.bytes.subarray(at, at + byteLength)).toString('latin1');
}

describe('blocks', () => {
  const blocks = createBlocks(BLOCKS);
  const all = takeAll(blocks);

  test('blocks do not overlap and lie in the region', () => {
    const sorted = [...all].sort((a, b) => a - b);
    assert.ok(all.length >= BLOCKS);
    for (let i = 1; i < sorted.length; i++) assert.ok((sorted[i] as number) - (sorted[i - 1] as number) >= BLOCK_BYTES);
    assert.equal(blocks.usedCount, all.length);
  });

  test('when none is left it says so and counts it', () => {
    const before = exhaustedCount;
    assert.equal(blocks.take(), NO_BLOCK);
    assert.equal(exhaustedCount, before + 1);
  });

  test('the block given back last is the first to be used again', () => {
    blocks.give(all[3] as number);
    blocks.give(all[5] as number);
    assert.equal(blocks.take(), all[5]);
    assert.equal(blocks.take(), all[3]);
    assert.equal(blocks.take(), NO_BLOCK);
  });

  test('pages of free blocks go back to the kernel, those to be kept stay', () => {
    const pages = createBlocks(4, PAGE_BYTES);
    const taken = takeAll(pages);
    for (const block of taken) memory.bytes.fill(7, block, block + PAGE_BYTES);
    for (const block of taken) pages.give(block);
    pages.trim(1);
    const kept = pages.take();
    const released = pages.take();
    assert.equal(memory.bytes[kept], 7);
    assert.equal(memory.bytes[released], 0);
    memory.bytes[released] = 9;
    pages.trim(0);
    assert.equal(memory.bytes[released], 9, 'a block in use keeps its bytes');
  });
});

type Step = { readonly kind: 'append' | 'consume' | 'move'; readonly count: number } | { readonly kind: 'clear' };

/** What is there, looked at without being taken. */
function lookAt(queue: ByteQueue): string {
  let text = '';
  queue.rewind();
  for (let n = queue.nextSpan(); n > 0; n = queue.nextSpan()) text += read(queue.spanAt, n);
  return text;
}

function check(queue: ByteQueue, model: string): void {
  assert.equal(queue.byteLength, model.length);
  assert.equal(lookAt(queue), model);
  if (model.length === 0) return;
  assert.ok(queue.frontBytes > 0 && queue.frontBytes <= model.length);
  assert.equal(read(queue.frontAt, queue.frontBytes), model.slice(0, queue.frontBytes));
}

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('append' as const, 'consume' as const, 'move' as const),
    count: fc.oneof(fc.nat({ max: 200 }), fc.constantFrom(55, 56, 57, 111, 112, 113)),
  }),
  fc.constant({ kind: 'clear' as const }),
);

test('what goes in comes out, in order, and an empty queue holds no block', () => {
  const blocks = createBlocks(BLOCKS);
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const queue = new ByteQueue(memory, blocks);
      let model = '';
      let written = 0;
      for (const { kind, ...rest } of steps) {
        const count = 'count' in rest ? rest.count : 0;
        if (kind === 'append' && model.length + count <= BLOCKS * 40) {
          const text = Array.from({ length: count }, () => String.fromCharCode(33 + (written++ % 90))).join('');
          memory.bytes.set(Buffer.from(text, 'latin1'), windowAt);
          assert.ok(queue.append(windowAt, count));
          model += text;
        } else if (kind === 'consume') {
          const dropped = Math.min(count, model.length);
          queue.consume(dropped);
          model = model.slice(dropped);
        } else if (kind === 'move') {
          const moved = queue.moveTo(windowAt, count);
          assert.equal(moved, Math.min(count, model.length));
          assert.equal(read(windowAt, moved), model.slice(0, moved));
          model = model.slice(moved);
        } else if (kind === 'clear') {
          queue.clear();
          model = '';
        }
        check(queue, model);
        if (model === '') assert.equal(blocks.usedCount, 0);
      }
      queue.clear();
      assert.equal(blocks.usedCount, 0);
    }),
    { numRuns: 500 },
  );
});

test('a queue that finds no block says so, and gives everything back when cleared', () => {
  const blocks = createBlocks(2);
  const other = takeAll(blocks);
  for (const block of other.slice(0, 2)) blocks.give(block);
  const queue = new ByteQueue(memory, blocks);
  const roomBytes = 2 * (BLOCK_BYTES - HEADER_BYTES);
  assert.ok(queue.append(windowAt, roomBytes));
  assert.equal(queue.append(windowAt, 1), false);
  queue.clear();
  assert.equal(queue.byteLength, 0);
  assert.equal(blocks.usedCount, other.length - 2);
  assert.ok(queue.append(windowAt, roomBytes));
});
