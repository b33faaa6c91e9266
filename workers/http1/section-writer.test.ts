/**
 * Heads that were HTTP/2's, as HTTP/1 text: parsed again they say the same, less what ends at this hop, plus what Weft adds.
 * What is written is read by Weft's own strict parser: a second head in it would be an error there.
 *
 * WEFT_FUZZ_CASES sets the number of cases, WEFT_FUZZ_SEED repeats a run.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Random } from '../../core/balance/random.ts';
import { HeadParser } from '../../core/http1/head.ts';
import { TEST_LIMITS } from '../../core/http1/message-reader.ts';
import { METHOD_GET } from '../../core/http1/methods.ts';
import { BODY_CHUNKED, BODY_LENGTH, BODY_NONE } from '../../core/http1/parsed-head.ts';
import { TestHeads, testBranch } from '../http2/test-heads.ts';
import { TestNet } from '../net/test-net.ts';
import { Exchange } from '../router/exchange.ts';
import type { Router } from '../router/router.ts';
import type { RouteBranch } from '../router/routes.ts';
import { LinkerdTracePropagator } from './linkerd-trace-propagator.ts';
import { SectionRequestHeads, type SectionResponse, writeSectionResponse } from './section-writer.ts';

const { WEFT_FUZZ_CASES = '400', WEFT_FUZZ_SEED = String(Date.now() % 2147483647) } = process.env;
const RUN = { seed: Number(WEFT_FUZZ_SEED), numRuns: Number(WEFT_FUZZ_CASES) };
const CONTEXT = Buffer.from('0000000000000001000000000000000200000000000000030000000000000000', 'hex').toString(
  'base64',
);
const ROUTED = ['l5d-dst-service: /svc/web', 'l5d-dst-client: /#/io.l5d.fs/web', 'via: 1.1 linkerd'];
const GET = [':method: GET', ':scheme: http', ':authority: web', ':path: /'];

const world = new TestNet();
const heads = new TestHeads(world);
const { net } = world;
const { bytes } = net;
const at = world.take(65_536);
const writer = new SectionRequestHeads(net, new LinkerdTracePropagator(new Random(1)));
const exchange = new Exchange({} as Router);
const parser = new HeadParser({
  ...TEST_LIMITS,
  headBytesMax: 65_536,
  headerCountMax: 300,
  initialLineBytesMax: 32_768,
});

interface Options {
  readonly consumed?: number;
  readonly clearContext?: boolean;
  readonly branch?: RouteBranch;
  readonly endStream?: boolean;
}

/** Writes a request's head. @returns its lines, and those that are made for each request apart */
function request(lines: readonly string[], options: Options = {}): { lines: string[]; made: string[] } {
  const { consumed = 0, clearContext = false, branch = testBranch(), endStream = true } = options;
  assert.ok(writer.write(exchange, branch, heads.request(lines, endStream), consumed, clearContext));
  const { headAt, headBytes, headCapacity } = exchange;
  assert.ok(headBytes <= headCapacity, `${headBytes} bytes in ${headCapacity}`);
  assert.equal(
    parser.parseRequest(bytes, headAt, headAt + headBytes),
    headAt + headBytes,
    'one head, and nothing behind it',
  );
  const text = Buffer.from(bytes.subarray(headAt, headAt + headBytes)).toString('latin1');
  net.giveBlock(headAt, headCapacity);
  const all = text.split('\r\n').slice(0, -2);
  const isMade = (line: string) => line.startsWith('l5d-reqid: ') || line.startsWith('l5d-ctx-trace: ');
  return { lines: all.filter((line) => !isMade(line)), made: all.filter(isMade) };
}

function response(lines: readonly string[], how: Partial<SectionResponse> = {}): string[] {
  const end = writeSectionResponse(bytes, at, heads.response(lines), {
    added: '',
    chunked: false,
    dropContentLength: false,
    clearContext: false,
    ...how,
  });
  assert.equal(parser.parseResponse(bytes, at, end, METHOD_GET), end, 'one head, and nothing behind it');
  return Buffer.from(bytes.subarray(at, end)).toString('latin1').split('\r\n').slice(0, -2);
}

