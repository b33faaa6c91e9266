/** A router's `servers[]` (spec 02 section 6). */
import { forwardedHeader } from './forwarded-header.ts';
import { http2EndpointKeys } from './http2-endpoint.ts';
import { DEFAULT_PORTS } from './protocols/default-ports.ts';
import { engine } from './removed.ts';
import { boolean, headerName, int, ip, nonEmptyText, port } from './scalars.ts';
import { later, object, optional, section, withDefault } from './schema.ts';
import { session } from './session.ts';
import { serverSocketOptions } from './socket-options.ts';
import { serverTls } from './tls.ts';

const common = {
  /** Canonical IP literal; 0.0.0.0 and :: are all addresses. */
  ip: withDefault(ip, '127.0.0.1'),
  /** Accepted as Linkerd accepts it; metrics use `server/<ip>/<port>`. Undefined stands for the router's. */
  label: optional(nonEmptyText),
  /** Requests at one time, the next is refused at once; undefined: no bound. */
  maxConcurrentRequests: optional(int(1)),
  /** Entries of `Via` beyond which a request is taken for a loop. */
  maxCallDepth: withDefault(int(1), 1000),
  /** Whether `l5d-*` headers of clients are dropped and responses sanitised (spec 03 section 4.6). */
  clearContext: withDefault(boolean, false),
  /** How `Forwarded` names the ends of the client's connection; undefined: no such field is added. */
  addForwardedHeader: optional(forwardedHeader),
  /** Time from a request to the head of its response; undefined: no bound. */
  timeoutMs: optional(int(1)),
  socketOptions: section(serverSocketOptions),
  /** When connections of clients are ended in order. */
  serverSession: section(session),
  tls: later(serverTls),
  announce: later(),
  engine,
};

/** One listener of an http router. */
export const httpServer = object({
  port: withDefault(port, DEFAULT_PORTS.http),
  ...common,
  /** Header to put the time of receipt into, in ms since the epoch. */
  timestampHeader: optional(headerName),
});

/** One listener of an h2 router. */
export const h2Server = object({
  port: withDefault(port, DEFAULT_PORTS.h2),
  ...common,
  ...http2EndpointKeys,
  /** SETTINGS_MAX_CONCURRENT_STREAMS; a stream beyond is refused. */
  maxConcurrentStreamsPerConnection: withDefault(int(1), 1000),
});
