/**
 * The command line: Linkerd's spellings (`-validate`, `-log.level=DEBUG`, `--` before the file) and the usual long ones.
 */

/** What `--help` prints, and wrong usage too. */
export const USAGE = `usage: weft [flags] path/to/linkerd.yaml

  The configuration is YAML, or JSON when it begins with '{'. '-' reads it from standard input.

flags:
  --validate, -validate                   check the configuration and exit: 0 when it is right, 1 when not
  --log-level=LEVEL, -log.level=LEVEL     OFF, FATAL, CRITICAL, ERROR, WARNING, INFO (default), DEBUG, TRACE or ALL
  --version                               print the version and exit
  --help, -help                           print this and exit
  --                                      end of the flags

Limits are set by environment variables, see docs/tuning.md.
`;

const LOG_LEVELS = ['OFF', 'FATAL', 'CRITICAL', 'ERROR', 'WARNING', 'INFO', 'DEBUG', 'TRACE', 'ALL'];

/** A command line that means nothing; the message says what is wrong with it. */
export class UsageError extends Error {}

/**
 * Reads the command line.
 *
 * @typedef {{action: 'help'} | {action: 'version'}
 *   | {action: 'run' | 'validate', path: string, logLevel: string}} Command
 * @param {readonly string[]} args without the program's own name
 * @returns {Command}
 * @throws UsageError
 */
export function readArguments(args) {
  let validate = false;
  let logLevel = 'INFO';
  let next = 0;
  for (; next < args.length; next += 1) {
    const arg = args[next] ?? '';
    if (arg === '--') {
      next += 1;
      break;
    }
    if (arg === '-' || !arg.startsWith('-')) break;
    const [flag, value] = splitFlag(arg);
    if (flag === 'help' && value === undefined) return { action: 'help' };
    if (flag === 'version' && value === undefined) return { action: 'version' };
    if (flag === 'validate') validate = readBoolean(arg, value);
    else if (flag === 'log.level' || flag === 'log-level') logLevel = readLogLevel(arg, value);
    else throw new UsageError(unknownFlag(arg, flag));
  }
  const paths = args.slice(next);
  const [path] = paths;
  if (path === undefined || paths.length > 1) {
    throw new UsageError(`expected one configuration file, got ${paths.length || 'none'}`);
  }
  return { action: validate ? 'validate' : 'run', path, logLevel };
}

/**
 * @param {string} arg such as `-log.level=DEBUG`
 * @returns {[flag: string, value: string | undefined]}
 */
function splitFlag(arg) {
  const text = arg.replace(/^--?/, '');
  const equals = text.indexOf('=');
  return equals < 0 ? [text, undefined] : [text.slice(0, equals), text.slice(equals + 1)];
}

/**
 * @param {string} arg
 * @param {string | undefined} value
 */
function readBoolean(arg, value) {
  if (value === undefined || value === 'true') return true;
  if (value === 'false') return false;
  throw new UsageError(`${arg}: expected true or false`);
}

/**
 * @param {string} arg
 * @param {string | undefined} value
 */
function readLogLevel(arg, value) {
  const level = (value ?? '').toUpperCase();
  if (!LOG_LEVELS.includes(level)) throw new UsageError(`${arg}: expected one of ${LOG_LEVELS.join(', ')}`);
  return level;
}

/**
 * @param {string} arg
 * @param {string} flag
 */
function unknownFlag(arg, flag) {
  return flag.startsWith('com.twitter.') || flag.startsWith('io.buoyant.')
    ? `${arg}: a flag of Linkerd's libraries, and Weft does not support it; see docs/compatibility.md`
    : `unknown flag: ${arg}`;
}
