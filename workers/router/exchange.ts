/**
 * One request and its response on their way through Weft: what the server side, the router and the client side need to
 * know of it. Exchanges are pooled by the router: an idle connection owns none.
 *
 *     routing --> (parked for a binding) --> acquiring --> sending --> responding --> ended
 *                                               ^  |         |             |
 *                                               +--+---------+-------------+   requeued, or (after a pause) retried
 *
 * It is its own timer: deadlines.ts says what for.
 */
import { CODING_NONE } from '../../core/http1/content-coding.ts';
import type { HeadParser } from '../../core/http1/head.ts';
import type { FieldSection } from '../../core/http2/field-section.ts';
import type { Reason } from '../../core/reasons.ts';
import type { Deadline } from '../../core/resilience/deadline.ts';
import type { Compression } from '../http1/compression.ts';
import type { Piece } from '../http1/field-lines.ts';
import { NO_BLOCK } from '../net/blocks.ts';
import type { Net } from '../net/net.ts';
import type { BodySource, Outlet, Sink } from '../net/sink.ts';
import { NEVER, Timer } from '../reactor/timer-wheel.ts';
import type { TracedResponse } from './diagnostic-tracer.ts';
import type { EndpointPool } from './endpoint-pool.ts';
import type { Router } from './router.ts';
import type { Route, RouteBranch, RouteWaiter } from './routes.ts';

/** The client's side of an exchange: where its response goes. Implemented by each protocol's server side. */
export interface Downstream extends BodySource, RouteWaiter {
  /** Where the bytes of an HTTP/1 response go, and whose backpressure counts. */
  readonly sink: Sink;
  /** Where the content of an HTTP/2 response goes. */
  readonly outlet: Outlet;
  /** An HTTP/2 endpoint's head has been decoded: a final one, or an informational one that comes before it. */
  respond(head: FieldSection, endStream: boolean): void;
  /** Its trailers have: the response ends with them. */
  respondTrailers(trailers: FieldSection): void;
  /** Heads and trailers of HTTP/2 may come as they were coded before, for a client like this one. */
  readonly takesCoded: boolean;
  /** A head or trailers that were coded before. */
  respondCoded(block: Piece, endStream: boolean): void;
  /** Codes a final head without telling it: {@link respondCoded} may. @returns null where heads are not coded for others */
  codeHead(head: FieldSection): Uint8Array | null;
  /** What {@link respond} or {@link respondTrailers} has just coded; null when that is good for this client alone. */
  lastCoded(): Uint8Array | null;
  /** The upstream at hand is gone: another will be ready, or the exchange fails. */
  onUpstreamLost(): void;
  /** Whether the client understands chunks. */
  readonly takesChunks: boolean;
  /** The response head may be one that was rewritten before, for a client like this one. */
  readonly takesRemembered: boolean;
  /** A remembered head goes out. @returns where its `byteLength` bytes, which end at `headEnd`, are to be written */
  beginRemembered(headEnd: number, byteLength: number, start: number): number;
  /** A connection to an endpoint is ready for the request. */
  onUpstreamReady(): void;
  /** The endpoint's connection takes bytes again. */
  resume(): void;
  /** Passes on the 1xx response whose head is in `parser`'s hands. */
  writeInformational(parser: HeadParser, start: number, headEnd: number): void;
  /** Rewrites the response head in `parser`'s hands, in place. @returns where it now begins; its end is where it was */
  writeResponseHead(parser: HeadParser, start: number, headEnd: number): number;
  /** The body behind the head that was last rewritten is not for the client to see. */
  readonly withholdsBody: boolean;
  /** What compresses the body behind the head that was last rewritten; null for nothing. */
  readonly compression: Compression | null;
  /** The response has been forwarded whole. */
  onResponseEnd(): void;
  /** Bytes wait for a client that does not take them: its time runs. */
  armStall(): void;
  /** The two connections become a tunnel; the response head has been written. */
  onTunnel(): void;
  /** The name is a local service: answer with a status alone. @param success what its classifier says of that */
  onAnswered(status: number, success: boolean): void;
  /** A TRACE request's response is whole, with what the router appends to it (diagnostic-tracer.ts). */
  onTraced(response: TracedResponse): void;
  /** The exchange failed; answers the client where that is still possible, or aborts. */
  onFailed(failure: Failure): void;
}

/** The endpoint's side of an exchange. */
export interface Upstream extends BodySource {
  /** Where the bytes of an HTTP/1 request's body go, and whose backpressure counts. */
  readonly sink: Sink;
  /** Where the content of an HTTP/2 request goes. */
  readonly outlet: Outlet;
  /** Sends the request's head. @param endStream nothing follows it @returns false when the connection ended over it */
  sendHead(endStream: boolean): boolean;
  /** Sends the head together with the first bytes of its body. @returns as {@link sendHead} */
  sendHeadWith(at: number, byteLength: number): boolean;
  /** Trailers end the request. @param at where they lie as a header block */
  sendTrailers(at: number, byteLength: number): void;
  /** The request's last byte has been written. */
  onRequestSent(): void;
  /** The client's connection takes bytes again. */
  resume(): void;
  /** It takes nothing of the request: the attempt has failed. */
  onStalled(): void;
  /** Ends the exchange from the client's side: the connection cannot be used again. */
  abandon(): void;
}

/** Why an exchange failed, with what the client is told. */
export interface Failure {
  readonly status: number;
  readonly reason: Reason;
  readonly message: string;
  /** The request is known not to have reached its destination: `l5d-retryable` (spec 03 section 4.3). */
  readonly retryable: boolean;
  /** What an HTTP/2 endpoint has reset the stream with, for an HTTP/2 client to see; -1 for any other failure. */
  readonly resetCode: number;
}

