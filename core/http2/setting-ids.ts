/** The settings that Weft knows, as the numbers on the wire; any other is ignored (RFC 9113 section 6.5.2). */

/** Bytes of the table that the receiver's encoder may use. */
export const SETTING_HEADER_TABLE_SIZE = 1;
/** 0: no PUSH_PROMISE, please. */
export const SETTING_ENABLE_PUSH = 2;
/** Streams that the receiver may have open at a time. */
export const SETTING_MAX_CONCURRENT_STREAMS = 3;
/** The window that each new stream begins with, in bytes. */
export const SETTING_INITIAL_WINDOW_SIZE = 4;
/** Payload of the largest frame that is taken. */
export const SETTING_MAX_FRAME_SIZE = 5;
/** Advice: size of the largest field section that is taken, uncompressed, 32 bytes added for each field. */
export const SETTING_MAX_HEADER_LIST_SIZE = 6;
/** 1: CONNECT with `:protocol` is understood (RFC 8441 section 3). Weft never announces it. */
export const SETTING_ENABLE_CONNECT_PROTOCOL = 8;
/** 1: the sender uses none of RFC 7540's priorities (RFC 9218 section 2.1). */
export const SETTING_NO_RFC7540_PRIORITIES = 9;

/** Names by number, for logs; '' for a number that is no setting. */
export const SETTING_NAMES: readonly string[] = [
  '',
  'HEADER_TABLE_SIZE',
  'ENABLE_PUSH',
  'MAX_CONCURRENT_STREAMS',
  'INITIAL_WINDOW_SIZE',
  'MAX_FRAME_SIZE',
  'MAX_HEADER_LIST_SIZE',
  '',
  'ENABLE_CONNECT_PROTOCOL',
  'NO_RFC7540_PRIORITIES',
];
