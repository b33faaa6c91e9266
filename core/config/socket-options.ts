/** `socketOptions` of servers and clients (spec 02 section 6.2). */
import { boolean, int } from './scalars.ts';
import { keys, object, optional, withDefault } from './schema.ts';

/** Both sides' keys, as names: for places where the object is refused as a whole. */
export const socketOptionKeys = keys(
  'noDelay',
  'reuseAddr',
  'reusePort',
  'readTimeoutMs',
  'writeTimeoutMs',
  'keepAlive',
  'backlog',
);

const common = {
  /** TCP_NODELAY. */
  noDelay: withDefault(boolean, true),
  /** SO_KEEPALIVE. */
  keepAlive: withDefault(boolean, false),
  /** Time in which nothing comes that is due; undefined: the bounds of core/limits.ts alone. */
  readTimeoutMs: optional(int(1)),
  /** Time in which the peer takes nothing of what is sent. */
  writeTimeoutMs: optional(int(1)),
};

/** Of a listening socket and the connections it accepts. */
export const serverSocketOptions = object({
  ...common,
  /** SO_REUSEADDR. */
  reuseAddr: withDefault(boolean, true),
  /** SO_REUSEPORT. */
  reusePort: withDefault(boolean, false),
  /** Length of the accept queue; undefined leaves it to the operating system. */
  backlog: optional(int(1)),
});

/** Of connections to endpoints. The keys of listening sockets are accepted, and mean nothing there. */
export const clientSocketOptions = object({
  ...common,
  reuseAddr: withDefault(boolean, true),
  reusePort: withDefault(boolean, false),
  backlog: optional(int(1)),
});
