/** What is counted for content that an exchange keeps behind its head is given back, also when no block is left for it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_BLOCK } from '../net/blocks.ts';
import { TestNet } from '../net/test-net.ts';
import { Exchange } from './exchange.ts';
import type { Router } from './router.ts';

const HEAD_BYTES = 2048;
const BODY_BYTES = 100;

test('room for content is counted once it is taken, and not when no block is left', () => {
  const { net } = new TestNet();
  const taken: number[] = [];
  const exchange = new Exchange(null as unknown as Router);
  const take = () => {
    exchange.bodyRoom = BODY_BYTES;
    return exchange.takeHeadBlock(net, HEAD_BYTES);
  };
  for (let at = take(); at !== NO_BLOCK; at = take()) taken.push(at);
  assert.ok(taken.length > 0);
  assert.equal(net.keptBodyBytes, taken.length * BODY_BYTES);
  assert.equal(exchange.bodyRoom, 0);
  for (const at of taken) {
    net.giveBlock(at, HEAD_BYTES + BODY_BYTES);
    exchange.bodyRoom = BODY_BYTES;
    exchange.releaseRoom(net);
  }
  assert.equal(net.keptBodyBytes, 0);
});

test('content for which there is no room is not kept', () => {
  const { net } = new TestNet();
  const exchange = new Exchange(null as unknown as Router);
  exchange.bodyRoom = net.blocks.blockBytes;
  const at = exchange.takeHeadBlock(net, HEAD_BYTES);
  assert.notEqual(at, NO_BLOCK);
  assert.deepEqual([exchange.bodyRoom, exchange.bodyKept, net.keptBodyBytes], [0, false, 0]);
  net.giveBlock(at, HEAD_BYTES);
});
