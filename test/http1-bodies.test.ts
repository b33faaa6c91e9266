/** Message bodies through Weft, in both directions and of every framing. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { assertNoFault, eventually, openSite, request } from './support/http1-site.ts';
import { answered, fieldOf, namesOf, readAnswer, readFirst } from './support/http1-wire.ts';
import { answerWith } from './support/scripted-upstream.ts';
import { Weft } from './support/weft.ts';

const LARGE_BYTES = 5_000_000;
const SIZES = [0, 1, 1000, LARGE_BYTES];

let weft: Weft;
before(async () => {
  weft = await Weft.start();
});
after(async () => {
  assertNoFault(weft);
  await weft.stop();
});

/** Bytes in which a lost, doubled or moved run shows. */
function payload(byteLength: number): string {
  let text = '';
  for (let i = 0; text.length < byteLength; i++) text += `${i}\r\n`;
  return text.slice(0, byteLength);
}

/** Chunks of growing sizes. */
function chunked(body: string): string {
  let text = '';
  for (let at = 0, size = 1; at < body.length; at += size, size = Math.min(size * 3, 100_000)) {
    const data = body.slice(at, at + size);
    text += `${data.length.toString(16)}\r\n${data}\r\n`;
  }
  return `${text}0\r\n\r\n`;
}

/** Takes chunks apart, by a reading of its own. */
function dechunk(text: string): string {
  let body = '';
  for (let at = 0; ; ) {
    const lineEnd = text.indexOf('\r\n', at);
    const size = Number.parseInt(text.slice(at, lineEnd), 16);
    if (size === 0) return body;
    body += text.slice(lineEnd + 2, lineEnd + 2 + size);
    at = lineEnd + 2 + size + 2;
  }
}

/** What a failed comparison shows of a large body. */
function digest(body: string): string {
  return `${body.length} bytes, ${createHash('sha256').update(body, 'latin1').digest('hex')}`;
}

for (const size of SIZES) {
  for (const framing of ['length', 'chunked'] as const) {
    test(`request body, ${framing}, ${size} bytes`, async (t) => {
      const body = payload(size);
      let got = '';
      const { host, client } = await openSite(t, weft, async (connection) => {
        const head = (await connection.head()) ?? '';
        if (framing === 'length') {
          assert.match(head, new RegExp(`^content-length: ${size}\r$`, 'im'));
          got = await connection.bytes(size);
        } else {
          assert.match(head, /^transfer-encoding: chunked\r$/im);
          await eventually('the last chunk', () => connection.received.endsWith('0\r\n\r\n'));
          got = dechunk(connection.received);
        }
        connection.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
      });
      const field = framing === 'length' ? `Content-Length: ${size}` : 'Transfer-Encoding: chunked';
      client.send(request('POST /', host, field) + (framing === 'length' ? body : chunked(body)));
      await client.until('the answer', answered);
      assert.equal(digest(got), digest(body));
    });
  }

  for (const framing of ['length', 'chunked', 'close'] as const) {
    test(`response body, ${framing}, ${size} bytes`, async (t) => {
      const body = payload(size);
      const field = { length: `Content-Length: ${size}\r\n`, chunked: 'Transfer-Encoding: chunked\r\n', close: '' };
      const { host, client } = await openSite(t, weft, async (connection) => {
        await connection.head();
        connection.send(`HTTP/1.1 200 OK\r\n${field[framing]}\r\n${framing === 'chunked' ? chunked(body) : body}`);
        if (framing === 'close') connection.end();
      });
      client.send(request('GET /', host));
      const headBytes = () => client.received.indexOf('\r\n\r\n') + 4;
      if (framing === 'close') await client.untilEnd();
      else if (framing === 'chunked')
        await client.until(
          'the last chunk',
          (text) => text.endsWith('\r\n0\r\n\r\n') || text.endsWith('\r\n\r\n0\r\n\r\n'),
        );
      else
        await client.until('the whole body', (text) => text.includes('\r\n\r\n') && text.length - headBytes() >= size);
      const got = client.received.slice(headBytes());
      assert.equal(digest(framing === 'chunked' ? dechunk(got) : got), digest(body));
      assert.equal(/^connection: close\r$/im.test(client.received.slice(0, headBytes())), framing === 'close');
    });
  }
}

