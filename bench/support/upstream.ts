/** The upstream of the measurements: one nginx worker that answers from memory. */
import { freePort, IP, type Processes } from './processes.ts';
import { toolPath } from './tools.ts';
import type { Protocol } from './weft.ts';

/** What the upstream answers with. */
export interface Answer {
  readonly bytes: number;
  /** HTTP/1 unless told otherwise. */
  readonly protocol?: Protocol;
}

/** Above this, the answer is a file: nginx's `return` is for short texts. */
const INLINE_BYTES_MAX = 4096;

const STATUS_PATH = '/upstream-status';

/** Requests that an HTTP/1 upstream has answered so far, this one not counted. */
export async function requestsAnswered(port: number): Promise<number> {
  const response = await fetch(`http://${IP}:${port}${STATUS_PATH}`);
  const [, requests] = /requests\s+\d+ \d+ (\d+)/.exec(await response.text()) ?? [];
  return Number(requests) - 1;
}

/** What nginx's `listen` says besides the address. */
export function nginxListen(protocol: Protocol): string {
  return protocol === 'h2' ? 'http2 backlog=4096' : 'backlog=4096';
}

/** nginx's settings that every part of a measurement shares. */
export function nginxMain(processes: Processes, name: string): string {
  return `daemon off; worker_processes 1; error_log /dev/null; pid ${processes.directory}/${name}.pid;
events { worker_connections 16384; }`;
}

/** Starts nginx, listening on every address of the loopback network. @returns its port */
export async function startUpstream(processes: Processes, cores: string, answer: Answer): Promise<number> {
  const { bytes, protocol = 'http' } = answer;
  const port = await freePort();
  const inline = bytes <= INLINE_BYTES_MAX;
  if (!inline) processes.write('blob', 'x'.repeat(bytes));
  const config = processes.write(
    'upstream.conf',
    `${nginxMain(processes, 'upstream')}
http {
  access_log off; keepalive_requests 1000000000; keepalive_timeout 3600s;
  server {
    listen 0.0.0.0:${port} ${nginxListen(protocol)};
    root ${processes.directory};
    location = ${STATUS_PATH} { stub_status; }
    location / { ${inline ? `return 200 "${'x'.repeat(bytes)}";` : 'try_files /blob =404;'} }
  }
}
`,
  );
  processes.start(cores, toolPath('nginx'), ['-c', config]);
  await processes.waitForPort(port);
  return port;
}
