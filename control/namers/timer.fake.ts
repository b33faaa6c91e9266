/** A clock for tests: it stands still until it is told to advance. */
import type { After } from './timer.ts';

interface Timer {
  readonly dueMs: number;
  readonly action: () => void;
}

export class FakeClock {
  nowMs = 0;
  readonly #timers = new Set<Timer>();

  /** Timers that have neither run nor been stopped. */
  get pending(): number {
    return this.#timers.size;
  }

  readonly after: After = (delayMs, action) => {
    const timer = { dueMs: this.nowMs + delayMs, action };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  };

  /** Lets time pass, running what falls due in its order. */
  advance(durationMs: number): void {
    const untilMs = this.nowMs + durationMs;
    for (;;) {
      const due = [...this.#timers].filter((timer) => timer.dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.nowMs = due.dueMs;
      due.action();
    }
    this.nowMs = untilMs;
  }
}
