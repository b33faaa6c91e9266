/** The parts of a status word keep out of each other's way, and a death ends when it should, on any point of the clock. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { STATUS_BUSY, STATUS_OPEN, TICK_MICROS } from './endpoint-region.ts';
import {
  ACCRUAL,
  accrualOf,
  BACKOFFS_MAX,
  backoffsOf,
  DUE_MS_MAX,
  hasFailedFast,
  isDue,
  revived,
  STATUS_MASK,
  withAccrual,
  withAccrualUntil,
  withFailFast,
} from './status-word.ts';

const ticksOf = (ms: number) => Math.ceil((ms * 1000) / TICK_MICROS);
const clocks = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const states = fc.constantFrom(...Object.values(ACCRUAL));
/** Roundings of the clock and of the word: 1024 ticks each. */
const SLACK_MS = (2 * 1024 * TICK_MICROS) / 1000;

test('a healthy word is 0, and open', () => {
  assert.equal(revived(withAccrualUntil(0, ACCRUAL.dead, 7, 123, 5000)), 0);
  assert.equal(withFailFast(withFailFast(0, true), false), 0);
});

test('Busy when accrual says Dead or ProbeClosed, or fail-fast has marked it; each keeps what the other has written', () => {
  fc.assert(
    fc.property(states, fc.boolean(), fc.integer({ min: 0, max: 50 }), clocks, (state, marked, backoffs, now) => {
      const dead = withAccrualUntil(withFailFast(0, marked), ACCRUAL.dead, backoffs, now, 5000);
      const word = withAccrual(dead, state);
      const busy = marked || state === ACCRUAL.dead || state === ACCRUAL.probeClosed;
      assert.equal(word & STATUS_MASK, busy ? STATUS_BUSY : STATUS_OPEN);
      assert.equal(accrualOf(word), state);
      assert.equal(hasFailedFast(word), marked);
      assert.equal(backoffsOf(word), Math.min(backoffs, BACKOFFS_MAX));
      const flipped = withFailFast(word, !marked);
      assert.equal(withFailFast(flipped, marked), word);
      assert.equal(hasFailedFast(revived(word)), marked);
    }),
  );
});

test('a death ends after its time and not before, for hours nobody looks, wherever the clock stands', () => {
  const durations = fc.oneof(fc.integer({ min: 0, max: 600_000 }), fc.integer({ min: 0, max: DUE_MS_MAX }));
  fc.assert(
    fc.property(durations, clocks, fc.constantFrom(ACCRUAL.dead, ACCRUAL.probeClosed), (lastsMs, now, state) => {
      const word = withAccrualUntil(0, state, 1, now, lastsMs);
      const at = (ms: number) => isDue(word, (now + ticksOf(ms)) | 0);
      if (lastsMs > 0) assert.equal(at(lastsMs - 1), false);
      assert.equal(at(0), false);
      assert.equal(at(lastsMs + SLACK_MS), true);
      assert.equal(at(lastsMs + 7 * 3600 * 1000), true);
      // Another worker's clock may lag.
      assert.equal(at(-60_000), false);
    }),
  );
});

test('a death longer than half a day is cut to that', () => {
  const word = withAccrualUntil(0, ACCRUAL.dead, 1, 0, 2 ** 31 - 1);
  assert.equal(isDue(word, ticksOf(DUE_MS_MAX - 1)), false);
  assert.equal(isDue(word, ticksOf(DUE_MS_MAX + SLACK_MS)), true);
});

test('Alive and ProbeOpen do not end by themselves', () => {
  const word = withAccrualUntil(0, ACCRUAL.dead, 1, 0, 0);
  for (const state of [ACCRUAL.alive, ACCRUAL.probeOpen]) assert.equal(isDue(withAccrual(word, state), 99_999), false);
});
