/**
 * HAProxy with as many connections on both sides as Weft has in a case: a socket that is in no cache costs the kernel more,
 * whoever asks. What HAProxy's figure grows by from case to case is the kernel's share of what Weft's grows by, and some of
 * its own.
 *
 * It is the peer that is built for these cases: names are found in a tree, endpoints picked at random of two, and requests
 * for which an endpoint has no connection left wait. (nginx goes through all endpoints and all idle connections of an
 * upstream for each request, and opens a connection for each of 10,000 clients.)
 */
import { freePort, IP, type Processes } from '../support/processes.ts';
import { toolPath } from '../support/tools.ts';
import { address, type Case, nameOf, POOL_SIZE_MAX } from './cases.ts';

/** Starts HAProxy for a case. */
export async function startHaproxy(
  processes: Processes,
  cores: string,
  row: Case,
  upstreamPort: number,
): Promise<{ readonly pid: number; readonly port: number }> {
  const port = await freePort();
  const names = Array.from({ length: row.names }, (_, index) => nameOf(index));
  const map = processes.write('names.map', names.map((name) => `${name} ${name}\n`).join(''));
  const server = (index: number) => `  server s${index} ${address(index + 1)}:${upstreamPort}`;
  const servers = Array.from({ length: row.endpoints }, (_, index) => server(index)).join('\n');
  const backends = names.map((name) => `backend ${name}\n  balance random(2)\n${servers}`).join('\n');
  const config = processes.write(
    'cost.cfg',
    `global
  nbthread ${row.workers}
  no strict-limits
  maxconn 16000
  tune.pool-low-fd-ratio 95
  tune.pool-high-fd-ratio 95
defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout queue 60s
  timeout connect 5s
  http-reuse always
  default-server maxconn ${POOL_SIZE_MAX} pool-purge-delay 3600s
frontend f
  bind ${IP}:${port}
  use_backend %[req.hdr(host),map(${map})]
${backends}
`,
  );
  const pid = processes.start(cores, toolPath('haproxy'), ['-f', config]);
  await processes.waitForPort(port);
  return { pid, port };
}
