/**
 * A worker thread: puts its parts together, then turns the reactor until it is told to drain.
 *
 *     WorkerStart --> memory, sockets, epoll --> reactor, net --> routers, clients --> servers, listeners
 *
 * The thread's task never returns to Node's event loop before that: messages come through the port when the wake-up
 * rings.
 */
import { performance } from 'node:perf_hooks';
import { receiveMessageOnPort, threadId } from 'node:worker_threads';
import { RingBuffer } from 'ringbuf.js';
import { Random } from '../core/balance/random.ts';
import { clientHeaderListBytes, headerListBytes } from '../core/config/client-needs.ts';
import { isCompressing } from '../core/config/compression.ts';
import type { H2ServerConfig, HttpServerConfig, RouterConfig } from '../core/config/types.ts';
import { HeadParser } from '../core/http1/head.ts';
import { EndpointRegion } from '../core/shared/endpoint-region.ts';
import { FdOwners } from '../core/shared/fd-owners.ts';
import { Gates } from '../core/shared/gates.ts';
import { RetryBudgets } from '../core/shared/retry-budgets.ts';
import { StatsWriter } from '../core/shared/stats-writer.ts';
import { WorkerLoad } from '../core/shared/worker-load.ts';
import { Http1Client } from './http1/client.ts';
import { Compressions } from './http1/compression.ts';
import { RequestWriter } from './http1/request-writer.ts';
import { SectionRequestHeads } from './http1/section-writer.ts';
import { Http1Server } from './http1/server.ts';
import { createTracePropagator } from './http1/trace-propagators.ts';
import { Http2Client } from './http2/client.ts';
import { RequestEncoder } from './http2/request-encoder.ts';
import { Http2Server } from './http2/server.ts';
import type { FromWorker, ListenerSpec, ToWorker, WorkerStart } from './messages.ts';
import { type AcceptBounds, type Acceptor, Handover, Listener } from './net/listener.ts';
import { LATER_BYTES, Net } from './net/net.ts';
import { Epoll } from './os/epoll.ts';
import { KernelMemory } from './os/memory.ts';
import { Sockets } from './os/sockets.ts';
import { nap, pinThread, sharpenSleep, silence, threadMicros } from './os/thread.ts';
import { loadZlib } from './os/zlib.ts';
import { Reactor, type Ready } from './reactor/reactor.ts';
import { TICK_MS, Timer, ticksOf } from './reactor/timer-wheel.ts';
import type { PoolFactory } from './router/client-stack.ts';
import { ConnectionPool, type Connector } from './router/connection-pool.ts';
import { EndpointDialler } from './router/endpoint-dialler.ts';
import type { EndpointPool } from './router/endpoint-pool.ts';
import { Reconnect } from './router/reconnect.ts';
import { Router, type RouterEnvironment } from './router/router.ts';
import { type StreamConnector, StreamPool } from './router/stream-pool.ts';
import { WorkerLog } from './worker-log.ts';

const HOUSEKEEPING_MS = 1000;
const DRAIN_LOOK_MS = 50;
/** So many events at one look are a batch worth its cost. */
const EVENTS_ENOUGH = 8;
/** With so many events in a tick of 10 ms, a moment brings more than one of them. */
const EVENTS_DENSE = 400;
/** Looking less often finds fewer: what has come on one connection meanwhile is one event. */
const EVENTS_SPARSE = 150;
/** A shortage is logged once in this time. */
const SHORTAGE_LOG_MS = 10_000;

/** What heads of HTTP/1 are bounded by where no http router says so (spec 02 section 5.1). */
const HTTP_DEFAULTS = { maxHeadersKB: 8, maxInitialLineKB: 4 } as const;

/** One server of a router in this worker, whatever it speaks. */
interface Server extends Acceptor {
  /** No more requests than those under way. */
  drain(): void;
  /** Ends what is done. @returns connections that are still open */
  drained(): number;
}

/** One worker. */
class Worker extends Timer implements Ready {
  readonly #start: WorkerStart;
  readonly #memory: KernelMemory;
  readonly #reactor: Reactor;
  readonly #net: Net;
  readonly #region: EndpointRegion;
  readonly #stats: StatsWriter;
  readonly #load: WorkerLoad;
  readonly #handover: Handover;
  readonly #compressions: Compressions | null;
  readonly #routers: Router[] = [];
  readonly #servers: Server[] = [];
  readonly #listeners: Listener[] = [];
  readonly #random: Random;
  readonly #log: WorkerLog;
  #usedMicros = 0;
  #measuredTick = 0;
  #drainDeadlineTick = -1;
  #shortageTick = 0;

