/**
 * What a client is told: the fields that Weft writes into responses (spec 03 sections 4.3, 4.6 and 5.3), its own errors
 * (section 6, blocks A and B byte for byte), and the rows of section 12 that HTTP/1 without retries has.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { blockA, blockB, encodedError } from './support/error-texts.ts';
import { type Answer, ask, echoHead, get, readHead, soleValueOf, valuesOf } from './support/exchange.ts';
import { ScriptedUpstream, type UpstreamScript } from './support/scripted-upstream.ts';
import { freePort, IP, Weft } from './support/weft.ts';

/** Answers with the bytes that the request asks for in `x-answer`, else with the head of the request. */
const obey: UpstreamScript = async (connection) => {
  for (let head = await connection.head(); head !== null; head = await connection.head()) {
    const wanted = soleValueOf(readHead(head), 'x-answer');
    if (wanted === undefined) {
      connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${head.length}\r\n\r\n${head}`);
      continue;
    }
    connection.send(decodeURIComponent(wanted));
    if (head.includes('x-then: end')) connection.end();
    if (head.includes('x-then: reset')) connection.reset();
  }
};

let upstream: ScriptedUpstream;
let echo: ScriptedUpstream;
let weft: Weft;
let deadPort = 0;
const ports = {
  main: 0,
  clear: 0,
  lenient: 0,
  empty: 0,
  dead: 0,
  inet: 0,
  one: 0,
  oneClear: 0,
  depth: 0,
  short: 0,
  named: 0,
  second: 0,
};

before(async () => {
  upstream = await ScriptedUpstream.start(obey);
  echo = await ScriptedUpstream.start(echoHead);
  deadPort = await freePort();
  for (const name of Object.keys(ports) as (keyof typeof ports)[]) ports[name] = await freePort();
  const router = (label: keyof typeof ports, dtab: string, keys = '', server = '') =>
    `- {protocol: http, label: ${label}, dtab: "${dtab}"${keys}, servers: [{ip: ${IP}, port: ${ports[label]}${server}}]}`;
  const fs = '/svc => /#/io.l5d.fs';
  weft = await Weft.start({
    disco: { web: [upstream.disco], dead: [`127.0.0.1 ${deadPort}`, `127.0.0.2 ${deadPort}`], none: [] },
    env: { WEFT_ACQUISITION_ATTEMPTS: '3' },
    more: [
      router('clear', fs, '', ', clearContext: true'),
      router('named', fs, ', identifier: {kind: io.l5d.header}', ', clearContext: true'),
      router(
        'second',
        fs,
        ', identifier: [{kind: io.l5d.header}, {kind: io.l5d.header.token}]',
        ', clearContext: true',
      ),
      router('lenient', fs, ', service: {responseClassifier: {kind: io.l5d.http.allSuccessful}}'),
      router('empty', ''),
      router('dead', `/svc => /$/inet/127.1/${deadPort}`),
      router('inet', `/svc=>/$/inet/127.1/${echo.port}`, ', identifier: {kind: io.l5d.header}'),
      router('one', fs, '', ', maxConcurrentRequests: 1'),
      router('oneClear', fs, '', ', maxConcurrentRequests: 1, clearContext: true'),
      router('depth', fs, '', ', maxCallDepth: 2'),
      router('short', fs, ', maxErrResponseKB: 1'),
    ].join('\n'),
  });
  ports.main = weft.port;
});

after(async () => {
  await weft.stop();
  await upstream.stop();
  await echo.stop();
});

/** Has the endpoint send a response. @param lines of the response, `|` between them, the body behind `||` */
function answering(lines: string, ...more: readonly string[]): string {
  const [head = '', body = ''] = lines.split('||');
  const response = `${head.split('|').join('\r\n')}\r\n\r\n${body}`;
  return get('web', `x-answer: ${encodeURIComponent(response)}`, ...more);
}

/** Every error of Weft's own, whatever it is about (section 6). */
function assertError(answer: Answer, status: number, body: string): void {
  assert.equal(answer.body, body);
  assert.equal(answer.status, status);
  assert.equal(soleValueOf(answer, 'content-type'), 'text/plain');
  assert.equal(soleValueOf(answer, 'l5d-err'), encodedError(body));
}

// ---- section 4.3: written to responses -------------------------------------------------------------------------------

const OK = 'HTTP/1.1 200 OK|Content-Length: 2';

/** Router, what the endpoint says, what the client gets; vectors 19 and 20 of section 12 among them. */
const RESPONSES: readonly (readonly [keyof typeof ports, string, Readonly<Record<string, readonly string[]>>])[] = [
  ['main', `${OK}||ok`, { 'l5d-success-class': ['1.0'], via: ['1.1 linkerd'], 'l5d-err': [], 'l5d-dst-service': [] }],
  ['main', `${OK.replace('200 OK', '404 No')}||no`, { 'l5d-success-class': ['1.0'] }],
  [
    'main',
    `${OK.replace('200 OK', '500 Oh')}||oh`,
    { 'l5d-success-class': ['0.0'], 'l5d-err': [], 'content-type': [] },
  ],
  ['lenient', `${OK.replace('200 OK', '500 Oh')}||oh`, { 'l5d-success-class': ['1.0'] }],
  ['main', `${OK}|L5d-Success-Class: 0.25||ok`, { 'l5d-success-class': ['1.0'] }],
  ['main', `${OK}|Via: 1.0 a|X-B: b|Via: 1.1 c||ok`, { via: ['1.0 a, 1.1 c, 1.1 linkerd'], 'x-b': ['b'] }],
  ['main', `${OK}|l5d-err: theirs|l5d-retryable: true||ok`, { 'l5d-err': ['theirs'], 'l5d-retryable': ['true'] }],
  [
    'main',
    `${OK}|Connection: x-hop|x-hop: 1|Keep-Alive: timeout=1||ok`,
    { connection: [], 'x-hop': [], 'keep-alive': [] },
  ],
  ['main', `${OK}|Proxy-Authenticate: Basic|Trailer: X|TE: x||ok`, { 'proxy-authenticate': [], trailer: [], te: [] }],
  ['main', `${OK}|Set-Cookie: a|Set-Cookie: b||ok`, { 'set-cookie': ['a', 'b'], 'content-length': ['2'] }],
  ['main', 'HTTP/1.1 204 No Content|Content-Length: 0|X-A: 1', { 'content-length': [], 'x-a': ['1'] }],
  [
    'clear',
    `${OK}|L5D-Retryable: true|l5d-any: x|X-A: 1||ok`,
    { 'l5d-retryable': [], 'l5d-any': [], 'l5d-success-class': [], via: ['1.1 linkerd'], 'x-a': ['1'] },
  ],
];

for (const [router, said, expected] of RESPONSES) {
  test(`${router}: an endpoint says ${said}`, async () => {
    const answer = await ask(ports[router], answering(said));
    const [line = ''] = said.split('|');
    assert.equal(answer.line, line, 'the status line passes unchanged');
    assert.equal(answer.body, said.split('||')[1] ?? '');
    for (const [name, values] of Object.entries(expected)) assert.deepEqual(valuesOf(answer, name), values, name);
    assert.equal(answer.closed, false);
  });
}

test('the via entry of a response has the version that the endpoint spoke', async () => {
  const answer = await ask(ports.main, answering('HTTP/1.0 200 OK|Content-Length: 2||ok'));
  assert.equal(soleValueOf(answer, 'via'), '1.0 linkerd');
  assert.equal(answer.line, 'HTTP/1.1 200 OK');
});

test('clearContext empties the body of an error that another Linkerd explains', async () => {
  for (const framing of ['Content-Length: 6', 'Transfer-Encoding: chunked']) {
    const body = framing.startsWith('C') ? 'secret' : '6\r\nsecret\r\n0\r\n\r\n';
    const said = answering(`HTTP/1.1 502 Bad Gateway|l5d-err: secret|${framing}||${body}`);
    const answer = await ask(ports.clear, said);
    assert.deepEqual([answer.status, answer.body, soleValueOf(answer, 'content-length')], [502, '', '0'], framing);
    assert.deepEqual(valuesOf(answer, 'l5d-err'), []);
    assert.deepEqual(valuesOf(answer, 'transfer-encoding'), []);
    assert.equal((await ask(ports.main, said)).status, 502, 'and no further');
  }
});

// ---- section 5.3: framing --------------------------------------------------------------------------------------------

test('a response of HTTP/1.0 without a length goes on to its end, and the connection with it', async () => {
  const answer = await ask(ports.main, answering('HTTP/1.0 200 OK|X-A: 1||until the end', 'x-then: end'));
  assert.deepEqual([answer.status, answer.body, answer.closed], [200, 'until the end', true]);
  assert.equal(soleValueOf(answer, 'connection'), 'close');
  assert.deepEqual(valuesOf(answer, 'content-length'), []);
});

/** Responses that cannot be trusted: 502, and why. */
const BROKEN: readonly (readonly [said: string, reason: RegExp])[] = [
  ['HTTP/1.1 200 OK|Content-Length: 5|Content-Length: 6||123456', /conflicting `Content-Length` headers/],
  ['HTTP/1.1 200 OK|Content-Length: 2|Transfer-Encoding: chunked||2', /both Content-Length and Transfer-Encoding/],
  ['HTTP/9.9 200 OK|Content-Length: 0', /major version/],
  ['nonsense', /malformed response from 127\.0\.0\.1:\d+/],
  ['HTTP/1.1 101 Switching Protocols|Upgrade: x|Connection: upgrade', /101/],
];

for (const [said, reason] of BROKEN) {
  test(`an endpoint says ${said.slice(0, 60)}: 502`, async () => {
    const answer = await ask(ports.main, answering(said));
    assert.match(answer.body, reason);
    assertError(answer, 502, answer.body);
  });
}

for (const then of ['end', 'reset']) {
  test(`an endpoint's connection ends by ${then} before the response: 502`, async () => {
    const request = `POST / HTTP/1.1\r\nHost: web\r\nx-answer:\r\nx-then: ${then}\r\nContent-Length: 0\r\n\r\n`;
    const answer = await ask(ports.main, request);
    assertError(answer, 502, `the connection to 127.0.0.1:${upstream.port} ended before its response`);
  });
}

