/** The uWebSockets.js transport against a fake of that library, which does not load everywhere. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AdminRequest } from './transport.ts';
import { type UwsApp, type UwsModule, type UwsRequest, type UwsResponse, uwsTransport } from './uws-transport.ts';

/** Records what is done to a response, and plays the client. */
class FakeResponse implements UwsResponse {
  readonly written: string[] = [];
  abort: () => void = () => undefined;
  data: (chunk: ArrayBuffer, isLast: boolean) => void = () => undefined;

  onAborted(handler: () => void): this {
    this.abort = handler;
    return this;
  }

  onData(handler: (chunk: ArrayBuffer, isLast: boolean) => void): this {
    this.data = handler;
    return this;
  }

  cork(write: () => void): this {
    write();
    return this;
  }

  writeStatus(status: string): this {
    this.written.push(status);
    return this;
  }

  writeHeader(name: string, value: string): this {
    this.written.push(`${name}: ${value}`);
    return this;
  }

  end(body: string, closeConnection: boolean): this {
    this.written.push(`end ${body} ${closeConnection}`);
    return this;
  }

  endWithoutBody(length: number, closeConnection: boolean): this {
    this.written.push(`endWithoutBody ${length} ${closeConnection}`);
    return this;
  }
}

class FakeApp implements UwsApp, UwsModule {
  handler: (response: UwsResponse, request: UwsRequest) => void = () => undefined;
  readonly #free: boolean;
  readonly events: string[] = [];

  constructor(free = true) {
    this.#free = free;
  }

  App(): UwsApp {
    return this;
  }

  any(_pattern: string, handler: (response: UwsResponse, request: UwsRequest) => void): UwsApp {
    this.handler = handler;
    return this;
  }

  listen(host: string, port: number, options: number, listening: (socket: object | false) => void): UwsApp {
    this.events.push(`listen ${host} ${port} ${options}`);
    listening(this.#free ? {} : false);
    return this;
  }

  close(): UwsApp {
    this.events.push('close');
    return this;
  }

  us_listen_socket_close(): void {
    this.events.push('stop listening');
  }

  us_socket_local_port(): number {
    return 4242;
  }
}

const CHUNK = new TextEncoder().encode('{"a":');
const LAST = new TextEncoder().encode('1}');

async function setUp() {
  const app = new FakeApp();
  const requests: AdminRequest[] = [];
  const limits: string[] = [];
  const listening = await uwsTransport(app).listen({
    ip: '127.0.0.1',
    port: 0,
    limits: { adminBodyBytesMax: 8, adminConnectionsMax: 1, adminRequestTimeoutMs: 1 },
    handler: (request) => {
      requests.push(request);
      return Promise.resolve({ status: 200, contentType: 'text/plain', body: 'ü' });
    },
    limitMet: (name) => limits.push(name),
  });
  const send = (method: string, query?: string) => {
    const response = new FakeResponse();
    app.handler(response, {
      getHeader: (name) => (name === 'content-type' ? 'Application/JSON; charset=utf-8' : ''),
      getUrl: () => '/x',
      getQuery: () => query,
      getCaseSensitiveMethod: () => method,
    });
    return response;
  };
  return { app, requests, limits, listening, send };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('a request is handed on whole and its answer written', async () => {
  const { requests, send, listening } = await setUp();
  assert.equal(listening.port, 4242);
  const response = send('POST', 'q=%23');
  response.data(CHUNK.buffer, false);
  response.data(LAST.buffer, true);
  await settled();
  const [request] = requests;
  assert.deepEqual([request?.method, request?.path, request?.query.get('q')], ['POST', '/x', '#']);
  assert.deepEqual([request?.contentType, request?.body], ['application/json', '{"a":1}']);
  assert.deepEqual(response.written, [
    '200 OK',
    'Content-Type: text/plain',
    'X-Content-Type-Options: nosniff',
    'end ü false',
  ]);
});

test('HEAD is asked as GET and answered with its length in bytes', async () => {
  const { requests, send } = await setUp();
  const response = send('HEAD', '');
  response.data(new ArrayBuffer(0), true);
  await settled();
  assert.equal(requests[0]?.method, 'GET');
  assert.equal(response.written.at(-1), 'endWithoutBody 2 false');
});

test('a body over the bound is 413, once, and the connection closed', async () => {
  const { requests, limits, send } = await setUp();
  const response = send('POST');
  response.data(new ArrayBuffer(9), false);
  response.data(new ArrayBuffer(9), true);
  await settled();
  assert.deepEqual([requests.length, limits], [0, ['adminBodyBytesMax']]);
  assert.deepEqual(response.written, ['413 Payload Too Large', 'X-Content-Type-Options: nosniff', 'end  true']);
});

test('a response whose client has gone is not touched', async () => {
  const { send } = await setUp();
  const response = send('GET');
  response.data(new ArrayBuffer(0), true);
  response.abort();
  await settled();
  assert.deepEqual(response.written, []);
});

test('closing stops listening, waits for answers under way, then closes', async () => {
  const { app, listening, send } = await setUp();
  const response = send('GET');
  const closed = listening.close();
  await settled();
  assert.deepEqual(app.events, ['listen 127.0.0.1 0 1', 'stop listening']);
  response.data(new ArrayBuffer(0), true);
  await closed;
  assert.equal(response.written.at(-1), 'end ü false');
  assert.equal(app.events.at(-1), 'close');
});

test('an address that cannot be bound is refused', async () => {
  const options = {
    ip: '127.0.0.1',
    port: 80,
    limits: { adminBodyBytesMax: 1, adminConnectionsMax: 1, adminRequestTimeoutMs: 1 },
  };
  const refused = uwsTransport(new FakeApp(false)).listen({
    ...options,
    handler: () => Promise.reject(new Error('not to be called')),
    limitMet: () => undefined,
  });
  await assert.rejects(refused, { code: 'EADDRINUSE' });
});
