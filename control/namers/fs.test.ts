/** The fs namer on a real directory: files that come, change, break and go while they are watched. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { State } from '../../core/names/activity.ts';
import type { Addr, Bound } from '../../core/names/bound.ts';
import type { Live } from '../../core/names/live.ts';
import type { NameTree } from '../../core/names/name-tree.ts';
import { Path } from '../../core/names/path.ts';
import { Dns } from './dns.ts';
import { FsNamer } from './fs.ts';
import { FakeClock } from './timer.fake.ts';
import { type After, afterMs } from './timer.ts';

const FILE_BYTES_MAX = 2000;
const PROMPT_MS = 10_000;

/** A namer on a temporary directory, and what it complained of. */
function harness(t: TestContext, after: After = afterMs) {
  const rootDir = fs.mkdtempSync(join(tmpdir(), 'weft-fs-'));
  t.after(() => fs.rmSync(rootDir, { recursive: true, force: true }));
  const problems: string[] = [];
  const resolve = async (host: string) => {
    if (host === 'web.example') return ['10.9.9.9'];
    throw Object.assign(new Error('no'), { code: 'ENOTFOUND' });
  };
  const namer = new FsNamer({
    prefix: Path.read('/io.l5d.fs'),
    rootDir,
    dns: new Dns({ refreshMs: 5000, resolve, after }),
    fileBytesMax: FILE_BYTES_MAX,
    onTooLarge: () => {},
    onProblem: (path, message) => problems.push(`${path.slice(rootDir.length + 1)}: ${message}`),
    after,
  });
  const at = (name: string) => join(rootDir, name);
  return { namer, problems, at, write: (name: string, text: string) => fs.writeFileSync(at(name), text) };
}

function showAddr(addr: Addr): string {
  if (addr.state === 'failed') return `failed: ${addr.cause}`;
  if (addr.state !== 'bound') return addr.state;
  return `[${addr.addresses.map(({ ip, port, weight }) => `${ip}:${port}${weight === 1 ? '' : `*${weight}`}`).join(' ')}]`;
}

/** All that is seen behind a name: `id residual addresses`, or the tree's kind. */
function follow(t: TestContext, namer: FsNamer, path: string) {
  const seen: string[] = [];
  let stopAddr = () => {};
  const tell = (tree: State<NameTree<Bound>>) => {
    const stopFormer = stopAddr;
    stopAddr = () => {};
    if (tree.state !== 'ok') seen.push(tree.state);
    else if (tree.value.kind !== 'leaf') seen.push(tree.value.kind);
    else stopAddr = watch(tree.value.value.addr, `${tree.value.value.id.show()} ${tree.value.value.residual.show()}`);
    stopFormer();
  };
  const watch = (addr: Live<Addr>, name: string) => addr.observe((value) => seen.push(`${name} ${showAddr(value)}`));
  const stopTree = namer.lookup(Path.read(path)).observe(tell);
  const stop = () => {
    stopTree();
    stopAddr();
    stopAddr = () => {};
  };
  t.after(stop);
  return {
    seen,
    stop,
    until: (text: string) =>
      until(
        () => seen.at(-1)?.endsWith(text) === true,
        () => `${text}, not ${seen.at(-1)}`,
      ),
  };
}

