/**
 * Requests and responses that recur byte for byte, in a real process: whatever Weft remembers of them, nobody must be able to
 * tell from outside. Each test repeats something often enough to be remembered, and compares with what is fresh.
 */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { readHead, valuesOf } from './support/exchange.ts';
import { assertNoFault, eventually, openClient, openSite, request } from './support/http1-site.ts';
import {
  type Answered,
  answered,
  CUTS,
  cutUp,
  fieldOf,
  readAnswer,
  seededRandom,
  sendPieces,
} from './support/http1-wire.ts';
import { RawClient } from './support/raw-client.ts';
import { answerWith, ScriptedUpstream, type UpstreamConnection } from './support/scripted-upstream.ts';
import { freePort, IP, Weft } from './support/weft.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
/** From the second sight on a head is remembered, from the third it is used: this many leave no doubt. */
const REPEATS = 6;
const random = seededRandom();

let weft: Weft;
const ports = { same: 0, varied: 0, idle: 0, clear: 0, one: 0 };

before(async () => {
  for (const name of Object.keys(ports) as (keyof typeof ports)[]) ports[name] = await freePort();
  const router = (label: keyof typeof ports, keys = '', server = '') =>
    `- {protocol: http, label: ${label}, dtab: /svc => /#/io.l5d.fs${keys}, servers: [{ip: ${IP}, port: ${ports[label]}${server}}]}`;
  weft = await Weft.start({
    // In one router, so that both servers have the same connections to the endpoints.
    server: `  - {ip: ${IP}, port: ${ports.clear}, clearContext: true}`,
    more: [
      router('same'),
      router('varied'),
      router('idle', ', bindingCache: {idleTtlSecs: 1}'),
      router('one', '', ', maxConcurrentRequests: 1'),
    ].join('\n'),
  });
});

after(async () => {
  assertNoFault(weft);
  await weft.stop();
});

async function openAt(t: TestContext, port: number): Promise<RawClient> {
  const client = await RawClient.open(port);
  t.after(() => client.close());
  return client;
}

/** Sends a request and reads its answer, and nothing but that. */
async function ask(client: RawClient, text: string): Promise<Answered> {
  const method = text.trimStart().split(' ')[0] ?? '';
  client.received = '';
  client.send(text);
  const whole = () => readAnswer(client.received, method, client.ended);
  await client.until('an answer', () => client.ended || answered(client.received, method));
  assert.equal(whole().final.verdict, 'accepted', client.received);
  assert.equal(whole().rest, '');
  return whole();
}

