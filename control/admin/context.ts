/**
 * Everything the admin server asks of the rest of the process. The admin server holds no state of its own: what it
 * shows, it asks for; what it is told to do, it passes on. Whoever starts the process implements this interface.
 */

import type { CountedLimitName } from '../../core/limits.ts';
import type { MetricNode } from '../telemetry/metrics-tree.ts';

/** How `/delegator.json` went (spec 01 section 8.3). Messages are the parser's or the interpreter's own. */
export type Delegation =
  /** `tree` is the JSON of spec 01 section 8.2, ready for JSON.stringify. */
  | { readonly kind: 'tree'; readonly tree: unknown }
  /** Answered 400 `Invalid dtab: <message>`; to be found before an invalid path is. */
  | { readonly kind: 'invalid_dtab'; readonly message: string }
  /** Answered 400 `Invalid path: <message>`. */
  | { readonly kind: 'invalid_path'; readonly message: string }
  /** The interpreter cannot explain itself: 501. */
  | { readonly kind: 'unsupported' }
  /** The interpreter took too long: 503. */
  | { readonly kind: 'timeout' };

/** What a bound name resolves to at the moment. Addresses are `host:port`. */
export type ClientState =
  | { readonly state: 'bound'; readonly addresses: readonly string[] }
  | { readonly state: 'failed'; readonly message: string }
  | { readonly state: 'pending' }
  | { readonly state: 'neg' };

/** A configured Prometheus telemeter. */
export interface PrometheusEndpoint {
  readonly path: string;
  readonly prefix: string;
}

/** The build, as `/admin/server_info` shows it. */
export interface BuildInfo {
  readonly name: string;
  readonly version: string;
  readonly build: string;
  readonly buildRevision: string;
}

/** What the admin server needs. Every function may be called at any time between startAdmin and the end of its close. */
export interface AdminContext {
  readonly build: BuildInfo;
  /** Wall-clock time at which the process began, in milliseconds. */
  readonly startTimeMs: number;
  /** The wall clock, in milliseconds. */
  now(): number;
  /** The metrics as of now ({@link Metrics.tree}). */
  metrics(): MetricNode;
  /** Configured Prometheus telemeters; the default path is served without prefix unless one of them claims it. */
  readonly prometheus: readonly PrometheusEndpoint[];
  /** The effective configuration, ready for JSON.stringify, secrets excluded. */
  config(): unknown;
  /**
   * Explains how a path binds.
   *
   * @param namespace a router's label; undefined for the configured namers alone
   * @param dtab appended to the interpreter's stored dtab, if it has one
   */
  delegate(namespace: string | undefined, dtab: string, path: string): Promise<Delegation>;
  /** Names of enumerating namers; empty when there is none, which is shown as `[""]`. */
  boundNames(): readonly string[];
  /** Bound names in use. */
  clientStates(): ReadonlyMap<string, ClientState>;
  /** Level names by logger, upper case; `root` is the root logger. */
  logLevels(): ReadonlyMap<string, string>;
  /** Sets a level by its upper-case name; an unknown logger or level is ignored (spec 06 section 8.1). */
  setLogLevel(logger: string, level: string): void;
  /** Begins a graceful shutdown and returns at once; `graceMs` undefined means the configured grace. */
  shutdown(graceMs: number | undefined): void;
  /** Counts that a bound was met ({@link Metrics.limitMet}). */
  limitMet(name: CountedLimitName): void;
  /** Logs one line. */
  log(level: 'info' | 'warn' | 'error', message: string): void;
}