describe('requests', () => {
  const START = ['GET / HTTP/1.1', 'host: web'];
  /** Fields behind the pseudo-header fields: as they come, and the lines behind the host. */
  const FIELDS: readonly (readonly [name: string, from: readonly string[], to: readonly string[]])[] = [
    ['nothing', [], []],
    ['their own, in their order', ['accept: */*', 'x-b: 1', 'x-a: '], ['accept: */*', 'x-b: 1', 'x-a: ']],
    ['cookies, in one line', ['cookie: a=1', 'x: y', 'cookie: b=2', 'cookie: c=3'], ['cookie: a=1; b=2; c=3', 'x: y']],
    ['secrets', ['authorization: b', '!x-key: s'], ['authorization: b', 'x-key: s']],
    ['what HTTP/1 would take for its own', ['te: trailers', 'trailer: x', 'expect: 100-continue'], []],
    ['host', ['host: web'], []],
    ['what Weft says itself', ['l5d-dst-service: x', 'l5d-dst-residual: x', 'l5d-reqid: x', 'l5d-dtab: /a => /b'], []],
    ['what ends at this hop', ['proxy-authorization: x', 'x-forwarded-client-cert: x', 'l5d-sample: 1'], []],
    ['a deadline', ['l5d-ctx-deadline: 1 9'], ['l5d-ctx-deadline: 1 9']],
    ['others of l5d', ['l5d-other: 1'], ['l5d-other: 1']],
  ];
  for (const [name, from, to] of FIELDS) {
    test(name, () => assert.deepEqual(request([...GET, ...from]).lines, [...START, ...to, ...ROUTED]));
  }

  test('for clients outside: no l5d field goes on', () => {
    const from = [
      'l5d-other: 1',
      'l5d-ctx-deadline: 1 9',
      'l5d-ctx-deadline: 2 8',
      'accept: x',
      `l5d-ctx-trace: ${CONTEXT}`,
    ];
    const { lines, made } = request([...GET, ...from], { clearContext: true });
    assert.deepEqual(lines, [...START, 'accept: x', ...ROUTED]);
    assert.notEqual(made[0], 'l5d-reqid: 0000000000000003');
  });

  test('via, several deadlines, the route, a trace', () => {
    const from = ['via: h2 a', 'via: b', 'l5d-ctx-deadline: 1 9', 'l5d-ctx-deadline: 2 8', `l5d-ctx-trace: ${CONTEXT}`];
    const { lines, made } = request([...GET, ...from], { branch: testBranch('/rest', '/a => /b') });
    const routed = [...ROUTED.slice(0, 2), 'l5d-dst-residual: /rest', 'l5d-ctx-dtab: /a => /b'];
    assert.deepEqual(lines, [...START, ...routed, 'via: h2 a, b, 1.1 linkerd', 'l5d-ctx-deadline: 2 8']);
    assert.equal(made[0], 'l5d-reqid: 0000000000000003');
    assert.equal(made.length, 2);
  });

  const TARGETS: readonly (readonly [from: readonly string[], consumed: number, to: readonly string[]])[] = [
    [
      [':method: POST', ':scheme: https', ':authority: web:81', ':path: /a?b'],
      0,
      ['POST /a?b HTTP/1.1', 'host: web:81'],
    ],
    [[':method: OPTIONS', ':scheme: http', ':authority: web', ':path: *'], 0, ['OPTIONS * HTTP/1.1', 'host: web']],
    [[':method: PURGE', ':scheme: http', ':path: /', 'host: other'], 0, ['PURGE / HTTP/1.1', 'host: other']],
    [[...GET.slice(0, 3), ':path: /a/b?c'], 2, ['GET /b?c HTTP/1.1', 'host: web']],
    [[...GET.slice(0, 3), ':path: /a'], 2, ['GET / HTTP/1.1', 'host: web']],
    [[...GET.slice(0, 3), ':path: /a?b'], 2, ['GET /?b HTTP/1.1', 'host: web']],
  ];
  for (const [from, consumed, to] of TARGETS) {
    test(`${from.join(', ')}${consumed > 0 ? `, ${consumed} bytes consumed` : ''}`, () => {
      assert.deepEqual(request(from, { consumed }).lines, [...to, ...ROUTED]);
    });
  }

  /** How the body goes, by what is said of it. */
  const BODIES: readonly (readonly [lines: readonly string[], endStream: boolean, kind: number, chunked: boolean])[] = [
    [[], true, BODY_NONE, false],
    [[], false, BODY_CHUNKED, true],
    [['content-length: 5'], false, BODY_LENGTH, false],
    [['content-length: 0'], false, BODY_NONE, false],
    [['content-length: 0'], true, BODY_NONE, false],
  ];
  for (const [lines, endStream, kind, chunked] of BODIES) {
    test(`${lines.join()}${endStream ? ', ended with the head' : ', content to follow'}: ${chunked ? 'in chunks' : 'as it is'}`, () => {
      const sent = request([':method: POST', ...GET.slice(1), ...lines], { endStream }).lines;
      assert.deepEqual([parser.bodyKind, exchange.chunked], [kind, chunked]);
      assert.equal(sent.includes('transfer-encoding: chunked'), chunked);
    });
  }

  test('without a block left', () => {
    const { smallBlocks } = net;
    const taken: number[] = [];
    for (let block = smallBlocks.take(); block !== 0; block = smallBlocks.take()) taken.push(block);
    assert.equal(writer.write(exchange, testBranch(), heads.request(GET), 0, false), false);
    for (const block of taken) smallBlocks.give(block);
  });
});

