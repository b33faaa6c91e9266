/**
 * nginx as an HTTP/2 endpoint that ends its connections in order: it sends GOAWAY after so many requests of a connection,
 * and when it is told to quit. (Node's own server cannot do this part: Node 20 corrupts its memory when it closes a session
 * on which streams arrive.)
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../support/http1-site.ts';
import { freePort, IP } from '../../support/weft.ts';
import { ANSWER_BYTES } from './http2-endpoint.ts';

/** How it is started. */
export interface NginxOptions {
  /** A free one unless given. */
  readonly port?: number;
  /** Requests of a connection before it ends. */
  readonly requestsPerConnection?: number;
}

/** Connections accepted and requests answered so far. */
export interface Counts {
  readonly connections: number;
  readonly requests: number;
}

/** A running nginx. It answers as an Http2Endpoint does; `GET /slow` takes a second. */
export class Http2Nginx {
  readonly port: number;
  readonly #statusPort: number;
  readonly #directory: string;
  readonly #child: ChildProcess;
  /** What was asked for {@link counts}, and is counted there too. */
  #asked = 0;

  private constructor(port: number, statusPort: number, directory: string, child: ChildProcess) {
    this.port = port;
    this.#statusPort = statusPort;
    this.#directory = directory;
    this.#child = child;
  }

  /** Starts one and waits until it listens. */
  static async start({ port, requestsPerConnection = 1_000_000 }: NginxOptions = {}): Promise<Http2Nginx> {
    const directory = mkdtempSync(join(tmpdir(), 'weft-nginx-'));
    // Its worker is another user.
    chmodSync(directory, 0o755);
    const [own, status] = [port ?? (await freePort()), await freePort()];
    writeFileSync(join(directory, 'slow'), 'x'.repeat(ANSWER_BYTES));
    const config = join(directory, 'nginx.conf');
    writeFileSync(config, configuration(directory, own, status, requestsPerConnection));
    // A group of its own, so that no worker outlives the master that is killed.
    const child = spawn('nginx', ['-p', directory, '-e', 'stderr', '-c', config], {
      detached: true,
      stdio: ['ignore', 2, 2],
    });
    const nginx = new Http2Nginx(own, status, directory, child);
    await eventually('nginx listens', () => nginx.counts().then(Boolean, () => false));
    return nginx;
  }

  /** As a line of a disco file. */
  get disco(): string {
    return `${IP} ${this.port}`;
  }

  async counts(): Promise<Counts> {
    const response = await fetch(`http://${IP}:${this.#statusPort}/`, { headers: { connection: 'close' } });
    const [, connections, requests] = /(\d+) \d+ (\d+)/.exec(await response.text()) ?? [];
    this.#asked++;
    return { connections: Number(connections) - this.#asked, requests: Number(requests) - this.#asked };
  }

  /** Ends in order: nobody listens, GOAWAY, and what is under way is answered. */
  async retire(): Promise<void> {
    await this.#end(() => this.#child.kill('SIGQUIT'));
  }

  /** Ends at once. */
  async kill(): Promise<void> {
    await this.#end(() => process.kill(-(this.#child.pid as number), 'SIGKILL'));
  }

  async #end(send: () => void): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    send();
    await ended;
    rmSync(this.#directory, { recursive: true });
  }
}

function configuration(directory: string, port: number, statusPort: number, requests: number): string {
  return `daemon off; worker_processes 1; error_log stderr; pid ${directory}/nginx.pid;
    events { worker_connections 1024; }
    http {
      access_log off; keepalive_requests ${requests}; http2_max_concurrent_streams 1000;
      server { listen ${IP}:${statusPort}; location / { stub_status; } }
      server {
        listen ${IP}:${port} http2; root ${directory};
        location = /slow { limit_rate ${ANSWER_BYTES / 2}; }
        location / { return 200 "${'x'.repeat(ANSWER_BYTES)}"; }
      }
    }`;
}
