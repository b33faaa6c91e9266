/** The bounds of sending requests again, as core/limits.ts lists them among all others. */
export const RESILIENCE_LIMITS = {
  replayBodyBytesMax: {
    env: 'WEFT_REPLAY_BODY_BYTES',
    defaultValue: 65536,
    min: 0,
    max: 1048576,
    metric: '',
    doc: 'Body of an HTTP/1 request that is kept so that the request can be sent again; a lower streamAfterContentLengthKB wins. With it grow the blocks in which all buffered bytes lie.',
  },
  keptBodyBytesMax: {
    env: 'WEFT_KEPT_BODY_BYTES',
    defaultValue: 33554432,
    min: 0,
    max: 1073741824,
    metric: 'limits/kept_body_bytes',
    doc: 'Bodies of HTTP/1 requests that a worker keeps until they are answered, so that the requests can be sent again; beyond, requests are sent once.',
  },
  acquisitionAttemptsMax: {
    env: 'WEFT_ACQUISITION_ATTEMPTS',
    defaultValue: 26,
    min: 1,
    max: 100,
    metric: 'limits/acquisition_attempts',
    doc: 'Endpoints tried in one attempt of a request before its connection failure is reported (spec 05 section 7).',
  },
} as const;
