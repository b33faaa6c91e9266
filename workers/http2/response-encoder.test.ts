/**
 * Response heads and trailers for clients that speak HTTP/2, from an endpoint's HTTP/2 and from its HTTP/1: which fields go
 * and which stay (spec 03 sections 4.3, 4.6 and 7.2).
 *
 * WEFT_FUZZ_CASES sets the number of cases, WEFT_FUZZ_SEED repeats a run.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { METHOD_GET } from '../../core/http1/methods.ts';
import type { ParsedHead } from '../../core/http1/parsed-head.ts';
import { VERDICT } from '../../core/resilience/response-classifier.ts';
import { viewOf } from '../http1/field-lines.ts';
import { TestNet } from '../net/test-net.ts';
import {
  type ResponseEncoding,
  writeResponseHead,
  writeStatus,
  writeTrailers,
  writeVerdict,
} from './response-encoder.ts';
import { TestHeads } from './test-heads.ts';

const { WEFT_FUZZ_CASES = '400', WEFT_FUZZ_SEED = String(Date.now() % 2147483647) } = process.env;
const RUN = { seed: Number(WEFT_FUZZ_SEED), numRuns: Number(WEFT_FUZZ_CASES) };
/** As a worker's scratch area for the largest head: control/head-bytes.ts, and what worker.ts adds. */
const SCRATCH_SLACK_BYTES = 8192;
const VIA = 'via: h2 linkerd';
const SUCCESS = 'l5d-success-class: 1.0';
const FAILURE = 'l5d-success-class: 0.0';

const world = new TestNet();
const heads = new TestHeads(world);
const { bytes } = world.net;
const at = world.take(65_536);
const PLAIN: ResponseEncoding = {
  verdict: VERDICT.open,
  clearContext: false,
  dropContentLength: false,
  informational: false,
};

function head(from: ParsedHead, how: Partial<ResponseEncoding> = {}): string[] {
  return heads.read(at, writeResponseHead(bytes, at, from, { ...PLAIN, ...how }));
}

describe('a head from HTTP/2', () => {
  const OK = [':status: 200', 'server: x', 'content-length: 5'];
  const ROWS: readonly (readonly [name: string, from: string[], how: Partial<ResponseEncoding>, to: string[]])[] = [
    ['of which nothing is decided', OK, {}, [':status: 200', VIA, ...OK.slice(1)]],
    ['that has succeeded', OK, { verdict: VERDICT.success }, [':status: 200', SUCCESS, VIA, ...OK.slice(1)]],
    ['that has failed', [':status: 503'], { verdict: VERDICT.failure }, [':status: 503', FAILURE, VIA]],
    ['with a status of its own', [':status: 299'], {}, [':status: 299', VIA]],
    ['with the largest status', [':status: 999'], {}, [':status: 999', VIA]],
    [
      'with a via',
      [':status: 200', 'via: 1.1 a', 'x: y', 'via: b'],
      {},
      [':status: 200', 'via: 1.1 a, b, h2 linkerd', 'x: y'],
    ],
    ['that says something of success', [':status: 200', `${SUCCESS}`], {}, [':status: 200', VIA]],
    ['without a length', OK, { dropContentLength: true }, [':status: 200', VIA, 'server: x']],
    [
      'with cookies',
      [':status: 200', 'set-cookie: a=1', 'set-cookie: b=2'],
      {},
      [':status: 200', VIA, 'set-cookie: a=1', 'set-cookie: b=2'],
    ],
    ['with a secret', [':status: 200', '!x: y'], {}, [':status: 200', VIA, '!x: y']],
    [
      'with context',
      [':status: 200', 'l5d-err: x', 'l5d-other: y'],
      {},
      [':status: 200', VIA, 'l5d-err: x', 'l5d-other: y'],
    ],
    [
      'for clients outside',
      [':status: 200', 'l5d-err: x', 'l5d-other: y', 'x: z'],
      { clearContext: true, verdict: VERDICT.success },
      [':status: 200', VIA, 'x: z'],
    ],
    [
      'that is informational',
      [':status: 103', 'link: x', 'via: 1.1 a'],
      { informational: true, verdict: VERDICT.failure },
      [':status: 103', 'link: x', 'via: 1.1 a'],
    ],
    [
      'that is trailers too',
      [':status: 200', 'grpc-status: 0', 'trailer: x'],
      { verdict: VERDICT.success },
      [':status: 200', SUCCESS, VIA, 'grpc-status: 0', 'trailer: x'],
    ],
  ];
  for (const [name, from, how, to] of ROWS) {
    test(name, () => assert.deepEqual(head(heads.response(from), how), to));
  }
});

