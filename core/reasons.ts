/**
 * The closed set of reasons for which Weft itself fails a request, a connection or a binding.
 *
 * One code names one cause everywhere: in logs (`reason`), in metrics (`failures/<code>`), and in the text that
 * `l5d-err` carries. Codes are appended, never renumbered: their index is the cell of the failure counter in
 * shared memory (`core/shared/stats.ts`).
 */
export const REASONS = [
  // identification (spec 03 section 6)
  'unidentified',
  'bad_dtab',
  'call_depth_exceeded',
  // binding (spec 01 section 4.4, spec 05 section 1)
  'no_brokers',
  'binding_failed',
  'binding_timeout',
  'binding_overload',
  // connecting (spec 05 sections 7 and 9)
  'connect_refused',
  'connect_timeout',
  'connect_failed',
  'pool_exhausted',
  'local_resources',
  // the request (RFC 9112)
  'bad_request',
  'uri_too_long',
  'headers_too_large',
  'unsupported_version',
  'unsupported_transfer_coding',
  'expectation_failed',
  'request_timeout',
  'client_closed',
  'client_stalled',
  // the response (RFC 9112)
  'upstream_closed',
  'upstream_reset',
  'upstream_malformed',
  'upstream_truncated',
  'upstream_stalled',
  // limits and life cycle
  'concurrency_limit',
  'draining',
  'worker_died',
  'internal',
  // the application's own verdict (a 5xx, spec 05 section 10)
  'application_failure',
  // the response (RFC 9113 section 8.7): the endpoint did not look at the request
  'upstream_refused',
  // the deadline that a gRPC client has set (grpc-timeout)
  'deadline_exceeded',
  // service.totalTimeoutMs and client.requestAttemptTimeoutMs (spec 05 section 8)
  'total_timeout',
  'attempt_timeout',
  // connecting: fail-fast has marked the endpoint, no connection was tried
  'fail_fast',
  // admission: the client's endpoints are overloaded, the request was not sent
  'overload_dropped',
  // a server's timeoutMs
  'server_timeout',
] as const;

/** A reason code, see {@link REASONS}. */
export type Reason = (typeof REASONS)[number];

const indexByReason = new Map<Reason, number>(REASONS.map((reason, index) => [reason, index]));

/** Whether a failure is Weft's own, and says nothing of the endpoint that was to answer. */
export function isOwnFault(reason: Reason): boolean {
  return reason === 'local_resources' || reason === 'internal';
}

/** The stable index of a reason: its counter's cell. */
export function reasonIndex(reason: Reason): number {
  return indexByReason.get(reason) as number;
}
