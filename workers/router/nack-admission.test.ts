/** A worker keeps requests from endpoints that nack most of them (spec 05 section 7.1), on a virtual clock. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FRAME_HEADERS } from '../../core/http2/frame-types.ts';
import { COUNTER } from '../../core/shared/stats.ts';
import { H2Worker } from '../../test/support/h2-worker.ts';

const CLIENT_SCOPE = 5;
const GET = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':authority', 'web'],
  [':path', '/'],
] as const;
const NACK = Buffer.from('HTTP/1.1 503 X\r\nfinagle-http-nonretryable-nack: true\r\nContent-Length: 0\r\n\r\n');

test('after minutes of nacks alone most requests fail with 502 and are not sent', () => {
  const worker = new H2Worker('  client: {protocol: http, failureAccrual: {kind: none}}');
  const peer = worker.connect();
  peer.send(peer.headers(1, GET, true));
  worker.settle();
  worker.bind();
  const endpoint = worker.endpoint();
  let nacked = 0;
  for (let id = 3; id < 6003; id += 2) {
    worker.world.turn(100);
    if (worker.world.sockets.sentBy(endpoint.fd).length > 0) {
      endpoint.send(NACK);
      worker.settle();
      nacked += 1;
    }
    peer.send(peer.headers(id, GET, true));
    worker.settle();
  }
  const dropped = worker.world.stats.counter(CLIENT_SCOPE, COUNTER.nackAdmissionDropped);
  assert.ok(dropped > 1000, `${dropped}`);
  assert.ok(Math.abs(nacked + dropped - 3000) <= 1, `${nacked} + ${dropped}`);
  const statuses = peer
    .messages()
    .filter(({ type }) => type === FRAME_HEADERS)
    .map((frame) => peer.fieldsOf(frame).find(([name]) => name === ':status')?.[1]);
  assert.ok(statuses.length > dropped, `${statuses.length}`);
  assert.deepEqual([...new Set(statuses)], ['502']);
});
