/**
 * Makes a checkout ready to run: the locked packages in node_modules, the compiled program in dist/.
 *
 *     package-lock.json ==? node_modules/.package-lock.json   no -> npm ci
 *     sources' paths, sizes, times ==? dist/.sources          no -> tsc into a fresh directory, renamed to dist/
 *
 * Plain JavaScript, because it runs before the compiler is there. Node's own modules only, for the same reason.
 * What it prints goes to standard error: the standard output of `bin/weft` belongs to Weft.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** What the compiler reads, as tsconfig.json includes it, and what decides how it reads it. */
const SOURCE_ROOTS = ['bench', 'control', 'core', 'examples', 'loadtest', 'test', 'workers'];
const BUILD_INPUTS = ['tsconfig.json', 'package-lock.json'];

/** A failure that its message explains: no stack trace is due. */
export class SetupError extends Error {}

/**
 * Installs and builds what is missing or stale.
 *
 * @param {string} [root] the checkout
 * @throws SetupError when npm or the compiler fails
 */
export function ensureReady(root = ROOT) {
  requireNode(process.versions.node);
  if (!isInstalled(root)) install(root);
  if (!isBuilt(root)) build(root);
}

/**
 * Builds when dist/ is stale. A packaged Weft (the container image) has no tsconfig.json and is never stale.
 *
 * @param {string} [root] the checkout
 */
export function ensureBuilt(root = ROOT) {
  requireNode(process.versions.node);
  if (existsSync(join(root, 'tsconfig.json')) && !isBuilt(root)) ensureReady(root);
}

/**
 * Refuses a Node older than package.json's `engines`.
 *
 * @param {string} version as in `process.versions.node`
 */
export function requireNode(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new SetupError(`Weft needs Node 20.19 or later; this is Node ${version}.`);
  }
}

/**
 * Whether node_modules holds what package-lock.json asks for, by npm's own record of what it installed. An optional
 * package may be absent (it is another platform's binary), but not be there in another version.
 *
 * @param {string} root the checkout
 */
export function isInstalled(root) {
  const wanted = readPackages(join(root, 'package-lock.json'));
  const present = readPackages(join(root, 'node_modules', '.package-lock.json'));
  if (wanted === undefined || present === undefined) return false;
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '') continue;
    const found = present[path];
    if (found === undefined ? !entry.optional : found.integrity !== entry.integrity) return false;
  }
  return Object.keys(present).every((path) => path in wanted);
}

/**
 * @param {string} path a lock file
 * @returns {Record<string, {integrity?: string, optional?: boolean}> | undefined} its packages by path, undefined
 *   when there is no such file
 */
function readPackages(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : undefined;
}

/**
 * Whether dist/ was made from the sources as they are.
 *
 * @param {string} root the checkout
 */
export function isBuilt(root) {
  const stamp = join(root, 'dist', '.sources');
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint(root);
}

/**
 * A digest of the paths, sizes and modification times of all sources: a few milliseconds, unlike reading them, and it
 * notices a deleted file and a checkout of older ones.
 *
 * @param {string} root the checkout
 */
export function fingerprint(root) {
  const hash = createHash('sha256');
  const add = (/** @type {string} */ path) => {
    const { size, mtimeMs } = statSync(join(root, path));
    hash.update(`${path}\0${size}\0${mtimeMs}\n`);
  };
  for (const path of BUILD_INPUTS) add(path);
  for (const directory of SOURCE_ROOTS) {
    for (const path of filesUnder(root, directory)) if (path.endsWith('.ts')) add(path);
  }
  return hash.digest('hex');
}

/**
 * Every file below a directory, as sorted paths relative to `root`; none when the directory does not exist.
 *
 * @param {string} root
 * @param {string} directory relative to `root`
 * @returns {string[]}
 */
export function filesUnder(root, directory) {
  const absolute = join(root, directory);
  if (!existsSync(absolute)) return [];
  return readdirSync(absolute, { withFileTypes: true })
    .flatMap((entry) => {
      const path = `${directory}/${entry.name}`;
      return entry.isDirectory() ? filesUnder(root, path) : [path];
    })
    .sort();
}

/** @param {string} root the checkout */
function install(root) {
  process.stderr.write('Installing packages (npm ci) ...\n');
  // NODE_ENV=production would leave the compiler out.
  run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'], root);
}

/**
 * Compiles into a directory of its own, then takes dist/'s place: nobody meets half a build, and nothing stays of a
 * deleted source.
 *
 * @param {string} root the checkout
 */
function build(root) {
  process.stderr.write('Building (tsc) ...\n');
  const before = fingerprint(root);
  const fresh = join(root, 'node_modules', `.dist-${process.pid}`);
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  try {
    run(process.execPath, [compiler, '-p', root, '--outDir', fresh], root);
    writeFileSync(join(fresh, '.sources'), before);
    rmSync(join(root, 'dist'), { recursive: true, force: true });
    renameSync(fresh, join(root, 'dist'));
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/**
 * Runs a program with its output on standard error.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {string} cwd
 */
function run(program, args, cwd) {
  const { status, error } = spawnSync(program, args, { cwd, stdio: ['ignore', 2, 2] });
  if (error) throw new SetupError(`Cannot run ${program}: ${error.message}`);
  if (status !== 0) throw new SetupError(`${program} ${args.join(' ')} failed.`);
}

/**
 * The frame of every script: a SetupError ends it with its message alone.
 *
 * @param {() => void | Promise<void>} main
 */
export async function runScript(main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
