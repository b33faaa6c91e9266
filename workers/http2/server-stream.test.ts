/** What becomes of requests that have to wait for their name to be bound: nothing of them is lost by the way. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestField } from '../../core/http2/hpack/test-codec.ts';
import { dataFrame, GET, H2Worker } from '../../test/support/h2-worker.ts';
import { EPOLLOUT } from '../os/epoll.ts';
import { EINPROGRESS } from '../os/errno.ts';
import { showFrame } from './test-wire.ts';

const POST: readonly TestField[] = [[':method', 'POST'], ...GET.slice(1)];

describe('a request whose name is not known yet', () => {
  /** Content of the request, by when it comes: before the name is bound, and after. */
  const BODIES: readonly (readonly [before: readonly string[], after: readonly string[]])[] = [
    [[], []],
    [['one'], []],
    [['one', 'two'], []],
    [[], ['one']],
    [['one'], ['two', 'three']],
    [['x'.repeat(5000)], ['y'.repeat(5000)]],
    [['x'.repeat(16000), 'z'.repeat(16000)], ['y'.repeat(16000)]],
  ];
  for (const [before, after] of BODIES) {
    for (const trailers of [false, true]) {
      const sizes = [before, after].map((parts) => parts.map(({ length }) => length).join('+') || 0);
      test(`${sizes[0]} bytes of its body before it is bound, ${sizes[1]} after${trailers ? ', and trailers' : ''}`, () => {
        const worker = new H2Worker();
        const client = worker.connect();
        const whole = before.join('') + after.join('');
        const ends = (i: number) => !trailers && i === before.length + after.length - 1;
        client.send(
          client.headers(1, POST, whole === '' && !trailers),
          ...before.map((part, i) => dataFrame(1, part, ends(i))),
        );
        if (trailers && after.length === 0) client.send(client.headers(1, [['x-sum', '1']], true));
        worker.settle();
        worker.bind();
        client.send(...after.map((part, i) => dataFrame(1, part, ends(before.length + i))));
        if (trailers && after.length > 0) client.send(client.headers(1, [['x-sum', '1']], true));
        worker.settle();
        const endpoint = worker.endpoint();
        const [head, ...rest] = endpoint.messages();
        assert.ok(head !== undefined);
        assert.deepEqual(endpoint.fieldsOf(head).slice(0, 4), POST);
        const content = rest.filter(({ type }) => type === 0).map(({ payload }) => Buffer.from(payload).toString());
        assert.equal(content.join(''), whole);
        const last = rest.at(-1) ?? head;
        assert.ok((last.flags & 1) !== 0, 'it ends');
        if (trailers) assert.deepEqual(endpoint.fieldsOf(last), [['x-sum', '1']]);
      });
    }
  }

  test('content that comes before it is bound, before its connection is made, and is more than can be kept', () => {
    const worker = new H2Worker();
    worker.world.sockets.connectErrno = EINPROGRESS;
    const client = worker.connect();
    const parts = ['one', 'x'.repeat(100), 'y'.repeat(15_000), 'z'];
    client.send(client.headers(1, POST, false), dataFrame(1, parts[0] as string, false));
    worker.settle();
    worker.bind();
    for (const part of parts.slice(1)) client.send(dataFrame(1, part, part === 'z'));
    worker.settle();
    worker.world.ready(worker.dialled[0] as number, EPOLLOUT);
    worker.settle();
    const [, ...data] = worker.endpoint().messages();
    assert.equal(data.map(({ payload }) => Buffer.from(payload).toString()).join(''), parts.join(''));
  });
});

describe('a local service', () => {
  const ROWS: readonly (readonly [status: number, frame: string])[] = [
    [100, 'RST_STREAM 1 +4'],
    [199, 'RST_STREAM 1 +4'],
    [200, 'HEADERS 1'],
    [204, 'HEADERS 1'],
    [404, 'HEADERS 1'],
    [599, 'HEADERS 1'],
  ];
  for (const [answerStatus, frame] of ROWS) {
    test(`of status ${answerStatus} answers with ${frame.split(' ')[0]}`, () => {
      const worker = new H2Worker();
      const client = worker.connect();
      client.send(client.headers(1, GET, true));
      worker.settle();
      worker.bind({ answerStatus });
      const [first, ...rest] = client.frames();
      assert.ok(first !== undefined && showFrame(first).startsWith(frame));
      assert.equal(rest.length, 0);
    });
  }
});

describe('the time of a call whose name is not known yet', () => {
  const ROWS: readonly (readonly [timeout: string, waitMs: number, status: string, message: RegExp])[] = [
    ['150m', 200, '4', /deadline/],
    ['20S', 10_100, '14', /10\.seconds binding timeout/],
  ];
  for (const [timeout, waitMs, status, message] of ROWS) {
    test(`of ${timeout}, after ${waitMs} ms`, () => {
      const worker = new H2Worker();
      const client = worker.connect();
      const call: readonly TestField[] = [...POST, ['content-type', 'application/grpc'], ['grpc-timeout', timeout]];
      client.send(client.headers(1, call, true));
      worker.settle();
      worker.world.turn(waitMs);
      worker.settle();
      const [answer] = client.messages();
      assert.ok(answer !== undefined);
      const fields = new Map(client.fieldsOf(answer).map(([name, value]) => [name, value]));
      assert.equal(fields.get('grpc-status'), status);
      assert.match(fields.get('grpc-message') ?? '', message);
      worker.bind();
      assert.deepEqual([worker.dialled, client.messages()], [[], []]);
    });
  }
});
