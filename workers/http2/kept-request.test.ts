/** A request that is sent again is the one that came: its content, wherever it is kept, and its trailers. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestField } from '../../core/http2/hpack/test-codec.ts';
import { dataFrame, GET, H2Worker, type TestPeer } from '../../test/support/h2-worker.ts';
import type { TestFrame } from './test-wire.ts';

const POST: readonly TestField[] = [[':method', 'POST'], ...GET.slice(1)];

/** What a peer is sent as one message: its fields, content and trailers, and whether it has ended. */
function messageOf(peer: TestPeer, frames: readonly TestFrame[]) {
  const blocks = frames.filter(({ type }) => type === 1).map((frame) => peer.fieldsOf(frame));
  const content = frames.filter(({ type }) => type === 0).map(({ payload }) => Buffer.from(payload).toString('latin1'));
  const last = frames.at(-1);
  return { blocks, content: content.join(''), ended: last !== undefined && (last.flags & 1) !== 0 };
}

describe('a request that is sent again', () => {
  const READS = '  service: {responseClassifier: {kind: io.l5d.h2.retryableAll5XX}}';
  const PARTS: readonly (readonly string[])[] = [
    [],
    ['a'],
    ['a'.repeat(400), 'b'.repeat(400)],
    ['a'.repeat(400), 'b'.repeat(1000), 'c'.repeat(300)],
    ['a'.repeat(5000), 'b'.repeat(5000), 'c'.repeat(5000)],
    ['a'.repeat(16_000), 'b'.repeat(383)],
  ];
  for (const parts of PARTS) {
    for (const withTrailers of [false, true]) {
      for (const parked of [false, true]) {
        const what = `${parts.map(({ length }) => length).join(' + ') || 0} bytes${withTrailers ? ', with trailers' : ''}`;
        test(`of ${what}, that came ${parked ? 'before' : 'after'} its name was known, is the same`, () => {
          const worker = new H2Worker(READS);
          const client = worker.connect();
          // The name is known once it has been asked for.
          client.send(client.headers(1, GET, true));
          worker.settle();
          if (!parked) worker.bind();
          const frames = parts.map((part, i) => dataFrame(3, part, !withTrailers && i === parts.length - 1));
          client.send(client.headers(3, POST, parts.length === 0 && !withTrailers), ...frames);
          if (withTrailers) client.send(client.headers(3, [['x-sum', '1']], true));
          worker.settle();
          if (parked) worker.bind();
          const endpoint = worker.endpoint();
          const first = endpoint.messages().filter(({ id }) => id === 3);
          endpoint.send(endpoint.headers(3, [[':status', '500']], true));
          worker.settle();
          const second = endpoint.messages();
          const show = (frames: readonly TestFrame[]) => {
            const { blocks, content, ended } = messageOf(endpoint, frames);
            return { blocks, content, ended };
          };
          assert.deepEqual(show(second), show(first));
          assert.equal(show(second).content, parts.join(''));
          assert.equal(show(second).blocks.length, withTrailers ? 2 : 1);
        });
      }
    }
  }

  test('goes on behind what had been sent of it', () => {
    const worker = new H2Worker(READS);
    const client = worker.connect();
    client.send(client.headers(1, POST, false), dataFrame(1, 'a'.repeat(3000), false));
    worker.settle();
    worker.bind();
    const endpoint = worker.endpoint();
    endpoint.messages();
    endpoint.send(endpoint.headers(1, [[':status', '500']], true));
    worker.settle();
    client.send(dataFrame(1, 'b'.repeat(3000), true));
    worker.settle();
    const { content, ended } = messageOf(
      endpoint,
      endpoint.messages().filter(({ id }) => id === 3),
    );
    assert.deepEqual([content, ended], ['a'.repeat(3000) + 'b'.repeat(3000), true]);
  });
});
