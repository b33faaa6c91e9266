/**
 * What no single router can know of itself: labels and listening addresses that two of them claim, and routers that
 * nobody can reach (spec 02 section 2). Read from the nodes and not from the values, so that these are found in the same
 * round as the mistakes inside a router, and for routers whose protocol is refused.
 */
import { canonicalIp } from './ip-literal.ts';
import { type ConfigNode, child, type ListNode, type MapNode } from './node.ts';
import { DEFAULT_PORTS } from './protocols/default-ports.ts';
import type { Reading } from './reading.ts';

const ADMIN_PORT = 9990;
const NO_KEYS: MapNode = { type: 'map', entries: [], start: 0, end: 0 };
const defaultPorts: Readonly<Record<string, number>> = DEFAULT_PORTS;

function textOf(node: ConfigNode, key: string): string | undefined {
  const value = child(node, key);
  return value?.type === 'scalar' ? value.text : undefined;
}

/** A server, or the admin pages, and where it listens. */
interface Listening {
  /** Where it stands in the document. */
  readonly path: string;
  /** Canonical. */
  readonly ip: string;
  readonly port: number;
  /** Linux lets sockets that are all so share an address. */
  readonly shares: boolean;
}

/** Where a server listens; undefined when that is unreadable or any free port. */
function listeningOf(server: ConfigNode, path: string, defaultPort: number | undefined): Listening | undefined {
  const ip = canonicalIp(textOf(server, 'ip') ?? '127.0.0.1');
  const port = Number(textOf(server, 'port') ?? defaultPort);
  if (server.type !== 'map' || ip === undefined || !(port > 0)) return undefined;
  const options = child(server, 'socketOptions');
  return { path, ip, port, shares: options !== undefined && textOf(options, 'reusePort') === 'true' };
}

const ANY_IPV4 = '0.0.0.0';
const ANY_IPV6 = '::';

/** Whether all addresses of a family, `any`, have `ip` among them. */
function takesIn(any: string, ip: string): boolean {
  return ip.includes(':') ? any === ANY_IPV6 : any === ANY_IPV4;
}

function conflict(one: Listening, other: Listening): boolean {
  if (one.port !== other.port) return false;
  if (one.ip === other.ip) return true;
  if (one.shares && other.shares) return false;
  return takesIn(one.ip, other.ip) || takesIn(other.ip, one.ip);
}

function addressOf({ ip, port }: Listening): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}

/** Says which addresses two of them claim. */
function claims(one: Listening, other: Listening): string {
  return one.ip === other.ip
    ? `${one.path} and ${other.path} both listen on ${addressOf(one)}`
    : `${one.path} listens on ${addressOf(one)}, and ${other.path} on ${addressOf(other)}`;
}

function checkServers(router: ConfigNode, path: string, listening: Listening[], reading: Reading): void {
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
    const own = listeningOf(server, `${path}.servers[${i}]`, defaultPorts[protocol]);
    if (own === undefined) return;
    const owner = listening.find((each) => conflict(each, own));
    if (owner === undefined) {
      listening.push(own);
      return;
    }
    const what = `Server conflict on port ${own.port}: ${claims(owner, own)}`;
    const remedy = 'Give one of them another port or ip.';
    reading.report({ at: child(server, 'port') ?? server, path: own.path, what, remedy });
  });
}

/** Reports what is wrong between routers. @param admin the document's `admin`, undefined when it has none */
export function checkRouters(routers: ListNode, path: string, admin: ConfigNode | undefined, reading: Reading): void {
  if (routers.items.length === 0) {
    const what = 'At least one router must be specified in the configuration';
    reading.report({ at: routers, path, what, remedy: 'Add one, such as "- protocol: http".' });
  }
  const labels = new Set<string>();
  const adminPages = listeningOf(admin ?? NO_KEYS, 'admin', ADMIN_PORT);
  const listening = adminPages === undefined ? [] : [adminPages];
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
    checkServers(router, routerPath, listening, reading);
  });
}
