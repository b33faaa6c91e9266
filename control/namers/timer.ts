/** The one timer that namers and interpreters use, passed in so that tests turn the clock. */
import type { Stop } from '../../core/names/live.ts';

/** Runs an action once, `delayMs` from now, unless stopped. */
export type After = (delayMs: number, action: () => void) => Stop;

/** {@link After} on Node's timers. */
export const afterMs: After = (delayMs, action) => {
  const timer = setTimeout(action, delayMs);
  return () => clearTimeout(timer);
};
