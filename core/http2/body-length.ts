/**
 * Holds the DATA of a message against its content-length (RFC 9113 section 8.1.1, hostile-inputs row 31): a body of
 * another length than its head says is how one request becomes two when it is forwarded as HTTP/1.
 */
import { BODY_NONE, type ParsedHead } from '../http1/parsed-head.ts';
import { ERR_BODY_TOO_LONG, ERR_BODY_TOO_SHORT } from './message-errors.ts';

/** The body of one message. */
export class BodyLength {
  /** Content that is still to come; -1 when the head does not say. */
  remaining = -1;

  /**
   * Begins the body of a message.
   *
   * @param head as `message-head.ts` left it: one that can have no content (HEAD, 204, 304) gets none, whatever its
   *   content-length; one that ended with its head was judged there
   */
  begin(head: ParsedHead): void {
    this.remaining = head.bodyKind === BODY_NONE ? 0 : head.contentLength;
  }

  /**
   * Counts the content of a DATA frame, padding left out.
   *
   * @param endStream the message ends with this frame
   * @returns 0 or an error of `message-errors.ts`
   */
  data(contentBytes: number, endStream: boolean): number {
    if (this.remaining < 0) return 0;
    if (contentBytes > this.remaining) return ERR_BODY_TOO_LONG;
    this.remaining -= contentBytes;
    return endStream ? this.end() : 0;
  }

  /** The message ends: with its last DATA, or with trailers. @returns 0 or an error */
  end(): number {
    return this.remaining > 0 ? ERR_BODY_TOO_SHORT : 0;
  }
}
