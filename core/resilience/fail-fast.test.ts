/** Fail-fast's marks: one owner, any connect takes them off, and none outlives its owner by long. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../balance/random.ts';
import { EndpointCells } from '../shared/endpoint-cells.ts';
import { EndpointPublisher } from '../shared/endpoint-publisher.ts';
import {
  createEndpointBuffer,
  EndpointRegion,
  ROW_SHIFT,
  ROW_STATUS,
  STATUS_BUSY,
  STATUS_OPEN,
  TICK_MICROS,
} from '../shared/endpoint-region.ts';
import { ACCRUAL, accrualOf, withAccrualUntil } from '../shared/status-word.ts';
import { FailFast } from './fail-fast.ts';

const ticksOf = (ms: number) => Math.ceil((ms * 1000) / TICK_MICROS);
const WAIT_MS = 2000;

function setUp() {
  const region = new EndpointRegion(createEndpointBuffer({ workers: 2, clients: 1, rows: 2 }));
  const publisher = new EndpointPublisher(region);
  const clientId = publisher.openClient() as number;
  publisher.publish(
    clientId,
    [1, 2].map((port) => ({ ip: '10.0.0.1', port, weight: 1 })),
  );
  const told = { dead: 0, available: 0 };
  const events = {
    onMarkedUnreachable: () => {
      told.dead += 1;
    },
    onMarkedAvailable: () => {
      told.available += 1;
    },
  };
  const [one, other] = [0, 1].map(() => new FailFast(region, events)) as [FailFast, FailFast];
  const cells = new EndpointCells(region, { decayTimeMs: 1000, failurePenaltyMs: 0 }, new Random(1));
  const unreachable = (ms: number) => publisher.census(clientId, ticksOf(ms)).unreachable;
  return { region, one, other, cells, told, unreachable };
}

test('who marks owns the re-connects; others see the mark, and nothing to do', () => {
  const { one, other, cells, told } = setUp();
  assert.equal(one.onConnectFailed(0, 0, WAIT_MS), true);
  assert.equal(other.onConnectFailed(0, 0, WAIT_MS), false);
  assert.deepEqual([one.isMarked(0), other.isMarked(0), other.isMarked(1)], [true, true, false]);
  assert.deepEqual([cells.status(0, 0), cells.status(1, 0)], [STATUS_BUSY, STATUS_OPEN]);
  assert.deepEqual(told, { dead: 1, available: 0 });
});

test('any connect takes the mark off, once', () => {
  const { one, other, cells, told } = setUp();
  one.onConnectFailed(0, 0, WAIT_MS);
  other.onConnected(0);
  one.onConnected(0);
  assert.deepEqual([one.isMarked(0), cells.status(0, 0), told], [false, STATUS_OPEN, { dead: 1, available: 1 }]);
  assert.equal(other.onConnectFailed(0, 0, WAIT_MS), true);
});

test('a mark whose owner does nothing any more is taken off by who looks, and not before', () => {
  const { one, cells, told } = setUp();
  one.onConnectFailed(0, 0, WAIT_MS);
  one.onReconnectFailed(0, ticksOf(WAIT_MS), 33_000, 1);
  const lateMs = WAIT_MS + 33_000;
  assert.equal(cells.status(0, ticksOf(lateMs)), STATUS_BUSY);
  assert.equal(cells.status(0, ticksOf(lateMs + 9_000)), STATUS_BUSY);
  assert.equal(cells.status(0, ticksOf(lateMs + 11_000)), STATUS_OPEN);
  assert.deepEqual(told, { dead: 1, available: 0 });
  one.onReconnectFailed(0, 0, WAIT_MS, 2);
  assert.equal(one.isMarked(0), false);
});

test('the worse of accrual and fail-fast is the status, and each ends by itself', () => {
  const { region, one, cells } = setUp();
  const statusAt = region.rowsAt + (0 << ROW_SHIFT) + ROW_STATUS;
  region.words[statusAt] = withAccrualUntil(0, ACCRUAL.dead, 1, 0, 1000);
  one.onConnectFailed(0, 0, WAIT_MS);
  assert.equal(cells.status(0, ticksOf(1100)), STATUS_BUSY);
  assert.equal(accrualOf(region.words[statusAt] as number), ACCRUAL.probeOpen);
  one.onConnected(0);
  assert.equal(cells.status(0, ticksOf(1100)), STATUS_OPEN);
});

test('the census tells of the endpoint that has been out of reach for longest', () => {
  const { one, unreachable } = setUp();
  assert.deepEqual(unreachable(0), { forTicks: 0, tries: 0 });
  one.onConnectFailed(0, ticksOf(1000), WAIT_MS);
  one.onConnectFailed(1, ticksOf(3000), WAIT_MS);
  one.onReconnectFailed(0, ticksOf(2000), WAIT_MS, 1);
  one.onReconnectFailed(0, ticksOf(4000), WAIT_MS, 2);
  assert.deepEqual(unreachable(6000), { forTicks: ticksOf(5000), tries: 2 });
  one.onConnected(0);
  assert.deepEqual(unreachable(6000), { forTicks: ticksOf(3000), tries: 0 });
});