  constructor(start: WorkerStart) {
    super();
    const { limits, worker, headBytesMax, keptBodyBytesMax } = start;
    this.#start = start;
    this.#memory = new KernelMemory(limits.arenaBytes);
    if (limits.pinWorkers === 1) pinThread(worker, this.#memory);
    const sockets = new Sockets(this.#memory);
    const epoll = new Epoll(this.#memory, limits.epollEventsMax);
    const fds = new FdOwners(start.fds);
    fds.take(epoll.fd, worker);
    this.#reactor = new Reactor(epoll, sockets, nodeClock(), fds, (error) => this.#log.fault(error));
    this.#random = new Random((Date.now() ^ (worker * 0x9e3779b1)) | 0);
    this.#stats = new StatsWriter(start.stats);
    this.#region = new EndpointRegion(start.endpoints);
    const keyAt = this.#memory.reserve(headBytesMax);
    const scratchAt = this.#memory.reserve(headBytesMax + 4096);
    const compresses = start.routers.some(isCompressing);
    const compressionsAt = compresses ? this.#memory.reserve(Compressions.memoryBytes(limits.compressionStatesMax)) : 0;
    const later = LATER_BYTES + sectionBytes(start);
    const roomFor = [headBytesMax, later, keptBodyBytesMax] as const;
    this.#net = new Net(this.#memory, sockets, this.#reactor, limits, fds, this.#stats, ...roomFor);
    this.#log = new WorkerLog(this.#net, (level, message) => this.#say({ type: 'log', level, message }));
    if (compresses) loadZlib();
    this.#compressions = compresses ? new Compressions(this.#net, compressionsAt) : null;
    this.#load = new WorkerLoad(start.load);
    this.#handover = new Handover(worker, this.#load, start.wakeups, start.handover, () =>
      this.#net.limitMet('acceptHandoverMax'),
    );
    this.#coalesce();
    this.#createRouters(keyAt, scratchAt);
    this.#createServers(scratchAt);
    this.#reactor.addLevel(start.wakeups[worker] as number, this);
    this.#reactor.timers.arm(this, ticksOf(HOUSEKEEPING_MS));
  }

  #createRouters(keyAt: number, scratchAt: number): void {
    const { worker, workers, limits, routers, port, accessRing } = this.#start;
    const accessRecords = accessRing === null ? null : new RingBuffer(accessRing, Int32Array);
    const budgets = new RetryBudgets(this.#start.budgets, workers);
    const pools = new Array<EndpointPool | undefined>(limits.endpointsMax).fill(undefined);
    const say = (message: FromWorker) => port.postMessage(message);
    const dialler = new EndpointDialler(this.#net, worker, () => false);
    for (const [index, config] of routers.entries()) {
      const environment: RouterEnvironment = {
        worker,
        region: this.#region,
        stats: this.#stats,
        random: this.#random,
        poolWaitersMax: limits.poolWaitersMax,
        budgets,
        log: (message) => this.#log.write('info', message),
        reconnect: (pool, failFast) => new Reconnect(dialler, pool, failFast, this.#random).begin(),
        pools,
        net: this.#net,
        keyAt,
        createPool: this.#createClients(config, scratchAt),
        accessRing: accessRecords,
        wallClockMs: Date.now,
        binder: {
          bind: (router, route, path, dtab) => say({ type: 'bind', router, route, path, dtab }),
          unbind: (router, route, cause) => say({ type: 'unbind', router, route, cause }),
          explain: (router, route, token, id) => say({ type: 'explain', router, route, token, id }),
        },
      };
      this.#routers.push(new Router(index, config, environment));
    }
  }

  /** What makes the connections of a router's clients, by what they speak. */
  #createClients(config: RouterConfig, scratchAt: number): PoolFactory {
    const { worker, limits } = this.#start;
    const net = this.#net;
    const evictIdle = () => this.#routers.some((router) => router.routes.evictIdleConnection());
    const listBytes = clientHeaderListBytes(config.client, limits);
    const http1 = new Http1Client(net, worker, this.#parser(config), this.#parser(config), scratchAt, evictIdle);
    const http2 = new Http2Client(net, worker, listBytes, scratchAt, evictIdle);
    const connect: Connector = (pool, exchange) => http1.connect(pool, exchange);
    const connectStreams: StreamConnector = (pool) => http2.connect(pool);
    return (stack, address) =>
      stack.speaksHttp2
        ? new StreamPool(stack, address, limits.h2ConnectionsPerEndpointMax, connectStreams)
        : new ConnectionPool(stack, address, connect);
  }

  /** @param config an h2 router has no bounds of its own for heads of HTTP/1, which its endpoints may send: those of http */
  #parser(config: RouterConfig): HeadParser {
    const { headerCountMax, leadingEmptyLinesMax, trailerBytesMax } = this.#start.limits;
    const { maxHeadersKB, maxInitialLineKB } = config.protocol === 'http' ? config : HTTP_DEFAULTS;
    return new HeadParser({
      headerCountMax,
      leadingEmptyLinesMax,
      trailerBytesMax,
      headBytesMax: maxHeadersKB * 1024,
      initialLineBytesMax: maxInitialLineKB * 1024,
    });
  }

  #createServers(scratchAt: number): void {
    const { worker, listeners, limits } = this.#start;
    const load = this.#load;
    const gates = new Gates(this.#start.gates, listeners.length);
    const bounds: AcceptBounds = {
      acceptBelowFd: Math.floor((this.#start.descriptorsMax * limits.acceptDescriptorsPercent) / 100),
      full: () => {
        const reached = load.connections(worker) >= limits.connectionsPerWorkerMax;
        if (reached) this.#net.limitMet('connectionsPerWorkerMax');
        return reached;
      },
      onShortage: () => this.#onShortage(),
    };
    for (const [index, spec] of listeners.entries()) {
      const server = this.#createServer(spec, { scratchAt, gates, load });
      this.#servers.push(server);
      this.#listeners.push(new Listener(this.#net, worker, index, spec.fd, server, this.#handover, bounds));
    }
  }

  #createServer(
    spec: ListenerSpec,
    shared: { readonly scratchAt: number; readonly gates: Gates; readonly load: WorkerLoad },
  ): Server {
    const { worker, routers } = this.#start;
    const router = this.#routers[spec.router] as Router;
    const config = routers[spec.router] as RouterConfig;
    const parts = {
      net: this.#net,
      worker,
      router,
      scope: spec.scope,
      gate: spec.gate,
      random: this.#random,
      wallClockMs: Date.now,
      ...shared,
    };
    const trace = createTracePropagator(config.tracePropagator, this.#random);
    const encoder = new RequestEncoder(this.#net, trace, Date.now);
    if (config.protocol === 'h2') {
      const text = new SectionRequestHeads(this.#net, trace);
      const server = config.servers[spec.server] as H2ServerConfig;
      return new Http2Server({ ...parts, config: server, encoder, text });
    }
    return new Http1Server({
      ...parts,
      config: config.servers[spec.server] as HttpServerConfig,
      bounds: config,
      parser: this.#parser(config),
      trailerParser: this.#parser(config),
      writer: new RequestWriter(this.#net, trace, Date.now),
      encoder,
      compressions: this.#compressions,
    });
  }

  #onShortage(): void {
    this.#net.limitMet('acceptDescriptorsPercent');
    const { nowTick } = this.#reactor;
    if (nowTick < this.#shortageTick) return;
    this.#shortageTick = nowTick + ticksOf(SHORTAGE_LOG_MS);
    const { descriptorsMax } = this.#start;
    const message = `descriptors are short: accepting pauses while most of the ${descriptorsMax} are in use (ulimit -n)`;
    this.#log.write('warn', message);
  }

  /** Serves until drained. */
  run(): void {
    this.#say({ type: 'serving', threadId, memory: this.#memory.mapping });
    this.#reactor.run();
    this.#say({ type: 'drained' });
  }

  #say(message: FromWorker): void {
    this.#start.port.postMessage(message);
  }

  /** The wake-up rang: messages, connections from other workers, or changed endpoint tables. */
  onReady(_events: number): void {
    silence(this.#start.wakeups[this.#start.worker] as number, this.#memory);
    // The epoch first: what is retired under a later one may not have been seen yet (endpoint-region.ts).
    const epoch = this.#region.epoch();
    for (let item = receiveMessageOnPort(this.#start.port); item; item = receiveMessageOnPort(this.#start.port)) {
      const message = item.message as ToWorker;
      this.#guard(() => this.#take(message));
    }
    this.#handover.receive((listener, fd) => this.#guard(() => (this.#servers[listener] as Server).accept(fd)));
    for (const router of this.#routers) router.routes.refreshTables();
    this.#region.acknowledge(this.#start.worker, epoch);
  }

  /** What comes with one ring is independent of each other: a fault in one does not keep the rest waiting. */
  #guard(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#log.fault(error);
    }
  }

  #take(message: ToWorker): void {
    switch (message.type) {
      case 'bound':
        (this.#routers[message.router] as Router).routes.onBound(message);
        break;
      case 'explained':
        (this.#routers[message.router] as Router).routes.onExplained(message);
        break;
      case 'release':
        for (const scope of message.scopes) this.#stats.releaseScope(scope);
        this.#say({ type: 'released', token: message.token });
        break;
      case 'drain':
        this.#drain(message.graceMs);
        break;
    }
  }

  #drain(graceMs: number): void {
    this.#drainDeadlineTick = this.#reactor.nowTick + ticksOf(graceMs);
    for (const listener of this.#listeners) {
      // What the kernel has queued was accepted as far as its clients know.
      listener.onReady(0);
      listener.stop();
    }
    for (const server of this.#servers) server.drain();
    this.#lookAtDrain();
  }

  #lookAtDrain(): void {
    let open = 0;
    for (const server of this.#servers) open += server.drained();
    if (open === 0 || this.#reactor.nowTick >= this.#drainDeadlineTick) this.#reactor.stop();
    else this.#reactor.timers.arm(this, this.#reactor.nowTick + ticksOf(DRAIN_LOOK_MS));
  }

  onDeadline(): void {
    if (this.#drainDeadlineTick >= 0) {
      this.#lookAtDrain();
      return;
    }
    // Before the work: housekeeping that fails once goes on.
    this.#reactor.timers.arm(this, this.#reactor.nowTick + ticksOf(HOUSEKEEPING_MS));
    this.#measureLoad();
    for (const router of this.#routers) router.routes.expire();
    this.#net.trim();
  }

  /**
   * With much under way, events that come one by one would cost a wake-up, a receive and a send each: after a moment there
   * are several (docs/decisions/coalescing.md).
   */
  #coalesce(): void {
    const { coalesceMicros, coalesceRequests } = this.#start.limits;
    if (coalesceMicros === 0) return;
    const net = this.#net;
    const reactor = this.#reactor;
    let tick = 0;
    let seen = 0;
    let dense = false;
    sharpenSleep();
    reactor.beforeWait = (events) => {
      seen += events;
      if (reactor.nowTick !== tick) {
        dense = seen >= (dense ? EVENTS_SPARSE : EVENTS_DENSE) * (reactor.nowTick - tick);
        tick = reactor.nowTick;
        seen = 0;
      }
      if (dense && events < EVENTS_ENOUGH && net.underWay >= coalesceRequests) nap(coalesceMicros);
    };
  }

  /** Tells the others what share of a core this thread has used since it last did. */
  #measureLoad(): void {
    const usedMicros = threadMicros(this.#memory);
    const { nowTick } = this.#reactor;
    const spentMs = (nowTick - this.#measuredTick) * TICK_MS;
    if (spentMs <= 0) return;
    this.#load.measure(this.#start.worker, (usedMicros - this.#usedMicros) / spentMs);
    this.#usedMicros = usedMicros;
    this.#measuredTick = nowTick;
  }

  onFault(_error: unknown): void {
    // Already logged; the wake-up goes on.
  }
}

/** Memory for the field sections of everything that speaks HTTP/2 (workers/http2/endpoint.ts). */
function sectionBytes({ routers, limits }: WorkerStart): number {
  return routers
    .flatMap((router) => [
      clientHeaderListBytes(router.client, limits),
      ...(router.protocol === 'h2' ? router.servers.map((server) => headerListBytes(server, limits)) : []),
    ])
    .reduce((sum, bytes) => sum + bytes + 64, 0);
}

/** Microseconds on a clock that all threads of the machine share: they compare each other's stamps. */
function nodeClock(): () => number {
  const originMicros = Number(process.hrtime.bigint() / 1000n) - performance.now() * 1000;
  return () => originMicros + performance.now() * 1000;
}

/** The pool's task: serves until drained. */
export default function work(start: WorkerStart): void {
  new Worker(start).run();
}
