/**
 * What a worker has to say to people: lines that the supervisor writes. What goes wrong with one request may go wrong with
 * each, thousands of times a second, so that only so many lines a second are passed on; the others are counted.
 */
import type { CountedLimitName, LimitValues } from '../core/limits.ts';
import { ticksOf } from './reactor/timer-wheel.ts';

const SECOND_TICKS = ticksOf(1000);

/** How much a line matters. */
export type LogLevel = 'info' | 'warn' | 'error';

/** What a log needs of its worker: `Net` has it. */
export interface LogEnvironment {
  readonly reactor: { readonly nowTick: number };
  readonly limits: Pick<LimitValues, 'logLinesPerSecondMax'>;
  limitMet(name: CountedLimitName): void;
}

/** One worker's lines. */
export class WorkerLog {
  readonly #environment: LogEnvironment;
  readonly #say: (level: LogLevel, message: string) => void;
  #secondEndTick = 0;
  #lines = 0;

  /** @param say passes a line on */
  constructor(environment: LogEnvironment, say: (level: LogLevel, message: string) => void) {
    this.#environment = environment;
    this.#say = say;
  }

  /** Writes a line. */
  write(level: LogLevel, message: string): void {
    const { reactor, limits } = this.#environment;
    const { nowTick } = reactor;
    if (nowTick >= this.#secondEndTick) {
      this.#secondEndTick = nowTick + SECOND_TICKS;
      this.#lines = 0;
    }
    if (this.#lines >= limits.logLinesPerSecondMax) {
      this.#environment.limitMet('logLinesPerSecondMax');
      return;
    }
    this.#lines++;
    this.#say(level, message);
  }

  /** Writes what a handler has thrown. */
  fault(error: unknown): void {
    this.write('error', error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}
