/**
 * Publisher, tables and cells against a naive model: random commands of a supervisor and two workers, one of which may
 * lag or die. After each command: every set is what was published, rows of endpoints that stay never change, a row
 * that a living worker can still pick or has a request on is never given away, and pending counts are exact. At the
 * end everything is closed, and everything must be free.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Random } from '../balance/random.ts';
import { EndpointCells } from './endpoint-cells.ts';
import { EndpointPublisher } from './endpoint-publisher.ts';
import { createEndpointBuffer, type EndpointAddress, EndpointRegion } from './endpoint-region.ts';
import { EndpointTable } from './endpoint-table.ts';

const CAPACITY = { workers: 2, clients: 3, rows: 8 };

type Command = { readonly at: number } & (
  | { readonly kind: 'open' | 'neg' | 'close' | 'reclaim' | 'refresh' | 'start' | 'finish' | 'restart' }
  | { readonly kind: 'publish'; readonly addresses: readonly EndpointAddress[] }
);

interface ModelWorker {
  tables: Map<number, EndpointTable>;
  outstanding: number[];
}

class Model {
  readonly region = new EndpointRegion(createEndpointBuffer(CAPACITY));
  readonly publisher = new EndpointPublisher(this.region);
  readonly cells = new EndpointCells(this.region, { decayTimeMs: 10_000, failurePenaltyMs: 0 }, new Random(1));
  /** Open clients: port to weight, and the row each was first seen in. */
  readonly clients = new Map<number, Map<number, { weight: number; row: number }>>();
  readonly workers: ModelWorker[] = [];

  constructor() {
    for (let worker = 0; worker < CAPACITY.workers; worker += 1) {
      this.publisher.admitWorker(worker);
      this.workers.push({ tables: new Map(), outstanding: [] });
    }
  }

  run(command: Command): void {
    const clientIds = [...this.clients.keys()];
    const clientId = clientIds[command.at % clientIds.length];
    const worker = command.at % CAPACITY.workers;
    switch (command.kind) {
      case 'open':
        this.open();
        break;
      case 'publish':
        if (clientId !== undefined) this.publish(clientId, command.addresses);
        break;
      case 'neg':
        if (clientId !== undefined) this.publish(clientId, 'neg');
        break;
      case 'close':
        if (clientId !== undefined) this.close(clientId);
        break;
      case 'reclaim':
        this.publisher.reclaim();
        break;
      case 'refresh':
        this.refresh(worker);
        break;
      case 'start':
        this.start(worker, command.at);
        break;
      case 'finish':
        this.finish(worker);
        break;
      case 'restart':
        this.restart(worker);
    }
  }

  check(): void {
    for (const [clientId, endpoints] of this.clients) {
      const seen = Array.from(new EndpointTable(this.region, clientId).rows, (row) => ({
        ...this.region.describe(row),
        row,
      }));
      const expected = [...endpoints].map(([port, { weight, row }]) => ({ ip: '10.0.0.1', port, weight, row }));
      assert.deepEqual(new Set(seen), new Set(expected));
    }
    for (let row = 0; row < CAPACITY.rows; row += 1) {
      assert.equal(this.cells.pending(row), this.outstandingOn(row));
    }
  }

  finishAll(): void {
    for (const clientId of [...this.clients.keys()]) this.close(clientId);
    for (const [worker, { outstanding }] of this.workers.entries()) {
      this.refresh(worker);
      while (outstanding.length > 0) this.finish(worker);
    }
    this.publisher.reclaim();
    const { freeRows, freeClients, freeListWords } = this.publisher;
    assert.deepEqual([freeRows, freeClients, freeListWords], [CAPACITY.rows, CAPACITY.clients, this.region.listWords]);
  }

  private open(): void {
    const clientId = this.publisher.openClient();
    if (clientId === undefined) return;
    assert.ok(!this.clients.has(clientId));
    for (const { tables } of this.workers) assert.ok(!tables.has(clientId), 'the id is still in use by a worker');
    this.clients.set(clientId, new Map());
  }

  private publish(clientId: number, addresses: readonly EndpointAddress[] | 'neg'): void {
    const before = this.clients.get(clientId) ?? new Map();
    const { published, full } = this.publisher.publish(clientId, addresses);
    if (!published) return;
    const leftOut = new Set(full.map(({ port }) => port));
    const after = new Map<number, { weight: number; row: number }>();
    const rowByPort = new Map(
      Array.from(new EndpointTable(this.region, clientId).rows, (row) => [this.region.describe(row).port, row]),
    );
    for (const { port, weight } of addresses === 'neg' ? [] : addresses) {
      if (leftOut.has(port)) continue;
      const row = before.get(port)?.row ?? rowByPort.get(port);
      assert.ok(row !== undefined, `port ${port} is missing`);
      if (!before.has(port)) this.assertUnused(row);
      after.set(port, { weight, row });
    }
    this.clients.set(clientId, after);
  }

  private assertUnused(row: number): void {
    assert.equal(this.outstandingOn(row), 0);
    for (const { tables } of this.workers) {
      for (const table of tables.values()) assert.ok(!table.rows.includes(row), 'a worker can still pick this row');
    }
  }

  private close(clientId: number): void {
    this.publisher.closeClient(clientId);
    this.clients.delete(clientId);
  }

  private refresh(worker: number): void {
    const { tables } = this.workers[worker] as ModelWorker;
    const epoch = this.region.epoch();
    for (const clientId of this.clients.keys()) {
      if (!tables.has(clientId)) tables.set(clientId, new EndpointTable(this.region, clientId));
    }
    for (const [clientId, table] of tables) {
      if (table.changed()) table.refresh();
      if (table.state === 'closed') tables.delete(clientId);
    }
    this.region.acknowledge(worker, epoch);
  }

  private start(worker: number, choice: number): void {
    const { tables, outstanding } = this.workers[worker] as ModelWorker;
    const rows = [...tables.values()].flatMap((table) => [...table.rows]);
    const row = rows[choice % rows.length];
    if (row === undefined) return;
    this.cells.start(row, worker);
    outstanding.push(row);
  }

  private finish(worker: number): void {
    const row = this.workers[worker]?.outstanding.shift();
    if (row !== undefined) this.cells.finish(row, worker, 100, 0, false);
  }

  private restart(worker: number): void {
    this.publisher.forgetWorker(worker);
    this.workers[worker] = { tables: new Map(), outstanding: [] };
    this.publisher.admitWorker(worker);
  }

  private outstandingOn(row: number): number {
    return this.workers.reduce((sum, { outstanding }) => sum + outstanding.filter((held) => held === row).length, 0);
  }
}

