/** `addForwardedHeader` (spec 03 section 4.4) between real sockets: both protocols, and the bridges between them. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, echoHead, get, readHead, valuesOf } from './support/exchange.ts';
import { assertNoFault } from './support/http1-site.ts';
import { Http2Client } from './support/http2/client.ts';
import { endAll } from './support/http2/site.ts';
import { echoed, Http2Upstream } from './support/http2/upstream.ts';
import { RawClient } from './support/raw-client.ts';
import { ScriptedUpstream } from './support/scripted-upstream.ts';
import { freePort, IP, Weft } from './support/weft.ts';

let http: ScriptedUpstream;
let http2: Http2Upstream;
let weft: Weft;
const ports = { labelled: 0, random: 0, kept: 0, h2: 0, toH2: 0, toHttp: 0 };

before(async () => {
  http = await ScriptedUpstream.start(echoHead);
  http2 = await Http2Upstream.start();
  for (const name of Object.keys(ports) as (keyof typeof ports)[]) ports[name] = await freePort();
  const server = (port: number, keys: string) => `servers: [{ip: ${IP}, port: ${port}, addForwardedHeader: ${keys}}]`;
  const toHttp = `dtab: "/svc => /$/inet/127.1/${http.port}"`;
  const toHttp2 = `dtab: "/svc => /$/inet/127.1/${http2.port}"`;
  const ends = '{by: {kind: "ip:port"}, for: {kind: ip}}';
  weft = await Weft.start({
    more: `- {protocol: http, label: labelled, ${toHttp}, ${server(ports.labelled, ends)}}
- {protocol: http, label: random, ${toHttp}, ${server(ports.random, '{}')}}
- {protocol: http, label: kept, ${toHttp}, ${server(ports.kept, '{by: {kind: router}, for: {kind: connectionRandom}}')}}
- {protocol: h2, label: h2, ${toHttp2}, ${server(ports.h2, ends)}}
- {protocol: http, label: toH2, ${toHttp2}, client: {protocol: h2}, ${server(ports.toH2, ends)}}
- {protocol: h2, label: toHttp, ${toHttp}, client: {protocol: http}, ${server(ports.toHttp, ends)}}`,
  });
});

after(() =>
  endAll(
    () => weft.stop(),
    () => http.stop(),
    () => http2.stop(),
    () => assertNoFault(weft),
  ),
);

async function forwardedBy(port: number, ...lines: readonly string[]): Promise<string[]> {
  const answer = await ask(port, get('web', ...lines));
  return valuesOf(readHead(answer.body), 'forwarded');
}

test('one value more, behind those that the client sent', async () => {
  const own = `by="127.0.0.1:${ports.labelled}";for=127.0.0.1;host=web`;
  assert.deepEqual(await forwardedBy(ports.labelled), [own]);
  assert.deepEqual(await forwardedBy(ports.labelled, 'Forwarded: for=a', 'FORWARDED: for=b'), ['for=a', 'for=b', own]);
});

test('an absolute target tells its scheme', async () => {
  const answer = await ask(ports.labelled, 'GET http://other:80/x HTTP/1.1\r\nHost: web\r\n\r\n');
  const [value] = valuesOf(readHead(answer.body), 'forwarded');
  assert.equal(value, `by="127.0.0.1:${ports.labelled}";for=127.0.0.1;host="other:80";proto=http`);
});

test('the default is a random label for each request, on one connection too', async () => {
  const seen = await onOneConnection(ports.random, 20);
  for (const value of seen) assert.match(value, /^by=_[A-Za-z0-9]{6};for=_[A-Za-z0-9]{6};host=web$/);
  assert.equal(new Set(seen).size, 20);
});

test("a connection's random label is that of all its requests, and of no other connection's", async () => {
  const [first, second] = [await onOneConnection(ports.kept, 5), await onOneConnection(ports.kept, 5)];
  assert.match(first[0] ?? '', /^by=_kept;for=_[A-Za-z0-9]{6};host=web$/);
  assert.equal(new Set(first).size, 1);
  assert.equal(new Set(second).size, 1);
  assert.notEqual(first[0], second[0]);
});

/** Sends equal requests one after another, so that Weft would remember them. @returns what each brought along */
async function onOneConnection(port: number, times: number): Promise<string[]> {
  const client = await RawClient.open(port);
  const seen: string[] = [];
  for (let i = 0; i < times; i++) {
    client.received = '';
    client.send(get('web'));
    const received = await client.until('an answer', (text) => text.endsWith('\r\n\r\n') && text.includes('via:'));
    seen.push(...[...received.matchAll(/^forwarded: (.*)\r$/gim)].map((match) => match[1] ?? ''));
  }
  client.close();
  return seen;
}

async function forwardedOverHttp2(port: number, fields: Readonly<Record<string, string>> = {}) {
  const client = await Http2Client.open(port);
  try {
    return await client.ask('web:1', { fields });
  } finally {
    client.close();
  }
}

test('HTTP/2: the authority and the scheme are told, again and again', async () => {
  const own = `by="127.0.0.1:${ports.h2}";for=127.0.0.1;authority="web:1";proto=http`;
  for (let i = 0; i < 3; i++) {
    const { fields } = echoed(await forwardedOverHttp2(ports.h2, { forwarded: 'for=a' }));
    const values = fields.filter(([name]) => name === 'forwarded').map(([, value]) => value);
    assert.deepEqual(values, ['for=a', own]);
  }
});

test('bridges: as the protocol of the server has it', async () => {
  const over1 = await ask(ports.toH2, get('web'));
  const [json = ''] = /\{.*\}/s.exec(over1.body) ?? [];
  const { fields } = JSON.parse(json) as { fields: [string, string][] };
  const [value] = fields.filter(([name]) => name === 'forwarded').map(([, text]) => text);
  assert.equal(value, `by="127.0.0.1:${ports.toH2}";for=127.0.0.1;host=web`);
  const over2 = await forwardedOverHttp2(ports.toHttp);
  const head = readHead(over2.body);
  const own = `by="127.0.0.1:${ports.toHttp}";for=127.0.0.1;authority="web:1";proto=http`;
  assert.deepEqual(valuesOf(head, 'forwarded'), [own]);
});
