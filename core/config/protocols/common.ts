/** The keys that http and h2 routers share (spec 02 section 5): how names are bound, and what is refused of both. */
import { interpreter } from '../interpreters/registry.ts';
import { removedRouterKeys } from '../removed.ts';
import { boolean, dtab, int, path } from '../scalars.ts';
import { keys, later, list, object, section, withDefault } from '../schema.ts';
import { tracePropagator } from '../trace-propagators/registry.ts';

const bindingCache = object({
  paths: withDefault(int(1), 1000),
  trees: withDefault(int(1), 1000),
  bounds: withDefault(int(1), 1000),
  clients: withDefault(int(1), 1000),
  /** Idle time after which an entry of any of the four is dropped. */
  idleTtlSecs: withDefault(int(1), 600),
});

/** From a service name to what serves it. */
export const binding = {
  /** Base dtab, as written: checked, and read again by whoever binds. */
  dtab: withDefault(dtab, ''),
  /** Prefix of every service name. */
  dstPrefix: withDefault(path, '/svc'),
  interpreter: section(interpreter, 'default'),
  /** Shown as gauge `rt/<label>/originator`. */
  originator: withDefault(boolean, false),
  bindingTimeoutMs: withDefault(int(1), 10_000),
  bindingCache: section(bindingCache),
};

/** How a request's trace goes on. */
export const tracing = { tracePropagator: section(tracePropagator, 'io.l5d.default') };

/** What neither has yet, or has no more. */
export const refused = {
  announcers: later(list(keys('kind', 'zkAddrs', 'pathPrefix', 'prefix', 'experimental'))),
  ...removedRouterKeys,
};
