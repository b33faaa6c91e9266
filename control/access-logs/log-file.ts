/**
 * A log file with its rolling: one write at a time, whole lines, and the old file put aside when the policy says so.
 *
 *     open --write--> writing --> open          a line that would pass the bound, or the hour, rolls first:
 *       ^                          |            rename, prune, open again
 *       +--------- roll -----------+
 */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  unlinkSync,
  write as writeCallback,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { AccessLogConfig } from '../../core/config/access-log.ts';
import { isRolledName, nextRollMs, rolledPath } from './rolling.ts';

const write = promisify(writeCallback);
/** What stands behind the standard streams may be a socket, or another user's: then it is not opened a second time. */
const STREAMS: Readonly<Record<string, number>> = { '/dev/stdout': 1, '/dev/stderr': 2 };
/** A pipe that is full may be read again soon. */
const FULL_PAUSE_MS = 10;
const FILE_MODE = 0o644;
const LINE_FEED = 0x0a;

/** A log that cannot be opened: a mistake of the operator's. */
export class AccessLogError extends Error {}

/** Tells an operator of trouble. */
export type Tell = (message: string, error: unknown) => void;

/** One file. */
export class LogFile {
  readonly path: string;
  readonly config: AccessLogConfig;
  readonly #nowMs: () => number;
  #fd = -1;
  /** Standard streams, pipes and devices are never renamed. */
  #isRegular = false;
  #bytes = 0;
  #openedMs = 0;
  #rollMs = Number.POSITIVE_INFINITY;
  /** The last line written is not whole. */
  #torn = false;
  readonly #tell: Tell;

  /** @param tell what goes wrong without keeping lines from being written */
  constructor(config: AccessLogConfig, nowMs: () => number, tell: Tell) {
    this.#tell = tell;
    this.path = config.file;
    this.config = config;
    this.#nowMs = nowMs;
  }

  /** @throws AccessLogError when it cannot be written */
  open(): void {
    try {
      if (STREAMS[this.path] === undefined) mkdirSync(dirname(this.path), { recursive: true });
      this.#open(this.config.append || STREAMS[this.path] !== undefined);
    } catch (error) {
      throw new AccessLogError(`cannot write the access log ${this.path}: ${(error as Error).message}`);
    }
  }

  #open(keep: boolean): void {
    // A pipe that nobody reads must not hold up a thread, nor the end of the process.
    const { O_WRONLY, O_CREAT, O_APPEND, O_TRUNC, O_NONBLOCK } = constants;
    const flags = O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | (keep ? 0 : O_TRUNC);
    const stream = STREAMS[this.path];
    try {
      this.#fd = openSync(this.path, flags, FILE_MODE);
    } catch (error) {
      if (stream === undefined) throw error;
      this.#fd = stream;
    }
    const stat = fstatSync(this.#fd);
    this.#isRegular = stream === undefined && stat.isFile();
    this.#bytes = this.#isRegular ? stat.size : 0;
    this.#openedMs = this.#nowMs();
    this.#rollMs = this.#isRegular ? nextRollMs(this.config.rollPolicy, this.#openedMs) : Number.POSITIVE_INFINITY;
  }

  /** SIGHUP: whoever sent it has moved the file away. @throws when it cannot be opened again; lines then go where they went */
  reopen(): void {
    if (!this.#isRegular) return;
    const old = this.#fd;
    this.#open(true);
    closeSync(old);
  }

  /** Writes lines, each with its line feed. @throws when they could not all be written */
  async write(lines: readonly string[]): Promise<void> {
    if (this.#nowMs() >= this.#rollMs) this.#roll();
    const { rollPolicy } = this.config;
    const bytesMax = rollPolicy.kind === 'size' && this.#isRegular ? rollPolicy.bytes : Number.POSITIVE_INFINITY;
    let from = 0;
    for (let i = 0, bytes = 0; i < lines.length; i++) {
      const lineBytes = (lines[i] as string).length;
      if (this.#bytes + bytes + lineBytes > bytesMax && this.#bytes + bytes > 0) {
        await this.#writeAll(lines.slice(from, i).join(''));
        this.#roll();
        from = i;
        bytes = 0;
      }
      bytes += lineBytes;
    }
    await this.#writeAll(lines.slice(from).join(''));
  }

  /** @param text of ASCII, as escaping leaves it */
  async #writeAll(text: string): Promise<void> {
    const bytes = Buffer.from(this.#torn ? `\n${text}` : text, 'latin1');
    for (let at = 0; at < bytes.length; ) {
      try {
        const { bytesWritten } = await write(this.#fd, bytes, at, bytes.length - at, null);
        at += bytesWritten;
        this.#bytes += bytesWritten;
        this.#torn = at < bytes.length && bytes[at - 1] !== LINE_FEED;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
        await sleep(FULL_PAUSE_MS);
      }
    }
  }

  /** Lines go on to the old file when there can be no new one. */
  #roll(): void {
    try {
      this.#putAside();
    } catch (error) {
      this.#rollMs = nextRollMs(this.config.rollPolicy, this.#nowMs());
      this.#tell(`access log ${this.path} could not be rolled`, error);
    }
  }

  #putAside(): void {
    // It may be gone: moved away by somebody, or by a roll that went wrong half-way.
    if (existsSync(this.path)) renameSync(this.path, this.#freePath());
    const old = this.#fd;
    this.#open(true);
    closeSync(old);
    this.#prune();
  }

  /** Behind all of its time that are there: a number that a deleted one has left free would make the newest the oldest. */
  #freePath(): string {
    const rolled = rolledPath(this.path, this.config.rollPolicy, this.#openedMs);
    const name = basename(rolled);
    const numbers = readdirSync(dirname(rolled))
      .filter((other) => other === name || other.startsWith(`${name}.`))
      .map((other) => Number(other.slice(name.length + 1)))
      .filter(Number.isInteger);
    return numbers.length === 0 ? rolled : `${rolled}.${Math.max(...numbers) + 1}`;
  }

  /** Deletes the oldest rolled files beyond those that are kept. */
  #prune(): void {
    const { rotateCount } = this.config;
    if (rotateCount < 0) return;
    const directory = dirname(this.path);
    const ownName = basename(this.path);
    const rolled = readdirSync(directory).filter((name) => isRolledName(name, ownName));
    const surplus = rolled.sort(byAge).slice(0, Math.max(0, rolled.length - rotateCount));
    for (const name of surplus) unlinkSync(join(directory, name));
  }

  close(): void {
    if (this.#fd > 2) closeSync(this.#fd);
    this.#fd = -1;
  }
}

/** Names say when their files were begun; the number behind one says in which order those of one time were. */
function byAge(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