describe('a head from HTTP/1', () => {
  const ROWS: readonly (readonly [name: string, lines: string[], how: Partial<ResponseEncoding>, to: string[]])[] = [
    [
      'with names in capitals',
      ['HTTP/1.1 200 OK', 'Content-Length: 5', 'X-A: B'],
      {},
      [':status: 200', VIA, 'content-length: 5', 'x-a: B'],
    ],
    [
      'of HTTP/1.0',
      ['HTTP/1.0 404 Not Found', 'server: x'],
      { verdict: VERDICT.success },
      [':status: 404', SUCCESS, VIA, 'server: x'],
    ],
    [
      'with what it says of its connection',
      ['HTTP/1.1 200 OK', 'Connection: keep-alive, x-hop', 'X-Hop: 1', 'Keep-Alive: 5', 'Transfer-Encoding: chunked'],
      {},
      [':status: 200', VIA],
    ],
    [
      'with other hop-by-hop fields',
      ['HTTP/1.1 200 OK', 'Proxy-Authenticate: x', 'TE: x', 'Trailer: x-sum', 'Proxy-Connection: x'],
      {},
      [':status: 200', VIA],
    ],
    ['with a via', ['HTTP/1.1 200 OK', 'Via: 1.1 a'], {}, [':status: 200', 'via: 1.1 a, h2 linkerd']],
    [
      'for clients outside',
      ['HTTP/1.1 200 OK', 'L5d-Err: x', 'Date: now'],
      { clearContext: true },
      [':status: 200', VIA, 'date: now'],
    ],
    ['without a length', ['HTTP/1.1 200 OK', 'content-length: 3'], { dropContentLength: true }, [':status: 200', VIA]],
    [
      'that is informational',
      ['HTTP/1.1 103 Early Hints', 'Link: x'],
      { informational: true },
      [':status: 103', 'link: x'],
    ],
  ];
  for (const [name, lines, how, to] of ROWS) {
    test(name, () => assert.deepEqual(head(heads.http1Response(...lines), how), to));
  }
});

describe('trailers', () => {
  const ROWS: readonly (readonly [
    name: string,
    from: string[],
    verdict: number,
    clearContext: boolean,
    to: string[],
  ])[] = [
    ['of a request', ['x-sum: 1'], VERDICT.open, false, ['x-sum: 1']],
    [
      'of a response',
      ['grpc-status: 0', 'grpc-message: x'],
      VERDICT.success,
      false,
      ['grpc-status: 0', 'grpc-message: x', SUCCESS],
    ],
    ['of a failure', [], VERDICT.failure, false, [FAILURE]],
    ['with a verdict of their own', [SUCCESS, 'x: y'], VERDICT.failure, false, ['x: y', FAILURE]],
    ['for clients outside', ['l5d-other: 1', 'x: y'], VERDICT.success, true, ['x: y']],
    ['with fields that may not be trailers', ['content-length: 5', 'host: web', 'x: y'], VERDICT.open, false, ['x: y']],
    ['with a secret', ['!x: y'], VERDICT.open, false, ['!x: y']],
  ];
  for (const [name, from, verdict, clearContext, to] of ROWS) {
    test(name, () => {
      assert.deepEqual(heads.read(at, writeTrailers(bytes, at, heads.trailers(from), verdict, clearContext)), to);
    });
  }
});

test('every status', () => {
  for (let status = 100; status <= 999; status++) {
    assert.deepEqual(heads.read(at, writeStatus(bytes, viewOf(bytes), at, status)), [`:status: ${status}`]);
  }
});

test('both verdicts', () => {
  assert.deepEqual(heads.read(at, writeVerdict(bytes, at, VERDICT.success)), [SUCCESS]);
  assert.deepEqual(heads.read(at, writeVerdict(bytes, at, VERDICT.failure)), [FAILURE]);
});

test('whatever fields: all but what is named above goes on, and a scratch area has room for it', (t) => {
  t.diagnostic(`WEFT_FUZZ_SEED=${RUN.seed} WEFT_FUZZ_CASES=${RUN.numRuns}`);
  const value = fc.oneof(
    fc.constantFrom('', '1', 'h2 a'),
    fc.nat(400).map((length) => 'v'.repeat(length)),
  );
  const name = fc.constantFrom('x', 'y-long-name', 'server', 'via', 'l5d-other', 'set-cookie');
  const fields = fc.array(fc.tuple(name, value), { maxLength: 60 }).map((list) => list.map(([n, v]) => `${n}: ${v}`));
  fc.assert(
    fc.property(
      fields,
      fc.boolean(),
      fc.boolean(),
      fc.constantFrom(...Object.values(VERDICT)),
      (lines, isHttp1, clearContext, verdict) => {
        const from = isHttp1
          ? heads.http1Response('HTTP/1.1 200 OK', ...lines)
          : heads.response([':status: 200', ...lines], false, METHOD_GET);
        const to = head(from, { clearContext, verdict });
        const own = to.findIndex((line) => line.startsWith('via: ')) + 1;
        assert.equal(own, verdict === VERDICT.open || clearContext ? 2 : 3);
        const kept = lines.filter((line) => !line.startsWith('via') && !(clearContext && line.startsWith('l5d')));
        assert.deepEqual(to.slice(own), kept);
        const textBytes = lines.join('').length - 2 * lines.length;
        assert.ok(
          writeResponseHead(bytes, at, isHttp1 ? heads.http1Response('HTTP/1.1 200 OK', ...lines) : from, PLAIN) - at <=
            textBytes + SCRATCH_SLACK_BYTES,
        );
      },
    ),
    RUN,
  );
});