// ---- section 6: errors -----------------------------------------------------------------------------------------------

/** Router, request, base dtab, override dtab, as the block shows them; rows 15 and 16 of section 12 first. */
const UNROUTABLE: readonly (readonly [keyof typeof ports, string, string, string, string])[] = [
  ['empty', get('foo'), 'foo', '', ''],
  ['main', get('unknown'), 'unknown', '  /svc => /#/io.l5d.fs', ''],
  ['main', get('none'), 'none', '  /svc => /#/io.l5d.fs', ''],
  [
    'main',
    get('web', 'l5d-dtab: /svc => ! ; /a=>/b|/c'),
    'web',
    '  /svc => /#/io.l5d.fs',
    '  /svc => !\n  /a => /b | /c',
  ],
  ['main', get('web', 'l5d-ctx-dtab: /svc=>/$/nil'), 'web', '  /svc => /#/io.l5d.fs', '  /svc => /$/nil'],
];

for (const [router, request, host, base, override] of UNROUTABLE) {
  test(`block A: ${router} has nothing for ${request.split('\r\n').slice(1, -2).join(', ')}`, async () => {
    const answer = await ask(ports[router], request);
    assertError(answer, 502, blockA(`/svc/${host}`, base, override));
    assert.ok(soleValueOf(answer, 'l5d-err')?.startsWith('Unable+to+route+request%21%0A%0Aservice+name%3A+%2Fsvc%2F'));
    assert.deepEqual(valuesOf(answer, 'l5d-retryable'), [], 'it is not known to help');
    assert.equal(answer.closed, false, 'an error does not end the connection');
  });
}

