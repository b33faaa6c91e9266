/** The element that a server adds to `Forwarded` (spec 03 section 4.4): each kind of label, and what a host may not smuggle in. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../core/balance/random.ts';
import type { ForwardedLabelConfig } from '../../core/config/types.ts';
import type { ParsedHead } from '../../core/http1/parsed-head.ts';
import { TestHeads } from '../http2/test-heads.ts';
import { TestNet } from '../net/test-net.ts';
import type { SocketName, Sockets } from '../os/sockets.ts';
import { type ForwardedElement, ForwardedLabels } from './forwarded-element.ts';

const world = new TestNet();
const heads = new TestHeads(world);
const at = world.take(1024);

interface Ends {
  readonly local?: SocketName | null;
  readonly peer?: SocketName | null;
}

const V4: Ends = { local: { ip: '10.0.0.1', port: 4140 }, peer: { ip: '10.0.0.2', port: 5555 } };
const V6: Ends = { local: { ip: '::1', port: 4140 }, peer: { ip: '2001:db8::17', port: 5555 } };

function elementOf(
  by: object,
  forClient: object,
  { local = null, peer = null }: Ends = V4,
  router = 'in',
): ForwardedElement {
  const sockets = { localName: () => local, peerName: () => peer } as unknown as Sockets;
  const [one, other] = [by, forClient].map((label) => ({ experimental: false, ...label }) as ForwardedLabelConfig);
  const config = { by: one as ForwardedLabelConfig, for: other as ForwardedLabelConfig };
  return new ForwardedLabels(config, router, new Random(7)).of(sockets, 9);
}

function write(element: ForwardedElement, head: ParsedHead): string {
  const { bytes } = world.memory;
  const end = element.write(bytes, at, head);
  assert.ok(end - at <= element.bytesMax(head), `${end - at} bytes of ${element.bytesMax(head)}`);
  return Buffer.from(bytes.subarray(at, end)).toString('latin1');
}

const IP = { kind: 'ip' };
const IP_PORT = { kind: 'ip:port' };
const ROUTER = { kind: 'router' };

const LABELS: readonly (readonly [by: object, forClient: object, ends: Ends, expected: string])[] = [
  [IP, IP, V4, 'by=10.0.0.1;for=10.0.0.2'],
  [IP, IP, V6, 'by="[::1]";for="[2001:db8::17]"'],
  [IP_PORT, IP_PORT, V4, 'by="10.0.0.1:4140";for="10.0.0.2:5555"'],
  [IP_PORT, IP_PORT, V6, 'by="[::1]:4140";for="[2001:db8::17]:5555"'],
  [ROUTER, { kind: 'static', label: 'edge' }, V4, 'by=_in;for=_edge'],
  [{ kind: 'static', label: '_edge' }, ROUTER, {}, 'by=_edge;for=_in'],
  [IP, { kind: 'connectionRandom' }, {}, 'by=unknown;for=unknown'],
  [{ kind: 'requestRandom' }, IP_PORT, {}, 'by=unknown;for=unknown'],
];

for (const [by, forClient, ends, expected] of LABELS) {
  test(`labels: ${expected}`, () => {
    assert.equal(
      write(elementOf(by, forClient, ends), heads.http1Request('GET / HTTP/1.1', 'Host: a')),
      `${expected};host=a`,
    );
  });
}

test("a router's label that is no identifier is made one", () => {
  const element = elementOf(ROUTER, ROUTER, V4, 'in;for=a "b"');
  assert.equal(write(element, heads.http1Request('GET / HTTP/1.0')), 'by=_in_for_a__b_;for=_in_for_a__b_');
});

test('random labels: one for a connection, or one for each request, never the same for both ends', () => {
  const element = elementOf({ kind: 'connectionRandom' }, { kind: 'requestRandom' });
  const texts = Array.from({ length: 50 }, () => write(element, heads.http1Request('GET / HTTP/1.0')));
  for (const text of texts) assert.match(text, /^by=_[A-Za-z0-9]{6};for=_[A-Za-z0-9]{6}$/);
  assert.equal(new Set(texts.map((text) => text.split(';')[0])).size, 1);
  assert.equal(new Set(texts.map((text) => text.split(';')[1])).size, 50);
  assert.notEqual(write(elementOf({ kind: 'connectionRandom' }, IP), heads.http1Request('GET / HTTP/1.0')), '');
});

const HTTP1: readonly (readonly [line: string, host: string, expected: string])[] = [
  ['GET / HTTP/1.1', 'Host: web', ';host=web'],
  ['GET / HTTP/1.1', 'Host: web:80', ';host="web:80"'],
  ['GET / HTTP/1.1', 'Host: [::1]:80', ';host="[::1]:80"'],
  ['GET / HTTP/1.1', 'Host:', ''],
  ['GET http://other/x HTTP/1.1', 'Host: web', ';host=other;proto=http'],
  ['GET HTTPS://other:1?y HTTP/1.1', 'Host: web', ';host="other:1";proto=HTTPS'],
  ['CONNECT web:443 HTTP/1.1', 'Host: web:443', ';host="web:443"'],
  // Hostile: a host that would be parameters, or another element, of its own.
  ['GET / HTTP/1.1', 'Host: a;for=1.2.3.4', ';host="a;for=1.2.3.4"'],
  ['GET / HTTP/1.1', 'Host: a,for=b', ';host="a,for=b"'],
  ['GET a+b-c.d://x;proto=https/ HTTP/1.1', 'Host: x', ';host="x;proto=https";proto=a+b-c.d'],
];

for (const [line, host, expected] of HTTP1) {
  test(`HTTP/1: ${line} | ${host}`, () => {
    assert.equal(write(elementOf(IP, IP), heads.http1Request(line, host)), `by=10.0.0.1;for=10.0.0.2${expected}`);
  });
}

const HTTP2: readonly (readonly [lines: readonly string[], expected: string])[] = [
  [[':method: GET', ':scheme: http', ':authority: web', ':path: /'], ';authority=web;proto=http'],
  [[':method: GET', ':scheme: https', ':authority: web:1', ':path: /'], ';authority="web:1";proto=https'],
  [[':method: GET', ':scheme: http', ':authority: a;by=b', ':path: /'], ';authority="a;by=b";proto=http'],
  [[':method: GET', ':scheme: http', ':path: /', 'host: web'], ';authority=web;proto=http'],
  [[':method: CONNECT', ':authority: web:1'], ';authority="web:1"'],
];

for (const [lines, expected] of HTTP2) {
  test(`HTTP/2: ${lines.join(' | ')}`, () => {
    const head = heads.request(lines, false);
    assert.equal(write(elementOf(IP, IP), head), `by=10.0.0.1;for=10.0.0.2${expected}`);
  });
}
