/** Holds the reading of --trace-gc: lines of Node 20 and 24, in pieces as a pipe delivers them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GcTrace } from './gc-trace.ts';

const LINES = [
  '[10:0x28e09df0]       50 ms: Scavenge 6.0 (6.2) -> 5.0 (7.2) MB, 0.5 / 0.0 ms  (average mu = 1.000) allocation failure;',
  '[10:0x7fc760000f00]   90 ms: Scavenge 4.0 (5.2) -> 3.0 (5.2) MB, 0.5 / 0.0 ms  (average mu = 1.000) task;',
  'not a line of the collector',
  '[10:0x7fc760000f00]  100 ms: Scavenge 5.0 (5.2) -> 3.5 (5.2) MB, pooled: 0 MB, 0.50 / 0.00 ms ;',
  '[10:0x7fc760000f00]  120 ms: Mark-Compact (reduce) 4.5 (6.2) -> 2.5 (6.2) MB, 1.0 / 0.0 ms ;',
].map((line) => `${line}\n`);
const MB = 1024 * 1024;

for (const pieceBytes of [1, 7, 10_000]) {
  test(`in pieces of ${pieceBytes} bytes`, () => {
    const trace = new GcTrace();
    const text = LINES.join('');
    for (let at = 0; at < text.length; at += pieceBytes) trace.take(text.slice(at, at + pieceBytes));
    assert.deepEqual([...trace.isolates.keys()], ['0x28e09df0', '0x7fc760000f00']);
    const worker = trace.isolates.get('0x7fc760000f00');
    // 3.0 to 5.0, then 3.5 to 4.5; the first line only says where the heap stands.
    assert.deepEqual(worker, {
      allocatedBytes: 3 * MB,
      collections: 2,
      firstAfterBytes: 3.5 * MB,
      lastAfterBytes: 2.5 * MB,
    });
  });
}

test('what came before a restart does not count, but where the heap stood does', () => {
  const trace = new GcTrace();
  for (const line of LINES.slice(0, 4)) trace.take(line);
  trace.restart();
  trace.take(LINES[4] as string);
  const { allocatedBytes, collections } = trace.isolates.get('0x7fc760000f00') ?? {};
  assert.deepEqual({ allocatedBytes, collections }, { allocatedBytes: MB, collections: 1 });
});
