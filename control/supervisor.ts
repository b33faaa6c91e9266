/**
 * The supervisor: the thread that owns the configuration, discovery and the names, and keeps the workers supplied.
 *
 *     config --> interpreter, namers --> bindings --+--> endpoint tables (shared memory) --> workers
 *                                                    \-> replies (messages) -------------->
 *     admin server <-- metrics <-- counters and histograms (shared memory) <---------------
 */
import { randomInt } from 'node:crypto';
import { isCompressing } from '../core/config/compression.ts';
import { ConfigsByPrefix } from '../core/config/configs-by-prefix.ts';
import type { ClientConfig, LinkerConfig, RouterConfig, ServiceConfig } from '../core/config/types.ts';
import type { LimitValues } from '../core/limits.ts';
import { Dtab } from '../core/names/dtab.ts';
import { EndpointPublisher } from '../core/shared/endpoint-publisher.ts';
import { EndpointRegion } from '../core/shared/endpoint-region.ts';
import { FdOwners } from '../core/shared/fd-owners.ts';
import { Gates } from '../core/shared/gates.ts';
import { RetryBudgets } from '../core/shared/retry-budgets.ts';
import { StatsReader } from '../core/shared/stats-reader.ts';
import { WorkerLoad } from '../core/shared/worker-load.ts';
import type { FromWorker, ListenerSpec } from '../workers/messages.ts';
import { closeDescriptor, loadZlib } from '../workers/os/index.ts';
import { AccessLogs, hasAccessLog } from './access-logs/access-logs.ts';
import { Bindings } from './binding/bindings.ts';
import { BoundClients } from './binding/bound-clients.ts';
import { Room } from './binding/room.ts';
import { ScopeKeeper, type ScopeWorkers } from './binding/scope-keeper.ts';
import { readDescriptorsMax } from './descriptors.ts';
import { headBytesMax, keptBodyBytesMax } from './head-bytes.ts';
import type { Interpreter } from './interpreters/interpreter.ts';
import { Listening } from './listening.ts';
import type { Logger } from './log.ts';
import { Naming } from './naming.ts';
import { lowerPriority } from './priority.ts';
import { connectionsUnderWay, createSharedState, type SharedState } from './shared-state.ts';
import { Metrics } from './telemetry/metrics.ts';
import { registerProcessMetrics, registerWorkerMetrics } from './telemetry/process-metrics.ts';
import { WorkerPool } from './worker-pool.ts';

/** The load of a dead worker: so much that no other hands it a connection, which would wait for its successor. */
const AWAY = 0x3fffffff;

/** One router's part of the supervisor. */
export interface RouterControl {
  readonly config: RouterConfig;
  readonly interpreter: Interpreter;
  readonly clients: BoundClients;
  readonly bindings: Bindings;
}

/** Runs the workers and keeps them supplied. */
export class Supervisor {
  readonly config: LinkerConfig;
  readonly metrics: Metrics;
  readonly routers: RouterControl[];
  /** The configured namers with an empty dtab: for delegations without a router. */
  readonly interpreter: Interpreter;
  readonly #limits: LimitValues;
  readonly #log: Logger;
  readonly #shared: SharedState;
  readonly #fds: FdOwners;
  readonly #naming: Naming;
  readonly #bindingRoom: Room;
  readonly #descriptorsMax = readDescriptorsMax();
  readonly #load: WorkerLoad;
  readonly #gates: Gates;
  readonly #publisher: EndpointPublisher;
  readonly #scopes: ScopeKeeper;
  readonly #listening = new Listening();
  readonly #pool: WorkerPool;
  readonly #accessLogs: AccessLogs;
  readonly #stopMetrics: () => void;
  #listeners: ListenerSpec[][] = [];
  #ringing = false;

