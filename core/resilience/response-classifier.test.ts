/**
 * Verdicts line by line (spec 05 sections 10 and 11): what a head alone decides, what waits for the end, which methods are
 * worth another attempt, and the two rules that hold for every kind.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ResponseClassifierConfig } from '../config/types.ts';
import {
  METHOD_CONNECT,
  METHOD_DELETE,
  METHOD_GET,
  METHOD_HEAD,
  METHOD_NAMES,
  METHOD_OPTIONS,
  METHOD_OTHER,
  METHOD_PATCH,
  METHOD_POST,
  METHOD_PUT,
  METHOD_TRACE,
} from '../http1/methods.ts';
import { REASONS } from '../reasons.ts';
import { createClassifier } from './classifiers/create.ts';
import { ALL_METHODS, FiveXX, IDEMPOTENT_METHODS, NO_METHODS, READ_METHODS } from './classifiers/five-xx.ts';
import { ENDING, endingOf, isRetryableEnding, ResponseClassifier, VERDICT } from './response-classifier.ts';

type Verdict = keyof typeof VERDICT;
const NONE = -1;

/** Of a status and a `grpc-status`: the verdict of the head, and at the end. */
type Row = readonly [status: number, grpcStatus: number, head: Verdict, end: Verdict];

const BY_STATUS: readonly Row[] = [
  [200, NONE, 'open', 'success'],
  [204, NONE, 'open', 'success'],
  [302, NONE, 'open', 'success'],
  [404, NONE, 'open', 'success'],
  [499, NONE, 'open', 'success'],
  [500, NONE, 'failure', 'failure'],
  [503, NONE, 'failure', 'failure'],
  [599, NONE, 'failure', 'failure'],
  [999, NONE, 'failure', 'failure'],
  [200, 0, 'open', 'success'],
  [200, 13, 'open', 'success'],
  [500, 0, 'failure', 'failure'],
];
const ALWAYS: readonly Row[] = [
  [200, NONE, 'open', 'success'],
  [404, NONE, 'open', 'success'],
  [500, NONE, 'open', 'success'],
  [503, 14, 'open', 'success'],
];
const BY_GRPC: readonly Row[] = [
  [200, NONE, 'open', 'failure'],
  [200, 0, 'success', 'success'],
  [200, 5, 'failure', 'failure'],
  [200, 16, 'failure', 'failure'],
  [200, 999, 'failure', 'failure'],
  [302, NONE, 'open', 'failure'],
  [400, NONE, 'failure', 'failure'],
  [404, NONE, 'failure', 'failure'],
  [503, NONE, 'failure', 'failure'],
  [503, 0, 'success', 'success'],
];

const CASES: readonly (readonly [kind: string, successCodes: readonly number[], rows: readonly Row[]])[] = [
  ['io.l5d.http.nonRetryable5XX', [], BY_STATUS],
  ['io.l5d.h2.nonRetryable5XX', [], BY_STATUS],
  ['io.l5d.http.allSuccessful', [], ALWAYS],
  ['io.l5d.h2.allSuccessful', [], ALWAYS],
  ['io.l5d.h2.grpc.neverRetryable', [0], BY_GRPC],
  [
    'io.l5d.h2.grpc.neverRetryable',
    [5, 0],
    [
      [200, 5, 'success', 'success'],
      [200, 0, 'success', 'success'],
      [200, 1, 'failure', 'failure'],
    ],
  ],
  [
    'io.l5d.h2.grpc.neverRetryable',
    [],
    [
      [200, 0, 'failure', 'failure'],
      [200, NONE, 'open', 'failure'],
    ],
  ],
];

for (const [kind, successCodes, rows] of CASES) {
  describe(`${kind}${successCodes.length > 0 ? ` of ${successCodes.join(', ')}` : ''}`, () => {
    const classifier = createClassifier({ kind, successStatusCodes: successCodes } as ResponseClassifierConfig);
    const judge = (status: number, grpcStatus: number, ended: boolean, asks = false, replayable = true) =>
      classifier.judge(METHOD_GET, status, grpcStatus, ended, asks, replayable);
    for (const [status, grpcStatus, head, end] of rows) {
      test(`${status}, ${grpcStatus === NONE ? 'no grpc-status' : `grpc-status ${grpcStatus}`}: ${head}, then ${end}`, () => {
        assert.equal(judge(status, grpcStatus, false), VERDICT[head]);
        assert.equal(judge(status, grpcStatus, true), VERDICT[end]);
      });
    }

    test('what a head decides holds at the end, and at the end all is decided', () => {
      for (let status = 200; status <= 999; status++) {
        for (let grpcStatus = NONE; grpcStatus <= 17; grpcStatus++) {
          const early = judge(status, grpcStatus, false);
          const late = judge(status, grpcStatus, true);
          assert.ok(late !== VERDICT.open && (early === VERDICT.open || early === late), `${status} ${grpcStatus}`);
        }
      }
    });

    test('l5d-retryable makes a failure retryable, and nothing else; without the request at hand it does not', () => {
      for (let status = 200; status <= 999; status++) {
        for (const ended of [false, true]) {
          const plain = judge(status, NONE, ended);
          const asked = judge(status, NONE, ended, true);
          assert.equal(asked, plain === VERDICT.failure ? VERDICT.retryable : plain, `${status}`);
          assert.equal(judge(status, NONE, ended, true, false), plain, `${status}`);
        }
      }
    });

    test('no ending is retryable', () => {
      for (const ending of Object.values(ENDING)) {
        assert.equal(classifier.judgeEnding(METHOD_GET, ending, true), VERDICT.failure);
      }
    });
  });
}

