/**
 * What Weft says of itself to the other end of an HTTP/2 connection (spec 02 section 6.4): keys of h2 servers, and of
 * clients that speak HTTP/2.
 */
import { INT_MAX, int, ratio } from './scalars.ts';
import { optional, withDefault } from './schema.ts';

/** RFC 9113 section 4.2. */
const FRAME_BYTES_MIN = 16_384;
/** The RFC goes up to 16 MiB, and Linkerd with it. A frame is one turn of a connection, and all its streams wait for it. */
const FRAME_BYTES_MAX = 1_048_576;
const HEADER_LIST_BYTES_MIN = 1024;
const HEADER_LIST_BYTES_MAX = 1_048_576;
const TABLE_BYTES_MAX = 65_536;

/** The shape of those keys. */
export const http2EndpointKeys = {
  /** SETTINGS_INITIAL_WINDOW_SIZE: bytes that the peer may send on a stream before it is given more. */
  initialStreamWindowBytes: withDefault(int(1, INT_MAX), 65_535),
  /** SETTINGS_HEADER_TABLE_SIZE: bytes of HPACK's table for what the peer sends. */
  headerTableBytes: withDefault(int(0, TABLE_BYTES_MAX), 4096),
  /** SETTINGS_MAX_FRAME_SIZE. */
  maxFrameBytes: withDefault(int(FRAME_BYTES_MIN, FRAME_BYTES_MAX), FRAME_BYTES_MIN),
  /** SETTINGS_MAX_HEADER_LIST_SIZE; undefined: the bound `h2HeaderListBytes` of core/limits.ts. */
  maxHeaderListBytes: optional(int(HEADER_LIST_BYTES_MIN, HEADER_LIST_BYTES_MAX)),
  /** A stream's window is opened again when no more than this part of it is left. */
  windowUpdateRatio: withDefault(ratio, 0.99),
};
