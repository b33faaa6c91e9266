/**
 * What may follow what in a message (RFC 9113 section 8.1). The state of the stream does not say: it allows HEADERS and
 * DATA in any order.
 *
 *      AWAIT_HEAD --- final HEADERS ---> IN_BODY --- DATA END_STREAM, or trailers ---> COMPLETE
 *        ^    |         |                 ^   |                                          ^
 *        +----+         |                 +---+                                          |
 *       1xx HEADERS     |                 DATA                                           |
 *                       +-------------- final HEADERS with END_STREAM -------------------+
 *
 * Trailers end the message: HEADERS behind a final head without END_STREAM are malformed, and so is an informational
 * head with it. A request has no informational head.
 */
import { ERR_DATA_BEFORE_HEAD, ERR_INFORMATIONAL_ENDED, ERR_TRAILERS_UNENDED } from './message-errors.ts';

export const AWAIT_HEAD = 0;
export const IN_BODY = 1;
export const COMPLETE = 2;

/** Whether the next HEADERS are a head; else they are trailers. */
export function isHeadNext(phase: number): boolean {
  return phase === AWAIT_HEAD;
}

/**
 * A head was read.
 *
 * @param status of a response; 0 for a request
 * @returns the next phase, or an error of `message-errors.ts`
 */
export function afterHead(status: number, endStream: boolean): number {
  const informational = status >= 100 && status < 200;
  if (informational) return endStream ? ERR_INFORMATIONAL_ENDED : AWAIT_HEAD;
  return endStream ? COMPLETE : IN_BODY;
}

/** HEADERS came behind the head. @returns the next phase or an error */
export function afterTrailers(endStream: boolean): number {
  return endStream ? COMPLETE : ERR_TRAILERS_UNENDED;
}

/** DATA came. @returns the next phase or an error */
export function afterData(phase: number, endStream: boolean): number {
  if (phase === AWAIT_HEAD) return ERR_DATA_BEFORE_HEAD;
  return endStream ? COMPLETE : IN_BODY;
}