/** Answers with the head that was received; its length is the same whatever ids are in it. */
async function echo(connection: UpstreamConnection): Promise<void> {
  for (let head = await connection.head(); head !== null; head = await connection.head()) {
    await connection.bytes(Number(/^content-length: *(\d+)\r$/im.exec(head)?.[1] ?? 0));
    connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${head.length}\r\n\r\n${head.startsWith('HEAD') ? '' : head}`);
  }
}

/** What is made anew for each request. */
const IDS = /^(l5d-reqid|l5d-ctx-trace): (\S+)\r$/gm;

const REQUESTS: readonly (readonly [line: string, ...fields: readonly string[]])[] = [
  ['GET /a?b=c'],
  ['HEAD /a?b=c'],
  ['OPTIONS *'],
  ['DELETE /', 'Cookie: a=b', 'Accept: */*'],
  ['BREW /pot'],
  ['POST /', 'Content-Length: 0'],
  ['GET http://HOST/absolute', 'X-A: b'],
  ['GET /hop', 'Connection: x-a, keep-alive', 'X-A: b', 'Keep-Alive: 5', 'TE: trailers', 'Upgrade: none'],
  ['GET /ids', 'l5d-reqid: 0000000000000001', 'l5d-dst-client: /forged', 'x-forwarded-client-cert: a'],
  ['GET /trace', `l5d-ctx-trace: ${Buffer.alloc(32, 7).toString('base64')}`],
  ['GET /sample', 'l5d-sample: 1.0', 'l5d-ctx-deadline: 1 2'],
  ['GET /via', 'Via: 1.1 a'],
  ['GET /expect', 'Expect: 100-continue'],
  ['GET /override', 'l5d-dtab: /svc/none => /svc/none'],
  ['GET /long', `X-A: ${'a'.repeat(850)}`],
  ['GET /too-long', `X-A: ${'a'.repeat(1100)}`],
];

for (const [line, ...fields] of REQUESTS) {
  test(`${line} ${fields.join(', ').slice(0, 80)}: repeated, an endpoint gets the same head with new ids`, async (t) => {
    const heads: string[] = [];
    const { host, client } = await openSite(t, weft, async (connection) => {
      for (let head = await connection.head(); head !== null; head = await connection.head()) {
        heads.push(head);
        connection.send(line.startsWith('HEAD') ? OK.slice(0, -2) : OK);
      }
    });
    const text = request(line.replace('HOST', host), host, ...fields);
    const answers = new Set<string>();
    for (const one of [client, await openClient(t, weft), await openClient(t, weft)]) {
      for (let i = 0; i < REPEATS; i++) {
        await ask(one, i === REPEATS - 1 ? `\r\n${text}` : text);
        answers.add(one.received);
      }
    }
    assert.equal(answers.size, 1, [...answers].join('\n'));
    assert.equal(heads.length, 3 * REPEATS);
    const same = new Set(heads.map((head) => head.replace(IDS, '$1')));
    assert.equal(same.size, 1, [...same].join('\n'));
    assert.match(heads[0] ?? '', IDS);
    // The id of a request is that of its trace, which a client may bring along.
    for (const name of line === 'GET /trace' ? ['l5d-ctx-trace'] : ['l5d-reqid', 'l5d-ctx-trace']) {
      const values = heads.map((head) => valuesOf(readHead(head), name).join());
      assert.equal(new Set(values).size, 3 * REPEATS, `each has a ${name} of its own`);
    }
  });
}

test('requests that are repeated are counted like such as are not, at every level', async (t) => {
  const { host } = await openSite(t, weft, async (connection) => {
    for (let head = await connection.head(); head !== null; head = await connection.head()) {
      const status = /^x-status: (\d+)\r$/m.exec(head)?.[1] ?? '200';
      connection.send(`HTTP/1.1 ${status} Text\r\nContent-Length: 2\r\n\r\nok`);
    }
  });
  for (const label of ['same', 'varied'] as const) {
    const client = await openAt(t, ports[label]);
    for (let i = 0; i < 10 * REPEATS; i++) {
      const path = label === 'same' ? '/page/000' : `/page/${String(i).padStart(3, '0')}`;
      await ask(client, request(`GET ${path}`, host, `x-status: ${i % 5 === 4 ? 503 : 200}`));
    }
  }
  const isCounted = (metrics: Record<string, number>) =>
    ['same', 'varied'].every((label) => metrics[`rt/${label}/service/svc/${host}/requests`] === 10 * REPEATS);
  await eventually('all is counted', async () => isCounted(await weft.metrics()));
  const metrics = await weft.metrics();
  const read = (label: 'same' | 'varied') => {
    const ours = Object.entries(metrics).filter(([name]) => name.startsWith(`rt/${label}/`));
    // Times differ from run to run; how many of them were taken does not.
    const counts = ours.filter(([name]) => !/\.(?!count$)|_(?:ms|us)$|^load$/.test(name.split('/').at(-1) ?? ''));
    return counts.map(([name, value]) => `${name.slice(label.length + 4).replace(`/${ports[label]}/`, '/')} ${value}`);
  };
  assert.ok(read('same').includes(`server/${IP}/status/503 ${2 * REPEATS}`), read('same').join('\n'));
  assert.deepEqual(read('same'), read('varied'));
});

test('clients of all kinds take turns with the same request: each is answered as it was the first time', async (t) => {
  const { host, client } = await openSite(t, weft, echo);
  const old = await openClient(t, weft);
  const kinds: readonly (readonly [text: string, on: RawClient | null])[] = [
    [request('GET /a', host), client],
    [request('HEAD /a', host), client],
    [`${request('POST /a', host, 'Content-Length: 3')}abc`, client],
    [request('GET /a', host).replace('HTTP/1.1', 'HTTP/1.0'), null],
    [request('GET /a', host, 'Connection: keep-alive').replace('HTTP/1.1', 'HTTP/1.0'), old],
    [request('GET /a', host, 'Connection: close'), null],
    [request('GET /a', host, 'Connection: keep-alive'), client],
  ];
  const first: string[] = [];
  for (let round = 0; round < REPEATS; round++) {
    for (const [index, [text, on]] of kinds.entries()) {
      const one = on ?? (await openClient(t, weft));
      await ask(one, text);
      if (on === null) await one.untilEnd();
      const seen = one.received.replace(IDS, '$1');
      if (round === 0) first.push(seen);
      assert.equal(seen, first[index], `kind ${index}, round ${round}`);
      const { final } = readAnswer(one.received, text.split(' ')[0], true);
      assert.equal(fieldOf(final, 'connection'), on === null ? 'close' : on === old ? 'keep-alive' : undefined);
    }
  }
});

test('a repeated request follows its name: to another endpoint, to a dead one, to none, and back', async (t) => {
  const { host, client, upstream } = await openSite(t, weft, answerWith(OK.replace('ok', ' a')));
  const other = await ScriptedUpstream.start(answerWith(OK.replace('ok', ' b')));
  t.after(() => other.stop());
  const text = request('GET /', host);
  const reaches = async (expected: string) => {
    const said = async () =>
      (await ask(client, text)).final.body.startsWith('Unable') ? 'none' : readAnswer(client.received).final.body;
    await eventually(`the answer is ${expected}`, async () => (await said()) === expected);
    for (let i = 0; i < REPEATS; i++) assert.equal(await said(), expected);
  };
  await reaches(' a');
  weft.disco(host, [other.disco]);
  await reaches(' b');
  rmSync(join(weft.directory, 'disco', host));
  await reaches('none');
  weft.disco(host, [upstream.disco]);
  await reaches(' a');
  await upstream.stop();
  await reaches('none');
  weft.disco(host, [other.disco]);
  await reaches(' b');
});

test('a repeated request whose route was forgotten, because it was idle, is bound and counted anew', async (t) => {
  const { host } = await openSite(t, weft, echo);
  weft.disco('younger', []);
  const [client, younger] = [await openAt(t, ports.idle), await openAt(t, ports.idle)];
  const name = `rt/idle/service/svc/${host}/requests`;
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < REPEATS; i++) assert.equal((await ask(client, request('GET /', host))).final.start, '200');
    await eventually('they are counted', async () => (await weft.metrics())[name] === REPEATS);
    await sleep(200);
    await ask(younger, request('GET /', 'younger'));
    await eventually('the name is forgotten', async () => (await weft.metrics())[name] === undefined);
  }
});

test('requests that differ in their dtab alone go where it says, however often they are repeated', async (t) => {
  const names = ['one', 'two'];
  const { host, client } = await openSite(t, weft, answerWith(OK));
  for (const name of names) {
    const upstream = await ScriptedUpstream.start(answerWith(OK.replace('2\r', '3\r').replace('ok', name)));
    t.after(() => upstream.stop());
    weft.disco(name, [upstream.disco]);
  }
  for (let i = 0; i < REPEATS; i++) {
    for (const name of names) {
      const text = request('GET /', host, `l5d-dtab: /svc/${host} => /#/io.l5d.fs/${name}`);
      assert.equal((await ask(client, text)).final.body, name);
    }
    assert.equal((await ask(client, request('GET /', host))).final.body, 'ok');
  }
});