describe('responses', () => {
  const ROWS: readonly (readonly [
    name: string,
    from: readonly string[],
    how: Partial<SectionResponse>,
    to: readonly string[],
  ])[] = [
    ['a plain one', [':status: 200', 'server: x'], {}, ['HTTP/1.1 200 ', 'via: 1.1 linkerd', 'server: x']],
    ['with a via', [':status: 200', 'via: h2 a', 'x: y'], {}, ['HTTP/1.1 200 ', 'via: h2 a, 1.1 linkerd', 'x: y']],
    ['with lines of Weft', [':status: 500'], { added: 'a: b\r\n' }, ['HTTP/1.1 500 ', 'a: b', 'via: 1.1 linkerd']],
    [
      'in chunks',
      [':status: 200', 'x: y'],
      { chunked: true },
      ['HTTP/1.1 200 ', 'via: 1.1 linkerd', 'x: y', 'transfer-encoding: chunked'],
    ],
    [
      'without a length',
      [':status: 200', 'content-length: 5'],
      { dropContentLength: true },
      ['HTTP/1.1 200 ', 'via: 1.1 linkerd'],
    ],
    [
      'with a length',
      [':status: 200', 'content-length: 5'],
      {},
      ['HTTP/1.1 200 ', 'via: 1.1 linkerd', 'content-length: 5'],
    ],
    [
      'with cookies',
      [':status: 200', 'set-cookie: a', 'set-cookie: b'],
      {},
      ['HTTP/1.1 200 ', 'via: 1.1 linkerd', 'set-cookie: a', 'set-cookie: b'],
    ],
    [
      'that says something of success, and of trailers',
      [':status: 200', 'l5d-success-class: 1.0', 'trailer: x'],
      {},
      ['HTTP/1.1 200 ', 'via: 1.1 linkerd'],
    ],
    [
      'for clients outside',
      [':status: 200', 'l5d-err: x', 'x: y'],
      { clearContext: true },
      ['HTTP/1.1 200 ', 'via: 1.1 linkerd', 'x: y'],
    ],
    ['that is informational', [':status: 103', 'link: x'], {}, ['HTTP/1.1 103 ', 'via: 1.1 linkerd', 'link: x']],
  ];
  for (const [name, from, how, to] of ROWS) test(name, () => assert.deepEqual(response(from, how), to));
});

test('whatever fields: each is a line, and they fit', (t) => {
  t.diagnostic(`WEFT_FUZZ_SEED=${RUN.seed} WEFT_FUZZ_CASES=${RUN.numRuns}`);
  const value = fc.oneof(
    fc.constantFrom('', '1', 'a b'),
    fc.nat(300).map((length) => 'v'.repeat(length)),
  );
  const name = fc.constantFrom('x', 'accept', 'cookie', 'via', 'l5d-ctx-deadline', 'l5d-other', 'set-cookie');
  const fields = fc.array(fc.tuple(name, value), { maxLength: 60 }).map((list) => list.map(([n, v]) => `${n}: ${v}`));
  const path = fc.nat(300).map((length) => `:path: /${'p'.repeat(length)}`);
  fc.assert(
    fc.property(fields, path, fc.boolean(), fc.boolean(), (lines, target, clearContext, endStream) => {
      const options = { clearContext, endStream, branch: testBranch('/rest', '/a => /b') };
      const { lines: sent, made } = request([...GET.slice(0, 3), target, ...lines], options);
      const kept = (line: string) => /^(?:x|accept|set-cookie): /.test(line);
      assert.deepEqual(sent.filter(kept), lines.filter(kept));
      assert.equal(made.length, 2);
      const cookies = lines.filter((line) => line.startsWith('cookie: ')).map((line) => line.slice(8));
      assert.equal(
        sent.find((line) => line.startsWith('cookie: ')),
        cookies.length > 0 ? `cookie: ${cookies.join('; ')}` : undefined,
      );
      assert.deepEqual(response([':status: 200', ...lines], { clearContext }).filter(kept), lines.filter(kept));
    }),
    RUN,
  );
});
