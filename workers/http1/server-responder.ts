/**
 * The response side of a client's HTTP/1 connection: heads rewritten in place, answers of Weft's own, and what becomes of
 * the connection after a response (RFC 9112 section 9).
 *
 *     response ended --persistent, request ended too--> HEAD
 *         \--otherwise--> FLUSHING --output drained--> LINGER --client's end, or time--> closed
 */
import { CODING_NONE, claimEntityTag, claimFields, isCodable } from '../../core/http1/content-coding.ts';
import type { HeadParser } from '../../core/http1/head.ts';
import { METHOD_CONNECT, METHOD_HEAD } from '../../core/http1/methods.ts';
import { BODY_UNTIL_CLOSE, type ParsedHead } from '../../core/http1/parsed-head.ts';
import { TOKEN_L5D_ERR } from '../../core/http1/tokens.ts';
import type { Patience } from '../net/patience.ts';
import type { Sink } from '../net/sink.ts';
import type { Deferred } from '../reactor/reactor.ts';
import { NEVER, ticksOf } from '../reactor/timer-wheel.ts';
import type { TracedResponse } from '../router/diagnostic-tracer.ts';
import type { Exchange, Failure } from '../router/exchange.ts';
import type { Compression } from './compression.ts';
import { copyPiece, type Piece, piece } from './field-lines.ts';
import type { ForwardedElement } from './forwarded-element.ts';
import { Http1Connection } from './http1-connection.ts';
import type { MessageBody } from './message-body.ts';
import { AFTER, NO_LINES, type ResponseHeadOptions, rewriteResponseHead } from './response-writer.ts';
import type { Http1Server } from './server.ts';

/** Where a client's connection stands; server-connection.ts has the drawing. */
export const HEAD = 0;
export const PARKED = 1;
export const ACQUIRING = 2;
export const BODY = 3;
export const WAITING = 4;
export const TUNNEL = 5;
export const FLUSHING = 6;
export const LINGER = 7;

const CONTINUE = piece('HTTP/1.1 100 Continue\r\n\r\n');
const LINGER_MS = 2000;
/** What is added to a response head at most, apart from the values of a `via` that was there. */
const RESPONSE_GROWTH_BYTES = 128;

/** A 1xx response says nothing of success, and never of a body. */
const INFORMATIONAL: ResponseHeadOptions = {
  after: AFTER.keep,
  success: true,
  clearContext: true,
  dropTransferEncoding: true,
  dropContentLength: true,
  more: NO_LINES,
};

/** A client's connection, as far as responses go. */
export abstract class Http1ServerResponder extends Http1Connection implements Deferred {
  readonly server: Http1Server;
  /** Microseconds of the reactor's clock at acceptance. */
  readonly openedMicros: number;
  readonly openedTick: number;
  readonly patience: Patience;
  /** From when on the connection takes no further request. */
  private readonly lifeEndTick: number;
  /** No request is under way, and its time of rest is bounded. */
  protected resting = false;
  protected state = HEAD;
  protected exchange: Exchange | null = null;
  protected body: MessageBody | null = null;
  /** The connection can carry another request, as far as the one at hand is concerned. */
  protected persistent = true;
  protected clientMinor = 1;
  /** The request is a HEAD. */
  protected bodyless = false;
  protected responseStarted = false;
  withholdsBody = false;
  /** Compresses the body of the response under way. */
  compression: Compression | null = null;
  /** {@link runDeferred} will look at what was kept: an end of stream that is noticed before that is not the end of it. */
  protected goesOn = false;
  /** What is added to `Forwarded` of its requests; null for nothing. */
  protected readonly forwarded: ForwardedElement | null;
  /** Requests that were answered, or became a tunnel. */
  answered = 0;
  /** This request holds a place under the server's maxConcurrentRequests. */
  gated = false;

  constructor(server: Http1Server, worker: number, fd: number) {
    super(server.net, worker, fd, server.scope);
    this.server = server;
    this.forwarded = server.forwardedLabels === null ? null : server.forwardedLabels.of(server.net.sockets, fd);
    this.openedMicros = server.net.reactor.nowMicros;
    this.openedTick = server.net.reactor.nowTick;
    this.patience = server.patience;
    this.lifeEndTick = server.patience.lifeEnd(this.openedTick);
  }

  abstract runDeferred(): void;

  get sink(): Sink {
    return this;
  }

  /** Whether the client understands chunks. */
  get takesChunks(): boolean {
    return this.clientMinor > 0;
  }

