/** What a client counts of its balancer's picks: only those that had to make do. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../core/balance/random.ts';
import { DEFAULT_BUDGET } from '../../core/config/budget.ts';
import type { ClientConfig } from '../../core/config/types.ts';
import { EndpointPublisher } from '../../core/shared/endpoint-publisher.ts';
import { createEndpointBuffer, EndpointRegion, STATUS_BUSY } from '../../core/shared/endpoint-region.ts';
import { RetryBudgets } from '../../core/shared/retry-budgets.ts';
import { COUNTER, slabBytes } from '../../core/shared/stats.ts';
import { StatsReader } from '../../core/shared/stats-reader.ts';
import { StatsWriter } from '../../core/shared/stats-writer.ts';
import { ClientStack } from './client-stack.ts';
import { ConnectionPool } from './connection-pool.ts';

const SCOPE = 3;
const PICKS = 600;

function setUp(...weights: readonly number[]) {
  const region = new EndpointRegion(createEndpointBuffer({ workers: 1, clients: 1, rows: 8 }));
  const publisher = new EndpointPublisher(region);
  const id = publisher.openClient() as number;
  publisher.publish(
    id,
    weights.map((weight, index) => ({ ip: '10.0.0.1', port: index + 1, weight })),
  );
  const slabs = [0, 1].map(() => new SharedArrayBuffer(slabBytes({ scopesMax: 8 })));
  const reader = new StatsReader([slabs[0]!, slabs[1]!]);
  const loadBalancer = { kind: 'p2c', maxEffort: 5 };
  const failureAccrual = { kind: 'none' };
  const config = { loadBalancer, failureAccrual, requeueBudget: DEFAULT_BUDGET } as ClientConfig;
  const stats = new StatsWriter(slabs[1]!);
  const budgets = new RetryBudgets(RetryBudgets.allocate(1, 8), 1);
  const shared = { worker: 0, region, stats, random: new Random(1), log: () => {}, reconnect: () => {} };
  const environment = { ...shared, poolWaitersMax: 0, budgets, pools: [] };
  const client = new ClientStack(
    id,
    '/#/web',
    SCOPE,
    config,
    environment,
    (stack, address) => new ConnectionPool(stack, address, () => false),
  );
  const pick = () => {
    const pool = client.pick(0);
    assert.notEqual(pool, null);
    if (pool !== null) client.release(pool.row);
  };
  const markBusy = (port: number) => {
    for (const row of client.table.rows) {
      if (region.describe(row).port === port) client.cells.setStatus(row, STATUS_BUSY);
    }
  };
  const counts = () => ({
    exhausted: reader.counter(SCOPE, COUNTER.loadBalancerMaxEffortExhausted),
    busyClasses: reader.counter(SCOPE, COUNTER.loadBalancerBusyWeightClasses),
    census: publisher.census(id, 0).byStatus,
  });
  return { pick, markBusy, counts };
}

test('with an open endpoint in reach nothing is counted; with none, every pick', () => {
  const { pick, markBusy, counts } = setUp(1, 1);
  markBusy(1);
  for (let i = 0; i < PICKS; i++) pick();
  assert.deepEqual(counts(), { exhausted: 0, busyClasses: 0, census: [1, 1, 0] });
  markBusy(2);
  for (let i = 0; i < PICKS; i++) pick();
  assert.deepEqual(counts(), { exhausted: PICKS, busyClasses: 0, census: [0, 2, 0] });
});

test('a weight class without an open endpoint is counted whenever it is drawn', () => {
  const { pick, markBusy, counts } = setUp(1, 2);
  markBusy(2);
  for (let i = 0; i < PICKS; i++) pick();
  const { exhausted, busyClasses } = counts();
  assert.equal(exhausted, 0);
  assert.ok(Math.abs(busyClasses / PICKS - 2 / 3) < 0.1, `${busyClasses}`);
});
