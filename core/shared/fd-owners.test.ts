/** Which descriptors of a dead worker are closed: its own, not those of others, nor those on their way to it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FdOwners } from './fd-owners.ts';

test('a dead worker owns what it took and did not drop or hand over', () => {
  const owners = new FdOwners(FdOwners.allocate());
  for (const fd of [10, 11, 12, 13]) owners.take(fd, 0);
  for (const fd of [20, 21]) owners.take(fd, 1);
  owners.drop(11);
  // One from 0 to 1, not taken up yet; one from 1 to 0, not taken up; one from 0 to 1, taken up.
  owners.handOver(12, 1);
  owners.handOver(20, 0);
  owners.handOver(13, 1);
  owners.take(13, 1);
  assert.deepEqual(owners.takeAllOf(0), [10]);
  assert.deepEqual(owners.takeAllOf(0), []);
  assert.deepEqual(owners.takeAllOf(1), [13, 21]);
  // The successors take up what was under way.
  owners.take(12, 1);
  owners.take(20, 0);
  assert.deepEqual(owners.takeAllOf(1), [12]);
  assert.deepEqual(owners.takeAllOf(0), [20]);
});
