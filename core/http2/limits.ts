/**
 * The bounds of HTTP/2, a part of the one list in `core/limits.ts`: what a peer may do that serves no request
 * (hostile-inputs row 34), and how large a field section may be, before it is decoded and after.
 */
import type { Limit } from '../limits.ts';

const BUDGET_LARGEST = 1_000_000;

function budget<const M extends string>(
  env: string,
  defaultValue: number,
  metric: M,
  doc: string,
): Limit & { readonly metric: M } {
  return { env, defaultValue, min: 1, max: BUDGET_LARGEST, metric, doc };
}

/** The rows. `abuse-budget.ts` says how a budget is spent and earned. */
export const HTTP2_LIMITS = {
  h2BudgetRefillMs: {
    env: 'WEFT_H2_BUDGET_REFILL_MS',
    defaultValue: 30000,
    min: 100,
    max: 3600000,
    metric: '',
    doc: 'Time in which an HTTP/2 connection gets back a whole budget of frames that serve no request (the bounds below).',
  },
  h2PeerResetsMax: budget(
    'WEFT_H2_PEER_RESETS',
    1000,
    'limits/h2_peer_resets',
    'Budget of streams that the peer resets before they are answered (Rapid Reset). Every answered stream gives one back. Beyond this budget and each of the following the connection is ended with ENHANCE_YOUR_CALM.',
  ),
  h2ProvokedResetsMax: budget(
    'WEFT_H2_PROVOKED_RESETS',
    200,
    'limits/h2_provoked_resets',
    "Budget of streams that Weft resets for the peer's errors (MadeYouReset).",
  ),
  h2PingsMax: budget(
    'WEFT_H2_PINGS',
    200,
    'limits/h2_pings',
    'Budget of PING frames. Every DATA frame that is sent gives one back: gRPC clients measure their bandwidth so.',
  ),
  h2SettingsMax: budget(
    'WEFT_H2_SETTINGS',
    100,
    'limits/h2_settings',
    'Budget of SETTINGS frames; one with many entries counts as several.',
  ),
  h2PrioritiesMax: budget(
    'WEFT_H2_PRIORITIES',
    500,
    'limits/h2_priorities',
    'Budget of PRIORITY frames. Every answered stream gives two back.',
  ),
  h2EmptyFramesMax: budget(
    'WEFT_H2_EMPTY_FRAMES',
    100,
    'limits/h2_empty_frames',
    'Budget of DATA, HEADERS and CONTINUATION frames that carry and end nothing.',
  ),
  h2TinyWindowUpdatesMax: budget(
    'WEFT_H2_TINY_WINDOW_UPDATES',
    1000,
    'limits/h2_tiny_window_updates',
    'Budget of WINDOW_UPDATE frames of less than 512 bytes. Every DATA frame that is sent gives two back.',
  ),
  h2IgnoredFramesMax: budget(
    'WEFT_H2_IGNORED_FRAMES',
    1000,
    'limits/h2_ignored_frames',
    'Budget of frames of unknown type, and of frames other than DATA for streams that are gone. Every answered stream gives two back.',
  ),
  h2ContinuationsMax: {
    env: 'WEFT_H2_CONTINUATIONS',
    defaultValue: 16,
    min: 1,
    max: 10000,
    metric: 'limits/h2_continuations',
    doc: 'CONTINUATION frames of one field block; with more the connection is ended with ENHANCE_YOUR_CALM.',
  },
  h2FieldBlockBytesMax: {
    env: 'WEFT_H2_FIELD_BLOCK_BYTES',
    defaultValue: 65536,
    min: 16384,
    max: 16777216,
    metric: 'limits/h2_field_block_bytes',
    doc: 'Compressed bytes of one field block; with more the connection is ended with ENHANCE_YOUR_CALM.',
  },
  h2HeaderListBytes: {
    env: 'WEFT_H2_HEADER_LIST_BYTES',
    defaultValue: 16384,
    min: 1024,
    max: 1048576,
    metric: 'limits/h2_header_list_bytes',
    doc: 'Size of a decoded field section, 32 bytes a field included, for servers and clients without maxHeaderListBytes; more is answered 431 (from an upstream: 502).',
  },
  h2ConnectionWindowBytes: {
    env: 'WEFT_H2_CONNECTION_WINDOW_BYTES',
    defaultValue: 1048576,
    min: 65535,
    max: 2147483647,
    metric: '',
    doc: 'Flow-control window of an HTTP/2 connection. Streams hold one another back only within it: what is received is granted again at once.',
  },
  h2QueuedBytesMax: {
    env: 'WEFT_H2_QUEUED_BYTES',
    defaultValue: 8388608,
    min: 65536,
    max: 1073741824,
    metric: 'limits/h2_queued_bytes',
    doc: 'Content that waits for the readers of all streams of one HTTP/2 connection; the stream that goes beyond is reset.',
  },
  h2KeptBytesMax: {
    env: 'WEFT_H2_KEPT_BYTES',
    defaultValue: 33554432,
    min: 65536,
    max: 1073741824,
    metric: 'limits/h2_kept_bytes',
    doc: 'What a worker keeps of HTTP/2 requests that may be retried, and of responses held for their verdict, in pages of 4096 bytes, and never more than a quarter of WEFT_ARENA_BYTES. Beyond it requests are not retried, and responses not held.',
  },
  h2ConnectionsPerEndpointMax: {
    env: 'WEFT_H2_CONNECTIONS_PER_ENDPOINT',
    defaultValue: 16,
    min: 1,
    max: 1024,
    metric: 'limits/h2_connections_per_endpoint',
    doc: 'HTTP/2 connections of one worker to one endpoint: a further one is made when the endpoint takes no more streams on those there are. Beyond it requests wait.',
  },
  h2PingIntervalMs: {
    env: 'WEFT_H2_PING_INTERVAL_MS',
    defaultValue: 300000,
    min: 0,
    max: 86400000,
    metric: '',
    doc: 'Time without a frame from an endpoint, with streams open, after which it is pinged; 0 for never. gRPC servers take more frequent pings for abuse.',
  },
  h2PingTimeoutMs: {
    env: 'WEFT_H2_PING_TIMEOUT_MS',
    defaultValue: 4000,
    min: 100,
    max: 3600000,
    metric: 'limits/h2_ping_timeout',
    doc: 'Time for an endpoint to answer a ping, by any frame; then its connection is closed and its streams have failed.',
  },
  h2IdleTimeoutMs: {
    env: 'WEFT_H2_IDLE_TIMEOUT_MS',
    defaultValue: 0,
    min: 0,
    max: 604800000,
    metric: '',
    doc: "Time without a stream after which a client's HTTP/2 connection is ended with GOAWAY; 0 for never, as in Linkerd.",
  },
  h2ConnectionAgeMs: {
    env: 'WEFT_H2_CONNECTION_AGE_MS',
    defaultValue: 0,
    min: 0,
    max: 604800000,
    metric: '',
    doc: "Age, a tenth more or less by chance, at which a client's HTTP/2 connection is ended gracefully with GOAWAY, so that load spreads anew after a scale-up; 0 for never.",
  },
} as const satisfies Record<string, Limit>;
