/**
 * Request heads for endpoints that speak HTTP/2: which fields go and which stay, from a client's HTTP/2 and from its HTTP/1
 * (spec 03 sections 4.2 and 5.4), and that they fit where they are written.
 *
 * WEFT_FUZZ_CASES sets the number of cases, WEFT_FUZZ_SEED repeats a run.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Random } from '../../core/balance/random.ts';
import type { ParsedHead } from '../../core/http1/parsed-head.ts';
import { Piece } from '../http1/field-lines.ts';
import { LinkerdTracePropagator } from '../http1/linkerd-trace-propagator.ts';
import { TestNet } from '../net/test-net.ts';
import { Exchange } from '../router/exchange.ts';
import type { Router } from '../router/router.ts';
import type { RouteBranch } from '../router/routes.ts';
import { RequestEncoder } from './request-encoder.ts';
import { TestHeads, testBranch } from './test-heads.ts';

const { WEFT_FUZZ_CASES = '400', WEFT_FUZZ_SEED = String(Date.now() % 2147483647) } = process.env;
const RUN = { seed: Number(WEFT_FUZZ_SEED), numRuns: Number(WEFT_FUZZ_CASES) };
const NOW_MS = 1_700_000_000_123;
/** A trace context: span, parent and trace, 8 bytes each, and flags. */
const CONTEXT = Buffer.from('0000000000000001000000000000000200000000000000030000000000000000', 'hex').toString(
  'base64',
);
const LONG_CONTEXT = Buffer.alloc(40, 7).toString('base64');
const ROUTED = ['l5d-dst-service: /svc/web', 'l5d-dst-client: /#/io.l5d.fs/web', 'via: h2 linkerd'];
const GET = [':method: GET', ':scheme: http', ':authority: web', ':path: /'];

const world = new TestNet();
const heads = new TestHeads(world);
const { net } = world;
const encoder = new RequestEncoder(net, new LinkerdTracePropagator(new Random(1)), () => NOW_MS);
const exchange = new Exchange({} as Router);

interface Options {
  readonly consumed?: number;
  readonly clearContext?: boolean;
  readonly timestampHeader?: string;
  readonly branch?: RouteBranch;
}

/** @returns the fields of a head; the two last, which are made for each request, apart */
function written(head: ParsedHead, options: Options = {}): { fields: string[]; reqid: string; trace: string } {
  const { consumed = 0, clearContext = false, timestampHeader, branch = testBranch() } = options;
  assert.ok(encoder.write(exchange, branch, head, consumed, clearContext, null, timestampHeader));
  return read();
}

/** Reads what was written into the exchange, and gives its block back. */
function read(): { fields: string[]; reqid: string; trace: string } {
  const { headAt, headBytes, headCapacity } = exchange;
  assert.ok(headBytes <= headCapacity, `${headBytes} bytes in ${headCapacity}`);
  const fields = heads.read(headAt, headAt + headBytes);
  net.giveBlock(headAt, headCapacity);
  const [reqid = '', trace = ''] = fields.splice(-2);
  assert.ok(reqid.startsWith('l5d-reqid: ') && trace.startsWith('l5d-ctx-trace: '), `${reqid} ${trace}`);
  return { fields, reqid: reqid.slice(11), trace: Buffer.from(trace.slice(15), 'base64').toString('hex') };
}

