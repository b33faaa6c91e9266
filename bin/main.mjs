/**
 * From the command line to a running Weft. Does as little as it can before the configuration is read: an out-of-date
 * build is looked for (a few milliseconds), nothing else.
 *
 * Exit status: 0 done; 1 the configuration is wrong or Weft cannot start; 64 the command line is wrong (sysexits.h).
 */
import { readFileSync, statSync } from 'node:fs';
import { ensureBuilt, SetupError } from '../scripts/setup.mjs';
import { readArguments, USAGE, UsageError } from './arguments.mjs';

const EXIT_FAILED = 1;
const EXIT_USAGE = 64;

/** A configuration file that cannot be read. */
class FileError extends Error {}

/**
 * Runs the command.
 *
 * @param {readonly string[]} args the command line without the program's name
 */
export async function main(args) {
  try {
    await execute(readArguments(args));
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`weft: ${error.message}\n\n${USAGE}`);
      process.exitCode = EXIT_USAGE;
      return;
    }
    process.stderr.write(`weft: ${describe(error)}\n`);
    process.exit(EXIT_FAILED);
  }
}

/** @param {import('./arguments.mjs').Command} command */
async function execute(command) {
  if (command.action === 'help') {
    process.stdout.write(USAGE);
    return;
  }
  if (command.action === 'version') {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    process.stdout.write(`weft ${version}\n`);
    return;
  }
  const source = command.path === '-' ? '<stdin>' : command.path;
  const configText = readConfig(command.path);
  ensureBuilt();
  if (command.action === 'validate') {
    const { loadConfig } = await importBuilt('control/config/load.js');
    loadConfig(configText, source, {});
    return;
  }
  const { run } = await importBuilt('control/main.js');
  await run({ configText, source, logLevel: command.logLevel });
}

/**
 * A compiled module. The path is computed, so that this file's types can be checked before dist/ exists.
 *
 * @param {string} path within dist/
 */
function importBuilt(path) {
  return import(new URL(`../dist/${path}`, import.meta.url).href);
}

/** @param {string} path a file, or `-` for standard input */
function readConfig(path) {
  if (path === '-') return readFileSync(0, 'utf8');
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) throw new FileError(`config is not a file: ${path}`);
  return readFileSync(path, 'utf8');
}

/**
 * A mistake of the operator's is told by its message; anything else is a defect of Weft's, and its stack helps.
 *
 * @param {unknown} error
 */
function describe(error) {
  if (!(error instanceof Error)) return String(error);
  const explained =
    error instanceof FileError ||
    error instanceof SetupError ||
    ['ConfigError', 'LimitError', 'ListenError', 'AdminListenError', 'AccessLogError', 'ZlibError'].includes(
      error.constructor.name,
    ) ||
    ('code' in error && 'syscall' in error);
  return explained ? error.message : error.stack;
}
