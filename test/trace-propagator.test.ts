/** `tracePropagator` in whole routers: what an endpoint is told of a trace, over each way between HTTP/1 and HTTP/2. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import * as http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { ask } from './support/exchange.ts';
import { freePort, IP, Weft } from './support/weft.ts';

const SPAN = '00f067aa0ba902b7';
const TRACE = '4bf92f3577b34da6';
const CONTEXT = Buffer.alloc(32, 1).toString('base64');
const B3 = { 'x-b3-traceid': TRACE, 'x-b3-spanid': SPAN, 'x-b3-parentspanid': SPAN, 'x-b3-sampled': '1' };

describe('tracePropagator', () => {
  let weft: Weft;
  let one: Server;
  let two: http2.Http2Server;
  const ports: Record<string, number> = {};

  before(async () => {
    one = createServer((request, response) => response.end(JSON.stringify(request.headers)));
    two = http2.createServer((request, response) => {
      const fields = Object.entries(request.headers).filter(([name]) => !name.startsWith(':'));
      response.end(JSON.stringify(Object.fromEntries(fields)));
    });
    for (const server of [one, two]) {
      server.listen(0, IP);
      await once(server, 'listening');
    }
    const routers: string[] = [];
    for (const own of ['http', 'h2']) {
      for (const client of ['http', 'h2']) {
        for (const kind of ['default', 'zipkin']) {
          const label = `${own}-${client}-${kind}`;
          const endpoint = client === 'http' ? one : two;
          ports[label] = await freePort();
          routers.push(`- protocol: ${own}
  label: ${label}
  dtab: /svc => /$/inet/127.1/${(endpoint.address() as AddressInfo).port}
  tracePropagator: {kind: io.l5d.${kind}}
  client: {protocol: ${client}}
  servers: [{ip: ${IP}, port: ${ports[label]}}]`);
        }
      }
    }
    weft = await Weft.start({ more: routers.join('\n') });
  });

  after(async () => {
    await weft.stop();
    one.closeAllConnections();
    one.close();
    two.close();
  });

  /** Asks a router. @returns what its endpoint got */
  async function seenBy(label: string, fields: Readonly<Record<string, string>>): Promise<IncomingHttpHeaders> {
    const port = ports[label] ?? assert.fail(label);
    if (label.startsWith('http-')) {
      const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
      const answer = await ask(port, `GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n${lines.join('')}\r\n`);
      assert.equal(answer.status, 200);
      return JSON.parse(/\{.*\}/.exec(answer.body)?.[0] ?? '');
    }
    const session = http2.connect(`http://${IP}:${port}`);
    try {
      const stream = session.request({ ':authority': 'web', ...fields });
      let text = '';
      for await (const part of stream.setEncoding('utf8')) text += part;
      return JSON.parse(text);
    } finally {
      session.close();
    }
  }

  for (const way of ['http-http', 'http-h2', 'h2-http', 'h2-h2']) {
    test(`${way}: io.l5d.zipkin goes on with a B3 trace and leaves l5d fields alone`, async () => {
      const seen = await seenBy(`${way}-zipkin`, { ...B3, 'l5d-ctx-trace': CONTEXT });
      assert.equal(seen['x-b3-traceid'], TRACE);
      assert.equal(seen['x-b3-parentspanid'], SPAN);
      assert.match(String(seen['x-b3-spanid']), /^[0-9a-f]{16}$/);
      assert.notEqual(seen['x-b3-spanid'], SPAN);
      assert.equal(seen['x-b3-sampled'], '1');
      assert.equal(seen['x-b3-flags'], '0');
      assert.equal(seen['l5d-ctx-trace'], CONTEXT, "nobody's but the endpoint's");
      assert.equal(seen['l5d-reqid'], undefined);
    });

    test(`${way}: io.l5d.zipkin begins a trace of its own, a new one for each request`, async () => {
      const ids = new Set<unknown>();
      // The same head three times: the third is not parsed any more.
      for (let i = 0; i < 3; i++) {
        const seen = await seenBy(`${way}-zipkin`, {});
        ids.add(seen['x-b3-traceid']);
        assert.equal(seen['x-b3-traceid'], seen['x-b3-parentspanid']);
        assert.equal(seen['l5d-ctx-trace'], undefined);
        assert.equal(seen['l5d-reqid'], undefined);
      }
      assert.equal(ids.size, 3);
    });

    test(`${way}: io.l5d.default passes B3 on as it came`, async () => {
      const seen = await seenBy(`${way}-default`, { ...B3, b3: '0', 'l5d-ctx-trace': CONTEXT });
      for (const [name, value] of Object.entries({ ...B3, b3: '0' })) assert.equal(seen[name], value, name);
      assert.match(String(seen['l5d-reqid']), /^[0-9a-f]{16}$/);
      assert.notEqual(seen['l5d-ctx-trace'], CONTEXT);
    });
  }
});
