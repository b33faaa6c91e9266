/** `bin/weft` from outside (spec 02 section 14, spec 06 section 10): its arguments, what it says, and how it ends. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from './house/root.ts';
import { ask, get } from './support/exchange.ts';
import { freePort, IP, Weft } from './support/weft.ts';

const WAIT_MS = 30_000;
const GOOD = 'routers:\n- protocol: http\n  servers: [{port: 4140}]\n';
const BAD = 'routers:\n- protocol: http\n  dtabb: /svc => /x\n  servers:\n  - port: 70000\n';

let directory = '';

before(() => {
  directory = mkdtempSync(join(tmpdir(), 'weft-process-'));
});

after(() => rmSync(directory, { recursive: true, force: true }));

/** A configuration in a file. */
function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Command {
  readonly child: ChildProcess;
  readonly outcome: Promise<Outcome>;
  readonly soFar: () => string;
}

/** Starts `bin/weft`; it is killed when it does not end in time. */
function start(args: readonly string[], options: { stdin?: string; env?: Record<string, string> } = {}): Command {
  const env = { ...process.env, WEFT_WORKERS: '1', ...options.env };
  const child = spawn(process.execPath, [join(ROOT, 'bin/weft'), ...args], { env, stdio: 'pipe' });
  const timer = setTimeout(() => child.kill('SIGKILL'), WAIT_MS);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.on('error', () => {});
  child.stdin.end(options.stdin ?? '');
  const outcome = once(child, 'close').then(([status]) => {
    clearTimeout(timer);
    return { status: status as number | null, stdout, stderr };
  });
  return { child, outcome, soFar: () => stderr };
}

const run = (args: readonly string[], options = {}) => start(args, options).outcome;

async function untilSaid(command: Command, text: string): Promise<void> {
  const deadline = Date.now() + WAIT_MS;
  while (!command.soFar().includes(text)) {
    assert.ok(Date.now() < deadline && command.child.exitCode === null, `no ${text}: ${command.soFar()}`);
    await sleep(20);
  }
}

function configOn(port: number, adminPort: number): string {
  return `admin: {ip: ${IP}, port: ${adminPort}}
routers:
- protocol: http
  label: out
  dtab: /svc => /$/io.buoyant.http.status/204
  servers: [{ip: ${IP}, port: ${port}}]
`;
}

