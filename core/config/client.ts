/** An http router's `client` (spec 02 section 7): how endpoints are chosen, and the connections to them. */
import { budget } from './backoff.ts';
import { loadBalancer } from './balancers/registry.ts';
import { failureAccrual } from './failure-accrual/registry.ts';
import { kind, kinds, laterKind } from './kinds.ts';
import { engine } from './removed.ts';
import { boolean, INT_MAX, int } from './scalars.ts';
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

const fields = {
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

const global = kind('io.l5d.global', fields);

// Refused as a whole, and yet read: whoever comes with such a file wants to see all of it that Weft cannot do.
const perPrefix = laterKind('io.l5d.static', {
  configs: optional(list(object({ ...fields, prefix: optional(anything) }))),
});

/** Reads `client`. */
export const httpClient = kinds('client kind', [global, perPrefix], { fallback: 'io.l5d.global' });