  writeResponseHead(parser: HeadParser, start: number, headEnd: number): number {
    const exchange = this.exchange as Exchange;
    const { server } = this;
    const options = server.responseOptions;
    const chunkless = !this.takesChunks;
    const endless =
      parser.bodyKind === BODY_UNTIL_CLOSE ||
      (chunkless && parser.contentLength < 0 && !isBodyless(exchange, parser.status));
    // Another Linkerd's explanation is not for clients outside (spec 03 section 4.6).
    const explained = options.clearContext && (parser.seen & (1 << TOKEN_L5D_ERR)) !== 0;
    this.withholdsBody = explained && !isBodyless(exchange, parser.status);
    if (endless || this.isLast || (this.withholdsBody && chunkless)) this.persistent = false;
    const tunnel = exchange.method === METHOD_CONNECT && parser.status < 300;
    // Bytes that came early for a tunnel are no request (hostile-inputs row 21).
    if (exchange.upgradeRequested && (this.kept !== null || this.readable)) this.persistent = false;
    this.responseStarted = true;
    options.success = server.router.isSuccess(exchange, parser.status);
    options.after = this.persistent ? (chunkless ? AFTER.keepAlive : AFTER.keep) : AFTER.close;
    if (this.withholdsBody && this.persistent) options.after = AFTER.empty;
    if (parser.status === 101) options.after = AFTER.upgrade;
    else if (tunnel) options.after = AFTER.keep;
    // RFC 9110 section 8.6 and RFC 9112 section 6.1: no framing where there can be no body.
    const frameless = tunnel || parser.status === 101 || parser.status === 204;
    options.dropTransferEncoding = chunkless || frameless || this.withholdsBody;
    options.dropContentLength = frameless || this.withholdsBody;
    options.more = NO_LINES;
    const codable = exchange.coding !== CODING_NONE && !chunkless && !frameless && !this.withholdsBody;
    if (codable) options.more = this.code(exchange, parser, options);
    this.net.makeRoom(start, RESPONSE_GROWTH_BYTES + options.more.byteLength);
    return rewriteResponseHead(this.net.bytes, start, headEnd, parser, options, server.scratchAt);
  }

  /** Begins to compress the body behind this head, where that is worth it. @returns the lines that say so */
  private code(exchange: Exchange, parser: HeadParser, options: ResponseHeadOptions): Piece {
    const lines = this.beginCoding(exchange, parser);
    if (lines === '') return NO_LINES;
    if (parser.status === 304) return piece(lines);
    options.dropContentLength = true;
    options.dropTransferEncoding = true;
    return piece(this.bodyless ? lines : `${lines}transfer-encoding: chunked\r\n`);
  }

  /** @returns the lines that a head gets in which a coding is told of; '' when the response goes as it is */
  protected beginCoding(exchange: Exchange, head: ParsedHead): string {
    const { compressions, bounds, net } = this.server;
    if (compressions === null) return '';
    if (head.status === 304) return claimEntityTag(net.bytes, head);
    if (this.bodyless) {
      if (!isCodable(net.bytes, head, METHOD_HEAD, bounds.compressionLevel < 0)) return '';
    } else {
      this.compression = compressions.take(this, head, exchange.method, exchange.coding, bounds.compressionLevel);
      if (this.compression === null) return '';
    }
    return claimFields(net.bytes, head, exchange.coding);
  }

  private endCoding(): void {
    if (this.compression === null) return;
    this.server.compressions?.give(this.compression);
    this.compression = null;
  }

  get takesRemembered(): boolean {
    const { exchange, server } = this;
    return (
      this.persistent &&
      this.clientMinor > 0 &&
      !this.bodyless &&
      !this.isLast &&
      !server.config.clearContext &&
      exchange !== null &&
      !exchange.upgradeRequested &&
      exchange.method !== METHOD_CONNECT
    );
  }

  beginRemembered(headEnd: number, byteLength: number, start: number): number {
    this.responseStarted = true;
    this.withholdsBody = false;
    this.net.makeRoom(start, RESPONSE_GROWTH_BYTES);
    return headEnd - byteLength;
  }

  writeInformational(parser: HeadParser, start: number, headEnd: number): void {
    if (!this.takesChunks) return;
    this.net.makeRoom(start, RESPONSE_GROWTH_BYTES);
    const { bytes } = this.net;
    const at = rewriteResponseHead(bytes, start, headEnd, parser, INFORMATIONAL, this.server.scratchAt);
    this.write(at, headEnd - at);
  }

  protected writeContinue(): void {
    this.flushPending();
    if (this.closed) return;
    const { scratchAt } = this.server;
    copyPiece(this.net.bytes, scratchAt, CONTINUE);
    this.write(scratchAt, CONTINUE.byteLength);
  }