test('block B: one endpoint, and it refuses', async () => {
  const answer = await ask(ports.dead, get('foo'));
  const endpoint = `127.0.0.1:${deadPort}`;
  assertError(answer, 502, blockB(endpoint, '/svc/foo', `/$/inet/127.1/${deadPort}`, [endpoint]));
  assert.equal(soleValueOf(answer, 'l5d-retryable'), 'true', 'nothing was delivered');
});

test('block B: all endpoints refuse, and the block names them', async () => {
  const answer = await ask(ports.main, get('dead'));
  const [, selected = ''] = /^selected address: (.*)$/m.exec(answer.body) ?? [];
  const [, listed = ''] = /^addresses: \[(.*)\]$/m.exec(answer.body) ?? [];
  const endpoints = [`127.0.0.1:${deadPort}`, `127.0.0.2:${deadPort}`];
  assert.deepEqual(listed.split(', ').toSorted(), endpoints);
  assert.ok(endpoints.includes(selected), selected);
  assertError(answer, 502, blockB(selected, '/svc/dead', '/#/io.l5d.fs/dead', listed.split(', ')));
});

/** Request, status, body; rows 17, 21, 25. */
const REFUSED: readonly (readonly [keyof typeof ports, request: string, status: number, body: RegExp])[] = [
  ['main', get('web', 'l5d-dtab: foo'), 400, /^'\/' expected but 'f' found at '\[f\]oo'$/],
  ['main', get('web', 'l5d-ctx-dtab: /a=>'), 400, /found/],
  ['main', get('web', 'l5d-dtab: /a=>/b', 'l5d-dtab: /c=/d'), 400, /found/],
  [
    'main',
    get('web', `Via: ${'a,'.repeat(1000)}a`),
    400,
    /^Maximum number of calls \(1000\) has been exceeded\. Please check for proxy loops\.$/,
  ],
  [
    'depth',
    get('web', 'Via: a, b, c'),
    400,
    /^Maximum number of calls \(2\) has been exceeded\. Please check for proxy loops\.$/,
  ],
  ['main', get('web', 'l5d-dtab: /svc=>/svc'), 502, /Max recursion level: 100 reached in Namer lookup/],
  [
    'main',
    get('web', 'l5d-dtab: /svc=>/$/nope.Class'),
    502,
    /^Unknown namer: nope\.Class for path: \/\$\/nope\.Class\/web$/,
  ],
];

