/** What wrk and h2load print, as they printed it: an answer that is not 2xx must never pass for a fast one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BenchError } from './bench-error.ts';
import { readCounts, readLatencies } from './h2load.ts';
import { answered, readWrk } from './load.ts';

const WRK = `Running 1s test @ http://127.0.0.1:28001/
  1 threads and 64 connections
  21341 requests in 1.00s, 3.60MB read
  Socket errors: connect 0, read 2, write 0, timeout 1
  Non-2xx or 3xx responses: 40
Requests/sec:  21340.17
Transfer/sec:      3.60MB
`;

const H2LOAD = `finished in 1.00s, 42498.00 req/s, 2.80MB/s
requests: 42498 total, 42754 started, 42498 done, 21251 succeeded, 21247 failed, 0 errored, 0 timeout
status codes: 21200 2xx, 51 3xx, 21247 4xx, 0 5xx
`;

test("wrk's errors are of sockets and of statuses", () => {
  assert.deepEqual(readWrk(WRK), { requests: 21341, requestsPerSecond: 21340.17, errors: 43 });
  const good = WRK.replace(/.*Socket.*\n.*Non-2xx.*\n/, '');
  assert.deepEqual(readWrk(good), { requests: 21341, requestsPerSecond: 21340.17, errors: 0 });
});

test("h2load's errors are what failed, and what it calls a success with a status of 3xx", () => {
  assert.deepEqual(readCounts(H2LOAD), { requests: 42498, requestsPerSecond: 42498, errors: 21298 });
});

test('a load that nobody answers is no measurement', () => {
  for (const read of [readWrk, readCounts]) assert.throws(() => answered(read('')), BenchError);
  assert.equal(answered(readWrk(WRK)).requests, 21341);
});

test('latencies of other answers than 2xx are counted as errors', () => {
  const line = (status: string, micros: number) => `1795619682409651\t${status}\t${micros}\n`;
  const log = Array.from({ length: 1000 }, (_, i) => line('200', 1000 - i)).join('');
  assert.deepEqual(readLatencies(log), { requests: 1000, p50: 501, p99: 991, p999: 1000, errors: 0 });
  assert.equal(readLatencies(line('200', 1) + line('502', 2) + line('-1', 3) + line('302', 4)).errors, 3);
  assert.equal(readLatencies('').requests, 0);
});
