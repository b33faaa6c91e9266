/** The http router (spec 02 sections 5 and 5.1). */
import { httpClient } from '../client.ts';
import { identifiers } from '../identifiers/registry.ts';
import { interpreter } from '../interpreters/registry.ts';
import { protocol } from '../kinds.ts';
import { removedRouterKeys } from '../removed.ts';
import { boolean, dtab, INT_MAX, int, nonEmptyText, path } from '../scalars.ts';
import { keys, later, list, object, only, section, withDefault } from '../schema.ts';
import { httpServer } from '../server.ts';
import { httpService } from '../service.ts';

/** Sizes are given in KB and held in bytes: both must be ints. */
const kilobytes = int(1, INT_MAX >> 10);

const bindingCache = object({
  paths: withDefault(int(1), 1000),
  trees: withDefault(int(1), 1000),
  bounds: withDefault(int(1), 1000),
  clients: withDefault(int(1), 1000),
  /** Idle time after which an entry of any of the four is dropped. */
  idleTtlSecs: withDefault(int(1), 600),
});

/** `http`. */
export const http = protocol('http', {
  /** Scope in metrics and admin pages; unique. */
  label: withDefault(nonEmptyText, 'http'),
  servers: withDefault(list(httpServer), []),
  client: section(httpClient),
  service: section(httpService),
  /** Base dtab, as written: checked, and read again by whoever binds. */
  dtab: withDefault(dtab, ''),
  /** Prefix of every service name. */
  dstPrefix: withDefault(path, '/svc'),
  /** Tried in order. */
  identifier: withDefault(identifiers, [{ kind: 'io.l5d.header.token', header: 'Host', experimental: false }]),
  interpreter: section(interpreter, 'default'),
  /** Shown as gauge `rt/<label>/originator`. */
  originator: withDefault(boolean, false),
  bindingTimeoutMs: withDefault(int(1), 10_000),
  bindingCache: section(bindingCache),
  maxHeadersKB: withDefault(kilobytes, 8),
  maxInitialLineKB: withDefault(kilobytes, 4),
  maxErrResponseKB: withDefault(kilobytes, 5120),
  streamingEnabled: withDefault(only(boolean, true), true),
  /** Linkerd's default is -1; Weft does not compress yet. */
  compressionLevel: withDefault(only(int(-1, 9), 0), 0),
  streamAfterContentLengthKB: later(),
  httpAccessLog: later(),
  httpAccessLogRollPolicy: later(),
  httpAccessLogAppend: later(),
  httpAccessLogRotateCount: later(),
  tracePropagator: later(keys('kind')),
  announcers: later(list(keys('kind', 'zkAddrs', 'pathPrefix', 'prefix', 'experimental'))),
  ...removedRouterKeys,
});
