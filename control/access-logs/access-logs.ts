/**
 * The access logs of all routers: takes the workers' records out of their rings and writes them.
 *
 *     worker 0 --ring--+
 *     worker 1 --ring--+--> records --> lines, by file --> LogFile      every 50 ms, one round at a time
 *
 * While a file does not take lines, the rings fill up and workers drop records, which they count. Nobody waits.
 */
import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { RingBuffer } from 'ringbuf.js';
import { accessLogOf } from '../../core/config/access-log.ts';
import type { RouterConfig } from '../../core/config/types.ts';
import { RECORD_WORDS, readAccessRecord } from '../../core/shared/access-record.ts';
import type { Logger } from '../log.ts';
import { formatLine } from './line.ts';
import { AccessLogError, LogFile } from './log-file.ts';

const ROUND_MS = 50;
/** Of the same trouble is told once in this time. */
const TROUBLE_LOG_MS = 10_000;
/** At the end, a file has so long to take what is left. */
const LAST_ROUND_MS = 2000;

function reopens({ config }: LogFile): boolean {
  return config.rollPolicy.kind === 'sighup';
}

/** Whether any router has an access log. */
export function hasAccessLog(routers: readonly RouterConfig[]): boolean {
  return routers.some((router) => accessLogOf(router) !== undefined);
}

/** Writes what the workers record. */
export class AccessLogs {
  readonly #routers: readonly RouterConfig[];
  readonly #rings: readonly RingBuffer[];
  readonly #log: Logger;
  /** By router; undefined for one without a log. */
  readonly #files: readonly (LogFile | undefined)[];
  readonly #distinct: readonly LogFile[];
  readonly #onHangup = () => this.#reopen();
  #words: Int32Array;
  #bytes: Buffer;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #toldMs = 0;

  /**
   * @param rings one a worker
   * @throws AccessLogError when two routers want one file in different ways
   */
  constructor(routers: readonly RouterConfig[], rings: readonly SharedArrayBuffer[], log: Logger, nowMs = Date.now) {
    this.#routers = routers;
    this.#rings = rings.map((ring) => new RingBuffer(ring, Int32Array));
    this.#log = log;
    const byPath = new Map<string, LogFile>();
    this.#files = routers.map((router) => {
      const config = accessLogOf(router);
      if (config === undefined) return undefined;
      const path = resolve(config.file);
      const file = byPath.get(path) ?? new LogFile(config, nowMs, (message, error) => this.#tell(message, error));
      byPath.set(path, file);
      if (!isDeepStrictEqual(file.config, { ...config, file: file.config.file })) {
        throw new AccessLogError(`${path} is the access log of two routers, which roll or keep it differently`);
      }
      return file;
    });
    this.#distinct = [...byPath.values()];
    this.#words = new Int32Array(this.#rings[0]?.capacity() ?? 0);
    this.#bytes = Buffer.from(this.#words.buffer);
  }

  /**
   * Opens the files and begins to write.
   * @throws AccessLogError when a file cannot be opened
   */
  start(): void {
    for (const file of this.#distinct) file.open();
    if (this.#distinct.some(reopens)) process.on('SIGHUP', this.#onHangup);
    this.#later();
  }

  #later(): void {
    this.#timer = setTimeout(() => {
      this.#round = this.#write().then(() => this.#later());
    }, ROUND_MS);
    this.#timer.unref();
  }

  /** One round: what is in the rings goes to the files. */
  async #write(): Promise<void> {
    const lines = this.#drain();
    const writes = [...lines].map(([file, texts]) =>
      file.write(texts).catch((error: unknown) => this.#tell(`access log ${file.path}: lines are lost`, error)),
    );
    await Promise.all(writes);
  }

  #drain(): Map<LogFile, string[]> {
    const lines = new Map<LogFile, string[]>();
    const latin1 = (at: number, end: number) => this.#bytes.toString('latin1', at, end);
    for (const ring of this.#rings) {
      // Records are pushed whole: what is there ends with a record.
      const end = ring.pop(this.#words, this.#words.length);
      for (let at = 0; at < end; at += this.#words[at + RECORD_WORDS] as number) {
        const record = readAccessRecord(this.#words, at, latin1);
        const file = this.#files[record.router];
        if (file === undefined) continue;
        const texts = lines.get(file) ?? [];
        texts.push(formatLine(record, (this.#routers[record.router] as RouterConfig).protocol));
        lines.set(file, texts);
      }
    }
    return lines;
  }

  #reopen(): void {
    for (const file of this.#distinct.filter(reopens)) {
      try {
        file.reopen();
      } catch (error) {
        this.#tell(`access log ${file.path} could not be opened again`, error);
      }
    }
  }

  #tell(message: string, error: unknown): void {
    const nowMs = Date.now();
    if (nowMs < this.#toldMs) return;
    this.#toldMs = nowMs + TROUBLE_LOG_MS;
    this.#log.warn({ err: error }, message);
  }

  /** Writes what is left, once no worker records any more. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    process.off('SIGHUP', this.#onHangup);
    const last = this.#round.then(() => {
      clearTimeout(this.#timer);
      return this.#write();
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LAST_ROUND_MS);
    });
    await Promise.race([last, late]);
    clearTimeout(timer);
    for (const file of this.#distinct) file.close();
  }
}