describe('from HTTP/2', () => {
  /** Fields behind the pseudo-header fields: as they come, and as they go. */
  const FIELDS: readonly (readonly [name: string, from: readonly string[], to: readonly string[]])[] = [
    ['nothing', [], []],
    ['its own, in their order', ['accept: */*', 'x-b: 1', 'x-a: 2'], ['accept: */*', 'x-b: 1', 'x-a: 2']],
    ['cookies', ['cookie: a-cookie-of-20-chars', '!cookie: b=2'], ['cookie: a-cookie-of-20-chars', '!cookie: b=2']],
    ['what must never be indexed', ['!x-key: s', 'authorization: b'], ['!x-key: s', '!authorization: b']],
    ['te and trailer, for gRPC', ['te: trailers', 'trailer: x-sum'], ['te: trailers', 'trailer: x-sum']],
    ['expect', ['expect: 100-continue', 'max-forwards: 3'], ['expect: 100-continue', 'max-forwards: 3']],
    ['content-length', ['content-length: 5'], ['content-length: 5']],
    ['host, which :authority has', ['host: web'], []],
    ['what Weft says itself', ['l5d-dst-service: x', 'l5d-dst-client: x', 'l5d-dst-residual: x', 'l5d-reqid: x'], []],
    ['dtabs, which the route has', ['l5d-dtab: /a => /b', 'l5d-ctx-dtab: /c => /d'], []],
    ['what ends at this hop', ['proxy-authorization: x', 'proxy-authenticate: x', 'x-forwarded-client-cert: x'], []],
    ['a sample rate, which the trace has', ['l5d-sample: 1'], []],
    ['a deadline', ['l5d-ctx-deadline: 1 9'], ['l5d-ctx-deadline: 1 9']],
    ['others of l5d', ['l5d-other: 1', 'l5d-err: x'], ['l5d-other: 1', 'l5d-err: x']],
  ];
  for (const [name, from, to] of FIELDS) {
    test(name, () => {
      assert.deepEqual(written(heads.request([...GET, ...from], false)).fields, [...GET, ...to, ...ROUTED]);
    });
  }

  test('without context, for clients outside: no l5d field goes on', () => {
    const from = [
      'l5d-other: 1',
      'l5d-ctx-deadline: 1 9',
      `l5d-ctx-trace: ${CONTEXT}`,
      'accept: x',
      'l5d-ctx-deadline: 2 8',
    ];
    const { fields, reqid } = written(heads.request([...GET, ...from]), { clearContext: true });
    assert.deepEqual(fields, [...GET, 'accept: x', ...ROUTED]);
    assert.notEqual(reqid, '0000000000000003');
  });

  test('via: the values there were, in order, and ours', () => {
    const { fields } = written(heads.request([...GET, 'via: 1.1 a', 'x: y', 'via: 1.0 b, h2 c']));
    assert.deepEqual(fields, [...GET, 'x: y', ...ROUTED.slice(0, 2), 'via: 1.1 a, 1.0 b, h2 c, h2 linkerd']);
  });

  test('several deadlines: the strictest, or none', () => {
    const { fields } = written(heads.request([...GET, 'l5d-ctx-deadline: 1 9', 'l5d-ctx-deadline: 2 8']));
    assert.deepEqual(fields, [...GET, ...ROUTED, 'l5d-ctx-deadline: 2 8']);
    const none = written(heads.request([...GET, 'l5d-ctx-deadline: x', 'l5d-ctx-deadline: y']));
    assert.deepEqual(none.fields, [...GET, ...ROUTED]);
  });

  test('the route: residual and dtab', () => {
    const { fields } = written(heads.request(GET), { branch: testBranch('/rest', '/a => /b') });
    const [service, client, via] = ROUTED;
    assert.deepEqual(fields.slice(4), [service, client, 'l5d-dst-residual: /rest', 'l5d-ctx-dtab: /a => /b', via]);
  });

  test('a trace goes on: its id stays, the span is a new one, whose parent is the one before', () => {
    const { reqid, trace } = written(heads.request([...GET, `l5d-ctx-trace: ${CONTEXT}`]));
    assert.equal(reqid, '0000000000000003');
    assert.deepEqual([trace.slice(16, 32), trace.slice(32, 48)], ['0000000000000001', '0000000000000003']);
    assert.equal(written(heads.request([...GET, `l5d-ctx-trace: ${LONG_CONTEXT}`])).trace.length, 80);
    assert.equal(written(heads.request([...GET, 'l5d-sample: 1.0'])).trace.slice(-2), '06');
  });

  /** The request line, as it comes and as it goes; bytes of the target that a name has consumed. */
  const TARGETS: readonly (readonly [from: readonly string[], consumed: number, to: readonly string[]])[] = [
    [GET, 0, GET],
    [GET.toReversed(), 0, GET],
    [
      [':method: POST', ':scheme: https', ':authority: web:81', ':path: /a?b=c'],
      0,
      [':method: POST', ':scheme: https', ':authority: web:81', ':path: /a?b=c'],
    ],
    [
      [':method: PURGE', ':scheme: x-y', ':authority: web', ':path: /index.html'],
      0,
      [':method: PURGE', ':scheme: x-y', ':authority: web', ':path: /index.html'],
    ],
    [
      [':method: OPTIONS', ':scheme: http', ':authority: web', ':path: *'],
      0,
      [':method: OPTIONS', ':scheme: http', ':authority: web', ':path: *'],
    ],
    [[':method: GET', ':scheme: http', ':path: /', 'host: web'], 0, GET],
    [[':method: CONNECT', ':authority: web:443'], 0, [':method: CONNECT', ':authority: web:443']],
    [[...GET.slice(0, 3), ':path: /a/b?c'], 2, [...GET.slice(0, 3), ':path: /b?c']],
    [[...GET.slice(0, 3), ':path: /a'], 2, GET],
    [[...GET.slice(0, 3), ':path: /a/'], 2, GET],
    [[...GET.slice(0, 3), ':path: /a?b'], 2, [...GET.slice(0, 3), ':path: /?b']],
  ];
  for (const [from, consumed, to] of TARGETS) {
    test(`${from.join(', ')}${consumed > 0 ? `, ${consumed} bytes consumed` : ''}`, () => {
      assert.deepEqual(written(heads.request(from, false), { consumed }).fields, [...to, ...ROUTED]);
    });
  }
});

