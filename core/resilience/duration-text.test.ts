/** Durations as Linkerd writes them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { durationText } from './duration-text.ts';

for (const [timeMs, text] of [
  [0, '0.seconds'],
  [50, '50.milliseconds'],
  [1000, '1.seconds'],
  [1500, '1.seconds+500.milliseconds'],
  [10_000, '10.seconds'],
  [60_000, '1.minutes'],
  [3_690_000, '1.hours+1.minutes+30.seconds'],
  [172_800_001, '2.days+1.milliseconds'],
] as const) {
  test(`${timeMs} ms: ${text}`, () => {
    assert.equal(durationText(timeMs), text);
  });
}
