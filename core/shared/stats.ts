/**
 * The layout of the counters and histograms that workers write and the supervisor reads, in shared memory.
 *
 * Every thread writes its own *slab*, so no write needs an atomic instruction: an aligned 8-byte store does not tear,
 * and the reader adds the slabs up. A slab is an array of 1 KiB chunks, reserved large and touched as needed: the
 * operating system commits a page when it is first written.
 *
 *     chunk 0                 header: [0] chunks ever taken beyond the scopes  [1] head of the free list  [2] chunks refused
 *     chunk 1 .. scopesMax    scope n, at the same place in every slab
 *     chunk scopesMax+1 ..    extra chunks, taken by the slab's writer when a scope first needs one
 *
 * A scope is everything counted under one name (a server, a service path, a client, a client and a path):
 *
 *     byte 0 ........ 511 | 512 ............................................. 1023
 *          64 Float64     | 128 Int32: the scope's extra chunks (0: none yet)
 *          counters       | [0..4] status 1xx..5xx   [5] failures by reason   [6] failed acquisitions by reason
 *                         | [8 + 20h + p] histogram h, part p
 *
 *     status chunk    100 Float64, one a code        reasons chunk   one Float64 for each of REASONS
 *     histogram part  256 Uint32 (they wrap: readers take differences)
 *     free chunk      [0] the next free chunk
 *
 * Slab 0 is the supervisor's own: what it counts itself, and what dead workers had counted.
 */

import { type CountedLimitName, LIMITS, type LimitValues } from '../limits.ts';
import { REASONS } from '../reasons.ts';
import { HISTOGRAM_PARTS } from './histogram.ts';

/** Bytes of a chunk. */
export const CHUNK_BYTES = 1024;
/** log2 of the Float64 cells in a chunk. */
export const CHUNK_FLOATS_SHIFT = 7;
/** log2 of the 32-bit cells in a chunk. */
export const CHUNK_INTS_SHIFT = 8;

/** Header cells, as Int32 indexes in chunk 0. */
export const HEADER = { taken: 0, freeHead: 1, refused: 2 } as const;

/** Float64 cells of a scope. */
export const SCOPE_COUNTERS = 64;
/** The first directory cell of a scope, as an Int32 index within its chunk. */
export const DIRECTORY_START = 128;
/** Directory cells of a scope. */
export const DIRECTORY_CELLS = 128;
/** Directory cell of status class c (1..5) is `STATUS_CELL + c - 1`. */
export const STATUS_CELL = 0;
/** Codes in a status class, each a Float64. */
export const STATUS_CODES = 100;
/** Directory cell of the failures by reason. */
export const REASONS_CELL = 5;
/** Directory cell of a client's failed acquisitions of a session, by reason. */
export const ACQUISITION_REASONS_CELL = 6;
/** Directory cell of part p of histogram h is `HISTOGRAM_CELL + h * HISTOGRAM_PARTS + p`. */
export const HISTOGRAM_CELL = 8;

/** Extra chunks that a slab holds for each scope that it has room for. */
const EXTRA_CHUNKS_PER_SCOPE = 3;

/**
 * Counter cells of a scope, for {@link StatsWriter.increment}. The first are levels (they fall as well as rise): those of
 * a dead worker are forgotten, the others are kept. Which metric a cell is, for each kind of scope, says
 * control/telemetry/scope-metrics.ts.
 */