test('any sequence of commands leaves sets, rows and counts as the model says', () => {
  const addresses = fc.uniqueArray(
    fc.record({
      ip: fc.constant('10.0.0.1'),
      port: fc.integer({ min: 1, max: 10 }),
      weight: fc.constantFrom(0.5, 1, 2),
    }),
    { selector: ({ port }) => port, maxLength: 6 },
  );
  const at = fc.nat({ max: 1000 });
  const command: fc.Arbitrary<Command> = fc.oneof(
    { weight: 3, arbitrary: fc.record({ at, kind: fc.constant('publish' as const), addresses }) },
    { weight: 3, arbitrary: fc.record({ at, kind: fc.constantFrom('refresh', 'start', 'finish' as const) }) },
    { weight: 1, arbitrary: fc.record({ at, kind: fc.constantFrom('open', 'open', 'neg', 'close' as const) }) },
    { weight: 1, arbitrary: fc.record({ at, kind: fc.constantFrom('reclaim', 'restart' as const) }) },
  );
  fc.assert(
    fc.property(fc.array(command, { maxLength: 80, size: 'max' }), (commands) => {
      const model = new Model();
      for (const step of commands) {
        model.run(step);
        model.check();
      }
      model.finishAll();
    }),
    { numRuns: 300 },
  );
});
