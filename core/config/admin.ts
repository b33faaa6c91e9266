/** `admin` (spec 02 section 4): the pages for operators. */
import { boolean, int, ip, port, regex } from './scalars.ts';
import { later, list, object, section, withDefault } from './schema.ts';
import { socketOptionKeys } from './socket-options.ts';
import { serverTls } from './tls.ts';

/** Categories of pages and the exceptions from them; a refused page answers 404. */
const security = object({
  uiEnabled: withDefault(boolean, true),
  /** `/admin/shutdown` and `/logging.json`. */
  controlEnabled: withDefault(boolean, true),
  /** All pages of no other category. */
  diagnosticsEnabled: withDefault(boolean, true),
  /** Regular expressions, matched against whole paths: allowed although the category is off. */
  pathWhitelist: withDefault(list(regex), []),
  /** As pathWhitelist, but forbidden, and looked at first. */
  pathBlacklist: withDefault(list(regex), []),
});

/** Reads `admin`. */
export const admin = object({
  ip: withDefault(ip, '127.0.0.1'),
  port: withDefault(port, 9990),
  /** Time for requests under way at shutdown. */
  shutdownGraceMs: withDefault(int(0), 10_000),
  security: section(security),
  socketOptions: later(socketOptionKeys),
  tls: later(serverTls),
  httpIdentifierPort: later(),
  workerThreads: later(),
});
