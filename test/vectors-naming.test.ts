/**
 * Names over a running Weft (spec 01 sections 2 to 6 and 9.3, 9.4): each row is a request's own dtab and its name, and the
 * bound name that the endpoint is told, or the error.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, echoHead, get, readHead, soleValueOf } from './support/exchange.ts';
import { RawClient } from './support/raw-client.ts';
import { ScriptedUpstream } from './support/scripted-upstream.ts';
import { freePort, IP, Weft } from './support/weft.ts';

let upstream: ScriptedUpstream;
let weft: Weft;
let wildPort = 0;

before(async () => {
  upstream = await ScriptedUpstream.start(echoHead);
  wildPort = await freePort();
  weft = await Weft.start({
    disco: { a: [upstream.disco], b: [upstream.disco], 'c.d': [upstream.disco] },
    router: '  dtab: ""\n  identifier: {kind: io.l5d.header}',
    more: `- {protocol: http, label: wild, dtab: "/svc/*/c => /f/a ; /f => /#/io.l5d.fs", identifier: {kind: io.l5d.header}, servers: [{ip: ${IP}, port: ${wildPort}}]}`,
  });
});

after(async () => {
  await weft.stop();
  await upstream.stop();
});

const A = '/#/io.l5d.fs/a';
const B = '/#/io.l5d.fs/b';
const ABSENT = '/#/io.l5d.fs/absent';
/** Stands for the upstream's port, which the tables cannot know. */
const PORT = 'PORT';

/** Request's dtab, name behind `/svc`, bound id, residual. Vectors of section 9.3 and 9.4 behind. */
const BOUND: readonly (readonly [dtab: string, name: string, id: string, residual: string])[] = [
  [`/svc=>${A}`, '/', A, ''],
  [`/svc=>${A}`, '/x/y', A, '/x/y'],
  ['/svc=>/#/io.l5d.fs', '/c.d/z', '/#/io.l5d.fs/c.d', '/z'],
  [`/svc=>${A}; /svc=>${B}`, '/', B, ''], // 48
  [`/svc=>${A}; /svc=>${ABSENT}`, '/', A, ''], // 50
  [`/svc=>${ABSENT} | ${B}`, '/', B, ''],
  [`/svc=>${A}; /svc=>~`, '/', A, ''], // 53
  [`/svc=>~ | ${A} | !`, '/', A, ''],
  [`/svc=>(${ABSENT} | ~) | (${B} & !)`, '/', B, ''],
  [`/svc/*/c=>${A}`, '/b/c/e/f', A, '/e/f'], // 47
  [`/svc/*=>${A}; /svc/x=>${B}`, '/x', B, ''],
  [`${A}=>${B}; /svc=>${A}`, '/', B, ''], // 60
  [`/svc=>0.9*${A} & 0.1*${ABSENT}`, '/', A, ''], // 58
  [`/svc=>/$/inet/127.1/${PORT}`, '/a/b', `/$/inet/127.1/${PORT}`, '/a/b'], // 54
  [`/svc=>/$/inet/${PORT}`, '/', `/$/inet/${PORT}`, ''],
  [`/svc=>/$/inet/localhost/${PORT}`, '/', `/$/inet/localhost/${PORT}`, ''],
  [`/svc=>/$/fixedinet/127.0.0.1/${PORT}`, '/r', `/$/fixedinet/127.0.0.1/${PORT}`, '/r'],
  [`/svc=>/$/io.buoyant.rinet/${PORT}`, '/127.1/rest', `/$/io.buoyant.rinet/${PORT}/127.1`, '/rest'], // 79
  [`/h=>/$/inet; /svc=>/$/io.buoyant.hostportPfx/h`, `/127.1:${PORT}/etc`, `/$/inet/127.1/${PORT}`, '/etc'], // 63
  [
    `/h=>/$/io.buoyant.rinet; /svc=>/$/io.buoyant.porthostPfx/h`,
    `/127.1:${PORT}`,
    `/$/io.buoyant.rinet/${PORT}/127.1`,
    '',
  ], // 67
  [`/x=>${A}; /svc=>/$/io.buoyant.http.anyMethod`, '/GET/x/y', A, '/y'], // 68
  [`/p=>${A}; /svc=>/$/io.buoyant.http.anyMethodPfx/p`, '/GET/y', A, '/y'], // 70
  [`/x=>${A}; /svc=>/$/io.buoyant.http.anyHost`, '/h.example:80/x', A, ''],
  [`/p=>${A}; /svc=>/$/io.buoyant.http.anyHostPfx/p`, '/a.b/bar', A, '/bar'], // 72
  ['/svc=>/$/io.buoyant.http.subdomainOf/ex.org; /a=>/#/io.l5d.fs/a', '/a.ex.org/bar', A, '/bar'], // 73
  [
    '/p=>/#/io.l5d.fs; /svc=>/$/io.buoyant.http.subdomainOfPfx/ex.org/p',
    '/c.d.ex.org:9090/z',
    '/#/io.l5d.fs/c.d',
    '/z',
  ], // 74
  ['/io/b=>/#/io.l5d.fs; /svc=>/$/io.buoyant.http.domainToPath', '/a.b.io', A, ''], // 76
  ['/p/io=>/#/io.l5d.fs; /svc=>/$/io.buoyant.http.domainToPathPfx/p', '/a.io/x', A, '/x'], // 77
];

