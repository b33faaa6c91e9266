/** The error codes of RST_STREAM and GOAWAY (RFC 9113 section 7). */

/** A graceful end. */
export const NO_ERROR = 0;
export const PROTOCOL_ERROR = 1;
export const INTERNAL_ERROR = 2;
export const FLOW_CONTROL_ERROR = 3;
export const SETTINGS_TIMEOUT = 4;
/** A frame for a half-closed stream. */
export const STREAM_CLOSED = 5;
export const FRAME_SIZE_ERROR = 6;
/** Nothing was done with the request: it may be sent again. */
export const REFUSED_STREAM = 7;
/** The stream is no longer needed. */
export const CANCEL = 8;
export const COMPRESSION_ERROR = 9;
export const CONNECT_ERROR = 10;
/** The peer makes excessive work. */
export const ENHANCE_YOUR_CALM = 11;
export const INADEQUATE_SECURITY = 12;
export const HTTP_1_1_REQUIRED = 13;

const ERROR_NAMES: readonly string[] = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
];

/** The name of a code, for logs; `UNKNOWN_ERROR(n)` for one that no RFC 9113 defines: it has no special meaning. */
export function errorName(code: number): string {
  return ERROR_NAMES[code] ?? `UNKNOWN_ERROR(${code})`;
}
