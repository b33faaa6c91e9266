/** Endpoint sets under real threads: this file is also what the thread runs. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { EndpointPublisher } from './endpoint-publisher.ts';
import { createEndpointBuffer, EndpointRegion } from './endpoint-region.ts';
import { EndpointTable } from './endpoint-table.ts';

const SETS = 300;
const SET_SIZE = 20;

/** A worker that checks each set it sees: all of one port, as the publisher made it. */
function watchSets(buffer: SharedArrayBuffer): void {
  const region = new EndpointRegion(buffer);
  const table = new EndpointTable(region, 0);
  let mixed = 0;
  let refreshes = 0;
  while (table.state !== 'closed') {
    const epoch = region.epoch();
    if (table.changed()) {
      table.refresh();
      refreshes += 1;
      if (new Set(Array.from(table.rows, (row) => region.describe(row).port)).size > 1) mixed += 1;
    }
    region.acknowledge(0, epoch);
  }
  parentPort?.postMessage({ mixed, refreshes });
}

if (isMainThread) testThread();
else watchSets(workerData);

function testThread(): void {
  test('a thread never sees a mixed set while another publishes and reclaims', { timeout: 60_000 }, async () => {
    const region = new EndpointRegion(createEndpointBuffer({ workers: 1, clients: 1, rows: 3 * SET_SIZE }));
    const publisher = new EndpointPublisher(region);
    const clientId = publisher.openClient() as number;
    publisher.admitWorker(0);
    const thread = new Worker(fileURLToPath(import.meta.url), { workerData: region.buffer });
    const report = once(thread, 'message');
    for (let set = 1; set <= SETS; set += 1) {
      const addresses = Array.from({ length: SET_SIZE }, (_, index) => ({
        ip: `10.0.0.${index}`,
        port: set,
        weight: 1 + (index % 2),
      }));
      while (publisher.publish(clientId, addresses).full.length > 0) await setImmediate();
    }
    publisher.closeClient(clientId);
    const [{ mixed, refreshes }] = await report;
    assert.equal(mixed, 0);
    assert.ok(refreshes > SETS / 10, `${refreshes} refreshes`);
  });
}
