/** What both sides' connections do about their tables, and that they end once, whatever fails while they do. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FLAG_ACK } from '../../core/http2/frame-flags.ts';
import { FRAME_SETTINGS } from '../../core/http2/frame-types.ts';
import { hexBytes, TestDecoder } from '../../core/http2/hpack/test-codec.ts';
import { TestNet } from '../net/test-net.ts';
import { EPOLLIN } from '../os/epoll.ts';
import { EPIPE } from '../os/errno.ts';
import { KnownBlock } from './block-memory.ts';
import { TestConnection, testEndpoint } from './test-connection.ts';
import { frameBytes } from './test-wire.ts';

const world = new TestNet();
const endpoint = testEndpoint(world);

describe('the end', () => {
  const ENDINGS: readonly (readonly [name: string, sendErrno: number, end: (connection: TestConnection) => void])[] = [
    ['closed', 0, (connection) => connection.close()],
    ['closed, and what is gathered cannot be sent', EPIPE, (connection) => connection.close()],
    ['reset', 0, (connection) => connection.reset()],
    ['ended by a fault', 0, (connection) => connection.onFault(new Error('x'))],
    ['the socket fails at the end of the tick', EPIPE, () => world.turn()],
    ['closed twice', 0, (connection) => [connection.close(), connection.close(), connection.reset()]],
  ];
  for (const [name, sendErrno, end] of ENDINGS) {
    test(`${name}: the decoder goes back once, and no block is kept`, () => {
      const connection = new TestConnection(world, endpoint);
      const stream = connection.openStream();
      connection.gather();
      world.sockets.sendErrno = sendErrno;
      end(connection);
      world.sockets.sendErrno = 0;
      world.turn();
      assert.ok(connection.closed);
      assert.equal(stream.events.filter((event) => event.startsWith('lost')).length, 1);
      const [first, second] = [endpoint.takeDecoder(), endpoint.takeDecoder()];
      assert.equal(first, connection.decoderInUse);
      assert.notEqual(first, second, 'two connections would share a table');
      assert.equal(world.net.blocks.usedCount, 0);
    });
  }
});

describe('blocks that were recognised, and not decoded', () => {
  /** `a: 1` for the table, as another connection has sent it before. */
  const codec = new TestDecoder();
  const inserted = hexBytes('40 01 61 01 31');
  assert.equal(codec.decode(inserted), 0);
  const known = new KnownBlock(inserted, true, codec.decoder);

  const ROWS: readonly (readonly [name: string, headerTableBytes: number, acknowledged: boolean, next: string])[] = [
    ['are made up for before the next block', 4096, false, 'be'],
    ['are made up for before a block with another size for the table', 4096, false, '3f e1 07 be'],
    ['came before our settings held for the peer', 4096, true, 'be'],
    ['came before a smaller table was asked for', 1024, true, '3f e1 07 be'],
  ];
  for (const [name, headerTableBytes, acknowledged, next] of ROWS) {
    test(name, () => {
      const connection = new TestConnection(world, testEndpoint(world, { headerTableBytes }));
      connection.recognise(known);
      assert.ok(!connection.isCurrent);
      if (acknowledged) {
        world.sockets.give(connection.fd, frameBytes(FRAME_SETTINGS, 0, 0, new Uint8Array(0)));
        world.sockets.give(connection.fd, frameBytes(FRAME_SETTINGS, FLAG_ACK, 0, new Uint8Array(0)));
        connection.onReady(EPOLLIN);
      }
      assert.deepEqual(connection.take(hexBytes(next)), [['a', '1']]);
      assert.ok(connection.isCurrent);
      assert.deepEqual(connection.errors, []);
      connection.close();
    });
  }

  test('that put nothing into the table leave nothing to be made up for', () => {
    const connection = new TestConnection(world, endpoint);
    assert.equal(codec.decode(hexBytes('82')), 0);
    connection.recognise(new KnownBlock(hexBytes('82'), true, codec.decoder));
    assert.ok(connection.isCurrent);
    connection.close();
  });
});
