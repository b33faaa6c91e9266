/** What the connections of one HTTP/1 server in one worker share: its settings, the router, and the answers of Weft's own. */
import type { Random } from '../../core/balance/random.ts';
import type { HttpRouterConfig, HttpServerConfig } from '../../core/config/types.ts';
import { callDepth } from '../../core/http1/call-depth.ts';
import { AcceptedCodings } from '../../core/http1/content-coding.ts';
import type { HeadParser } from '../../core/http1/head.ts';
import { METHOD_CONNECT, METHOD_TRACE } from '../../core/http1/methods.ts';
import { BODY_LENGTH, BODY_NONE } from '../../core/http1/parsed-head.ts';
import { TOKEN_L5D_CTX_DEADLINE, TOKEN_UPGRADE, TOKEN_VIA } from '../../core/http1/tokens.ts';
import { formUrlEncodeLatin1 } from '../../core/http1/write.ts';
import type { Reason } from '../../core/reasons.ts';
import { reasonIndex } from '../../core/reasons.ts';
import type { Gates } from '../../core/shared/gates.ts';
import { COUNTER, HISTOGRAM } from '../../core/shared/stats.ts';
import type { WorkerLoad } from '../../core/shared/worker-load.ts';
import type { RequestEncoder } from '../http2/request-encoder.ts';
import type { Net } from '../net/net.ts';
import { Patience } from '../net/patience.ts';
import { DeadlineStats } from '../router/deadline-stats.ts';
import { type DiagnosticTracer, hasNoContent, type TracedResponse, traceRequest } from '../router/diagnostic-tracer.ts';
import type { Exchange, Failure } from '../router/exchange.ts';
import { failure, unidentified } from '../router/failures.ts';
import type { Router } from '../router/router.ts';
import type { Route, RouteBranch } from '../router/routes.ts';
import type { Compressions } from './compression.ts';
import { Piece } from './field-lines.ts';
import { type ForwardedElement, ForwardedLabels } from './forwarded-element.ts';
import { MessageBody } from './message-body.ts';
import { HeadBytes, type RememberedRequest, RequestMemory } from './remembered-heads.ts';
import type { RequestWriter } from './request-writer.ts';
import { AFTER, NO_LINES, type ResponseHeadOptions } from './response-writer.ts';
import { Http1ServerConnection } from './server-connection.ts';
import type { Http1ServerResponder } from './server-responder.ts';

/** Fields that make a request more than its bytes and its route, beside those of its trace. */
const NOT_PLAIN = (1 << TOKEN_VIA) | (1 << TOKEN_L5D_CTX_DEADLINE);

/** What of an http router's settings its servers' answers and requests depend on. */
export type HttpBounds = Pick<
  HttpRouterConfig,
  'compressionLevel' | 'maxErrResponseKB' | 'maxHeadersKB' | 'streamAfterContentLengthKB'
>;

const BODIES_KEPT_MAX = 256;

const STATUS_TEXT = new Map<number, string>([
  [200, 'OK'],
  [400, 'Bad Request'],
  [408, 'Request Timeout'],
  [414, 'URI Too Long'],
  [417, 'Expectation Failed'],
  [431, 'Request Header Fields Too Large'],
  [501, 'Not Implemented'],
  [502, 'Bad Gateway'],
  [503, 'Service Unavailable'],
  [505, 'HTTP Version Not Supported'],
]);

/** How a response of Weft's own is written. */
interface Answer {
  /** With `l5d-err` and the message as body; codec-level answers have neither (spec 03 section 5.2). */
  readonly explained: boolean;
  /** What `l5d-success-class` says. */
  readonly success: boolean;
  readonly persistent: boolean;
  readonly clientMinor: number;
  /** The request was a HEAD. */
  readonly bodyless: boolean;
}

/** One server (a port of a router) in one worker. */
export class Http1Server {
  readonly net: Net;
  readonly router: Router;
  readonly config: HttpServerConfig;
  readonly bounds: HttpBounds;
  readonly scope: number;
  /** Bound on the time of a request; 0 for none. */
  readonly timeoutMs: number;
  readonly parser: HeadParser;
  readonly writer: RequestWriter;
  /** Writes heads for endpoints that speak HTTP/2. */
  readonly encoder: RequestEncoder;
  /** An area for single heads: 100 (Continue), joined via lines, answers. */
  readonly scratchAt: number;
  readonly scratchBytes: number;
  /** The most that is received while a head is awaited: no more than that can have to be kept. */
  readonly headReadBytes: number;
  readonly responseOptions: ResponseHeadOptions;
  readonly deadlineStats: DeadlineStats;
  /** How long clients are borne with. */
  readonly patience: Patience;
  /** Null when responses go as they are. */
  readonly compressions: Compressions | null;
  /** How `Forwarded` names the ends of a connection; null when no such field is added. */
  readonly forwardedLabels: ForwardedLabels | null;
  /** Request heads met before. */
  readonly memory = new RequestMemory();
  readonly connections = new Set<Http1ServerConnection>();
  draining = false;
  readonly #keptBodyBytesMax: number;
  readonly #worker: number;
  readonly #gates: Gates;
  readonly #gate: number;
  readonly #load: WorkerLoad;
  readonly #trailerParser: HeadParser;
  readonly #bodies: MessageBody[] = [];
  readonly #accepted = new AcceptedCodings();