/** One request's life. */
export class Exchange extends Timer {
  readonly router: Router;
  downstream: Downstream | null = null;
  upstream: Upstream | null = null;
  route: Route | null = null;
  branch: RouteBranch | null = null;
  /** The pool of the endpoint that was picked: its load is counted there until it is settled. */
  pool: EndpointPool | null = null;
  /** Microseconds of the reactor's clock at the request's head. */
  startMicros = 0;
  startTick = 0;
  /** The same at the start of the attempt under way. */
  attemptMicros = 0;
  attemptTick = 0;
  /** The attempt under way has a connection, or a stream of one. */
  inSession = false;
  /** Sessions that this attempt has tried to get. */
  acquisitions = 0;
  /** Requeues of this attempt that the client's budget has paid for, and how many one request gets; -1: not asked yet. */
  requeues = 0;
  requeuesMax = -1;
  /** Attempts behind the first, and the pause before the last of them. */
  retries = 0;
  pauseMs = 0;
  /** Ticks at which its time ends, that for a connection, the attempt's, and a pause; NEVER for none. */
  totalTick = NEVER;
  acquisitionEndTick = NEVER;
  attemptEndTick = NEVER;
  resumeTick = NEVER;
  /** The request head as it goes out, kept until a response is accepted, so that it can be sent again. */
  headAt = NO_BLOCK;
  headBytes = 0;
  headCapacity = 0;
  /** Content of the request that is kept, to be sent again: behind its head, or elsewhere by whoever receives it. */
  bodyBytes = 0;
  /** All content so far is kept. */
  bodyKept = true;
  /** Bytes of the head's block that are kept free for content, which is announced to be so long. */
  bodyRoom = 0;
  /** So many bytes in front of the head's end the endpoint is told of the attempt's deadline; 0: it is not (context-deadline.ts). */
  deadlineBack = 0;
  /** The deadline that the request brought, where {@link deadlineBack} is set. */
  deadline: Deadline | null = null;
  /** METHOD constant of core/http1. */
  method = 0;
  upgradeRequested = false;
  /** The request's body goes in chunks, to an endpoint that speaks HTTP/1. */
  chunked = false;
  /** Status of the response; 0 while there is none. */
  status = 0;
  /** `grpc-status` of the response; -1 while there is none. */
  grpcStatus = -1;
  /** The response has `l5d-retryable: true`. */
  asksForRetry = false;
  /** The head of an HTTP/2 response has come, so long after the request's and after the attempt's beginning. */
  answered = false;
  answerMicros = 0;
  attemptAnswerMicros = 0;
  serverScope = 0;
  /** Its server's bound on its time; 0 for none. */
  serverTimeoutMs = 0;
  /** The content coding that the client takes, of those that are offered: CODING_*. */
  coding = CODING_NONE;
  /** What the access log is told of the request, once it is answered (access-log.ts); NO_BLOCK for nothing. */
  recordAt = NO_BLOCK;
  recordBytes = 0;

  constructor(router: Router) {
    super();
    this.router = router;
  }

  /** All of the request that has come is at hand: it can be sent again. */
  get isAtHand(): boolean {
    return this.headAt !== NO_BLOCK && this.bodyKept;
  }

  /**
   * A block for a head of at most so many bytes, with {@link bodyRoom} behind it, if there is that much; otherwise the content
   * is not kept. {@link holdHead} says what of it is the head.
   *
   * @returns its place, or NO_BLOCK when none is left
   */
  takeHeadBlock(net: Net, headBytesMax: number): number {
    if (this.bodyRoom > 0 && !net.keepBody(headBytesMax, this.bodyRoom)) {
      this.bodyRoom = 0;
      this.bodyKept = false;
    }
    this.headCapacity = headBytesMax + this.bodyRoom;
    const at = net.takeBlock(this.headCapacity);
    if (at === NO_BLOCK) this.releaseRoom(net);
    return at;
  }

  /** No content is kept behind the head any more. */
  releaseRoom(net: Net): void {
    net.keptBodyBytes -= this.bodyRoom;
    this.bodyRoom = 0;
  }

  /** Keeps content behind the head: it is within {@link bodyRoom}. */
  keepContent(bytes: Uint8Array, at: number, byteLength: number): void {
    bytes.copyWithin(this.headAt + this.headBytes + this.bodyBytes, at, at + byteLength);
    this.bodyBytes += byteLength;
  }

  /** The timer's call. */
  onDeadline(): void {
    this.router.onTime(this);
  }

  /** What its timer did has failed: the request ends. */
  onFault(_error: unknown): void {
    this.router.onFault(this);
  }

  /** What an attempt has brought is nothing any more: another follows. */
  forgetResponse(): void {
    this.upstream = null;
    this.status = 0;
    this.grpcStatus = -1;
    this.asksForRetry = false;
    this.answered = false;
  }

  /** Takes over the request's head, in a block that {@link takeHeadBlock} gave. */
  holdHead(at: number, end: number): void {
    this.headAt = at;
    this.headBytes = end - at;
  }

  /** Forgets everything, for the next request. */
  reset(): void {
    this.downstream = null;
    this.route = null;
    this.branch = null;
    this.pool = null;
    this.forgetResponse();
    this.inSession = false;
    this.acquisitions = 0;
    this.requeues = 0;
    this.requeuesMax = -1;
    this.retries = 0;
    this.pauseMs = 0;
    this.headAt = NO_BLOCK;
    this.deadlineBack = 0;
    this.coding = CODING_NONE;
    this.bodyBytes = 0;
    this.bodyRoom = 0;
    this.bodyKept = true;
    this.upgradeRequested = false;
    this.chunked = false;
  }
}
