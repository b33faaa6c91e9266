/** The process: from a configuration to a running Weft, and to its end. */

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { LinkerConfig } from '../core/config/types.ts';
import { readLimits } from '../core/limits.ts';
import { startAdmin } from './admin/server.ts';
import { createAdminContext } from './admin-context.ts';
import { loadConfig } from './config/load.ts';
import { createLog, type Logger } from './log.ts';
import { Supervisor } from './supervisor.ts';

/** What the command line says. */
export interface RunOptions {
  readonly configText: string;
  /** What the text is called in messages: a path, or `<stdin>`. */
  readonly source: string;
  /** Linkerd's name of a log level. */
  readonly logLevel: string;
}

/**
 * Runs Weft until SIGTERM, SIGINT or `/admin/shutdown`.
 *
 * @returns when every server listens
 * @throws ConfigError, LimitError, ListenError, AccessLogError, ZlibError: a mistake of the operator's, explained in the message
 */
export async function run({ configText, source, logLevel }: RunOptions): Promise<void> {
  const limits = readLimits(process.env);
  const config = loadConfig(configText, source, { limits });
  const log = createLog(logLevel);
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  log.info(`weft ${version}`);
  const workers = limits.workers === 0 ? availableParallelism() : limits.workers;
  const supervisor = new Supervisor(config, workers, limits, log);
  const ending = new Ending(config, log, supervisor);
  const context = createAdminContext({ supervisor, log, version, shutdown: (graceMs) => ending.begin(graceMs) });
  const { ip, port, security } = config.admin;
  const admin = await startAdmin({ ip, port, security, limits, context });
  ending.onEnd(() => admin.close());
  await supervisor.start();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      log.info(`Received ${signal}. Shutting down ...`);
      ending.begin(undefined);
    });
  }
  log.info('initialized');
}

/** A graceful end, once. */
class Ending {
  readonly #config: LinkerConfig;
  readonly #log: Logger;
  readonly #supervisor: Supervisor;
  #begun = false;
  #last: () => Promise<void> | void = () => {};

  constructor(config: LinkerConfig, log: Logger, supervisor: Supervisor) {
    this.#config = config;
    this.#log = log;
    this.#supervisor = supervisor;
  }

  /** What is closed after the workers have ended. */
  onEnd(last: () => Promise<void> | void): void {
    this.#last = last;
  }

  begin(graceMs: number | undefined): void {
    if (this.#begun) return;
    this.#begun = true;
    void this.#end(graceMs ?? this.#config.admin.shutdownGraceMs);
  }

  async #end(graceMs: number): Promise<void> {
    await this.#supervisor.stop(graceMs);
    await this.#last();
    this.#log.info('stopped');
    process.exit(0);
  }
}