test('trailers: forbidden ones are dropped, the others pass, in both directions', async (t) => {
  const trailers =
    'Content-Length: 9\r\nX-Sum: 1\r\nTransfer-Encoding: x\r\nHost: evil\r\nX-End: 2\r\nAuthorization: a\r\n';
  let got = '';
  const { host, client } = await openSite(t, weft, async (connection) => {
    await eventually('the whole request', () => readFirst(connection.received, 'request').verdict === 'accepted');
    got = connection.received;
    connection.send(`HTTP/1.1 200 OK\r\nTrailer: x-sum\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${trailers}\r\n`);
  });
  client.send(
    `${request('POST /', host, 'Transfer-Encoding: chunked', 'Trailer: x-sum')}2\r\nok\r\n0\r\n${trailers}\r\n`,
  );
  const received = await client.until('the answer', answered);
  for (const text of [got, received]) {
    assert.match(text, /\r\n0\r\nX-Sum: 1\r\nX-End: 2\r\n\r\n$/);
    assert.doesNotMatch(text, /^trailer:/im);
  }
});

const BODYLESS: readonly (readonly [name: string, method: string, response: string, length: string | undefined])[] = [
  ['HEAD with a length', 'HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', '5'],
  ['HEAD of a chunked one', 'HEAD', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', undefined],
  ['HEAD without framing', 'HEAD', 'HTTP/1.1 200 OK\r\n\r\n', undefined],
  ['204', 'GET', 'HTTP/1.1 204 No Content\r\n\r\n', undefined],
  ['204 with a length', 'GET', 'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n', undefined],
  ['304', 'GET', 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n', undefined],
  ['304 with a length', 'GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', '5'],
];

for (const [name, method, response, length] of BODYLESS) {
  test(`no body: ${name}; both connections go on`, async (t) => {
    const { host, client, upstream } = await openSite(t, weft, answerWith(response));
    for (let i = 0; i < 3; i++) {
      client.received = '';
      client.send(request(`${method} /`, host));
      const { final, rest } = readAnswer(await client.until('the answer', (text) => answered(text, method)), method);
      assert.deepEqual([final.framing, rest, fieldOf(final, 'content-length')], ['none', '', length]);
      assert.ok(!namesOf(final.fields).includes('connection'));
    }
    assert.equal(upstream.connections.length, 1);
  });
}

test('a HEAD that Weft itself answers has no body', async (t) => {
  const { client } = await openSite(t, weft, answerWith(''));
  client.send(request('HEAD /', 'nobody') + request('GET /', 'nobody'));
  const received = await client.until('both answers', (text) => answered(readAnswer(text, 'HEAD').rest));
  const first = readAnswer(received, 'HEAD');
  const second = readAnswer(first.rest);
  assert.deepEqual([first.final.start, second.final.start, second.rest], ['502', '502', '']);
  assert.match(second.final.body, /Unable to route request!/);
});

test('a body that is in the kernel before its head is read needs no further wake-up', async (t) => {
  const body = payload(40_000);
  const got: string[] = [];
  const { host, client } = await openSite(t, weft, async (connection) => {
    for (let head = await connection.head(); head !== null; head = await connection.head()) {
      got.push(await connection.bytes(Number(/^content-length: *(\d+)\r$/im.exec(head)?.[1] ?? 0)));
      connection.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    }
  });
  // The second finds an idle connection: it is sent without a wait.
  client.send(request('GET /', host));
  await client.until('the first response', answered);
  weft.child.kill('SIGSTOP');
  client.send(request('POST /', host, `Content-Length: ${body.length}`) + body);
  await eventually('it has left the client', () => client.socket.writableLength === 0);
  weft.child.kill('SIGCONT');
  await eventually('the body has arrived', () => got.length === 2);
  assert.equal(digest(got[1] ?? ''), digest(body));
});
