/** The application log: pino on standard error, one JSON object a line, the level changeable while running. */
import pino, { type Logger } from 'pino';

/** Linkerd's level names and pino's. */
const LEVELS = new Map<string, string>([
  ['OFF', 'silent'],
  ['FATAL', 'fatal'],
  ['CRITICAL', 'fatal'],
  ['ERROR', 'error'],
  ['WARNING', 'warn'],
  ['WARN', 'warn'],
  ['INFO', 'info'],
  ['DEBUG', 'debug'],
  ['TRACE', 'trace'],
  ['ALL', 'trace'],
]);

export type { Logger };

/** @param level a Linkerd level name, in either case; an unknown one means INFO */
export function createLog(level: string): Logger {
  const name = LEVELS.get(level.toUpperCase()) ?? 'info';
  return pino({ level: name, base: { pid: process.pid } }, pino.destination({ dest: 2, sync: true }));
}

/** The level in force, by Linkerd's name. */
export function levelOf(log: Logger): string {
  for (const [name, own] of LEVELS) if (own === log.level) return name;
  return log.level.toUpperCase();
}

/** Changes the level; an unknown one changes nothing. */
export function setLevel(log: Logger, level: string): void {
  const name = LEVELS.get(level.toUpperCase());
  if (name !== undefined) log.level = name;
}