for (const [router, request, status, body] of REFUSED) {
  test(`${router}: ${request.slice(0, 80).split('\r\n').slice(1).join(', ')} is ${status}`, async () => {
    const answer = await ask(ports[router], request);
    assert.match(answer.body, body);
    assertError(answer, status, answer.body);
  });
}

test('calls up to the depth pass', async () => {
  assert.equal((await ask(ports.main, get('web', `Via: ${'a,'.repeat(999)}a`))).status, 200);
  assert.equal((await ask(ports.depth, get('web', 'Via: a, b'))).status, 200);
  assert.equal((await ask(ports.depth, get('web', 'Via: a', 'Via: b'))).status, 200);
  assert.equal((await ask(ports.depth, get('web', 'Via: a', 'Via: b, c'))).status, 400, 'every line counts');
});

/** Answers of the codec: closed, no body, no `l5d-err` (section 5.2; rows 25 to 27). */
const CODEC: readonly (readonly [what: string, request: string, status: number])[] = [
  ['two different lengths', 'POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n', 400],
  ['9 KB of headers', get('web', `X: ${'y'.repeat(9216)}`), 431],
  ['a request line of 5 KB', `GET /${'x'.repeat(5120)} HTTP/1.1\r\nHost: web\r\n\r\n`, 414],
  ['a field name with a space', get('web', 'a b: c'), 400],
];

for (const [what, request, status] of CODEC) {
  test(`${what}: ${status}, closed`, async () => {
    const answer = await ask(ports.main, request);
    assert.deepEqual([answer.status, answer.body, answer.closed], [status, '', true]);
    assert.equal(soleValueOf(answer, 'content-length'), '0');
    assert.deepEqual(valuesOf(answer, 'l5d-err'), []);
  });
}