/** Responses that follow one that recurs: `\f` ends the connection. */
const CHANGES: readonly (readonly [what: string, response: string])[] = [
  ['status', 'HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno'],
  ['failure', 'HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno'],
  ['length', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok!'],
  ['no body', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ['close', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok\f'],
  ['chunked', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-A: b\r\n\r\n'],
  ['via', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nVia: 1.1 a\r\n\r\nok'],
  ['204', 'HTTP/1.1 204 No Content\r\n\r\n'],
  ['304', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n'],
  ['cookie', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\n\r\nok'],
  ['fields that end here', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: x-a\r\nX-A: b\r\n\r\nok'],
  ['old, but kept', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok'],
  ['old', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok\f'],
  ['informational', 'HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'],
  ['an explanation', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nl5d-err: a\r\nl5d-success-class: 0.5\r\n\r\nok'],
];

for (const [index, [what, changed]] of CHANGES.entries()) {
  const cut = CUTS[index % CUTS.length] ?? 'whole';
  test(`a response that recurs, then is another (${what}; ${cut}), then itself again: each as the first time`, async (t) => {
    const script: string[] = [];
    const { host, client, upstream } = await openSite(t, weft, async (connection) => {
      while ((await connection.head()) !== null) {
        const next = script.shift() ?? '';
        await sendPieces((piece) => connection.send(piece), cutUp(next.replace('\f', ''), cut, random));
        if (next.endsWith('\f')) connection.end();
      }
    });
    const first = new Map<string, string>();
    let closes = 0;
    for (const response of [OK, changed, OK, OK, OK, OK, changed, OK, OK, changed, changed, changed, changed, OK, OK]) {
      script.push(response);
      if (response.endsWith('\f')) closes++;
      const { final } = await ask(client, request('GET /', host));
      const expected = readAnswer(response.replace('\f', ''), 'GET', true).final;
      for (const part of ['start', 'body', 'framing', 'trailers'] as const)
        assert.deepEqual(final[part], expected[part]);
      if (!first.has(response)) first.set(response, client.received);
      assert.equal(client.received, first.get(response));
    }
    assert.ok(upstream.connections.length <= 1 + closes);
  });
}

for (const cut of CUTS) {
  test(`a repeated request, pipelined and cut (${cut}), is answered as often as it was sent`, async (t) => {
    const { host, client } = await openSite(t, weft, echo);
    const text = request('GET /', host);
    const alone = (await ask(client, text)).final.body.replace(IDS, '$1');
    for (let i = 0; i < REPEATS; i++) await ask(client, text);
    for (const count of [1, 2, 2, 2, 3, 1, 2]) {
      client.received = '';
      await sendPieces((piece) => client.send(piece), cutUp(text.repeat(count), cut, random));
      const isDone = (received: string) => received.split(' 200 OK').length > count && received.endsWith('\r\n\r\n');
      let rest = await client.until(`${count} answers`, isDone);
      for (let i = 0; i < count; i++) {
        const answer = readAnswer(rest);
        assert.equal(answer.final.body.replace(IDS, '$1'), alone);
        rest = answer.rest;
      }
      assert.equal(rest, '');
    }
    client.send(text.slice(0, 20));
    await sleep(20);
    assert.equal((await ask(client, text.slice(20))).final.body.replace(IDS, '$1'), alone);
  });
}

test('an endpoint that closes idle connections under repeated requests: they are sent again', async (t) => {
  const { host, client } = await openSite(t, weft, async (connection) => {
    while ((await connection.head()) !== null) {
      connection.send(OK);
      await sleep(connection.index % 3);
      if (connection.index % 2 === 0) connection.end();
      else connection.reset();
    }
  });
  for (let i = 0; i < 20 * REPEATS; i++) {
    const { final } = await ask(client, request('GET /', host));
    assert.deepEqual([final.start, final.body], ['200', 'ok'], client.received);
    await sleep(i % 3);
  }
});

test('clearContext: what one server remembers of an endpoint does not show at the other', async (t) => {
  const explained = 'HTTP/1.1 502 No\r\nContent-Length: 2\r\nl5d-err: a\r\n\r\nno';
  const heads: string[] = [];
  const { host, client } = await openSite(t, weft, async (connection) => {
    for (let head = await connection.head(); head !== null; head = await connection.head()) {
      heads.push(head);
      connection.send(head.startsWith('GET /err') ? explained : OK);
    }
  });
  const outside = await openAt(t, ports.clear);
  const fields = ['l5d-dtab: /svc => /none', 'l5d-other: a', `l5d-ctx-trace: ${Buffer.alloc(32).toString('base64')}`];
  for (let i = 0; i < 2 * REPEATS; i++) {
    const path = i < REPEATS ? 'GET /' : 'GET /err';
    const inner = (await ask(client, request(path, host))).final;
    assert.deepEqual([inner.body, fieldOf(inner, 'l5d-success-class')], i < REPEATS ? ['ok', '1.0'] : ['no', '0.0']);
    heads.length = 0;
    const outer = (await ask(outside, request(path, host, ...fields))).final;
    assert.deepEqual([outer.start, outer.body], i < REPEATS ? ['200', 'ok'] : ['502', '']);
    assert.doesNotMatch(outside.received, /l5d-/i);
    assert.doesNotMatch(heads[0] ?? '', /^l5d-(?:dtab|ctx-dtab|other):/im);
  }
});

test('maxConcurrentRequests holds for repeated requests, and each gives its place back', async (t) => {
  let held = false;
  const { host } = await openSite(t, weft, async (connection) => {
    while ((await connection.head()) !== null) {
      while (held && !connection.ended) await sleep(1);
      connection.send(OK);
    }
  });
  const [client, other] = [await openAt(t, ports.one), await openAt(t, ports.one)];
  const text = request('GET /', host);
  for (let round = 0; round < REPEATS; round++) {
    for (let i = 0; i < 4; i++) assert.equal((await ask(i % 2 === 0 ? client : other, text)).final.start, '200');
    held = true;
    client.received = '';
    client.send(text);
    await eventually('it is under way', async () => (await ask(other, text)).final.start === '503');
    held = false;
    assert.equal(readAnswer(await client.until('its answer', answered)).final.start, '200');
  }
});

test('a repeated request that is under way at a drain is answered, and told that its connection ends', async (t) => {
  const draining = await Weft.start();
  t.after(() => draining.stop());
  let held = false;
  const { host, client } = await openSite(t, draining, async (connection) => {
    while ((await connection.head()) !== null) {
      while (held) await sleep(1);
      connection.send(OK);
    }
  });
  for (let i = 0; i < REPEATS; i++) await ask(client, request('GET /', host));
  held = true;
  client.received = '';
  client.send(request('GET /', host));
  await eventually('it is under way', async () => (await draining.metric(`service/svc/${host}/pending`)) === 1);
  const stopped = draining.stop();
  const refuses = async () =>
    openClient(t, draining).then(
      () => false,
      () => true,
    );
  await eventually('nobody is accepted any more', refuses);
  held = false;
  const { final } = readAnswer(await client.untilEnd(), 'GET', true);
  assert.deepEqual([final.start, final.body, fieldOf(final, 'connection')], ['200', 'ok', 'close']);
  assert.equal(await stopped, 0);
  assertNoFault(draining);
});
