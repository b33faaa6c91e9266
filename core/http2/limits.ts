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
} as const satisfies Record<string, Limit>;
