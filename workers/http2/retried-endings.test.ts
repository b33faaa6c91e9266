/**
 * Attempts that end without a whole response (spec 05 sections 10 and 11): which of them are followed by another, by the
 * classifier and by how far the response had come.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestField } from '../../core/http2/hpack/test-codec.ts';
import { COUNTER } from '../../core/shared/stats.ts';
import { dataFrame, GET, H2Worker, headersFrame, SERVICE_SCOPE, type TestPeer } from '../../test/support/h2-worker.ts';
import { EPOLLIN } from '../os/epoll.ts';
import { frameBytes } from './test-wire.ts';

const POST: readonly TestField[] = [[':method', 'POST'], ...GET.slice(1)];
const HEAD: readonly TestField[] = [[':status', '200']];
const RST_STREAM = 3;
/** A response head without a status: `x: y` as a literal. */
const NO_STATUS = Uint8Array.of(0, 1, 0x78, 1, 0x79);

type Ending = 'closed' | 'internal error' | 'refused' | 'malformed' | 'closed behind its head';

function end(worker: H2Worker, endpoint: TestPeer, ending: Ending): void {
  const reset = (code: number) => endpoint.send(frameBytes(RST_STREAM, 0, 1, Uint8Array.of(0, 0, 0, code)));
  if (ending === 'internal error') reset(2);
  else if (ending === 'refused') reset(7);
  else if (ending === 'malformed') endpoint.send(headersFrame(1, NO_STATUS, true));
  else {
    if (ending !== 'closed') endpoint.send(endpoint.headers(1, HEAD, false), dataFrame(1, 'x', false));
    worker.settle();
    worker.world.sockets.endInput(endpoint.fd, 0);
    worker.world.ready(endpoint.fd, EPOLLIN);
  }
  worker.settle();
}

/** Classifier, request, and the endings behind which the request is sent again. */
const ROWS: readonly (readonly [kind: string, head: readonly TestField[], again: readonly Ending[]])[] = [
  ['nonRetryable5XX', GET, ['refused']],
  ['allSuccessful', GET, ['refused']],
  ['retryableRead5XX', GET, ['refused', 'closed', 'malformed']],
  ['retryableRead5XX', POST, ['refused']],
  ['retryableAll5XX', POST, ['refused', 'closed', 'malformed']],
  ['grpc.default', POST, ['refused']],
  ['grpc.alwaysRetryable', POST, ['refused']],
  ['grpc.compliant', POST, ['refused']],
];
const ENDINGS: readonly Ending[] = ['closed', 'internal error', 'refused', 'malformed', 'closed behind its head'];

for (const [kind, head, again] of ROWS) {
  describe(`io.l5d.h2.${kind}, ${head[0]?.[1]}`, () => {
    for (const ending of ENDINGS) {
      const isSentAgain = again.includes(ending);
      test(`${ending}: ${isSentAgain ? 'sent again' : 'the client is told'}`, () => {
        const worker = new H2Worker(`  service: {responseClassifier: {kind: io.l5d.h2.${kind}}}`);
        const client = worker.connect();
        client.send(client.headers(1, head, true));
        worker.settle();
        worker.bind();
        const first = worker.endpoint();
        first.frames();
        end(worker, first, ending);
        const told = client.frames();
        if (!isSentAgain) {
          assert.notEqual(told.length, 0);
          assert.equal(worker.dialled.length, 1);
          assert.deepEqual(first.messages(), []);
          return;
        }
        assert.deepEqual(told, []);
        const endpoint = ending === 'closed' ? worker.endpoint() : first;
        const [request] = endpoint.messages();
        assert.ok(request !== undefined, 'it is sent again');
        endpoint.send(endpoint.headers(request.id, [...HEAD, ['grpc-status', '0']], true));
        worker.settle();
        const [answer] = client.messages();
        assert.ok(answer !== undefined && client.fieldsOf(answer).some(([, value]) => value === '200'));
        const { stats } = worker.world;
        const retries = stats.counter(SERVICE_SCOPE, COUNTER.retriesTotal);
        // What was not looked at is requeued, and no retry.
        assert.equal(retries, ending === 'refused' ? 0 : 1);
        assert.equal(stats.counter(SERVICE_SCOPE, COUNTER.success), 1);
      });
    }
  });
}
