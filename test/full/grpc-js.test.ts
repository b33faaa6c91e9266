/** @grpc/grpc-js through Weft, client and server: every shape of call, large messages, crowds, and ways to end early. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { after, afterEach, before, test } from 'node:test';
import * as grpc from '@grpc/grpc-js';
import { assertNoFault, eventually } from '../support/http1-site.ts';
import { metricsUntil } from '../support/metrics.ts';
import { freePort, IP, type Weft } from '../support/weft.ts';
import { ECHOED, GrpcClient, GrpcServer } from './support/grpc-service.ts';
import { startHttp2Weft } from './support/http2-weft.ts';

const LARGE_BYTES = 16 * 1024 * 1024;
const METADATA_BYTES = 8 * 1024;
const CROWD = 1000;
const DEADLINE_MS = 400;
const { status } = grpc;

let server: GrpcServer;
let weft: Weft;
let client: GrpcClient;
before(async () => {
  server = await GrpcServer.start();
  weft = await startHttp2Weft([server.disco]);
  client = new GrpcClient(weft.port);
});
afterEach(async () => {
  await eventually('the server has no call left', () => server.open === 0);
  await metricsUntil(weft, (metrics) => {
    for (const [name, value] of Object.entries(metrics)) {
      if (name.endsWith('/pending') || name.endsWith('/stream/open_streams')) assert.equal(value, 0, name);
    }
  });
  assertNoFault(weft);
});
after(async () => {
  client?.close();
  await weft?.stop();
  server?.stop();
});

/** Awaits a failure. @returns its status code */
async function codeOf(call: Promise<unknown>): Promise<grpc.status> {
  try {
    await call;
  } catch (error) {
    return (error as grpc.ServiceError).code;
  }
  return status.OK;
}

/** Reads a stream to its end. @returns its messages and its status */
async function readAll(stream: grpc.ClientReadableStream<Buffer> | grpc.ClientDuplexStream<Buffer, Buffer>) {
  const messages: Buffer[] = [];
  stream.on('error', () => {});
  stream.on('data', (message: Buffer) => messages.push(message));
  const { code } = await new Promise<grpc.StatusObject>((resolve) => stream.on('status', resolve));
  return { messages, code };
}

test('unary calls, one after another', async () => {
  for (let i = 0; i < 200; i++) {
    const { message } = await client.call('unary', Buffer.from(`call ${i}`));
    assert.equal(message.toString(), `call ${i}`);
  }
});

test('metadata of 8 KB, printable and binary, arrives and comes back at the head and behind', async () => {
  const metadata = new grpc.Metadata();
  const text = randomBytes(METADATA_BYTES / 4).toString('hex');
  const binary = randomBytes(METADATA_BYTES / 4);
  metadata.add(ECHOED, text);
  metadata.add(ECHOED, 'a second value');
  metadata.add(`${ECHOED}-bin`, binary);
  const { head, trailers } = await client.call('unary', Buffer.from('x'), metadata);
  for (const received of [head, trailers]) {
    assert.deepEqual(received.get(ECHOED).join(', '), `${text}, a second value`);
    assert.deepEqual(received.get(`${ECHOED}-bin`), [binary]);
  }
});

test('a client stream of many messages', async () => {
  const answer = await client.collect(Array.from({ length: 2000 }, (_, i) => Buffer.alloc(i % 1000)));
  assert.equal(Number(answer), 2 * ((999 * 1000) / 2));
});

test('a server stream of many messages, to a reader that is slow at first', async () => {
  const stream = client.produce(2000);
  const reading = readAll(stream);
  stream.pause();
  setTimeout(() => stream.resume(), 300);
  const { messages, code } = await reading;
  assert.equal(code, status.OK);
  assert.equal(messages.length, 2000);
  assert.ok(
    messages.every((message, i) => message[0] === (1999 - i) % 256),
    'in order',
  );
});

test('a bidirectional stream: each message is answered before the next is sent', async () => {
  const chat = client.chat();
  for (let i = 0; i < 200; i++) {
    chat.write(Buffer.from(`message ${i}`));
    const [answer] = (await once(chat, 'data')) as [Buffer];
    assert.equal(answer.toString(), `message ${i}`);
  }
  chat.end();
  assert.equal((await readAll(chat)).code, status.OK);
});

test('messages of 16 MB both ways', async () => {
  const large = randomBytes(LARGE_BYTES);
  const { message } = await client.call('unary', large);
  assert.ok(message.equals(large));
  const answer = await client.collect([large, large]);
  assert.equal(Number(answer), 2 * LARGE_BYTES);
});

test("a status of the server's, with its message and metadata", async () => {
  const metadata = new grpc.Metadata();
  metadata.add(ECHOED, 'why');
  const details = 'nothing there: \t ü 文字 %';
  const error = await client.call('fail', Buffer.from(`\u0005${details}`), metadata).then(
    () => assert.fail('it succeeded'),
    (reason: unknown) => reason as grpc.ServiceError,
  );
  assert.equal(error.code, status.NOT_FOUND);
  assert.equal(error.details, details);
  assert.deepEqual(error.metadata.get(ECHOED), ['why']);
});

test('a cancelled stream ends at the server too', async () => {
  const before = server.cancelled;
  const stream = client.produce(1_000_000);
  await once(stream, 'data');
  const ended = readAll(stream);
  stream.cancel();
  assert.equal((await ended).code, status.CANCELLED);
  await eventually('the server learns of it', () => server.cancelled === before + 1);
});

test('an expired deadline: the client has 4, the server knew of it and is told', async () => {
  const before = server.cancelled;
  const deadline = Date.now() + DEADLINE_MS;
  const code = await codeOf(client.call('never', Buffer.alloc(0), new grpc.Metadata(), { deadline }));
  assert.equal(code, status.DEADLINE_EXCEEDED);
  await eventually('the server learns of it', () => server.cancelled === before + 1);
  const allowanceMs = server.allowancesMs.at(-1) ?? 0;
  assert.ok(allowanceMs > 0 && allowanceMs <= DEADLINE_MS, `grpc-timeout said ${allowanceMs} ms`);
});

test('a name that leads nowhere, and one whose endpoint refuses, are UNAVAILABLE', async () => {
  weft.disco('refusing', [`${IP} ${await freePort()}`]);
  for (const authority of ['nobody', 'refusing']) {
    const other = new GrpcClient(weft.port, authority);
    for (let i = 0; i < 5; i++) {
      assert.equal(await codeOf(other.call('unary', Buffer.from('x'))), status.UNAVAILABLE, authority);
    }
    other.close();
  }
});

for (const connections of [1, 10]) {
  test(`${CROWD} streams open at once on ${connections} connections are all served`, async () => {
    const clients = Array.from({ length: connections }, () => new GrpcClient(weft.port));
    const chats = Array.from({ length: CROWD }, (_, i) => (clients[i % connections] as GrpcClient).chat());
    server.mostOpen = 0;
    const answers = chats.map(readAll);
    for (const [i, chat] of chats.entries()) chat.write(Buffer.from(`first of ${i}`));
    await eventually('all are open', () => server.open === CROWD);
    for (const [i, chat] of chats.entries()) {
      chat.write(Buffer.from(`second of ${i}`));
      chat.end();
    }
    for (const [i, { messages, code }] of (await Promise.all(answers)).entries()) {
      assert.equal(code, status.OK);
      assert.deepEqual(messages.map(String), [`first of ${i}`, `second of ${i}`]);
    }
    assert.equal(server.mostOpen, CROWD);
    for (const one of clients) one.close();
  });
}
