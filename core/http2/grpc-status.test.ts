/** gRPC's tables and texts, line by line (PROTOCOL-HTTP2.md, http-grpc-status-mapping.md). */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { REASONS } from '../reasons.ts';
import * as codes from './error-codes.ts';
import * as grpc from './grpc-status.ts';

function latin1(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}

/** A parser's result on a text that lies amid others. */
function parse(parser: (bytes: Uint8Array, start: number, end: number) => number | boolean, text: string) {
  const bytes = latin1(`99${text}9S`);
  return parser(bytes, 2, 2 + text.length);
}

function message(text: string, bytesMax = 1000): string {
  const bytes = new Uint8Array(1100).fill(0x23);
  const end = grpc.writeGrpcMessage(bytes, 5, text, bytesMax);
  assert.ok(end <= 5 + bytesMax && bytes[5 + bytesMax] === 0x23 && bytes[4] === 0x23, 'written outside');
  return Buffer.from(bytes.subarray(5, end)).toString('latin1');
}

describe('statuses', () => {
  const BY_HTTP: readonly (readonly [status: number, grpcStatus: number])[] = [
    [400, grpc.GRPC_INTERNAL],
    [401, grpc.GRPC_UNAUTHENTICATED],
    [403, grpc.GRPC_PERMISSION_DENIED],
    [404, grpc.GRPC_UNIMPLEMENTED],
    [429, grpc.GRPC_UNAVAILABLE],
    [431, grpc.GRPC_INTERNAL],
    [502, grpc.GRPC_UNAVAILABLE],
    [503, grpc.GRPC_UNAVAILABLE],
    [504, grpc.GRPC_UNAVAILABLE],
    [200, grpc.GRPC_UNKNOWN],
    [302, grpc.GRPC_UNKNOWN],
    [500, grpc.GRPC_UNKNOWN],
    [418, grpc.GRPC_UNKNOWN],
  ];
  for (const [status, expected] of BY_HTTP) {
    test(`HTTP ${status} is ${expected}`, () => assert.equal(grpc.grpcStatusOfHttp(status), expected));
  }

  test('have the numbers of gRPC', () => {
    const numbers = Object.entries(grpc).flatMap(([name, value]) => (name.startsWith('GRPC_') ? [value] : []));
    assert.deepEqual(new Set(numbers), new Set(Array.from({ length: 17 }, (_, i) => i)));
    assert.deepEqual([grpc.GRPC_CANCELLED, grpc.GRPC_UNKNOWN, grpc.GRPC_UNAVAILABLE], [1, 2, 14]);
  });

  test('of RST_STREAM', () => {
    assert.equal(grpc.grpcStatusOfErrorCode(codes.REFUSED_STREAM), grpc.GRPC_UNAVAILABLE);
    assert.equal(grpc.grpcStatusOfErrorCode(codes.CANCEL), grpc.GRPC_CANCELLED);
    assert.equal(grpc.grpcStatusOfErrorCode(codes.ENHANCE_YOUR_CALM), grpc.GRPC_RESOURCE_EXHAUSTED);
    assert.equal(grpc.grpcStatusOfErrorCode(codes.INADEQUATE_SECURITY), grpc.GRPC_PERMISSION_DENIED);
    for (const code of [codes.NO_ERROR, codes.PROTOCOL_ERROR, codes.FLOW_CONTROL_ERROR, codes.CONNECT_ERROR, 999]) {
      assert.equal(grpc.grpcStatusOfErrorCode(code), grpc.GRPC_INTERNAL);
    }
  });

  test('of each reason, and none that is for applications alone', () => {
    const applications = [
      grpc.GRPC_OK,
      grpc.GRPC_INVALID_ARGUMENT,
      grpc.GRPC_NOT_FOUND,
      grpc.GRPC_ALREADY_EXISTS,
      grpc.GRPC_FAILED_PRECONDITION,
      grpc.GRPC_ABORTED,
      grpc.GRPC_OUT_OF_RANGE,
      grpc.GRPC_DATA_LOSS,
    ];
    for (const reason of REASONS) assert.ok(!applications.includes(grpc.grpcStatusOfReason(reason)), reason);
    assert.equal(grpc.grpcStatusOfReason('no_brokers'), grpc.GRPC_UNAVAILABLE);
    assert.equal(grpc.grpcStatusOfReason('upstream_stalled'), grpc.GRPC_DEADLINE_EXCEEDED);
    assert.equal(grpc.grpcStatusOfReason('internal'), grpc.GRPC_INTERNAL);
    assert.equal(grpc.grpcStatusOfReason('application_failure'), grpc.GRPC_UNKNOWN);
  });

  const STATUSES: readonly (readonly [text: string, status: number])[] = [
    ['0', 0],
    ['14', 14],
    ['16', 16],
    ['999', 999],
    ['', -1],
    ['00', -1],
    ['014', -1],
    ['1000', -1],
    ['-1', -1],
    ['1a', -1],
    [' 1', -1],
  ];
  for (const [text, status] of STATUSES) {
    test(`grpc-status ${JSON.stringify(text)} is ${status}`, () =>
      assert.equal(parse(grpc.parseGrpcStatus, text), status));
  }
});