  /**
   * @param workers threads to run
   * @throws ZlibError when a router compresses and this Node cannot
   */
  constructor(config: LinkerConfig, workers: number, limits: LimitValues, log: Logger) {
    this.config = config;
    if (config.routers.some(isCompressing)) loadZlib();
    this.#limits = limits;
    this.#log = log;
    const servers = config.routers.reduce((sum, router) => sum + router.servers.length, 0);
    this.#shared = createSharedState(workers, servers, limits, hasAccessLog(config.routers));
    this.#accessLogs = new AccessLogs(config.routers, this.#shared.accessRings, log);
    this.#fds = new FdOwners(this.#shared.fds);
    this.#load = new WorkerLoad(this.#shared.load);
    this.#gates = new Gates(this.#shared.gates, servers);
    this.#publisher = new EndpointPublisher(new EndpointRegion(this.#shared.endpoints), randomInt(2 ** 32));
    this.metrics = new Metrics(new StatsReader(this.#shared.stats));
    const stopGc = registerProcessMetrics(this.metrics, Date.now(), Date.now);
    const stopWindows = this.metrics.start(limits.statsWindowMs);
    this.#stopMetrics = () => {
      stopGc();
      stopWindows();
    };
    this.#pool = new WorkerPool(workers, {
      onMessage: (worker, message) => this.#onMessage(worker, message),
      onDeath: (worker, error) => this.#onDeath(worker, error),
      onReplaced: (worker, afterMs) => this.#log.info({ worker, afterMs }, `worker ${worker} serves again`),
      startOf: (worker) => this.#startOf(worker),
    });
    registerWorkerMetrics(this.metrics, this.#pool);
    const scopeWorkers: ScopeWorkers = {
      alive: () => this.#pool.alive(),
      release: (worker, scopes, token) => this.#pool.send(worker, { type: 'release', scopes, token }),
    };
    const budgets = new RetryBudgets(this.#shared.budgets, workers);
    this.#scopes = new ScopeKeeper(this.metrics.scopes, scopeWorkers, budgets);
    this.#naming = new Naming(config.namers, { limits, log, limitMet: (name) => this.metrics.limitMet(name) });
    this.interpreter = this.#naming.interpreter;
    this.#bindingRoom = new Room(limits.bindingsMax);
    this.routers = config.routers.map((router, index) => this.#createRouter(router, index));
    this.#addGauges();
  }

  #createRouter(config: RouterConfig, index: number): RouterControl {
    const clients = new BoundClients({
      router: config.label,
      protocol: config.protocol,
      configs: new ConfigsByPrefix<ClientConfig>(config.client),
      publisher: this.#publisher,
      scopes: this.#scopes,
      published: () => this.#ringSoon(),
      onProblem: (message) => {
        this.metrics.limitMet('endpointsMax');
        this.#log.warn({ router: config.label }, message);
      },
    });
    const interpreter = this.#naming.interpreterOf(config.interpreter);
    const bindings = new Bindings({
      services: new ConfigsByPrefix<ServiceConfig>(config.service),
      router: index,
      label: config.label,
      protocol: config.protocol,
      baseDtab: Dtab.read(config.dtab),
      interpreter,
      clients,
      scopes: this.#scopes,
      room: this.#bindingRoom,
      send: (worker, message) => this.#pool.send(worker, message),
      limitMet: (name) => this.metrics.limitMet(name),
    });
    return { config, interpreter, clients, bindings };
  }

  #addGauges(): void {
    for (const { config, bindings } of this.routers) {
      if (config.originator) this.metrics.gauge(['rt', config.label, 'originator'], () => 1);
      for (const [cache, counts] of Object.entries(bindings.counts)) {
        for (const event of ['misses', 'evicts', 'expires', 'oneshots'] as const) {
          this.metrics.counter(['rt', config.label, 'bindcache', cache, event], () => counts[event]);
        }
      }
    }
  }

