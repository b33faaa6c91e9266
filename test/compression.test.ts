/**
 * `compressionLevel` in whole routers (spec 03 section 5.7): what a client of HTTP/1 gets, decoded by Node's own zlib, from
 * endpoints that speak HTTP/1 and HTTP/2.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { gunzipSync, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { type Answer, ask, soleValueOf, valuesOf } from './support/exchange.ts';
import { assertNoFault, eventually } from './support/http1-site.ts';
import { RawClient } from './support/raw-client.ts';
import { ScriptedUpstream, type UpstreamConnection } from './support/scripted-upstream.ts';
import { freePort, IP, Weft } from './support/weft.ts';

const TEXT = 'the quick brown fox jumps over the lazy dog; '.repeat(200);
const NOISE = Array.from({ length: 300_000 }, (_, i) =>
  String.fromCharCode((Math.imul(i + 1, 0x9e3779b1) ^ (i * i)) & 255),
).join('');

/** What the endpoint answers to a path: lines of its head, and the parts of its body, each sent by itself. */
const RESPONSES: Record<
  string,
  { status?: string; lines: readonly string[]; parts: readonly string[]; close?: boolean }
> = {
  '/text': {
    lines: ['Content-Type: text/plain', `Content-Length: ${TEXT.length}`, 'ETag: "a"', 'Accept-Ranges: bytes'],
    parts: [TEXT],
  },
  '/json': {
    lines: ['Content-Type: application/json', `Content-Length: ${TEXT.length}`],
    parts: [TEXT.slice(0, 999), TEXT.slice(999)],
  },
  '/noise': { lines: ['Content-Type: text/x-noise', `Content-Length: ${NOISE.length}`], parts: [NOISE] },
  '/chunked': {
    lines: ['Content-Type: text/html', 'Transfer-Encoding: chunked', 'Vary: Accept-Encoding'],
    parts: [`${TEXT.length.toString(16)};ext=1\r\n${TEXT}\r\n`, '5\r\nhello\r\n', '0\r\nX-Trailer: gone\r\n\r\n'],
  },
  '/close': { lines: ['Content-Type: text/html'], parts: [TEXT, TEXT], close: true },
  '/cut': { lines: ['Content-Type: text/html', 'Content-Length: 100000'], parts: [TEXT], close: true },
  '/png': { lines: ['Content-Type: image/png', `Content-Length: ${TEXT.length}`], parts: [TEXT] },
  '/coded': {
    lines: ['Content-Type: text/plain', 'Content-Encoding: br', `Content-Length: ${TEXT.length}`],
    parts: [TEXT],
  },
  '/frozen': {
    lines: ['Content-Type: text/plain', 'Cache-Control: no-transform', `Content-Length: ${TEXT.length}`],
    parts: [TEXT],
  },
  '/part': {
    status: '206 Partial Content',
    lines: ['Content-Type: text/plain', 'Content-Range: bytes 0-99/1000', 'Content-Length: 100'],
    parts: ['x'.repeat(100)],
  },
  '/none': { status: '204 No Content', lines: ['Content-Type: text/plain'], parts: [] },
  '/same': { status: '304 Not Modified', lines: ['ETag: "a"'], parts: [] },
  '/tiny': { lines: ['Content-Type: text/plain', 'Content-Length: 2'], parts: ['ok'] },
};

