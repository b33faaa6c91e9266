/** Events leave in the order of time, and of scheduling within one moment. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EventQueue } from './event-queue.ts';

test('events leave like a stable sort by time', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 20 })), (times) => {
      const queue = new EventQueue();
      const ran: string[] = [];
      times.forEach((atMicros, index) => {
        queue.schedule(atMicros, () => ran.push(`${atMicros}/${index}`));
      });
      for (let event = queue.next(); event !== undefined; event = queue.next()) event.act();
      const expected = times.map((atMicros, index) => ({ atMicros, index })).sort((a, b) => a.atMicros - b.atMicros);
      assert.deepEqual(
        ran,
        expected.map(({ atMicros, index }) => `${atMicros}/${index}`),
      );
    }),
  );
});