  /**
   * Opens the ports and starts the workers.
   * @throws ListenError when a port cannot be had, AccessLogError when a log cannot be written
   */
  async start(): Promise<void> {
    this.#accessLogs.start();
    this.#listening.open(this.config.routers, this.#pool.workers);
    const scopes = this.#listening.servers.map(({ router, ip, port }) => {
      const { label, protocol } = this.#router(router);
      return this.metrics.scopes.open({ kind: 'server', router: label, protocol, ip, port });
    });
    this.#listeners = Array.from({ length: this.#pool.workers }, (_, worker) =>
      this.#listening.servers.map(({ router, server, fds }, index) => ({
        fd: fds[worker] as number,
        router,
        server,
        scope: scopes[index] as number,
        gate: index,
      })),
    );
    await this.#pool.start();
    this.#yield();
    for (const { router, ip, port } of this.#listening.servers) {
      this.#log.info(`serving ${this.#router(router).label} on ${ip}:${port}`);
    }
  }

  /** From now on the workers come first (docs/decisions/the-supervisor-yields.md). */
  #yield(): void {
    try {
      lowerPriority(this.#limits.supervisorNice);
    } catch (error) {
      this.#log.warn({ err: error }, 'the supervisor keeps its priority, and may hold workers up');
    }
  }

  #router(index: number): RouterConfig {
    return this.config.routers[index] as RouterConfig;
  }

  #startOf(worker: number) {
    const { endpoints, budgets, fds, gates, load, stats, handover, accessRings } = this.#shared;
    this.#publisher.admitWorker(worker);
    this.#load.reset(worker, connectionsUnderWay(handover, worker));
    const routers = this.config.routers;
    return {
      limits: this.#limits,
      routers,
      listeners: this.#listeners[worker] as ListenerSpec[],
      headBytesMax: headBytesMax(routers, this.#limits),
      keptBodyBytesMax: keptBodyBytesMax(routers, this.#limits),
      gates,
      fds,
      descriptorsMax: this.#descriptorsMax,
      endpoints,
      budgets,
      stats: stats[worker + 1] as SharedArrayBuffer,
      load,
      handover,
      accessRing: accessRings[worker] ?? null,
    };
  }

  #onMessage(worker: number, message: FromWorker): void {
    switch (message.type) {
      case 'bind':
        this.routers[message.router]?.bindings.bind(worker, message.route, message.path, message.dtab);
        break;
      case 'unbind':
        this.routers[message.router]?.bindings.unbind(worker, message.route, message.cause);
        break;
      case 'explain': {
        const { router, route, token, id } = message;
        this.routers[router]?.bindings.explain(worker, route, token, id);
        break;
      }
      case 'released':
        this.#scopes.onReleased(worker, message.token);
        break;
      case 'log':
        this.#log[message.level]({ worker }, message.message);
        break;
      default:
        break;
    }
  }

  /** A thread died: what it held is taken back, before its successor starts. */
  #onDeath(worker: number, error: unknown): void {
    this.#log.error({ worker, reason: 'worker_died', err: error }, `worker ${worker} died; starting another`);
    this.#load.reset(worker, AWAY);
    this.#closeAllOf(worker);
    this.#gates.forgetWorker(worker);
    this.#publisher.forgetWorker(worker);
    this.metrics.scopes.retireWorker(worker);
    this.#scopes.onDeath(worker);
    for (const { bindings } of this.routers) bindings.forgetWorker(worker);
  }

  #closeAllOf(worker: number): void {
    for (const fd of this.#fds.takeAllOf(worker)) closeDescriptor(fd);
  }

  /** Ends a worker as a crash would; its successor follows. @returns false when it is not serving */
  terminateWorker(worker: number): boolean {
    return this.#pool.terminate(worker);
  }

  /** Requests under way at a server, counted for `maxConcurrentRequests`. @param server over all routers, in order */
  requestsUnderWay(server: number): number {
    return this.#gates.underWay(server);
  }

  /** Connections that workers hold or have been handed; of a dead one more than any other's. */
  connectionsOf(worker: number): number {
    return this.#load.connections(worker);
  }

  /** Permille of a core that a worker used when it last measured itself. */
  busyOf(worker: number): number {
    return this.#load.busy(worker);
  }

  /** Rings once for any number of changes in this turn of the event loop. */
  #ringSoon(): void {
    if (this.#ringing) return;
    this.#ringing = true;
    setImmediate(() => {
      this.#ringing = false;
      this.#pool.ringAll();
    });
  }

  /** Lets requests under way finish, then ends the workers. */
  async stop(graceMs: number): Promise<void> {
    await this.#pool.drain(graceMs);
    for (let worker = 0; worker < this.#pool.workers; worker++) {
      this.#closeAllOf(worker);
      for (const { bindings } of this.routers) bindings.forgetWorker(worker);
    }
    this.#listening.closeAll();
    await this.#accessLogs.stop();
    this.#stopMetrics();
  }
}