  /** The response has been forwarded whole. */
  onResponseEnd(): void {
    const requestEnded = this.state === WAITING;
    this.exchange = null;
    this.endCoding();
    this.releaseGate();
    this.finishResponse(requestEnded);
  }

  /**
   * Writes a response of Weft's own; the request's body, if any is due, is not waited for.
   *
   * @param success what is said of it; without a service to ask, its status says
   */
  protected answer(cause: Failure, explained: boolean, success = cause.status < 500): void {
    // First: a send that fails there may want an answer too, which would be written where this one is.
    this.flushPending();
    if (this.closed) return;
    const requestEnded = this.body === null || this.body.done;
    if (!requestEnded) this.persistent = false;
    const { persistent, clientMinor, bodyless } = this;
    this.server.writeAnswer(this, cause, { explained, success, persistent, clientMinor, bodyless });
    this.finishResponse(requestEnded);
  }

  /** Writes the response to a TRACE request; the request's body, if any is due, is not waited for. */
  onTraced(response: TracedResponse): void {
    this.exchange = null;
    this.releaseGate();
    this.flushPending();
    if (this.closed) return;
    const requestEnded = this.body === null || this.body.done;
    if (!requestEnded || !this.takesChunks) this.persistent = false;
    this.server.writeTraced(this, response, this.persistent);
    this.finishResponse(requestEnded);
  }

  private finishResponse(requestEnded: boolean): void {
    this.answered++;
    if (this.closed) return;
    if (!this.persistent || !requestEnded) {
      this.persistent = false;
      this.finish();
      return;
    }
    this.state = HEAD;
    this.deadlineTick = NEVER;
    if (this.output !== null) this.armStall();
    else if (this.patience.boundsRest) this.rest();
    if (this.kept !== null || this.readable) this.goOnLater();
  }

  /** The request at hand is the connection's last. */
  protected get isLast(): boolean {
    return this.server.draining || this.net.reactor.nowTick >= this.lifeEndTick;
  }

  /** A new connection owes its first request. */
  protected awaitFirst(): void {
    this.rest();
    if (this.deadlineTick - this.openedTick <= this.patience.headTicks) return;
    this.resting = false;
    this.armIn(this.patience.headTicks);
  }

  /** Nothing is under way: a session that is idle, or old, ends. */
  protected rest(): void {
    const { timers, nowTick } = this.net.reactor;
    const tick = this.patience.restEnd(nowTick, this.lifeEndTick);
    if (tick === NEVER) return;
    this.resting = true;
    timers.arm(this, tick);
  }

  /** A request begins to come. */
  protected wake(): void {
    this.resting = false;
    this.deadlineTick = NEVER;
  }

  /** The next request's turn comes at the end of the tick, and until then nothing is read that lies behind it. */
  protected goOnLater(): void {
    this.goesOn = true;
    this.net.reactor.defer(this);
  }

  protected override onBacklog(): void {
    if (this.state !== PARKED && this.state !== TUNNEL) this.armStall();
  }

  /** Bytes wait for a client that does not read: it has so long to take some. */
  armStall(): void {
    this.resting = false;
    this.armIn(this.patience.writeTicks);
  }

  /** No more requests here: what is queued goes out, then the connection ends. */
  protected finish(): void {
    this.flushPending();
    if (this.closed) return;
    if (this.output !== null) {
      this.state = FLUSHING;
      this.armStall();
      return;
    }
    // A close over unread bytes makes the kernel send a reset, which may overtake the response (RFC 9112 section 9.6).
    this.state = LINGER;
    this.dropKept();
    this.net.sockets.shutdownWrite(this.fd);
    this.armIn(ticksOf(LINGER_MS));
    if (this.readable || this.peerEnding) this.discard();
  }

  protected discard(): void {
    this.readable = true;
    const { readBytes, wasteAt } = this.net;
    while (this.readable && !this.closed) if (this.receive(readBytes, wasteAt) < 0) return;
  }

  protected releaseGate(): void {
    if (!this.gated) return;
    this.gated = false;
    this.server.leaveGate();
  }

  protected override onClosed(): void {
    super.onClosed();
    this.endCoding();
    this.releaseGate();
    this.server.connectionEnded(this);
    if (this.body !== null) this.server.giveBody(this.body);
    this.body = null;
  }
}

function isBodyless(exchange: Exchange, status: number): boolean {
  return exchange.method === METHOD_HEAD || status < 200 || status === 204 || status === 304;
}
