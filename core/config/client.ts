/** A router's `client` (spec 02 section 7): how endpoints are chosen, and the connections to them. */
import { budget } from './backoff.ts';
import { loadBalancer } from './balancers/registry.ts';
import { failureAccrual } from './failure-accrual/registry.ts';
import { http2EndpointKeys } from './http2-endpoint.ts';
import { kind, kinds, laterKind } from './kinds.ts';
import type { ConfigNode } from './node.ts';
import type { Reading } from './reading.ts';
import { engine } from './removed.ts';
import { boolean, INT_MAX, int, oneOf } from './scalars.ts';
import { anything, checked, keys, later, list, object, only, optional, section, withDefault } from './schema.ts';
import { clientSocketOptions } from './socket-options.ts';
import { clientTls } from './tls.ts';

/** Linkerd's pool per endpoint; its "unlimited" is the largest int. */
const hostConnectionPool = checked(
  object({
    /** Connections kept although idle. */
    minSize: withDefault(int(0), 0),
    maxSize: withDefault(int(1), INT_MAX),
    /** Time after which a connection above minSize is closed for idleness; undefined: never. */
    idleTimeMs: optional(int(0)),
    /** Requests that may wait once maxSize is reached. */
    maxWaiters: withDefault(int(0), INT_MAX),
  }),
  ({ minSize, maxSize }, node, path, reading) => {
    if (!(minSize > maxSize)) return;
    const what = `minSize ${minSize} is greater than maxSize ${maxSize}`;
    reading.report({ at: node, path, what, remedy: `Lower minSize to ${maxSize} or raise maxSize.` });
  },
);

const common = {
  loadBalancer: section(loadBalancer, 'p2c'),
  hostConnectionPool: section(hostConnectionPool),
  failFast: withDefault(only(boolean, false), false),
  failureAccrual: section(failureAccrual, 'none'),
  socketOptions: section(clientSocketOptions),
  tls: later(clientTls),
  requestAttemptTimeoutMs: later(),
  requeueBudget: later(budget),
  clientSession: later(keys('idleTimeMs', 'lifeTimeMs')),
  forwardClientCert: later(),
  requestAuthorizers: later(),
  engine,
};

/** Keys of HTTP/2 say nothing to a client that does not speak it. */
function refuseForeignKeys(
  { protocol }: { readonly protocol: string },
  node: ConfigNode,
  path: string,
  reading: Reading,
) {
  if (protocol !== 'http' || node.type !== 'map') return;
  for (const { key, keySpan } of node.entries) {
    if (!Object.hasOwn(http2EndpointKeys, key)) continue;
    const what = `${key} is for clients that speak h2, and this one speaks http`;
    const remedy = 'Write "protocol: h2" beside it if the endpoints speak HTTP/2; otherwise leave the key out.';
    reading.report({ at: keySpan, path: `${path}.${key}`, what, remedy });
  }
}

/** @param own the protocol of the routers whose client it is */
function clientOf(own: 'http' | 'h2') {
  const fields = {
    ...common,
    /**
     * Weft's own key: what endpoints speak. Another protocol than the router's makes the router a bridge, which
     * Linkerd does not build.
     */
    protocol: withDefault(oneOf('a protocol of clients', ['http', 'h2']), own),
    ...http2EndpointKeys,
  };
  // Refused as a whole, and yet read: whoever comes with such a file wants to see all of it that Weft cannot do.
  const perPrefix = laterKind('io.l5d.static', {
    configs: optional(list(object({ ...fields, prefix: optional(anything) }))),
  });
  const options = { fallback: 'io.l5d.global' };
  return checked(kinds('client kind', [kind('io.l5d.global', fields), perPrefix], options), refuseForeignKeys);
}

/** Reads `client` of an http router. */
export const httpClient = clientOf('http');

/** Reads `client` of an h2 router. */
export const h2Client = clientOf('h2');
