/** The programs of others that test/full talks to: found or missed by name, run to their end, or kept running and ended. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { IP } from '../../support/weft.ts';

const TIMEOUT_MS = 60_000;
const READY_TIMEOUT_MS = 10_000;
const POLL_MS = 20;

/** How a program ended. */
export interface Outcome {
  /** Its exit status; null when a signal ended it. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(program: string, args: readonly string[]): ChildProcess {
  return spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
}

/** A stream's text, as it grows. */
function collect(stream: ChildProcess['stdout']): () => string {
  let text = '';
  stream?.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  return () => text;
}

/** Runs a program to its end, at most a minute. @throws when it is not there */
export async function run(program: string, args: readonly string[]): Promise<Outcome> {
  const child = start(program, args);
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS);
  try {
    const [status] = (await once(child, 'close')) as [number | null];
    return { status, stdout: stdout(), stderr: stderr() };
  } catch (error) {
    assert.fail(`${program} does not run, see the packages in .ci/run: ${error}`);
  } finally {
    clearTimeout(timer);
  }
}

/** Runs a program that has to succeed. @returns its standard output */
export async function succeed(program: string, args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await run(program, args);
  assert.equal(status, 0, `${program} ${args.join(' ')}\n${stdout}${stderr}`);
  return stdout;
}

/** A program that listens. */
export interface Running {
  stop(): Promise<void>;
}

/** Starts a server and waits until it listens. @throws with what it said when it does not */
export async function serve(program: string, args: readonly string[], port: number): Promise<Running> {
  const child = start(program, args);
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  const ended = once(child, 'close').catch(() => {});
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (!(await accepts(port))) {
    if (child.pid !== undefined && child.exitCode === null && Date.now() < deadline) {
      await sleep(POLL_MS);
      continue;
    }
    await stop();
    assert.fail(`${program} does not listen on ${port}: ${stdout()}${stderr()}`);
  }
  return { stop };
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, IP);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
