/**
 * Every bound in Weft, in one list: its default, the environment flag that changes it, the metric that counts how
 * often it was met, and what happens then. docs/tuning.md is generated from this list and a test holds the two together.
 */
import { ADMIN_LIMITS } from './admin-limits.ts';
import { HTTP2_LIMITS } from './http2/limits.ts';
import { RESILIENCE_LIMITS } from './resilience/limits.ts';

/** One bound. */
export interface Limit {
  /** Environment flag. */
  readonly env: string;
  readonly defaultValue: number;
  readonly min: number;
  readonly max: number;
  /** Counter that rises when the bound is met; '' when meeting it is not an event. */
  readonly metric: string;
  /** What the bound is and what happens when it is met. */
  readonly doc: string;
}

function limit<const M extends string>(
  env: string,
  defaultValue: number,
  min: number,
  max: number,
  metric: M,
  doc: string,
): Limit & { readonly metric: M } {
  return { env, defaultValue, min, max, metric, doc };
}

/** The list. Keys are the names used in code, with their unit last. */
export const LIMITS = {
  workers: limit('WEFT_WORKERS', 0, 0, 256, '', 'Worker threads; 0 means one per available core.'),
  pinWorkers: limit('WEFT_PIN_WORKERS', 0, 0, 1, '', '1 pins worker i to the i-th core that the process may use.'),
  supervisorNice: limit(
    'WEFT_SUPERVISOR_NICE',
    10,
    0,
    19,
    '',
    "Nice value of the supervisor's thread once all workers serve: with 10 it gets a tenth of a core that a worker keeps busy; 0 leaves it as it was started.",
  ),
  epollEventsMax: limit('WEFT_EPOLL_EVENTS', 512, 1, 4096, '', 'Events taken by one epoll_wait.'),
  coalesceMicros: limit(
    'WEFT_COALESCE_MICROS',
    50,
    0,
    10000,
    '',
    'Pause of a worker before it looks for events again, while more than WEFT_COALESCE_REQUESTS are under way and the last look has found few events: several are then dealt with by one system call each. 0 for none.',
  ),
  coalesceRequests: limit(
    'WEFT_COALESCE_REQUESTS',
    48,
    1,
    1048576,
    '',
    'Requests of one worker under way from which on it pauses between two looks (WEFT_COALESCE_MICROS).',
  ),
  readBufferBytes: limit(
    'WEFT_READ_BUFFER_BYTES',
    131072,
    16384,
    4194304,
    '',
    'Size of the read buffer that all connections of a worker share: the most that one recv takes.',
  ),
  arenaBytes: limit(
    'WEFT_ARENA_BYTES',
    268435456,
    16777216,
    4294967295,
    'limits/arena_exhausted',
    'Address space of a worker for buffered bytes; touched pages only are resident. When it is used up, the connection that asks for a block is ended.',
  ),
  connectionsPerWorkerMax: limit(
    'WEFT_CONNECTIONS_MAX',
    65536,
    16,
    1048576,
    'limits/connections',
    'Accepted connections a worker holds; further ones are closed at once.',
  ),
  acceptDescriptorsPercent: limit(
    'WEFT_ACCEPT_DESCRIPTORS_PERCENT',
    75,
    10,
    100,
    'limits/accept_descriptors',
    'Share of the descriptors that the process may open (ulimit -n); with more in use no connection is accepted, so that there are some left for endpoints. What is queued waits in the kernel.',
  ),
  headerCountMax: limit(
    'WEFT_HEADER_COUNT',
    100,
    8,
    1000,
    'limits/header_count',
    'Header fields in a head or a trailer section; more is answered 431 (from an upstream: 502).',
  ),
  trailerBytesMax: limit(
    'WEFT_TRAILER_BYTES',
    8192,
    256,
    65536,
    'limits/trailer_bytes',
    'Bytes of a trailer section; more is 431 or 502.',
  ),
  chunkLineBytesMax: limit(
    'WEFT_CHUNK_LINE_BYTES',
    1024,
    18,
    65536,
    'limits/chunk_line_bytes',
    'Bytes of a chunk-size line with its extension; more is 400 or 502.',
  ),
  leadingEmptyLinesMax: limit('WEFT_LEADING_EMPTY_LINES', 4, 0, 64, '', 'Empty lines tolerated before a request line.'),
  informationalResponsesMax: limit(
    'WEFT_INFORMATIONAL_MAX',
    8,
    1,
    1000,
    'limits/informational',
    '1xx responses that may precede a final one; more is 502.',
  ),
  pendingBytesMax: limit(
    'WEFT_PENDING_BYTES',
    262144,
    16384,
    16777216,
    'limits/pending_bytes',
    'Bytes queued for one socket that does not take them before its source is no longer read.',
  ),
  headerTimeoutMs: limit(
    'WEFT_HEADER_TIMEOUT_MS',
    10000,
    100,
    3600000,
    'limits/header_timeout',
    'Time from the first byte of a request head (or, on a new connection, from its acceptance) to its last; then 408 and close.',
  ),
  bodyIdleTimeoutMs: limit(
    'WEFT_BODY_IDLE_TIMEOUT_MS',
    60000,
    100,
    86400000,
    'limits/body_idle_timeout',
    'Time without progress in a request or response body that is due; then the exchange is aborted.',
  ),
  tunnelIdleTimeoutMs: limit(
    'WEFT_TUNNEL_IDLE_TIMEOUT_MS',
    3600000,
    1000,
    604800000,
    'limits/tunnel_idle_timeout',
    'Time without a byte either way in a CONNECT or Upgrade tunnel; then it is closed.',
  ),
  responseTimeoutMs: limit(
    'WEFT_RESPONSE_TIMEOUT_MS',
    0,
    0,
    86400000,
    'limits/response_timeout',
    'Time from the last byte of a request to the head of its response; 0 means no bound, as in Linkerd.',
  ),
  connectTimeoutMs: limit(
    'WEFT_CONNECT_TIMEOUT_MS',
    1000,
    10,
    60000,
    'limits/connect_timeout',
    'Time for a TCP connection to an endpoint.',
  ),
  parkedRequestsMax: limit(
    'WEFT_PARKED_REQUESTS',
    1024,
    1,
    1048576,
    'limits/parked_requests',
    'Requests of one worker that wait for a binding; more are answered 503.',
  ),
  eagerConnectsMax: limit('WEFT_EAGER_CONNECTS', 100, 1, 65536, '', 'Connections begun ahead of need at a time.'),
  poolWaitersMax: limit(
    'WEFT_POOL_WAITERS',
    1024,
    0,
    1048576,
    'limits/pool_waiters',
    'Requests of one worker that wait for a connection of one endpoint; a lower configured maxWaiters wins.',
  ),
  routesMax: limit(
    'WEFT_ROUTES_MAX',
    65536,
    16,
    1048576,
    'limits/routes',
    'Routes in one worker and router; the least recently used idle one makes room (bindingCache.paths lowers it).',
  ),
  endpointsMax: limit(
    'WEFT_ENDPOINTS_MAX',
    65536,
    256,
    1048576,
    'limits/endpoints',
    'Endpoint rows of the node; addresses beyond are left out, and said so.',
  ),
  clientsMax: limit(
    'WEFT_CLIENTS_MAX',
    16384,
    16,
    262144,
    'limits/clients',
    'Bound names with an endpoint table at one time; a binding beyond fails with binding_overload.',
  ),
  scopesMax: limit(
    'WEFT_SCOPES_MAX',
    65536,
    256,
    1048576,
    'limits/scopes',
    'Metric scopes at one time; requests of further ones are counted in the overflow scope.',
  ),
  acceptHandoverMax: limit(
    'WEFT_HANDOVER_MAX',
    1024,
    16,
    65536,
    'limits/handover',
    'Accepted connections under way from one worker to another; beyond, the acceptor keeps them.',
  ),
  drainTimeoutMs: limit(
    'WEFT_DRAIN_TIMEOUT_MS',
    10000,
    0,
    3600000,
    '',
    'Time for requests under way at shutdown; admin.shutdownGraceMs wins.',
  ),
  traceBodyBytesMax: limit(
    'WEFT_TRACE_BODY_BYTES',
    65536,
    0,
    1048576,
    'limits/trace_body_bytes',
    'Content of the response to a TRACE request with l5d-add-context that is held to have the context appended; more is left out, and said so.',
  ),
  bindingsMax: limit(
    'WEFT_BINDINGS_MAX',
    65536,
    16,
    1048576,
    'limits/bindings',
    'Names bound by the supervisor at one time.',
  ),
  dnsRefreshMs: limit(
    'WEFT_DNS_REFRESH_MS',
    5000,
    100,
    3600000,
    '',
    'Time between two resolutions of a host name in use.',
  ),
  accessLogRingBytes: limit(
    'WEFT_ACCESS_LOG_RING_BYTES',
    1048576,
    16384,
    1073741824,
    'limits/access_log_ring',
    'Access-log records of one worker under way to the supervisor; with more, records are dropped.',
  ),
  logLinesPerSecondMax: limit(
    'WEFT_LOG_LINES_PER_SECOND',
    100,
    1,
    1000000,
    'limits/log_lines',
    'Lines that one worker logs in a second; further ones are dropped.',
  ),
  compressionStatesMax: limit(
    'WEFT_COMPRESSION_STATES',
    128,
    1,
    16384,
    'limits/compression_states',
    'Responses that one worker compresses at one time, each of which takes some 268 KiB; further ones go as they are.',
  ),
  fsFileBytesMax: limit(
    'WEFT_FS_FILE_BYTES',
    512000,
    1024,
    67108864,
    'limits/fs_file_bytes',
    'Size of a disco file; a larger one is refused and its last good content kept.',
  ),
  configCharsMax: limit(
    'WEFT_CONFIG_CHARS',
    524288,
    1024,
    16777216,
    '',
    'Size of a configuration, in characters; a larger one is refused.',
  ),
  configDepthMax: limit(
    'WEFT_CONFIG_DEPTH',
    64,
    16,
    256,
    '',
    'Maps and lists inside each other in a configuration; deeper ones are refused.',
  ),
  configNodesMax: limit(
    'WEFT_CONFIG_NODES',
    100000,
    100,
    10000000,
    '',
    'Values in a configuration after its aliases were followed; more are refused.',
  ),
  ...ADMIN_LIMITS,
  bindingLookupsMax: limit(
    'WEFT_BINDING_LOOKUPS',
    1000,
    100,
    1000000,
    'limits/binding_lookups',
    'Path lookups that one binding or delegation may hold open: a dtab can multiply them without end. More fails it.',
  ),
  ...RESILIENCE_LIMITS,
  ...HTTP2_LIMITS,
  statsWindowMs: limit(
    'WEFT_STATS_WINDOW_MS',
    60000,
    100,
    3600000,
    '',
    "Time between two summaries of the latency and other stats; Linkerd's flag is histogramSnapshotInterval.",
  ),
} as const satisfies Record<string, Limit>;