async function serve(connection: UpstreamConnection): Promise<void> {
  for (let head = await connection.head(); head !== null; head = await connection.head()) {
    const [method = '', path = ''] = head.split(' ');
    const { status = '200 OK', lines, parts, close = false } = RESPONSES[path] ?? assert.fail(path);
    connection.send([`HTTP/1.1 ${status}`, ...lines, '', ''].join('\r\n'));
    if (method !== 'HEAD') {
      for (const part of parts) {
        connection.send(part);
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    if (close) connection.end();
  }
}

function bodyOf(answer: Answer): Buffer {
  const framed = Buffer.from(answer.body, 'latin1');
  if (soleValueOf(answer, 'transfer-encoding') !== 'chunked') return framed;
  const parts: Buffer[] = [];
  for (let at = 0; at < framed.length; ) {
    const lineEnd = framed.indexOf('\r\n', at);
    const size = Number.parseInt(framed.toString('latin1', at, lineEnd), 16);
    parts.push(framed.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
  return Buffer.concat(parts);
}

function decode(answer: Answer): string {
  const body = bodyOf(answer);
  const coding = soleValueOf(answer, 'content-encoding');
  if (coding === 'gzip') return gunzipSync(body).toString('latin1');
  return (coding === 'deflate' ? inflateSync(body) : body).toString('latin1');
}

describe('compression', () => {
  let weft: Weft;
  let upstream: ScriptedUpstream;
  let two: http2.Http2Server;
  const ports = { all: 0, off: 0, up: 0, clear: 0 };

  before(async () => {
    upstream = await ScriptedUpstream.start(serve);
    two = http2.createServer((request, response) => {
      const { lines = [], parts = [] } = RESPONSES[request.url] ?? {};
      for (const line of lines) {
        const [name = '', value = ''] = line.split(': ');
        if (name !== 'Transfer-Encoding') response.setHeader(name.toLowerCase(), value);
      }
      if (request.method === 'HEAD') response.end();
      else for (const part of parts) response.write(Buffer.from(part, 'latin1'));
      response.end();
    });
    two.listen(0, IP);
    await once(two, 'listening');
    for (const name of Object.keys(ports) as (keyof typeof ports)[]) ports[name] = await freePort();
    const dtab = `/svc => /$/inet/127.1/${upstream.port}`;
    weft = await Weft.start({
      router: `  dtab: ${dtab}`,
      more: `- {protocol: http, label: all, compressionLevel: 9, dtab: "${dtab}", servers: [{ip: ${IP}, port: ${ports.all}}]}
- {protocol: http, label: off, compressionLevel: 0, dtab: "${dtab}", servers: [{ip: ${IP}, port: ${ports.off}}]}
- {protocol: http, label: clear, dtab: "${dtab}", servers: [{ip: ${IP}, port: ${ports.clear}, clearContext: true}]}
- protocol: http
  label: up
  dtab: /svc => /$/inet/127.1/${(two.address() as AddressInfo).port}
  client: {protocol: h2}
  servers: [{ip: ${IP}, port: ${ports.up}}]`,
    });
  });

  after(async () => {
    assertNoFault(weft);
    await weft.stop();
    await upstream.stop();
    two.close();
  });

  function get(path: string, accept: string | undefined, port = weft.port, method = 'GET'): Promise<Answer> {
    const line = accept === undefined ? '' : `Accept-Encoding: ${accept}\r\n`;
    return ask(port, `${method} ${path} HTTP/1.1\r\nHost: web\r\n${line}Connection: close\r\n\r\n`);
  }

  /** Path, what the client takes, the coding it gets. */
  const CODINGS: readonly (readonly [path: string, accept: string | undefined, coding: string | undefined])[] = [
    ['/text', 'gzip', 'gzip'],
    ['/text', 'deflate', 'deflate'],
    ['/text', 'gzip;q=0.1, deflate', 'deflate'],
    ['/text', 'br, *', 'gzip'],
    ['/text', undefined, undefined],
    ['/text', 'br', undefined],
    ['/text', 'identity, gzip;q=0', undefined],
    ['/json', 'gzip', 'gzip'],
    ['/noise', 'gzip', 'gzip'],
    ['/chunked', 'gzip', 'gzip'],
    ['/close', 'gzip', 'gzip'],
    ['/png', 'gzip', undefined],
    ['/coded', 'gzip', 'br'],
    ['/frozen', 'gzip', undefined],
    ['/part', 'gzip', undefined],
    ['/tiny', 'gzip', undefined],
  ];
  for (const [path, accept, coding] of CODINGS) {
    test(`${path} for a client that takes ${accept ?? 'nothing said'}`, async () => {
      const answer = await get(path, accept);
      assert.equal(soleValueOf(answer, 'content-encoding'), coding);
      const { parts = [] } = RESPONSES[path] ?? {};
      const content = path === '/chunked' ? `${TEXT}hello` : parts.join('');
      assert.ok(decode(answer) === content, `${answer.body.length} bytes of another content`);
      if (coding === undefined || coding === 'br') return;
      assert.deepEqual(valuesOf(answer, 'content-length'), []);
      assert.deepEqual(valuesOf(answer, 'transfer-encoding'), ['chunked']);
      assert.deepEqual(
        valuesOf(answer, 'vary').map((value) => value.toLowerCase()),
        ['accept-encoding'],
      );
      assert.deepEqual(valuesOf(answer, 'accept-ranges'), []);
      assert.equal(soleValueOf(answer, 'l5d-success-class'), '1.0');
      if (path !== '/noise') assert.ok(answer.body.length < content.length / 10);
    });
  }

  test('the entity tag of a coded response is weak, and of one that is not coded as it was', async () => {
    assert.equal(soleValueOf(await get('/text', 'gzip'), 'etag'), 'W/"a"');
    const plain = await get('/text', undefined);
    assert.equal(soleValueOf(plain, 'etag'), '"a"');
    assert.equal(soleValueOf(plain, 'accept-ranges'), 'bytes');
    assert.deepEqual(valuesOf(plain, 'vary'), []);
    assert.equal(soleValueOf(await get('/same', 'gzip'), 'etag'), 'W/"a"');
    assert.equal(soleValueOf(await get('/same', undefined), 'etag'), '"a"');
  });

  test('HEAD is answered with the head of GET, less what only its body could tell', async () => {
    const answer = await get('/text', 'gzip', weft.port, 'HEAD');
    assert.equal(soleValueOf(answer, 'content-encoding'), 'gzip');
    assert.equal(soleValueOf(answer, 'etag'), 'W/"a"');
    assert.deepEqual(
      [...valuesOf(answer, 'content-length'), ...valuesOf(answer, 'transfer-encoding'), answer.body],
      [''],
    );
    const plain = await get('/text', undefined, weft.port, 'HEAD');
    assert.equal(soleValueOf(plain, 'content-length'), String(TEXT.length));
  });

  test('204 and 304 have neither body nor coding', async () => {
    for (const path of ['/none', '/same']) {
      const answer = await get(path, 'gzip');
      assert.deepEqual([...valuesOf(answer, 'content-encoding'), ...valuesOf(answer, 'transfer-encoding')], []);
      assert.equal(answer.body, '');
    }
  });

  test('a client that asks that nobody transforms what it gets', async () => {
    const head = 'GET /text HTTP/1.1\r\nHost: web\r\nAccept-Encoding: gzip\r\nCache-Control: no-transform\r\n\r\n';
    assert.deepEqual(valuesOf(await ask(weft.port, head), 'content-encoding'), []);
  });

  test('an HTTP/1.0 client knows no chunks, and gets what there is', async () => {
    const answer = await ask(weft.port, 'GET /text HTTP/1.0\r\nHost: web\r\nAccept-Encoding: gzip\r\n\r\n');
    assert.deepEqual(valuesOf(answer, 'content-encoding'), []);
    assert.equal(answer.body, TEXT);
  });

  test('level 9 codes every type, level 0 none, and an h2 endpoint is no other', async () => {
    assert.equal(soleValueOf(await get('/png', 'gzip', ports.all), 'content-encoding'), 'gzip');
    assert.equal(decode(await get('/png', 'gzip', ports.all)), TEXT);
    assert.equal(soleValueOf(await get('/text', 'gzip', ports.off), 'content-encoding'), undefined);
    assert.equal(decode(await get('/text', 'gzip', ports.clear)), TEXT);
    for (const path of ['/text', '/json', '/noise']) {
      const answer = await get(path, 'gzip', ports.up);
      assert.equal(soleValueOf(answer, 'content-encoding'), 'gzip', path);
      assert.equal(soleValueOf(answer, 'vary'), 'accept-encoding');
      assert.deepEqual(valuesOf(answer, 'content-length'), []);
      assert.ok(decode(answer) === RESPONSES[path]?.parts.join(''), path);
    }
    const etag = soleValueOf(await get('/text', 'deflate', ports.up), 'etag');
    assert.equal(etag, 'W/"a"');
    assert.equal(soleValueOf(await get('/png', 'gzip', ports.up), 'content-encoding'), undefined);
    const head = await get('/text', 'gzip', ports.up, 'HEAD');
    assert.deepEqual([soleValueOf(head, 'content-encoding'), head.body], ['gzip', '']);
  });

  test('heads that recur: each client gets the coding it takes, in any order', async () => {
    const accepts = [undefined, 'gzip', 'deflate', 'br'];
    const order = fc.array(fc.tuple(fc.constantFrom(...accepts), fc.constantFrom('/text', '/png')), {
      minLength: 20,
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(order, async (requests) => {
        const client = await RawClient.open(weft.port);
        for (const [accept, path] of requests) {
          client.received = '';
          const line = accept === undefined ? '' : `Accept-Encoding: ${accept}\r\n`;
          client.send(`GET ${path} HTTP/1.1\r\nHost: web\r\n${line}\r\n`);
          const coded = path === '/text' && (accept === 'gzip' || accept === 'deflate');
          const whole = (text: string) => {
            const end = text.indexOf('\r\n\r\n') + 4;
            return end > 3 && (coded ? text.endsWith('\r\n0\r\n\r\n') : text.length - end === TEXT.length);
          };
          const received = await client.until(`${path} for ${accept}`, whole);
          assert.equal(/content-encoding: (\w+)/.exec(received)?.[1], coded ? accept : undefined);
          assert.equal(/etag: (.*)\r/i.exec(received)?.[1], path === '/png' ? undefined : coded ? 'W/"a"' : '"a"');
        }
        client.close();
      }),
      { numRuns: 8 },
    );
  });

  test('a response that is cut short is not made to look whole', async () => {
    const client = await RawClient.open(weft.port);
    client.send('GET /cut HTTP/1.1\r\nHost: web\r\nAccept-Encoding: gzip\r\n\r\n');
    const received = await client.untilEnd();
    assert.match(received, /content-encoding: gzip/);
    assert.ok(!received.endsWith('0\r\n\r\n'));
    client.close();
  });
});

describe('compressed streams', () => {
  test('events reach the client as they are sent; a client that does not read holds its endpoint back', async () => {
    let sent = 0;
    let stopped = false;
    const gate: (() => void)[] = [];
    const upstream = await ScriptedUpstream.start(async (connection) => {
      const head = await connection.head();
      connection.send('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n');
      if (head?.startsWith('GET /events')) {
        for (let i = 0; i < 5; i++) {
          connection.send(`f\r\ndata: event ${i}\n\n\r\n`);
          await new Promise<void>((resolve) => gate.push(resolve));
        }
        connection.send('0\r\n\r\n');
        connection.end();
        return;
      }
      const chunk = `10000\r\n${NOISE.slice(0, 65536)}\r\n`;
      while (!stopped && sent < 4000) {
        if (!connection.socket.write(chunk, 'latin1')) {
          const drained = await Promise.race([once(connection.socket, 'drain'), once(connection.socket, 'close')]);
          if (drained.length > 0) return;
        }
        sent++;
      }
    });
    const weft = await Weft.start({ disco: { web: [upstream.disco] } });
    const client = await RawClient.open(weft.port);
    client.send('GET /events HTTP/1.1\r\nHost: web\r\nAccept-Encoding: gzip\r\n\r\n');
    for (let i = 0; i < 5; i++) {
      await client.until(`event ${i}`, (received) => {
        const answer = { line: '', fields: [['transfer-encoding', 'chunked']], body: '' } as unknown as Answer;
        const at = received.indexOf('\r\n\r\n');
        if (at < 0) return false;
        const data = bodyOf({ ...answer, body: received.slice(at + 4) });
        try {
          return gunzipSync(data, { finishFlush: 2 }).toString().endsWith(`data: event ${i}\n\n`);
        } catch {
          return false;
        }
      });
      gate.shift()?.();
    }
    await client.until('the last chunk', (received) => received.endsWith('\r\n0\r\n\r\n'));
    client.close();

    const idle = await RawClient.open(weft.port);
    idle.socket.pause();
    idle.send('GET /endless HTTP/1.1\r\nHost: web\r\nAccept-Encoding: gzip\r\n\r\n');
    // Held back when two looks find the endpoint at the same place.
    let last = -1;
    await eventually('the endpoint to be held back', () => {
      const held = sent > 0 && sent === last;
      last = sent;
      return held;
    });
    assert.ok(sent < 4000);
    stopped = true;
    idle.close();
    await weft.stop();
    await upstream.stop();
  });

  test('with all states in use responses go as they are, and the bound is counted', async () => {
    const upstream = await ScriptedUpstream.start(async (connection) => {
      for (let head = await connection.head(); head !== null; head = await connection.head()) {
        const length = head.startsWith('GET /held') ? 1e6 : TEXT.length;
        connection.send(`HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${length}\r\n\r\n${TEXT}`);
      }
    });
    const weft = await Weft.start({ disco: { web: [upstream.disco] }, env: { WEFT_COMPRESSION_STATES: '1' } });
    const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: web\r\nAccept-Encoding: gzip\r\n\r\n`;
    const holder = await RawClient.open(weft.port);
    holder.send(request('/held'));
    await holder.until('a coded head', (received) => received.includes('content-encoding: gzip'));
    const plain = await ask(weft.port, request('/'));
    assert.equal(soleValueOf(plain, 'content-encoding'), undefined);
    assert.equal(plain.body, TEXT);
    assert.equal(await weft.metric('limits/compression_states'), 1);
    holder.socket.resetAndDestroy();
    await eventually('the state to be free', async () => {
      return soleValueOf(await ask(weft.port, request('/')), 'content-encoding') === 'gzip';
    });
    await weft.stop();
    await upstream.stop();
  });
});
