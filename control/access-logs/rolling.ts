/**
 * When a log file is rolled, and what the old one is called then. As in Twitter's logging, a name gets the time at which the
 * file was begun, in front of its extension: `access.log` becomes `access-20181225.log`. Times are UTC.
 */
import type { RollPolicy } from '../../core/config/roll-policy.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** When a file that is in use at `nowMs` is to be rolled; Infinity when time alone never says so. */
export function nextRollMs(policy: RollPolicy, nowMs: number): number {
  if (policy.kind === 'hourly') return (Math.floor(nowMs / HOUR_MS) + 1) * HOUR_MS;
  const midnightMs = (Math.floor(nowMs / DAY_MS) + 1) * DAY_MS;
  if (policy.kind === 'daily') return midnightMs;
  if (policy.kind !== 'weekly') return Number.POSITIVE_INFINITY;
  const days = (policy.day - 1 - new Date(midnightMs).getUTCDay() + 7) % 7;
  return midnightMs + days * DAY_MS;
}

/** A path in front of what a roll puts in, and behind it. */
export function splitPath(path: string): readonly [front: string, back: string] {
  const dot = path.lastIndexOf('.');
  return dot > path.lastIndexOf('/') + 1 ? [path.slice(0, dot), path.slice(dot)] : [path, ''];
}

/** What a rolled file is called. @param openedMs when it was begun */
export function rolledPath(path: string, policy: RollPolicy, openedMs: number): string {
  const [front, back] = splitPath(path);
  const digits = new Date(openedMs).toISOString().replaceAll(/[^0-9]/g, '');
  const day = digits.slice(0, 8);
  if (policy.kind === 'hourly') return `${front}-${day}-${digits.slice(8, 10)}${back}`;
  return policy.kind === 'size' ? `${front}-${day}-${digits.slice(8, 14)}${back}` : `${front}-${day}${back}`;
}

/** Whether a file's name is one that {@link rolledPath} gives, or one of those that step aside for it (`.1` behind). */
export function isRolledName(name: string, ownName: string): boolean {
  const [front, back] = splitPath(ownName);
  if (!name.startsWith(`${front}-`)) return false;
  const rest = name.slice(front.length + 1);
  const stamped = /^\d{8}(?:-\d{6}|-\d{2})?/.exec(rest)?.[0];
  if (stamped === undefined) return false;
  const behind = rest.slice(stamped.length);
  return behind.startsWith(back) && /^(?:\.\d+)?$/.test(behind.slice(back.length));
}
