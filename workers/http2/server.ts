/** What the connections of one HTTP/2 server in one worker share: its settings, the router, and the streams at rest. */

import type { Random } from '../../core/balance/random.ts';
import { anySpeaks, headerListBytes } from '../../core/config/client-needs.ts';
import type { H2ServerConfig } from '../../core/config/types.ts';
import { callDepth } from '../../core/http1/call-depth.ts';
import type { ParsedHead } from '../../core/http1/parsed-head.ts';
import { TOKEN_VIA } from '../../core/http1/tokens.ts';
import { type Reason, reasonIndex } from '../../core/reasons.ts';
import type { Gates } from '../../core/shared/gates.ts';
import { COUNTER, HISTOGRAM } from '../../core/shared/stats.ts';
import type { WorkerLoad } from '../../core/shared/worker-load.ts';
import { ForwardedLabels } from '../http1/forwarded-element.ts';
import type { Acceptor } from '../net/listener.ts';
import type { Net } from '../net/net.ts';
import { Patience } from '../net/patience.ts';
import { DeadlineStats } from '../router/deadline-stats.ts';
import type { Failure } from '../router/exchange.ts';
import { failure } from '../router/failures.ts';
import type { Router } from '../router/router.ts';
import type { RouteBranch } from '../router/routes.ts';
import { Http2Endpoint } from './endpoint.ts';
import type { RequestHeads } from './request-heads.ts';
import { RequestMemory } from './request-memory.ts';
import { Http2ServerConnection } from './server-connection.ts';
import { Http2ServerStream } from './server-stream.ts';

const STREAMS_KEPT_MAX = 4096;

/** What a server is made from. */
export interface Http2ServerParts {
  readonly net: Net;
  readonly worker: number;
  readonly router: Router;
  readonly config: H2ServerConfig;
  readonly scope: number;
  /** Writes heads for endpoints that speak HTTP/2. */
  readonly encoder: RequestHeads;
  /** Writes heads for endpoints that speak HTTP/1. */
  readonly text: RequestHeads;
  readonly scratchAt: number;
  readonly gates: Gates;
  readonly gate: number;
  readonly load: WorkerLoad;
  readonly random: Random;
  readonly wallClockMs: () => number;
}

/** One server (a port of a router) in one worker. */
export class Http2Server implements Acceptor {
  readonly net: Net;
  readonly router: Router;
  readonly config: H2ServerConfig;
  readonly scope: number;
  /** Bound on the time of a request; 0 for none. */
  readonly timeoutMs: number;
  readonly endpoint: Http2Endpoint;
  /** Request heads are remembered: they say all there is to be said. */
  readonly remembers: boolean;
  /** Request heads met before. */
  readonly memory = new RequestMemory();
  readonly connections = new Set<Http2ServerConnection>();
  readonly random: Random;
  readonly deadlineStats: DeadlineStats;
  /** How long clients are borne with. */
  readonly patience: Patience;
  /** How `Forwarded` names the ends of a connection; null when no such field is added. */
  readonly forwardedLabels: ForwardedLabels | null;
  draining = false;
  readonly #encoder: RequestHeads;
  readonly #text: RequestHeads;
  readonly #worker: number;
  readonly #gates: Gates;
  readonly #gate: number;
  readonly #load: WorkerLoad;
  readonly #streams: Http2ServerStream[] = [];

  constructor(parts: Http2ServerParts) {
    this.net = parts.net;
    this.router = parts.router;
    this.config = parts.config;
    this.scope = parts.scope;
    this.timeoutMs = parts.config.timeoutMs ?? 0;
    this.#encoder = parts.encoder;
    this.#text = parts.text;
    this.remembers = parts.config.maxConcurrentRequests === undefined && anySpeaks(parts.router.config.client, 'h2');
    this.random = parts.random;
    this.deadlineStats = new DeadlineStats(parts.net.stats, parts.scope, parts.wallClockMs);
    const { addForwardedHeader, socketOptions, serverSession } = parts.config;
    const { h2IdleTimeoutMs, h2ConnectionAgeMs } = parts.net.limits;
    this.patience = new Patience(parts.net.limits, socketOptions, {
      idleTimeMs: serverSession.idleTimeMs ?? (h2IdleTimeoutMs || undefined),
      lifeTimeMs: serverSession.lifeTimeMs ?? (h2ConnectionAgeMs || undefined),
    });
    this.forwardedLabels =
      addForwardedHeader === undefined
        ? null
        : new ForwardedLabels(addForwardedHeader, parts.router.config.label, parts.random);
    this.endpoint = new Http2Endpoint(
      parts.net,
      parts.config,
      false,
      parts.config.maxConcurrentStreamsPerConnection,
      parts.scratchAt,
      parts.net.memory.reserve(headerListBytes(parts.config, parts.net.limits)),
    );
    this.#worker = parts.worker;
    this.#gates = parts.gates;
    this.#gate = parts.gate;
    this.#load = parts.load;
  }