test('an error is cut to maxErrResponseKB', async () => {
  const answer = await ask(ports.short, get('web', `l5d-dtab: /svc=>!;/long=>/${'x'.repeat(3000)}`));
  assert.equal(answer.status, 502);
  assert.equal(answer.body.length, 1024);
  assert.ok((soleValueOf(answer, 'l5d-err')?.length ?? 0) > 3000);
});

test('an answer to HEAD has the head of the error and no body', async () => {
  const answer = await ask(ports.empty, get('foo').replace('GET', 'HEAD'));
  assert.deepEqual([answer.status, answer.body], [502, '']);
  assert.equal(soleValueOf(answer, 'content-length'), String(blockA('/svc/foo', '', '').length));
});

test('clearContext: an error explains nothing (row 23), a dtab is ignored (row 24)', async () => {
  const error = await ask(ports.clear, get('unknown'));
  assert.deepEqual([error.status, error.body], [502, '']);
  assert.deepEqual(
    error.fields.filter(([name]) => name.startsWith('l5d-')),
    [],
  );
  assert.equal((await ask(ports.clear, get('web', 'l5d-dtab: /svc=>!'))).status, 200);
  assert.equal((await ask(ports.clear, get('web', 'l5d-dtab: foo'))).status, 200);
});

test('clearContext: a header of the mesh names no request', async () => {
  const named = await ask(ports.named, get('web', 'L5D-Name: /other'));
  assert.deepEqual([named.status, named.body], [400, '']);
  const second = await ask(ports.second, get('web', 'l5d-name: /other'));
  assert.equal(second.status, 200, 'the next identifier is asked');
});

for (const label of ['one', 'oneClear'] as const) {
  test(`one request more than maxConcurrentRequests is refused at once (row 28): ${label}`, () =>
    refusesAnother(label));
}

async function refusesAnother(label: 'one' | 'oneClear'): Promise<void> {
  const silent = await ScriptedUpstream.start(async (connection) => void (await connection.head()));
  const host = `silent-${label.toLowerCase()}`;
  weft.disco(host, [silent.disco]);
  const first = ask(ports[label], get(host));
  const deadline = Date.now() + 10_000;
  while (silent.connections.length === 0 && Date.now() < deadline) await new Promise((done) => setTimeout(done, 5));
  const head = await ask(ports[label], 'HEAD / HTTP/1.1\r\nHost: web\r\n\r\n');
  assert.deepEqual([head.status, head.body, soleValueOf(head, 'finagle-http-nack')], [503, '', 'true']);
  const nack = await ask(ports[label], get('web'));
  assert.equal(nack.status, 503);
  assert.equal(soleValueOf(nack, 'retry-after'), '0');
  assert.equal(soleValueOf(nack, 'finagle-http-nack'), 'true');
  assert.equal(nack.body, 'Request was not processed by the server due to an error and is safe to retry');
  assert.deepEqual(valuesOf(nack, 'l5d-err'), []);
  silent.connections[0]?.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  assert.equal((await first).status, 200);
  assert.equal((await ask(ports[label], get('web'))).status, 200, 'the place is free again');
  await silent.stop();
  const counted = await weft.metrics();
  const scope = `rt/${label}/server/127.0.0.1/${ports[label]}`;
  assert.deepEqual([counted[`${scope}/nacks`], counted[`${scope}/nonretryable_nacks`]], [2, 0]);
}

test('a residual is told to the endpoint (row 31), an empty one is not', async () => {
  const seen = readHead((await ask(ports.inet, get('h', 'l5d-name: /a/b'))).body);
  assert.equal(soleValueOf(seen, 'l5d-dst-client'), `/$/inet/127.1/${echo.port}`);
  assert.equal(soleValueOf(seen, 'l5d-dst-residual'), '/a/b');
  const named = readHead((await ask(ports.main, get('web'))).body);
  assert.equal(soleValueOf(named, 'l5d-dst-client'), '/#/io.l5d.fs/web');
  assert.deepEqual(valuesOf(named, 'l5d-dst-residual'), []);
});
