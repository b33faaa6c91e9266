/** Connections that carry many requests: keep-alive, pipelining, HTTP/1.0, targets, and what ends a connection. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertNoFault, eventually, openClient, openSite, request } from './support/http1-site.ts';
import { answered, fieldOf, readAnswer, readFirst } from './support/http1-wire.ts';
import { answerWith, type UpstreamConnection } from './support/scripted-upstream.ts';
import { Weft } from './support/weft.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nX-Sum: 1\r\n\r\n';

let weft: Weft;
before(async () => {
  weft = await Weft.start();
});
after(async () => {
  assertNoFault(weft);
  await weft.stop();
});

/** Answers with the request's target as body. */
async function echoTarget(connection: UpstreamConnection): Promise<void> {
  for (let head = await connection.head(); head !== null; head = await connection.head()) {
    const target = head.split(' ')[1] ?? '';
    connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${target.length}\r\n\r\n${target}`);
  }
}

test('one connection carries many requests, over one connection to the endpoint', async (t) => {
  const { host, client, upstream } = await openSite(t, weft, echoTarget);
  for (let i = 0; i < 20; i++) {
    client.received = '';
    client.send(request(`GET /${i}`, host));
    const { final } = readAnswer(await client.until(`answer ${i}`, answered));
    assert.equal(final.body, `/${i}`);
    assert.equal(fieldOf(final, 'connection'), undefined);
  }
  assert.equal(upstream.connections.length, 1);
});

test('requests in one write are answered in order, slow ones too', async (t) => {
  const { host, client } = await openSite(t, weft, echoTarget);
  const count = 200;
  client.send(Array.from({ length: count }, (_, i) => request(`GET /${i}`, host)).join(''));
  const received = await client.until('all answers', (text) => text.endsWith(`\r\n\r\n/${count - 1}`));
  let rest = received;
  for (let i = 0; i < count; i++) {
    const answer = readAnswer(rest);
    assert.equal(answer.final.body, `/${i}`);
    rest = answer.rest;
  }
  assert.equal(rest, '');
});

test('pipelined bodies of both kinds keep their borders', async (t) => {
  const bodies: string[] = [];
  const { host, client } = await openSite(t, weft, async (connection) => {
    while (!connection.ended) {
      const message = readFirst(connection.received, 'request');
      if (message.verdict === 'accepted') {
        await connection.bytes(message.consumed);
        bodies.push(message.body);
        connection.send(OK);
      } else await connection.bytes(0).then(() => new Promise((resolve) => setTimeout(resolve, 2)));
    }
  });
  const posts = Array.from({ length: 10 }, (_, i) =>
    i % 2 === 0
      ? `${request('POST /', host, 'Content-Length: 6')}body ${i}`
      : `${request('POST /', host, 'Transfer-Encoding: chunked')}6\r\nbody ${i}\r\n0\r\n\r\n`,
  );
  client.send(posts.join(''));
  await client.until('ten answers', (text) => text.split('HTTP/1.1 200').length === 11);
  assert.deepEqual(
    bodies,
    posts.map((_, i) => `body ${i}`),
  );
});

const CONNECTIONS: readonly (readonly [name: string, version: string, option: string, persistent: boolean])[] = [
  ['1.1', '1.1', '', true],
  ['1.1 close', '1.1', 'close', false],
  ['1.1 keep-alive', '1.1', 'keep-alive', true],
  ['1.0', '1.0', '', false],
  ['1.0 keep-alive', '1.0', 'keep-alive', true],
  ['1.0 close', '1.0', 'close', false],
];

for (const [name, version, option, persistent] of CONNECTIONS) {
  test(`HTTP/${name}: the connection ${persistent ? 'stays' : 'is closed'}, and the answer says so`, async (t) => {
    const { host, client } = await openSite(t, weft, answerWith(OK));
    client.send(`GET / HTTP/${version}\r\nHost: ${host}\r\n${option === '' ? '' : `Connection: ${option}\r\n`}\r\n`);
    const { final } = readAnswer(await client.until('the answer', answered));
    const told = persistent ? (version === '1.0' ? 'keep-alive' : undefined) : 'close';
    assert.equal(fieldOf(final, 'connection'), told);
    if (!persistent) {
      await client.untilEnd();
      return;
    }
    client.received = '';
    client.send(request('GET /', host));
    await client.until('the second answer', answered);
  });
}

test('a chunked answer becomes data until the close for an HTTP/1.0 client', async (t) => {
  const { host, client } = await openSite(t, weft, answerWith(CHUNKED));
  client.send(`GET / HTTP/1.0\r\nHost: ${host}\r\nConnection: keep-alive\r\n\r\n`);
  const { final } = readAnswer(await client.untilEnd(), 'GET', true);
  assert.deepEqual([final.framing, final.body, final.trailers], ['untilClose', 'hello', []]);
  assert.equal(fieldOf(final, 'connection'), 'close');
});

const TARGETS: readonly (readonly [line: string, host: string, sentTarget: string, sentHost: string])[] = [
  ['GET http://HOST/a/b?c', 'HOST', '/a/b?c', 'HOST'],
  ['GET http://HOST/a', 'other', '/a', 'HOST'],
  ['GET http://HOST', 'HOST', '/', 'HOST'],
  ['GET http://HOST?q=1', 'HOST', '/?q=1', 'HOST'],
  ['OPTIONS http://HOST', 'HOST', '*', 'HOST'],
  ['OPTIONS *', 'HOST', '*', 'HOST'],
  ['OPTIONS http://HOST/', 'HOST', '/', 'HOST'],
  ['GET //a//b/../c', 'HOST', '//a//b/../c', 'HOST'],
];

for (const [line, hostField, sentTarget, sentHost] of TARGETS) {
  test(`target: ${line} with Host ${hostField} goes out as ${sentTarget}`, async (t) => {
    const heads: string[] = [];
    const { host, client } = await openSite(t, weft, async (connection) => {
      heads.push((await connection.head()) ?? '');
      connection.send(OK);
    });
    client.send(request(line.replace('HOST', host), hostField.replace('HOST', host)));
    await client.until('the answer', answered);
    const message = readFirst(heads[0] ?? '', 'request');
    assert.equal(message.start, `${line.split(' ')[0]} ${sentTarget}`);
    assert.equal(fieldOf(message, 'host'), sentHost.replace('HOST', host));
  });
}

test('fields that Connection names end at this hop, in both directions', async (t) => {
  const heads: string[] = [];
  const { host, client } = await openSite(t, weft, async (connection) => {
    heads.push((await connection.head()) ?? '');
    connection.send(
      'HTTP/1.1 200 OK\r\nConnection: x-b\r\nX-B: 1\r\nX-C: 2\r\nKeep-Alive: timeout=5\r\nContent-Length: 0\r\n\r\n',
    );
  });
  client.send(
    request('GET /', host, 'Connection: x-a, keep-alive', 'X-A: 1', 'X-D: 2', 'Keep-Alive: 5', 'TE: trailers'),
  );
  const received = await client.until('the answer', answered);
  assert.doesNotMatch(heads[0] ?? '', /^(connection|x-a|keep-alive|te):/im);
  assert.match(heads[0] ?? '', /^X-D: 2\r$/m);
  assert.doesNotMatch(received, /^(connection|x-b|keep-alive):/im);
  assert.match(received, /^X-C: 2\r$/m);
});

test('an endpoint that closes after each answer is connected to anew', async (t) => {
  const { host, client, upstream } = await openSite(t, weft, async (connection) => {
    await connection.head();
    connection.send('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok');
    connection.end();
  });
  for (let i = 0; i < 5; i++) {
    client.received = '';
    client.send(request('GET /', host));
    const { final } = readAnswer(await client.until(`answer ${i}`, answered));
    assert.equal(fieldOf(final, 'connection'), undefined);
  }
  assert.equal(upstream.connections.length, 5);
});

test('a client that ends its side while its name is being bound still gets the answer', async (t) => {
  // The end may be noticed in the very tick in which the binding becomes known: many tries.
  const { upstream } = await openSite(t, weft, answerWith(OK));
  for (let i = 0; i < 300; i++) {
    weft.disco(`bound${i}`, [upstream.disco]);
    const client = await openClient(t, weft);
    client.send(request('GET /', `bound${i}`));
    client.socket.end();
    assert.ok(answered(await client.untilEnd()), `try ${i}`);
    client.close();
  }
});

test('a client that ends its side behind its request still gets the answer', async (t) => {
  const { host, client } = await openSite(t, weft, async (connection) => {
    await connection.head();
    await new Promise((resolve) => setTimeout(resolve, 100));
    connection.send(OK);
  });
  client.send(request('GET /', host));
  client.socket.end();
  const { final } = readAnswer(await client.untilEnd(), 'GET', true);
  assert.equal(final.body, 'ok');
});

for (const [method, again] of [
  ['GET', true],
  ['PUT', true],
  ['POST', false],
] as const) {
  test(`a kept connection that closes under a ${method}: it is ${again ? '' : 'not '}sent again`, async (t) => {
    let heads = 0;
    const { host, client, upstream } = await openSite(t, weft, async (connection) => {
      await connection.head();
      heads++;
      connection.send(OK);
      // The second request on the first connection finds nobody.
      const second = await connection.head();
      if (second === null) return;
      heads++;
      if (connection.index === 0) connection.end();
      else connection.send(OK);
    });
    client.send(request('GET /first', host));
    await client.until('the first answer', answered);
    client.received = '';
    client.send(request(`${method} /second`, host));
    const { final } = readAnswer(await client.until('the second answer', answered));
    assert.equal(final.start, again ? '200' : '502');
    assert.equal(heads, again ? 3 : 2);
    assert.equal(upstream.connections.length, again ? 2 : 1);
  });
}

for (const [what, method, fields, body, again] of [
  ['short', 'PUT', 'Content-Length: 2', 'ok', true],
  ['short', 'POST', 'Content-Length: 2', 'ok', false],
  ['chunked', 'PUT', 'Transfer-Encoding: chunked', '2\r\nok\r\n0\r\n\r\n', false],
] as const) {
  test(`a kept connection that closes under a ${method} with a ${what} body: it is ${again ? '' : 'not '}sent again`, async (t) => {
    const bodies: string[] = [];
    const { host, client, upstream } = await openSite(t, weft, async (connection) => {
      await connection.head();
      if (connection.index > 0) {
        bodies.push(await connection.bytes(body.length));
        connection.send(OK);
        return;
      }
      connection.send(OK);
      await connection.head();
      connection.end();
    });
    client.send(request('GET /first', host));
    await client.until('the first answer', answered);
    client.received = '';
    client.send(`${request(`${method} /second`, host, fields)}${body}`);
    const { final } = readAnswer(await client.until('the second answer', answered));
    assert.equal(final.start, again ? '200' : '502');
    assert.equal(upstream.connections.length, again ? 2 : 1);
    assert.deepEqual(bodies, again ? [body] : []);
  });
}

test('an idle connection that the endpoint closes is not used again', async (t) => {
  const { host, client, upstream } = await openSite(t, weft, async (connection) => {
    await connection.head();
    connection.send(OK);
    if (connection.index === 0) connection.end();
  });
  client.send(request('POST /', host));
  await client.until('the first answer', answered);
  await eventually('the idle connection is gone', () => upstream.connections[0]?.ended === true);
  const second = await openClient(t, weft);
  second.send(request('POST /', host));
  const { final } = readAnswer(await second.until('the second answer', answered));
  assert.equal(final.start, '200');
  assert.equal(upstream.connections.length, 2);
});
