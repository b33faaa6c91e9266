/** The admin server over real sockets, by each transport that loads here: bounds, time-outs, HEAD, closing. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { fakeContext } from './fake-context.ts';
import { nodeTransport } from './node-transport.ts';
import { DEFAULT_SECURITY } from './security.ts';
import { chooseTransport, startAdmin } from './server.ts';
import { AdminListenError, type AdminTransport } from './transport.ts';
import { loadUwsTransport } from './uws-transport.ts';

const LIMITS = { adminBodyBytesMax: 1024, adminConnectionsMax: 4, adminRequestTimeoutMs: 5000 };

/** The transport over uWebSockets.js, or why it does not load here. */
function uwsOrReason(): AdminTransport | Error {
  try {
    return loadUwsTransport();
  } catch (error) {
    return error as Error;
  }
}

const uws = uwsOrReason();
const transports: readonly AdminTransport[] = uws instanceof Error ? [nodeTransport] : [nodeTransport, uws];

async function withAdmin(
  transport: AdminTransport,
  run: (url: string, calls: readonly string[], port: number) => Promise<void>,
  options: { limits?: Partial<typeof LIMITS>; security?: Partial<typeof DEFAULT_SECURITY> } = {},
): Promise<void> {
  const context = fakeContext();
  const admin = await startAdmin({
    ip: '127.0.0.1',
    port: 0,
    security: { ...DEFAULT_SECURITY, ...options.security },
    limits: { ...LIMITS, ...options.limits },
    context,
    transport,
  });
  try {
    await run(`http://127.0.0.1:${admin.port}`, context.calls, admin.port);
  } finally {
    await admin.close();
  }
}

/** Sends bytes as they are and returns everything up to the end of the connection. */
function exchange(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    let received = '';
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      received += text;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(received));
  });
}

for (const transport of transports) {
  test(`${transport.name}: answers GET, HEAD and POST, and says what it is not`, async () => {
    await withAdmin(transport, async (url, calls) => {
      const ping = await fetch(`${url}/admin/ping`);
      assert.deepEqual([ping.status, await ping.text()], [200, 'pong']);
      assert.equal(ping.headers.get('content-type'), 'text/plain');
      const head = await fetch(`${url}/admin/ping`, { method: 'HEAD' });
      assert.deepEqual([head.status, head.headers.get('content-length'), await head.text()], [200, '4', '']);
      const refused = await fetch(`${url}/admin/shutdown`);
      assert.deepEqual([refused.status, refused.headers.get('allow')], [405, 'POST']);
      const body = JSON.stringify({ dtab: '', path: '/ü' });
      const headers = { 'Content-Type': 'application/JSON; charset=utf-8' };
      const posted = await fetch(`${url}/delegator.json`, { method: 'POST', headers, body });
      assert.equal(await posted.text(), '{"type":"delegate","dtab":"","path":"/ü"}');
      const queried = await fetch(`${url}/delegator.json?path=/a&dtab=/svc=>/%23/io.l5d.fs`);
      assert.equal(await queried.text(), '{"type":"delegate","dtab":"/svc=>/#/io.l5d.fs","path":"/a"}');
      assert.equal((await fetch(`${url}/nowhere`)).status, 404);
      assert.match(calls[0] ?? '', /^info serving http admin on \/127\.0\.0\.1:\d+$/);
    });
  });

  test(`${transport.name}: the security filter answers 404 without content`, async () => {
    const security = { controlEnabled: false, diagnosticsEnabled: false, pathWhitelist: ['/client_state.json'] };
    const run = async (url: string, calls: readonly string[]) => {
      for (const [path, method] of [
        ['/admin/shutdown', 'POST'],
        ['/admin/ping', 'GET'],
      ] as const) {
        const answer = await fetch(url + path, { method });
        assert.deepEqual([answer.status, await answer.text()], [404, '']);
      }
      assert.equal((await fetch(`${url}/client_state.json`)).status, 200);
      assert.ok(!calls.some((call) => call.startsWith('shutdown')));
    };
    await withAdmin(transport, run, { security });
  });

  test(`${transport.name}: a body over the bound is 413 and counted`, async () => {
    await withAdmin(transport, async (url, calls) => {
      const headers = { 'Content-Type': 'application/json' };
      const answer = await fetch(`${url}/delegator.json`, { method: 'POST', headers, body: 'x'.repeat(100_000) });
      assert.equal(answer.status, 413);
      assert.ok(calls.includes('limit adminBodyBytesMax'));
    });
  });

  test(`${transport.name}: a port in use is a clear error`, async () => {
    await withAdmin(transport, async (_url, _calls, port) => {
      const again = {
        ip: '127.0.0.1',
        port,
        security: DEFAULT_SECURITY,
        limits: LIMITS,
        context: fakeContext(),
        transport,
      };
      await assert.rejects(startAdmin(again), (error) => {
        assert.ok(error instanceof AdminListenError);
        assert.equal(error.message, `admin: cannot listen on 127.0.0.1:${port}: the port is in use (EADDRINUSE)`);
        return true;
      });
    });
  });

  test(`${transport.name}: after close nothing listens`, async () => {
    let closed = 0;
    await withAdmin(transport, async (url, _calls, port) => {
      await (await fetch(`${url}/admin/ping`)).text();
      closed = port;
    });
    await assert.rejects(exchange(closed, ''), { code: 'ECONNREFUSED' });
  });
}

