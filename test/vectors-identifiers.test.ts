/** How requests are named, over a running Weft: the vectors of spec 03 section 2, one router for each identifier. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, echoHead, readHead, soleValueOf } from './support/exchange.ts';
import { ScriptedUpstream } from './support/scripted-upstream.ts';
import { freePort, IP, Weft } from './support/weft.ts';

/** Identifiers by the label of their router. */
const IDENTIFIERS = {
  token: '{kind: io.l5d.header.token}',
  tokenOther: '{kind: io.l5d.header.token, header: X-Service}',
  header: '{kind: io.l5d.header}',
  methodAndHost: '{kind: io.l5d.methodAndHost}',
  uri: '{kind: io.l5d.methodAndHost, httpUriInDst: true}',
  path2: '{kind: io.l5d.path, segments: 2}',
  consume2: '{kind: io.l5d.path, segments: 2, consume: true}',
  consume1: '{kind: io.l5d.path, segments: 1, consume: true}',
  path1: '{kind: io.l5d.path}',
  fixed: '{kind: io.l5d.static, path: /foo}',
  list: '[{kind: io.l5d.header}, {kind: io.l5d.path}]',
  failingFirst: '[{kind: io.l5d.header}, {kind: io.l5d.static, path: /never}]',
} as const;

type Label = keyof typeof IDENTIFIERS;

/** Router, head of the request, the name, the first line that the endpoint gets. Vector numbers behind. */
const NAMED: readonly (readonly [label: Label, head: string, name: string, line: string])[] = [
  ['token', 'GET / HTTP/1.1|Host: Foo.com:8080', '/svc/Foo.com:8080', 'GET / HTTP/1.1'], // 1
  ['token', 'GET http://bar:81/x?y=1 HTTP/1.1|Host: foo', '/svc/bar:81', 'GET /x?y=1 HTTP/1.1'], // 3
  ['token', 'GET http://bar HTTP/1.1|Host: foo', '/svc/bar', 'GET / HTTP/1.1'],
  ['token', 'GET http://bar?q HTTP/1.1|Host: foo', '/svc/bar', 'GET /?q HTTP/1.1'],
  ['token', 'GET / HTTP/1.0|Host: old', '/svc/old', 'GET / HTTP/1.0'],
  ['tokenOther', 'GET / HTTP/1.1|Host: h|x-SERVICE: O/2', '/svc/\\x4f\\x2f\\x32', 'GET / HTTP/1.1'],
  ['tokenOther', 'GET / HTTP/1.1|Host: h|X-Service: first|X-Service: second', '/svc/first', 'GET / HTTP/1.1'],
  ['header', 'GET / HTTP/1.1|Host: h|l5d-name: /a/b', '/svc/a/b', 'GET / HTTP/1.1'], // 4
  ['methodAndHost', 'GET / HTTP/1.1|Host: WEB', '/svc/1.1/GET/web', 'GET / HTTP/1.1'], // 6
  ['methodAndHost', 'POST / HTTP/1.0', '/svc/1.0/POST', 'POST / HTTP/1.0'], // 8
  ['uri', 'GET /a/b?q HTTP/1.1|Host: web', '/svc/1.1/GET/web/a/b', 'GET /a/b?q HTTP/1.1'], // 7
  ['uri', 'GET / HTTP/1.1|Host: web', '/svc/1.1/GET/web', 'GET / HTTP/1.1'],
  ['path2', 'GET /mysvc/sub/more HTTP/1.1|Host: h', '/svc/mysvc/sub', 'GET /mysvc/sub/more HTTP/1.1'], // 9
  ['consume2', 'GET /mysvc/sub/more/?a=b HTTP/1.1|Host: h', '/svc/mysvc/sub', 'GET /more/?a=b HTTP/1.1'], // 10
  ['consume1', 'GET /mysvc?a=b HTTP/1.1|Host: h', '/svc/mysvc', 'GET /?a=b HTTP/1.1'], // 11
  ['consume1', 'GET /mysvc HTTP/1.1|Host: h', '/svc/mysvc', 'GET / HTTP/1.1'],
  ['consume1', 'GET http://other/mysvc/x HTTP/1.1|Host: h', '/svc/mysvc', 'GET /x HTTP/1.1'],
  ['path1', 'GET /a%20b/c HTTP/1.1|Host: h', '/svc/a%20b', 'GET /a%20b/c HTTP/1.1'],
  ['fixed', 'GET /any HTTP/1.1|Host: h', '/svc/foo', 'GET /any HTTP/1.1'], // 13
  ['list', 'GET /x HTTP/1.1|Host: h', '/svc/x', 'GET /x HTTP/1.1'], // 14
  ['list', 'GET /x HTTP/1.1|Host: h|l5d-name: /y', '/svc/y', 'GET /x HTTP/1.1'],
];

