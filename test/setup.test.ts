/** The way from a fresh clone to a running program: what is installed, what is built, which command line means what. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { ROOT } from './house/root.ts';

/** What the tests use of scripts/setup.mjs, scripts/test.mjs and bin/arguments.mjs. */
interface Scripts {
  requireNode(version: string): void;
  isInstalled(root: string): boolean;
  isBuilt(root: string): boolean;
  fingerprint(root: string): string;
  selectTests(compiled: readonly string[], full: boolean, prefixes: readonly string[]): string[];
  readArguments(args: readonly string[]): unknown;
}

async function load(path: string): Promise<Scripts> {
  return await import(pathToFileURL(join(ROOT, path)).href);
}

const { requireNode, isInstalled, isBuilt, fingerprint } = await load('scripts/setup.mjs');
const { selectTests } = await load('scripts/test.mjs');
const { readArguments } = await load('bin/arguments.mjs');

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'weft-setup-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

test('a Node that is too old is refused by name', () => {
  for (const version of ['20.19.0', '20.20.2', '22.0.0', '24.9.0']) assert.doesNotThrow(() => requireNode(version));
  for (const version of ['18.20.4', '20.18.3']) {
    assert.throws(() => requireNode(version), {
      message: `Weft needs Node 20.19 or later; this is Node ${version}.`,
    });
  }
});

type Packages = Record<string, { readonly integrity: string; readonly optional?: boolean }>;

const A = { integrity: 'sha512-a' };
const B = { integrity: 'sha512-b', optional: true };
const LOCKED: Packages = { '': { integrity: '' }, 'node_modules/a': A, 'node_modules/b': B };

const INSTALLS: readonly (readonly [name: string, present: Packages | undefined, installed: boolean])[] = [
  ['nothing', undefined, false],
  ['all', { 'node_modules/a': A, 'node_modules/b': B }, true],
  ["all but another platform's binary", { 'node_modules/a': A }, true],
  ['a package too few', { 'node_modules/b': B }, false],
  ['another version', { 'node_modules/a': { integrity: 'sha512-old' } }, false],
  ['another version of an optional one', { 'node_modules/a': A, 'node_modules/b': { integrity: 'sha512-old' } }, false],
  ['a package too many', { 'node_modules/a': A, 'node_modules/c': A }, false],
];

for (const [name, present, installed] of INSTALLS) {
  test(`with ${name} installed, npm ci is ${installed ? 'not ' : ''}due`, () => {
    write('package-lock.json', JSON.stringify({ packages: LOCKED }));
    if (present) write('node_modules/.package-lock.json', JSON.stringify({ packages: present }));
    assert.equal(isInstalled(root), installed);
  });
}

const CHANGES: readonly (readonly [name: string, change: () => void, stale: boolean])[] = [
  ['nothing', () => {}, false],
  ['another size', () => write('core/a.ts', 'longer'), true],
  ['another time', () => utimesSync(join(root, 'core/a.ts'), 1, 1), true],
  ['a new source', () => write('workers/os/b.ts', ''), true],
  ['a source gone', () => rmSync(join(root, 'core/a.ts')), true],
  ['another compiler configuration', () => write('tsconfig.json', '{ }'), true],
  ['a new document', () => write('core/notes.md', ''), false],
  ['a lost build', () => rmSync(join(root, 'dist'), { recursive: true }), true],
];

for (const [name, change, stale] of CHANGES) {
  test(`after ${name}, a build is ${stale ? '' : 'not '}due`, () => {
    write('package-lock.json', '{}');
    write('tsconfig.json', '{}');
    write('core/a.ts', 'short');
    write('dist/.sources', fingerprint(root));
    assert.equal(isBuilt(root), true);
    change();
    assert.equal(isBuilt(root), !stale);
  });
}

test('tests are selected by suite and by path', () => {
  const compiled = ['dist/core/a.test.js', 'dist/core/a.js', 'dist/corex/b.test.js', 'dist/test/full/c.test.js'];
  assert.deepEqual(selectTests(compiled, false, []), ['dist/core/a.test.js', 'dist/corex/b.test.js']);
  assert.deepEqual(selectTests(compiled, true, []), ['dist/test/full/c.test.js']);
  assert.deepEqual(selectTests(compiled, false, ['./core/a.test.ts']), ['dist/core/a.test.js']);
  assert.deepEqual(selectTests(compiled, false, ['core/']), ['dist/core/a.test.js']);
});

const RUN = { action: 'run', path: 'c.yaml', logLevel: 'INFO' };

const COMMAND_LINES: readonly (readonly [args: string, command: object | string])[] = [
  ['c.yaml', RUN],
  ['-', { ...RUN, path: '-' }],
  ['-- -', { ...RUN, path: '-' }],
  ['-- -validate', { ...RUN, path: '-validate' }],
  ['-log.level=DEBUG -- -', { action: 'run', path: '-', logLevel: 'DEBUG' }],
  ['--log-level=warning c.yaml', { ...RUN, logLevel: 'WARNING' }],
  ['-validate c.yaml', { ...RUN, action: 'validate' }],
  ['--validate c.yaml', { ...RUN, action: 'validate' }],
  ['-validate=true c.yaml', { ...RUN, action: 'validate' }],
  ['-validate=false c.yaml', RUN],
  ['-help', { action: 'help' }],
  ['--version', { action: 'version' }],
  ['', 'expected one configuration file, got none'],
  ['a b', 'expected one configuration file, got 2'],
  ['--', 'expected one configuration file, got none'],
  ['-validate=maybe c.yaml', '-validate=maybe: expected true or false'],
  ['--nope c.yaml', 'unknown flag: --nope'],
  [
    '-log.level=LOUD c.yaml',
    '-log.level=LOUD: expected one of OFF, FATAL, CRITICAL, ERROR, WARNING, INFO, DEBUG, TRACE, ALL',
  ],
  [
    '-com.twitter.finagle.naming.namerMaxDepth=3 c.yaml',
    "-com.twitter.finagle.naming.namerMaxDepth=3: a flag of Linkerd's libraries, and Weft does not support it; see docs/compatibility.md",
  ],
];

for (const [line, command] of COMMAND_LINES) {
  test(`weft ${line}`, () => {
    const args = line === '' ? [] : line.split(' ');
    if (typeof command === 'string') assert.throws(() => readArguments(args), { message: command });
    else assert.deepEqual(readArguments(args), command);
  });
}

function weft(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [join(ROOT, 'bin', 'weft'), ...args], { encoding: 'utf8', input: '' });
}

test('the executable: usage goes to standard error with status 64, help to standard output with 0', () => {
  const wrong = weft();
  assert.equal(wrong.status, 64);
  assert.equal(wrong.stdout, '');
  assert.match(wrong.stderr, /^weft: expected one configuration file, got none\n\nusage: weft /);
  const help = weft('--help');
  assert.equal(help.status, 0);
  assert.equal(help.stderr, '');
  assert.match(help.stdout, /^usage: weft /);
  assert.match(weft('--version').stdout, /^weft \d+\.\d+\.\d+\n$/);
});

test('the executable: what is no file is refused by name', () => {
  const { status, stderr } = weft(root);
  assert.equal(status, 1);
  assert.equal(stderr, `weft: config is not a file: ${root}\n`);
});
