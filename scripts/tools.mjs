/**
 * `npm run tools`: the peers of test/full and bench/grpc that no Debian package holds, built by Go at the versions that
 * test/full/tools/go.mod and go.sum pin, outside the checkout, and kept:
 *
 *     $WEFT_TOOLS, by default ~/.cache/weft-tools
 *         <digest of go.mod and go.sum>/  h2spec  ghz  interop-client  interop-server
 *         go1.26.0/                       a Go of the version that go.mod asks for, where the machine's is older
 *
 * Whoever has them once needs no Go and no network. Everything comes through the Go module proxy, Go itself too.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { ROOT, runScript, SetupError } from './setup.mjs';

const MODULE = join(ROOT, 'test', 'full', 'tools');
const { WEFT_TOOLS, PATH = '' } = process.env;
const CACHE = WEFT_TOOLS || join(homedir(), '.cache', 'weft-tools');

/** Go package by program. */
const PROGRAMS = {
  h2spec: 'github.com/summerwind/h2spec/cmd/h2spec',
  ghz: 'github.com/bojand/ghz/cmd/ghz',
  'interop-client': 'google.golang.org/grpc/interop/client',
  'interop-server': 'google.golang.org/grpc/interop/server',
};

/** Where the installer of go.dev puts it, beside what PATH says. */
const GO_DIRECTORIES = [...PATH.split(delimiter), '/usr/local/go/bin'];
/** The first Go that fetches another by itself when a module asks for a later one. */
const GO_WITH_TOOLCHAINS = 21;

/**
 * The path of a program that this script builds.
 *
 * @param {string} name a key of PROGRAMS
 * @throws SetupError when it has not been built
 */
export function toolPath(name) {
  const path = join(directory(), name);
  if (!(name in PROGRAMS)) throw new RangeError(`there is no tool ${name}`);
  if (!isProgram(path)) throw new SetupError(`${name} is missing. Build it with: npm run tools`);
  return path;
}

/** Where the programs of the pinned versions are. */
function directory() {
  const hash = createHash('sha256');
  for (const name of ['go.mod', 'go.sum']) hash.update(readFileSync(join(MODULE, name)));
  return join(CACHE, hash.digest('hex').slice(0, 16));
}

/** @param {string} path */
function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Builds what is missing, each program under another name first: nobody meets half of one. */
function ensureTools() {
  const target = directory();
  const missing = Object.entries(PROGRAMS).filter(([name]) => !isProgram(join(target, name)));
  if (missing.length === 0) return;
  const go = findGo();
  mkdirSync(target, { recursive: true });
  for (const [name, source] of missing) {
    process.stderr.write(`Building ${name} (go build ${source}) ...\n`);
    const fresh = join(target, `.${name}-${process.pid}`);
    runGo(go, ['build', '-trimpath', '-ldflags=-s -w', '-o', fresh, source], MODULE);
    renameSync(fresh, join(target, name));
  }
}

/** @returns {string} a Go that can build the module, fetched when there is only an older one */
function findGo() {
  const wanted = /^go (\d+\.(\d+)\S*)$/m.exec(readFileSync(join(MODULE, 'go.mod'), 'utf8'))?.[1] ?? '';
  const fetched = join(CACHE, `go${wanted}`);
  if (existsSync(fetched)) return join(fetched, 'bin', 'go');
  const go = GO_DIRECTORIES.map((path) => join(path, 'go')).find(isProgram);
  if (go === undefined) throw new SetupError('Go is missing. On Debian: apt-get install golang-go');
  const minor = Number(/^go version go1\.(\d+)/.exec(runGo(go, ['version'], CACHE))?.[1]);
  if (minor < GO_WITH_TOOLCHAINS) fetchGo(go, wanted, fetched);
  return minor < GO_WITH_TOOLCHAINS ? join(fetched, 'bin', 'go') : go;
}

/**
 * Does for a Go that is too old what later ones do by themselves: takes the module that holds a whole Go, and
 * undoes what the form of a module has done to it.
 *
 * @param {string} go
 * @param {string} version such as 1.26.0
 * @param {string} target
 */
function fetchGo(go, version, target) {
  process.stderr.write(`Fetching Go ${version} ...\n`);
  const platform = runGo(go, ['env', 'GOOS', 'GOARCH'], CACHE).trim().replace('\n', '-');
  const name = `golang.org/toolchain@v0.0.1-go${version}.${platform}`;
  const { Dir: source } = JSON.parse(runGo(go, ['mod', 'download', '-json', name], CACHE));
  const fresh = `${target}-${process.pid}`;
  cpSync(source, fresh, { recursive: true });
  for (const entry of readdirSync(fresh, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    // A module has no file that may be executed, and no other module inside it.
    chmodSync(path, 0o755);
    if (entry.name === '_go.mod') renameSync(path, join(entry.parentPath, 'go.mod'));
  }
  renameSync(fresh, target);
}

/**
 * Runs Go.
 *
 * @param {string} go
 * @param {string[]} args
 * @param {string} cwd
 * @returns {string} its standard output
 */
function runGo(go, args, cwd) {
  mkdirSync(cwd, { recursive: true });
  // Without a C compiler, whatever the machine's settings say.
  const env = {
    ...process.env,
    CGO_ENABLED: '0',
    GOFLAGS: '-mod=readonly -buildvcs=false',
    GOTOOLCHAIN: 'auto',
    GOWORK: 'off',
  };
  const { status, stdout, error } = spawnSync(go, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 2] });
  if (error) throw new SetupError(`Cannot run ${go}: ${error.message}`);
  if (status !== 0) throw new SetupError(`${go} ${args.join(' ')} failed.`);
  return stdout;
}

if (import.meta.filename === process.argv[1]) await runScript(ensureTools);
