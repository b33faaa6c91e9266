/** aperture: spec 05 section 3.2. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLASS_LOAD } from '../shared/endpoint-block.ts';
import { STATUS_BUSY, STATUS_OPEN, TICK_MICROS } from '../shared/endpoint-region.ts';
import { BALANCERS, setUp, TestNode, TestWorker } from './test-balancers.ts';

const SECOND_TICKS = 1e6 / TICK_MICROS;
const ten = Array.from({ length: 10 }, () => 1);

function used(worker: TestWorker, picks = 500): number[] {
  return [...worker.countPicks(picks).entries()].filter(([, count]) => count > 0).map(([index]) => index);
}

function widthOf(worker: TestWorker, weightClass = 0): number {
  return worker.balancer.window(worker.table, weightClass);
}

/** Looks at the load every 10 ms for so long. */
function wait(worker: TestWorker, seconds: number): void {
  for (let step = 0; step < 100 * seconds; step += 1) {
    worker.nowTicks += SECOND_TICKS / 100;
    worker.balancer.observe(worker.table, worker.cells, worker.nowTicks);
  }
}

test('without load minAperture endpoints are used, the less loaded of two', () => {
  assert.equal(used(setUp(BALANCERS.aperture, ten)).length, 1);
  const worker = setUp({ ...BALANCERS.aperture, minAperture: 3 }, ten);
  const window = used(worker);
  assert.equal(window.length, 3);
  for (const index of window.slice(1)) worker.occupy(index, 1);
  assert.ok((worker.countPicks(3000)[window[0] as number] as number) > 1500);
});

test('a minAperture above the size of the set is the size of the set', () => {
  assert.equal(used(setUp({ ...BALANCERS.aperture, minAperture: 20 }, ten)).length, 10);
});

test('it widens until no endpoint has highLoad requests out on average, and narrows at lowLoad', () => {
  const worker = setUp({ ...BALANCERS.aperture, lowLoad: 0.45 }, ten);
  const [first] = used(worker);
  worker.nowTicks = 1;
  worker.occupy(first as number, 9);
  wait(worker, 60);
  // 9 requests over 4 endpoints are above highLoad, over 5 they are not.
  assert.equal(widthOf(worker), 5);
  assert.equal(worker.told.widened, 4);
  worker.vacate(first as number, 7);
  wait(worker, 60);
  // 2 over 5 are below lowLoad, over 4 they are not.
  assert.equal(widthOf(worker), 4);
  assert.equal(worker.told.narrowed, 1);
  worker.occupy(first as number, 100);
  wait(worker, 60);
  assert.equal(widthOf(worker), 10);
  worker.vacate(first as number, 102);
  assert.equal(used(worker).length, 10);
});

test('the average follows with the time constant smoothWindowMs, from the first sample on', () => {
  const node = new TestNode(ten);
  const worker = new TestWorker(node, { ...BALANCERS.aperture, smoothWindowMs: 2000 });
  worker.pick();
  const load = () => node.region.floats[(worker.table.classAt[0] as number) + CLASS_LOAD] as number;
  worker.occupy(0, 10);
  assert.equal(load(), 10);
  worker.vacate(0, 10);
  wait(worker, 2);
  assert.ok(Math.abs(load() - 10 * Math.exp(-1)) < 0.1, `${load()}`);
});

test('a narrow window that goes down gives way to an open endpoint, and gets its place back', () => {
  const worker = setUp(BALANCERS.aperture, ten);
  const [first] = used(worker);
  worker.mark(first as number, STATUS_BUSY);
  const [second, ...more] = used(worker);
  assert.notEqual(second, first);
  assert.deepEqual(more, []);
  assert.equal(worker.told.maxEffortExhausted, 1);
  worker.mark(first as number, STATUS_OPEN);
  worker.pick();
  assert.deepEqual(used(worker), [first]);
});

test('the workers of a node have one window, as wide as the load of all of them needs', () => {
  const node = new TestNode(ten, 2);
  const one = new TestWorker(node, BALANCERS.aperture, 0);
  const other = new TestWorker(node, BALANCERS.aperture, 1);
  assert.deepEqual(used(one), used(other));
  const [first] = used(one);
  one.nowTicks = 1;
  one.occupy(first as number, 4);
  other.occupy(first as number, 5);
  wait(one, 60);
  assert.deepEqual([widthOf(one), widthOf(other)], [5, 5]);
  assert.deepEqual(used(one), used(other));
});

test('nodes have different orders', () => {
  const windowOf = (seed: number) => {
    const node = new TestNode(ten, 1, seed);
    return used(new TestWorker(node, { ...BALANCERS.aperture, minAperture: 3 })).join();
  };
  assert.ok(new Set([1, 2, 3, 4, 5].map(windowOf)).size > 2);
});

test('the width and the order outlast a change of the set', () => {
  const node = new TestNode(ten);
  const worker = new TestWorker(node, BALANCERS.aperture);
  const [first] = used(worker);
  worker.nowTicks = 1;
  worker.occupy(first as number, 9);
  wait(worker, 60);
  const before = used(worker);
  node.publish([...ten.map((weight, index) => (before.includes(index) ? weight : undefined)), 1]);
  worker.pick();
  assert.equal(widthOf(worker), 5);
});

test('each weight class has an aperture of its own', () => {
  const worker = setUp(BALANCERS.aperture, [...ten, 2, 2, 2]);
  assert.equal(used(worker).length, 2);
  const heavy = used(worker).find((index) => index >= 10) as number;
  worker.nowTicks = 1;
  worker.occupy(heavy, 4);
  wait(worker, 60);
  assert.deepEqual([widthOf(worker, 0), widthOf(worker, 1)], [1, 3]);
});
