/** Sets reach the tables, rows keep their load, and nothing is reused too early or lost. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../balance/random.ts';
import { EndpointCells } from './endpoint-cells.ts';
import { EndpointPublisher } from './endpoint-publisher.ts';
import {
  createEndpointBuffer,
  type EndpointAddress,
  type EndpointCapacity,
  EndpointRegion,
  STATUS_BUSY,
} from './endpoint-region.ts';
import { EndpointTable } from './endpoint-table.ts';

function setUp(capacity: EndpointCapacity) {
  const region = new EndpointRegion(createEndpointBuffer(capacity));
  const publisher = new EndpointPublisher(region);
  const cells = new EndpointCells(region, { decayTimeMs: 10_000, failurePenaltyMs: 0 }, new Random(1));
  const free = () => [publisher.freeRows, publisher.freeClients, publisher.freeListWords];
  return { region, publisher, cells, free };
}

function open(publisher: EndpointPublisher): number {
  const clientId = publisher.openClient();
  assert.ok(clientId !== undefined);
  return clientId;
}

function address(port: number, weight = 1): EndpointAddress {
  return { ip: '10.0.0.1', port, weight };
}

function portsOf(region: EndpointRegion, table: EndpointTable): number[] {
  return Array.from(table.rows, (row) => region.describe(row).port);
}

function rowOf(region: EndpointRegion, table: EndpointTable, port: number): number {
  return table.rows.find((row) => region.describe(row).port === port) as number;
}

test('a table follows its client from pending over bound and neg to closed', () => {
  const { region, publisher, free } = setUp({ workers: 1, clients: 2, rows: 4 });
  const before = free();
  const clientId = open(publisher);
  const table = new EndpointTable(region, clientId);
  assert.deepEqual([table.state, table.classCount, table.changed()], ['pending', 0, false]);
  publisher.publish(clientId, [address(1), address(2)]);
  assert.ok(table.changed());
  assert.deepEqual(table.refresh(), []);
  assert.deepEqual([table.state, table.classCount, table.changed()], ['bound', 1, false]);
  assert.deepEqual(portsOf(region, table).sort(), [1, 2]);
  const rows = Array.from(table.rows);
  publisher.publish(clientId, 'neg');
  assert.deepEqual(table.refresh(), rows);
  assert.deepEqual([table.state, table.rows.length], ['neg', 0]);
  publisher.publish(clientId, []);
  table.refresh();
  assert.deepEqual([table.state, table.rows.length], ['bound', 0]);
  publisher.closeClient(clientId);
  table.refresh();
  assert.equal(table.state, 'closed');
  publisher.reclaim();
  assert.deepEqual(free(), before);
  assert.throws(() => publisher.publish(clientId, []), RangeError);
});

test('an endpoint that stays keeps row, load and status, even when its weight changes', () => {
  const { region, publisher, cells } = setUp({ workers: 1, clients: 1, rows: 8 });
  const clientId = open(publisher);
  publisher.publish(clientId, [address(1), address(2)]);
  const table = new EndpointTable(region, clientId);
  const left = rowOf(region, table, 1);
  const stayed = rowOf(region, table, 2);
  cells.start(stayed, 0);
  cells.finish(stayed, 0, 700, 9, false);
  cells.start(stayed, 0);
  cells.setStatus(stayed, STATUS_BUSY);
  publisher.publish(clientId, [address(3), address(2, 0.5)]);
  assert.deepEqual(table.refresh(), [left]);
  assert.deepEqual(portsOf(region, table), [2, 3], 'classes ascend by weight');
  assert.deepEqual(Array.from(table.classStart), [0, 1, 2]);
  assert.equal(table.rows[0], stayed);
  assert.equal(cells.peakEwma(stayed, 9), 1400);
  assert.equal(cells.status(stayed, 0), STATUS_BUSY);
  assert.deepEqual(region.describe(stayed), address(2, 0.5));
});

test('an equal set changes nothing, and of an address given twice the last weight counts', () => {
  const { region, publisher } = setUp({ workers: 1, clients: 1, rows: 4 });
  const clientId = open(publisher);
  publisher.publish(clientId, [address(1), address(2), address(1, 3)]);
  const table = new EndpointTable(region, clientId);
  assert.deepEqual(
    Array.from(table.rows, (row) => region.describe(row)),
    [address(2), address(1, 3)],
  );
  publisher.publish(clientId, [address(1, 3), address(2)]);
  assert.equal(table.changed(), false);
});

test('what is no endpoint is reported as invalid', () => {
  const { region, publisher } = setUp({ workers: 1, clients: 1, rows: 8 });
  const clientId = open(publisher);
  const invalid = [
    { ip: 'host.example', port: 80, weight: 1 },
    address(0),
    address(65536),
    address(1.5),
    address(1, -1),
    address(1, Number.NaN),
    address(1, 1e39),
  ];
  const result = publisher.publish(clientId, [...invalid, address(7, 0)]);
  assert.deepEqual(result, { published: true, invalid, full: [] });
  assert.deepEqual(portsOf(region, new EndpointTable(region, clientId)), [7]);
});

test('addresses beyond the rows are left out and reported, and fit once rows are reclaimed', () => {
  const { region, publisher, cells } = setUp({ workers: 1, clients: 1, rows: 2 });
  const clientId = open(publisher);
  publisher.admitWorker(0);
  publisher.publish(clientId, [address(1), address(2)]);
  const table = new EndpointTable(region, clientId);
  const busy = table.rows[0] as number;
  cells.start(busy, 0);
  const next = [address(3), address(4)];
  assert.deepEqual(publisher.publish(clientId, next).full, next, 'the worker has not let go of the old rows');
  region.acknowledge(0, region.epoch());
  assert.deepEqual(publisher.publish(clientId, next).full, [address(4)], 'a request is out on one of them');
  cells.finish(busy, 0, 1, 0, false);
  region.acknowledge(0, region.epoch());
  assert.equal(publisher.reclaim(), 1);
  assert.deepEqual(publisher.publish(clientId, next).full, []);
  table.refresh();
  assert.deepEqual(portsOf(region, table).sort(), [3, 4]);
});

test('endpoints of a weight come in an order by chance, the same whatever comes or goes, another on another node', () => {
  const ports = Array.from({ length: 12 }, (_, index) => index + 1);
  const orderOf = (seed: number) => {
    const region = new EndpointRegion(createEndpointBuffer({ workers: 1, clients: 1, rows: 16 }));
    const publisher = new EndpointPublisher(region, seed);
    const clientId = open(publisher);
    const table = new EndpointTable(region, clientId);
    const orders = [ports, ports.filter((port) => port % 2 === 0), [...ports].reverse()].map((given) => {
      publisher.publish(
        clientId,
        given.map((port) => address(port)),
      );
      table.refresh();
      return portsOf(region, table);
    });
    const even = (order: number[] | undefined) => order?.filter((port) => port % 2 === 0);
    assert.deepEqual(orders[1], even(orders[0]));
    assert.deepEqual(even(orders[2]), orders[1]);
    return orders[0] as number[];
  };
  assert.notDeepEqual(orderOf(1), ports);
  assert.notDeepEqual(orderOf(2), orderOf(1));
});

test('without a free list block the set before stays in force', () => {
  const { region, publisher } = setUp({ workers: 1, clients: 1, rows: 8 });
  const clientId = open(publisher);
  publisher.admitWorker(0);
  publisher.publish(clientId, [address(1)]);
  const freeRows = publisher.freeRows;
  for (let weight = 2; publisher.freeListWords > 0 && weight < 100; weight += 1) {
    publisher.publish(clientId, [address(1, weight)]);
  }
  const table = new EndpointTable(region, clientId);
  const refused = publisher.publish(clientId, [address(1, 0.5), address(0), address(2)]);
  assert.deepEqual(refused, { published: false, invalid: [address(0)], full: [address(1, 0.5), address(2)] });
  assert.equal(table.changed(), false);
  assert.equal(publisher.freeRows, freeRows);
  region.acknowledge(0, region.epoch());
  assert.equal(publisher.publish(clientId, [address(1, 0.5)]).published, true);
});

test('a client id is given out again only after every worker has seen it closed', () => {
  const { region, publisher } = setUp({ workers: 2, clients: 1, rows: 1 });
  publisher.admitWorker(0);
  publisher.admitWorker(1);
  publisher.closeClient(open(publisher));
  region.acknowledge(0, region.epoch());
  assert.equal(publisher.openClient(), undefined);
  publisher.forgetWorker(1);
  const reopened = open(publisher);
  assert.equal(new EndpointTable(region, reopened).state, 'pending');
});

test('nothing leaks when 10,000 endpoints come and go 100 times', () => {
  const { region, publisher, free } = setUp({ workers: 1, clients: 1, rows: 20_000 });
  const before = free();
  const clientId = open(publisher);
  publisher.admitWorker(0);
  const table = new EndpointTable(region, clientId);
  const sets = [0, 1].map((half) =>
    Array.from({ length: 10_000 }, (_, index) => address(half * 10_000 + index + 1, 1 + (index % 3))),
  );
  for (let round = 0; round < 100; round += 1) {
    assert.deepEqual(publisher.publish(clientId, sets[round % 2] ?? []).full, []);
    const epoch = region.epoch();
    assert.equal(table.refresh().length, round === 0 ? 0 : 10_000);
    region.acknowledge(0, epoch);
  }
  publisher.closeClient(clientId);
  region.acknowledge(0, region.epoch());
  publisher.reclaim();
  assert.deepEqual(free(), before);
});

test('capacities that are no positive whole numbers are refused', () => {
  assert.throws(() => createEndpointBuffer({ workers: 1, clients: 0, rows: 1 }), RangeError);
  assert.throws(() => createEndpointBuffer({ workers: 1, clients: 1, rows: 1.5 }), RangeError);
  const { region } = setUp({ workers: 1, clients: 1, rows: 1 });
  assert.throws(() => region.acknowledge(1, 0), RangeError);
});