  constructor(parts: {
    readonly net: Net;
    readonly worker: number;
    readonly router: Router;
    readonly config: HttpServerConfig;
    readonly bounds: HttpBounds;
    readonly scope: number;
    readonly parser: HeadParser;
    readonly trailerParser: HeadParser;
    readonly writer: RequestWriter;
    readonly encoder: RequestEncoder;
    readonly scratchAt: number;
    readonly gates: Gates;
    readonly gate: number;
    readonly load: WorkerLoad;
    readonly random: Random;
    readonly wallClockMs: () => number;
    readonly compressions: Compressions | null;
  }) {
    this.net = parts.net;
    this.router = parts.router;
    this.config = parts.config;
    this.bounds = parts.bounds;
    this.scope = parts.scope;
    this.timeoutMs = parts.config.timeoutMs ?? 0;
    this.parser = parts.parser;
    this.writer = parts.writer;
    this.encoder = parts.encoder;
    this.deadlineStats = new DeadlineStats(parts.net.stats, parts.scope, parts.wallClockMs);
    const { addForwardedHeader, socketOptions, serverSession } = parts.config;
    this.patience = new Patience(parts.net.limits, socketOptions, serverSession);
    this.forwardedLabels =
      addForwardedHeader === undefined
        ? null
        : new ForwardedLabels(addForwardedHeader, parts.router.config.label, parts.random);
    this.scratchAt = parts.scratchAt;
    this.scratchBytes = parts.net.headroomBytes;
    this.headReadBytes = parts.net.headroomBytes;
    this.responseOptions = {
      after: AFTER.keep,
      success: true,
      clearContext: parts.config.clearContext,
      dropTransferEncoding: false,
      dropContentLength: false,
      more: NO_LINES,
    };
    this.#keptBodyBytesMax = Math.min(
      parts.bounds.streamAfterContentLengthKB * 1024,
      parts.net.limits.replayBodyBytesMax,
    );
    this.compressions = parts.bounds.compressionLevel === 0 ? null : parts.compressions;
    this.#worker = parts.worker;
    this.#gates = parts.gates;
    this.#gate = parts.gate;
    this.#load = parts.load;
    this.#trailerParser = parts.trailerParser;
  }

  /** Takes up an accepted connection. */
  accept(fd: number): void {
    const connection = new Http1ServerConnection(this, this.#worker, fd);
    this.connections.add(connection);
    this.net.fds.take(fd, this.#worker);
    this.net.stats.increment(this.scope, COUNTER.connects);
    this.net.stats.add(this.scope, COUNTER.connections, 1);
    if (this.net.reactor.add(fd, connection) < 0) connection.close();
  }

  /** No more requests on connections than those under way. */
  drain(): void {
    this.draining = true;
  }

  /** Ends what is done; called now and then while draining. @returns connections that are still open */
  drained(): number {
    let open = 0;
    for (const connection of this.connections) {
      if (connection.idle) connection.close();
      else open++;
    }
    return open;
  }

  /** A connection has ended. */
  connectionEnded(connection: Http1ServerResponder): void {
    this.connections.delete(connection as Http1ServerConnection);
    this.#load.remove(this.#worker);
    const { stats, reactor } = this.net;
    stats.increment(this.scope, COUNTER.closes);
    stats.add(this.scope, COUNTER.connections, -1);
    stats.recordLatency(
      this.scope,
      HISTOGRAM.connectionDuration,
      reactor.elapsedMicros(connection.openedMicros, connection.openedTick),
    );
    stats.recordLatency(this.scope, HISTOGRAM.connectionRequests, connection.answered);
  }

  /** Asks the server's own limits. @returns why the request is refused, null when it may go on */
  admit(connection: Http1ServerConnection, parser: HeadParser): Failure | null {
    const { maxCallDepth, maxConcurrentRequests } = this.config;
    if ((parser.seen & (1 << TOKEN_VIA)) !== 0 && callDepth(this.net.bytes, parser) > maxCallDepth) {
      const message = `Maximum number of calls (${maxCallDepth}) has been exceeded. Please check for proxy loops.`;
      return failure(400, 'call_depth_exceeded', message);
    }
    if (maxConcurrentRequests === undefined) return null;
    if (this.#gates.enter(this.#gate, this.#worker, maxConcurrentRequests)) {
      connection.gated = true;
      return null;
    }
    this.net.stats.increment(this.scope, COUNTER.nacks);
    return failure(503, 'concurrency_limit', NACK_MESSAGE, true);
  }

  /** Whether a request asks for another protocol. */
  upgrades({ connectionUpgrade, versionMinor, seen }: HeadParser): boolean {
    return connectionUpgrade && versionMinor > 0 && (seen & (1 << TOKEN_UPGRADE)) !== 0;
  }

  /** Begins the exchange of the request in `parser`'s hands, whose route is known to lead somewhere. */
  open(connection: Http1ServerConnection, route: Route, parser: HeadParser): Exchange {
    const { router } = this;
    const exchange = router.open(connection, route, parser.method, this, connection.takeArrival());
    this.planBody(exchange, parser);
    if (this.compressions !== null) exchange.coding = this.#accepted.of(this.net.bytes, parser);
    router.accessLog?.begin(exchange, parser, router.consumedBytes, connection.fd);
    if (!this.config.clearContext) this.deadlineStats.measure(this.net.bytes, parser);
    return exchange;
  }

  /** The same of a request whose head was met before. */
  openRemembered(connection: Http1ServerConnection, { route, method, coding }: RememberedRequest): Exchange {
    const exchange = this.router.open(connection, route, method, this);
    exchange.coding = coding;
    return exchange;
  }

  /** Writes the head in `parser`'s hands as the endpoints take it. @returns null, or why they cannot have it */
  writeHead(
    exchange: Exchange,
    branch: RouteBranch,
    parser: HeadParser,
    headEnd: number,
    consumedBytes: number,
    forwarded: ForwardedElement | null,
  ): Failure | null {
    const { config, writer, encoder } = this;
    const { clearContext, timestampHeader } = config;
    const { speaksHttp2 } = branch.client;
    // A tunnel of HTTP/1 cannot go on over an endpoint's stream.
    if (speaksHttp2 && parser.method === METHOD_CONNECT) return NO_TUNNEL;
    const written = speaksHttp2
      ? encoder.write(exchange, branch, parser, consumedBytes, clearContext, forwarded, timestampHeader)
      : writer.write(exchange, branch, parser, headEnd, consumedBytes, config, forwarded);
    return written ? null : failure(503, 'local_resources', 'the worker is out of buffers', true);
  }

  /** Looks at a TRACE request. @returns as {@link traceRequest} */
  trace(exchange: Exchange, parser: HeadParser): DiagnosticTracer | null {
    return traceRequest(this.net, exchange, parser, this.config.clearContext, 'Max-Forwards');
  }

  /** Whether the body that begins is kept to be sent again: a short one, whose length is known. */
  planBody(exchange: Exchange, { bodyKind, contentLength }: HeadParser): void {
    if (bodyKind === BODY_NONE) return;
    if (bodyKind === BODY_LENGTH && contentLength <= this.#keptBodyBytesMax) exchange.bodyRoom = contentLength;
    else exchange.bodyKept = false;
  }

  /** Remembers the request at hand, if it is plain: its head has just been composed into `exchange`. */
  rememberRequest(exchange: Exchange, parser: HeadParser, start: number, headEnd: number): void {
    const route = exchange.route as Route;
    const plain =
      !(exchange.branch as RouteBranch).client.speaksHttp2 &&
      this.router.accessLog === null &&
      parser.bodyKind === BODY_NONE &&
      parser.versionMinor === 1 &&
      parser.method !== METHOD_CONNECT &&
      parser.method !== METHOD_TRACE &&
      !exchange.upgradeRequested &&
      !parser.expectContinue &&
      (parser.seen & (NOT_PLAIN | this.writer.trace.fields)) === 0 &&
      this.config.timestampHeader === undefined &&
      this.forwardedLabels === null &&
      route.draw === null &&
      route.cached;
    if (!plain) return;
    const { bytes } = this.net;
    this.memory.remember({
      hash: this.memory.hash,
      head: new HeadBytes(bytes, start, headEnd),
      method: parser.method,
      persistent: parser.persistent,
      route,
      coding: exchange.coding,
      branches: route.branches,
      composed: new Piece(bytes.subarray(exchange.headAt, this.writer.composedEnd)),
    });
  }

  /** A request under way has ended. */
  leaveGate(): void {
    this.#gates.leave(this.#gate, this.#worker);
  }

  /** The failure of a request that no identifier knows, in Linkerd's words. @param start the head's first byte */
  describeUnidentified(fd: number, start: number, reason: string): Failure {
    const { bytes, sockets } = this.net;
    const line = Buffer.from(bytes.buffer, start, Math.min(this.scratchBytes, 4096)).toString('latin1');
    const [method = '', target = ''] = (line.split('\r\n').find((text) => text !== '') ?? '').split(' ');
    const peer = sockets.peerName(fd);
    const from = peer === null ? 'unknown' : `/${peer.ip}:${peer.port}`;
    return unidentified(`Request("${method} ${target}", from ${from})`, reason);
  }

  /** Counts a request that was no HTTP: it is in no other statistic. */
  countMalformed(reason: Reason): void {
    this.net.stats.recordFailure(this.scope, reasonIndex(reason));
  }

  takeBody(): MessageBody {
    return this.#bodies.pop() ?? new MessageBody(this.net.limits.chunkLineBytesMax, this.#trailerParser);
  }

  giveBody(body: MessageBody): void {
    if (this.#bodies.length < BODIES_KEPT_MAX) this.#bodies.push(body);
  }

  /** Writes a response of Weft's own. */
  writeAnswer(connection: Http1ServerResponder, cause: Failure, answer: Answer): void {
    const { config, bounds } = this;
    const { explained, success, persistent, clientMinor, bodyless } = answer;
    const nack = cause.reason === 'concurrency_limit';
    // A nack says nothing of the inside, and clients know it by its fields and text (spec 03 section 5.8).
    const shown = explained && (nack || !config.clearContext) && cause.message !== '';
    const body = shown ? Buffer.from(cause.message, 'utf8').subarray(0, bounds.maxErrResponseKB * 1024) : EMPTY;
    const lines = [`HTTP/1.1 ${cause.status} ${STATUS_TEXT.get(cause.status) ?? ''}`];
    if (shown) lines.push('content-type: text/plain');
    if (nack) lines.push('finagle-http-nack: true', 'retry-after: 0');
    else if (shown) lines.push(`l5d-err: ${formUrlEncodeLatin1(cause.message, bounds.maxHeadersKB * 1024)}`);
    if (cause.retryable && !nack && shown) lines.push('l5d-retryable: true');
    if (explained && !config.clearContext) {
      lines.push(`l5d-success-class: ${success ? '1.0' : '0.0'}`);
      lines.push('via: 1.1 linkerd');
    }
    if (cause.status >= 200 && cause.status !== 204) lines.push(`content-length: ${body.length}`);
    if (!persistent) lines.push('connection: close');
    else if (clientMinor === 0) lines.push('connection: keep-alive');
    const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
    this.#writeText(connection, bodyless ? head : Buffer.concat([head, body]));
  }

  /** Writes the response to a TRACE request, with what the router appends. */
  writeTraced(connection: Http1ServerResponder, response: TracedResponse, persistent: boolean): void {
    const { status, success, fields, via, body, context } = response;
    const content = hasNoContent(status) ? EMPTY : Buffer.from(`${body.trim()}\n\n${context}`, 'latin1');
    const lines = [`HTTP/1.1 ${status} ${STATUS_TEXT.get(status) ?? ''}`];
    lines.push(`l5d-success-class: ${success ? '1.0' : '0.0'}`, `via: ${via === '' ? '' : `${via}, `}1.1 linkerd`);
    for (const [name, value] of fields) lines.push(`${name}: ${value}`);
    if (content.length > 0) lines.push(`content-length: ${content.length}`);
    if (!persistent) lines.push('connection: close');
    const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
    this.#writeText(connection, Buffer.concat([head, content]));
  }

  #writeText(connection: Http1ServerResponder, text: Uint8Array): void {
    for (let from = 0; from < text.length && !connection.closed; from += this.scratchBytes) {
      const part = text.subarray(from, from + this.scratchBytes);
      this.net.bytes.set(part, this.scratchAt);
      connection.write(this.scratchAt, part.length);
    }
  }
}

const NO_TUNNEL = failure(501, 'bad_request', 'CONNECT cannot be translated to the HTTP/2 of the endpoints');
const EMPTY = Buffer.alloc(0);
const NACK_MESSAGE = 'Request was not processed by the server due to an error and is safe to retry';
