/** A router's `client` (spec 02 section 7): how endpoints are chosen, and the connections to them. */
import { loadBalancer } from './balancers/registry.ts';
import { budget } from './budget.ts';
import { type PerPrefix, valuesOf } from './configs-by-prefix.ts';
import { FIVE_IN_A_ROW } from './failure-accrual/consecutive-failures.ts';
import { failureAccrual } from './failure-accrual/registry.ts';
import { http2EndpointKeys } from './http2-endpoint.ts';
import { type ConfigNode, child } from './node.ts';
import { perPrefix } from './per-prefix.ts';
import type { Reading } from './reading.ts';
import { engine } from './removed.ts';
import { boolean, INT_MAX, int, oneOf } from './scalars.ts';

import { checked, later, object, optional, section, type ValueOf, withDefault } from './schema.ts';
import { session } from './session.ts';

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
  /** Leaves an endpoint alone whose connections fail, until one comes about. */
  failFast: withDefault(boolean, false),
  failureAccrual: withDefault(failureAccrual, FIVE_IN_A_ROW),
  socketOptions: section(clientSocketOptions),
  /** When connections to endpoints are ended in order. */
  clientSession: section(session),
  /** Whether endpoints are told of clients' certificates: without TLS there are none. */
  forwardClientCert: withDefault(boolean, false),
  tls: later(clientTls),
  /** Time for an attempt, from its session with an endpoint to the head of its response; undefined: no bound. */
  requestAttemptTimeoutMs: optional(int(1)),
  /** What dispatch requeues are paid from. */
  requeueBudget: section(budget),
  requestAuthorizers: later(),
  engine,
};

/** @param own the protocol of the routers whose client it is */
function fieldsOf(own: 'http' | 'h2') {
  return {
    ...common,
    /**
     * Weft's own key: what endpoints speak. Another protocol than the router's makes the router a bridge, which
     * Linkerd does not build.
     */
    protocol: withDefault(oneOf('a protocol of clients', ['http', 'h2']), own),
    ...http2EndpointKeys,
  };
}

type Client = ValueOf<ReturnType<typeof fieldsOf>>;

/** Keys of HTTP/2 say nothing to a client that does not speak it. */
function refuseForeignKeys(client: PerPrefix<Client>, node: ConfigNode, path: string, reading: Reading) {
  if (valuesOf(client, 'protocol').includes('h2')) return;
  const configs = child(node, 'configs');
  refuseForeignKeysIn(node, path, reading);
  if (configs?.type !== 'list') return;
  configs.items.forEach((item, i) => {
    refuseForeignKeysIn(item, `${path}.configs[${i}]`, reading);
  });
}

function refuseForeignKeysIn(node: ConfigNode, path: string, reading: Reading) {
  if (node.type !== 'map') return;
  for (const { key, keySpan } of node.entries) {
    if (!Object.hasOwn(http2EndpointKeys, key)) continue;
    const what = `${key} is for clients that speak h2, and this one speaks http`;
    const remedy = 'Write "protocol: h2" beside it if the endpoints speak HTTP/2; otherwise leave the key out.';
    reading.report({ at: keySpan, path: `${path}.${key}`, what, remedy });
  }
}

/** Reads `client` of an http router. */
export const httpClient = checked(perPrefix('client kind', fieldsOf('http')), refuseForeignKeys);

/** Reads `client` of an h2 router. */
export const h2Client = checked(perPrefix('client kind', fieldsOf('h2')), refuseForeignKeys);
