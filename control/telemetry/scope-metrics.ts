/**
 * Which metric each shared cell is, for each kind of scope, under Linkerd's names (spec 06 sections 1.2 and 1.3). What
 * workers do not count (`loadbalancer/size`, ...) its owner adds to the scope with `Scopes.extend`.
 */

import type { RouterProtocol } from '../../core/config/types.ts';
import { COUNTER, HISTOGRAM } from '../../core/shared/stats.ts';

/** A counter or gauge of a scope. */
export interface CellMetric {
  readonly path: readonly string[];
  readonly kind: 'counter' | 'gauge';
  readonly cell: number;
}

/** A stat of a scope. */
export interface HistogramMetric {
  readonly path: readonly string[];
  readonly histogram: number;
  /** Recorded units in one reported unit: microseconds are reported as milliseconds; plain numbers as they are. */
  readonly unit: 'ms' | 'number';
}

/** All metrics of one kind of scope. */
export interface ScopeMetrics {
  readonly cells: readonly CellMetric[];
  readonly histograms: readonly HistogramMetric[];
  /** Whether responses are counted by status. */
  readonly statuses: boolean;
}

function counter(path: string, cell: number): CellMetric {
  return { path: path.split('/'), kind: 'counter', cell };
}

function gauge(path: string, cell: number): CellMetric {
  return { path: path.split('/'), kind: 'gauge', cell };
}

function millis(path: string, histogram: number): HistogramMetric {
  return { path: path.split('/'), histogram, unit: 'ms' };
}

function number(path: string, histogram: number): HistogramMetric {
  return { path: path.split('/'), histogram, unit: 'number' };
}

const REQUESTS = [
  counter('requests', COUNTER.requests),
  counter('success', COUNTER.success),
  counter('failures', COUNTER.failures),
  gauge('pending', COUNTER.pending),
];

const REQUEST_LATENCY = millis('request_latency_ms', HISTOGRAM.requestLatency);

const SERVER: ScopeMetrics = {
  cells: [
    ...REQUESTS,
    // A server's load is its dispatches in flight: what is pending.
    gauge('load', COUNTER.pending),
    gauge('connections', COUNTER.connections),
    gauge('tls/connections', COUNTER.tlsConnections),
    counter('connects', COUNTER.connects),
    counter('closes', COUNTER.closes),
    counter('received_bytes', COUNTER.receivedBytes),
    counter('sent_bytes', COUNTER.sentBytes),
    counter('nacks', COUNTER.nacks),
    counter('nonretryable_nacks', COUNTER.nonretryableNacks),
    counter('status/error', COUNTER.statusError),
    counter('admission_control/deadline/exceeded', COUNTER.deadlineExceeded),
    counter('admission_control/deadline/rejected', COUNTER.deadlineRejected),
  ],
  histograms: [
    REQUEST_LATENCY,
    millis('connection_duration', HISTOGRAM.connectionDuration),
    number('connection_requests', HISTOGRAM.connectionRequests),
    millis('admission_control/deadline/exceeded_ms', HISTOGRAM.deadlineExceeded),
    millis('admission_control/deadline/remaining_ms', HISTOGRAM.deadlineRemaining),
  ],
  statuses: true,
};

const SERVICE: ScopeMetrics = {
  cells: [
    ...REQUESTS,
    counter('retries/total', COUNTER.retriesTotal),
    counter('retries/budget_exhausted', COUNTER.retriesBudgetExhausted),
  ],
  histograms: [REQUEST_LATENCY, number('retries/per_request', HISTOGRAM.retriesPerRequest)],
  statuses: false,
};

