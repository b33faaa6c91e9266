/** A kept request whose branch's lines are replaced: where they stand in it, whatever their lengths, in its block or in another. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { branchFields } from '../http2/prepared-fields.ts';
import { TestNet } from '../net/test-net.ts';
import { branchHeaders } from './branch-headers.ts';
import { Exchange } from './exchange.ts';
import { rewriteBranch } from './rewrite-branch.ts';
import type { Router } from './router.ts';
import type { RouteBranch } from './routes.ts';

const SERVICE = '/svc/web';
const world = new TestNet();
const { net } = world;

function branchOf(id: string, speaksHttp2 = false): RouteBranch {
  const headers = branchHeaders(SERVICE, id, '/rest', '');
  const fields = branchFields(SERVICE, id, '/rest', '');
  return { client: { speaksHttp2 }, headers, fields } as unknown as RouteBranch;
}

/** A branch's part of a head, `via` included. */
function textOf(branch: RouteBranch): string {
  const piece = branch.client.speaksHttp2 ? branch.fields : branch.headers;
  const bytes = new Uint8Array(piece.byteLength);
  piece.write(bytes, 0, piece.byteLength);
  return Buffer.from(bytes).toString('latin1');
}

/** An exchange that keeps a head and content, in a block that was asked for so many bytes. */
function keep(head: string, content: string, capacity: number, room = content.length): Exchange {
  const exchange = new Exchange(null as unknown as Router);
  const at = net.takeBlock(capacity);
  net.bytes.set(Buffer.from(head + content, 'latin1'), at);
  exchange.holdHead(at, at + head.length);
  exchange.headCapacity = capacity;
  exchange.bodyBytes = content.length;
  exchange.bodyRoom = room;
  return exchange;
}

function kept({ headAt, headBytes, bodyBytes }: Exchange): string {
  return Buffer.from(net.bytes.subarray(headAt, headAt + headBytes + bodyBytes)).toString('latin1');
}

const SHORT = '/#/a';
const LONG = `/#/io.l5d.fs/${'b'.repeat(700)}`;

for (const speaksHttp2 of [false, true]) {
  const protocol = speaksHttp2 ? 'h2' : 'http';
  for (const [name, from, to, moves] of [
    ['to a shorter one', LONG, SHORT, false],
    ['to a longer one, in place', SHORT, '/#/io.l5d.fs/web', false],
    ['to one that needs a larger block', SHORT, LONG, true],
  ] as const) {
    test(`${protocol}: ${name}`, () => {
      const [before, after] = [branchOf(from, speaksHttp2), branchOf(to, speaksHttp2)];
      const head = (branch: RouteBranch) =>
        `GET /?q=l5d-dst-service HTTP/1.1\r\nhost: web\r\n${textOf(branch)}x: y\r\n\r\n`;
      const content = 'c'.repeat(200);
      const used = [net.smallBlocks.usedCount, net.blocks.usedCount];
      const exchange = keep(head(before), content, head(before).length + content.length);
      const { headAt } = exchange;
      assert.equal(rewriteBranch(net, exchange, before, after), true);
      assert.equal(kept(exchange), head(after) + content);
      assert.equal(exchange.headAt !== headAt, moves);
      net.giveBlock(exchange.headAt, exchange.headCapacity);
      assert.deepEqual([net.smallBlocks.usedCount, net.blocks.usedCount], used);
    });
  }
}

test('room is kept for content that is still to come', () => {
  const [before, after] = [branchOf(SHORT), branchOf(`/#/${'b'.repeat(100)}`)];
  const head = `GET / HTTP/1.1\r\n${textOf(before)}\r\n`;
  const exchange = keep(head, 'c', 1024, 1024 - head.length);
  assert.equal(rewriteBranch(net, exchange, before, after), true);
  assert.ok(net.blockCapacity(exchange.headCapacity) >= exchange.headBytes + exchange.bodyRoom);
  assert.ok(kept(exchange).endsWith('\r\n\r\nc'));
  net.giveBlock(exchange.headAt, exchange.headCapacity);
});

test('of a client that says the same lines itself, only those behind it are replaced', () => {
  const [before, after] = [branchOf(SHORT), branchOf('/#/io.l5d.fs/web')];
  const imitation = textOf(before);
  const exchange = keep(`${imitation}${textOf(before)}\r\n`, '', 1024);
  assert.equal(rewriteBranch(net, exchange, before, after), true);
  assert.equal(kept(exchange), `${imitation}${textOf(after)}\r\n`);
  net.giveBlock(exchange.headAt, exchange.headCapacity);
});
