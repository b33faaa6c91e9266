/** What every kind of balancer does: spec 05 sections 2.1 and 3, with vectors of section 12. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STATUS_BUSY, STATUS_CLOSED, STATUS_OPEN } from '../shared/endpoint-region.ts';
import { isOpen } from './balancer.ts';
import { BALANCERS, setUp, TestNode, TestWorker } from './test-balancers.ts';

const PICKS = 1000;
const kinds = Object.values(BALANCERS);
/** Those that spread what they are not told to send elsewhere. */
const spreading = [BALANCERS.p2c, BALANCERS.ewma, BALANCERS.heap, BALANCERS.roundRobin];
/** An aperture as wide as any set: its own tests have narrow ones. */
const all = [...spreading, { ...BALANCERS.aperture, minAperture: 100 }];

for (const config of all) {
  const { kind } = config;

  test(`${kind}: vector 2: an open endpoint beats a busy one whatever their loads, a busy one a closed one`, () => {
    const worker = setUp(config, [1, 1]);
    worker.mark(0, STATUS_BUSY);
    worker.occupy(1, 100);
    assert.deepEqual(worker.countPicks(PICKS), [0, PICKS]);
    assert.equal(worker.told.maxEffortExhausted, 0);
  });

  test(`${kind}: vector 3: with all endpoints busy requests still go out, counted as max_effort_exhausted`, () => {
    const worker = setUp(config, [1, 1, 1]);
    assert.equal(isOpen(worker.table, worker.cells, 0), true);
    for (let index = 0; index < 3; index += 1) worker.mark(index, STATUS_BUSY);
    assert.equal(isOpen(worker.table, worker.cells, 0), false);
    const counts = worker.countPicks(PICKS);
    assert.ok(
      counts.every((count) => count > PICKS / 10),
      `${counts}`,
    );
    assert.equal(worker.told.maxEffortExhausted, PICKS);
    assert.equal(worker.told.busyWeightClasses, 0);
  });

  test(`${kind}: vector 7: weights 1, 1, 0.5 get 40, 40 and 20 % of 100,000 picks`, () => {
    const picks = 100_000;
    const counts = setUp(config, [1, 1, 0.5]).countPicks(picks);
    for (const [index, share] of [0.4, 0.4, 0.2].entries()) {
      assert.ok(Math.abs((counts[index] as number) / picks - share) < 0.01, `${counts}`);
    }
  });

  test(`${kind}: a weight class without an open endpoint yields to the next by weight, counted`, () => {
    const { mark, countPicks, told } = bound(setUp(config, [1, 2, 3]));
    mark(0, STATUS_BUSY);
    const picks = 6000;
    const counts = countPicks(picks);
    assert.equal(counts[0], 0);
    assert.ok(Math.abs((counts[1] as number) / picks - 3 / 6) < 0.03, `${counts}`);
    assert.ok(Math.abs(told.busyWeightClasses / picks - 1 / 6) < 0.03);
    assert.equal(told.maxEffortExhausted, 0);
    mark(2, STATUS_BUSY);
    assert.deepEqual(countPicks(PICKS), [0, PICKS, 0], 'cyclic: after the heaviest comes the lightest');
    mark(1, STATUS_BUSY);
    const allBusy = countPicks(picks);
    assert.ok(Math.abs((allBusy[2] as number) / picks - 3 / 6) < 0.03, 'none open: the class drawn');
    assert.equal(told.maxEffortExhausted, picks);
  });

  test(`${kind}: an endpoint that is open again is used again`, () => {
    const worker = setUp(config, [1, 1, 1, 1]);
    worker.mark(1, STATUS_BUSY);
    worker.mark(2, STATUS_CLOSED);
    assert.deepEqual(
      worker.countPicks(PICKS).map((count) => count > 0),
      [true, false, false, true],
    );
    worker.mark(1, STATUS_OPEN);
    worker.mark(2, STATUS_OPEN);
    const counts = worker.countPicks(PICKS);
    assert.ok(
      counts.every((count) => count > PICKS / 5),
      `${counts}`,
    );
  });

  test(`${kind}: below minEndpoints open ones all are used, from there on the open ones alone`, () => {
    const worker = setUp({ ...config, minEndpoints: 3 }, [1, 1, 1, 1]);
    worker.mark(0, STATUS_BUSY);
    assert.equal(worker.countPicks(PICKS)[0], 0);
    worker.mark(1, STATUS_BUSY);
    const panicking = worker.countPicks(PICKS);
    assert.ok(
      panicking.every((count) => count > PICKS / 6),
      `${panicking}`,
    );
    assert.equal(worker.told.maxEffortExhausted, 0);
    worker.mark(1, STATUS_OPEN);
    const calm = worker.countPicks(PICKS);
    assert.equal(calm[0], 0);
    assert.ok(calm.slice(1).every((count) => count > PICKS / 6));
  });

  test(`${kind}: below minEndpoints a weight class keeps its share though none of it is open`, () => {
    const picks = 6000;
    const worker = setUp({ ...config, minEndpoints: 2 }, [1, 2]);
    worker.mark(1, STATUS_BUSY);
    const counts = worker.countPicks(picks);
    assert.ok(Math.abs((counts[1] as number) / picks - 2 / 3) < 0.03, `${counts}`);
    assert.equal(worker.told.busyWeightClasses, 0);
  });
}

function bound(worker: TestWorker) {
  return {
    told: worker.told,
    mark: (index: number, status: number) => worker.mark(index, status),
    countPicks: (picks: number) => worker.countPicks(picks),
  };
}

for (const config of kinds) {
  test(`${config.kind}: one endpoint is always picked, none gives -1`, () => {
    assert.deepEqual(setUp(config, [1]).countPicks(3), [3]);
    const none = setUp(config, []);
    assert.equal(none.pick(), -1);
    assert.equal(none.told.maxEffortExhausted, 0);
  });

  test(`${config.kind}: a set that changes is taken over at once`, () => {
    const node = new TestNode([1, 1]);
    const worker = new TestWorker(node, config);
    worker.pick();
    node.publish([undefined, undefined, 1]);
    assert.equal(worker.pick(), 2);
    assert.ok(worker.told.rebuilds >= 2);
    node.publish([]);
    assert.equal(worker.pick(), -1);
  });
}

test('a maxEffort below 1 is refused', () => {
  assert.throws(() => setUp({ ...BALANCERS.p2c, maxEffort: 0 }, [1]), RangeError);
});