const CLIENT: ScopeMetrics = {
  cells: [
    ...REQUESTS,
    gauge('connections', COUNTER.connections),
    gauge('tls/connections', COUNTER.tlsConnections),
    counter('connects', COUNTER.connects),
    counter('received_bytes', COUNTER.receivedBytes),
    counter('sent_bytes', COUNTER.sentBytes),
    counter('cancelled_connects', COUNTER.cancelledConnects),
    counter('service_creation/failures', COUNTER.serviceCreationFailures),
    counter('retries/requeues', COUNTER.retriesRequeues),
    counter('retries/budget_exhausted', COUNTER.retriesBudgetExhausted),
    counter('retries/request_limit', COUNTER.retriesRequestLimit),
    counter('retries/cannot_retry', COUNTER.retriesCannotRetry),
    counter('retries/not_open', COUNTER.retriesNotOpen),
    gauge('pool_size', COUNTER.poolSize),
    gauge('pool_cached', COUNTER.poolCached),
    gauge('pool_waiters', COUNTER.poolWaiters),
    counter('pool_num_waited', COUNTER.poolNumWaited),
    counter('pool_num_too_many_waiters', COUNTER.poolNumTooManyWaiters),
    counter('failfast/marked_dead', COUNTER.failfastMarkedDead),
    counter('failfast/marked_available', COUNTER.failfastMarkedAvailable),
    counter('failure_accrual/removals', COUNTER.accrualRemovals),
    counter('failure_accrual/revivals', COUNTER.accrualRevivals),
    counter('failure_accrual/probes', COUNTER.accrualProbes),
    counter('failure_accrual/removed_for_ms', COUNTER.accrualRemovedForMs),
    counter('loadbalancer/max_effort_exhausted', COUNTER.loadBalancerMaxEffortExhausted),
    counter('loadbalancer/rebuilds', COUNTER.loadBalancerRebuilds),
    counter('loadbalancer/busy_weight_classes', COUNTER.loadBalancerBusyWeightClasses),
    counter('nack_admission_control/dropped_requests', COUNTER.nackAdmissionDropped),
    counter('status/error', COUNTER.statusError),
  ],
  histograms: [
    REQUEST_LATENCY,
    millis('connect_latency_ms', HISTOGRAM.connectLatency),
    millis('service_creation/service_acquisition_latency_ms', HISTOGRAM.acquisitionLatency),
    millis('failed_connect_latency_ms', HISTOGRAM.failedConnectLatency),
    number('retries/requeues_per_request', HISTOGRAM.retriesPerRequest),
  ],
  statuses: true,
};

const CLIENT_SERVICE: ScopeMetrics = { cells: REQUESTS, histograms: [REQUEST_LATENCY], statuses: false };

/** What is counted of a stream from its first frame to its last: a request's latency ends with the response's head. */
const STREAMS = [
  counter('stream/stream_success', COUNTER.streamSuccess),
  counter('stream/stream_failures', COUNTER.streamFailures),
];

/** Where there are connections, there is also what happens to streams on them. */
const STREAMS_OF_CONNECTIONS = [
  ...STREAMS,
  gauge('stream/open_streams', COUNTER.openStreams),
  counter('stream/local/reset', COUNTER.localResets),
  counter('stream/remote/reset', COUNTER.remoteResets),
];

/** Why a request was not retried, or its response not held (spec 05 section 11.1). */
const STREAM_RETRIES = [
  counter('retries/backoffs_exhausted', COUNTER.retriesBackoffsExhausted),
  counter('retries/request_stream_too_long', COUNTER.retriesRequestStreamTooLong),
  counter('retries/response_stream_too_long', COUNTER.retriesResponseStreamTooLong),
  counter('retries/classification_timeout', COUNTER.retriesClassificationTimeout),
];

function withStreams(
  metrics: ScopeMetrics,
  streams: readonly CellMetric[],
  latency: number = HISTOGRAM.streamLatency,
): ScopeMetrics {
  return {
    ...metrics,
    cells: [...metrics.cells, ...streams],
    histograms: [...metrics.histograms, millis('stream/total_latency_ms', latency)],
  };
}

/** The metrics of each kind of scope, by the protocol of its router. */
export const SCOPE_METRICS = {
  http: { server: SERVER, service: SERVICE, client: CLIENT, client_service: CLIENT_SERVICE },
  h2: {
    server: withStreams(SERVER, STREAMS_OF_CONNECTIONS, HISTOGRAM.serverStreamLatency),
    service: withStreams(SERVICE, [...STREAMS, ...STREAM_RETRIES]),
    client: withStreams(CLIENT, STREAMS_OF_CONNECTIONS),
    client_service: withStreams(CLIENT_SERVICE, STREAMS),
  },
} as const satisfies Record<RouterProtocol, Record<string, ScopeMetrics>>;