/** Request's dtab, name, and what the body says: "Unable to route" stands for the whole of block A. */
const UNBOUND: readonly (readonly [dtab: string, name: string, says: string])[] = [
  ['', '/x', 'Unable to route'], // 59
  [`/svc=>${A}; /svc=>!`, '/', 'Unable to route'], // 51
  [`/svc=>${A}; /svc=>$`, '/', 'Unable to route'], // 52
  [`/svc=>! | ${A}`, '/', 'Unable to route'],
  [`/svc=>$ | ${A}`, '/', 'Unable to route'],
  [`/svc=>${ABSENT} | ! | ${A}`, '/', 'Unable to route'],
  ['/svc=>/$/nil', '/foo', 'Unable to route'], // 80
  ['/svc=>/$/fail', '/foo', 'Unable to route'],
  ['/svc=>/$/io.buoyant.hostportPfx/ia', '/google.com', 'Unable to route'], // 66
  ['/svc=>/$/io.buoyant.hostportPfx/ia', '/google.com:8180:abcdef/etc', 'Unable to route'], // 65
  ['/svc=>/$/io.buoyant.http.anyMethod', '/A.B/foo', 'Unable to route'], // 69
  ['/svc=>/$/io.buoyant.http.anyHost', '/a%b/foo', 'Unable to route'], // 71
  ['/svc=>/$/io.buoyant.http.subdomainOf/a.b', '/a.b/bar', 'Unable to route'], // 75
  ['/svc=>/$/io.buoyant.http.status/600', '/', 'Unable to route'],
  ['/svc=>/$/inet/-no-host-/80', '/', 'Unable to route'],
  ['/svc=>/$/inet/127.1/70000', '/', 'Unable to route'],
  ['/svc=>/svc', '/x', 'Max recursion level: 100 reached in Namer lookup'], // 55
  ['/svc=>/t; /t=>/svc', '/x', 'Max recursion level: 100 reached in Namer lookup'], // 56
  ['/svc=>/$/nope.Class', '/x', 'Unknown namer: nope.Class for path: /$/nope.Class/x'], // 61
];

function named(name: string, dtab: string): string {
  return get('h', `l5d-name: ${name}`, ...(dtab === '' ? [] : [`l5d-dtab: ${dtab}`]));
}

function withPort(text: string): string {
  return text.replaceAll(PORT, String(upstream.port));
}

for (const [dtab, name, id, residual] of BOUND) {
  test(`${dtab} binds /svc${name} to ${id} and ${residual || 'nothing more'}`, async () => {
    const answer = await ask(weft.port, named(withPort(name), withPort(dtab)));
    assert.equal(answer.status, 200, answer.body);
    const seen = readHead(answer.body);
    assert.equal(soleValueOf(seen, 'l5d-dst-client'), withPort(id));
    assert.equal(soleValueOf(seen, 'l5d-dst-residual') ?? '', withPort(residual));
    assert.equal(soleValueOf(seen, 'l5d-dst-service'), withPort(name === '/' ? '/svc' : `/svc${name}`));
  });
}

for (const [dtab, name, says] of UNBOUND) {
  test(`${dtab || 'no dtab'} does not bind /svc${name}: ${says}`, async () => {
    const answer = await ask(weft.port, named(name, dtab));
    assert.equal(answer.status, 502);
    assert.ok(answer.body.startsWith(says), answer.body);
    if (says === 'Unable to route') assert.ok(answer.body.includes(`service name: /svc${name === '/' ? '' : name}\n`));
  });
}

