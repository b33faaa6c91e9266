/** What both sides' connections do about their tables, and that they end once, whatever fails while they do. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TestNet } from '../net/test-net.ts';
import { EPIPE } from '../os/errno.ts';
import { TestConnection, testEndpoint } from './test-connection.ts';

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
