/** A real Weft for whole-process tests: `bin/weft` as a child process with a configuration of the test's own. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from '../house/root.ts';

export const IP = '127.0.0.1';
const READY_TIMEOUT_MS = 20_000;

/** How a Weft is started. */
export interface WeftOptions {
  /** What its router speaks; http unless told otherwise. */
  readonly protocol?: 'http' | 'h2';
  /** Endpoints by name: `{ web: ['127.0.0.1 8080'] }`, lines of the disco files. */
  readonly disco?: Readonly<Record<string, readonly string[]>>;
  /** Further namers, each in flow form; they are asked before the one of the disco files. */
  readonly namers?: readonly string[];
  /** YAML of further router keys, each line indented by two spaces; the default dtab is `/svc => /#/io.l5d.fs`. */
  readonly router?: string;
  /** YAML of further server keys, each line indented by four spaces. */
  readonly server?: string;
  /** YAML behind the router: further routers as `- protocol: ...`, or keys of the top level; not indented. */
  readonly more?: string;
  /** Keys of `admin`, in flow form, such as `, shutdownGraceMs: 500`. */
  readonly admin?: string;
  /** Bound of open descriptors, as `ulimit -n` sets it. */
  readonly descriptorsMax?: number;
  /** Flags for Node. */
  readonly nodeFlags?: readonly string[];
  /** Environment flags; one worker unless told otherwise. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A running Weft. */
export class Weft {
  readonly port: number;
  readonly adminPort: number;
  readonly directory: string;
  readonly child: ChildProcess;
  /** Everything it has logged. */
  log = '';

  private constructor(port: number, adminPort: number, directory: string, child: ChildProcess) {
    this.port = port;
    this.adminPort = adminPort;
    this.directory = directory;
    this.child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.log += text;
    });
  }

  /** Starts one and waits until it serves. */
  static async start(options: WeftOptions = {}): Promise<Weft> {
    const directory = mkdtempSync(join(tmpdir(), 'weft-test-'));
    mkdirSync(join(directory, 'disco'));
    const port = await freePort();
    const adminPort = await freePort();
    const config = join(directory, 'linkerd.yaml');
    const dtab = options.router?.includes('dtab:') ? '' : '\n  dtab: /svc => /#/io.l5d.fs';
    writeFileSync(
      config,
      `admin: {ip: ${IP}, port: ${adminPort}${options.admin ?? ''}}
namers: [${[`{kind: io.l5d.fs, rootDir: ${directory}/disco}`, ...(options.namers ?? [])].join(', ')}]
routers:
- protocol: ${options.protocol ?? 'http'}
  label: test${dtab}
${options.router ?? ''}
  servers:
  - ip: ${IP}
    port: ${port}
${options.server ?? ''}
${options.more ?? ''}
`,
    );
    const env = { ...process.env, WEFT_WORKERS: '1', ...options.env };
    const ulimit = options.descriptorsMax === undefined ? '' : `ulimit -n ${options.descriptorsMax}; `;
    const command = [process.execPath, ...(options.nodeFlags ?? []), join(ROOT, 'bin/weft'), config];
    const child = spawn('sh', ['-c', `${ulimit}exec "$0" "$@"`, ...command], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const weft = new Weft(port, adminPort, directory, child);
    for (const [name, lines] of Object.entries(options.disco ?? {})) weft.disco(name, lines);
    const deadline = Date.now() + READY_TIMEOUT_MS;
    while (!weft.log.includes('initialized')) {
      if (child.exitCode !== null || Date.now() > deadline) {
        child.kill();
        assert.fail(`weft did not start: ${weft.log}`);
      }
      await sleep(20);
    }
    return weft;
  }

  /** Replaces a name's endpoints, atomically. */
  disco(name: string, lines: readonly string[]): void {
    const path = join(this.directory, 'disco', name);
    writeFileSync(`${path}.new`, lines.map((line) => `${line}\n`).join(''));
    renameSync(`${path}.new`, path);
  }

  /** A counter or gauge, 0 when it is not there. @param name without the `rt/test/` in front */
  async metric(name: string): Promise<number> {
    const metrics = await this.metrics();
    return metrics[`rt/test/${name}`] ?? metrics[name] ?? 0;
  }

  /** All metrics, flat. */
  async metrics(): Promise<Record<string, number>> {
    const response = await fetch(`http://${IP}:${this.adminPort}/admin/metrics.json`);
    return (await response.json()) as Record<string, number>;
  }

  /** Ends it. @returns its exit status */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = once(this.child, 'exit');
      this.child.kill(signal);
      await ended;
    }
    rmSync(this.directory, { recursive: true, force: true });
    return this.child.exitCode;
  }
}

/** Ports that the kernel gives to nobody by itself (net.ipv4.ip_local_port_range begins at 32768). */
const PORTS_START = 10_000;
const PORTS = 20_000;
/** Where this process looks first: test files run side by side. */
let nextPort = Math.floor(Math.random() * PORTS);

/** A port that nobody listens on, and that this process has not been given before. */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < PORTS; tried++) {
    const port = PORTS_START + (nextPort++ % PORTS);
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, IP, () => resolve(true));
    });
    if (!free) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
  throw new Error('no port is free');
}
