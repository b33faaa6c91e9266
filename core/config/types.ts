/**
 * The configuration as the rest of Weft sees it: plain readonly objects, defaults filled in, all keys always there
 * (undefined where absence means something). They survive a structured clone, so a worker gets them as they are; names
 * and dtabs are therefore texts, already checked. Types are inferred from the schema: the keys' meanings stand there.
 */
import type { linker } from './linker.ts';
import type { JsonValue } from './node.ts';
import type { Infer } from './schema.ts';

/** A linkerd.yaml. */
export type LinkerConfig = Infer<typeof linker> & {
  /** The document as it was written, without defaults: `/config.json`. */
  readonly raw: JsonValue;
};

/** `admin`. */
export type AdminConfig = LinkerConfig['admin'];
/** One of `namers`. */
export type NamerConfig = LinkerConfig['namers'][number];
/** One of `routers`. */
export type RouterConfig = LinkerConfig['routers'][number];
/** One of a router's `servers`. */
export type ServerConfig = RouterConfig['servers'][number];
/** A router's `client`. */
export type ClientConfig = RouterConfig['client'];
/** A client's `loadBalancer`. */
export type LoadBalancerConfig = ClientConfig['loadBalancer'];
/** A client's `hostConnectionPool`. */
export type HostConnectionPoolConfig = ClientConfig['hostConnectionPool'];
/** A router's `service`. */
export type ServiceConfig = RouterConfig['service'];
/** One of a router's `identifier`s. */
export type IdentifierConfig = RouterConfig['identifier'][number];
/** A router's `interpreter`. */
export type InterpreterConfig = RouterConfig['interpreter'];
/** One of `telemetry`. */
export type TelemeterConfig = LinkerConfig['telemetry'][number];