describe('from HTTP/1', () => {
  const HOP = ['Connection: keep-alive, x-hop', 'X-Hop: 1', 'Keep-Alive: 5', 'Proxy-Connection: x', 'TE: trailers'];
  const OWN = ['L5d-Dst-Service: x', 'l5d-dtab: /a => /b', 'L5D-REQID: x', 'Proxy-Authorization: x'];
  const LINES: readonly (readonly [name: string, lines: readonly string[], to: readonly string[]])[] = [
    ['names in lower case, values as they are', ['X-A: Blue', 'ACCEPT: Text/*'], ['x-a: Blue', 'accept: Text/*']],
    ['whitespace around values', ['x:   a b  '], ['x: a b']],
    ['an empty value', ['x:'], ['x: ']],
    ['what HTTP/1 says of connections', [...HOP, 'Trailer: x', 'Upgrade: h2c'], []],
    ['expect, which Weft answers itself', ['Expect: 100-continue', 'Content-Length: 1'], ['content-length: 1']],
    ['chunks', ['Transfer-Encoding: chunked'], []],
    ['a cookie', ['Cookie: a-cookie-of-20-chars'], ['cookie: a-cookie-of-20-chars']],
    ['secrets, never to be indexed', ['Authorization: b', 'Cookie: a=1'], ['!authorization: b', '!cookie: a=1']],
    ['what Weft says itself', [...OWN, 'X-Forwarded-Client-Cert: x'], []],
    ['others of l5d', ['L5d-Other: 1'], ['l5d-other: 1']],
  ];
  for (const [name, lines, to] of LINES) {
    test(name, () => {
      assert.deepEqual(written(heads.http1Request('GET / HTTP/1.1', 'Host: web', ...lines)).fields, [
        ...GET,
        ...to,
        ...ROUTED,
      ]);
    });
  }

  test('without context, with a time of receipt, with via', () => {
    const head = heads.http1Request('GET / HTTP/1.1', 'Host: web', 'L5d-Other: 1', 'Via: 1.1 a', 'Accept: x', 'via: b');
    const { fields } = written(head, { clearContext: true, timestampHeader: 'X-Start' });
    const via = 'via: 1.1 a, b, h2 linkerd';
    assert.deepEqual(fields, [...GET, 'accept: x', `x-start: ${NOW_MS}`, ...ROUTED.slice(0, 2), via]);
  });

  const TARGETS: readonly (readonly [line: string, consumed: number, to: readonly string[]])[] = [
    ['GET /a?b HTTP/1.1', 0, [':method: GET', ':authority: web', ':path: /a?b']],
    ['GET http://other:81/a HTTP/1.1', 0, [':method: GET', ':authority: other:81', ':path: /a']],
    ['GET http://other HTTP/1.1', 0, [':method: GET', ':authority: other', ':path: /']],
    ['GET http://other?q HTTP/1.1', 0, [':method: GET', ':authority: other', ':path: /?q']],
    ['OPTIONS * HTTP/1.1', 0, [':method: OPTIONS', ':authority: web', ':path: *']],
    ['OPTIONS http://other HTTP/1.1', 0, [':method: OPTIONS', ':authority: other', ':path: *']],
    ['HEAD /a/b HTTP/1.1', 2, [':method: HEAD', ':authority: web', ':path: /b']],
    ['POST /a HTTP/1.1', 2, [':method: POST', ':authority: web', ':path: /']],
    ['GET /a?b HTTP/1.1', 2, [':method: GET', ':authority: web', ':path: /?b']],
    ['OPTIONS /a HTTP/1.1', 2, [':method: OPTIONS', ':authority: web', ':path: /']],
  ];
  for (const [line, consumed, to] of TARGETS) {
    test(`${line}${consumed > 0 ? `, ${consumed} bytes consumed` : ''}`, () => {
      const { fields } = written(heads.http1Request(line, 'Host: web'), { consumed });
      assert.deepEqual(fields, [to[0], ':scheme: http', ...to.slice(1), ...ROUTED]);
    });
  }

  test('of HTTP/1.0, without a host', () => {
    const { fields } = written(heads.http1Request('GET /a HTTP/1.0'));
    assert.deepEqual(fields, [':method: GET', ':scheme: http', ':path: /a', ...ROUTED]);
  });
});

