/**
 * How many descriptors the process may have open: what accepted connections and those to endpoints share.
 *
 * Node raises the soft limit to the hard one when it starts, so the soft one read here is in force.
 */
import { readFileSync } from 'node:fs';

/** Taken when the kernel says `unlimited` or nothing: the kernel's own bound (fs.nr_open) by default. */
const DEFAULT_MAX = 1048576;

/** @param limits the text of `/proc/self/limits` */
export function descriptorsOf(limits: string): number {
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? DEFAULT_MAX : Number(soft);
}

/** The bound of this process. */
export function readDescriptorsMax(): number {
  try {
    return descriptorsOf(readFileSync('/proc/self/limits', 'latin1'));
  } catch {
    return DEFAULT_MAX;
  }
}
