/**
 * A worker with one h2 router, without threads and without a kernel: the server, the router and the client are real, the
 * sockets are lists of bytes, and the loop is turned by hand. For what depends on what comes in one turn, and in which order.
 *
 *     test --frames--> client's socket  [ server, router, client ]  endpoint's socket --frames--> test
 */
import assert from 'node:assert/strict';
import { loadConfig } from '../../control/config/load.ts';
import { Random } from '../../core/balance/random.ts';
import { anySpeaks, clientHeaderListBytes } from '../../core/config/client-needs.ts';
import type { H2RouterConfig, H2ServerConfig } from '../../core/config/types.ts';
import { HeadParser } from '../../core/http1/head.ts';
import { TEST_LIMITS } from '../../core/http1/message-reader.ts';
import { FLAG_ACK, FLAG_END_HEADERS, FLAG_END_STREAM } from '../../core/http2/frame-flags.ts';
import { FRAME_CONTINUATION, FRAME_DATA, FRAME_HEADERS, FRAME_SETTINGS } from '../../core/http2/frame-types.ts';
import { TestDecoder, TestEncoder, type TestField } from '../../core/http2/hpack/test-codec.ts';
import { PREFACE } from '../../core/http2/preface.ts';
import type { LimitValues } from '../../core/limits.ts';
import { EndpointPublisher } from '../../core/shared/endpoint-publisher.ts';
import { createEndpointBuffer, EndpointRegion } from '../../core/shared/endpoint-region.ts';
import { Gates } from '../../core/shared/gates.ts';
import { RetryBudgets } from '../../core/shared/retry-budgets.ts';
import { FIRST_SCOPE } from '../../core/shared/stats.ts';
import type { StatsWriter } from '../../core/shared/stats-writer.ts';
import { WorkerLoad } from '../../core/shared/worker-load.ts';
import { Http1Client } from '../../workers/http1/client.ts';
import { LinkerdTracePropagator } from '../../workers/http1/linkerd-trace-propagator.ts';
import { SectionRequestHeads } from '../../workers/http1/section-writer.ts';
import { Http2Client } from '../../workers/http2/client.ts';
import { RequestEncoder } from '../../workers/http2/request-encoder.ts';
import { Http2Server } from '../../workers/http2/server.ts';
import { frameBytes, framesIn, type TestFrame } from '../../workers/http2/test-wire.ts';
import { TestNet } from '../../workers/net/test-net.ts';
import { EPOLLIN } from '../../workers/os/epoll.ts';
import { ConnectionPool } from '../../workers/router/connection-pool.ts';
import { Router } from '../../workers/router/router.ts';
import { StreamPool } from '../../workers/router/stream-pool.ts';

const SCRATCH_BYTES = 32768;
const KEY_BYTES = 20480;
const SERVER_SCOPE = FIRST_SCOPE;
/** What is counted of the service. */
export const SERVICE_SCOPE = FIRST_SCOPE + 1;
const CLIENT_SCOPE = FIRST_SCOPE + 2;
const CLIENT_SERVICE_SCOPE = FIRST_SCOPE + 3;
const CONNECTIONS_MAX = 4;
/** The head of most requests in tests. */
export const GET: readonly TestField[] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':authority', 'web'],
  [':path', '/'],
];

/** The other end of one of the worker's connections. */
export class TestPeer {
  readonly fd: number;
  readonly encoder = new TestEncoder(4096);
  readonly decoder = new TestDecoder();
  readonly #worker: H2Worker;

  constructor(worker: H2Worker, fd: number) {
    this.#worker = worker;
    this.fd = fd;
  }

  /** Sends bytes, which the worker receives in its next turn. */
  send(...parts: readonly Uint8Array[]): void {
    for (const part of parts) this.#worker.world.sockets.give(this.fd, part);
    this.#worker.world.ready(this.fd, EPOLLIN);
  }

  /** HEADERS of a section. */
  headers(id: number, fields: readonly TestField[], endStream: boolean): Uint8Array {
    const block = this.encoder.encode(fields) ?? assert.fail('no room for a block');
    return headersFrame(id, block, endStream);
  }

  /** Frames that have come since, SETTINGS and the like left out. */
  messages(): TestFrame[] {
    return this.frames().filter(({ type }) => type <= FRAME_HEADERS || type === FRAME_CONTINUATION);
  }

  /** All frames that have come since. */
  frames(): TestFrame[] {
    const bytes = this.#worker.world.sockets.sentBy(this.fd);
    const preface = Buffer.from(bytes.subarray(0, PREFACE.length)).equals(PREFACE);
    return framesIn(preface ? bytes.subarray(PREFACE.length) : bytes);
  }

  /** The fields of a HEADERS frame. */
  fieldsOf({ payload }: TestFrame): readonly TestField[] {
    assert.equal(this.decoder.decode(payload), 0);
    return this.decoder.fields;
  }
}

/** HEADERS of a block. */
export function headersFrame(id: number, block: Uint8Array, endStream: boolean): Uint8Array {
  return frameBytes(FRAME_HEADERS, FLAG_END_HEADERS | (endStream ? FLAG_END_STREAM : 0), id, block);
}

/** A DATA frame. */
export function dataFrame(id: number, content: string | Uint8Array, endStream: boolean): Uint8Array {
  const payload = typeof content === 'string' ? Buffer.from(content, 'latin1') : content;
  return frameBytes(FRAME_DATA, endStream ? FLAG_END_STREAM : 0, id, payload);
}

