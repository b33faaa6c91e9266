/** The supervisor's thread yields to the workers', as the kernel sees it: they share a core where there are few. */
import assert from 'node:assert/strict';
import { getPriority } from 'node:os';
import { test } from 'node:test';
import { threadsOf } from './support/threads.ts';
import { Weft } from './support/weft.ts';

const own = getPriority();

const CASES: readonly (readonly [flag: string, supervisorNice: number])[] = [
  ['', Math.max(own, 10)],
  ['19', 19],
  ['0', own],
];

for (const [flag, supervisorNice] of CASES) {
  test(`WEFT_SUPERVISOR_NICE=${flag || '(not set)'}`, async (t) => {
    const weft = await Weft.start({ env: { WEFT_WORKERS: '2', WEFT_SUPERVISOR_NICE: flag } });
    t.after(() => weft.stop());
    const pid = weft.child.pid as number;
    const threads = threadsOf(pid);
    assert.equal(threads.find(({ id }) => id === pid)?.nice, supervisorNice);
    const others = threads.filter(({ id }) => id !== pid).map(({ nice }) => nice);
    assert.ok(others.length > 2);
    assert.deepEqual(new Set(others), new Set([own]), 'the workers, and whatever else was started before');
  });
}
