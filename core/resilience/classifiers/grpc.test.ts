/** The kinds for gRPC, row by row (spec 05 section 11): what a head decides, what its end does, and what is worth holding. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { METHOD_POST } from '../../http1/methods.ts';
import { ENDING, VERDICT } from '../response-classifier.ts';
import { ALWAYS, COMPLIANT, Grpc, type GrpcRetries, NEVER, UNAVAILABLE } from './grpc.ts';

type Verdict = keyof typeof VERDICT;
const NONE = -1;

/** Of a status and a `grpc-status`: the verdict of the head, and at the end. */
type Row = readonly [status: number, grpcStatus: number, head: Verdict, end: Verdict];

/** Of every kind, with 0 for a success. */
const COMMON: readonly Row[] = [
  [200, 0, 'success', 'success'],
  [503, 0, 'success', 'success'],
  [200, NONE, 'open', 'failure'],
  [302, NONE, 'open', 'failure'],
  [400, NONE, 'failure', 'failure'],
  [401, NONE, 'failure', 'failure'],
  [404, NONE, 'failure', 'failure'],
  [500, NONE, 'failure', 'failure'],
  [501, NONE, 'failure', 'failure'],
  [599, NONE, 'failure', 'failure'],
];

function byCode(retryable: readonly number[]): Row[] {
  return [1, 2, 3, 4, 5, 8, 13, 14, 16, 17, 999].map((code): Row => {
    const verdict = retryable.includes(code) ? 'retryable' : 'failure';
    return [200, code, verdict, verdict];
  });
}

function byHttp(verdict: Verdict): Row[] {
  return [429, 502, 503, 504].map((status): Row => [status, NONE, verdict, verdict]);
}

const EVERY_CODE = Array.from({ length: 1000 }, (_, code) => code);

/** A kind: its rows, the endings that are retryable, and whether a response is worth being held. */
const KINDS: readonly (readonly [
  name: string,
  retries: GrpcRetries,
  rows: readonly Row[],
  endings: readonly number[],
  holds: boolean,
])[] = [
  ['neverRetryable', NEVER, [...byCode([]), ...byHttp('failure')], [], false],
  ['default', UNAVAILABLE, [...byCode([14]), ...byHttp('failure')], [], true],
  ['alwaysRetryable', ALWAYS, [...byCode(EVERY_CODE), ...byHttp('failure')], [], true],
  ['retryableStatusCodes of none', { codes: [], http: false }, byCode([]), [], false],
  ['retryableStatusCodes of 8 and 14', { codes: [8, 14], http: false }, byCode([8, 14]), [], true],
  ['compliant', COMPLIANT, [...byCode([14]), ...byHttp('retryable')], [ENDING.refused], true],
];

for (const [name, retries, rows, endings, holds] of KINDS) {
  describe(name, () => {
    const kind = new Grpc([0], retries);
    for (const [status, grpcStatus, head, end] of [...COMMON, ...rows]) {
      test(`${status}, ${grpcStatus === NONE ? 'no grpc-status' : `grpc-status ${grpcStatus}`}: ${head}, then ${end}`, () => {
        assert.equal(kind.response(METHOD_POST, status, grpcStatus, false), VERDICT[head]);
        assert.equal(kind.response(METHOD_POST, status, grpcStatus, true), VERDICT[end]);
      });
    }

    test('what is decided stays so, and at the end all is', () => {
      for (let status = 200; status <= 999; status++) {
        for (let grpcStatus = NONE; grpcStatus <= 18; grpcStatus++) {
          const early = kind.response(METHOD_POST, status, grpcStatus, false);
          const late = kind.response(METHOD_POST, status, grpcStatus, true);
          assert.ok(late !== VERDICT.open && (early === VERDICT.open || early === late), `${status} ${grpcStatus}`);
        }
      }
    });

    for (const [what, ending] of Object.entries(ENDING)) {
      const retryable = endings.includes(ending);
      test(`the ending ${what} is ${retryable ? '' : 'not '}retryable`, () => {
        assert.equal(kind.ending(METHOD_POST, ending), retryable ? VERDICT.retryable : VERDICT.failure);
      });
    }

    test(`a response is ${holds ? '' : 'not '}worth being held, and the request being kept`, () => {
      assert.equal(kind.retriesAtEnd, holds);
      assert.equal(kind.retries(), holds);
    });
  });
}

test('successStatusCodes come first: a status in both lists is a success', () => {
  const kind = new Grpc([0, 5, 14], ALWAYS);
  for (const code of [0, 5, 14]) assert.equal(kind.response(METHOD_POST, 200, code, true), VERDICT.success);
  assert.equal(kind.response(METHOD_POST, 200, 4, true), VERDICT.retryable);
  const strict = new Grpc([], UNAVAILABLE);
  assert.equal(strict.response(METHOD_POST, 200, 0, true), VERDICT.failure);
});