test('the transport is uWebSockets.js where it loads, else node:http, and the log says which', () => {
  const lines: string[] = [];
  const chosen = chooseTransport((line) => lines.push(line));
  if (uws instanceof Error) {
    assert.equal(chosen, nodeTransport);
    assert.match(lines[0] ?? '', /^admin transport: node:http \(uWebSockets\.js does not load here: .+\)$/);
  } else {
    assert.deepEqual([chosen.name, lines], ['uWebSockets.js', ['admin transport: uWebSockets.js']]);
  }
  assert.equal(lines.length, 1);
  const fallback = chooseTransport(
    () => undefined,
    () => {
      throw new Error('no');
    },
  );
  assert.equal(fallback, nodeTransport);
});

test('node:http: requests that do not come to an end are ended and counted', async () => {
  const run = async (_url: string, calls: readonly string[], port: number) => {
    for (const start of [
      'GET /admin/ping HTTP/1.1\r\nHo',
      'POST /delegator.json HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx',
    ]) {
      assert.match(await exchange(port, start), /^HTTP\/1.1 408 /);
    }
    assert.equal(calls.filter((call) => call === 'limit adminRequestTimeoutMs').length, 2);
  };
  await withAdmin(nodeTransport, run, { limits: { adminRequestTimeoutMs: 100 } });
});

test('node:http: a head that is too large is 431, what is not HTTP is 400', async () => {
  await withAdmin(nodeTransport, async (_url, _calls, port) => {
    const large = `GET /admin/ping HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`;
    assert.match(await exchange(port, large), /^HTTP\/1.1 431 /);
    assert.match(await exchange(port, 'HELLO\r\n\r\n'), /^HTTP\/1.1 400 /);
  });
});

test('node:http: the absolute form of a target is the same request', async () => {
  await withAdmin(nodeTransport, async (_url, _calls, port) => {
    const answer = await exchange(port, 'GET http://a:1/admin/ping HTTP/1.1\r\nHost: a:1\r\nConnection: close\r\n\r\n');
    assert.match(answer, /\r\n\r\npong$/);
  });
});

test('node:http: connections over the bound are closed and counted', async () => {
  const run = async (_url: string, calls: readonly string[], port: number) => {
    const held = connect(port, '127.0.0.1');
    await new Promise((resolve) => held.once('connect', resolve));
    assert.equal(await exchange(port, '').catch(() => ''), '');
    assert.ok(calls.includes('limit adminConnectionsMax'));
    held.destroy();
  };
  await withAdmin(nodeTransport, run, { limits: { adminConnectionsMax: 1 } });
});