describe('content-type', () => {
  const TYPES: readonly (readonly [text: string, isGrpc: boolean])[] = [
    ['application/grpc', true],
    ['application/grpc+proto', true],
    ['application/grpc;charset=utf-8', true],
    ['Application/GRPC+json', true],
    ['application/grpc-web', false],
    ['application/grpc-web+proto', false],
    ['application/grp', false],
    ['application/grpcx', false],
    ['text/plain', false],
    ['', false],
  ];
  for (const [text, isGrpc] of TYPES) {
    test(`${JSON.stringify(text)} is ${isGrpc ? '' : 'not '}gRPC`, () => {
      assert.equal(parse(grpc.isGrpcContentType, text), isGrpc);
    });
  }
});

test('a content-type that ends within the name is not gRPC, whatever lies behind it', () => {
  assert.equal(grpc.isGrpcContentType(latin1('application/grpc+'), 0, 15), false);
});

describe('grpc-timeout', () => {
  const TIMEOUTS: readonly (readonly [text: string, ms: number])[] = [
    ['1H', 3_600_000],
    ['2M', 120_000],
    ['3S', 3000],
    ['4m', 4],
    ['5000u', 5],
    ['5001u', 6],
    ['1u', 1],
    ['1n', 1],
    ['1000000n', 1],
    ['1000001n', 2],
    ['0S', 0],
    ['007m', 7],
    ['99999999H', 359_999_996_400_000],
    ['99999999n', 100],
    ['100000000S', -1],
    ['', -1],
    ['S', -1],
    ['5', -1],
    ['5s', -1],
    ['5h', -1],
    ['-5S', -1],
    ['+5S', -1],
    ['1.5S', -1],
    ['5 S', -1],
    ['5SS', -1],
  ];
  for (const [text, ms] of TIMEOUTS) {
    test(`${JSON.stringify(text)} is ${ms} ms`, () => assert.equal(parse(grpc.parseGrpcTimeout, text), ms));
  }
});

describe('grpc-message', () => {
  const MESSAGES: readonly (readonly [text: string, encoded: string])[] = [
    ['', ''],
    ['no hosts available', 'no hosts available'],
    ['100%', '100%25'],
    ['a\r\nb', 'a%0D%0Ab'],
    ['~\x7f\0', '~%7F%00'],
    [' a ', '%20a%20'],
    ['  a  ', '%20 a %20'],
    ['  ', '%20%20'],
    [' ', '%20'],
    ['\u00e9', '%C3%A9'],
    ['\u20ac', '%E2%82%AC'],
    ['\ud83d\ude00', '%F0%9F%98%80'],
    ['\ud83d', '%EF%BF%BD'],
    ['\ude00x', '%EF%BF%BDx'],
    ['\ud800', '%EF%BF%BD'],
    ['\udfff', '%EF%BF%BD'],
    ['\ud7ff\ue000', '%ED%9F%BF%EE%80%80'],
    ['\u0080\u07ff', '%C2%80%DF%BF'],
    ['\u0800\uffffx', '%E0%A0%80%EF%BF%BFx'],
    ['\u{10000}\u{10ffff}', '%F0%90%80%80%F4%8F%BF%BF'],
  ];
  for (const [text, encoded] of MESSAGES) {
    test(`${JSON.stringify(text)} is ${encoded}`, () => assert.equal(message(text), encoded));
  }

  test('is cut between characters, and not behind a space', () => {
    assert.equal(message('abc', 2), 'ab');
    assert.equal(message('a\u20acb', 9), 'a');
    assert.equal(message('a\u20acb', 10), 'a%E2%82%AC');
    assert.equal(message('a bc', 2), 'a');
    assert.equal(message('a  b', 3), 'a');
    assert.equal(message('%', 2), '');
  });

  test('decodes to what it was, and is a safe field value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        const encoded = message(text);
        assert.equal(decodeURIComponent(encoded), text);
        assert.match(encoded, /^(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?$/);
      }),
    );
  });
});
