/**
 * One disco file, read again whenever it may have changed.
 *
 *     pulse --same stat--> nothing            text --endpoints---------------------------------> good, told
 *           --else-------> read --+           text --malformed or empty--> doubt --doubtMs, same stat--> believed
 *                                 |           refused (size, rights) ------------> reported
 *                                 +---------> no file ---------------------------> absent
 *
 * A writer that truncates and then writes shows, for a moment, a file that is empty or cut: so nothing that looks
 * like it is believed at first sight. What is malformed or refused never takes the place of a good content.
 */
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { type Activity, failed, ok, PENDING, type State } from '../../core/names/activity.ts';
import { Live, type Stop } from '../../core/names/live.ts';
import { type Endpoint, type FileContent, readEndpoints } from './fs-addresses.ts';
import type { DirectoryPulses } from './fs-pulses.ts';
import type { After } from './timer.ts';

/** What a file says; undefined when there is no such file. */
export type FileEndpoints = readonly Endpoint[] | undefined;

/** What reading files needs. */
export interface FileReading {
  readonly pulses: DirectoryPulses;
  readonly after: After;
  /** Time after which a doubtful content is read again. */
  readonly doubtMs: number;
  readonly fileBytesMax: number;
  /** Told each time that a file was found larger than that. */
  readonly onTooLarge: () => void;
  /** Told once of each thing that is wrong with a file. */
  readonly onProblem: (path: string, message: string) => void;
}

/** What a file said, and the stat that it had. */
interface Reading {
  readonly signature: string;
  readonly content: FileContent;
}

/** A file changed this recently may change again within the same tick of the kernel's clock, unseen by its stat. */
const RACY_MS = 50;

/** The endpoints of a file: failed only if it never had a good content since it exists. */
export function fileEndpoints(path: string, reading: FileReading): Activity<FileEndpoints> {
  return new Live<State<FileEndpoints>>((set) => {
    set(PENDING);
    const file = new DiscoFile(path, reading, set);
    const pulses = reading.pulses.of(dirname(path), basename(path));
    const stopPulses = pulses.observe(({ touched }) => file.look(touched));
    return () => {
      stopPulses();
      file.close();
    };
  });
}

class DiscoFile {
  readonly #path: string;
  readonly #reading: FileReading;
  readonly #set: (state: State<FileEndpoints>) => void;
  /** The stat of the last reading; undefined where another look must read in any case. */
  #signature: string | undefined;
  #hasGood = false;
  #problem: string | undefined;
  #doubt: { readonly signature: string; readonly stop: Stop } | undefined;

  constructor(path: string, reading: FileReading, set: (state: State<FileEndpoints>) => void) {
    this.#path = path;
    this.#reading = reading;
    this.#set = set;
  }

  close(): void {
    this.#doubt?.stop();
    this.#doubt = undefined;
  }

  /** Reads the file if it may have changed. @param touched the kernel says that it was */
  look(touched: boolean): void {
    this.#try(() => {
      const known = touched ? undefined : this.#signature;
      if (known === undefined || signatureOf(statSync(this.#path, { bigint: true })) !== known) {
        this.#judge(this.#read(), false);
      }
    });
  }

  #try(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#onError(error as NodeJS.ErrnoException);
    }
  }

  #read(): Reading {
    // Without O_NONBLOCK, opening a named pipe would wait for its writer.
    const fd = openSync(this.#path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stats = fstatSync(fd, { bigint: true });
      const racy = Date.now() - Number(stats.ctimeMs) < RACY_MS;
      const signature = signatureOf(stats);
      this.#signature = racy ? undefined : signature;
      if (!stats.isFile()) throw new Error('not a regular file');
      const bytes = Number(stats.size);
      const { fileBytesMax } = this.#reading;
      if (bytes > fileBytesMax) {
        this.#reading.onTooLarge();
        throw new Error(`file of ${bytes} bytes is over the limit of ${fileBytesMax}`);
      }
      return { signature, content: readEndpoints(readText(fd, bytes)) };
    } finally {
      closeSync(fd);
    }
  }

  #judge({ signature, content }: Reading, confirming: boolean): void {
    const doubtful = 'malformed' in content || content.endpoints.length === 0;
    // By its stat, not its text: a file may well be empty twice with all its lines in between.
    if (doubtful && this.#doubt?.signature !== signature) this.#doubtIt(signature);
    else if (!doubtful || confirming) this.#believe(content);
  }

  #believe(content: FileContent): void {
    this.close();
    if ('malformed' in content) {
      this.#report(`malformed address: ${content.malformed}`);
      return;
    }
    this.#problem = undefined;
    this.#hasGood = true;
    this.#set(ok(content.endpoints));
  }

  #doubtIt(signature: string): void {
    this.close();
    const confirm = () => this.#try(() => this.#judge(this.#read(), true));
    this.#doubt = { signature, stop: this.#reading.after(this.#reading.doubtMs, confirm) };
  }

  #onError(error: NodeJS.ErrnoException): void {
    this.close();
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') {
      this.#report(error.message);
      return;
    }
    this.#signature = undefined;
    this.#problem = undefined;
    this.#hasGood = false;
    this.#set(ok(undefined));
  }

  #report(message: string): void {
    if (!this.#hasGood) this.#set(failed(message));
    if (message === this.#problem) return;
    this.#problem = message;
    this.#reading.onProblem(this.#path, message);
  }
}

function signatureOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`;
}

function readText(fd: number, bytes: number): string {
  const buffer = Buffer.allocUnsafe(bytes);
  let filled = 0;
  while (filled < bytes) {
    const count = readSync(fd, buffer, filled, bytes - filled, filled);
    if (count === 0) break;
    filled += count;
  }
  return buffer.toString('utf8', 0, filled);
}