/** A name in {@link LIMITS}. */
export type LimitName = keyof typeof LIMITS;

/** A name in {@link LIMITS} whose bound has a counter. */
export type CountedLimitName = {
  [Name in LimitName]: (typeof LIMITS)[Name]['metric'] extends '' ? never : Name;
}[LimitName];

/** The values in force. */
export type LimitValues = Readonly<Record<LimitName, number>>;

/** An environment flag whose value is not a whole number in its range. */
export class LimitError extends Error {}

/**
 * Reads the limits from environment variables.
 *
 * @param env the environment; absent or empty flags give the default
 * @throws LimitError naming the flag, the value and the range
 */
export function readLimits(env: Readonly<Record<string, string | undefined>>): LimitValues {
  const values = {} as Record<LimitName, number>;
  for (const [name, bound] of Object.entries(LIMITS) as [LimitName, Limit][]) {
    const text = env[bound.env];
    if (text === undefined || text === '') {
      values[name] = bound.defaultValue;
      continue;
    }
    const value = Number(text);
    if (!/^[0-9]+$/.test(text) || value < bound.min || value > bound.max) {
      throw new LimitError(
        `${bound.env}=${text}: expected a whole number from ${bound.min} to ${bound.max}. ${bound.doc}`,
      );
    }
    values[name] = value;
  }
  return values;
}
