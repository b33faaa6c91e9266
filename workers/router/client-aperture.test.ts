/** What a client keeps of endpoints that its aperture has left (spec 05 section 3.2). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../core/balance/random.ts';
import { BALANCERS, TestNode } from '../../core/balance/test-balancers.ts';
import { DEFAULT_BUDGET } from '../../core/config/budget.ts';
import type { ClientConfig } from '../../core/config/types.ts';
import { CLASS_WIDTH } from '../../core/shared/endpoint-block.ts';
import { TICK_MICROS } from '../../core/shared/endpoint-region.ts';
import { RetryBudgets } from '../../core/shared/retry-budgets.ts';
import { COUNTER, slabBytes } from '../../core/shared/stats.ts';
import { StatsReader } from '../../core/shared/stats-reader.ts';
import { StatsWriter } from '../../core/shared/stats-writer.ts';
import { ClientStack } from './client-stack.ts';
import { ConnectionPool } from './connection-pool.ts';
import type { EndpointPool } from './endpoint-pool.ts';

const SCOPE = 3;
const ENDPOINTS = 6;
const SMOOTH_WINDOW_MS = 100;
const EXPIRY_TICKS = (10 * SMOOTH_WINDOW_MS * 1000) / TICK_MICROS;

function setUp() {
  const node = new TestNode(Array.from({ length: ENDPOINTS }, () => 1));
  const slabs = [0, 1].map(() => new SharedArrayBuffer(slabBytes({ scopesMax: 8 })));
  const reader = new StatsReader([slabs[0]!, slabs[1]!]);
  // So wide as it is set to be: no load changes it.
  const band = { smoothWindowMs: SMOOTH_WINDOW_MS, lowLoad: 1e-9, highLoad: 1e9 };
  const loadBalancer = { ...BALANCERS.aperture, ...band };
  const hostConnectionPool = { idleTimeMs: undefined };
  const failureAccrual = { kind: 'none' };
  const config = { loadBalancer, hostConnectionPool, failureAccrual, requeueBudget: DEFAULT_BUDGET } as ClientConfig;
  const pools: (EndpointPool | undefined)[] = [];
  const stats = new StatsWriter(slabs[1]!);
  const environment = {
    worker: 0,
    region: node.region,
    stats,
    random: new Random(1),
    poolWaitersMax: 0,
    log: () => {},
    reconnect: () => {},
    budgets: new RetryBudgets(RetryBudgets.allocate(1, 8), 1),
    pools,
  };
  const client = new ClientStack(
    node.clientId,
    '/#/web',
    SCOPE,
    config,
    environment,
    (stack, address) => new ConnectionPool(stack, address, () => false),
  );
  /** As a worker that has seen much load does. */
  const widen = (width: number) => {
    node.region.words[(client.table.classAt[0] as number) + CLASS_WIDTH] = width;
  };
  const use = (nowTicks: number) => {
    for (let pick = 0; pick < 200; pick++) {
      const pool = client.pick(nowTicks);
      if (pool !== null) client.settle(pool.row, 100, nowTicks, false);
    }
  };
  const kept = () => pools.filter((pool) => pool !== undefined).length;
  const counted = (cell: number) => reader.counter(SCOPE, cell);
  return { client, widen, use, kept, counted };
}

test('an endpoint outside of the aperture is kept for ten smoothing windows, and no longer', () => {
  const { client, widen, use, kept, counted } = setUp();
  widen(ENDPOINTS);
  use(1);
  assert.equal(kept(), ENDPOINTS);
  widen(2);
  client.expireIdle(0, EXPIRY_TICKS);
  assert.equal(kept(), ENDPOINTS, 'too soon');
  client.expireIdle(0, EXPIRY_TICKS + 1);
  assert.equal(kept(), 2);
  assert.equal(counted(COUNTER.loadBalancerExpired), ENDPOINTS - 2);
  client.expireIdle(0, 10 * EXPIRY_TICKS);
  assert.equal(kept(), 2, 'those inside are kept, however long they rest');
});

test('one with a request out is kept, and an expired one is used again when the aperture widens', () => {
  const { client, widen, use, kept } = setUp();
  widen(ENDPOINTS);
  use(1);
  const held = client.pick(1);
  assert.notEqual(held, null);
  client.pick(1);
  widen(1);
  client.expireIdle(0, EXPIRY_TICKS + 1);
  assert.ok(kept() >= 2 && kept() <= 3, `${kept()} kept: two with a request out, and the one inside`);
  widen(ENDPOINTS);
  use(EXPIRY_TICKS + 2);
  assert.equal(kept(), ENDPOINTS);
});
