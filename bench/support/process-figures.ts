/** What the kernel says of a process and its children: processor time and resident memory, from /proc. */
import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ: fixed at 100 on every platform Weft runs on. */
const MICROS_PER_CLOCK_TICK = 10_000;

/** Fields of /proc/PID/stat behind the process's name, counted from 0. */
const STAT_PARENT = 1;
const STAT_UTIME = 11;
const STAT_STIME = 12;

/** Microseconds of user and system time of a process and its living descendants, to 10 ms. */
export function cpuMicros(pid: number): number {
  return (
    treeOf(pid)
      .map((member) => readStat(member))
      .reduce((sum, stat) => sum + Number(stat?.[STAT_UTIME] ?? 0) + Number(stat?.[STAT_STIME] ?? 0), 0) *
    MICROS_PER_CLOCK_TICK
  );
}

/** Resident bytes of a process and its living descendants. */
export function residentBytes(pid: number): number {
  return treeOf(pid).reduce((sum, member) => sum + residentOf(member), 0);
}

function residentOf(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

function readStat(pid: number): readonly string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

/** A process and its descendants. */
function treeOf(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    const parent = Number.isInteger(pid) ? Number(readStat(pid)?.[STAT_PARENT] ?? 0) : 0;
    if (parent > 0) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const tree = [root];
  for (let i = 0; i < tree.length; i++) tree.push(...(children.get(tree[i] as number) ?? []));
  return tree;
}