const READS = [METHOD_GET, METHOD_HEAD, METHOD_OPTIONS, METHOD_TRACE];
const IDEMPOTENT = [...READS, METHOD_PUT, METHOD_DELETE];
const ALL = [...IDEMPOTENT, METHOD_POST, METHOD_PATCH];
const RETRYABLE_ENDINGS: readonly number[] = [
  ENDING.timeout,
  ENDING.unsent,
  ENDING.closed,
  ENDING.malformed,
  ENDING.refused,
];

for (const [name, mask, methods] of [
  ['nonRetryable5XX', NO_METHODS, []],
  ['retryableRead5XX', READ_METHODS, READS],
  ['retryableIdempotent5XX', IDEMPOTENT_METHODS, IDEMPOTENT],
  ['retryableAll5XX', ALL_METHODS, ALL],
] as const) {
  const classifier = new ResponseClassifier(new FiveXX(mask));
  const retried: readonly number[] = methods;
  for (const [method, word] of METHOD_NAMES.entries()) {
    const retries = retried.includes(method);
    test(`${name} and ${word || 'an extension method'}: ${retries ? 'retryable' : 'not retryable'}`, () => {
      const failed = retries ? VERDICT.retryable : VERDICT.failure;
      assert.equal(classifier.judge(method, 500, NONE, false, false, true), failed);
      assert.equal(classifier.judge(method, 599, NONE, true, false, true), failed);
      assert.equal(classifier.judge(method, 500, NONE, true, false, false), VERDICT.failure);
      assert.equal(classifier.judge(method, 500, NONE, true, true, true), VERDICT.retryable);
      assert.equal(classifier.judge(method, 499, NONE, true, false, true), VERDICT.success);
      for (const ending of Object.values(ENDING)) {
        const expected = retries && RETRYABLE_ENDINGS.includes(ending) ? VERDICT.retryable : VERDICT.failure;
        assert.equal(classifier.judgeEnding(method, ending, true), expected, `ending ${ending}`);
        assert.equal(classifier.judgeEnding(method, ending, false), VERDICT.failure, `ending ${ending}`);
      }
    });
  }
}

test('neither CONNECT nor an extension method is ever retried for its status', () => {
  for (const method of [METHOD_CONNECT, METHOD_OTHER]) assert.equal(ALL_METHODS & (1 << method), 0);
});

test('what an endpoint did, or could not be asked, is a retryable ending; what Weft or the client did is not', () => {
  const retryable = REASONS.filter((reason) => isRetryableEnding(endingOf(reason)));
  assert.deepEqual(retryable, [
    'connect_refused',
    'connect_timeout',
    'connect_failed',
    'pool_exhausted',
    'upstream_closed',
    'upstream_reset',
    'upstream_malformed',
    'upstream_truncated',
    'upstream_stalled',
    'upstream_refused',
    'attempt_timeout',
    'fail_fast',
  ]);
  assert.equal(endingOf('upstream_reset', true), ENDING.reset);
  assert.equal(isRetryableEnding(ENDING.reset), false);
});

test('a request is worth being kept where its method may be retried, and a response is never worth being held', () => {
  for (const [mask, methods] of [
    [NO_METHODS, []],
    [READ_METHODS, READS],
    [ALL_METHODS, ALL],
  ] as const) {
    const classifier = new ResponseClassifier(new FiveXX(mask));
    const kept = METHOD_NAMES.map((_, method) => method).filter((method) => classifier.retries(method));
    assert.deepEqual(
      kept,
      [...methods].sort((a, b) => a - b),
    );
    assert.equal(classifier.retriesAtEnd, false);
  }
});