/** It says what is wrong, in words, and not where in its own code it noticed. */
function assertExplained(
  { status, stderr }: Outcome,
  expectedStatus: number,
  ...words: readonly (string | RegExp)[]
): void {
  assert.equal(status, expectedStatus, stderr);
  for (const word of words) {
    if (typeof word === 'string') assert.ok(stderr.includes(word), `${word} is not in: ${stderr}`);
    else assert.match(stderr, word);
  }
  assert.doesNotMatch(stderr, /^\s+at .*[(:]\d+/m, 'a stack trace explains nothing');
}

test('--validate: a right configuration is 0 and says nothing', async () => {
  for (const flag of ['--validate', '-validate', '-validate=true']) {
    assert.deepEqual(await run([flag, file('good.yaml', GOOD)]), { status: 0, stdout: '', stderr: '' }, flag);
  }
});

test('--validate: a wrong one is 1, and every problem has its line and column', async () => {
  const path = file('bad.yaml', BAD);
  const outcome = await run(['--validate', path]);
  assertExplained(outcome, 1, `${path}:3:3`, 'dtabb', 'dtab', `${path}:5:11`, '70000');
  const started = await run([path]);
  assertExplained(started, 1, `${path}:3:3`, `${path}:5:11`);
});

test('--validate: what is not YAML is told by its place', async () => {
  assertExplained(await run(['--validate', file('torn.yaml', 'routers: [')]), 1, /torn\.yaml:\d+:\d+/);
});

test('-: the configuration comes from standard input, JSON too', async () => {
  assert.equal((await run(['--validate', '-'], { stdin: GOOD })).status, 0);
  assert.equal(
    (await run(['--validate', '-'], { stdin: '{"routers": [{"protocol": "http", "servers": [{}]}]}' })).status,
    0,
  );
  assertExplained(await run(['--validate', '-'], { stdin: BAD }), 1, '<stdin>:3:3');
  assertExplained(await run(['-'], { stdin: '' }), 1, '<stdin>');
});

/** Arguments, exit status, what it says. */
const COMMANDS: readonly (readonly [args: readonly string[], status: number, says: string])[] = [
  [[], 64, 'expected one configuration file, got none'],
  [['a.yaml', 'b.yaml'], 64, 'expected one configuration file, got 2'],
  [['--nonsense', 'a.yaml'], 64, 'unknown flag: --nonsense'],
  [['-com.twitter.finagle.x=1', 'a.yaml'], 64, 'docs/compatibility.md'],
  [['-log.level=LOUD', 'a.yaml'], 64, 'expected one of OFF'],
  [['--validate=perhaps', 'a.yaml'], 64, 'expected true or false'],
  [['/no/such/linkerd.yaml'], 1, 'config is not a file: /no/such/linkerd.yaml'],
  [[tmpdir()], 1, 'config is not a file'],
];

for (const [args, status, says] of COMMANDS) {
  test(`weft ${args.join(' ')} ends with ${status}`, async () => {
    const outcome = await run(args);
    assertExplained(outcome, status, says);
    assert.equal(outcome.stdout, '');
    assert.equal(outcome.stderr.includes('usage: weft'), status === 64, 'the usage is for wrong usage');
  });
}

test('--help and --version print to standard output', async () => {
  const help = await run(['--help']);
  assert.deepEqual([help.status, help.stderr], [0, '']);
  assert.ok(help.stdout.startsWith('usage: weft'));
  assert.match((await run(['--version'])).stdout, /^weft \d+\.\d+\.\d+\n$/);
});

test('an environment flag out of range stops the start, by its name', async () => {
  const config = file('flag.yaml', configOn(await freePort(), await freePort()));
  assertExplained(await run([config], { env: { WEFT_WORKERS: 'many' } }), 1, 'WEFT_WORKERS=many');
  assertExplained(await run([config], { env: { WEFT_HEADER_COUNT: '2' } }), 1, 'WEFT_HEADER_COUNT=2', 'from 8 to 1000');
});

test('a port that somebody has is told, and the process ends', async (t) => {
  const taken = createServer().listen(0, IP);
  t.after(() => taken.close());
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const router = await run([file('router.yaml', configOn(port, await freePort()))]);
  assertExplained(router, 1, `cannot serve out on ${IP}:${port}`, 'EADDRINUSE', 'another process listens there');
  const admin = await run([file('admin.yaml', configOn(await freePort(), port))]);
  assertExplained(admin, 1, `${IP}:${port}`, 'EADDRINUSE');
});

test('a second Weft on the same port is refused, and the first serves on', async (t) => {
  const first = await Weft.start({ router: '  dtab: /svc => /$/io.buoyant.http.status/204' });
  t.after(() => first.stop());
  const second = await run([file('second.yaml', configOn(first.port, await freePort()))]);
  assertExplained(second, 1, `cannot serve out on ${IP}:${first.port}`, 'EADDRINUSE');
  assert.equal((await ask(first.port, get('web'))).status, 204);
  assert.equal(await first.stop(), 0);
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} ends it with 0, says so, and frees its ports`, async () => {
    const port = await freePort();
    const command = start(['-'], { stdin: configOn(port, await freePort()) });
    await untilSaid(command, 'initialized');
    assert.equal((await ask(port, get('web'))).status, 204);
    command.child.kill(signal);
    const { status, stderr } = await command.outcome;
    assert.equal(status, 0, stderr);
    assert.ok(stderr.includes(`Received ${signal}. Shutting down ...`), stderr);
    assert.equal(stderr.match(/serving http admin on/g)?.length, 1, 'what is said once is not said twice');
    await assert.rejects(ask(port, get('web')), 'nobody listens any more');
  });
}

test('POST /admin/shutdown ends it with 0; a GET does not', async () => {
  const adminPort = await freePort();
  const command = start(['-log.level=DEBUG', '--', '-'], { stdin: configOn(await freePort(), adminPort) });
  await untilSaid(command, 'initialized');
  const url = `http://${IP}:${adminPort}/admin/shutdown`;
  assert.equal((await fetch(url)).status, 405);
  assert.equal((await fetch(`${url}?grace=soon`, { method: 'POST' })).status, 400);
  assert.equal((await fetch(`http://${IP}:${adminPort}/admin/ping`)).status, 200, 'it still runs');
  const answer = await fetch(`${url}?grace=1.seconds`, { method: 'POST' });
  assert.deepEqual([answer.status, await answer.text()], [200, 'quitting\n']);
  assert.equal((await command.outcome).status, 0);
});