async function until(condition: () => boolean, what: () => string): Promise<void> {
  const deadline = Date.now() + PROMPT_MS;
  while (!condition()) {
    assert.ok(Date.now() < deadline, `waited for ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

test('files are names with their lines as addresses; the rest is residual', async (t) => {
  const { namer, at, write } = harness(t);
  fs.mkdirSync(at('dir'));
  write('dir/web', '127.1 8080\n10.0.0.1 80 * 0.5 # x\nweb.example 81\nno.such.host 82\n10.0.0.1 80');
  const web = follow(t, namer, '/dir/web/a/b');
  await web.until('/#/io.l5d.fs/dir/web /a/b [127.0.0.1:8080 10.0.0.1:80 10.9.9.9:81]');
  assert.equal(namer.watching, 2);
  web.stop();
  assert.equal(namer.watching, 0);
});

test('directories, absent files and names that lead out of the directory are Neg', (t) => {
  const { namer, at } = harness(t);
  fs.mkdirSync(at('dir'));
  fs.mkdirSync(at('dir/inner'));
  execFileSync('mkfifo', [at('pipe')]);
  for (const path of [
    '/',
    '/dir',
    '/dir/inner',
    '/nope',
    '/..',
    '/dir/../dir',
    '/\\x2e\\x2e\\x2fx',
    '/a\\x00b',
    '/\\xff',
    '/pipe',
  ]) {
    assert.deepEqual(namer.lookup(Path.read(path)).sample(), { state: 'ok', value: { kind: 'neg' } }, path);
  }
});

test('creation, rename over the file, deletion and re-creation are seen', async (t) => {
  const { namer, at, write } = harness(t);
  const web = follow(t, namer, '/web');
  assert.deepEqual(web.seen, ['neg']);
  write('web', '10.0.0.1 1');
  await web.until('[10.0.0.1:1]');
  write('.web.tmp', '10.0.0.2 2');
  fs.renameSync(at('.web.tmp'), at('web'));
  await web.until('[10.0.0.2:2]');
  fs.rmSync(at('web'));
  await web.until('neg');
  write('web', '10.0.0.3 3');
  await web.until('[10.0.0.3:3]');
});

test('directories may come, go and be replaced, the root too', async (t) => {
  const { namer, at } = harness(t);
  const put = (text: string) => {
    fs.mkdirSync(at('a/b'), { recursive: true });
    fs.writeFileSync(at('a/b/web'), text);
  };
  const web = follow(t, namer, '/a/b/web');
  put('10.0.0.1 1');
  await web.until('[10.0.0.1:1]');
  fs.renameSync(at('a'), at('old'));
  put('10.0.0.2 2');
  await web.until('[10.0.0.2:2]');
  fs.rmSync(at('.'), { recursive: true });
  await web.until('neg');
  put('10.0.0.3 3');
  await web.until('[10.0.0.3:3]');
});

test('the way Kubernetes mounts a ConfigMap: a symlink is swapped for another', async (t) => {
  const { namer, at, write } = harness(t);
  for (const [version, text] of [
    ['..1', '10.0.0.1 1'],
    ['..2', '10.0.0.2 2'],
  ] as const) {
    fs.mkdirSync(at(version));
    write(`${version}/web`, text);
  }
  fs.symlinkSync('..1', at('..data'));
  fs.symlinkSync('..data/web', at('web'));
  const web = follow(t, namer, '/web');
  await web.until('[10.0.0.1:1]');
  fs.symlinkSync('..2', at('..data_tmp'));
  fs.renameSync(at('..data_tmp'), at('..data'));
  await web.until('[10.0.0.2:2]');
  assert.deepEqual(web.seen, ['/#/io.l5d.fs/web / [10.0.0.1:1]', '/#/io.l5d.fs/web / [10.0.0.2:2]']);
  assert.deepEqual(
    namer.names().map((path) => path.show()),
    ['/#/io.l5d.fs/web'],
  );
});

test('a file rewritten all the time is never seen empty, and ends with its last content', async (t) => {
  const { namer, at, write } = harness(t);
  write('web', '10.0.0.1 1');
  const web = follow(t, namer, '/web');
  await web.until('[10.0.0.1:1]');
  for (let i = 2; i <= 100; i++) {
    const fd = fs.openSync(at('web'), 'w');
    // Between truncating and writing, the namer gets its turns.
    await new Promise((resolve) => setTimeout(resolve, 1));
    fs.writeSync(fd, `10.0.0.1 ${i}`);
    fs.closeSync(fd);
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
  await web.until('[10.0.0.1:100]');
  assert.ok(
    !web.seen.some((text) => text.endsWith('[]') || text === 'neg' || text.includes('failed')),
    web.seen.join('\n'),
  );
});

test('an empty file is believed after a moment', async (t) => {
  const clock = new FakeClock();
  const { namer, write } = harness(t, clock.after);
  write('web', '');
  const web = follow(t, namer, '/web');
  assert.deepEqual(web.seen, ['/#/io.l5d.fs/web / pending']);
  clock.advance(249);
  assert.deepEqual(web.seen, ['/#/io.l5d.fs/web / pending'], 'its writer may still be at it');
  clock.advance(1);
  assert.equal(web.seen.at(-1), '/#/io.l5d.fs/web / []');
  web.stop();
  assert.equal(clock.pending, 0);
});

test('a malformed, oversized or unreadable file keeps the last good content and is reported once', (t) => {
  const clock = new FakeClock();
  const { namer, problems, at, write } = harness(t, clock.after);
  write('web', '10.0.0.1 1');
  const web = follow(t, namer, '/web');
  write('web', '10.0.0.1 1\n10.0.0.2');
  clock.advance(5000);
  write('web', `# ${'x'.repeat(FILE_BYTES_MAX)}`);
  clock.advance(5000);
  assert.deepEqual(web.seen, ['/#/io.l5d.fs/web / [10.0.0.1:1]']);
  assert.deepEqual(problems, [
    'web: malformed address: 10.0.0.2',
    `web: file of ${FILE_BYTES_MAX + 2} bytes is over the limit of ${FILE_BYTES_MAX}`,
  ]);
  write('web', '10.0.0.3 3');
  clock.advance(1000);
  assert.equal(web.seen.at(-1), '/#/io.l5d.fs/web / [10.0.0.3:3]');
  fs.rmSync(at('web'));
  clock.advance(1000);
  assert.equal(web.seen.at(-1), 'neg');
});

test('a file that was malformed from the start has failed, until it is mended', (t) => {
  const clock = new FakeClock();
  const { namer, write } = harness(t, clock.after);
  write('web', '127.0.0.1');
  const web = follow(t, namer, '/web');
  clock.advance(250);
  assert.equal(web.seen.at(-1), '/#/io.l5d.fs/web / failed: malformed address: 127.0.0.1');
  write('web', '127.0.0.1 80');
  clock.advance(1000);
  assert.equal(web.seen.at(-1), '/#/io.l5d.fs/web / [127.0.0.1:80]');
});

test('the poll alone finds a file that changes behind a symlink', (t) => {
  const clock = new FakeClock();
  const { namer, at, write } = harness(t, clock.after);
  const elsewhere = harness(t, clock.after);
  elsewhere.write('target', '10.0.0.1 1');
  fs.symlinkSync(elsewhere.at('target'), at('web'));
  write('other', '');
  const web = follow(t, namer, '/web');
  elsewhere.write('target', '10.0.0.2 2');
  clock.advance(1000);
  assert.equal(web.seen.at(-1), '/#/io.l5d.fs/web / [10.0.0.2:2]');
});

test('names lists the top-level entries, none when there is no directory', (t) => {
  const { namer, at, write } = harness(t);
  write('b', '');
  write('\u00fc', '');
  fs.mkdirSync(at('a'));
  assert.deepEqual(
    namer.names().map((path) => path.show()),
    ['/#/io.l5d.fs/a', '/#/io.l5d.fs/b', '/#/io.l5d.fs/\\xc3\\xbc'],
  );
  fs.rmSync(at('.'), { recursive: true });
  assert.deepEqual(namer.names(), []);
});
