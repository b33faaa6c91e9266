/** How exchanges come to the streams of a connection to an endpoint, and leave them before anything was sent. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { configOf } from '../../core/config/configs-by-prefix.ts';
import type { ClientConfig } from '../../core/config/types.ts';
import { FRAME_GOAWAY, FRAME_SETTINGS, FRAME_WINDOW_UPDATE } from '../../core/http2/frame-types.ts';
import { setting, uint32 } from '../../core/http2/test-frames.ts';
import { H2Worker } from '../../test/support/h2-worker.ts';
import { EPOLLIN, EPOLLOUT } from '../os/epoll.ts';
import { ECONNREFUSED, EINPROGRESS } from '../os/errno.ts';
import type { ClientStack } from '../router/client-stack.ts';
import { Exchange } from '../router/exchange.ts';
import type { Router } from '../router/router.ts';
import { StreamPool } from '../router/stream-pool.ts';
import { Http2Client } from './client.ts';
import type { Http2ClientConnection } from './client-connection.ts';
import { frameBytes } from './test-wire.ts';

const MAX_CONCURRENT_STREAMS = 3;
const INITIAL_WINDOW_SIZE = 4;
const SCOPE = 3;
const { world, router } = new H2Worker();
const { net, sockets } = world;
const client = new Http2Client(net, 0, 16_384, world.take(32_768), () => false);
const stack = {
  scope: SCOPE,
  stats: net.stats,
  poolWaitersMax: 10,
  onConnected: () => {},
  config: configOf<ClientConfig>(router.config.client, '/'),
} as unknown as ClientStack;
const address = { row: 0, ipv6: false, port: 80, ip: new Int32Array(4), name: '10.0.0.1:80' };

/** A pool of one connection, and what its exchanges are told. */
class Site {
  readonly told: string[] = [];
  fd = -1;
  connection: Http2ClientConnection | null = null;
  /** Who throws when it is told that it is ready. */
  faulty = '';
  readonly pool = new StreamPool(stack, address, 1, (pool) => {
    this.connection = client.connect(pool);
    this.fd = this.connection?.fd ?? -1;
    return this.connection;
  });
  readonly #router = {
    reacquire: (exchange: Exchange) => this.#tell('anew', exchange),
    onConnectFailed: (exchange: Exchange, reason: string) => this.#tell(reason, exchange),
    onSession: (exchange: Exchange) => exchange.downstream?.onUpstreamReady(),
    onRefused: (exchange: Exchange) => this.#tell('refused', exchange),
    onUnprocessed: (exchange: Exchange) => this.#tell('unprocessed', exchange),
    onUpstreamLost: (exchange: Exchange) => this.#tell('lost', exchange),
  } as unknown as Router;
  readonly #names = new Map<Exchange, string>();

  exchange(name: string): Exchange {
    const exchange = new Exchange(this.#router);
    this.#names.set(exchange, name);
    exchange.downstream = {
      onUpstreamReady: () => {
        this.#tell('ready', exchange);
        if (name === this.faulty) throw new Error(`a fault of ${name}'s`);
      },
      onUpstreamLost: () => {},
    } as unknown as Exchange['downstream'];
    this.pool.acquire(exchange);
    return exchange;
  }

  #tell(what: string, exchange: Exchange): void {
    this.told.push(`${this.#names.get(exchange)} ${what}`);
  }

  /** @returns what exchanges have been told since */
  turn(): string[] {
    world.turn();
    return this.told.splice(0);
  }

  /** The endpoint says something. */
  say(type: number, payload: readonly number[]): void {
    sockets.give(this.fd, frameBytes(type, 0, 0, Uint8Array.from(payload)));
    world.ready(this.fd, EPOLLIN);
  }
}