/** Router, head of the request, why it is not named. */
const UNNAMED: readonly (readonly [label: Label, head: string, reason: string])[] = [
  ['token', 'GET / HTTP/1.0', 'Host header is absent'], // 2
  ['token', 'GET / HTTP/1.1', 'Host header is absent'],
  ['token', 'GET / HTTP/1.1|Host:', 'Host header is absent'],
  ['tokenOther', 'GET / HTTP/1.1|Host: h', 'X-Service header is absent'],
  ['header', 'GET / HTTP/1.1|Host: h', 'l5d-name header is absent'],
  ['header', 'GET / HTTP/1.1|Host: h|l5d-name: a', "'/' expected but 'a' found at '[a]'"], // 5
  ['uri', 'GET /a/ HTTP/1.1|Host: web', "'/a/[]'"],
  ['path2', 'GET /one HTTP/1.1|Host: h', 'not enough segments in path'],
  ['path1', 'GET / HTTP/1.1|Host: h', 'not enough segments in path'], // 12
  ['path2', 'GET //b HTTP/1.1|Host: h', 'not enough segments in path'],
  ['list', 'GET / HTTP/1.1|Host: h', 'not enough segments in path'],
  ['failingFirst', 'GET / HTTP/1.1|Host: h|l5d-name: a', "'/' expected but 'a' found"],
];

let upstream: ScriptedUpstream;
let weft: Weft;
const ports = new Map<Label, number>();

before(async () => {
  upstream = await ScriptedUpstream.start(echoHead);
  const routers: string[] = [];
  for (const [label, identifier] of Object.entries(IDENTIFIERS) as [Label, string][]) {
    const port = await freePort();
    ports.set(label, port);
    routers.push(`- protocol: http
  label: ${label}
  dtab: /svc => /$/inet/127.1/${upstream.port}
  identifier: ${identifier}
  servers: [{ip: ${IP}, port: ${port}}]`);
  }
  weft = await Weft.start({ more: routers.join('\n') });
});

after(async () => {
  await weft.stop();
  await upstream.stop();
});

function request(head: string): string {
  return `${head.split('|').join('\r\n')}\r\n\r\n`;
}

for (const [label, head, name, line] of NAMED) {
  test(`${label}: ${head} is ${name}`, async () => {
    const answer = await ask(ports.get(label) as number, request(head));
    assert.equal(answer.status, 200, answer.body);
    const seen = readHead(answer.body);
    assert.equal(soleValueOf(seen, 'l5d-dst-service'), name);
    assert.equal(seen.line, line);
    if (head.includes('http://')) {
      assert.equal(soleValueOf(seen, 'host'), /:\/\/([^/? ]*)/.exec(head)?.[1], 'Host is the authority of the target');
    }
  });
}

for (const [label, head, reason] of UNNAMED) {
  test(`${label}: ${head} is not named: ${reason}`, async () => {
    const connections = upstream.connections.length;
    const answer = await ask(ports.get(label) as number, request(head));
    assert.equal(answer.status, 400);
    assert.equal(soleValueOf(answer, 'content-type'), 'text/plain');
    assert.ok(soleValueOf(answer, 'l5d-err')?.startsWith('Unknown+destination%3A+Request%28%22GET+'), answer.line);
    const target = head.split(' ')[1];
    assert.match(answer.body, /^Unknown destination: Request\("GET [^"]*", from \/127\.0\.0\.1:\d+\) \/ /);
    assert.ok(answer.body.includes(`"GET ${target}"`), answer.body);
    assert.ok(answer.body.includes(reason), answer.body);
    assert.equal(upstream.connections.length, connections, 'nothing is forwarded');
  });
}
