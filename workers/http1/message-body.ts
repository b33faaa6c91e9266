/**
 * A message body on its way from one connection to another: knows where it ends, and forwards it as it lies.
 *
 *     none ------------------------------------------------------> done
 *     length(n)  -- bytes --> length(n - bytes) -- 0 left --------> done
 *     chunked    -- size line, data, ... last chunk --> trailers --> done
 *     untilClose -- bytes --> ... -- the peer's end of stream -----> done
 *
 * A chunked body goes on verbatim, chunk framing included, except for chunk extensions and forbidden trailers, which are
 * left out (RFC 9112 sections 7.1.1 and 7.1.2). For a receiver that has no chunks (HTTP/1.0) only the data goes on.
 */
import { ChunkedDecoder, KIND } from '../../core/http1/chunked.ts';
import { INCOMPLETE } from '../../core/http1/errors.ts';
import type { HeadParser } from '../../core/http1/head.ts';
import {
  BODY_CHUNKED,
  BODY_LENGTH,
  BODY_NONE,
  BODY_UNTIL_CLOSE,
  FIELD_STRIDE,
  FIELD_TOKEN,
} from '../../core/http1/parsed-head.ts';
import { TOKEN_HOP_NAMED } from '../../core/http1/tokens.ts';
import type { Sink } from '../net/sink.ts';

/** No error. */
export const BODY_OK = 0;

/** The body of the message that a connection is receiving. */
export class MessageBody {
  /** One of `BODY_*`. */
  kind: number = BODY_NONE;
  done = true;
  /** Nothing, or the parser's error constant for what is wrong with the framing. */
  error = BODY_OK;
  /** Bytes still to come of a length-delimited body. */
  remaining = 0;
  /** Payload and framing bytes forwarded so far. */
  forwardedBytes = 0;
  readonly #chunkLineBytesMax: number;
  readonly #trailerParser: HeadParser;
  #chunks: ChunkedDecoder | null = null;
  #inTrailers = false;
  #dataOnly = false;
  #withheld = false;

  /** @param trailerParser shared by all bodies of a worker: trailer sections are parsed whole */
  constructor(chunkLineBytesMax: number, trailerParser: HeadParser) {
    this.#chunkLineBytesMax = chunkLineBytesMax;
    this.#trailerParser = trailerParser;
  }

  /** The end of the stream is this body's end. */
  get endsWithStream(): boolean {
    return this.kind === BODY_UNTIL_CLOSE;
  }

  /** Begins a body as the head announced it. @param dataOnly leave the chunk framing out */
  begin(kind: number, contentLength: number, dataOnly: boolean): void {
    this.kind = kind;
    this.error = BODY_OK;
    this.forwardedBytes = 0;
    this.remaining = kind === BODY_LENGTH ? contentLength : 0;
    this.done = kind === BODY_NONE || (kind === BODY_LENGTH && contentLength === 0);
    this.#dataOnly = dataOnly;
    this.#withheld = false;
    this.#inTrailers = false;
    if (kind === BODY_CHUNKED) {
      if (this.#chunks === null) this.#chunks = new ChunkedDecoder(this.#chunkLineBytesMax);
      this.#chunks.reset();
    }
  }

  /** Its chunk framing is left out, and its trailers. */
  unframe(): void {
    this.#dataOnly = true;
  }

  /** The body is read to its end, and nothing of it goes on. */
  withhold(): void {
    this.#withheld = true;
    this.#dataOnly = true;
  }

  /**
   * Forwards what belongs to the body.
   *
   * @param pendingAt where bytes that must go out in front of the body begin; they reach to `at`
   * @param at the first byte of body at hand
   * @param end behind the last byte at hand
   * @param sink the receiver; when it ends over a write, the caller sees it in `sink.closed`
   * @returns behind the last byte that was used; what remains belongs to the next message, or (a trailer section that
   *   is not complete, `done` still false) must be shown again with more bytes behind it
   */
  forward(bytes: Uint8Array, pendingAt: number, at: number, end: number, sink: Sink): number {
    if (this.kind === BODY_CHUNKED) return this.#forwardChunked(bytes, pendingAt, at, end, sink);
    let to = end;
    if (this.kind === BODY_NONE) to = at;
    else if (this.kind === BODY_LENGTH) {
      to = Math.min(end, at + this.remaining);
      this.remaining -= to - at;
      this.done = this.remaining === 0;
    }
    this.forwardedBytes += to - at;
    const shown = this.#withheld ? at : to;
    if (shown > pendingAt) sink.writeReceived(pendingAt, shown - pendingAt);
    return to;
  }

  #forwardChunked(bytes: Uint8Array, pendingAt: number, bodyAt: number, end: number, sink: Sink): number {
    const chunks = this.#chunks as ChunkedDecoder;
    let runAt = pendingAt;
    let at = bodyAt;
    if (this.#inTrailers) return this.#forwardTrailers(bytes, runAt, at, end, sink);
    while (at < end) {
      const next = chunks.advance(bytes, at, end);
      const kind = chunks.kind;
      if (kind === KIND.error) {
        this.error = chunks.error;
        break;
      }
      const wanted = !this.#withheld && (kind === KIND.data || (!this.#dataOnly && kind !== KIND.skipped));
      if (!wanted) {
        if (at > runAt) sink.write(runAt, at - runAt);
        runAt = next;
      }
      this.forwardedBytes += next - at;
      at = next;
      if (kind === KIND.trailers) {
        this.#inTrailers = true;
        return this.#forwardTrailers(bytes, runAt, at, end, sink);
      }
    }
    if (at > runAt && this.error === BODY_OK) sink.writeReceived(runAt, at - runAt);
    return at;
  }

  #forwardTrailers(bytes: Uint8Array, runAt: number, at: number, end: number, sink: Sink): number {
    const parser = this.#trailerParser;
    const next = parser.parseTrailers(bytes, at, end);
    if (next < 0) {
      if (next !== INCOMPLETE) this.error = next;
      else if (at > runAt) sink.write(runAt, at - runAt);
      return at;
    }
    this.done = true;
    this.forwardedBytes += next - at;
    let from = runAt;
    if (this.#dataOnly) {
      if (at > from) sink.write(from, at - from);
      return next;
    }
    for (let i = 0; i < parser.fieldCount; i++) {
      if (parser.fields[i * FIELD_STRIDE + FIELD_TOKEN] !== TOKEN_HOP_NAMED) continue;
      const lineAt = parser.fields[i * FIELD_STRIDE] as number;
      if (lineAt > from) sink.write(from, lineAt - from);
      from = i + 1 < parser.fieldCount ? (parser.fields[(i + 1) * FIELD_STRIDE] as number) : next - 2;
    }
    if (next > from) sink.writeReceived(from, next - from);
    return next;
  }
}
