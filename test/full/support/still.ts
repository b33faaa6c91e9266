/** Holding a process still, so that a test can look at what is under way before it goes on. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';

const TIMEOUT_MS = 30_000;
/** Turns of this process's event loop, to accept and to read all that the kernel has. */
const TURNS = 10;

/** Whether every thread of a process is stopped. */
function standsStill(pid: number): boolean {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.every((id) => / T /.test(readFileSync(`/proc/${pid}/task/${id}/stat`, 'latin1')));
}

/** Does something while a process stands still, and everything that it has sent before has arrived. */
export async function whileStill<T>(child: ChildProcess, work: () => Promise<T>): Promise<T> {
  const pid = child.pid as number;
  child.kill('SIGSTOP');
  try {
    const deadline = Date.now() + TIMEOUT_MS;
    while (!standsStill(pid)) {
      assert.ok(Date.now() < deadline, 'in vain: it stands still');
      await sleep(1);
    }
    for (let turn = 0; turn < TURNS; turn++) await setImmediate();
    return await work();
  } finally {
    child.kill('SIGCONT');
  }
}
