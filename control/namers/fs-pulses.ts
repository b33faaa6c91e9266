/**
 * Says when to look at a directory again. Events of the kernel make it fast and a poll makes it certain: what happened
 * is never taken from an event, only found by looking.
 *
 *     fs.watch event, event, event --settleMs--> pulse {names}
 *     every pollMs ----------------------------> pulse {}, and the watch is put on the directory that has the name now
 */
import { type FSWatcher, statSync, watch } from 'node:fs';
import { Live, SharedLives, type Stop } from '../../core/names/live.ts';
import type { After } from './timer.ts';

/** A reason to look at a directory: the names that the kernel spoke of since the last pulse, none for a poll. */
export interface Pulse {
  readonly names: ReadonlySet<string>;
}

/** Watches and polls are timed by this. */
export interface PulseTiming {
  readonly after: After;
  /** Time between two polls. */
  readonly pollMs: number;
  /** Time for which events are gathered into one pulse. */
  readonly settleMs: number;
}

const POLL: ReadonlySet<string> = new Set();

/** The pulses of directories, one watch each however many look. */
export class DirectoryPulses {
  readonly #lives: SharedLives<Pulse>;

  constructor(timing: PulseTiming) {
    this.#lives = new SharedLives((directory) => {
      return new Live<Pulse>((set) => {
        const pulser = new Pulser(directory, timing, set);
        return () => pulser.close();
      });
    });
  }

  /** Directories watched now. */
  get active(): number {
    return this.#lives.size;
  }

  of(directory: string): Live<Pulse> {
    return this.#lives.get(directory);
  }
}

class Pulser {
  readonly #directory: string;
  readonly #timing: PulseTiming;
  readonly #emit: (pulse: Pulse) => void;
  #watcher: FSWatcher | undefined;
  /** Device and inode under the watch: a directory put in its place has others. */
  #watched: string | undefined;
  #names = new Set<string>();
  #stopSettle: Stop | undefined;
  #stopPoll: Stop = () => {};

  constructor(directory: string, timing: PulseTiming, emit: (pulse: Pulse) => void) {
    this.#directory = directory;
    this.#timing = timing;
    this.#emit = emit;
    this.#poll();
  }

  close(): void {
    this.#stopPoll();
    this.#stopSettle?.();
    this.#unwatch();
  }

  #poll(): void {
    this.#stopPoll = this.#timing.after(this.#timing.pollMs, () => this.#poll());
    this.#rewatch();
    this.#emit({ names: POLL });
  }

  #onEvent(name: string): void {
    this.#names.add(name);
    this.#stopSettle ??= this.#timing.after(this.#timing.settleMs, () => {
      const names = this.#names;
      this.#stopSettle = undefined;
      this.#names = new Set();
      this.#rewatch();
      this.#emit({ names });
    });
  }

  #rewatch(): void {
    try {
      const { dev, ino } = statSync(this.#directory);
      const identity = `${dev}:${ino}`;
      if (identity === this.#watched) return;
      this.#unwatch();
      const watcher = watch(this.#directory, (_, name) => this.#onEvent(name ?? ''));
      watcher.on('error', () => this.#unwatch());
      this.#watcher = watcher;
      this.#watched = identity;
    } catch {
      // No such directory, or no watches left: the poll goes on and tries again.
      this.#unwatch();
    }
  }

  #unwatch(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#watched = undefined;
  }
}