export const COUNTER = {
  pending: 0,
  connections: 1,
  load: 2,
  tlsConnections: 3,
  poolSize: 4,
  poolCached: 5,
  poolWaiters: 6,
  openStreams: 7,
  // Totals from here on.
  requests: 8,
  success: 9,
  failures: 10,
  connects: 11,
  closes: 12,
  receivedBytes: 13,
  sentBytes: 14,
  nacks: 15,
  nonretryableNacks: 16,
  /** Responses whose status is in none of the classes 1xx..5xx. */
  statusError: 17,
  deadlineExceeded: 18,
  deadlineRejected: 19,
  retriesTotal: 20,
  retriesRequeues: 21,
  retriesBudgetExhausted: 22,
  retriesRequestLimit: 23,
  retriesCannotRetry: 24,
  retriesNotOpen: 25,
  cancelledConnects: 26,
  serviceCreationFailures: 27,
  poolNumWaited: 28,
  poolNumTooManyWaiters: 29,
  failfastMarkedDead: 30,
  failfastMarkedAvailable: 31,
  accrualRemovals: 32,
  accrualRevivals: 33,
  accrualProbes: 34,
  accrualRemovedForMs: 35,
  loadBalancerMaxEffortExhausted: 36,
  nackAdmissionDropped: 37,
  loadBalancerBusyWeightClasses: 38,
  /** Streams of HTTP/2 whose last frame has come, by the classifier's verdict. */
  streamSuccess: 39,
  streamFailures: 40,
  /** RST_STREAM frames: sent by Weft, and received. */
  localResets: 41,
  remoteResets: 42,
  loadBalancerRebuilds: 43,
  loadBalancerExpired: 44,
  loadBandWiden: 45,
  loadBandNarrow: 46,
  /** Services of h2 routers. */
  retriesBackoffsExhausted: 47,
  retriesRequestStreamTooLong: 48,
  retriesResponseStreamTooLong: 49,
  retriesClassificationTimeout: 50,
} as const;

/** The first cell that holds a total rather than a level. */
export const FIRST_TOTAL = 8;

/** Exact sums of the recorded values: `SUM_CELL + h` for histogram h. */
export const SUM_CELL = 56;

/**
 * Histograms of a scope, for {@link StatsWriter.recordLatency}: durations in microseconds, or plain numbers. The
 * directory has no room for more, so what only some kinds of scope have shares a place with what only others have.
 */
export const HISTOGRAM = {
  requestLatency: 0,
  connectLatency: 1,
  failedConnectLatency: 2,
  /** Servers. */
  connectionDuration: 3,
  /** Clients. */
  acquisitionLatency: 3,
  /** Servers; a plain number. */
  connectionRequests: 4,
  /** Services, clients, and both: from a stream's start to its last frame. */
  streamLatency: 4,
  /** Services, clients; a plain number. */
  retriesPerRequest: 5,
  /** Servers: {@link streamLatency} of theirs. */
  serverStreamLatency: 5,
  /** Servers: how long ago the deadline of a request was when that came, and how long it had left. */
  deadlineExceeded: 1,
  deadlineRemaining: 2,
} as const;

/** Counts the requests of every scope for which there was no room. */
export const OVERFLOW_SCOPE = 1;

/** Counts how often each bound of core/limits.ts was met: its counters are {@link LIMIT_COUNTER}. */
export const LIMITS_SCOPE = 2;

/** The first scope id that is handed out. */
export const FIRST_SCOPE = 3;

const countedLimits = Object.entries(LIMITS).filter(([, { metric }]) => metric !== '');

/** Counter cell in {@link LIMITS_SCOPE} of each bound whose meeting is an event. */
export const LIMIT_COUNTER = Object.fromEntries(
  countedLimits.map(([name], index) => [name, FIRST_TOTAL + index]),
) as Readonly<Record<CountedLimitName, number>>;

const HISTOGRAMS = Math.max(...Object.values(HISTOGRAM)) + 1;

if (
  REASONS.length > CHUNK_BYTES / 8 ||
  FIRST_TOTAL + countedLimits.length > SCOPE_COUNTERS ||
  SUM_CELL + HISTOGRAMS > SCOPE_COUNTERS ||
  HISTOGRAM_CELL + HISTOGRAMS * HISTOGRAM_PARTS > DIRECTORY_CELLS
) {
  throw new RangeError('core/shared/stats.ts: a list has outgrown its cells');
}

/** Bytes of address space that one slab takes: 256 MiB with the default limits. */
export function slabBytes(limits: Pick<LimitValues, 'scopesMax'>): number {
  return (1 + limits.scopesMax * (1 + EXTRA_CHUNKS_PER_SCOPE)) * CHUNK_BYTES;
}

/** Scopes that a slab of this size has room for: the inverse of {@link slabBytes}. */
export function scopesOfSlab(byteLength: number): number {
  return (byteLength / CHUNK_BYTES - 1) / (1 + EXTRA_CHUNKS_PER_SCOPE);
}
