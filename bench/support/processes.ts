/** The processes of one measurement, each on cores of its own, with a directory for what they read; all end together. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { BenchError } from './bench-error.ts';
import { toolPath } from './tools.ts';

export const IP = '127.0.0.1';
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/** Cores by part, as taskset takes them. */
export interface Cores {
  /** What is measured. */
  readonly proxy: string;
  /** Load and upstream. */
  readonly load: string;
}

/**
 * Keeps what is measured apart from what measures it.
 *
 * @param proxyCores how many cores the proxy gets, from 0 on; the rest carries load and upstream, or, when none is
 *   left, all do
 */
export function coresFor(proxyCores: number): Cores {
  const all = availableParallelism();
  if (all < 2) throw new BenchError('At least 2 cores are needed: one for the proxy, one for load and upstream.');
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i).join(',');
  return { proxy: range(0, proxyCores), load: all > proxyCores ? range(proxyCores, all) : range(0, all) };
}

/** How a process is started. */
export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Gets each piece of the standard output, which otherwise goes to the log. */
  readonly onOutput?: (text: string) => void;
}

/** The processes of one measurement. */
export class Processes {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'weft-bench-'));
  readonly #children: ChildProcess[] = [];

  constructor() {
    // nginx's workers are another user.
    chmodSync(this.directory, 0o755);
  }

  /** Writes a file. @returns its path */
  write(name: string, text: string): string {
    const path = join(this.directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  /** Starts a program on some cores. @returns its process id, which is also its children's parent */
  start(cores: string, program: string, args: readonly string[], options: StartOptions = {}): number {
    const child = spawn(toolPath('taskset'), ['-c', cores, program, ...args], {
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const log = join(this.directory, 'out.log');
    child.stdout.setEncoding('utf8').on('data', options.onOutput ?? ((text: string) => appendFileSync(log, text)));
    child.stderr.setEncoding('utf8').on('data', (text: string) => appendFileSync(log, text));
    this.#children.push(child);
    if (child.pid === undefined) throw new BenchError(`${program} does not start`);
    return child.pid;
  }

  /** Waits until a port takes connections. @throws BenchError with what the processes have said */
  async waitForPort(port: number): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!(await accepts(port))) {
      const died = this.#children.some(({ exitCode }) => exitCode !== null && exitCode !== 0);
      if (died || Date.now() > deadline) throw new BenchError(`nothing listens on ${port}:\n${this.log()}`);
      await sleep(50);
    }
  }

  /** The end of what the processes have said. */
  log(): string {
    try {
      return readFileSync(join(this.directory, 'out.log'), 'utf8').slice(-2000);
    } catch {
      return '(they said nothing)';
    }
  }

  /** Ends one process. */
  async end(pid: number): Promise<void> {
    const place = this.#children.findIndex((child) => child.pid === pid);
    const [child] = place < 0 ? [] : this.#children.splice(place, 1);
    if (child !== undefined) await endChild(child);
  }

  /** Ends all and removes the directory. */
  async stop(): Promise<void> {
    await Promise.all(this.#children.splice(0).map(endChild));
    rmSync(this.directory, { recursive: true, force: true });
  }
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(timer);
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

const execute = promisify(execFile);

/** Runs a program to its end on some cores. @returns its standard output, whatever its exit status */
export async function runProgram(cores: string, program: string, args: readonly string[]): Promise<string> {
  const run = execute(toolPath('taskset'), ['-c', cores, program, ...args], { maxBuffer: OUTPUT_BYTES_MAX });
  try {
    return (await run).stdout;
  } catch (error) {
    if (error instanceof Error && 'stdout' in error && String(error.stdout) !== '') return String(error.stdout);
    throw error;
  }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, IP);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
