/** The frame types of HTTP/2 (RFC 9113 section 6) as the numbers on the wire. A type that is not here is ignored. */

/** Payload of a message (section 6.1). */
export const FRAME_DATA = 0;
/** The first fragment of a field block (6.2). */
export const FRAME_HEADERS = 1;
/** Deprecated advice on order (6.3); checked and dropped. */
export const FRAME_PRIORITY = 2;
/** Ends a stream at once (6.4). */
export const FRAME_RST_STREAM = 3;
/** What the sender of the frame wants of its peer (6.5). */
export const FRAME_SETTINGS = 4;
/** A request that the server makes up (6.6); Weft forbids it on both sides. */
export const FRAME_PUSH_PROMISE = 5;
/** Is the peer there (6.7)? */
export const FRAME_PING = 6;
/** No streams beyond the one named here (6.8). */
export const FRAME_GOAWAY = 7;
/** Room for more payload (6.9). */
export const FRAME_WINDOW_UPDATE = 8;
/** A further fragment of a field block (6.10). */
export const FRAME_CONTINUATION = 9;

/** Names by type, for logs. */
export const FRAME_NAMES: readonly string[] = [
  'DATA',
  'HEADERS',
  'PRIORITY',
  'RST_STREAM',
  'SETTINGS',
  'PUSH_PROMISE',
  'PING',
  'GOAWAY',
  'WINDOW_UPDATE',
  'CONTINUATION',
];

/** Whether RFC 9113 defines the type: a frame of any other is read over, whatever it holds (section 5.5). */
export function isKnownFrame(type: number): boolean {
  return type <= FRAME_CONTINUATION;
}