/** The worker. */
export class H2Worker {
  readonly world: TestNet;
  readonly router: Router;
  readonly server: Http2Server;
  /** Routes that wait to be bound. */
  readonly asked: number[] = [];
  /** Descriptors of connections to endpoints, in the order in which they were made. */
  readonly dialled: number[] = [];
  readonly #client: number;
  readonly #asksHttp2: boolean;
  #nextFd = 100;

  /**
   * @param keys YAML of a router's keys, indented by two spaces
   * @param server keys of its server, in flow form
   * @param limits other than the defaults
   */
  constructor(keys = '', server = '', limits: Partial<LimitValues> = {}) {
    this.world = new TestNet(limits);
    const { net, stats, sockets } = this.world;
    const keyAt = this.world.take(KEY_BYTES);
    const scratchAt = this.world.take(SCRATCH_BYTES);
    const region = new EndpointRegion(createEndpointBuffer({ workers: 1, clients: 4, rows: 4 }));
    const publisher = new EndpointPublisher(region);
    this.#client = publisher.openClient() ?? assert.fail('no client is left');
    publisher.publish(this.#client, [{ ip: '10.0.0.1', port: 80, weight: 1 }]);
    const config = readConfig(keys, server);
    const random = new Random(1);
    const trace = new LinkerdTracePropagator(random);
    const parser = new HeadParser(TEST_LIMITS);
    this.#asksHttp2 = anySpeaks(config.client, 'h2');
    const listBytes = clientHeaderListBytes(config.client, net.limits);
    const http2 = new Http2Client(net, 0, listBytes, scratchAt, () => false);
    const http1 = new Http1Client(net, 0, parser, parser, scratchAt, () => false);
    const openStream = sockets.openStream.bind(sockets);
    sockets.openStream = () => {
      this.dialled.push(openStream());
      return this.dialled.at(-1) as number;
    };
    this.router = new Router(0, config, {
      worker: 0,
      region,
      stats: net.stats as StatsWriter,
      random,
      poolWaitersMax: 10,
      budgets: new RetryBudgets(RetryBudgets.allocate(1, CLIENT_SERVICE_SCOPE), 1),
      log: () => {},
      reconnect: () => {},
      pools: [],
      net,
      keyAt,
      accessRing: null,
      createPool: (client, address) =>
        client.speaksHttp2
          ? new StreamPool(client, address, CONNECTIONS_MAX, (pool) => http2.connect(pool))
          : new ConnectionPool(client, address, (pool, exchange) => http1.connect(pool, exchange)),
      binder: { bind: (_router, route) => void this.asked.push(route), unbind: () => {}, explain: () => {} },
      wallClockMs: () => 0,
    });
    this.server = new Http2Server({
      net,
      worker: 0,
      router: this.router,
      config: config.servers[0] as H2ServerConfig,
      scope: SERVER_SCOPE,
      encoder: new RequestEncoder(net, trace, () => 0),
      text: new SectionRequestHeads(net, trace),
      scratchAt,
      gates: new Gates(Gates.allocate(1, 1), 1),
      gate: 0,
      load: new WorkerLoad(WorkerLoad.allocate(1)),
      random,
      wallClockMs: () => 0,
    });
    assert.equal(stats.scopesMax > CLIENT_SERVICE_SCOPE, true);
  }

  /** Turns until nothing more happens by itself. */
  settle(): void {
    for (let i = 0; i < 4; i++) this.world.turn();
  }

  /** A client connects, and says what every client says first. */
  connect(): TestPeer {
    const peer = new TestPeer(this, this.#nextFd++);
    this.server.accept(peer.fd);
    peer.send(
      PREFACE,
      frameBytes(FRAME_SETTINGS, 0, 0, new Uint8Array(0)),
      frameBytes(FRAME_SETTINGS, FLAG_ACK, 0, new Uint8Array(0)),
    );
    this.settle();
    peer.frames();
    return peer;
  }

  /** The names that were asked for are bound to the one endpoint there is, or to a service that answers by itself. */
  bind({ answerStatus = 0 }: { readonly answerStatus?: number } = {}): void {
    for (const route of this.asked.splice(0)) {
      const branch = {
        weight: 1,
        bound: 1,
        client: this.#client,
        id: '/#/io.l5d.fs/web',
        residual: '/',
        clientScope: CLIENT_SCOPE,
        clientServiceScope: CLIENT_SERVICE_SCOPE,
        answerStatus,
      };
      this.router.routes.onBound({
        type: 'bound',
        router: 0,
        route,
        serviceScope: SERVICE_SCOPE,
        state: 'ok',
        tree: 1,
        branches: [branch],
      });
    }
    this.settle();
  }

  /** The endpoint's end of the connection last made, which has told its settings. */
  endpoint(): TestPeer {
    const fd = this.dialled.at(-1) ?? assert.fail('no endpoint was asked');
    const peer = new TestPeer(this, fd);
    if (this.#asksHttp2) {
      peer.send(
        frameBytes(FRAME_SETTINGS, 0, 0, new Uint8Array(0)),
        frameBytes(FRAME_SETTINGS, FLAG_ACK, 0, new Uint8Array(0)),
      );
    }
    this.settle();
    return peer;
  }
}

function readConfig(keys: string, server: string): H2RouterConfig {
  const text = `namers: [{kind: io.l5d.fs, rootDir: .}]
routers:
- protocol: h2
  dtab: /svc => /#/io.l5d.fs
${keys}
  servers: [{port: 4142${server}}]
`;
  const [config] = loadConfig(text, 'test').routers;
  if (config?.protocol !== 'h2') throw new Error('no h2 router');
  return config;
}
