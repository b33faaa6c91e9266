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
 *                         | [8 + 6p + h] part p of histogram h: the low parts of all, which are in use, lie together
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
/** The first directory cell of histograms, see {@link histogramCell}. */
export const HISTOGRAM_CELL = 8;

/** Extra chunks that a slab holds for each scope that it has room for. */
const EXTRA_CHUNKS_PER_SCOPE = 3;

/**
 * Counter cells of a scope, for {@link StatsWriter.increment}. The first are levels (they fall as well as rise): those of
 * a dead worker are forgotten, the others are kept. Which metric a cell is, for each kind of scope, says
 * control/telemetry/scope-metrics.ts.
 */
export const COUNTER = {
  connections: 0,
  load: 1,
  tlsConnections: 2,
  poolSize: 3,
  poolCached: 4,
  poolWaiters: 5,
  openStreams: 6,
  // From here to the sums: what every request touches, on one line of the cache.
  pending: 8,
  // Totals from here on.
  requests: 9,
  success: 10,
  // The sums (SUM_CELL) lie here.
  failures: 17,
  connects: 18,
  closes: 19,
  receivedBytes: 20,
  sentBytes: 21,
  nacks: 22,
  nonretryableNacks: 23,
  /** Responses whose status is in none of the classes 1xx..5xx. */
  statusError: 24,
  deadlineExceeded: 25,
  deadlineRejected: 26,
  retriesTotal: 27,
  retriesRequeues: 28,
  retriesBudgetExhausted: 29,
  retriesRequestLimit: 30,
  retriesCannotRetry: 31,
  retriesNotOpen: 32,
  cancelledConnects: 33,
  serviceCreationFailures: 34,
  poolNumWaited: 35,
  poolNumTooManyWaiters: 36,
  failfastMarkedDead: 37,
  failfastMarkedAvailable: 38,
  accrualRemovals: 39,
  accrualRevivals: 40,
  accrualProbes: 41,
  accrualRemovedForMs: 42,
  loadBalancerMaxEffortExhausted: 43,
  nackAdmissionDropped: 44,
  loadBalancerBusyWeightClasses: 45,
  /** Streams of HTTP/2 whose last frame has come, by the classifier's verdict. */
  streamSuccess: 46,
  streamFailures: 47,
  /** RST_STREAM frames: sent by Weft, and received. */
  localResets: 48,
  remoteResets: 49,
  loadBalancerRebuilds: 50,
  loadBalancerExpired: 51,
  loadBandWiden: 52,
  loadBandNarrow: 53,
  /** Services of h2 routers. */
  retriesBackoffsExhausted: 54,
  retriesRequestStreamTooLong: 55,
  retriesResponseStreamTooLong: 56,
  retriesClassificationTimeout: 57,
} as const;

/** The first cell that holds a total rather than a level. */
export const FIRST_TOTAL = 9;

/** Exact sums of the recorded values: `SUM_CELL + h` for histogram h. */
export const SUM_CELL = 11;

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

/** Directory cell of a part of a histogram. */
export function histogramCell(histogram: number, part: number): number {
  return HISTOGRAM_CELL + part * HISTOGRAMS + histogram;
}

if (
  REASONS.length > CHUNK_BYTES / 8 ||
  FIRST_TOTAL + countedLimits.length > SCOPE_COUNTERS ||
  Math.max(...Object.values(COUNTER)) >= SCOPE_COUNTERS ||
  Object.values(COUNTER).some((cell) => cell >= SUM_CELL && cell < SUM_CELL + HISTOGRAMS) ||
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