  /** What writes the heads of requests for a branch. */
  headsOf({ client }: RouteBranch): RequestHeads {
    return client.speaksHttp2 ? this.#encoder : this.#text;
  }

  accept(fd: number): void {
    const connection = new Http2ServerConnection(this, this.#worker, fd);
    this.connections.add(connection);
    this.net.fds.take(fd, this.#worker);
    this.net.stats.increment(this.scope, COUNTER.connects);
    this.net.stats.add(this.scope, COUNTER.connections, 1);
    if (this.net.reactor.add(fd, connection) < 0) connection.close();
    else connection.open();
  }

  /** No more requests: open streams may finish. */
  drain(): void {
    this.draining = true;
    for (const connection of this.connections) connection.leave();
  }

  /** Ends what is done; called now and then while draining. @returns connections that are still open */
  drained(): number {
    for (const connection of this.connections) connection.leaveForGood();
    return this.connections.size;
  }

  /** A connection has ended. */
  connectionEnded(connection: Http2ServerConnection): void {
    this.connections.delete(connection);
    this.#load.remove(this.#worker);
    const { stats, reactor } = this.net;
    stats.increment(this.scope, COUNTER.closes);
    stats.add(this.scope, COUNTER.connections, -1);
    const openMicros = reactor.elapsedMicros(connection.openedMicros, connection.openedTick);
    stats.recordLatency(this.scope, HISTOGRAM.connectionDuration, openMicros);
    stats.recordLatency(this.scope, HISTOGRAM.connectionRequests, connection.answered);
  }

  /** A stream for a request. */
  takeStream(connection: Http2ServerConnection): Http2ServerStream {
    return this.#streams.pop() ?? new Http2ServerStream(this, connection);
  }

  /** A stream is at rest. */
  giveStream(stream: Http2ServerStream): void {
    if (this.#streams.length < STREAMS_KEPT_MAX) this.#streams.push(stream);
  }

  /** Asks the server's own limits. @returns why the request is refused, null when it may go on */
  admit(stream: Http2ServerStream, head: ParsedHead): Failure | null {
    const { maxCallDepth } = this.config;
    if ((head.seen & (1 << TOKEN_VIA)) !== 0 && callDepth(this.net.bytes, head) > maxCallDepth) {
      const message = `Maximum number of calls (${maxCallDepth}) has been exceeded. Please check for proxy loops.`;
      return failure(400, 'call_depth_exceeded', message);
    }
    return this.enterGate(stream) ? null : failure(503, 'concurrency_limit', NACK_MESSAGE, true);
  }

  /** A request wants one of the places under maxConcurrentRequests. @returns whether it has it, or needs none */
  enterGate(stream: Http2ServerStream): boolean {
    const { maxConcurrentRequests } = this.config;
    if (maxConcurrentRequests === undefined) return true;
    if (this.#gates.enter(this.#gate, this.#worker, maxConcurrentRequests)) {
      stream.gated = true;
      return true;
    }
    this.net.stats.increment(this.scope, COUNTER.nacks);
    return false;
  }

  /** A request under way has ended. */
  leaveGate(): void {
    this.#gates.leave(this.#gate, this.#worker);
  }

  /** Counts a request that was no HTTP: it is in no other statistic. */
  countMalformed(reason: Reason): void {
    this.net.stats.recordFailure(this.scope, reasonIndex(reason));
  }
}

const NACK_MESSAGE = 'Request was not processed by the server due to an error and is safe to retry';
