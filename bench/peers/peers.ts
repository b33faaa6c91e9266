/** The proxies that Weft is measured beside, each set up to do the same with the least it can, over HTTP/1 or HTTP/2. */
import { freePort, IP, type Processes } from '../support/processes.ts';
import type { Tool } from '../support/tools.ts';
import { toolPath } from '../support/tools.ts';
import { nginxListen, nginxMain } from '../support/upstream.ts';
import { type Protocol, startWeft } from '../support/weft.ts';

/** A running proxy. */
export interface RunningProxy {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
}

/** What a proxy stands in front of, and what both speak. */
export interface ProxySettings {
  readonly cores: string;
  readonly upstreamPort: number;
  readonly protocol: Protocol;
}

/** Starts a proxy. */
export type StartProxy = (processes: Processes, settings: ProxySettings) => Promise<RunningProxy>;

async function start(
  processes: Processes,
  cores: string,
  name: Tool,
  port: number,
  args: readonly string[],
): Promise<RunningProxy> {
  const pid = processes.start(cores, toolPath(name), args);
  await processes.waitForPort(port);
  return { name, pid, port };
}

/** What nginx does with a request. It has no HTTP/2 to upstreams but gRPC's, which carries any request. */
const NGINX_PASS: Readonly<Record<Protocol, string>> = {
  http: 'proxy_pass http://u; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;',
  h2: 'grpc_pass grpc://u;',
};

const startNginx: StartProxy = async (processes, { cores, upstreamPort, protocol }) => {
  const port = await freePort();
  const config = processes.write(
    'nginx.conf',
    `${nginxMain(processes, 'nginx')}
http {
  access_log off; proxy_max_temp_file_size 0; keepalive_requests 1000000000; keepalive_timeout 3600s;
  upstream u { server ${IP}:${upstreamPort}; keepalive 512; keepalive_requests 1000000000; }
  server {
    listen ${IP}:${port} ${nginxListen(protocol)};
    location / { ${NGINX_PASS[protocol]} }
  }
}
`,
  );
  return start(processes, cores, 'nginx', port, ['-c', config]);
};

const startHaproxy: StartProxy = async (processes, { cores, upstreamPort, protocol }) => {
  const port = await freePort();
  const proto = protocol === 'h2' ? 'proto h2' : '';
  const config = processes.write(
    'haproxy.cfg',
    `global
  nbthread 1
  maxconn 8000
defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 5s
  http-reuse always
frontend f
  bind ${IP}:${port} ${proto}
  default_backend b
backend b
  balance leastconn
  server s1 ${IP}:${upstreamPort} ${proto}
`,
  );
  return start(processes, cores, 'haproxy', port, ['-f', config]);
};

const startNghttpx: StartProxy = async (processes, { cores, upstreamPort, protocol }) => {
  const port = await freePort();
  const backend = `-b${IP},${upstreamPort}${protocol === 'h2' ? ';;proto=h2' : ''}`;
  const args = ['-n1', `-f${IP},${port};no-tls`, backend, '--backend-connections-per-host=512'];
  return start(processes, cores, 'nghttpx', port, args);
};

const startWeftProxy: StartProxy = async (processes, { cores, upstreamPort, protocol }) => {
  const weft = await startWeft(processes, { cores, protocol, disco: { web: [`${IP} ${upstreamPort}`] } });
  return { name: WEFT, ...weft };
};

/** The one that is compared with the best of the others. */
export const WEFT = 'weft';

/** All of them, by name. */
export const PROXIES: Readonly<Record<string, StartProxy>> = {
  nginx: startNginx,
  haproxy: startHaproxy,
  nghttpx: startNghttpx,
  [WEFT]: startWeftProxy,
};
