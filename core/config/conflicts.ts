/**
 * What no single router can know of itself: labels and listening addresses that two of them claim, and routers that
 * nobody can reach (spec 02 section 2). Read from the nodes and not from the values, so that these are found in the same
 * round as the mistakes inside a router, and for routers whose protocol is refused.
 */
import { canonicalIp } from './ip-literal.ts';
import { type ConfigNode, child, type ListNode } from './node.ts';
import { DEFAULT_PORTS } from './protocols/default-ports.ts';
import type { Reading } from './reading.ts';

const defaultPorts: Readonly<Record<string, number>> = DEFAULT_PORTS;

function textOf(node: ConfigNode, key: string): string | undefined {
  const value = child(node, key);
  return value?.type === 'scalar' ? value.text : undefined;
}

/** Where a server listens, as a canonical `ip:port`; undefined when that is unreadable or any free port. */
function listeningAddress(server: ConfigNode, protocol: string): { ip: string; port: number } | undefined {
  const ip = canonicalIp(textOf(server, 'ip') ?? '127.0.0.1');
  const port = Number(textOf(server, 'port') ?? defaultPorts[protocol]);
  return server.type !== 'map' || ip === undefined || !(port > 0) ? undefined : { ip, port };
}

function checkServers(router: ConfigNode, path: string, owners: Map<string, string>, reading: Reading): void {
  const protocol = textOf(router, 'protocol') ?? '';
  const servers = child(router, 'servers');
  if (servers === undefined || (servers.type === 'list' && servers.items.length === 0)) {
    const what = `router '${textOf(router, 'label') ?? protocol}' has no servers`;
    reading.report({
      at: servers ?? router,
      path,
      what,
      remedy: `Add "servers:" with at least one item, such as "- port: ${defaultPorts[protocol] ?? DEFAULT_PORTS.http}".`,
    });
  }
  if (servers?.type !== 'list') return;
  servers.items.forEach((server, i) => {
    const listening = listeningAddress(server, protocol);
    if (listening === undefined) return;
    const { ip, port } = listening;
    const address = ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
    const serverPath = `${path}.servers[${i}]`;
    const owner = owners.get(address);
    if (owner === undefined) {
      owners.set(address, serverPath);
      return;
    }
    const what = `Server conflict on port ${port}: ${owner} and ${serverPath} both listen on ${address}`;
    reading.report({
      at: child(server, 'port') ?? server,
      path: serverPath,
      what,
      remedy: 'Give one of them another port or ip.',
    });
  });
}

/** Reports what is wrong between routers. `routers` is the document's list. */
export function checkRouters(routers: ListNode, path: string, reading: Reading): void {
  if (routers.items.length === 0) {
    const what = 'At least one router must be specified in the configuration';
    reading.report({ at: routers, path, what, remedy: 'Add one, such as "- protocol: http".' });
  }
  const labels = new Set<string>();
  const owners = new Map<string, string>();
  routers.items.forEach((router, i) => {
    if (router.type !== 'map') return;
    const routerPath = `${path}[${i}]`;
    const label = textOf(router, 'label') ?? textOf(router, 'protocol');
    if (label !== undefined && labels.has(label)) {
      const at = child(router, 'label') ?? child(router, 'protocol') ?? router;
      const what = `Multiple routers with the label ${label}`;
      reading.report({ at, path: routerPath, what, remedy: 'Give each router its own "label:".' });
    }
    if (label !== undefined) labels.add(label);
    checkServers(router, routerPath, owners, reading);
  });
}
