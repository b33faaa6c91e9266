/** The priority of the calling thread: on Linux setpriority(2) reaches that thread alone, and those it creates from then on. */
import { getPriority, setPriority } from 'node:os';

/**
 * Makes the calling thread yield to others. One that yields as much already stays as it is: raising takes a privilege.
 *
 * @param nice 0 to 19, where 0 leaves it as it is
 * @throws Error when the kernel refuses, which a seccomp profile may
 */
export function lowerPriority(nice: number): void {
  if (getPriority() < nice) setPriority(nice);
}
