/**
 * `npm test [PATH...]`: builds, then runs the suite under Node's own runner; `--full` runs test/full instead, which
 * needs more tools on the machine (curl, nginx, wrk, ...) and the machine to itself.
 *
 * The file list is made here because `node --test` of Node 20 knows no glob patterns.
 */
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { ensureReady, filesUnder, ROOT, runScript, SetupError } from './setup.mjs';

/** More at once would only make tests with sockets and threads wait for each other. */
const CONCURRENCY_MAX = 4;
/** Ends a test that hangs; far above what a whole file may take. */
const TEST_TIMEOUT_MS = 120_000;

/**
 * The test files to run.
 *
 * @param {readonly string[]} compiled all compiled files, relative to the checkout
 * @param {boolean} full whether test/full is asked for; otherwise it is left out
 * @param {readonly string[]} prefixes sources or directories, such as `core/names`; none means all
 */
export function selectTests(compiled, full, prefixes) {
  return compiled
    .filter((path) => path.endsWith('.test.js') && path.startsWith('dist/test/full/') === full)
    .filter((path) => prefixes.length === 0 || prefixes.some((prefix) => path.startsWith(compiledPath(prefix))));
}

/** @param {string} source */
function compiledPath(source) {
  return `dist/${source.replace(/^\.\//, '').replace(/\.ts$/, '.js')}`;
}

/** @param {readonly string[]} args */
function main(args) {
  ensureReady();
  const full = args.includes('--full');
  const prefixes = args.filter((arg) => arg !== '--full');
  const files = selectTests(filesUnder(ROOT, 'dist'), full, prefixes);
  // Without a file `node --test` would look for tests by itself, and find other ones.
  if (files.length === 0) throw new SetupError('No test file matches.');
  const concurrency = full ? 1 : Math.min(CONCURRENCY_MAX, availableParallelism());
  const flags = ['--test', '--test-reporter=spec', '--test-reporter-destination=stdout'];
  flags.push(`--test-concurrency=${concurrency}`, `--test-timeout=${TEST_TIMEOUT_MS}`, '--enable-source-maps');
  const { status } = spawnSync(process.execPath, [...flags, ...files], { cwd: ROOT, stdio: ['ignore', 1, 2] });
  process.exitCode = status ?? 1;
}

if (import.meta.filename === process.argv[1]) await runScript(() => main(process.argv.slice(2)));
