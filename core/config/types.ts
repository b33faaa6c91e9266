/**
 * The configuration as the rest of Weft sees it: plain readonly objects, defaults filled in, all keys always there
 * (undefined where absence means something). They survive a structured clone, so a worker gets them as they are; names
 * and dtabs are therefore texts, already checked. Types are inferred from the schema: the keys' meanings stand there.
 */
import type { backoff } from './backoff.ts';
import type { budget } from './budget.ts';
import type { PerPrefix } from './configs-by-prefix.ts';
import type { failureAccrual } from './failure-accrual/registry.ts';
import type { http2EndpointKeys } from './http2-endpoint.ts';
import type { linker } from './linker.ts';
import type { JsonValue } from './node.ts';
import type { Infer, ValueOf } from './schema.ts';

/** A linkerd.yaml. */
export type LinkerConfig = Infer<typeof linker> & {
  /** The document as it was written, without defaults: `/config.json`. */
  readonly raw: JsonValue;
};

/** `admin`. */
export type AdminConfig = LinkerConfig['admin'];
/** One of `namers`. */
export type NamerConfig = LinkerConfig['namers'][number];
/** One of `routers`; its `protocol` tells which. */
export type RouterConfig = LinkerConfig['routers'][number];
/** What a router speaks. */
export type RouterProtocol = RouterConfig['protocol'];
/** A router of protocol `http`. */
export type HttpRouterConfig = Extract<RouterConfig, { readonly protocol: 'http' }>;
/** A router of protocol `h2`. */
export type H2RouterConfig = Extract<RouterConfig, { readonly protocol: 'h2' }>;
/** One of a router's `servers`. */
export type ServerConfig = RouterConfig['servers'][number];
/** One of an http router's `servers`. */
export type HttpServerConfig = HttpRouterConfig['servers'][number];
/** One of an h2 router's `servers`. */
export type H2ServerConfig = H2RouterConfig['servers'][number];
/** A server's `addForwardedHeader`. */
export type ForwardedHeaderConfig = NonNullable<ServerConfig['addForwardedHeader']>;
/** How one end of a connection is named in `Forwarded`. */
export type ForwardedLabelConfig = ForwardedHeaderConfig['by'];
/** What an h2 server and every client have of HTTP/2 (spec 02 section 6.4). */
export type Http2EndpointConfig = ValueOf<typeof http2EndpointKeys>;
/** What a `client` or a `service` says, whatever the name. */
type Merged<C> = C extends PerPrefix<infer T> ? T : never;
/** What a router's `client` means for a bound name: see {@link PerPrefix}. */
export type ClientConfig = Merged<RouterConfig['client']>;
/** A client's `loadBalancer`. */
export type LoadBalancerConfig = ClientConfig['loadBalancer'];
/** A client's `failureAccrual`. */
export type FailureAccrualConfig = Infer<typeof failureAccrual>;
/** A client's `hostConnectionPool`. */
export type HostConnectionPoolConfig = ClientConfig['hostConnectionPool'];
/** A `backoff`. */
export type BackoffConfig = Infer<typeof backoff>;
/** A client's `requeueBudget`, or the `budget` of a service's `retries`. */
export type BudgetConfig = Infer<typeof budget>;
/** What a router's `service` means for a service name: see {@link PerPrefix}. */
export type ServiceConfig = Merged<RouterConfig['service']>;
/** The same of an h2 router. */
export type H2ServiceConfig = Merged<H2RouterConfig['service']>;
/** A service's `responseClassifier`. */
export type ResponseClassifierConfig = ServiceConfig['responseClassifier'];
/** One of a router's `identifier`s. */
export type IdentifierConfig = RouterConfig['identifier'][number];
/** One of an http router's `identifier`s. */
export type HttpIdentifierConfig = HttpRouterConfig['identifier'][number];
/** One of an h2 router's `identifier`s. */
export type H2IdentifierConfig = H2RouterConfig['identifier'][number];
/** A router's `tracePropagator`. */
export type TracePropagatorConfig = RouterConfig['tracePropagator'];
/** A router's `interpreter`. */
export type InterpreterConfig = RouterConfig['interpreter'];
/** One of a namer's or an interpreter's `transformers`. */
export type TransformerConfig = InterpreterConfig['transformers'][number];
/** One of `telemetry`. */
export type TelemeterConfig = LinkerConfig['telemetry'][number];