describe('exchanges', () => {
  test('wait for their connection, and are ready when it is made', () => {
    sockets.connectErrno = EINPROGRESS;
    const site = new Site();
    site.exchange('a');
    site.exchange('b');
    assert.deepEqual(site.turn(), []);
    world.ready(site.fd, EPOLLOUT);
    assert.deepEqual(site.turn(), ['a ready', 'b ready']);
    sockets.connectErrno = 0;
  });

  test('go elsewhere when it is not', () => {
    sockets.connectErrno = ECONNREFUSED;
    const site = new Site();
    site.exchange('a');
    site.exchange('b');
    assert.deepEqual(site.turn(), ['a connect_refused', 'b connect_refused']);
    sockets.connectErrno = 0;
  });

  test('that leave before it is made are not told of it', () => {
    sockets.connectErrno = EINPROGRESS;
    const site = new Site();
    const first = site.exchange('a');
    site.exchange('b');
    site.pool.forget(first);
    world.ready(site.fd, EPOLLOUT);
    assert.deepEqual(site.turn(), ['b ready']);
    sockets.connectErrno = 0;
  });

  test('are told of a fault while they wait for it', () => {
    sockets.connectErrno = EINPROGRESS;
    const site = new Site();
    site.exchange('a');
    site.connection?.onFault(new Error('x'));
    assert.deepEqual(site.turn(), ['a connect_failed']);
    sockets.connectErrno = 0;
  });

  test('are not forgotten over the fault of another', () => {
    const site = new Site();
    site.faulty = 'b';
    for (const name of ['a', 'b', 'c']) site.exchange(name);
    assert.throws(() => world.turn(), /a fault of b's/);
    assert.deepEqual(site.turn(), ['a ready', 'b ready', 'a unprocessed', 'b unprocessed', 'c connect_failed']);
  });

  test('wait when the endpoint takes no more, and get the place of one that leaves before it has sent anything', () => {
    const site = new Site();
    const first = site.exchange('a');
    assert.deepEqual(site.turn(), ['a ready']);
    site.say(FRAME_SETTINGS, setting(MAX_CONCURRENT_STREAMS, 1));
    site.turn();
    site.exchange('b');
    assert.deepEqual(site.turn(), []);
    first.upstream?.abandon();
    assert.deepEqual(site.turn(), ['b ready']);
  });

  for (const windowBytes of [1000, 200_000]) {
    test(`of which nothing was sent when the endpoint opens its windows by ${windowBytes} bytes may send as much`, () => {
      const site = new Site();
      const exchange = Object.assign(site.exchange('a'), { headAt: net.takeBlock(100), headBytes: 1 });
      assert.deepEqual(site.turn(), ['a ready']);
      site.say(FRAME_SETTINGS, setting(INITIAL_WINDOW_SIZE, windowBytes));
      site.say(FRAME_WINDOW_UPDATE, uint32(1_000_000));
      site.turn();
      const upstream = exchange.upstream ?? assert.fail('no upstream is ready');
      assert.ok(upstream.sendHead(false));
      let taken = 0;
      for (let i = 0; i < 30; i++) taken += upstream.outlet.sendContent(net.wasteAt, 8192, false, false);
      assert.equal(taken, windowBytes);
    });
  }

  test('get the room that new settings make', () => {
    const site = new Site();
    site.exchange('a');
    site.turn();
    site.say(FRAME_SETTINGS, setting(MAX_CONCURRENT_STREAMS, 1));
    site.turn();
    for (const name of ['b', 'c', 'd']) site.exchange(name);
    site.say(FRAME_SETTINGS, setting(MAX_CONCURRENT_STREAMS, 3));
    assert.deepEqual(site.turn(), ['b ready', 'c ready']);
  });

  test('that wait try anew when the endpoint leaves, and so does one of which nothing was sent', () => {
    const site = new Site();
    site.exchange('a');
    site.turn();
    site.say(FRAME_SETTINGS, setting(MAX_CONCURRENT_STREAMS, 1));
    site.turn();
    site.exchange('b');
    site.say(FRAME_GOAWAY, [...uint32(1), ...uint32(0)]);
    assert.deepEqual(site.turn(), ['b anew', 'a unprocessed']);
  });
});
