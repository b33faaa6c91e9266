/** Answers of Weft's own, field by field (spec 03 sections 4.3 and 7.3), and those to calls of gRPC. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TestNet } from '../net/test-net.ts';
import type { Failure } from '../router/exchange.ts';
import { failure } from '../router/failures.ts';
import { writeAnswer, writeGrpcAnswer } from './answers.ts';
import type { Http2Server } from './server.ts';
import { TestHeads } from './test-heads.ts';

const world = new TestNet();
const heads = new TestHeads(world);
const at = world.take(65_536);
const VIA = 'via: h2 linkerd';
const SUCCESS = 'l5d-success-class: 1.0';
const FAILURE = 'l5d-success-class: 0.0';
/** Longer than what is shown of it. */
const LONG = 'Unable to route request!\n'.repeat(1000);

describe('an answer', () => {
  interface Row {
    readonly name: string;
    readonly cause: Failure;
    readonly bodyBytes: number;
    readonly success?: boolean;
    readonly clearContext?: boolean;
    readonly to: readonly string[];
  }
  const TEXT = 'content-type: text/plain';
  const ROWS: readonly Row[] = [
    {
      name: 'says why',
      cause: failure(502, 'no_brokers', 'Unable to route\n request!'),
      bodyBytes: 24,
      to: [':status: 502', TEXT, 'l5d-err: Unable+to+route%0A+request%21', FAILURE, VIA, 'content-length: 24'],
    },
    {
      name: 'that it may be sent again',
      cause: failure(502, 'connect_refused', 'x', true),
      bodyBytes: 1,
      to: [':status: 502', TEXT, 'l5d-err: x', 'l5d-retryable: true', FAILURE, VIA, 'content-length: 1'],
    },
    {
      name: 'that is a success for the classifier',
      cause: failure(400, 'bad_dtab', 'é\u560a'),
      bodyBytes: 5,
      success: true,
      to: [':status: 400', TEXT, 'l5d-err: %E9%3F', SUCCESS, VIA, 'content-length: 5'],
    },
    {
      name: 'of a local service, without a text',
      cause: failure(404, 'application_failure', ''),
      bodyBytes: 0,
      success: true,
      to: [':status: 404', SUCCESS, VIA, 'content-length: 0'],
    },
    {
      name: 'that has no content by its status says nothing of a length (RFC 9110 section 8.6)',
      cause: failure(204, 'application_failure', ''),
      bodyBytes: 0,
      success: true,
      to: [':status: 204', SUCCESS, VIA],
    },
    {
      name: 'for clients outside',
      cause: failure(502, 'no_brokers', 'secret names', true),
      bodyBytes: 0,
      clearContext: true,
      to: [':status: 502', 'content-length: 0'],
    },
  ];
  for (const { name, cause, bodyBytes, success = false, clearContext = false, to } of ROWS) {
    test(name, () => {
      assert.deepEqual(heads.read(at, writeAnswer(world.net, at, cause, bodyBytes, success, clearContext)), to);
    });
  }

  test('cuts a long reason', () => {
    const end = writeAnswer(world.net, at, failure(502, 'no_brokers', LONG), 1, false, false);
    const shown = heads.read(at, end).find((line) => line.startsWith('l5d-err: ')) ?? '';
    assert.ok(shown.length > 8000 && shown.length <= 8192 + 'l5d-err: '.length);
  });
});

describe('an answer to gRPC', () => {
  const server = (clearContext: boolean) => ({ config: { clearContext } }) as Http2Server;
  const START = [':status: 200', 'content-type: application/grpc'];
  const ROWS: readonly (readonly [name: string, cause: Failure, clearContext: boolean, to: readonly string[]])[] = [
    [
      'says why, twice',
      failure(502, 'no_brokers', 'no é\n'),
      false,
      ['grpc-status: 14', 'grpc-message: no %C3%A9%0A', 'l5d-err: no+%E9%0A', FAILURE, VIA],
    ],
    [
      'has the status of its reason',
      failure(504, 'deadline_exceeded', 'x'),
      false,
      ['grpc-status: 4', 'grpc-message: x', 'l5d-err: x', FAILURE, VIA],
    ],
    ['for clients outside', failure(502, 'no_brokers', 'secret'), true, ['grpc-status: 14']],
  ];
  for (const [name, cause, clearContext, to] of ROWS) {
    test(name, () => {
      assert.deepEqual(heads.read(at, writeGrpcAnswer(world.net, at, cause, server(clearContext))), [...START, ...to]);
    });
  }

  test('cuts a long reason', () => {
    const lines = heads.read(at, writeGrpcAnswer(world.net, at, failure(502, 'no_brokers', LONG), server(false)));
    const message = lines.find((line) => line.startsWith('grpc-message: ')) ?? '';
    assert.ok(message.length > 1000 && message.length <= 1024 + 'grpc-message: '.length);
  });
});
