/**
 * Says when to look at a name in a directory again. Events of the kernel make it fast and a poll makes it certain: what
 * happened is never taken from an event, only found by looking.
 *
 *     fs.watch event, event, event --settleMs--> pulse of the names spoken of, and of every link: any change may be behind one
 *     every pollMs --the directory itself is as events left it--> pulse of the next few names, in a round
 *                  \-it is not, or there is no watch------------> pulse of all names
 *
 * So a directory that rests costs one stat a poll, however many names are looked at in it. The round is for what has no
 * event and leaves the directory as it was: a file written in place on another machine, or behind a link to elsewhere.
 */
import { type BigIntStats, type FSWatcher, lstatSync, statSync, watch } from 'node:fs';
import { join } from 'node:path';
import { Live, type Stop } from '../../core/names/live.ts';
import type { After } from './timer.ts';

/** A reason to look at a name. */
export interface Pulse {
  /** The kernel has spoken of it since the last pulse. */
  readonly touched: boolean;
}

/** Watches and polls are timed by this. */
export interface PulseTiming {
  readonly after: After;
  /** Time between two polls. */
  readonly pollMs: number;
  /** Time for which events are gathered. */
  readonly settleMs: number;
  /** Names of a directory that one poll looks at, where nothing else tells of a change. */
  readonly roundNames: number;
}

/** The pulses of names, one watch a directory however many are looked at in it. */
export class DirectoryPulses {
  readonly #timing: PulseTiming;
  readonly #pulsers = new Map<string, Pulser>();

  constructor(timing: PulseTiming) {
    this.#timing = timing;
  }

  /** Directories watched now. */
  get active(): number {
    return this.#pulsers.size;
  }

  /** When to look at a name in a directory: now, then at each pulse. */
  of(directory: string, name: string): Live<Pulse> {
    return new Live<Pulse>((set) => {
      const pulser = this.#pulsers.get(directory) ?? new Pulser(directory, this.#timing);
      this.#pulsers.set(directory, pulser);
      pulser.add(name, set);
      set({ touched: false });
      return () => {
        if (!pulser.remove(name, set)) return;
        this.#pulsers.delete(directory);
        pulser.close();
      };
    });
  }
}

type Looker = (pulse: Pulse) => void;

/** How a directory was found: `changed` and `moved` say that there may be changes of which no event has spoken. */
type Found = 'same' | 'changed' | 'moved';

/** Stands for a name when the kernel does not say which. */
const ANY = '';

class Pulser {
  readonly #directory: string;
  readonly #timing: PulseTiming;
  readonly #lookers = new Map<string, Set<Looker>>();
  /** Names that are links. */
  readonly #links = new Set<string>();
  /** Where the round is; a map's iterator sees what is added meanwhile, and not what is removed. */
  #round: Iterator<string> = this.#lookers.keys();
  #watcher: FSWatcher | undefined;
  /** Device and inode under the watch: a directory put in its place has others. */
  #identity: string | undefined;
  /** The directory's last change that events have spoken of, or after which all names were looked at. */
  #knownNs = 0n;
  #touched = new Set<string>();
  #stopSettle: Stop | undefined;
  #stopPoll: Stop;

  constructor(directory: string, timing: PulseTiming) {
    this.#directory = directory;
    this.#timing = timing;
    this.#stopPoll = timing.after(timing.pollMs, () => this.#poll());
    this.#lookAtDirectory();
  }

  add(name: string, looker: Looker): void {
    const lookers = this.#lookers.get(name);
    if (lookers !== undefined) lookers.add(looker);
    else {
      this.#lookers.set(name, new Set([looker]));
      this.#noteLink(name);
    }
  }

  /** @returns whether nobody looks at anything in the directory any more */
  remove(name: string, looker: Looker): boolean {
    const lookers = this.#lookers.get(name);
    lookers?.delete(looker);
    if (lookers?.size === 0) {
      this.#lookers.delete(name);
      this.#links.delete(name);
    }
    return this.#lookers.size === 0;
  }

  close(): void {
    this.#stopPoll();
    this.#stopSettle?.();
    this.#unwatch();
  }

  #poll(): void {
    this.#stopPoll = this.#timing.after(this.#timing.pollMs, () => this.#poll());
    const found = this.#lookAtDirectory();
    // While events are gathered, it is they who speak of the change.
    const all = found === 'moved' || (found === 'changed' && this.#stopSettle === undefined);
    for (const name of all ? [...this.#lookers.keys()] : this.#nextOfRound()) this.#tell(name, false);
  }

  #nextOfRound(): string[] {
    const names: string[] = [];
    const count = Math.min(this.#timing.roundNames, this.#lookers.size);
    while (names.length < count) {
      const next = this.#round.next();
      if (next.done === true) this.#round = this.#lookers.keys();
      else names.push(next.value);
    }
    return names;
  }

  #onEvent(name: string): void {
    this.#touched.add(name);
    this.#stopSettle ??= this.#timing.after(this.#timing.settleMs, () => this.#onSettled());
  }

  #onSettled(): void {
    const touched = this.#touched;
    this.#stopSettle = undefined;
    this.#touched = new Set();
    const all = this.#lookAtDirectory() === 'moved' || touched.has(ANY);
    const names = all ? [...this.#lookers.keys()] : new Set([...touched, ...this.#links]);
    for (const name of names) this.#tell(name, touched.has(name));
  }

  #tell(name: string, touched: boolean): void {
    const lookers = this.#lookers.get(name);
    if (lookers === undefined) return;
    this.#noteLink(name);
    const pulse = { touched };
    for (const looker of [...lookers]) looker(pulse);
  }

  #noteLink(name: string): void {
    if (isLink(join(this.#directory, name))) this.#links.add(name);
    else this.#links.delete(name);
  }

  /** Puts the watch on the directory that has the name now. */
  #lookAtDirectory(): Found {
    const stats = statOf(this.#directory);
    if (stats === undefined) {
      const found = this.#identity === undefined ? 'same' : 'moved';
      this.#unwatch();
      return found;
    }
    const { dev, ino, mtimeNs } = stats;
    const found = mtimeNs === this.#knownNs ? 'same' : 'changed';
    this.#knownNs = mtimeNs;
    const identity = `${dev}:${ino}`;
    if (identity === this.#identity && this.#watcher !== undefined) return found;
    this.#unwatch();
    this.#identity = identity;
    try {
      this.#watcher = watch(this.#directory, (_, name) => this.#onEvent(name ?? ANY));
      this.#watcher.on('error', () => this.#unwatch());
    } catch {
      // No watches are left: the poll looks at everything, and tries again.
    }
    return 'moved';
  }

  #unwatch(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#identity = undefined;
  }
}

function statOf(directory: string): BigIntStats | undefined {
  try {
    return statSync(directory, { bigint: true });
  } catch {
    return undefined;
  }
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  } catch {
    return false;
  }
}