test("the router's own dtab has wildcards too, and a request's dtab comes behind it (vector 62)", async () => {
  const seen = readHead((await ask(wildPort, named('/any/c/x', ''))).body);
  assert.deepEqual([soleValueOf(seen, 'l5d-dst-client'), soleValueOf(seen, 'l5d-dst-residual')], [A, '/x']);
  const overridden = readHead((await ask(wildPort, named('/any/c', '/f=>/g;/g=>/#/io.l5d.fs/b'))).body);
  assert.equal(soleValueOf(overridden, 'l5d-dst-client'), B);
  assert.equal(soleValueOf(overridden, 'l5d-ctx-dtab'), '/f=>/g;/g=>/#/io.l5d.fs/b');
});

test('l5d-dtab is preferred to l5d-ctx-dtab, and the later of several to the earlier', async () => {
  const order = async (...lines: readonly string[]) => {
    const answer = await ask(weft.port, get('h', 'l5d-name: /', ...lines));
    return soleValueOf(readHead(answer.body), 'l5d-dst-client');
  };
  assert.equal(await order(`l5d-dtab: /svc=>${A}`, `l5d-ctx-dtab: /svc=>${B}`), A);
  assert.equal(await order(`l5d-ctx-dtab: /svc=>${B}`, `l5d-dtab: /svc=>${A}`), A);
  assert.equal(await order(`l5d-dtab: /svc=>${A}`, `l5d-dtab: /svc=>${B}`), B);
  assert.equal(await order(`l5d-ctx-dtab: /svc=>${A}`, `l5d-ctx-dtab: /svc=>${B}`), B);
});

// ---- local answers, and the draw of a union --------------------------------------------------------------------------

for (const status of [100, 200, 204, 304, 404, 503, 599]) {
  test(`/$/io.buoyant.http.status/${status} answers, and asks nobody`, async () => {
    const connections = upstream.connections.length;
    const answer = await ask(weft.port, named('/', `/svc=>/$/io.buoyant.http.status/${status}`));
    assert.deepEqual([answer.status, answer.body], [status, '']);
    assert.equal(soleValueOf(answer, 'l5d-success-class'), status < 500 ? '1.0' : '0.0');
    assert.equal(soleValueOf(answer, 'via'), '1.1 linkerd');
    assert.equal(answer.closed, status < 200, 'a client takes a 1xx for the announcement of another answer');
    assert.equal(soleValueOf(answer, 'content-length'), status < 200 || status === 204 ? undefined : '0');
    assert.equal(upstream.connections.length, connections);
  });
}

const DRAWS = 10_000;
const BATCH = 500;

/** Sends many requests in batches on one connection. @returns how often each status was answered */
async function drawMany(request: string): Promise<Map<string, number>> {
  const client = await RawClient.open(weft.port);
  const counts = new Map<string, number>();
  for (let sent = 0; sent < DRAWS; sent += BATCH) {
    client.received = '';
    client.send(request.repeat(BATCH));
    const answers = () => client.received.match(/HTTP\/1\.1 \d+ .*\r\n(?:.+\r\n)*\r\n/g) ?? [];
    await client.until(`${BATCH} answers`, () => answers().length >= BATCH);
    for (const answer of answers()) {
      const status = answer.slice(9, 12);
      counts.set(status, (counts.get(status) ?? 0) + 1);
    }
  }
  client.close();
  return counts;
}

test('a union is drawn by its weights, request by request', async () => {
  const dtab = '/svc=>0.9*/$/io.buoyant.http.status/200 & 0.1*/$/io.buoyant.http.status/201';
  const counts = await drawMany(named('/', dtab));
  assert.deepEqual([...counts.keys()].toSorted(), ['200', '201']);
  assert.equal((counts.get('200') ?? 0) + (counts.get('201') ?? 0), DRAWS);
  // Four standard deviations: one run in 16,000 fails by chance.
  const sigma = Math.sqrt(DRAWS * 0.9 * 0.1);
  assert.ok(Math.abs((counts.get('201') ?? 0) - DRAWS * 0.1) < 4 * sigma, JSON.stringify([...counts]));
});