describe('a head that is remembered', () => {
  test('is what was composed, and another trace each time', () => {
    const request = () => heads.request([...GET, 'accept: x']);
    const { fields } = written(request());
    encoder.write(exchange, testBranch(), request(), 0, false);
    const composed = new Piece(net.bytes.subarray(exchange.headAt, encoder.composedEnd));
    net.giveBlock(exchange.headAt, exchange.headCapacity);
    const ids = new Set<string>();
    exchange.branch = testBranch();
    for (let i = 0; i < 3; i++) {
      assert.ok(encoder.writeRemembered(exchange, composed));
      const again = read();
      assert.deepEqual(again.fields, fields);
      ids.add(again.reqid);
    }
    assert.equal(ids.size, 3);
  });

  test('is refused without a block, like any other', () => {
    const pools = [net.smallBlocks, net.blocks];
    const taken = pools.map((blocks) => {
      const all: number[] = [];
      for (let block = blocks.take(); block !== 0; block = blocks.take()) all.push(block);
      return all;
    });
    assert.equal(encoder.write(exchange, testBranch(), heads.request(GET), 0, false), false);
    assert.equal(
      encoder.write(exchange, testBranch(), heads.request([...GET, `x: ${'y'.repeat(2000)}`]), 0, false),
      false,
    );
    assert.equal(encoder.writeRemembered(exchange, new Piece(Uint8Array.of(0x82))), false);
    for (const [i, blocks] of pools.entries()) for (const block of taken[i] ?? []) blocks.give(block);
  });
});

describe('heads of any size', () => {
  test('as large as a section may be, wherever that lies: a block has room for it', () => {
    const { h2HeaderListBytes } = net.limits;
    for (const name of [':path', ':authority', 'x-one', 'via', 'cookie']) {
      const lines = GET.filter((line) => !line.startsWith(name));
      const size = h2HeaderListBytes - lines.join('').length - 200;
      const value = name === ':path' ? `/${'p'.repeat(size)}` : 'v'.repeat(size);
      const { fields } = written(
        heads.request(name.startsWith(':') ? [...lines, `${name}: ${value}`] : [...lines, `${name}: ${value}`]),
      );
      assert.ok(fields.join('').includes(value), name);
    }
  });

  test('with whatever fields: what is written is within what was asked for', (t) => {
    t.diagnostic(`WEFT_FUZZ_SEED=${RUN.seed} WEFT_FUZZ_CASES=${RUN.numRuns}`);
    const value = fc.oneof(
      fc.constantFrom('', '1', 'a-cookie-of-20-chars'),
      fc.nat(400).map((length) => 'v'.repeat(length)),
    );
    const name = fc.constantFrom(
      'x',
      'accept',
      'cookie',
      'via',
      'l5d-ctx-deadline',
      'l5d-other',
      'authorization',
      'x-long-name',
    );
    const fields = fc.array(fc.tuple(name, value), { maxLength: 60 }).map((list) => list.map(([n, v]) => `${n}: ${v}`));
    const path = fc.nat(300).map((length) => `/${'p'.repeat(length)}`);
    fc.assert(
      fc.property(
        fields,
        path,
        fc.boolean(),
        fc.boolean(),
        fc.nat(3),
        (lines, target, clearContext, isHttp1, consumed) => {
          const head = isHttp1
            ? heads.http1Request(`PUT ${target} HTTP/1.1`, 'Host: web', ...lines)
            : heads.request([':method: PUT', ':scheme: http', ':authority: web', `:path: ${target}`, ...lines]);
          const options = {
            clearContext,
            consumed: Math.min(consumed, target.length),
            branch: testBranch('/rest', '/a => /b'),
          };
          const kept = lines.filter((line) => !/^(?:via|l5d-)/.test(line)).length;
          const { fields: sent } = written(head, isHttp1 ? { ...options, timestampHeader: 'x-start' } : options);
          assert.equal(
            sent.filter((line) => /^!?(?:x|accept|cookie|authorization|x-long-name):/.test(line)).length,
            kept,
          );
        },
      ),
      RUN,
    );
  });
});
