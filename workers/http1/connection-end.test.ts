/** A connection that ends is counted once, also when what was still to be sent fails in the middle of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeadParser } from '../../core/http1/head.ts';
import { TEST_LIMITS } from '../../core/http1/message-reader.ts';
import type { Connection } from '../net/connection.ts';
import { Patience } from '../net/patience.ts';
import { TestNet } from '../net/test-net.ts';
import { EPIPE } from '../os/errno.ts';
import type { ConnectionPool } from '../router/connection-pool.ts';
import type { Http1Client } from './client.ts';
import { Http1ClientConnection } from './client-connection.ts';
import { MessageBody } from './message-body.ts';
import type { Http1Server } from './server.ts';
import { Http1ServerConnection } from './server-connection.ts';

const SCOPE = 1;
const world = new TestNet();
const { net, sockets } = world;
const textAt = world.take(64);
const body = new MessageBody(64, new HeadParser(TEST_LIMITS));
const NO_TIMES = { readTimeoutMs: undefined, writeTimeoutMs: undefined };
let ended = 0;
const count = () => {
  ended++;
};

const server = {
  net,
  scope: SCOPE,
  scratchAt: world.take(64),
  connectionEnded: count,
  forwardedLabels: null,
  patience: new Patience(net.limits, NO_TIMES, undefined),
} as unknown as Http1Server;
const client = { net, scratchAt: world.take(64), createBody: () => body } as unknown as Http1Client;
const pool = {
  client: { scope: SCOPE, config: { socketOptions: NO_TIMES } },
  ended: count,
} as unknown as ConnectionPool;

const CONNECTIONS: readonly (readonly [name: string, open: (fd: number) => Connection])[] = [
  ['from a client', (fd) => new Http1ServerConnection(server, 0, fd)],
  ['to an endpoint', (fd) => new Http1ClientConnection(client, pool, 0, fd)],
];

for (const [name, open] of CONNECTIONS) {
  for (const errno of [0, EPIPE]) {
    test(`a connection ${name} is closed with something to be sent, which ${errno === 0 ? 'is' : 'fails'}`, () => {
      const fd = 20 + errno;
      const connection = open(fd);
      ended = 0;
      connection.writeLater(textAt, 10);
      sockets.sendErrno = errno;
      connection.close();
      sockets.sendErrno = 0;
      connection.close();
      world.turn();
      assert.deepEqual([ended, connection.closed, sockets.sentBy(fd).length], [1, true, errno === 0 ? 10 : 0]);
    });
  }
}
