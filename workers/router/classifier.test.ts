/** Verdicts line by line (spec 05 sections 10 and 11): what a head alone decides, and what waits for the end. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ResponseClassifierConfig } from '../../core/config/types.ts';
import { Classifier, VERDICT } from './classifier.ts';

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
    const classifier = new Classifier({ kind, successStatusCodes: successCodes } as ResponseClassifierConfig);
    for (const [status, grpcStatus, head, end] of rows) {
      test(`${status}, ${grpcStatus === NONE ? 'no grpc-status' : `grpc-status ${grpcStatus}`}: ${head}, then ${end}`, () => {
        assert.equal(classifier.judge(status, grpcStatus, false), VERDICT[head]);
        assert.equal(classifier.judge(status, grpcStatus, true), VERDICT[end]);
      });
    }

    test('what a head decides holds at the end, and at the end all is decided', () => {
      for (let status = 200; status <= 999; status++) {
        for (let grpcStatus = NONE; grpcStatus <= 17; grpcStatus++) {
          const early = classifier.judge(status, grpcStatus, false);
          const late = classifier.judge(status, grpcStatus, true);
          assert.ok(late !== VERDICT.open && (early === VERDICT.open || early === late), `${status} ${grpcStatus}`);
        }
      }
    });
  });
}
