/**
 * How requests of HTTP/2 are named, over a running Weft (spec 03 section 3), one router for each identifier, and how deep
 * calls may go (section 5.5), over both protocols.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, get } from './support/exchange.ts';
import { assertNoFault } from './support/http1-site.ts';
import { Http2Client, type Request } from './support/http2/client.ts';
import { endAll } from './support/http2/site.ts';
import { echoed, Http2Upstream } from './support/http2/upstream.ts';
import { answerWith, ScriptedUpstream } from './support/scripted-upstream.ts';
import { freePort, IP, Weft } from './support/weft.ts';

const REFUSED_STREAM = 7;

/** Identifiers by the label of their router; undefined for the default. */
const IDENTIFIERS = {
  token: undefined,
  tokenOther: '{kind: io.l5d.header.token, header: x-service}',
  path: '{kind: io.l5d.header.path}',
  path1: '{kind: io.l5d.header.path, segments: 1}',
  path2: '{kind: io.l5d.header.path, segments: 2}',
  pathOther: '{kind: io.l5d.header.path, header: x-name}',
  list: '[{kind: io.l5d.header.token, header: x-service}, {kind: io.l5d.header.path, segments: 1}]',
  failingFirst: '[{kind: io.l5d.header.path, header: x-name}, {kind: io.l5d.header.token}]',
} as const;

type Label = keyof typeof IDENTIFIERS;

let upstream: Http2Upstream;
let plain: ScriptedUpstream;
let weft: Weft;
const ports = new Map<Label | 'deep' | 'deepHttp', number>();

before(async () => {
  upstream = await Http2Upstream.start();
  plain = await ScriptedUpstream.start(answerWith('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
  const routers: string[] = [];
  for (const [label, identifier] of Object.entries(IDENTIFIERS) as [Label, string | undefined][]) {
    const port = await freePort();
    ports.set(label, port);
    const keys = identifier === undefined ? '' : `, identifier: ${identifier}`;
    const dtab = `/svc => /$/inet/127.1/${upstream.port}`;
    routers.push(`- {protocol: h2, label: ${label}, dtab: ${dtab}${keys}, servers: [{ip: ${IP}, port: ${port}}]}`);
  }
  for (const [label, protocol, to] of [
    ['deep', 'h2', upstream.port],
    ['deepHttp', 'http', plain.port],
  ] as const) {
    const port = await freePort();
    ports.set(label, port);
    const server = `{ip: ${IP}, port: ${port}, maxCallDepth: 3}`;
    routers.push(`- {protocol: ${protocol}, label: ${label}, dtab: /svc => /$/inet/127.1/${to}, servers: [${server}]}`);
  }
  weft = await Weft.start({ protocol: 'h2', more: routers.join('\n') });
});

after(() =>
  endAll(
    () => weft.stop(),
    () => upstream.stop(),
    () => plain.stop(),
    () => assertNoFault(weft),
  ),
);

/** Sends a request to a router. */
async function askRouter(label: Label | 'deep', authority: string, request: Request) {
  const client = await Http2Client.open(ports.get(label) as number);
  try {
    return await client.ask(authority, request);
  } finally {
    client.close();
  }
}

/** Router, `:authority`, request, name. */
const NAMED: readonly (readonly [label: Label, authority: string, request: Request, name: string])[] = [
  ['token', 'Foo.com:8080', {}, '/svc/Foo.com:8080'],
  ['token', 'web', { path: '/any?x' }, '/svc/web'],
  ['tokenOther', 'web', { fields: { 'x-service': 'a' } }, '/svc/a'],
  [
    'tokenOther',
    'web',
    {
      fields: [
        ['x-service', 'first'],
        ['x-service', 'second'],
      ],
    },
    '/svc/first',
  ],
  ['path', 'web', { path: '/a/b' }, '/svc/a/b'],
  ['path', 'web', { path: '/a/b/?c=d' }, '/svc/a/b'],
  ['path1', 'web', { path: '/pkg.Service/Method', method: 'POST' }, '/svc/pkg.Service'],
  ['path2', 'web', { path: '/pkg.Service/Method', method: 'POST' }, '/svc/pkg.Service/Method'],
  ['path2', 'web', { path: '/a/b/c' }, '/svc/a/b'],
  ['pathOther', 'web', { fields: { 'x-name': '/a/b' } }, '/svc/a/b'],
  ['list', 'web', { path: '/a/b' }, '/svc/a'],
  ['list', 'web', { path: '/a/b', fields: { 'x-service': 'c' } }, '/svc/c'],
  ['failingFirst', 'web', {}, '/svc/web'],
];

for (const [label, authority, request, name] of NAMED) {
  test(`${label}: ${authority} ${JSON.stringify(request)} is ${name}`, async () => {
    const response = await askRouter(label, authority, request);
    assert.equal(response.status, 200, response.summary);
    const told = echoed(response);
    assert.equal(new Map(told.fields.map(([field, value]) => [field, value])).get('l5d-dst-service'), name);
    assert.equal(told.fields.find(([field]) => field === ':path')?.[1], request.path ?? '/', 'nothing is consumed');
  });
}

/** Router, request: what identifies nothing, and what fails in an identifier and stops the list (section 1). */
const UNNAMED: readonly (readonly [label: Label, request: Request])[] = [
  ['tokenOther', {}],
  ['path', { path: '/' }],
  ['path', { path: '/a//b' }],
  ['path1', { path: '/' }],
  ['path2', { path: '/one' }],
  ['list', { path: '/' }],
  ['failingFirst', { fields: { 'x-name': 'a' } }],
];

for (const [label, request] of UNNAMED) {
  test(`${label}: ${JSON.stringify(request)} is not named, and the stream is refused (section 7.3)`, async () => {
    const response = await askRouter(label, 'web', request);
    assert.equal(response.resetCode, REFUSED_STREAM, response.summary);
  });
}

/** `Via`, status. */
const DEPTHS: readonly (readonly [via: readonly string[], status: number])[] = [
  [[], 200],
  [['1.1 a, 1.1 b, 1.1 c'], 200],
  [['1.1 a, 1.1 b, 1.1 c, 1.1 d'], 400],
  [['1.1 a, 1.1 b', 'h2 c, h2 d'], 400],
];
const TOO_DEEP = 'Maximum number of calls (3) has been exceeded. Please check for proxy loops.';

for (const [via, status] of DEPTHS) {
  test(`calls of depth ${via.join(' | ') || 'nothing'}: ${status} (section 5.5)`, async () => {
    const response = await askRouter('deep', 'web', { fields: via.map((value) => ['via', value]) });
    assert.equal(response.status, status);
    const answer = await ask(ports.get('deepHttp') as number, get('web', ...via.map((value) => `Via: ${value}`)));
    assert.equal(answer.status, status);
    if (status === 400) assert.deepEqual([response.body, answer.body], [TOO_DEEP, TOO_DEEP]);
  });
}
