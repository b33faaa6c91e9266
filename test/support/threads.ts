/** The threads of a process, as the kernel sees them. */
import { readdirSync, readFileSync } from 'node:fs';

/** Fields of /proc/PID/task/TID/stat behind the thread's name, counted from 0. */
const STAT_STATE = 0;
const STAT_NICE = 16;

/** A thread. */
export interface Thread {
  /** The process's own number for its main thread. */
  readonly id: number;
  /** A letter: R, S, T (stopped), ... */
  readonly state: string;
  readonly nice: number;
}

/** All threads of a process. */
export function threadsOf(pid: number): Thread[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((name) => {
    try {
      const stat = readFileSync(`/proc/${pid}/task/${name}/stat`, 'latin1');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return [{ id: Number(name), state: fields[STAT_STATE] ?? '', nice: Number(fields[STAT_NICE]) }];
    } catch {
      // It has ended in the meantime.
      return [];
    }
  });
}
