/** What gRPC has in a message's fields: found by their names, wherever they stand, and by nothing that looks like them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TestNet } from '../net/test-net.ts';
import { grpcStatusOf, grpcTimeoutMs, isGrpc } from './grpc-fields.ts';
import { TestHeads } from './test-heads.ts';

const heads = new TestHeads(new TestNet());
const POST = [':method: POST', ':scheme: http', ':authority: web', ':path: /a.B/C'];

describe('whether a request is gRPC', () => {
  const ROWS: readonly (readonly [lines: readonly string[], expected: boolean])[] = [
    [['content-type: application/grpc'], true],
    [['te: trailers', 'x: y', 'content-type: application/grpc+proto'], true],
    [['content-type: application/grpc;charset=x'], true],
    [['content-type: Application/GRPC'], true],
    [['content-type: application/grpc-web'], false],
    [['content-type: application/json'], false],
    [['content-type: text/plain', 'content-type: application/grpc'], false],
    [['content-typo: application/grpc', 'x: application/grpc'], false],
    [['content-type:'], false],
    [[], false],
  ];
  for (const [lines, expected] of ROWS) {
    test(`${lines.join(', ')}: ${expected}`, () =>
      assert.equal(isGrpc(heads.request([...POST, ...lines], false)), expected));
  }
});

describe('the time that a call has', () => {
  const ROWS: readonly (readonly [lines: readonly string[], ms: number])[] = [
    [['grpc-timeout: 5S'], 5000],
    [['x: y', 'grpc-timeout: 20m'], 20],
    [['grpc-timeout: 1u'], 1],
    [['grpc-timeout: 1n'], 1],
    [['grpc-timeout: 0n'], 0],
    [['grpc-timeout: 2M'], 120_000],
    [['grpc-timeout: 99999999H'], 99_999_999 * 3_600_000],
    [['grpc-timeout: 5S', 'grpc-timeout: 1S'], 5000],
    [['grpc-timeout: 5'], -1],
    [['grpc-timeout: -5S'], -1],
    [['grpc-timeout:'], -1],
    [['grpc-timeouu: 5S', 'xgrpc-timeout: 5S', 'grpc-timeout-x: 5S'], -1],
    [[], -1],
  ];
  for (const [lines, ms] of ROWS) {
    test(`${lines.join(', ')}: ${ms} ms`, () =>
      assert.equal(grpcTimeoutMs(heads.request([...POST, ...lines], false)), ms));
  }
});

describe('how a call went', () => {
  const ROWS: readonly (readonly [lines: readonly string[], status: number])[] = [
    [['grpc-status: 0'], 0],
    [['x: y', 'grpc-status: 14'], 14],
    [['grpc-status: 999'], 999],
    [['grpc-status: 00'], -1],
    [['grpc-status: x'], -1],
    [['grpc-status:'], -1],
    [['grpc-statut: 0', 'grpc-status-details-bin: 0', 'grpc-message: 0'], -1],
    [[], -1],
  ];
  for (const [lines, status] of ROWS) {
    test(`${lines.join(', ')}: ${status}`, () => {
      assert.equal(grpcStatusOf(heads.trailers(lines)), status);
      assert.equal(grpcStatusOf(heads.response([':status: 200', ...lines], true)), status);
    });
  }
});
